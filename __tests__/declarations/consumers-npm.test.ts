/** What an application gets that has the package installed by npm, with the strictest of flags. */
import { type Application, createApplication } from "./application.js";
import { typeTests } from "./type-tests.js";

let application: Application;
beforeAll(() => {
  application = createApplication("npm");
}, 240_000);
afterAll(() => application.remove());

test("the type tests compile under npm, and with the strictest of flags", () => {
  const flags = {
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
  };
  // A compiler that says nothing has looked at them.
  const wrong = { "wrong.ts": 'import { nothing } from "bayon-coagent-data";\nnothing;\n' };
  expect(application.compile(wrong, { compiler: "7", flags })).toMatch(/wrong\.ts.*TS2305/);
  expect(application.compile(typeTests, { compiler: "7" })).toBe("");
  expect(application.compile(typeTests, { compiler: "7", flags })).toBe("");
}, 240_000);
