/** Applications that have the package installed compile against its declarations, and emit their own. */
import { type Application, type Compiler, compilers, createApplication } from "./application.js";
import { typeTests } from "./type-tests.js";

let application: Application;
beforeAll(() => {
  application = createApplication("pnpm");
}, 240_000);
afterAll(() => application.remove());

test("the type tests are there", () => {
  expect(Object.keys(typeTests).sort()).toEqual([
    "errors.test-d.ts",
    "exported.test-d.ts",
    "faults.test-d.ts",
    "names.test-d.ts",
    "stores.test-d.ts",
    "tenant.test-d.ts",
  ]);
  // A compiler that says nothing has looked at them.
  const wrong = { "wrong.ts": 'import { nothing } from "bayon-coagent-data";\nnothing;\n' };
  expect(application.compile(wrong, { compiler: "7" })).toMatch(/wrong\.ts.*TS2305/);
}, 120_000);

test.each(Object.keys(compilers) as Compiler[])(
  "under pnpm, where it reaches the package alone, TypeScript %s names all that is exported (TS2742, TS2883)",
  (compiler) => {
    expect(application.compile(typeTests, { compiler })).toBe("");
  },
  240_000,
);
