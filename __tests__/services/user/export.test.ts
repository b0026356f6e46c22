/** `data.user(userId).export()`: everything of the user, secrets masked, one query per MB. */
import { inspect } from "node:util";
import { AbortedError } from "../../../src/errors/aborted-error.js";
import { DecryptionError } from "../../../src/errors/decryption-error.js";
import { ThroughputExceededError } from "../../../src/errors/throughput-exceeded-error.js";
import { TimeoutError } from "../../../src/errors/timeout-error.js";
import { ValidationError } from "../../../src/errors/validation-error.js";
import { createTestDataLayer } from "../../../src/testing/index.js";
import { newOnly, oldOnly } from "../../encryption/keys.js";
import { engines, settings } from "../../engines.js";
import { failureOf, openTable, requestsOf } from "../../open.js";
import { all, fill, fillAll, oldItemsOf, strangersOf } from "./people.js";

const retry = { initialDelayMs: 1, maxDelayMs: 2 };
const token = { accessToken: "access-canary", refreshToken: "refresh-canary" };

/** The items in an order that depends neither on that of the partitions nor on that of the attributes. */
const sorted = (items: readonly object[]) => {
  const keyOf = (item: object) => JSON.stringify(item, Object.keys(item).toSorted());
  const textOf = (item: object) =>
    "attributes" in item ? keyOf(item.attributes as object) : keyOf(item);
  return items.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
};

describe.each(settings)("exporting a user on $name", (engine) => {
  const table = openTable(engine, { retry });
  beforeEach(() => table.data.wire.clear());
  afterEach(() => table.data.wire.clear());

  test("gives every item as its store returns it, and rows of no entity as they are stored", async () => {
    const { data, raw } = table;
    const stored = await fillAll(data, raw, "ada");
    await fill(data, "ada2");
    data.wire.clear();
    const items = await all(data.user("ada").export({ secrets: "reveal" }));
    expect(requestsOf(data)).toEqual(["Query", "Query", "Query"]);
    const old = [
      {
        entity: "savedContent",
        userId: "ada",
        contentId: "old",
        data: oldItemsOf("ada")[0]?.Data,
        createdAt: 0,
        updatedAt: 1_700_000_000_000,
      },
      {
        entity: "review",
        agentId: "ada",
        reviewId: "old",
        data: { rating: 5 },
        createdAt: 0,
        updatedAt: 1_700_000_000_000,
      },
    ];
    const undeclared = strangersOf("ada").map((attributes) => ({ entity: null, attributes }));
    expect(sorted(items)).toStrictEqual(sorted([...stored, ...old, ...undeclared]));
  });

  test("masks secrets unless they are to be revealed", async () => {
    const { data } = table;
    await data.oauthToken.put({ userId: "keys", data: token });
    const [masked] = await all(data.user("keys").export());
    expect(masked).toMatchObject({
      entity: "oauthToken",
      data: { accessToken: "[secret]", refreshToken: "[secret]" },
    });
    expect(JSON.stringify(masked)).not.toContain("canary");
    const [revealed] = await all(data.user("keys").export({ secrets: "reveal" }));
    expect(revealed).toMatchObject({ entity: "oauthToken", data: token });
    // As of any other item, a console shows none of them.
    expect(inspect(revealed)).not.toContain("canary");
  });

  test("a row of no entity has its secrets masked, where they are named like those of an entity", async () => {
    const { data, raw } = table;
    const row = { PK: "OAUTH#row", SK: "old", Data: { ...token, note: "n" }, UpdatedAt: 6 };
    await raw.put(row, { PK: "OAUTH#row", SK: "older", ...token, text: "t" });
    const items = await all(data.user("row").export());
    const hidden = { accessToken: "[secret]", refreshToken: "[secret]" };
    expect(items).toStrictEqual([
      { entity: null, attributes: { ...row, Data: { ...hidden, note: "n" } } },
      { entity: null, attributes: { PK: "OAUTH#row", SK: "older", ...hidden, text: "t" } },
    ]);
    const [revealed] = await all(data.user("row").export({ secrets: "reveal" }));
    expect(revealed).toStrictEqual({ entity: null, attributes: row });
    expect(inspect(revealed)).not.toContain("canary");
  });

  test("and where they are nested, or in a payload that has no fields", async () => {
    const { data, raw } = table;
    const hidden = { accessToken: "[secret]", refreshToken: "[secret]" };
    const key = (SK: string) => ({ PK: "OAUTH#deep", SK });
    const crm = { EntityType: "CrmLink", Data: { accessToken: "canary", google: token, n: 1 } };
    const lists = { Data: { token: { all: [[token], "text", null] } }, Old: [{ deep: token }] };
    const none = { Data: { accessToken: null }, tags: new Set(["a"]), bytes: Buffer.from("b") };
    const rows = [
      { ...key("1"), ...crm },
      { ...key("2"), ...lists },
      { ...key("3"), Data: JSON.stringify(token) },
      { ...key("4"), Data: [token] },
      { ...key("5"), Data: null },
      { ...key("6"), ...none },
    ];
    await raw.put(...rows);
    const items = await all(data.user("deep").export());
    expect(JSON.stringify(items)).not.toContain("canary");
    const attributes = items.map((item) => ("attributes" in item ? item.attributes : undefined));
    expect(attributes).toMatchObject([
      { Data: { accessToken: "[secret]", google: hidden, n: 1 }, EntityType: "CrmLink" },
      { Data: { token: { all: [[hidden], "text", null] } }, Old: [{ deep: hidden }] },
      { Data: "[secret]" },
      { Data: "[secret]" },
      { Data: null },
      { Data: { accessToken: null }, tags: none.tags },
    ]);
    expect(Buffer.from(attributes[5]?.bytes as Uint8Array).toString()).toBe("b");
    const revealed = await all(data.user("deep").export({ secrets: "reveal" }));
    expect(JSON.parse(JSON.stringify(revealed[0]))).toEqual({ entity: null, attributes: rows[0] });
    expect(revealed[2]).toEqual({ entity: null, attributes: rows[2] });
  });

  test("the scope of a user has the same, and each loop begins again", async () => {
    const { data } = table;
    await fill(data, "twice");
    const items = data.forUser("twice").user.export();
    expect(await all(items)).toHaveLength(12);
    expect(await all(items)).toHaveLength(12);
    expect(await all(data.forUser("other").user.export())).toEqual([]);
  });

  test("an item whose payload is no object is exported all the same, and masked if its entity has secrets", async () => {
    const { data, raw } = table;
    const row = (PK: string, SK: string, EntityType: string, Data: unknown) => ({
      ...{ PK, SK, EntityType, Data, UpdatedAt: 1 },
    });
    await raw.put(
      row("USER#odd", "PROJECT#1", "Project", "a name"),
      row("OAUTH#odd", "GOOGLE", "OAuthToken", "canary"),
      row("OAUTH#odd", "LINKEDIN", "OAuthToken", [{ accessToken: "canary" }]),
      row("OAUTH#odd", "META", "OAuthToken", null),
    );
    const payloads = async (options?: { secrets: "reveal" }) =>
      (await all(data.user("odd").export(options))).map((item) => "data" in item && item.data);
    expect((await payloads()).sort()).toEqual([{}, "[secret]", "[secret]", "a name"]);
    expect(await payloads({ secrets: "reveal" })).toContain("canary");
  });
});

describe.each(engines)("the requests of exporting on $name", (engine) => {
  const table = openTable(engine, { retry });
  beforeEach(() => table.data.wire.clear());
  afterEach(() => table.data.wire.clear());

  const store = async (userId: string, count: number, size: number) => {
    const items = Array.from({ length: count }, (_, index) => ({
      userId,
      contentId: `c${index}`,
      data: { type: "t", content: "x".repeat(size) },
    }));
    await table.data.savedContent.batchPut(items);
    table.data.wire.clear();
  };
  const queries = () =>
    table.data.wire.requests.filter(({ operation }) => operation === "Query").length;

  test("one query per MB of each partition", async () => {
    await store("large", 24, 200_000);
    expect(await all(table.data.user("large").export())).toHaveLength(24);
    // 4.8 MB in one partition, give or take an item at a page's end, and two that are empty.
    expect(queries()).toBeGreaterThanOrEqual(4 + 2);
    expect(queries()).toBeLessThanOrEqual(6 + 2);
  });

  test("whoever stops reading sends no more than the page that is read ahead", async () => {
    await store("stopped", 24, 200_000);
    for await (const item of table.data.user("stopped").export()) {
      expect(item.entity).toBe("savedContent");
      break;
    }
    expect(queries()).toBeLessThanOrEqual(2);
  });

  test("reads consistently if it is asked to", async () => {
    await all(table.data.user("u").export({ consistent: true }));
    await all(table.data.user("u").export());
    const asked = table.data.wire.requests.map(({ input }) => input.ConsistentRead);
    expect(asked).toEqual([true, true, true, undefined, undefined, undefined]);
  });

  test("an aborted signal ends the loop at the next item", async () => {
    await store("aborted", 3, 10);
    const stop = new AbortController();
    const seen: unknown[] = [];
    const reading = async () => {
      for await (const item of table.data.user("aborted").export({ signal: stop.signal })) {
        seen.push(item);
        stop.abort(new Error("enough"));
      }
    };
    const error = await failureOf(reading(), AbortedError);
    expect(error.message).toBe("user.export (userId=aborted): aborted");
    expect(seen).toHaveLength(1);
  });

  test("a page that stays throttled, or comes too late, is an error", async () => {
    const { data } = table;
    data.wire.inject({ fault: "throttle", times: 100 });
    const throttled = await failureOf(all(data.user("u").export()), ThroughputExceededError);
    expect(throttled).toMatchObject({ operation: "user.export", key: { userId: "u" } });
    data.wire.clear().inject({ fault: "slow", delayMs: 500, times: 9 });
    await failureOf(all(data.user("u").export({ timeoutMs: 50 })), TimeoutError);
  });

  test.each([
    [{ secret: "reveal" }, "secret", /did you mean "secrets"/],
    [{ secrets: "show" }, "secrets", /must be "mask" or "reveal"/],
    [{ secrets: true }, "secrets", /must be "mask" or "reveal"/],
    [{ consistent: 1 }, "consistent", /must be true or false/],
    [{ limit: 5 }, "limit", /the options are secrets, consistent, signal, timeoutMs/],
    ["reveal", "options", /must be an object/],
  ])("refuses the options %j at once", (options, path, message) => {
    const call = () => table.data.user("u").export(options as never);
    expect(call).toThrow(ValidationError);
    expect(call).toThrow(expect.objectContaining({ operation: "user.export" }));
    expect(call).toThrow(
      expect.objectContaining({ issues: [{ path, message: expect.stringMatching(message) }] }),
    );
    expect(requestsOf(table.data)).toEqual([]);
  });

  test.each([[""], [undefined], [null], [5], ["x".repeat(2_044)], ["\ud800"], [{}]])(
    "refuses the user %p",
    (userId) => {
      const call = () => table.data.user(userId as never);
      expect(call).toThrow(ValidationError);
      expect(call).toThrow(expect.objectContaining({ operation: "user" }));
      expect(call).toThrow(/^user: userId /);
    },
  );

  test("secrets under a key that is lost are masked all the same, and not revealed", async () => {
    const { data } = table;
    const { tableName } = data.configuration;
    const open = (encryption: typeof oldOnly | typeof newOnly) =>
      createTestDataLayer({ engine: data.engine, tableName: `${tableName}-keys`, encryption });
    const writer = await open(oldOnly);
    const reader = await open(newOnly);
    try {
      await writer.oauthToken.put({ userId: "lost", data: token });
      const [item] = await all(reader.user("lost").export());
      expect(item).toMatchObject({ data: { accessToken: "[secret]" } });
      const revealing = all(reader.user("lost").export({ secrets: "reveal" }));
      const error = await failureOf(revealing, DecryptionError);
      expect(error).toMatchObject({ operation: "user.export", entity: "OAuthToken" });
    } finally {
      await reader.close().catch(() => undefined);
      await writer.close().catch(() => undefined);
    }
  });
});
