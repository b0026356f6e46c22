/** What queries and mutations refuse when they are made: nothing is sent, and the place is named. */
import { createQueries, useLive } from "../../src/react/index.js";

interface Made {
  readonly queryKey: readonly unknown[];
}
type Loose = Record<string, Record<string, (...given: unknown[]) => Made>>;
const q = createQueries({ project: {}, dashboard: () => 1 }) as unknown as Loose;

// Refused before any hook of React is called.
const live = (options: object) => useLive(q.project?.get?.({ projectId: "p" }) as never, options);

test.each<[string, () => unknown, string]>([
  ["no API", () => createQueries(7 as never), "createQueries: api must be a client"],
  [
    "a whole data layer (a page had the secrets of what it read on the server)",
    () => createQueries({ forUser: () => ({}), project: {} } as never),
    "createQueries: api must be a client, or a user's scope",
  ],
  ["a call that there is not", () => q.project?.gett?.(), "project.gett: call is none"],
  ["a prototype's name", () => q.project?.constructor?.(), "project.constructor: call is none"],
  ["a name of every object", () => q.project?.valueOf?.(), "project.valueOf: call"],
  [
    "an option that there is not",
    () => q.project?.update?.({ optimstic: 1 }),
    "optimstic is not an option",
  ],
  [
    "an option of a wrong kind",
    () => q.project?.update?.({ optimistic: 1 }),
    "must be true or false",
  ],
  [
    "a change of a create",
    () => q.project?.create?.({ optimistic: true }),
    "is of update and delete",
  ],
  [
    "a partition",
    () => q.project?.query?.({}, {}),
    "project.query: input has more than 1 arguments",
  ],
  ["a signal", () => q.project?.query?.({ signal: 1 }), "signal is set by the query"],
  ["a cursor of pages", () => q.project?.list?.({ cursor: "x" }), "cursor is set by the pages"],
  [
    "options that are none",
    () => q.project?.get?.({ projectId: "p" }, 7),
    "options must be an object",
  ],
  ["an option of useLive that there is not", () => live({ poll: 1 }), "poll is not an option"],
  ["a poll without a pause", () => live({ pollMs: 0 }), "pollMs must be a number of ms from 1"],
  ["a poll that no timer has (it polled without a pause)", () => live({ pollMs: 1e10 }), "pollMs"],
  ["a key that cannot travel", () => q.project?.get?.({ projectId: () => 1 }), "must be a value"],
])("refuses %s", (_, make, message) => {
  expect(make).toThrow(message);
});

test("a query is of the same key whichever order its options have, and whether they are undefined", () => {
  const keyOf = (options: object) => q.project?.list?.(options).queryKey;
  const one = keyOf({ limit: 3, order: "desc", where: { name: "x", status: undefined } });
  expect(JSON.stringify(one)).toBe(
    JSON.stringify(keyOf({ where: { name: "x" }, order: "desc", limit: 3, fields: undefined })),
  );
  expect(one).toEqual([
    "data",
    "project",
    "list",
    "key",
    {},
    "list",
    { limit: 3, order: "desc", where: { name: "x" } },
  ]);
  expect(JSON.parse(JSON.stringify(one))).toEqual(one);
});

test("a callback as condition has a key: what it builds", () => {
  const where = (data: { name: string }, { eq }: { eq(...given: unknown[]): string }) =>
    eq(data.name, "x");
  const query = q.project?.query?.({ where });
  expect(query?.queryKey.at(-1)).toEqual({
    where: { text: "{0}", conditions: [["eq", { p: ["name"] }, { v: "x" }]] },
  });
});
