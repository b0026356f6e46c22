/** `data.forUser(userId)`: what it does for its user, and what it refuses to do. */
import { ConditionalCheckFailedError } from "../../../src/errors/conditional-check-failed-error.js";
import { ItemNotFoundError } from "../../../src/errors/item-not-found-error.js";
import { TransactionCanceledError } from "../../../src/errors/transaction-canceled-error.js";
import { ValidationError } from "../../../src/errors/validation-error.js";
import type { UserScope } from "../../../src/index.js";
import { fixtures, make } from "../../../src/testing/index.js";
import { engines } from "../../engines.js";
import { failureOf, openTable, requestsOf } from "../../open.js";
import { inputOf, keyOf, type Registered, registry, storeOf } from "../../registry.js";

/** A call as JavaScript makes it: what the types refuse is given all the same. */
type Loose = (...given: unknown[]) => unknown;
type LooseObject = Record<string, Loose>;

const owners = ["userId", "agentId"] as const;

const anything = (value: object): LooseObject => value as unknown as LooseObject;

/** Runs a call to its end, also one that throws at once or hands out items one by one. */
async function run(call: () => unknown): Promise<unknown> {
  const result = await call();
  if (typeof result !== "object" || result === null || !(Symbol.asyncIterator in result)) {
    return result;
  }
  const items: unknown[] = [];
  for await (const item of result as AsyncIterable<unknown>) items.push(item);
  return items;
}

/** Every call of a store, given a key or input. */
const storeCalls: Record<
  string,
  (store: LooseObject, key: object, input: object, partition: object) => unknown
> = {
  get: (store, key) => store.get?.(key),
  getOrThrow: (store, key) => store.getOrThrow?.(key),
  query: (store, _, __, partition) => store.query?.(partition),
  list: (store, _, __, partition) => store.list?.(partition),
  create: (store, _, input) => store.create?.(input),
  put: (store, _, input) => store.put?.(input),
  update: (store, key) => store.update?.(key, { extra: 1 }),
  delete: (store, key) => store.delete?.(key),
  batchGet: (store, key) => store.batchGet?.([key]),
  batchPut: (store, _, input) => store.batchPut?.([input]),
  batchDelete: (store, key) => store.batchDelete?.([key]),
};

/** The operations of a transaction on an entity, given a key or input. */
const transactionCalls: Record<string, (tx: LooseObject, key: object, input: object) => unknown> = {
  create: (tx, _, input) => tx.create?.(input),
  put: (tx, _, input) => tx.put?.(input),
  update: (tx, key) => tx.update?.(key, { extra: 1 }),
  delete: (tx, key) => tx.delete?.(key),
  check: (tx, key) => tx.check?.(key),
};

const useCases: Record<string, (scope: UserScope, owner: object) => unknown> = {
  workspace: (scope, owner) => scope.collections.workspace(owner),
  recent: (scope, owner) => scope.collections.recent({ ...owner, limit: 3 }),
  dashboard: (scope, owner) => scope.dashboard(owner),
  brandAuditPage: (scope, owner) => scope.brandAuditPage(owner),
  "projects.listWithContent": (scope, owner) => scope.projects.listWithContent(owner),
  "projects.deleteAndUnfile": (scope, owner) =>
    scope.projects.deleteAndUnfile({ ...owner, projectId: "p1" }),
  "profiles.save": (scope, owner) => scope.profiles.save(owner, { name: "x" }),
  "profiles.save of an agent profile": (scope, owner) =>
    scope.profiles.save({ ...owner, agentProfileId: "main" }, { name: "x" }),
  "profiles.setPhoto": (scope, owner) => scope.profiles.setPhoto(owner, "https://example.com/x"),
};

/** Ways to name an owner. */
const namings: Record<string, (owner: string) => object> = {
  "of its own": (owner) => ({ [owner]: "u2" }),
  inherited: (owner) => Object.create({ [owner]: "u2" }) as object,
  "from a getter": (owner) => Object.defineProperty({}, owner, { get: () => "u2" }),
  "that is the scope's own user": (owner) => ({ [owner]: "u1" }),
  "that is undefined": (owner) => ({ [owner]: undefined }),
};

/** Adds an item's id, and its payload, to what names an owner. */
function withRest(base: object, { id }: Registered, rest: Record<string, unknown> = {}): object {
  const key = id === undefined ? rest : { ...rest, [id]: "i1" };
  return Object.defineProperties(base, Object.getOwnPropertyDescriptors(key));
}

describe.each(engines)("the scope of a user on $name", (engine) => {
  const table = openTable(engine);
  beforeEach(() => table.data.wire.clear());
  const scopeOf = (userId: string) => table.data.forUser(userId);

  describe.each(registry)("$name", (registered) => {
    const { name, id, owner } = registered;
    const { data } = fixtures[name];
    const refusal = { message: "is fixed by the scope and must not be given" };

    /** Every way to name an owner, with the rest of a key and with the rest of an item. */
    function* owned(): Generator<
      Record<"key" | "input" | "partition", object> & { named: string }
    > {
      for (const named of owners) {
        for (const naming of Object.values(namings)) {
          const key = withRest(naming(named), registered);
          const input = withRest(naming(named), registered, { data });
          yield { named, key, input, partition: naming(named) };
        }
      }
    }

    test("refuses an owner in every call, however it is named", async () => {
      const store = anything(scopeOf("u1")[name]);
      for (const [call, make] of Object.entries(storeCalls)) {
        const list = { batchGet: "keys", batchPut: "items", batchDelete: "keys" }[call];
        for (const { named, key, input, partition } of owned()) {
          const { issues } = await failureOf(
            run(() => make(store, key, input, partition)),
            ValidationError,
          );
          const path = list === undefined ? named : `${list}[0].${named}`;
          expect([call, issues]).toEqual([call, [{ path, ...refusal }]]);
        }
      }
      expect(requestsOf(table.data)).toEqual([]);
    });

    test("refuses an owner where the id is generated", async () => {
      const store = anything(scopeOf("u1")[name]);
      for (const naming of Object.values(namings)) {
        const input = Object.defineProperty(naming("userId"), "data", { value: data });
        const { issues } = await failureOf(
          run(() => store.create?.(input)),
          ValidationError,
        );
        expect(issues).toContainEqual({ path: "userId", ...refusal });
      }
      expect(requestsOf(table.data)).toEqual([]);
    });

    test("names an owner among what check finds", () => {
      const store = anything(scopeOf("u1")[name]);
      const issues = store.check?.({ [owner]: "u2", ...(id && { [id]: "i1" }), data });
      expect(issues).toEqual([{ path: owner, ...refusal }]);
    });

    test("names a missing partition a partition, and a missing key a key", async () => {
      const store = anything(scopeOf("u1")[name]);
      for (const call of ["query", "list", "count"]) {
        const { issues } = await failureOf(
          run(() => store[call]?.()),
          ValidationError,
        );
        expect(issues).toContainEqual({ path: "partition", message: "must be an object" });
      }
      const { issues } = await failureOf(
        run(() => store.get?.()),
        ValidationError,
      );
      expect(issues).toContainEqual({ path: "key", message: "must be an object" });
    });

    test("refuses what is no key in every call", async () => {
      const store = anything(scopeOf("u1")[name]);
      for (const make of Object.values(storeCalls)) {
        for (const key of [null, undefined, "u2", 7, [], [{ userId: "u2" }], () => ({})]) {
          const given = key as unknown as object;
          const outcome = run(() => make(store, given, given, given));
          const { issues } = await failureOf(outcome, ValidationError);
          expect(issues).toContainEqual(expect.objectContaining({ message: "must be an object" }));
        }
      }
      expect(requestsOf(table.data)).toEqual([]);
    });

    test("refuses an owner in every operation of a transaction", async () => {
      const { transaction } = scopeOf("u1");
      for (const { named, key, input } of owned()) {
        const issue = { path: named, ...refusal };
        for (const make of Object.values(transactionCalls)) {
          const write = transaction.write(
            (tx) => [make(anything(tx[name]), key, input)] as never[],
          );
          expect((await failureOf(write, ValidationError)).issues).toContainEqual(issue);
        }
        const read = transaction.get((tx) => [anything(tx[name]).get?.(key)] as never[]);
        expect((await failureOf(read, ValidationError)).issues).toContainEqual(issue);
      }
      expect(requestsOf(table.data)).toEqual([]);
    });

    test("does for its user what the layer does", async () => {
      const user = `all-calls-${name}`;
      const store = anything(scopeOf(user)[name]);
      const whole = storeOf(table.data, registered);
      const item = inputOf(registered, user, "i1");
      const key = keyOf(registered, item);
      const without = ({ userId: _, agentId: __, ...rest }: Record<string, unknown>) => rest;
      const scopedKey = without(key);

      expect(await store.get?.(scopedKey)).toBeNull();
      const created = await store.create?.(without({ ...item }));
      expect(created).toMatchObject(key);
      expect(await whole.get(key)).toEqual(created);
      expect(await store.getOrThrow?.(scopedKey)).toEqual(created);
      expect(await store.query?.({})).toEqual({ items: [created], cursor: null, previous: null });
      expect(await run(() => store.list?.({}))).toEqual([created]);
      expect(await store.batchGet?.([scopedKey, scopedKey])).toEqual([created, created]);
      const updated = await store.update?.(scopedKey, { extra: 1 });
      expect(updated).toMatchObject({ ...key, data: { extra: 1 } });
      expect(await whole.get(key)).toEqual(updated);
      expect(await store.put?.(without({ ...item }))).toMatchObject(key);
      expect(await store.delete?.(scopedKey)).toMatchObject(key);
      expect(await whole.get(key)).toBeNull();
      expect(await store.batchPut?.([without({ ...item })])).toEqual({ written: 1 });
      expect(await whole.get(key)).toMatchObject(key);
      expect(await store.batchDelete?.([scopedKey])).toEqual({ written: 1 });
      expect(await whole.get(key)).toBeNull();
      const error = await failureOf(
        run(() => store.getOrThrow?.(scopedKey)),
        ItemNotFoundError,
      );
      expect(error.message).toContain(`${owner}=${user}`);
    });
  });

  test.each(Object.keys(useCases))("%s refuses an owner", async (useCase) => {
    for (const named of owners) {
      const outcome = run(() => useCases[useCase]?.(scopeOf("u1"), { [named]: "u2" }));
      const { issues } = await failureOf(outcome, ValidationError);
      expect(issues).toEqual([
        { path: named, message: "is fixed by the scope and must not be given" },
      ]);
    }
    expect(requestsOf(table.data)).toEqual([]);
  });

  test.each(["", undefined, null, 7, {}, ["u1"], "\ud800", "x".repeat(2_048)])(
    "forUser refuses %p, which is no id",
    (userId) => {
      const forUser = anything(table.data).forUser as Loose;
      expect(() => forUser(userId)).toThrow(ValidationError);
      expect(() => forUser(userId)).toThrow(/^forUser: userId /);
    },
  );

  test("a refused call rejects; list and forUser alone throw at once", async () => {
    const scope = scopeOf("u1");
    const foreign = { userId: "u2" };
    for (const [name, useCase] of Object.entries(useCases)) {
      const outcome = useCase(scope, foreign);
      expect([name, outcome]).toEqual([name, expect.any(Promise)]);
      await failureOf(outcome as Promise<unknown>, ValidationError);
    }
    expect(() => anything(scope.project).list?.(foreign)).toThrow(ValidationError);
  });

  test("nothing on it leads to ElectroDB, to the client or to the whole layer", async () => {
    const scope = scopeOf("u1");
    const found = reachable(scope);
    const inTransaction: object[] = [];
    const collect = (tx: object) => {
      inTransaction.push(...reachable(tx));
      return [] as never[];
    };
    await failureOf(scope.transaction.write(collect), ValidationError);
    await failureOf(scope.transaction.get(collect), ValidationError);
    // The walk does find things: every store, and the operations of every entity.
    expect(found).toContain(scope.savedContent);
    expect(inTransaction.length).toBeGreaterThan(24);
    for (const object of [...found, ...inTransaction]) {
      for (const property of Reflect.ownKeys(object)) {
        const forbidden =
          /^(entity|scan|model|writes|service|client|transport|table|fixed|forUser)$/;
        expect(String(property)).not.toMatch(forbidden);
      }
      expect(object.constructor?.name ?? "Object").toMatch(
        /^(Object|Array|Function|AsyncFunction)$/,
      );
    }
  });

  test("is not led astray by what a caller does to it", async () => {
    await table.data.project.put(make.project({ userId: "astray2", projectId: "p" }));
    const scope = scopeOf("astray1") as UserScope & { userId: string };
    scope.userId = "astray2";
    Object.assign(scope.project, { userId: "astray2", fixed: { userId: "astray2" } });
    expect(await scope.project.get({ projectId: "p" })).toBeNull();
    expect(await scope.project.query({})).toEqual({ items: [], cursor: null, previous: null });
    expect((await scope.collections.workspace()).project).toEqual([]);
  });

  test("two scopes in one turn of the event loop each get their own items", async () => {
    const users = ["turn1", "turn10", "turn1#PROFILE"];
    for (const userId of users) await table.data.userProfile.put(make.userProfile({ userId }));
    table.data.wire.clear();
    const profiles = await Promise.all(users.map((user) => scopeOf(user).userProfile.get({})));
    expect(profiles.map((profile) => profile?.userId)).toEqual(users);
    expect(requestsOf(table.data)).toEqual(["BatchGetItem"]);
  });

  describe("cursors", () => {
    /** Three contents each for a user and one whose id begins alike. */
    async function fill(): Promise<{ mine: UserScope; theirs: UserScope }> {
      for (const userId of ["cur1", "cur10"]) {
        for (const contentId of ["a", "b", "c"]) {
          await table.data.savedContent.put(make.savedContent({ userId, contentId }));
        }
      }
      return { mine: scopeOf("cur1"), theirs: scopeOf("cur10") };
    }

    test.each(["key", "createdAt"] as const)("another user's is refused, by %s", async (by) => {
      const { mine, theirs } = await fill();
      const { cursor } = await theirs.savedContent.query({}, { limit: 1, by });
      expect(cursor).not.toBeNull();
      table.data.wire.clear();
      const query = mine.savedContent.query({}, { cursor, by });
      const { issues } = await failureOf(query, ValidationError);
      expect(issues).toEqual([{ path: "cursor", message: "belongs to another partition" }]);
      expect(() => mine.savedContent.list({}, { cursor, by })).toThrow(ValidationError);
      expect(requestsOf(table.data)).toEqual([]);
    });

    test("a forged one goes on within the user's own partition, or is refused", async () => {
      const { mine } = await fill();
      const forge = (...fields: unknown[]) =>
        Buffer.from(JSON.stringify(fields)).toString("base64url");
      const own = ["USER#cur1", "CONTENT#b"];
      const onward = forge(1, "SavedContent", "key", "asc", ...own);
      const { items } = await mine.savedContent.query({}, { cursor: onward });
      expect(items.map((item) => [item.userId, item.contentId])).toEqual([["cur1", "c"]]);

      const forged = [
        forge(1, "SavedContent", "key", "asc", "USER#cur10", "CONTENT#a"),
        forge(1, "SavedContent", "key", "asc", "USER#cur1", "PROFILE"),
        forge(1, "SavedContent", "key", "asc", "USER#cur1", ""),
        forge(1, "SavedContent", "key", "asc", { S: "USER#cur10" }, "CONTENT#a"),
        forge(1, "SavedContent", "createdAt", "asc", ...own, "PLAN#0"),
        forge(2, "SavedContent", "key", "asc", ...own),
        Buffer.from('{"PK":"USER#cur10","SK":"CONTENT#a"}').toString("base64url"),
        "USER#cur10",
      ];
      table.data.wire.clear();
      for (const cursor of forged) {
        await failureOf(mine.savedContent.query({}, { cursor }), ValidationError);
      }
      expect(requestsOf(table.data)).toEqual([]);
    });
  });

  describe("conditions", () => {
    const secret = "only for w2";

    beforeAll(async () => {
      const theirs = { userId: "w2", contentId: "c", data: { content: secret } };
      await table.data.savedContent.put(make.savedContent(theirs));
      await table.data.savedContent.put(make.savedContent({ userId: "w1", contentId: "c" }));
    });

    test("a path of the table's own names is a path inside the payload", async () => {
      const where = { PK: "USER#w2", userId: "w2" } as object;
      const { items } = await scopeOf("w1").savedContent.query({}, { where });
      expect(items).toEqual([]);
      const found = await scopeOf("w1").savedContent.query(
        {},
        { where: (_, { eq, path }) => eq(path("PK"), "USER#w2") },
      );
      expect(found.items).toEqual([]);
    });

    test("no callback can write into the request that its conditions are part of", async () => {
      // The placeholders were handed to whoever knew the paths' symbol, the partition's value too.
      const attempt = scopeOf("w1").savedContent.query(
        {},
        {
          where: (data, operators) => {
            const fake: Record<PropertyKey, unknown> = {};
            const write = (own: { values: Record<string, unknown> }) => {
              for (const placeholder of Object.keys(own.values))
                own.values[placeholder] = "USER#w2";
              return "#0";
            };
            for (const given of [data, data.content, operators, operators.size(data.content)]) {
              for (const property of Reflect.ownKeys(given)) fake[property] = write;
            }
            return operators.ne(fake as never, "x");
          },
        },
      );
      const { issues } = await failureOf(attempt, ValidationError);
      const message = "an operator's first argument must be a payload path";
      expect(issues).toEqual([{ path: "where", message }]);
    });

    test("text of the caller's own is refused", async () => {
      for (const text of ["PK = :other", "{0} OR #pk = :pk", "attribute_exists(PK)", "{1}", ""]) {
        const where = () => text;
        await failureOf(scopeOf("w1").savedContent.query({}, { where }), ValidationError);
      }
    });

    test("a refused write shows the user's own item, and an error nobody else's", async () => {
      const key = { contentId: "c" };
      const update = scopeOf("w1").savedContent.update(key, { name: "x" }, { ifUpdatedAt: 1 });
      const error = await failureOf(update, ConditionalCheckFailedError);
      expect(error.item).toMatchObject({ userId: "w1", contentId: "c" });
      const missing = scopeOf("w10").savedContent.update(key, { name: "x" });
      expect((await failureOf(missing, ItemNotFoundError)).message).toContain("userId=w10");
    });
  });

  test("shows nothing that another writer put under the user in the index alone", async () => {
    const placed = { userId: "placed", projectId: "p1", createdAt: 5, data: { name: "mine" } };
    await table.data.project.put(placed);
    const GSI1SK = "PROJECT#0000000000001#p0";
    const theirs = { PK: "USER#thief", SK: "PROJECT#p0", GSI1PK: "USER#placed", GSI1SK };
    await table.raw.put({ ...theirs, EntityType: "Project", Data: { name: "theirs" } });
    expect(await table.raw.index("USER#placed")).toHaveLength(2);

    const scope = scopeOf("placed");
    const found = await scope.project.query({}, { by: "createdAt" });
    expect(found.items.map(({ data }) => data.name)).toEqual(["mine"]);
    const { items } = await scope.project.query({}, { by: "createdAt", limit: 1 });
    expect(items.map(({ data }) => data.name)).toEqual(["mine"]);
    const listed: string[] = [];
    for await (const { data } of scope.project.list({}, { by: "createdAt" })) {
      listed.push(data.name);
    }
    expect(listed).toEqual(["mine"]);
    const recent = await scope.collections.recent({ limit: 5 });
    expect(recent.map(({ data }) => (data as { name?: string }).name)).toEqual(["mine"]);
  });

  describe("reviews", () => {
    beforeAll(async () => {
      for (const agentId of ["rev1", "rev10", "rev1#x"]) {
        for (const reviewId of ["shared", `only-${agentId}`]) {
          await table.data.review.put(make.review({ agentId, reviewId }));
        }
      }
    });

    test("by id are the user's own, also where another agent has the same id", async () => {
      const scope = scopeOf("rev1");
      expect(await scope.reviews.byId("shared")).toMatchObject({ agentId: "rev1" });
      expect(await scope.reviews.byId("only-rev1")).toMatchObject({ agentId: "rev1" });
      expect(await scope.reviews.byId("only-rev10")).toBeNull();
      expect(await scope.reviews.byId("only-rev1#x")).toBeNull();
      const newest = await scope.reviews.newest(10);
      expect(newest.map((review) => review.agentId)).toEqual(["rev1", "rev1"]);
    });

    test("of another agent are not deleted by id, in one request", async () => {
      requestsOf(table.data);
      expect(await scopeOf("rev1").reviews.deleteById("only-rev10")).toBeNull();
      expect(requestsOf(table.data)).toEqual(["DeleteItem"]);
      const kept = { agentId: "rev10", reviewId: "only-rev10" };
      expect(await table.data.review.get(kept)).not.toBeNull();

      const mine = make.review({ agentId: "rev1", reviewId: "mine" });
      await table.data.review.put(mine);
      expect(await scopeOf("rev1").reviews.deleteById("mine")).toMatchObject({ agentId: "rev1" });
      expect(await table.data.review.get({ agentId: "rev1", reviewId: "mine" })).toBeNull();
    });

    test("of another agent stay so where their index keys claim something else", async () => {
      const theirs = { PK: "REVIEW#rev10", SK: "REVIEW#claimed" };
      const claim = { GSI1PK: "REVIEW#claimed", GSI1SK: "AGENT#rev1" };
      await table.raw.put({ ...theirs, ...claim, EntityType: "Review", Data: {} });
      // Not to the layer either: such a row is neither the one agent's nor the other's.
      expect(await table.data.reviews.byId("claimed")).toBeNull();
      expect(await scopeOf("rev1").reviews.byId("claimed")).toBeNull();
      expect(await scopeOf("rev1").reviews.deleteById("claimed")).toBeNull();
      expect(await table.raw.get(theirs.PK, theirs.SK)).toBeDefined();
    });

    test("by id need no index: an earlier writer's, which is in none, is found", async () => {
      const old = {
        PK: "REVIEW#rev1",
        SK: "REVIEW#old",
        EntityType: "Review",
        Data: { id: "old" },
      };
      await table.raw.put(old);
      requestsOf(table.data);
      expect(await scopeOf("rev1").reviews.byId("old")).toMatchObject({ reviewId: "old" });
      expect(requestsOf(table.data)).toEqual(["GetItem"]);
    });

    test("take no agent: a second argument is options", async () => {
      const { reviews } = scopeOf("rev1");
      await failureOf(reviews.newest("rev10" as never, 3 as never), ValidationError);
      await failureOf(reviews.byId({ agentId: "rev10" } as never), ValidationError);
    });
  });

  describe("tokens", () => {
    const provider = "GOOGLE_BUSINESS";
    const refresh = () => Promise.reject(new Error("nobody's token is refreshed here"));

    beforeAll(async () => {
      const data = { expiryDate: 9_999_999_999_999 };
      await table.data.oauthToken.put(make.oauthToken({ userId: "tok10", data }));
    });

    test("of another user are not seen, used or removed", async () => {
      const { oauth } = scopeOf("tok1");
      expect(await oauth.isConnected()).toBe(false);
      expect(await oauth.get()).toBeNull();
      expect(await oauth.remove()).toBeNull();
      await failureOf(oauth.validToken(provider, { refresh }), ItemNotFoundError);
      expect(await scopeOf("tok10").oauth.isConnected()).toBe(true);
    });

    test("are stored for the user, whatever the token claims", async () => {
      const { oauth } = scopeOf("tok1b");
      const token = { accessToken: "a", userId: "tok10", PK: "OAUTH#tok10" };
      await oauth.store(undefined, token);
      expect(await oauth.get()).toMatchObject({ userId: "tok1b", data: { accessToken: "a" } });
      const theirs = await table.data.oauth.get("tok10");
      expect(theirs?.data.accessToken).toBe("test-access-token");
    });

    test("take no user: what is no provider is refused", async () => {
      const { oauth } = scopeOf("tok1");
      await failureOf(oauth.get({ userId: "tok10" } as never), ValidationError);
      await failureOf(oauth.isConnected(["tok10"] as never), ValidationError);
    });
  });
});

describe.each(engines)("a scope's transactions on $name", (engine) => {
  // dynalite has none; what is refused before it is sent holds there as well.
  const onTransactions = engine.engine === "dynalite" ? test.skip : test;
  const table = openTable(engine);
  const theirs = { userId: "tx2", contentId: "c" };

  beforeAll(async () => {
    await table.data.savedContent.put(make.savedContent(theirs));
    await table.data.savedContent.put(make.savedContent({ userId: "tx1", contentId: "c" }));
  });
  beforeEach(() => table.data.wire.clear());

  const refusal = {
    path: "operations",
    message: "must be an array of operations made by the callback's argument",
  };

  onTransactions("write and read what is the user's", async () => {
    const scope = table.data.forUser("tx1");
    const [created] = await scope.transaction.write((tx) => [
      tx.project.create({ projectId: "p", data: { name: "Spring" } }),
      tx.savedContent.update({ contentId: "c" }, { projectId: "p" }),
      tx.userProfile.put({ data: { name: "Ana" } }),
      tx.review.check({ reviewId: "none" }, { exists: false }),
    ]);
    expect(created).toMatchObject({ userId: "tx1", projectId: "p" });
    const [project, content, profile] = await scope.transaction.get((tx) => [
      tx.project.get({ projectId: "p" }),
      tx.savedContent.get({ contentId: "c" }),
      tx.userProfile.get({}),
    ]);
    expect([project?.userId, content?.userId, profile?.userId]).toEqual(["tx1", "tx1", "tx1"]);
    expect(await table.data.project.get({ userId: "tx2", projectId: "p" })).toBeNull();
  });

  onTransactions("a cancelled one names the user's operations, with the user's items", async () => {
    const scope = table.data.forUser("tx1");
    const write = scope.transaction.write((tx) => [
      tx.savedContent.create({ contentId: "c", data: { type: "Post", content: "x" } }),
    ]);
    const { reasons } = await failureOf(write, TransactionCanceledError);
    expect(reasons).toMatchObject([{ index: 0, entity: "SavedContent", item: { userId: "tx1" } }]);
  });

  /** The user's own operation. */
  const own = () =>
    captured(table.data.forUser("tx1"), (tx) => tx.savedContent.delete({ contentId: "c" }));

  /** Operations that are none of the user's. */
  const foreign: Record<string, () => Promise<unknown[]>> = {
    "made by the whole layer's transaction": async () => [
      await captured(table.data, (tx) => tx.savedContent.delete(theirs)),
    ],
    "made by another user's scope": async () => [
      await captured(table.data.forUser("tx2"), (tx) => tx.savedContent.delete({ contentId: "c" })),
    ],
    "written by hand": async () => [forged()],
    "its own, with another's request put over it": async () => [
      Object.assign(Object.create(await own()) as object, forged()),
    ],
    // In a list: a promise would ask the proxy whether it is one itself.
    "its own, behind a proxy": async () => [
      new Proxy(await own(), { get: () => forged().request }),
    ],
    "a read": async () => {
      let operation: unknown;
      const get = table.data.forUser("tx1").transaction.get((tx) => {
        operation = tx.savedContent.get({ contentId: "c" });
        return [];
      });
      await failureOf(get, ValidationError);
      return [operation];
    },
  };

  test.each(Object.keys(foreign))("refuse an operation that is %s", async (kind) => {
    const [operation] = (await foreign[kind]?.()) ?? [];
    expect(operation).toBeDefined();
    const { transaction } = table.data.forUser("tx1");
    const before = await table.raw.get("USER#tx2", "CONTENT#c");
    table.data.wire.clear();
    const alone = transaction.write(() => [operation] as never[]);
    expect((await failureOf(alone, ValidationError)).issues).toEqual([refusal]);
    const mixed = transaction.write(
      (tx) => [tx.userProfile.put({ data: {} }), operation] as never[],
    );
    expect((await failureOf(mixed, ValidationError)).issues).toEqual([refusal]);
    if (kind !== "a read") {
      const read = transaction.get(() => [operation] as never[]);
      expect((await failureOf(read, ValidationError)).issues).toEqual([refusal]);
    }
    expect(requestsOf(table.data)).toEqual([]);
    expect(before).toBeDefined();
    expect(await table.raw.get("USER#tx2", "CONTENT#c")).toEqual(before);
  });

  test("hand out operations that hold nothing and take nothing", async () => {
    const operation = await own();
    expect(Reflect.ownKeys(operation)).toEqual([]);
    expect(Object.isFrozen(operation)).toBe(true);
  });
});

/** An operation that a callback made and kept, of a transaction that was not sent. */
async function captured<Tx extends object>(
  layer: { readonly transaction: { write(build: (tx: Tx) => never[]): Promise<unknown> } },
  make: (tx: Tx) => object,
): Promise<object> {
  let operation: object | undefined;
  const write = layer.transaction.write((tx) => {
    operation = make(tx);
    return [];
  });
  await failureOf(write, ValidationError);
  if (operation === undefined) throw new Error("the callback was not called");
  return operation;
}

/** What stands behind an operation, for another user's item. */
function forged() {
  const key = { PK: "USER#tx2", SK: "CONTENT#c" };
  return {
    key,
    context: {},
    bytes: 0,
    request: () => ({ kind: "Delete", input: { TableName: "any", Key: key } }),
    refused: () => "again",
    result: () => undefined,
    itemOf: (raw: unknown) => raw,
  };
}

/** Every object and function that can be reached by properties, getters and prototypes. */
function reachable(root: object): object[] {
  const ends = new Set<unknown>([Object.prototype, Function.prototype, Array.prototype]);
  const found = new Set<object>();
  const visit = (value: unknown): void => {
    if ((typeof value !== "object" && typeof value !== "function") || value === null) return;
    if (found.has(value) || ends.has(value)) return;
    found.add(value);
    for (const property of Reflect.ownKeys(value)) visit(Reflect.get(value, property));
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.getPrototypeOf(async () => {})) visit(prototype);
  };
  visit(root);
  return [...found];
}
