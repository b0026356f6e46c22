/** `page.previous` leads to the page before, in the same order, with one request and no other items. */
import { ValidationError } from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines, settings } from "../engines.js";
import { expiringEntities, MovableClock, start } from "../expiring-entities.js";
import { indexedEntities } from "../indexed-entities.js";
import { failureOf, openTable, requestsOf } from "../open.js";

const content = { type: "Blog Post", content: "Text" };

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** What a walk over pages needs of one. */
interface AnyPage<Item> {
  readonly items: readonly Item[];
  readonly cursor: string | null;
  readonly previous: string | null;
}

describe.each(settings)("previous pages on $name", (engine) => {
  const table = openTable(engine);
  const store = () => table.data.savedContent;
  beforeEach(() => table.data.wire.clear());

  async function fill(userId: string, count: number) {
    await store().batchPut(
      Array.from({ length: count }, (_, index) => ({
        ...{ userId, contentId: `c${index}`, createdAt: 1_000 + index },
        data: { ...content, status: index % 2 === 0 ? "even" : "odd" },
      })),
    );
    table.data.wire.clear();
  }
  const ids = (page: AnyPage<{ contentId: string }>) =>
    page.items.map(({ contentId }) => contentId);

  test.each([
    [{}, ["c0", "c1"], ["c2", "c3"], ["c4"]],
    [{ order: "desc" }, ["c4", "c3"], ["c2", "c1"], ["c0"]],
    [{ by: "createdAt", order: "desc" }, ["c4", "c3"], ["c2", "c1"], ["c0"]],
    [{ from: 1_001, to: 1_004 }, ["c1", "c2"], ["c3", "c4"], undefined],
    [{ startsWith: "c" }, ["c0", "c1"], ["c2", "c3"], ["c4"]],
    [{ between: ["c1", "c4"], order: "desc" }, ["c4", "c3"], ["c2", "c1"], undefined],
    [{ where: { status: "even" } }, ["c0", "c2"], ["c4"], undefined],
    [{ fields: [] }, ["c0", "c1"], ["c2", "c3"], ["c4"]],
  ] as const)(
    "with %j, each page is one request, and the items keep their order",
    async (options, ...given) => {
      const userId = `order-${JSON.stringify(options)}`;
      await fill(userId, 5);
      const expected = given.filter((page) => page !== undefined);
      const read = (cursor: string | null) =>
        store().query({ userId }, { ...options, limit: 2, cursor });
      const pages: Awaited<ReturnType<typeof read>>[] = [await read(null)];
      while (pages.at(-1)?.cursor != null) pages.push(await read(pages.at(-1)?.cursor ?? null));
      expect(pages.map(ids)).toEqual(expected);
      expect(pages.map(({ previous }) => previous === null)).toEqual(
        expected.map((_, at) => at === 0),
      );
      const back: typeof pages = [pages.at(-1) as (typeof pages)[0]];
      while (back[0]?.previous != null) back.unshift(await read(back[0].previous));
      expect(back.map(ids)).toEqual(expected);
      expect(requestsOf(table.data)).toEqual(Array(2 * expected.length - 1).fill("Query"));
      // From a page that was read back, the next one follows.
      expect(back.map(({ cursor }) => cursor === null)).toEqual(
        expected.map((_, at) => at === expected.length - 1),
      );
      if (back[0] !== undefined) expect(ids(await read(back[0].cursor))).toEqual(expected[1]);
    },
  );

  test("a page that holds everything has none, and neither has an empty first one", async () => {
    await fill("whole", 3);
    for (const options of [{}, { limit: 3 }, { limit: 9 }]) {
      expect(await store().query({ userId: "whole" }, options)).toMatchObject({
        cursor: null,
        previous: null,
      });
    }
    expect(await store().query({ userId: "empty" })).toEqual({
      items: [],
      cursor: null,
      previous: null,
    });
  });

  test("without a limit, the page before is all that lies before", async () => {
    await fill("rest", 5);
    const first = await store().query({ userId: "rest" }, { limit: 3 });
    const second = await store().query({ userId: "rest" }, { cursor: first.cursor });
    const before = await store().query({ userId: "rest" }, { cursor: second.previous });
    expect(ids(before)).toEqual(["c0", "c1", "c2"]);
    expect(before.previous).toBeNull();
    expect(ids(await store().query({ userId: "rest" }, { cursor: before.cursor }))).toEqual(
      ids(second),
    );
  });

  test("an empty last page leads back to the items that are still there", async () => {
    await fill("gone", 4);
    const options = { limit: 2 };
    const first = await store().query({ userId: "gone" }, options);
    await store().batchDelete(["c2", "c3"].map((contentId) => ({ userId: "gone", contentId })));
    const last = await store().query({ userId: "gone" }, { ...options, cursor: first.cursor });
    expect(last).toMatchObject({ items: [], cursor: null });
    const before = await store().query({ userId: "gone" }, { ...options, cursor: last.previous });
    expect(ids(before)).toEqual(["c0", "c1"]);
    expect(before).toMatchObject({ cursor: null, previous: null });
  });

  test("an empty page before the first leads on to the items that are still there", async () => {
    await fill("gone-first", 4);
    const options = { limit: 2, order: "desc" } as const;
    const first = await store().query({ userId: "gone-first" }, options);
    const second = await store().query(
      { userId: "gone-first" },
      { ...options, cursor: first.cursor },
    );
    await store().batchDelete(
      ["c2", "c3"].map((contentId) => ({ userId: "gone-first", contentId })),
    );
    const before = await store().query(
      { userId: "gone-first" },
      { ...options, cursor: second.previous },
    );
    expect(before).toMatchObject({ items: [], previous: null });
    const again = await store().query(
      { userId: "gone-first" },
      { ...options, cursor: before.cursor },
    );
    expect(ids(again)).toEqual(["c1", "c0"]);
    expect(again).toMatchObject({ cursor: null, previous: null });
  });

  test.each([
    {},
    { order: "desc" },
    { by: "createdAt" },
    { by: "createdAt", order: "desc", where: { status: "stays" } },
  ] as const)(
    "with %j, what is there all the time is seen once in each direction, while other items come and go",
    async (options) => {
      const userId = `moving-${JSON.stringify(options)}`;
      const stays = Array.from({ length: 9 }, (_, index) => `s${index}`);
      const item = (contentId: string, createdAt: number, status: string) => ({
        ...{ userId, contentId, createdAt },
        data: { ...content, status },
      });
      await store().batchPut(stays.map((id, index) => item(id, 1_000 + index * 10, "stays")));
      let there: { readonly userId: string; readonly contentId: string }[] = [];
      let moves = 0;
      /** Items around all others come, and those of the last time go. */
      const move = async () => {
        await store().batchDelete(there);
        moves += 1;
        const come = stays.flatMap((id, index) =>
          (index + moves) % 2 === 0 ? [] : [item(`${id}-${moves}`, 1_005 + index * 10, "moves")],
        );
        await store().batchPut(come);
        there = come.map(({ contentId }) => ({ userId, contentId }));
      };
      const read = async (cursor: string | null) => {
        await move();
        return store().query({ userId }, { ...options, limit: 3, cursor });
      };
      const walk = async (from: Awaited<ReturnType<typeof read>>, way: "cursor" | "previous") => {
        const seen = ids(from);
        let page = from;
        for (let cursor = page[way]; cursor !== null; cursor = page[way]) {
          page = await read(cursor);
          if (way === "cursor") seen.push(...ids(page));
          else seen.unshift(...ids(page));
        }
        return { page, stayed: seen.filter((id) => stays.includes(id)) };
      };
      const expected = "order" in options ? [...stays].reverse() : stays;
      const onwards = await walk(await read(null), "cursor");
      expect(onwards.stayed).toEqual(expected);
      const back = await walk(onwards.page, "previous");
      expect(back.stayed).toEqual(expected);
      expect((await walk(back.page, "cursor")).stayed).toEqual(expected);
    },
  );

  test("in a scope, a cursor leads back in the user's own partition, and another user's is refused", async () => {
    await fill("ana", 3);
    await fill("ben", 3);
    const scope = table.data.forUser("ana");
    const first = await scope.savedContent.query({}, { limit: 2 });
    const second = await scope.savedContent.query({}, { limit: 2, cursor: first.cursor });
    const before = await scope.savedContent.query({}, { limit: 2, cursor: second.previous });
    expect(before.items).toEqual(first.items);
    const other = table.data.forUser("ben").savedContent;
    const error = await failureOf(other.query({}, { cursor: second.previous }), ValidationError);
    expect(error.issues).toEqual([{ path: "cursor", message: "belongs to another partition" }]);
  });

  test("a loop over all items cannot read back in their order, and says so", async () => {
    await fill("list", 3);
    const first = await store().query({ userId: "list" }, { limit: 2 });
    const { previous } = await store().query({ userId: "list" }, { cursor: first.cursor });
    table.data.wire.clear();
    const listed = async () => {
      for await (const _ of store().list({ userId: "list" }, { cursor: previous }));
    };
    const error = await failureOf(listed(), ValidationError);
    expect(error.issues).toEqual([
      { path: "cursor", message: "leads to a previous page, which only query and queryBy read" },
    ]);
    expect(requestsOf(table.data)).toEqual([]);
    const rest: string[] = [];
    for await (const { contentId } of store().list({ userId: "list" }, { cursor: first.cursor })) {
      rest.push(contentId);
    }
    expect(rest).toEqual(["c2"]);
  });

  test("a cursor that leads back is as bound as one that leads on", async () => {
    await fill("bound", 3);
    const first = await store().query({ userId: "bound" }, { limit: 1 });
    const { previous } = await store().query({ userId: "bound" }, { cursor: first.cursor });
    table.data.wire.clear();
    for (const [options, message] of [
      [{ order: "desc" }, "belongs to another order"],
      [{ by: "createdAt" }, "belongs to another index"],
      [{ startsWith: "d" }, "lies outside the range of startsWith"],
    ] as const) {
      const call = store().query({ userId: "bound" }, { ...options, cursor: previous });
      expect((await failureOf(call, ValidationError)).issues).toEqual([
        { path: "cursor", message },
      ]);
    }
    if (engine.cursorSecret !== undefined) {
      expect(Buffer.from(previous ?? "", "base64url").toString()).not.toContain("bound");
      return;
    }
    for (const fields of [
      [-2, "SavedContent", "key", "asc", "USER#bound", "CONTENT#c1"],
      [-1, "SavedContent", "key", "asc", "USER#bound", ""],
      [-1, "SavedContent", "key", "asc", "USER#bound", "PROJECT#c1"],
      [-1, "SavedContent", "key", "asc", "USER#bound", null],
      [-1, "SavedContent", "key", "asc"],
      [-1, "SavedContent", "key", "asc", "USER#bound", "CONTENT#c1", "x", "USER#other"],
    ]) {
      const call = store().query({ userId: "bound" }, { cursor: encode(fields) });
      expect((await failureOf(call, ValidationError)).issues).toEqual([
        { path: "cursor", message: "is not one that a query returned" },
      ]);
    }
    expect(requestsOf(table.data)).toEqual([]);
  });

  test("survives throttling and lost answers", async () => {
    await fill("faults", 4);
    const first = await store().query({ userId: "faults" }, { limit: 2 });
    const second = await store().query({ userId: "faults" }, { cursor: first.cursor });
    table.data.wire.inject({ operation: "Query", fault: "throttle", times: 1 });
    table.data.wire.inject({ operation: "Query", fault: "answerLost", times: 1 });
    const before = await store().query({ userId: "faults" }, { cursor: second.previous });
    expect(before.items).toEqual(first.items);
  });
});

describe.each(engines)("own entities on $name", ({ engine }) => {
  const clock = new MovableClock();
  const entities = { ...indexedEntities, ...expiringEntities };
  const open = () => createTestDataLayer({ engine, entities, builtIn: false, clock });
  let data: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    data = await open();
  });
  afterAll(() => data.close());

  /** Walks on and back, with every size of pages, and compares with the whole list. */
  async function checkWalks<Item>(
    read: (options: { limit?: number; cursor?: string | null }) => Promise<AnyPage<Item>>,
  ) {
    const { items: all } = await read({});
    expect(all.length).toBeGreaterThan(3);
    for (let limit = 1; limit <= all.length; limit += 1) {
      const pages = [await read({ limit })];
      while (pages.at(-1)?.cursor != null) {
        pages.push(await read({ limit, cursor: pages.at(-1)?.cursor ?? null }));
      }
      expect(pages.flatMap(({ items }) => items)).toEqual(all);
      const back = [pages.at(-1) as AnyPage<Item>];
      while (back[0]?.previous != null)
        back.unshift(await read({ limit, cursor: back[0].previous }));
      // One more page at either end may be empty, if others' items or expired ones lie behind it.
      const full = (found: typeof pages) =>
        found.flatMap(({ items }) => (items.length > 0 ? [items] : []));
      expect(full(back)).toEqual(full(pages));
      expect(back.length).toBeLessThanOrEqual(full(pages).length + 2);
    }
  }

  test("in an index, also over items with one sort key, of others, and in both orders", async () => {
    const { indexedLead, indexedHouse } = data;
    for (let index = 0; index < 6; index += 1) {
      const times = { createdAt: 1_000 + Math.floor(index / 3) };
      // The same sort key in the indexes for several users.
      const lead = { userId: `u${index}`, leadId: `l${index % 2}`, ...times };
      await indexedLead.put({ ...lead, data: { name: "n", status: "new" } });
      const house = { userId: `u${index}`, houseId: `l${index % 2}`, ...times };
      await indexedHouse.put({ ...house, data: { state: "new" } });
    }
    for (const order of ["asc", "desc"] as const) {
      await checkWalks((options) =>
        indexedLead.queryBy("byStatus", { status: "new" }, { ...options, order }),
      );
      await checkWalks((options) => indexedLead.queryBy("byType", {}, { ...options, order }));
      await checkWalks((options) =>
        indexedHouse.queryBy("byState", { state: "new" }, { ...options, order, from: 0 }),
      );
    }
  });

  test("a loop over an index takes no cursor that leads back, and names the call that does", async () => {
    const { indexedMember } = data;
    for (const teamId of ["t1", "t2"]) {
      await indexedMember.put({ teamId, memberId: "m", data: { role: "r" } });
    }
    const read = (cursor: string | null) =>
      indexedMember.queryBy("byMember", { memberId: "m" }, { limit: 1, cursor });
    const { previous } = await read((await read(null)).cursor);
    expect((await read(previous)).items.map(({ teamId }) => teamId)).toEqual(["t1"]);
    const listed = async () => {
      for await (const _ of indexedMember.listBy(
        "byMember",
        { memberId: "m" },
        { cursor: previous },
      ));
    };
    expect((await failureOf(listed(), ValidationError)).issues).toEqual([
      { path: "cursor", message: "leads to a previous page, which only query and queryBy read" },
    ]);
  });

  test("items that expire in between are on no page", async () => {
    clock.time = start;
    for (let index = 0; index < 8; index += 1) {
      const until = index % 2 === 0 ? start + 5_000 : null;
      await data.offer.put({ userId: "u1", offerId: `o${index}`, data: { text: "t", until } });
    }
    const read = (cursor: string | null) =>
      data.offer.query({ userId: "u1" }, { limit: 3, cursor });
    const first = await read(null);
    const second = await read(first.cursor);
    clock.time = start + 5_000;
    const before = await read(second.previous);
    expect(before.items.map(({ offerId }) => offerId)).toEqual(["o1"]);
    expect(before.previous).toBeNull();
    await checkWalks((options) => data.offer.query({ userId: "u1" }, options));
  });
});
