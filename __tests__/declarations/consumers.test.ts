/** Applications that have the package installed compile against its declarations, and emit their own. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Application,
  type Compiler,
  compilers,
  createApplication,
  type Layout,
} from "./application.js";

const typeTests = join(__dirname, "../types");

/** The type tests, but for those that look at the sources. */
const files = Object.fromEntries(
  readdirSync(typeTests)
    .map((name): [string, string] => [name, readFileSync(join(typeTests, name), "utf8")])
    .filter(([, text]) => !text.includes("../src/")),
);

const applications = new Map<Layout, Application>();

beforeAll(() => {
  for (const layout of ["npm", "pnpm"] as const)
    applications.set(layout, createApplication(layout));
}, 240_000);

afterAll(() => {
  for (const application of applications.values()) application.remove();
});

function applicationOf(layout: Layout): Application {
  const application = applications.get(layout);
  if (application === undefined) throw new Error(`no application under ${layout}`);
  return application;
}

test("the type tests are there", () => {
  expect(Object.keys(files).sort()).toEqual([
    "exported.test-d.ts",
    "faults.test-d.ts",
    "names.test-d.ts",
    "stores.test-d.ts",
    "tenant.test-d.ts",
  ]);
  // A compiler that says nothing has looked at them.
  const wrong = { "wrong.ts": 'import { nothing } from "bayon-coagent-data";\nnothing;\n' };
  expect(applicationOf("pnpm").compile(wrong, { compiler: "7" })).toMatch(/wrong\.ts.*TS2305/);
}, 120_000);

test.each(Object.keys(compilers) as Compiler[])(
  "under pnpm, where it reaches the package alone, TypeScript %s names all that is exported (TS2742, TS2883)",
  (compiler) => {
    expect(applicationOf("pnpm").compile(files, { compiler })).toBe("");
  },
  240_000,
);

test("so it is under npm, and with the strictest of flags", () => {
  const application = applicationOf("npm");
  const flags = {
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
  };
  expect(application.compile(files, { compiler: "7" })).toBe("");
  expect(application.compile(files, { compiler: "7", flags })).toBe("");
}, 240_000);
