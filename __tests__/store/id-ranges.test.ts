/** `startsWith`, `between` and `consistent`: which ids a query finds, in every read that takes them. */
import fc from "fast-check";
import { ValidationError } from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines, settings } from "../engines.js";
import { indexedEntities } from "../indexed-entities.js";
import { failureOf, openTable, requestsOf } from "../open.js";
import { ownEntities } from "../own-entities.js";
import { id, tries } from "../properties/arbitraries.js";

const compare = (one: string, other: string) =>
  Buffer.compare(Buffer.from(one), Buffer.from(other));

describe.each(settings)("ranges of ids on $name", (engine) => {
  const table = openTable(engine);
  const project = () => table.data.project;
  beforeEach(() => table.data.wire.clear());

  async function fill(userId: string, ids: readonly string[]) {
    await project().batchPut(
      ids.map((projectId, index) => ({
        ...{ userId, projectId, createdAt: 1_000 - index },
        data: { name: `n${index}` },
      })),
    );
    // Neighbours on both sides of the entity's keys.
    await table.data.savedContent.put({
      ...{ userId, contentId: "2025" },
      data: { type: "t", content: "" },
    });
    await table.data.trainingProgress.put({
      ...{ userId, moduleId: "2025" },
      data: { completed: true },
    });
    table.data.wire.clear();
  }
  async function read(userId: string, options: object) {
    const { items } = await project().query({ userId }, options);
    const ids = items.map(({ projectId }) => projectId);
    const listed: string[] = [];
    for await (const { projectId } of project().list({ userId }, options)) listed.push(projectId);
    expect(listed).toEqual(ids);
    expect(await project().count({ userId }, options)).toBe(ids.length);
    const scope = table.data.forUser(userId);
    expect((await scope.project.query({}, options)).items).toEqual(items);
    return ids;
  }

  test("a prefix of the id, or two ids that are both included, in one request", async () => {
    const months = ["2025-02-28", "2025-03-01", "2025-03-15", "2025-03-31", "2025-04-01", "2025-1"];
    await fill("months", months);
    const { items } = await project().query({ userId: "months" }, { startsWith: "2025-03" });
    expect(items.map(({ projectId }) => projectId)).toEqual(months.slice(1, 4));
    expect(requestsOf(table.data)).toEqual(["Query"]);
    expect(await read("months", { startsWith: "2025" })).toEqual(months);
    expect(await read("months", { startsWith: "2026" })).toEqual([]);
    const between = ["2025-03-01", "2025-04-01"];
    expect(await read("months", { between })).toEqual(months.slice(1, 5));
    expect(await read("months", { between: ["2025-03-02", "2025-03-30"] })).toEqual(["2025-03-15"]);
    expect(await read("months", { between: ["2025-1", "2025-1"] })).toEqual(["2025-1"]);
    expect(await read("months", { between: ["0", "z"], where: { name: "n5" } })).toEqual([
      "2025-1",
    ]);
  });

  test("pages of a range stay in it, and a cursor from outside it is refused", async () => {
    const ids = ["a1", "a2", "a3", "a4", "b1"];
    await fill("pages", ids);
    for (const order of ["asc", "desc"] as const) {
      const found: string[] = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<ReturnType<typeof project>["query"]>> =
          await project().query({ userId: "pages" }, { startsWith: "a", order, limit: 2, cursor });
        found.push(...page.items.map(({ projectId }) => projectId));
        ({ cursor } = page);
      } while (cursor !== null);
      expect(found).toEqual(order === "asc" ? ids.slice(0, 4) : ids.slice(0, 4).reverse());
    }
    const { cursor } = await project().query({ userId: "pages" }, { limit: 1 });
    table.data.wire.clear();
    for (const [options, of] of [
      [{ startsWith: "b" }, "startsWith"],
      [{ between: ["a2", "a3"] as const }, "between"],
    ] as const) {
      const error = await failureOf(
        project().query({ userId: "pages" }, { ...options, cursor }),
        ValidationError,
      );
      expect(error.issues).toEqual([
        { path: "cursor", message: `lies outside the range of ${of}` },
      ]);
    }
    expect(requestsOf(table.data)).toEqual([]);
    const rest = await project().query({ userId: "pages" }, { startsWith: "a", cursor });
    expect(rest.items.map(({ projectId }) => projectId)).toEqual(ids.slice(1, 4));
  });

  test("a prefix finds the ids of its own case alone, on every page, forwards and back", async () => {
    await fill("case", ["B1", "B2", "b1", "b2", "b3"]);
    for (const order of ["asc", "desc"] as const) {
      const options = { startsWith: "b", order };
      const all = order === "asc" ? ["b1", "b2", "b3"] : ["b3", "b2", "b1"];
      const page = (limit: number, cursor?: string | null) =>
        project().query({ userId: "case" }, { ...options, limit, cursor });
      const idsOf = ({ items }: Awaited<ReturnType<typeof page>>) =>
        items.map(({ projectId }) => projectId);
      expect(idsOf(await page(5))).toEqual(all);
      const first = await page(2);
      expect(idsOf(first)).toEqual(all.slice(0, 2));
      const second = await page(2, first.cursor);
      expect(idsOf(second)).toEqual(all.slice(2));
      expect(second.cursor).toBeNull();
      const again = await page(2, second.previous);
      expect(idsOf(again)).toEqual(all.slice(0, 2));
      const listed: string[] = [];
      for await (const { projectId } of project().list({ userId: "case" }, options)) {
        listed.push(projectId);
      }
      expect(listed).toEqual(all);
    }
  });

  test("any ids, any range: what a filter in memory finds, in the order of UTF-8 bytes", async () => {
    let users = 0;
    const some = fc.uniqueArray(id, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(some, fc.array(id, { minLength: 2, maxLength: 2 }), async (ids, ends) => {
        users += 1;
        const userId = `any-${users}`;
        await fill(userId, ids);
        const sorted = [...ids].sort(compare);
        const [low = "", high = ""] = [...ends].sort(compare);
        expect(await read(userId, { between: [low, high] })).toEqual(
          sorted.filter((one) => compare(one, low) >= 0 && compare(one, high) <= 0),
        );
        for (const text of [[...low][0] ?? "", ids[0] ?? ""]) {
          expect(await read(userId, { startsWith: text })).toEqual(
            sorted.filter((one) => one.startsWith(text)),
          );
        }
      }),
      tries(5),
    );
  });

  test("consistent goes to the table, and is refused where an index is read", async () => {
    await fill("consistent", ["p1"]);
    const { items } = await project().query({ userId: "consistent" }, { consistent: true });
    expect(items).toHaveLength(1);
    for await (const one of project().list({ userId: "consistent" }, { consistent: true })) {
      expect(one.projectId).toBe("p1");
    }
    const sent = table.data.wire.requests.map(({ input }) => input.ConsistentRead);
    expect(sent).toEqual([true, true]);
    table.data.wire.clear();
    await project().query({ userId: "consistent" }, { consistent: false });
    expect(table.data.wire.requests[0]?.input).not.toHaveProperty("ConsistentRead");
    table.data.wire.clear();
    for (const options of [{ by: "createdAt" }, { from: 0 }] as const) {
      const error = await failureOf(
        project().query({ userId: "u" }, { ...options, consistent: true }),
        ValidationError,
      );
      expect(error.message).toBe(
        "query Project (userId=u): consistent cannot be used: an index follows the table, and has no strongly consistent reads",
      );
    }
    expect(requestsOf(table.data)).toEqual([]);
  });

  test.each<[string, object, string, string]>([
    [
      "an empty prefix",
      { startsWith: "" },
      "startsWith",
      "must not be empty: leave it out for all",
    ],
    ["a number", { startsWith: 5 }, "startsWith", "must be a string"],
    ["null", { startsWith: null }, "startsWith", "must be a string"],
    ["half a pair", { startsWith: "\ud800" }, "startsWith", "must not contain a lone surrogate"],
    [
      "a prefix that is too long",
      { startsWith: "é".repeat(512) },
      "startsWith",
      "makes a sort key of 1032 bytes: at most 1024",
    ],
    ["one id", { between: ["a"] }, "between", "must be two values of projectId: [first, last]"],
    [
      "three ids",
      { between: ["a", "b", "c"] },
      "between",
      "must be two values of projectId: [first, last]",
    ],
    ["a text", { between: "ab" }, "between", "must be two values of projectId: [first, last]"],
    [
      "a missing end",
      { between: ["a", undefined] },
      "between.1",
      "is missing: a non-empty string is expected",
    ],
    ["an empty end", { between: ["", "b"] }, "between.0", "must not be empty"],
    ["a number as an end", { between: [1, 2] }, "between.0", "must be a string, not number"],
    ["ends in the wrong order", { between: ["b", "a"] }, "between", "must be in ascending order"],
    ["both", { startsWith: "a", between: ["a", "b"] }, "between", "cannot be used with startsWith"],
    ["times too", { startsWith: "a", from: 5 }, "startsWith", "cannot be used with from and to"],
    ["times too", { between: ["a", "b"], to: 5 }, "between", "cannot be used with from and to"],
    [
      "the order of creation",
      { startsWith: "a", by: "createdAt" },
      "startsWith",
      'cannot be used with by: "createdAt", which is no order of ids',
    ],
    ["what is no boolean", { consistent: 1 }, "consistent", "must be true or false"],
  ])("refuses %s before anything is sent", async (_, options, path, message) => {
    for (const call of ["query", "count"] as const) {
      const error = await failureOf(
        project()[call]({ userId: "u" }, options as never),
        ValidationError,
      );
      expect(error.issues).toEqual([{ path, message }]);
      expect(error.message).toMatch(new RegExp(`^${call} Project \\(userId=u\\): `));
    }
    expect(() => project().list({ userId: "u" }, options as never)).toThrow(ValidationError);
    expect(requestsOf(table.data)).toEqual([]);
  });

  test("an entity with one item per partition has no id to ask for", async () => {
    const options = { startsWith: "a" } as never;
    const error = await failureOf(
      table.data.userProfile.query({ userId: "u" }, options),
      ValidationError,
    );
    expect(error.issues).toEqual([
      { path: "startsWith", message: "cannot be used: no part of the sort key is left for it" },
    ]);
  });
});

describe.each(engines)("own entities on $name", ({ engine }) => {
  const entities = { ...ownEntities, ...indexedEntities };
  const open = () => createTestDataLayer({ engine, entities, builtIn: false });
  let data: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    data = await open();
  });
  afterAll(() => data.close());
  const refusal = async (call: Promise<unknown>) => {
    const [issue] = (await failureOf(call, ValidationError)).issues;
    return `${issue?.path} ${issue?.message}`;
  };

  test("of several parts, the first one is meant: days and what follows them", async () => {
    const days = ["2025-02-28", "2025-03-01", "2025-03-02", "2025-04-01"];
    for (const day of days) {
      for (const number of [9, 10]) {
        await data.attempt.put({ quizId: "q", day, number, data: { points: 1 } });
      }
    }
    const read = async (options: object) => {
      const { items } = await data.attempt.query({ quizId: "q" }, options);
      expect(await data.attempt.count({ quizId: "q" }, options)).toBe(items.length);
      return items.map(({ day, number }) => `${day} ${number}`);
    };
    const [last, first, second] = days;
    expect(await read({ between: [last, first] })).toEqual([
      ...[`${last} 9`, `${last} 10`, `${first} 9`, `${first} 10`],
    ]);
    expect(await read({ startsWith: "2025-03" })).toEqual([
      ...[`${first} 9`, `${first} 10`, `${second} 9`, `${second} 10`],
    ]);
    const { attempt } = data;
    const startsWith = (text: string) => attempt.query({ quizId: "q" }, { startsWith: text });
    expect(await refusal(startsWith("2025-3-1"))).toBe(
      "startsWith must be the beginning of a date: YYYY-MM-DD",
    );
    expect(await refusal(attempt.query({ quizId: "q" }, { between: ["2025-02-30", "x"] }))).toBe(
      "between.0 must be a date: YYYY-MM-DD",
    );
  });

  test("a part that another follows is compared as a value, not as a piece of a key", async () => {
    // As keys, "a!#…" lies between "a#…" and "a$", and "a#…" behind "a!$".
    const word = fc.stringMatching(/^[a!"$é~]{1,3}$/);
    let orgs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(word, { minLength: 1, maxLength: 8 }),
        fc.tuple(word, word),
        async (words, ends) => {
          orgs += 1;
          const orgId = `o${orgs}`;
          await data.workflowStep.batchPut(
            words.map((workflowId) => ({ orgId, workflowId, stepId: "s", data: { done: true } })),
          );
          await data.workflow.batchPut(
            words.map((workflowId) => ({ orgId, workflowId, data: { title: "t" } })),
          );
          const [low, high] = ends.sort(compare);
          const options = { between: [low, high] as const };
          const expected = words
            .filter((one) => compare(one, low) >= 0 && compare(one, high) <= 0)
            .sort(compare);
          const { items } = await data.workflowStep.query({ orgId }, options);
          expect(items.map(({ workflowId }) => workflowId).sort(compare)).toEqual(expected);
          expect(await data.workflowStep.count({ orgId }, options)).toBe(expected.length);
          const whole = await data.workflow.query({ orgId }, options);
          expect(whole.items.map(({ workflowId }) => workflowId)).toEqual(expected);
        },
      ),
      {
        ...tries(12),
        examples: [
          [
            ["a", "a!"],
            ["a", "a!"],
          ],
        ],
      },
    );
    expect(await refusal(data.workflowStep.query({ orgId: "o1" }, { startsWith: "a#" }))).toBe(
      'startsWith must not contain "#": no workflowId does',
    );
  });

  test("keys that begin with a time have from and to instead", async () => {
    const call = data.auditLog.query({ orgId: "o" }, { startsWith: "17" as never });
    expect(await refusal(call)).toBe(
      "startsWith cannot be used: the creation time comes next in the sort key (use from and to)",
    );
  });

  test("of an index, the part that comes next in the sort key is meant", async () => {
    const { indexedLead } = data;
    for (const [leadId, status] of [
      ["l1", "new"],
      ["l2", "new"],
      ["l3", "next"],
      ["l4", "won"],
    ] as const) {
      await indexedLead.put({ userId: "u1", leadId, data: { name: "n", status } });
    }
    const read = async (parts: object, options: object) => {
      const given = [{ userId: "u1", ...parts } as { userId: string }, options] as const;
      const { items } = await indexedLead.queryBy("byOwnStatus", ...given);
      const listed: string[] = [];
      for await (const { leadId } of indexedLead.listBy("byOwnStatus", ...given))
        listed.push(leadId);
      const ids = items.map(({ leadId }) => leadId);
      expect(listed).toEqual(ids);
      expect(await indexedLead.countBy("byOwnStatus", ...given)).toBe(ids.length);
      return ids;
    };
    expect(await read({}, { startsWith: "ne" })).toEqual(["l1", "l2", "l3"]);
    expect(await read({}, { between: ["next", "won"] })).toEqual(["l3", "l4"]);
    expect(await read({ status: "new" }, { between: ["l2", "l9"] })).toEqual(["l2"]);
    expect(await read({ status: "new" }, { startsWith: "l" })).toEqual(["l1", "l2"]);
    const whole = { userId: "u1", status: "new", leadId: "l1" };
    expect(await refusal(indexedLead.queryBy("byOwnStatus", whole, { startsWith: "l" }))).toBe(
      "startsWith cannot be used: no part of the sort key is left for it",
    );
    for (const [leadId, status] of [
      ["l5", "Open"],
      ["l6", "open"],
      ["l7", "opened"],
    ] as const) {
      await indexedLead.put({ userId: "u2", leadId, data: { name: "n", status } });
    }
    const cased = async (parts: object, options: object) => {
      const given = { userId: "u2", ...parts } as { userId: string };
      const { items } = await indexedLead.queryBy("byOwnStatus", given, options);
      return items.map(({ leadId }) => leadId);
    };
    expect(await cased({ status: "open" }, {})).toEqual(["l6"]);
    expect(await cased({ status: "Open" }, { limit: 1 })).toEqual(["l5"]);
    expect(await cased({}, { startsWith: "open" })).toEqual(["l6", "l7"]);
    const timed = indexedLead.queryBy("byStatus", { status: "new" }, { startsWith: "1" });
    expect(await refusal(timed)).toMatch("the creation time comes next in the sort key");
  });
});
