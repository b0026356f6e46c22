/** What the engines of the tests do differently from each other is as DynamoDB's documentation has it. */
import { applyChanges } from "../../src/write/apply-changes.js";

test("values beyond the end of a list are appended in the order of their positions", () => {
  const changes = [
    { path: ["list", 12], value: "later" },
    { path: ["list", 9], value: "sooner" },
    { path: ["list", 0], value: "first" },
  ];
  expect(applyChanges({ list: ["a", "b"] }, { changes, removals: [] })).toEqual({
    list: ["first", "b", "sooner", "later"],
  });
});

test("positions are those before the update, whatever else it removes", () => {
  const changes = [
    { path: ["list", 2], value: "C" },
    { path: ["list", 7], value: "end" },
  ];
  const removals = [
    ["list", 0],
    ["list", 1],
  ];
  expect(applyChanges({ list: ["a", "b", "c", "d"] }, { changes, removals })).toEqual({
    list: ["C", "d", "end"],
  });
});
