import { ValidationError } from "../../src/errors/validation-error.js";
import { settings } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";

const content = { type: "Blog Post", content: "Text" };
const latest = 9_999_999_999_999;

describe.each(settings)("query on $name", (engine) => {
  const table = openTable(engine);
  const store = () => table.data.savedContent;
  beforeEach(() => table.data.wire.clear());

  /** Items c000, c001, … in order of id; created in the opposite order. */
  async function fill(userId: string, count: number, data: (index: number) => object = () => ({})) {
    await store().batchPut(
      Array.from({ length: count }, (_, index) => ({
        userId,
        contentId: `c${String(index).padStart(3, "0")}`,
        createdAt: 10_000 - index,
        data: { ...content, ...data(index) },
      })),
    );
    table.data.wire.clear();
  }

  const ids = (items: readonly { contentId: string }[]) => items.map((item) => item.contentId);

  describe("limit", () => {
    test("counts the items that match, not those that were read (0 items and 'there is more')", async () => {
      await fill("limit-where", 60, (index) => ({ status: index % 10 === 9 ? "wanted" : "other" }));
      const where = { status: "wanted" };
      const first = await store().query({ userId: "limit-where" }, { where, limit: 4 });
      expect(ids(first.items)).toEqual(["c009", "c019", "c029", "c039"]);
      expect(first.cursor).not.toBeNull();
      const { cursor } = first;
      const second = await store().query({ userId: "limit-where" }, { where, limit: 4, cursor });
      expect(ids(second.items)).toEqual(["c049", "c059"]);
      expect(second.cursor).toBeNull();
    });

    test("no DynamoDB Limit goes out beside a filter, and one that looks an item ahead without", async () => {
      await fill("limit-wire", 10);
      const options = { limit: 3 };
      await store().query({ userId: "limit-wire" }, { ...options, where: { type: "Blog Post" } });
      await store().query({ userId: "limit-wire" }, options);
      await store().query({ userId: "limit-wire" });
      const limits = table.data.wire.requests.map((request) => request.input.Limit);
      expect(limits).toEqual([undefined, 4, undefined]);
    });

    test.each([
      { order: "asc" },
      { order: "desc" },
      { by: "createdAt" },
      { by: "createdAt", order: "desc" },
      { from: 0 },
    ] as const)(
      "40 items in pages of 10, with %j, are four pages, the last of them without a cursor (a fifth one was empty)",
      async (options) => {
        const userId = `forty-${JSON.stringify(options)}`;
        await fill(userId, 40);
        table.data.wire.clear();
        const sizes: number[] = [];
        let cursor: string | null | undefined;
        do {
          const page: { items: unknown[]; cursor: string | null } = await store().query(
            { userId },
            { ...options, limit: 10, cursor },
          );
          sizes.push(page.items.length);
          cursor = page.cursor;
        } while (cursor !== null);
        expect(sizes).toEqual([10, 10, 10, 10]);
        expect(requestsOf(table.data)).toEqual(Array(4).fill("Query"));
      },
    );

    test("with a filter a page ends without a cursor where the same request has seen the end", async () => {
      await fill("forty-where", 40, (index) => ({ status: index < 20 ? "a" : "b" }));
      for (const status of ["a", "b"]) {
        const first = await store().query(
          { userId: "forty-where" },
          { where: { status }, limit: 10 },
        );
        expect(first.items).toHaveLength(10);
        const { cursor } = first;
        expect(cursor).not.toBeNull();
        const last = await store().query(
          { userId: "forty-where" },
          { where: { status }, limit: 10, cursor },
        );
        expect(last.items).toHaveLength(10);
        expect(last.cursor).toBeNull();
      }
    });

    test("no request is made to look ahead where 1 MB ends before: an empty page may come then", async () => {
      const large = "x".repeat(390_000);
      await fill("ahead", 3, () => ({ content: large }));
      table.data.wire.clear();
      const { items } = await store().query({ userId: "ahead" }, { limit: 2 });
      expect(items).toHaveLength(2);
      expect(requestsOf(table.data)).toEqual(["Query"]);
    });

    test.each([1, 2, 3, 7, 9, 10, 11, 100])(
      "pages of %i give each item once and in order",
      async (limit) => {
        const userId = `pages-${limit}`;
        await fill(userId, 10, (index) => ({ status: index % 3 === 0 ? "a" : "b" }));
        for (const options of [
          { order: "asc" },
          { order: "desc" },
          { by: "createdAt" },
          { by: "createdAt", order: "desc" },
          { from: 9_992, to: 9_997 },
          { where: { status: "a" } },
          { where: { status: "b" }, by: "createdAt", order: "desc" },
        ] as const) {
          const whole = await store().query({ userId }, options);
          const paged: unknown[] = [];
          let cursor: string | null | undefined;
          do {
            const page: Awaited<ReturnType<ReturnType<typeof store>["query"]>> =
              await store().query({ userId }, { ...options, limit, cursor });
            expect(page.items.length).toBeLessThanOrEqual(limit);
            if (page.cursor !== null) expect(page.items).toHaveLength(limit);
            paged.push(...page.items);
            cursor = page.cursor;
          } while (cursor !== null);
          expect(paged).toStrictEqual(whole.items);
          expect(whole.items.length).toBeGreaterThan(0);
        }
      },
    );

    test("a page goes on where it ended, also when items come and go between", async () => {
      await fill("moving", 6);
      const first = await store().query({ userId: "moving" }, { limit: 3 });
      await store().delete({ userId: "moving", contentId: "c002" });
      await store().put({ userId: "moving", contentId: "c0025", data: content });
      await store().delete({ userId: "moving", contentId: "c003" });
      const rest = await store().query({ userId: "moving" }, { cursor: first.cursor });
      expect(ids([...first.items, ...rest.items])).toEqual([
        ...["c000", "c001", "c002", "c0025", "c004", "c005"],
      ]);
    });

    test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "5", null, 5n])(
      "of %p is refused",
      async (limit) => {
        const wrong = { limit } as never;
        const expected = [{ path: "limit", message: "must be an integer from 1" }];
        const query = await failureOf(store().query({ userId: "u1" }, wrong), ValidationError);
        expect(query.issues).toEqual(expected);
        expect(query.message).toBe(
          "query SavedContent (userId=u1): limit must be an integer from 1",
        );
        expect(() => store().list({ userId: "u1" }, wrong)).toThrow("limit must be an integer");
        const recent = table.data.collections.recent({
          userId: "u1",
          ...(wrong as object),
        } as never);
        expect((await failureOf(recent, ValidationError)).issues).toEqual(expected);
        expect(requestsOf(table.data)).toEqual([]);
      },
    );
  });

  // Nothing here is encrypted: with keys, the pages are the same.
  const onPlain = engine.encryption === undefined ? describe : describe.skip;
  onPlain("over more than 1 MB", () => {
    const text = "x".repeat(150_000);

    test("reads all pages (7 of 12 items came, totals silently wrong)", async () => {
      await fill("large", 12, () => ({ content: text }));
      const { items, cursor } = await store().query({ userId: "large" });
      expect(items).toHaveLength(12);
      expect(cursor).toBeNull();
      expect(requestsOf(table.data)).toEqual(["Query", "Query"]);
      const byDate = await store().query({ userId: "large" }, { by: "createdAt" });
      expect(ids(byDate.items)).toEqual(ids(items).reverse());
    });

    test("stops reading when the limit is there, and resumes in the middle of a page", async () => {
      await fill("large-limit", 14, () => ({ content: text }));
      const first = await store().query({ userId: "large-limit" }, { limit: 5 });
      expect(requestsOf(table.data)).toEqual(["Query"]);
      const second = await store().query({ userId: "large-limit" }, { cursor: first.cursor });
      expect(ids([...first.items, ...second.items])).toEqual(
        Array.from({ length: 14 }, (_, index) => `c${String(index).padStart(3, "0")}`),
      );
      const filtered = await store().query(
        { userId: "large-limit" },
        { limit: 9, where: { type: "Blog Post" } },
      );
      expect(filtered.items).toHaveLength(9);
      const rest = await store().query(
        { userId: "large-limit" },
        { cursor: filtered.cursor, where: { type: "Blog Post" } },
      );
      expect(rest.items).toHaveLength(5);
    });

    test("a filter that matches nothing over many pages is an empty end", async () => {
      await fill("large-none", 22, () => ({ content: text }));
      const where = { status: "none" };
      expect(await store().query({ userId: "large-none" }, { where, limit: 1 })).toEqual({
        items: [],
        cursor: null,
        previous: null,
      });
      // DynamoDB Local counts the megabyte of a page after the filter, DynamoDB before it.
      const pages = engine.name.startsWith("dynamodb-local") ? 1 : 3;
      expect(requestsOf(table.data).length).toBeGreaterThanOrEqual(pages);
      const one = { userId: "large-none", contentId: "c021" };
      await store().update(one, { status: "last" });
      const last = { where: { status: "last" }, limit: 1 };
      expect(ids((await store().query({ userId: "large-none" }, last)).items)).toEqual(["c021"]);
    });

    test("fields cuts what is sent: one projected page is as large as DynamoDB reads", async () => {
      await fill("large-fields", 3, (index) => ({ content: text, title: `t${index}` }));
      const { items } = await store().query({ userId: "large-fields" }, { fields: ["title"] });
      expect(items.map((item) => item.data)).toEqual([
        { title: "t0" },
        { title: "t1" },
        { title: "t2" },
      ]);
    });
  });

  describe("by createdAt", () => {
    test("is the order of creation, and of ids within a millisecond (newest was the order of ids)", async () => {
      const userId = "order";
      const times = { "2021": 3_000, "2020": 2_000, "2023": 1_000, a: 2_000 };
      for (const [contentId, createdAt] of Object.entries(times)) {
        await store().create({ userId, contentId, createdAt, data: content });
      }
      const asc = await store().query({ userId }, { by: "createdAt" });
      expect(ids(asc.items)).toEqual(["2023", "2020", "a", "2021"]);
      const newest = await store().query({ userId }, { by: "createdAt", order: "desc", limit: 2 });
      expect(ids(newest.items)).toEqual(["2021", "a"]);
      expect(ids((await store().query({ userId })).items)).toEqual(["2020", "2021", "2023", "a"]);
    });

    test("from and to are included, to the millisecond, at both ends of time", async () => {
      const userId = "edges";
      for (const createdAt of [0, 1, 999, 1_000, 1_001, latest - 1, latest]) {
        await store().create({ userId, contentId: `at#${createdAt}`, createdAt, data: content });
      }
      const between = async (from?: number, to?: number) =>
        (await store().query({ userId }, { from, to })).items.map((item) => item.createdAt);
      expect(await between(1_000, 1_000)).toEqual([1_000]);
      expect(await between(999, 1_001)).toEqual([999, 1_000, 1_001]);
      expect(await between(0, 0)).toEqual([0]);
      expect(await between(undefined, 0)).toEqual([0]);
      expect(await between(undefined, 1)).toEqual([0, 1]);
      expect(await between(latest, latest)).toEqual([latest]);
      expect(await between(latest)).toEqual([latest]);
      expect(await between(1_001)).toEqual([1_001, latest - 1, latest]);
      expect(await between(0, latest)).toHaveLength(7);
      expect(await between(2, 998)).toEqual([]);
      const desc = await store().query({ userId }, { from: 1, to: 1_000, order: "desc", limit: 2 });
      expect(desc.items.map((item) => item.createdAt)).toEqual([1_000, 999]);
    });

    test("never runs into the items of another entity", async () => {
      const { project, marketingPlan, researchReport } = table.data;
      const userId = "neighbours";
      await store().create({ userId, contentId: "c1", createdAt: latest, data: content });
      await project.create({ userId, projectId: "p1", createdAt: 5, data: { name: "n" } });
      await marketingPlan.create({ userId, planId: "p1", createdAt: 5, data: {} });
      await researchReport.create({
        userId,
        reportId: "r",
        createdAt: 0,
        data: { topic: "t", report: "" },
      });
      expect(ids((await store().query({ userId }, { from: 0 })).items)).toEqual(["c1"]);
      expect((await project.query({ userId }, { from: 0 })).items).toHaveLength(1);
      expect((await marketingPlan.query({ userId }, { to: latest })).items).toHaveLength(1);
      expect((await researchReport.query({ userId }, { from: 1 })).items).toHaveLength(0);
    });

    test("takes where, fields and a limit with a range", async () => {
      await fill("range-where", 20, (index) => ({ status: index % 2 ? "odd" : "even" }));
      const { items } = await store().query(
        { userId: "range-where" },
        { from: 9_985, to: 9_995, where: { status: "odd" }, fields: ["status"], limit: 3 },
      );
      expect(items.map((item) => [item.createdAt, item.data])).toEqual([
        [9_985, { status: "odd" }],
        [9_987, { status: "odd" }],
        [9_989, { status: "odd" }],
      ]);
    });

    test.each([
      [{ from: -1 }, "from"],
      [{ from: 1.5 }, "from"],
      [{ from: "2020" }, "from"],
      [{ from: new Date(0) }, "from"],
      [{ from: Number.NaN }, "from"],
      [{ to: latest + 1 }, "to"],
      [{ to: null }, "to"],
      [{ from: 5, to: 4 }, "from"],
      [{ from: 5, by: "key" }, "by"],
      [{ by: "updatedAt" }, "by"],
      [{ order: "up" }, "order"],
      [{ order: null }, "order"],
    ])("refuses %j", async (options, path) => {
      const error = await failureOf(
        store().query({ userId: "u1" }, options as never),
        ValidationError,
      );
      expect(error.issues.map((issue) => issue.path)).toEqual([path]);
      expect(error.message).toMatch(
        new RegExp(`^query SavedContent \\(userId=u1\\): ${path} must `),
      );
      expect(requestsOf(table.data)).toEqual([]);
    });
  });
});
