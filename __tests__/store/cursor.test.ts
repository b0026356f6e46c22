import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { engines } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";

const content = { type: "Blog Post", content: "Text" };

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (cursor: string | null) =>
  JSON.parse(Buffer.from(cursor ?? "", "base64url").toString()) as unknown[];

describe.each(engines)("cursors on $name", (engine) => {
  const table = openTable(engine);
  const store = () => table.data.savedContent;

  beforeAll(async () => {
    for (const userId of ["ana", "ben", "an", "ana#x"]) {
      await store().batchPut(
        Array.from({ length: 6 }, (_, index) => ({
          userId,
          contentId: `${userId}-${index}`,
          createdAt: 1_000 + index,
          data: content,
        })),
      );
      await table.data.project.put({ userId, projectId: "p1", data: { name: "n" } });
      await table.data.project.put({ userId, projectId: "p2", data: { name: "n" } });
    }
  });
  beforeEach(() => table.data.wire.clear());

  const cursorOf = async (userId: string, options: object = {}) => {
    const { cursor } = await store().query({ userId }, { limit: 2, ...options });
    expect(cursor).not.toBeNull();
    table.data.wire.clear();
    return cursor;
  };

  async function refused(cursor: unknown, options: object = {}, message?: string) {
    const error = await failureOf(
      store().query({ userId: "ana" }, { ...options, cursor: cursor as string }),
      ValidationError,
    );
    expect(error.issues).toEqual([{ path: "cursor", message: message ?? expect.any(String) }]);
    expect(error.message).toMatch(/^query SavedContent \(userId=ana\): cursor /);
    expect(requestsOf(table.data)).toEqual([]);
    expect(() => store().list({ userId: "ana" }, { ...options, cursor: cursor as string })).toThrow(
      ValidationError,
    );
  }

  test("of null and undefined begin at the beginning", async () => {
    const whole = await store().query({ userId: "ana" });
    expect(await store().query({ userId: "ana" }, { cursor: null })).toEqual(whole);
    expect(await store().query({ userId: "ana" }, { cursor: undefined })).toEqual(whole);
  });

  test("are texts that fit into a URL", async () => {
    expect(await cursorOf("ana#x", { by: "createdAt" })).toMatch(/^[\w-]+$/);
  });

  test("go on with another limit, filter or projection", async () => {
    const cursor = await cursorOf("ana");
    const { items } = await store().query(
      { userId: "ana" },
      { cursor, limit: 3, where: { type: "Blog Post" }, fields: ["type"] },
    );
    expect(items.map((item) => item.contentId)).toEqual(["ana-2", "ana-3", "ana-4"]);
  });

  test.each([
    ["asc", ["ana-2", "ana-3"]],
    ["desc", ["ana-3", "ana-2"]],
  ] as const)("go on by createdAt %s", async (order, expected) => {
    const cursor = await cursorOf("ana", { by: "createdAt", order });
    const page = await store().query(
      { userId: "ana" },
      { by: "createdAt", order, cursor, limit: 2 },
    );
    expect(page.items.map((item) => item.contentId)).toEqual(expected);
  });

  test("of another partition are refused", async () => {
    const message = "belongs to another partition";
    await refused(await cursorOf("ben"), {}, message);
    await refused(await cursorOf("an"), {}, message);
    await refused(await cursorOf("ana#x"), {}, message);
    await refused(await cursorOf("ben", { by: "createdAt" }), { by: "createdAt" }, message);
  });

  test("of another entity are refused", async () => {
    const { cursor } = await table.data.project.query({ userId: "ana" }, { limit: 1 });
    expect(cursor).not.toBeNull();
    table.data.wire.clear();
    await refused(cursor, {}, "belongs to another entity");
  });

  test("of another index are refused", async () => {
    const message = "belongs to another index";
    await refused(await cursorOf("ana", { by: "createdAt" }), {}, message);
    await refused(await cursorOf("ana"), { by: "createdAt" }, message);
    await refused(await cursorOf("ana"), { from: 0 }, message);
  });

  test("of another order are refused", async () => {
    const message = "belongs to another order";
    await refused(await cursorOf("ana", { order: "desc" }), {}, message);
    await refused(await cursorOf("ana"), { order: "desc" }, message);
  });

  test("from outside a range are refused within it", async () => {
    const cursor = await cursorOf("ana", { by: "createdAt" });
    await refused(cursor, { from: 1_003 }, "lies outside the range of from and to");
    await refused(cursor, { to: 1_000 }, "lies outside the range of from and to");
    const { items } = await store().query({ userId: "ana" }, { cursor, to: 1_003 });
    expect(items.map((item) => item.createdAt)).toEqual([1_002, 1_003]);
  });

  test("that are cut off or changed are refused", async () => {
    const cursor = (await cursorOf("ana")) ?? "";
    for (const end of [1, 2, 5, cursor.length - 1, cursor.length - 4]) {
      await refused(cursor.slice(0, end));
    }
    for (const wrong of [
      `${cursor}AAAA`,
      `${cursor}=`,
      `${cursor} `,
      `x${cursor}`,
      cursor.slice(1),
    ]) {
      await refused(wrong);
    }
  });

  test.each<[string, unknown]>([
    ["an empty text", ""],
    ["a number", 5],
    ["an object", {}],
    ["a list", ["x"]],
    ["true", true],
    ["the text null", "null"],
    ["a coded null", encode(null)],
    ["a raw key", encode({ PK: "USER#ana", SK: "CONTENT#ana-1" })],
    ["two texts", encode(["USER#ana", "CONTENT#ana-1"])],
    ["too short a list", encode([1])],
    ["another version", encode([2, "SavedContent", "key", "asc", "USER#ana", "CONTENT#a"])],
    ["a number for a key", encode([1, "SavedContent", "key", "asc", "USER#ana", 5])],
    ["an empty key", encode([1, "SavedContent", "key", "asc", "USER#ana", ""])],
    ["another entity's key", encode([1, "SavedContent", "key", "asc", "USER#ana", "PROJECT#p1"])],
    [
      "too long a list",
      encode([1, "SavedContent", "key", "asc", "USER#ana", "CONTENT#a", "x", "y"]),
    ],
    ["a long text", "x".repeat(81_920)],
  ])("that no query returned are refused: %s", async (_, cursor) => {
    await refused(cursor, {}, "is not one that a query returned");
  });

  test("one that is longer than any is refused before it is decoded", async () => {
    const rule = "is not one that a query returned: those are at most 81920 characters";
    await refused("x".repeat(81_921), {}, rule);
  });

  test("ElectroDB's own cursor, which holds any key, is refused", async () => {
    const { cursor } = await store().entity.query.byKey({ userId: "ben" }).go({ limit: 1 });
    expect(decodeAny(cursor)).toMatchObject({ PK: "USER#ben" });
    table.data.wire.clear();
    await refused(cursor, {}, "is not one that a query returned");
  });

  test("a forged one never reads in another partition, whatever it holds", async () => {
    const genuine = decode(await cursorOf("ana"));
    const dated = decode(await cursorOf("ana", { by: "createdAt" }));
    const forged: [unknown[], object][] = [
      [replaced(genuine, 4, "USER#ben"), {}],
      [replaced(genuine, 5, "CONTENT#ben-0"), {}],
      [replaced(genuine, 5, "CONTENT#"), {}],
      [replaced(genuine, 5, "CONTENT#\u0000"), {}],
      [replaced(genuine, 5, "CONTENT#\uffff"), {}],
      [replaced(genuine, 5, `CONTENT#${"x".repeat(2_000)}`), {}],
      [replaced(genuine, 5, "CONTENT#\ud800"), {}],
      [replaced(dated, 4, "USER#ben"), { by: "createdAt" }],
      [replaced(dated, 5, "CONTENT#ben-0"), { by: "createdAt" }],
      [replaced(dated, 6, "CONTENT#0000000000000#ben-0"), { by: "createdAt" }],
      [replaced(dated, 6, "CONTENT#"), { by: "createdAt" }],
      [replaced(dated, 6, "CONTENT#x"), { by: "createdAt" }],
      [replaced(dated, 6, "PROJECT#0000000000000#p1"), { by: "createdAt" }],
      [replaced(dated, 6, `CONTENT#${"9".repeat(2_000)}`), { by: "createdAt" }],
      [dated.slice(0, 6), { by: "createdAt" }],
    ];
    const answers: number[] = [];
    for (const [fields, options] of forged) {
      const outcome = await store()
        .query({ userId: "ana" }, { ...options, cursor: encode(fields) })
        .then(
          (page) => {
            answers.push(page.items.length);
            return page.items;
          },
          (error: unknown) => {
            expect(error).toBeInstanceOf(DynamoDBError);
            return [];
          },
        );
      for (const item of outcome) expect(item).toMatchObject({ userId: "ana" });
      for (const { input } of table.data.wire.requests) {
        expect(JSON.stringify(input)).not.toContain("USER#ben");
      }
    }
    // The forgery is a good one: what stays in the partition goes on there, before all and after all.
    expect(answers).toContain(6);
    expect(answers).toContain(0);
  });

  test("of a review are bound to the agent", async () => {
    const { review } = table.data;
    const data = { author: { name: "Lee" }, source: "Google", rating: 5, comment: "" };
    for (const agentId of ["ana", "ben"]) {
      for (const reviewId of ["r1", "r2", "r3"]) await review.put({ agentId, reviewId, data });
    }
    const { cursor } = await review.query({ agentId: "ben" }, { limit: 1 });
    await failureOf(review.query({ agentId: "ana" }, { cursor }), ValidationError);
    const { items } = await review.query({ agentId: "ben" }, { cursor });
    expect(items.map((item) => item.reviewId)).toEqual(["r2", "r3"]);
  });

  test("of a token, whose sort key has no prefix, go on as others do", async () => {
    const { oauthToken } = table.data;
    for (const provider of ["A", "B", "C"]) {
      await oauthToken.put({ userId: "ana", provider, data: { accessToken: "t" } });
    }
    const { cursor } = await oauthToken.query({ userId: "ana" }, { limit: 1 });
    const { items } = await oauthToken.query({ userId: "ana" }, { cursor });
    expect(items.map((item) => item.provider)).toEqual(["B", "C"]);
    await failureOf(oauthToken.query({ userId: "ben" }, { cursor }), ValidationError);
  });
});

function replaced(fields: readonly unknown[], index: number, value: unknown): unknown[] {
  return fields.map((field, position) => (position === index ? value : field));
}

function decodeAny(cursor: string | null): unknown {
  return JSON.parse(Buffer.from(cursor ?? "", "base64").toString());
}
