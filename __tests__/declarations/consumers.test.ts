/** Applications that have the package installed compile against its declarations with TypeScript 6 and 7. */
import { compilers } from "./application.js";
import { compilesFor } from "./consumer.js";
import { typeTests } from "./type-tests.js";

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

test("each compiler is asked, one of them in a file of its own", () => {
  expect(Object.keys(compilers).sort()).toEqual(["5.9", "6", "7"]);
});

compilesFor("6", "7");
