/** Changes that are shown at once: what a page shows of them, and what reaches the server. */
import type { QueryClient } from "@tanstack/react-query";
import { z } from "zod";
import {
  byKey,
  configure,
  data as dataOf,
  Entity,
  type EntityConfig,
  keyPart,
  model,
  times,
} from "../../src/index.js";
import { changeOf } from "../../src/react/change.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { serveTable } from "../browser/serving.js";
import { engines } from "../engines.js";
import { mount, openPage, reacts } from "./page.js";

const payload = z.looseObject({});
const schema = () => ({
  model: model("Note"),
  attributes: { userId: keyPart, noteId: keyPart, data: dataOf(payload), ...times },
  indexes: { byKey: byKey("USER#${userId}", "NOTE#${noteId}") },
});
const note = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};

test.each(engines)(
  "what is shown of an update is what it makes of the item, on $name",
  async ({ engine }) => {
    await using layer = await createTestDataLayer({ engine, entities: { note }, builtIn: false });
    const key = { userId: "u", noteId: "n" };
    const rows = [{ cells: [1] }, { cells: ["a", "b", "c"], is: new Set(["x"]) }];
    const data = { title: "t", old: 1, map: { x: 0, y: 1 }, list: ["a", "b", "c"], rows };
    const updates = [
      [{ title: "T", old: undefined }, {}],
      [{}, { set: [[["map", "x"], 1]], remove: ["old", ["map", "y"]] }],
      [
        {},
        {
          set: [
            [["list", 3], "end"],
            [["map", "x"], undefined],
          ],
          remove: [["list", 1]],
        },
      ],
      [{}, { set: [[["rows", 1, "cells", 0], { z: 1 }]], remove: [["rows", 0]] }],
      [
        {},
        {
          set: [[["rows", 1, "is"], null]],
          remove: [
            ["rows", 1, "cells", 2],
            ["rows", 0],
          ],
        },
      ],
      [{}, { remove: ["none", ["map", "none"], ["list", 9]] }],
    ] as const;
    for (const [changes, options] of updates) {
      const before = await layer.note.put({ ...key, data });
      const shown = changeOf("update", [key, changes, options])?.(before);
      const made = await layer.note.update(key, changes, options as object);
      expect(shown?.data).toEqual(made.data);
      expect(before.data).toEqual(data);
    }
  },
);

test("positions are those before the update, whatever else it removes, which the test engines mistake", () => {
  const item = { data: { list: ["a", "b", "c", "d"], title: "t" } };
  const set = [
    [["list", 12], "later"],
    [["list", 9], "sooner"],
    [["list", 2], "C"],
  ];
  const remove = [
    ["list", 0],
    ["list", 1],
  ];
  expect(changeOf("update", [{}, {}, { set, remove }])?.(item)).toEqual({
    data: { list: ["C", "d", "sooner", "later"], title: "t" },
  });
});

describe.each(reacts)("React $version", ({ version }) => {
  const page = openPage(version);

  describe.each(engines)("a change that is shown at once, on $name", ({ engine }) => {
    const served = serveTable(engine);
    let client: QueryClient;
    let user = 0;
    beforeEach(async () => {
      user += 1;
      client = new page.query.QueryClient();
      for (const moduleId of ["m1", "m2"]) {
        await scope().trainingProgress.put({ moduleId, data: { completed: false } });
      }
      served.seen();
    });
    afterEach(() => client.clear());
    const scope = () => served.table.data.forUser(`u${user}`);
    const queries = () => page.door.createQueries(served.client({ user: `u${user}` }));
    const calls = () => served.seen().flatMap((one) => one.calls.map(({ call }) => call));

    /** A page with an item, a list of them, and a button. Each state that it shows is noted. */
    function open() {
      const { React, query } = page;
      const q = queries();
      const shown: string[] = [];
      let error: { item?: unknown } | null = null;
      function Module() {
        const { data: item } = query.useQuery(q.trainingProgress.get({ moduleId: "m1" }));
        const { data: list } = query.useInfiniteQuery(q.trainingProgress.list({ limit: 1 }));
        const { data: count } = query.useQuery(q.trainingProgress.count());
        const save = query.useMutation(q.trainingProgress.update({ optimistic: true }));
        const remove = query.useMutation(q.trainingProgress.delete({ optimistic: true }));
        error = save.error as typeof error;
        const isDone = (one: { data: { completed?: unknown } } | null | undefined) =>
          one === null ? "gone" : String(one?.data.completed ?? "?");
        const first = list?.pages[0]?.items[0];
        const text = `${isDone(item)}/${first === undefined ? "none" : isDone(first)}/${count ?? "?"}`;
        if (shown.at(-1) !== text) shown.push(text);
        const toggle = () =>
          save.mutate([{ moduleId: "m1" }, { completed: isDone(item) !== "true" }]);
        return React.createElement(
          "div",
          null,
          React.createElement("p", null, text),
          React.createElement("button", { onClick: toggle }, "toggle"),
          React.createElement("button", { onClick: () => remove.mutate({ moduleId: "m1" }) }, "x"),
        );
      }
      mount(page, client, React.createElement(Module));
      return { shown, error: () => error };
    }
    const settled = () =>
      page.rtl.waitFor(() => expect(client.isMutating() + client.isFetching()).toBe(0));
    const click = (name: string) => page.rtl.fireEvent.click(page.rtl.screen.getByText(name));

    test("is shown in the item and the list before the server answers, and the lists are read once", async () => {
      const { shown } = open();
      await page.rtl.screen.findByText("false/false/2");
      await settled();
      calls();
      click("toggle");
      await page.rtl.screen.findByText("true/true/2");
      expect(served.table.data.wire.requests.length).toBeGreaterThan(0);
      await settled();
      expect(shown.slice(shown.indexOf("false/false/2"))).toEqual(["false/false/2", "true/true/2"]);
      // The item is known from the response; the list and the count are read again.
      expect(calls().sort()).toEqual(["count", "query", "update"]);
      expect((await scope().trainingProgress.get({ moduleId: "m1" }))?.data.completed).toBe(true);
    });

    test("five rapid toggles do not flicker, are sent in their order, and end right", async () => {
      const { shown } = open();
      await page.rtl.screen.findByText("false/false/2");
      await settled();
      calls();
      for (let n = 0; n < 5; n += 1) {
        click("toggle");
        await page.rtl.waitFor(() =>
          expect(shown.at(-1)).toBe(n % 2 === 0 ? "true/true/2" : "false/false/2"),
        );
      }
      await settled();
      const states = shown.slice(shown.indexOf("false/false/2"));
      expect(states).toEqual([
        "false/false/2",
        "true/true/2",
        "false/false/2",
        "true/true/2",
        "false/false/2",
        "true/true/2",
      ]);
      expect(calls().filter((call) => call === "update")).toHaveLength(5);
      expect((await scope().trainingProgress.get({ moduleId: "m1" }))?.data.completed).toBe(true);
    });

    test("is taken back on a conflict, which hands over the item, and what was made on top of it is not sent", async () => {
      const { shown, error } = open();
      await page.rtl.screen.findByText("false/false/2");
      await settled();
      const stored = await scope().trainingProgress.update({ moduleId: "m1" }, {
        progress: 7,
      } as never);
      calls();
      click("toggle");
      click("toggle");
      await page.rtl.waitFor(() => expect(error()).not.toBeNull());
      await settled();
      expect(error()?.item).toEqual(stored);
      expect(shown.at(-1)).toBe("false/false/2");
      expect(calls().filter((call) => call === "update")).toHaveLength(1);
      // The page now has the item as it is: the next change holds.
      click("toggle");
      await page.rtl.screen.findByText("true/true/2");
      await settled();
      const now = await scope().trainingProgress.get({ moduleId: "m1" });
      expect(now?.data).toMatchObject({ completed: true, progress: 7 });
    });

    test("a deletion leaves the item and the list at once, and comes back if somebody has changed the item", async () => {
      const { shown } = open();
      await page.rtl.screen.findByText("false/false/2");
      await settled();
      await scope().trainingProgress.update({ moduleId: "m1" }, { completed: true });
      click("x");
      await page.rtl.screen.findByText("gone/none/2");
      await page.rtl.screen.findByText("true/true/2");
      await settled();
      click("x");
      await page.rtl.screen.findByText("gone/false/1");
      await settled();
      expect(shown.at(-1)).toBe("gone/false/1");
      expect(await scope().trainingProgress.get({ moduleId: "m1" })).toBeNull();
    });

    test("a response that was read before a change ended is not shown (it brought the old state back)", async () => {
      const q = queries();
      const options = q.trainingProgress.get({ moduleId: "m1" });
      await client.prefetchQuery(options);
      served.table.data.wire.inject({ fault: "slow", operation: "GetItem", delayMs: 300 });
      const mutation = new page.query.MutationObserver(
        client,
        q.trainingProgress.update({ optimistic: true }),
      );
      const read = client.fetchQuery({ ...options, staleTime: 0 });
      await mutation.mutate([{ moduleId: "m1" }, { completed: true }]);
      await read;
      expect(client.getQueryData(options.queryKey)?.data.completed).toBe(true);
      served.table.data.wire.clear();
    });
  });
});
