/**
 * After any history of writes, an index answers what a look at every item would: histories over registries
 * that fast-check declares, on a real engine, with the answers computed here from the templates.
 */
import fc from "fast-check";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import {
  definitionsOf,
  type IndexShape,
  indexTemplates,
  type Key,
  keyFor,
  type RandomEntity,
  randomEntities,
} from "../random-registries.js";
import type { AnyStore } from "../registry.js";
import { tries } from "./arbitraries.js";

type Fields = Readonly<Record<string, unknown>>;
type Stores = Readonly<Record<string, AnyStore>>;
type Item = Fields & { readonly createdAt: number; readonly data: Fields };

/** Few values, so that items meet in a partition; some are no part of a key. */
const status = fc.constantFrom("new", "won", "ü", "", null, undefined);
const city = fc.constantFrom("Bonn", "a#b", "", undefined);
const part = fc.constantFrom("a", "b");

const changes = fc.record({ status, city, text: fc.constantFrom("x", "y") });
const step = fc.record({
  call: fc.constantFrom("create", "put", "update", "remove", "delete", "batchPut", "transaction"),
  key: fc.nat(),
  data: changes,
  createdAt: fc.option(fc.nat(50), { nil: undefined }),
});

const history = randomEntities.chain((entities) => {
  const indexed = entities.filter((entity) => entity.indexes.length > 0);
  return fc.tuple(
    fc.constant(entities),
    fc.tuple(
      ...indexed.map((entity) =>
        fc.record({
          entity: fc.constant(entity),
          keys: fc.array(keyFor(entity, part), { minLength: 1, maxLength: 4 }),
          steps: fc.array(step, { minLength: 4, maxLength: 14 }),
        }),
      ),
    ),
  );
});

/** What a store takes of a payload: `undefined` is a field that is not given. */
function payloadOf({ secret, expires }: RandomEntity, data: Fields): Fields {
  const given = Object.entries(data).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(given),
    ...(secret && { token: "t" }),
    ...(expires && { until: Date.UTC(2100, 0, 1) }),
  };
}

interface Transaction {
  write(build: (tx: Readonly<Record<string, Writes>>) => unknown[]): Promise<unknown>;
}
type Writes = Readonly<Record<"put" | "update", (...given: unknown[]) => unknown>>;

/** A step of a history. A write that is refused (no item, an item, a value that is no part) changes nothing. */
async function take(
  store: AnyStore,
  transaction: Transaction | undefined,
  entity: RandomEntity,
  key: Fields,
  { call, data, createdAt }: { call: string; data: Fields; createdAt: number | undefined },
): Promise<void> {
  const input = {
    ...key,
    ...(key.createdAt === undefined && { createdAt }),
    data: payloadOf(entity, data),
  };
  const gone = (["status", "city"] as const).filter((field) => data[field] === undefined);
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    create: () => store.create(input),
    put: () => store.put(input),
    batchPut: () => store.batchPut([input]),
    update: () => store.update(key, { text: data.text, ...data }),
    remove: () => store.update(key, { text: data.text }, { remove: gone }),
    delete: () => store.delete(key),
    transaction: () =>
      transaction?.write((tx) => [tx[entity.name]?.update(key, data)]) ?? store.update(key, data),
  };
  await calls[call]?.().catch((error: unknown) => {
    const { code } = error as { readonly code?: string };
    expect(["ValidationException", "ItemNotFound", "TransactionCanceledException"]).toContain(
      code === "ConditionalCheckFailedException" ? "ItemNotFound" : code,
    );
  });
}

/** A template with an item's values; `null` if one is missing, empty, or ends before its part does. */
function keyText(template: string, item: Item): string | null {
  let isWhole = true;
  const text = template.replaceAll(/\$\{([\w.]+)\}(?=(.?))/g, (_, name: string, next: string) => {
    if (name === "createdAt") return String(item.createdAt).padStart(13, "0");
    const value = name.startsWith("data.") ? item.data[name.slice("data.".length)] : item[name];
    const isPart = typeof value === "string" && value !== "";
    isWhole &&= typeof value === "number" || (isPart && !(next === "#" && value.includes("#")));
    return String(value);
  });
  return isWhole ? text : null;
}

/** The items of each partition of an index, in the order of their sort keys. */
function partitionsOf(entity: RandomEntity, shape: IndexShape, items: readonly Item[]) {
  const [pk, sk] = indexTemplates(entity, shape);
  const partitions = new Map<string, { readonly sort: string; readonly item: Item }[]>();
  for (const item of items) {
    const partition = keyText(pk, item);
    const sort = keyText(sk, item);
    if (partition === null || sort === null) continue;
    partitions.set(partition, [...(partitions.get(partition) ?? []), { sort, item }]);
  }
  for (const all of partitions.values()) {
    all.sort((one, other) => Buffer.compare(Buffer.from(one.sort), Buffer.from(other.sort)));
  }
  return partitions;
}

/** The parts of an index's partition, out of an item in it. */
function partsOf(entity: RandomEntity, shape: IndexShape, item: Item): Fields {
  const names = [...indexTemplates(entity, shape)[0].matchAll(/\$\{([\w.]+)\}/g)];
  const parts = names.map(([, name = ""]) => {
    const field = name.replace("data.", "");
    return [field, name === field ? item[name] : item.data[field]];
  });
  return Object.fromEntries(parts);
}

/** A text of an item's key. */
function idOf({ owner, rest }: RandomEntity, item: Item): string {
  return JSON.stringify([...owner, ...rest].map((name) => item[name]));
}

/** Reads a partition of an index page by page, and back; a count says the same. */
async function paged(store: AnyStore, shape: IndexShape, parts: Fields, limit: number) {
  const read = (cursor: string | null) => store.queryBy(shape, parts, { limit, cursor });
  const pages = [await read(null)];
  for (let [page] = pages; typeof page?.cursor === "string"; pages.push(page)) {
    page = await read(page.cursor);
    expect(page.items.length).toBeLessThanOrEqual(limit);
  }
  const items = pages.flatMap((page) => page.items);
  const back = pages.slice(-1);
  for (let [page] = back; typeof page?.previous === "string"; back.unshift(page)) {
    page = await read(page.previous);
  }
  expect(back.flatMap((page) => page.items)).toEqual(items);
  expect(await store.countBy(shape, parts)).toBe(items.length);
  return items as unknown[] as Item[];
}

describe.each(engines)("on $name", ({ engine }) => {
  test("an index answers what a look at every item answers", async () => {
    const seen = { items: 0, outside: 0 };
    const property = fc.asyncProperty(history, async ([entities, all]) => {
      const definitions = definitionsOf(entities);
      const options = { engine, entities: definitions, builtIn: false } as const;
      await using data = await createTestDataLayer(options);
      const stores = data as unknown as Stores;
      const canTransact = data.engine.capabilities.transactions;
      const transaction = canTransact ? (data.transaction as unknown as Transaction) : undefined;
      for (const { entity, keys, steps } of all) {
        const store = stores[entity.name] as AnyStore;
        for (const one of steps) {
          await take(store, transaction, entity, keys[one.key % keys.length] as Key, one);
        }
      }
      for (const { entity, keys } of all) {
        const store = stores[entity.name] as AnyStore;
        const different = [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
        const found = await store.batchGet(different);
        const items = found.filter((item) => item !== null) as unknown as Item[];
        for (const shape of entity.indexes) {
          const partitions = partitionsOf(entity, shape, items);
          let inIndex = 0;
          for (const expected of partitions.values()) {
            const parts = partsOf(entity, shape, (expected[0] as { readonly item: Item }).item);
            const answered = await paged(store, shape, parts, 2);
            const texts = answered.map((item) => keyText(indexTemplates(entity, shape)[1], item));
            expect(texts).toEqual(expected.map(({ sort }) => sort));
            const byKey = (own: readonly Item[]) =>
              new Map(own.map((one) => [idOf(entity, one), one]));
            expect(byKey(answered)).toEqual(byKey(expected.map(({ item }) => item)));
            inIndex += expected.length;
          }
          seen.items += inIndex;
          seen.outside += items.length - inIndex;
        }
      }
    });
    await fc.assert(property, tries(10));
    expect(seen.items).toBeGreaterThan(20);
    expect(seen.outside).toBeGreaterThan(10);
  });
});
