/** Applications that have the package installed compile against its declarations, and emit their own. */
import { type Application, type Compiler, compilers, createApplication } from "./application.js";
import { otherSchemas, wrong } from "./consumer-files.js";
import { typeTestEntities, typeTests } from "./type-tests.js";

let application: Application;
beforeAll(() => {
  application = createApplication("pnpm");
}, 480_000);
afterAll(() => application.remove());

test("the type tests are there", () => {
  expect(Object.keys(typeTests).sort()).toEqual([
    "types/browser.test-d.ts",
    "types/changes.test-d.ts",
    "types/errors.test-d.ts",
    "types/exported.test-d.ts",
    "types/faults.test-d.ts",
    "types/fields.test-d.ts",
    "types/indexes.test-d.ts",
    "types/names.test-d.ts",
    "types/ranges.test-d.ts",
    "types/react.test-d.ts",
    "types/repository.test-d.ts",
    "types/server.test-d.ts",
    "types/stores.test-d.ts",
    "types/tenant.test-d.ts",
    "types/users.test-d.ts",
    "types/watch.test-d.ts",
  ]);
});

// One run of each compiler is asked everything: a third of its time goes into the declarations themselves.
test.each(Object.keys(compilers) as Compiler[])(
  "under pnpm, where it reaches the package alone, TypeScript %s names all that is exported (TS2742, TS2883), and types payloads by zod 3, zod/mini, Valibot and a union",
  (compiler) => {
    // A compiler that says nothing has looked at them.
    const more = { "other-schemas.ts": otherSchemas, "wrong.ts": wrong };
    const said = application.compile({ ...typeTests, ...typeTestEntities, ...more }, { compiler });
    expect(said).toMatch(/^wrong\.ts\(1,10\): error TS2305: .*$/);
  },
  480_000,
);
