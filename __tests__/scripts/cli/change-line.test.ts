/** The line of a change in terminals of many widths. */
import { changeLine, type ShownChange } from "../../../scripts/cli/change-line.js";

const change = {
  entity: "savedContent",
  kind: "updated",
  key: { userId: "wqBfOzQtGgY6FYOTqkMx", contentId: "content-1234567890-abcdef" },
  at: Date.UTC(2026, 10, 29, 4, 35, 10),
  id: "1",
  before: { data: { title: "One" } },
  after: { data: { title: "Two" } },
} as const satisfies ShownChange;

test.each([
  [
    160,
    '2026-11-29 04:35:10 updated savedContent userId=wqBfOzQtGgY6FYOTqk… contentId=content-1234567…: title "One" → "Two"',
  ],
  [90, '04:35:10 updated savedContent wqBfOzQtGgY6FY…/content-123456…: title "One" → "Two"'],
  [60, "04:35:10 updated savedContent wqBfOzQtG…/content-1…: title …"],
  [40, "04:35:10 updated savedContent wqBfOzQ…/…"],
])("in %d columns", (columns, line) => {
  expect(changeLine(change, columns)).toBe(line);
});

test("a value cannot turn the direction of reading", () => {
  const after = { data: { title: "a\u202eb" } };
  expect(changeLine({ ...change, after }, 120)).not.toContain("\u202e");
});
