/** What an application gets that has the package installed by npm. */
import { type Application, createApplication } from "./application.js";
import { otherSchemas, wrong } from "./consumer-files.js";
import { typeTestEntities, typeTests } from "./type-tests.js";

let application: Application;
beforeAll(() => {
  application = createApplication("npm");
}, 240_000);
afterAll(() => application.remove());

test("the type tests compile, and payloads by schemas of other libraries", () => {
  const files = { ...typeTests, ...typeTestEntities, "other-schemas.ts": otherSchemas };
  expect(application.compile(files, { compiler: "7" })).toBe("");
}, 240_000);

test("the type tests compile with the strictest of flags", () => {
  const flags = {
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
  };
  // A compiler that says nothing has looked at them.
  const files = { ...typeTests, ...typeTestEntities, "wrong.ts": wrong };
  const said = application.compile(files, { compiler: "7", flags });
  expect(said).toMatch(/^wrong\.ts\(1,10\): error TS2305: .*$/);
}, 240_000);
