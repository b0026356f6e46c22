/**
 * Attempts to get out of the scope of any owner: random calls in it, over registries that fast-check
 * declares, on a table where items of other owners lie, whose parts begin alike or look like keys. What
 * each call sent is compared with the owner's partitions, which are written out of the templates here,
 * and with the IAM policy of the owner; the rest of the table must be what it was.
 */
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import fc from "fast-check";
import { ConfigurationError, iamPolicy } from "../../src/index.js";
import { createTestDataLayer, startEngine, type TestDataLayer } from "../../src/testing/index.js";
import { askedBy, isAllowed } from "../admin/iam-evaluator.js";
import { engines } from "../engines.js";
import { bareClient } from "../open.js";
import {
  definitionsOf,
  type Key,
  keyFor,
  type RandomEntity,
  randomEntities,
} from "../random-registries.js";
import type { AnyStore } from "../registry.js";
import { longEnough, tries } from "./arbitraries.js";

type Fields = Readonly<Record<string, unknown>>;
type Stores = Readonly<Record<string, AnyStore>>;
interface Scoped {
  readonly collections: Readonly<Record<string, () => Promise<Record<string, unknown[]>>>>;
  readonly transaction: {
    write(build: (tx: Writes) => unknown[]): Promise<unknown>;
    get(build: (tx: Writes) => unknown[]): Promise<unknown[]>;
  };
}
type Writes = Readonly<Record<string, Readonly<Record<string, (...given: unknown[]) => unknown>>>>;

/** Few values, so that owners meet: some begin alike, some look like keys. */
const part = fc.constantFrom("a", "ab", "a#", "a#DEPT#a", "a#b", "DEPT", "x");

const parts: readonly string[] = ["userId", "teamId", "orgId", "deptId", "token"];

const calls = [
  "get",
  "query",
  "cursor",
  "queryBy",
  "create",
  "put",
  "update",
  "delete",
  "batchGet",
  "batchPut",
  "batchDelete",
  "transactionWrite",
  "transactionGet",
  "collections",
] as const;

const situation = randomEntities.chain((entities) =>
  fc.record({
    entities: fc.constant(entities),
    stored: fc.tuple(
      ...entities.map((entity) => fc.array(keyFor(entity, part), { minLength: 3, maxLength: 8 })),
    ),
    owner: fc.record({
      // Most owners have a partition; others have half of one, or more parts than it.
      names: fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...entities.map(({ owner }) => [...owner])) },
        fc.subarray([...parts], { minLength: 1 }),
      ),
      values: fc.record(Object.fromEntries(parts.map((name) => [name, part]))),
    }),
    attacks: fc.array(
      fc.record({
        call: fc.constantFrom(...calls),
        entity: fc.nat(),
        keys: fc.tuple(
          ...entities.map((entity) =>
            fc.array(keyFor(entity, part), { minLength: 1, maxLength: 3 }),
          ),
        ),
        /** Parts of the owner's that the key names all the same. */
        named: fc.oneof(
          { weight: 3, arbitrary: fc.constant<string[]>([]) },
          fc.subarray([...parts]),
        ),
      }),
      { minLength: 15, maxLength: 30 },
    ),
  }),
);

/** An entity's partition key of these parts, written out of its template. */
function partitionKey({ partition }: RandomEntity, given: Fields): string {
  return partition.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => String(given[name]));
}

const arnOf = (table: string) => `arn:aws:dynamodb:us-east-1:123456789012:table/${table}`;
const settled = (call: () => unknown): Promise<unknown> =>
  Promise.resolve()
    .then(call)
    .catch(() => undefined);

/** A call in a scope, with a key that names another owner's parts at times. */
async function attack(
  scope: Stores & Scoped,
  { name, secret, owner, indexes }: RandomEntity,
  call: (typeof calls)[number],
  keys: readonly Fields[],
  foreign: string | null,
): Promise<unknown> {
  const store = scope[name];
  if (store === undefined) return undefined;
  const [key] = keys as [Fields];
  const data = { text: "of the attacker", status: "new", ...(secret && { token: "t" }) };
  const items = keys.map((one) => ({ ...one, data }));
  const inTransaction = (build: (writes: NonNullable<Writes[string]>) => unknown) => (tx: Writes) =>
    keys.map((_, index) => build(tx[name] as NonNullable<Writes[string]>) ?? index);
  switch (call) {
    case "get":
    case "delete":
      return settled(() => store[call](key));
    case "query":
      return Promise.all([
        settled(() => store.query(key, { limit: 2 })),
        settled(() => store.query(key, { startsWith: "a" })),
        settled(() => store.count(key)),
      ]);
    case "cursor":
      return settled(() => store.query({}, { cursor: foreign }));
    case "queryBy": {
      const named = Object.entries(key).filter(([part]) => owner.includes(part));
      const ofOwner = { ...Object.fromEntries(named), status: "new" };
      const parts = { status: "new", city: "x" };
      const all = indexes.map((index) => [index, index === "byOwner" ? ofOwner : parts] as const);
      return Promise.all(
        all.flatMap(([index, given]) => [
          settled(() => store.queryBy(index, given, { limit: 2 })),
          settled(() => store.queryBy(index, given, { cursor: foreign })),
          settled(() => store.countBy(index, given)),
        ]),
      );
    }
    case "create":
    case "put":
      return settled(() => store[call](items[0] as never));
    case "update":
      return settled(() => store.update(key, { text: "of the attacker" }));
    case "batchGet":
    case "batchDelete":
      return settled(() => store[call](keys));
    case "batchPut":
      return settled(() => store.batchPut(items as never));
    case "transactionWrite":
      return settled(() => scope.transaction.write(inTransaction((tx) => tx.put?.(items[0]))));
    case "transactionGet":
      return settled(() => scope.transaction.get(inTransaction((tx) => tx.get?.(key))));
    case "collections":
      return Promise.all(Object.values(scope.collections).map((read) => settled(() => read())));
  }
}

const [first] = engines;
if (first === undefined) throw new Error("there is no engine");

test(
  `no call in the scope of an owner reaches another's partition, on ${first.name}`,
  async () => {
    const seen = { calls: 0, requests: 0, items: 0, scopes: 0, refused: 0, unpoliced: 0 };
    await using engine = await startEngine({ engine: first.engine });
    await fc.assert(
      fc.asyncProperty(situation, async ({ entities, stored, owner, attacks }) => {
        const definitions = definitionsOf(entities);
        const options = { engine, entities: definitions, builtIn: false } as const;
        await using data = await createTestDataLayer(options);
        const stores = data as unknown as Stores;
        for (const [index, keys] of stored.entries()) {
          const entity = entities[index] as RandomEntity;
          for (const key of keys) {
            const text = `of ${partitionKey(entity, key)}`;
            const payload = {
              text,
              status: "new",
              city: "x",
              ...(entity.secret && { token: "t" }),
            };
            await stores[entity.name]?.put({ ...key, data: payload });
          }
        }
        const given = Object.fromEntries(owner.names.map((name) => [name, owner.values[name]]));
        let scope: Stores & Scoped;
        try {
          scope = data.scope(given as never) as unknown as Stores & Scoped;
        } catch {
          seen.refused += 1;
          return;
        }
        seen.scopes += 1;
        const inScope = entities.filter(({ name }) => Object.hasOwn(scope, name));
        const own = new Set(inScope.map((entity) => partitionKey(entity, given)));
        const before = await foreignItems(data, own);
        const foreign = await cursorsOf(stores, entities, stored);
        const policy = policyOf(definitions, given, data.configuration.tableName);
        for (const { call, entity, keys, named } of attacks) {
          // One call in four is for a store that the scope has not.
          const targets = entity % 4 === 0 ? entities : inScope;
          const target = targets[entity % targets.length] as RandomEntity;
          const index = entities.indexOf(target);
          const fixed = owner.names.filter((name) => !named.includes(name));
          const asked = (keys[index] ?? []).map((key) => without(key, fixed));
          data.wire.clear();
          const answer = await attack(scope, target, call, asked, foreign[index] ?? null);
          seen.calls += 1;
          for (const request of data.wire.requests.splice(0)) {
            seen.requests += 1;
            const wanted = askedBy(request, arnOf);
            const reached = wanted.flatMap(({ leadingKeys }) => leadingKeys);
            expect(reached.filter((key) => !own.has(key))).toEqual([]);
            expect(reached).not.toEqual([]);
            if (policy === undefined) seen.unpoliced += 1;
            else expect(isAllowed(policy, wanted, {})).toBe(true);
          }
          for (const [, of] of JSON.stringify(answer ?? null).matchAll(/"text":"of ([^"]*)"/g)) {
            seen.items += 1;
            expect(["the attacker", ...own]).toContain(of);
          }
        }
        expect(await foreignItems(data, own)).toEqual(before);
      }),
      tries(40),
    );
    // The attempts do what they are for: most calls are sent, and many give items.
    expect(seen.scopes).toBeGreaterThan(20);
    expect(seen.requests).toBeGreaterThan(200);
    expect(seen.items).toBeGreaterThan(50);
    expect(seen.refused).toBeGreaterThan(5);
    expect(seen.unpoliced).toBe(0);
  },
  longEnough,
);

function without(key: Key, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(key).filter(([name]) => !names.includes(name)));
}

/** The items outside these partitions, as they are stored. */
async function foreignItems(
  data: Pick<TestDataLayer, "engine" | "configuration">,
  own: ReadonlySet<string>,
): Promise<Fields[]> {
  const client = bareClient(data);
  const TableName = data.configuration.tableName;
  const { Items = [] } = await client.send(new ScanCommand({ TableName, ConsistentRead: true }));
  client.destroy();
  const byKey = (one: Fields, other: Fields) =>
    `${one.PK}\n${one.SK}` < `${other.PK}\n${other.SK}` ? -1 : 1;
  return Items.filter(({ PK }) => !own.has(String(PK))).sort(byKey);
}

/** A cursor of each entity's first partition, whoever owns it: for the next page, or for the one before. */
async function cursorsOf(
  stores: Stores,
  entities: readonly RandomEntity[],
  stored: readonly (readonly Key[])[],
): Promise<(string | null)[]> {
  return Promise.all(
    entities.map(async (entity, index) => {
      const key = stored[index]?.[0] ?? {};
      const partition = Object.fromEntries(entity.owner.map((name) => [name, key[name]]));
      const read = (cursor: string | null) =>
        stores[entity.name]?.query(partition, { limit: 1, cursor });
      const cursor = (await read(null))?.cursor ?? null;
      const back = cursor === null || index % 2 === 0 ? undefined : await read(cursor);
      return back?.previous ?? cursor;
    }),
  );
}

/** The policy of the owner; none if all its entities end the owner's part at a `#` that it holds. */
function policyOf(entities: object, owner: object, tableName: string) {
  try {
    const options = { tableArn: arnOf(tableName), entities, builtIn: false, owner };
    return iamPolicy(options as never);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return undefined;
  }
}
