/** What a store shows of itself at run time. */
import { createDataLayer, EntityStore } from "../../src/index.js";

const data = createDataLayer({ environment: "local" });

afterAll(() => data.close());

test("every store is an EntityStore, and nothing else is", () => {
  expect(data.project).toBeInstanceOf(EntityStore);
  expect(data.oauthToken).toBeInstanceOf(EntityStore);
  expect({ ...data.project }).not.toBeInstanceOf(EntityStore);
  expect(data.reviews).not.toBeInstanceOf(EntityStore);
  // A user's store is none: it has no entity, and nothing that leads to one.
  expect(data.forUser("user-1").project).not.toBeInstanceOf(EntityStore);
});

test("a store shows its entity and its calls, and not what the package knows of it (model, writes)", () => {
  expect(Object.keys(data.project)).toEqual(["entity"]);
  // A scan reads all owners' items, so no owner's store has it.
  const {
    constructor: _,
    scan,
    ...calls
  } = Object.getOwnPropertyDescriptors(EntityStore.prototype);
  expect(Object.keys(calls).sort()).toEqual(Object.keys(data.forUser("user-1").project).sort());
  expect(scan).toBeDefined();
  for (const hidden of ["model", "writes"]) expect(hidden in data.project).toBe(false);
});
