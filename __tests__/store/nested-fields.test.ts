/** `fields` with paths, and with none: each read returns exactly these parts of a payload. */
import fc from "fast-check";
import { ValidationError } from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines, settings } from "../engines.js";
import { expiringEntities, MovableClock, start } from "../expiring-entities.js";
import { indexedEntities } from "../indexed-entities.js";
import { failureOf, openTable, requestsOf } from "../open.js";
import { tries } from "../properties/arbitraries.js";
import { contactV2 } from "../versioned-entities.js";

const review = {
  source: "Google",
  rating: 5,
  comment: "…",
  author: { name: "Lee", "a.b": 1, deep: { er: { est: "x", other: "y" } } },
};

describe.each(settings)("fields on $name", (engine) => {
  const table = openTable(engine);
  const key = { agentId: "a1", reviewId: "r1" };
  beforeAll(() => table.data.review.put({ ...key, createdAt: 7, data: review }));
  beforeEach(() => table.data.wire.clear());

  /** What every read returns for some fields; they all return the same. */
  async function read(fields: unknown): Promise<unknown> {
    const options = { fields: fields as never[] };
    const store = table.data.review;
    const partition = { agentId: key.agentId };
    const listed: unknown[] = [];
    for await (const item of store.list(partition, options)) listed.push(item);
    for await (const item of store.listBy("byReviewId", { reviewId: "r1" }, options)) {
      listed.push(item);
    }
    for await (const { items } of store.scan(options)) listed.push(...items);
    const all = [
      await store.get(key, options),
      await store.getOrThrow(key, options),
      ...(await store.batchGet([key], options)),
      ...(await store.query(partition, options)).items,
      ...(await store.queryBy("byReviewId", { reviewId: "r1" }, options)).items,
      await table.data.forUser("a1").review.get({ reviewId: "r1" }, options),
      ...listed,
    ];
    expect(all).toHaveLength(9);
    for (const one of all) expect(one).toStrictEqual(all[0]);
    const [item] = all as { data: unknown }[];
    expect(item).toMatchObject({ ...key, createdAt: 7, updatedAt: expect.any(Number) });
    return item?.data;
  }

  test.each<[unknown[], object]>([
    [[["author", "name"]], { author: { name: "Lee" } }],
    [["rating", ["author", "name"]], { rating: 5, author: { name: "Lee" } }],
    [[["rating"]], { rating: 5 }],
    [[["author", "a.b"]], { author: { "a.b": 1 } }],
    [[["author", "deep", "er", "est"]], { author: { deep: { er: { est: "x" } } } }],
    [
      [
        ["author", "name"],
        ["author", "deep", "er", "other"],
      ],
      { author: { name: "Lee", deep: { er: { other: "y" } } } },
    ],
    // What is not there leaves no trace, and no empty map.
    [[["author", "none"]], {}],
    [[["author", "name", "length"]], {}],
    [[["none", "name"], "source"], { source: "Google" }],
    // Paths that overlap: the wider one is meant, in any order.
    [
      [
        ["author", "deep", "er"],
        ["author", "deep"],
      ],
      { author: { deep: review.author.deep } },
    ],
    [["author", ["author", "name"]], { author: review.author }],
    [[["author", "name"], "author", "author"], { author: review.author }],
    [[], {}],
  ])("%j returns %j from every read", async (fields, expected) => {
    expect(await read(fields)).toStrictEqual(expected);
  });

  test("an empty list reads the key and the times alone, without the payload", async () => {
    await table.data.review.get(key, { fields: [] });
    const [request] = table.data.wire.requests;
    const names = Object.values(request?.input.ExpressionAttributeNames ?? {});
    expect(names).toEqual(["PK", "SK", "GSI1SK", "EntityType", "CreatedAt", "UpdatedAt"]);
  });

  test("top-level names are sent as before, once each", async () => {
    await table.data.review.get(key, { fields: ["rating", "source", "rating"] });
    const [request] = table.data.wire.requests;
    expect(request?.input.ProjectionExpression).toBe("#0, #1, #2, #3, #4, #5, #6.#7, #6.#8");
  });

  test("gets of different fields share no request, and gets of the same fields share one", async () => {
    const { review: store } = table.data;
    await store.put({ ...key, reviewId: "r2", data: review });
    requestsOf(table.data);
    const other = { ...key, reviewId: "r2" };
    const fields = [["author", "name"]] as const;
    const [one, two, three] = await Promise.all([
      store.get(key, { fields }),
      store.get(other, { fields }),
      store.get(key, { fields: [] }),
    ]);
    expect([one, two, three].map((item) => item?.data)).toEqual([
      { author: { name: "Lee" } },
      { author: { name: "Lee" } },
      {},
    ]);
    expect(requestsOf(table.data).sort()).toEqual(["BatchGetItem", "GetItem"]);
    await store.delete(other);
  });

  test("the secret of a token is read as a whole, and never in part", async () => {
    const { oauthToken } = table.data;
    const token = { userId: "u1", provider: "P" };
    await oauthToken.put({ ...token, data: { accessToken: "secret-text", scope: "s" } as never });
    requestsOf(table.data);
    const fields = ["accessToken"] as const;
    expect((await oauthToken.get(token, { fields }))?.data.accessToken).toBe("secret-text");
    requestsOf(table.data);
    const inside = { fields: [["accessToken", "a"]] } as never;
    const error = await failureOf(oauthToken.get(token, inside), ValidationError);
    expect(error.message).toBe(
      "get OAuthToken (userId=u1, provider=P): fields.0 leads into a secret field: it is read as a whole",
    );
    expect(requestsOf(table.data)).toEqual([]);
  });

  test("an expression that is too long is refused, with the number of its bytes", async () => {
    const fields = Array.from({ length: 700 }, (_, index) => ["author", `n${index}`]);
    const call = table.data.review.get(key, { fields: fields as never });
    const [issue] = (await failureOf(call, ValidationError)).issues;
    expect(issue?.path).toBe("fields");
    expect(issue?.message).toMatch(
      /^makes an expression of \d+ bytes: DynamoDB takes at most 4096$/,
    );
    expect(requestsOf(table.data)).toEqual([]);
  });
});

const entities = { contact: contactV2, ...indexedEntities, ...expiringEntities };

describe.each(engines)("own entities on $name", ({ engine }) => {
  const clock = new MovableClock();
  const open = () => createTestDataLayer({ engine, entities, builtIn: false, clock });
  let data: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    data = await open();
  });
  afterAll(() => data.close());
  beforeEach(() => {
    clock.time = start;
    data.wire.clear();
  });

  // Few names, so that paths often lead somewhere. dynalite takes what is empty for nothing.
  const name = fc.constantFrom("a", "b.c", "#0", "constructor", "Data", "é");
  const { value } = fc.letrec<{ value: unknown; map: object }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom<unknown>("t", 5, true, null, [1, { a: 2 }]),
      tie("map"),
    ),
    map: fc.dictionary(name, tie("value"), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
  }));
  const payload = fc.dictionary(name, value, { maxKeys: 5, noNullPrototype: true });
  const paths = fc.array(fc.oneof(name, fc.array(name, { minLength: 1, maxLength: 4 })), {
    maxLength: 5,
  });

  /** The parts by definition: each leads through maps to a value, or is left out. */
  function partsOf(given: Record<string, unknown>, wanted: readonly (string | string[])[]) {
    const result = {};
    for (const path of [...wanted].map((one) => [one].flat()).sort((a, b) => b.length - a.length)) {
      let from: unknown = given;
      let isThere = true;
      for (const one of path) {
        const isMap = typeof from === "object" && from !== null && !Array.isArray(from);
        isThere &&= isMap && Object.hasOwn(from as object, one);
        from = isThere ? (from as Record<string, unknown>)[one] : undefined;
      }
      if (!isThere) continue;
      let into: Record<string, unknown> = result;
      for (const one of path.slice(0, -1)) {
        if (!Object.hasOwn(into, one)) into[one] = {};
        into = into[one] as Record<string, unknown>;
      }
      into[path.at(-1) ?? ""] = structuredClone(from);
    }
    return result;
  }

  test("any paths of any payload: the same parts from an engine, and from an upgraded payload", async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(payload, paths, async (given, wanted) => {
        count += 1;
        const expected = partsOf(given, wanted);
        const fields = wanted as never;
        const house = { userId: "u", houseId: `h${count}` };
        await data.indexedHouse.put({ ...house, data: given });
        expect((await data.indexedHouse.get(house, { fields }))?.data).toEqual(expected);
        const contact = { teamId: "t", contactId: `c${count}` };
        const names = { first: "F", last: "L" };
        await data.contact.put({ ...contact, data: { ...given, names } });
        expect((await data.contact.get(contact, { fields }))?.data).toEqual(expected);
      }),
      tries(25),
    );
  });

  test("parts of an older payload are those of its upgrade; the key alone needs none", async () => {
    const { TableName, raw } = { TableName: data.configuration.tableName, raw: data.engine };
    const { bareClient, rawTable } = await import("../open.js");
    const client = bareClient({ engine: raw } as never);
    await rawTable(client, TableName).put({
      ...{ PK: "TEAM#old", SK: "CONTACT#c1", EntityType: "Contact" },
      ...{ Data: { name: "Ann Lee" }, CreatedAt: 5, UpdatedAt: 6 },
    });
    client.destroy();
    const key = { teamId: "old", contactId: "c1" };
    const first = await data.contact.getOrThrow(key, { fields: [["names", "first"]] });
    expect(first.data).toStrictEqual({ names: { first: "Ann" } });
    const { items } = await data.contact.query({ teamId: "old" }, { fields: [["names", "last"]] });
    expect(items[0]?.data).toStrictEqual({ names: { last: "Lee" } });
    data.wire.clear();
    const alone = await data.contact.getOrThrow(key, { fields: [] });
    expect(alone).toStrictEqual({ ...key, data: {}, createdAt: 5, updatedAt: 6 });
    expect(data.wire.requests[0]?.input.ProjectionExpression).not.toContain(".");
  });

  test("an item that has expired is left out by its time, which no field has to name", async () => {
    const offer = { userId: "u1", offerId: "o1" };
    await data.offer.put({ ...offer, data: { text: "t", until: start + 1_000 } });
    expect((await data.offer.get(offer, { fields: [] }))?.data).toEqual({});
    clock.time = start + 1_000;
    expect(await data.offer.get(offer, { fields: [] })).toBeNull();
    expect((await data.offer.query({ userId: "u1" }, { fields: [] })).items).toEqual([]);
  });

  test("pages of an index continue, with the keys alone", async () => {
    for (const leadId of ["l1", "l2", "l3"]) {
      await data.indexedLead.put({ userId: "u", leadId, data: { name: "n", status: "paged" } });
    }
    const read = (cursor: string | null) =>
      data.indexedLead.queryBy("byStatus", { status: "paged" }, { fields: [], limit: 2, cursor });
    const one = await read(null);
    const two = await read(one.cursor);
    expect([...one.items, ...two.items].map(({ leadId }) => leadId)).toEqual(["l1", "l2", "l3"]);
    expect((await read(two.previous)).items).toEqual(one.items);
  });
});
