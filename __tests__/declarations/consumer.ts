/** What an application under pnpm gets of the package's types, asked of a compiler. */
import { type Application, type Compiler, createApplication } from "./application.js";
import { otherSchemas, wrong } from "./consumer-files.js";
import { typeTestEntities, typeTests } from "./type-tests.js";

/** Tests that an application compiles, and emits its own declarations, with each of the compilers. */
export function compilesFor(...compilers: readonly Compiler[]): void {
  let application: Application;
  beforeAll(() => {
    application = createApplication("pnpm");
  }, 480_000);
  afterAll(() => application.remove());

  // One run of each compiler is asked everything: a third of its time goes into the declarations themselves.
  test.each(compilers)(
    "under pnpm, where it reaches the package alone, TypeScript %s names all that is exported (TS2742, TS2883), and types payloads by zod 3, zod/mini, Valibot and a union",
    (compiler) => {
      // A compiler that says nothing has looked at them.
      const more = { "other-schemas.ts": otherSchemas, "wrong.ts": wrong };
      const files = { ...typeTests, ...typeTestEntities, ...more };
      const said = application.compile(files, { compiler });
      expect(said).toMatch(/^wrong\.ts\(1,10\): error TS2305: .*$/);
    },
    480_000,
  );
}
