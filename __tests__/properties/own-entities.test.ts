/** What holds for the twelve entities holds for any registry: fast-check declares the entities. */
import fc from "fast-check";
import { createDataLayer, type ScanPage, ValidationError } from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf } from "../open.js";
import {
  definitionsOf,
  fieldKeysOf,
  indexTemplates,
  type Key,
  keyFor,
  type RandomEntity,
  randomEntities,
  wordsOf,
} from "../random-registries.js";
import type { AnyStore } from "../registry.js";
import { id, text, tries } from "./arbitraries.js";

type Fields = Readonly<Record<string, unknown>>;
type Stores = Readonly<Record<string, AnyStore>>;

/** An entity with some keys of its items. */
const withKeys = (entity: RandomEntity) =>
  fc
    .uniqueArray(keyFor(entity, id), { minLength: 1, maxLength: 5, selector: keyText })
    .map((keys) => ({ entity, keys }));
const registryWithKeys = randomEntities.chain((entities) =>
  fc.tuple(...entities.map((entity) => withKeys(entity))),
);

function keyText(key: Key): string {
  return JSON.stringify(Object.entries(key).sort());
}

const settings = {
  encryption: { keys: { "key-1": new Uint8Array(32).fill(1) }, current: "key-1" },
};

function payloadOf({ secret, expires }: RandomEntity, content: string): Fields {
  return {
    text: content,
    ...(secret && { token: `secret ${content}` }),
    ...(expires && { until: farAway }),
  };
}

/** A time that no test reaches, not at a full second. */
const farAway = 4_000_000_000_001;

/** The parts of a partition, out of a key. */
function partitionOf({ owner }: RandomEntity, key: Fields): Fields {
  return Object.fromEntries(owner.map((part) => [part, key[part]]));
}

/** All items of a store, by as many scans as a limit makes of it. */
async function scanned(store: AnyStore, segments: number, limit: number | undefined) {
  const items: Fields[] = [];
  let cursor: string | null = null;
  do {
    const pages: AsyncIterable<ScanPage<Fields>> = store.scan({ segments, limit, cursor });
    for await (const page of pages) {
      items.push(...page.items);
      cursor = page.cursor;
    }
  } while (cursor !== null);
  return items;
}

describe.each(engines)("on $name", ({ engine }) => {
  test("what is stored is read back by every call, and belongs to its own entity and partition", async () => {
    const scans = fc.record({
      segments: fc.integer({ min: 1, max: 9 }),
      limit: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    });
    const property = fc.asyncProperty(
      registryWithKeys,
      text,
      scans,
      async (all, content, { segments, limit }) => {
        const entities = definitionsOf(all.map(({ entity }) => entity));
        const options = { engine, entities, builtIn: false, ...settings } as const;
        await using data = await createTestDataLayer(options);
        const stores = data as unknown as Stores;
        for (const { entity, keys } of all) {
          const store = stores[entity.name] as AnyStore;
          for (const key of keys) await store.put({ ...key, data: payloadOf(entity, content) });
        }
        for (const { entity, keys } of all) {
          const store = stores[entity.name] as AnyStore;
          const expected = keys.map((key) => ({
            ...key,
            data: payloadOf(entity, content),
            createdAt: key.createdAt ?? expect.any(Number),
            updatedAt: expect.any(Number),
          }));
          expect(await store.batchGet(keys)).toEqual(expected);
          expect(await Promise.all(keys.map((key) => store.get(key)))).toEqual(expected);
          const partition = partitionOf(entity, keys[0] as Key);
          const own = expected.filter(
            (one: Fields) => keyText(partitionOf(entity, one) as Key) === keyText(partition as Key),
          );
          const { items } = await store.query(partition);
          const byText = (a: unknown, b: unknown) =>
            JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
          expect(items.map((item) => keyText(keyIn(entity, item))).sort()).toEqual(
            own.map((one) => keyText(keyIn(entity, one))).sort(),
          );
          if (entity.dated) {
            const { items: dated } = await store.query(partition, { by: "createdAt" });
            expect([...dated].sort(byText)).toEqual([...items].sort(byText));
          }
          expect(
            (await scanned(store, segments, limit))
              .map((item) => keyText(keyIn(entity, item)))
              .sort(),
          ).toEqual(expected.map((one) => keyText(keyIn(entity, one))).sort());
          const [first] = keys as [Key];
          const changed = await store.update(first, { text: "changed" });
          expect(changed.data).toEqual({ ...payloadOf(entity, content), text: "changed" });
          expect(await store.delete(first)).toEqual(changed);
          expect(await store.get(first)).toBeNull();
          expect((await store.batchDelete(keys)).written).toBe(keys.length);
        }
      },
    );
    await fc.assert(property, tries(12));
  });

  test("a scope reaches its owner's items alone, and refuses a key that names another", async () => {
    const scoped = randomEntities.chain((entities) => {
      const own = entities.filter(({ owner }) => owner.length > 0);
      return fc.tuple(
        fc.constant(entities),
        fc.tuple(...own.map((entity) => fc.tuple(fc.constant(entity), keyFor(entity, id), id))),
      );
    });
    const property = fc.asyncProperty(scoped, async ([entities, all]) => {
      const options = { engine, entities: definitionsOf(entities), builtIn: false } as const;
      await using data = await createTestDataLayer({ ...options, ...settings });
      const stores = data as unknown as Stores;
      for (const [entity, key, other] of all) {
        const part = entity.owner[entity.owner.length - 1] as string;
        if (key[part] === other) continue;
        const store = stores[entity.name] as AnyStore;
        const foreign = { ...key, [part]: other };
        await store.put({ ...foreign, data: payloadOf(entity, "foreign") });
        const scope = data.scope(partitionOf(entity, key) as never) as unknown as Stores;
        const inScope = scope[entity.name] as AnyStore;
        const others = entity.rest.filter((name) => !entity.owner.includes(name));
        const rest = Object.fromEntries(others.map((name) => [name, key[name]]));
        expect(await inScope.get(rest)).toBeNull();
        expect(await inScope.delete(rest)).toBeNull();
        expect((await inScope.query({})).items).toEqual([]);
        const made = await inScope.put({ ...rest, data: payloadOf(entity, "own") });
        expect(made).toMatchObject(key);
        expect((await inScope.query({})).items).toEqual([made]);
        const refusals = [
          inScope.get(foreign),
          inScope.put({ ...foreign, data: payloadOf(entity, "x") }),
          inScope.update(foreign, { text: "x" }),
          inScope.delete(foreign),
          inScope.batchGet([foreign]),
          inScope.batchDelete([foreign]),
          inScope.query({ [part]: other }),
        ];
        for (const refused of refusals) await failureOf(refused, ValidationError);
        expect((await store.get(foreign))?.data).toEqual(payloadOf(entity, "foreign"));
        // A store whose partition has a part more, or another one, is in no such scope, and none
        // whose sort key has a part of the owner.
        const expected = entities.filter(
          (one) =>
            one.owner.length > 0 &&
            one.owner.every((name) => entity.owner.includes(name)) &&
            one.rest.every((name) => !entity.owner.includes(name) || one.owner.includes(name)),
        );
        const members = Object.keys(scope).filter((name) => name.startsWith("entity"));
        expect(members.sort()).toEqual(expected.map(({ name }) => name).sort());
      }
    });
    await fc.assert(property, tries(10));
  });
});

/** The item that ElectroDB would store: with keys of missing fields, and with the fields beside the payload. */
function storedItem(entity: RandomEntity, item: Fields, given: Fields): Fields {
  const keys = fieldKeysOf(entity);
  const isStored = (name: string) =>
    !name.startsWith("data.") && (keys.get(name) ?? []).every((field) => field in given);
  return Object.fromEntries(Object.entries(item).filter(([name]) => isStored(name)));
}

/** The index keys with fields in them that a request of an update sets. */
function indexKeysSet(entity: RandomEntity, request: Fields): Fields {
  const names = request.ExpressionAttributeNames as Readonly<Record<string, string>>;
  const values = request.ExpressionAttributeValues as Fields;
  const sets = String(request.UpdateExpression).matchAll(/(#\w+) = (:\w+)/g);
  const all = [...sets].map(([, name = "", value = ""]) => [names[name], values[value]] as const);
  const keys = fieldKeysOf(entity);
  return Object.fromEntries(all.filter(([name]) => keys.has(name ?? "")));
}

/** What a query asks for: its index, and the values of its key condition. */
function queriedBy(request: Fields | undefined): unknown {
  const { TableName, IndexName, ExpressionAttributeValues = {}, FilterExpression } = request ?? {};
  const values = Object.entries(ExpressionAttributeValues as Fields);
  // ElectroDB filters by the entity's name, which the store does itself.
  const own = values.filter(([name]) => !String(FilterExpression ?? "").includes(name));
  return { TableName, IndexName, values: own.map(([, value]) => value) };
}

function keyIn({ owner, rest }: RandomEntity, item: Fields): Key {
  const parts = [...owner, ...rest].map((part) => [part, item[part]]);
  return Object.fromEntries(parts) as Key;
}

test("a part that something follows refuses what would end it, before anything is sent", async () => {
  const property = fc.asyncProperty(registryWithKeys, async (all) => {
    const entities = definitionsOf(all.map(({ entity }) => entity));
    const sent: unknown[] = [];
    const client = { send: async (command: unknown) => sent.push(command) };
    const options = { environment: "local", entities, builtIn: false, client } as const;
    await using data = createDataLayer(options as never);
    for (const { entity, keys } of all) {
      for (const word of wordsOf(entity)) {
        const key = { ...keys[0], [word]: "a#b" };
        const store = (data as unknown as Stores)[entity.name] as AnyStore;
        const { issues } = await failureOf(store.get(key), ValidationError);
        expect(issues.map(({ path }) => path)).toEqual([word]);
      }
    }
    expect(sent).toEqual([]);
  });
  await fc.assert(property, tries(25));
});

test("a store's requests are those of its ElectroDB entity", async () => {
  interface Chains {
    get(key: object): { params(): Fields };
    put(item: object): { params(): Fields };
    delete(key: object): { params(): Fields };
    patch(key: object): { set(changes: object): { params(): Fields } };
    readonly query: Readonly<Record<string, (parts: object) => { params(): Fields }>>;
  }
  const now = 1_735_689_612_345;
  const indexFields = fc.record({
    status: fc.option(fc.constantFrom("new", "won", "ü")),
    city: fc.option(fc.constantFrom("Bonn", "a b")),
  });
  const situation = fc.tuple(registryWithKeys, fc.nat(10 ** 12), indexFields);
  const property = fc.asyncProperty(situation, async ([all, createdAt, found]) => {
    const indexed = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== null));
    const dotted = Object.fromEntries(
      Object.entries(indexed).map(([field, value]) => [`data.${field}`, value]),
    );
    const sent: Fields[] = [];
    const client = {
      send: async ({ input }: { input: Fields }) => {
        sent.push(input);
        // What an update finds that has to read the creation time.
        const { Key = {} } = input as { readonly Key?: Fields };
        return "UpdateExpression" in input ? {} : { Item: { ...Key, CreatedAt: createdAt } };
      },
    };
    const entities = definitionsOf(all.map(({ entity }) => entity));
    const place = { environment: "local", tableName: "Requests", client, coalesce: false };
    const options = { ...place, entities, builtIn: false, clock: { now: () => now } };
    await using data = createDataLayer(options as never);
    for (const { entity, keys } of all) {
      const store = (data as unknown as Stores)[entity.name] as AnyStore;
      const chains = store.entity as unknown as Chains;
      for (const key of keys) {
        const item = {
          createdAt,
          ...key,
          data: { ...payloadOf(entity, "one"), ...indexed },
        };
        // ElectroDB has no rule for it: the attribute is given.
        const native = { ...item, updatedAt: now, ...(entity.expires && { ttl: 4_000_000_001 }) };
        sent.splice(0);
        await store.get(key);
        await store.create(item);
        await store.batchDelete([key]).catch(() => undefined);
        const [get, create, remove] = sent;
        expect(get).toEqual(chains.get(key).params());
        // Without a part of a partition key, ElectroDB writes no sort key either; the store does, for later.
        const whole = { ...native, "data.status": "x", "data.city": "x", ...dotted };
        const expected = storedItem(entity, chains.put(whole).params().Item as Fields, indexed);
        expect(create?.Item).toEqual({
          ...expected,
          ...(entity.version === 2 && { DataVersion: 2 }),
        });
        const { Key } = chains.delete(key).params();
        expect(remove?.RequestItems).toEqual({ Requests: [{ DeleteRequest: { Key } }] });
        if (found.status === null || found.city === null) continue;
        sent.splice(0);
        await store.update(key, { status: found.status, city: found.city });
        const electro = chains.patch(key).set({
          ...dotted,
          ...(key.createdAt === undefined && { createdAt }),
        });
        const own = indexKeysSet(entity, sent.at(-1) ?? {});
        expect(own).toEqual(indexKeysSet(entity, electro.params()));
        expect(Object.keys(own).sort()).toEqual([...fieldKeysOf(entity).keys()].sort());
        for (const shape of entity.indexes) {
          const names = indexTemplates(entity, shape)[0].matchAll(/\$\{([\w.]+)\}/g);
          const dottedParts = [...names].map(([, name = ""]) => [
            name,
            { ...key, ...dotted }[name],
          ]);
          const parts = dottedParts.map(([name, value]) => [
            String(name).replace("data.", ""),
            value,
          ]);
          sent.splice(0);
          await store.queryBy(shape, Object.fromEntries(parts)).catch(() => undefined);
          const query = chains.query[shape]?.(Object.fromEntries(dottedParts)).params();
          expect(queriedBy(sent[0])).toEqual(queriedBy(query));
        }
      }
    }
  });
  await fc.assert(property, tries(20));
});
