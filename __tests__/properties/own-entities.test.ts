/** What holds for the twelve entities on an engine holds for any registry: fast-check declares the entities. */
import fc from "fast-check";
import { type ScanPage, ValidationError } from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf } from "../open.js";
import {
  definitionsOf,
  type Key,
  keyFor,
  type RandomEntity,
  randomEntities,
} from "../random-registries.js";
import type { AnyStore } from "../registry.js";
import { id, text, tries } from "./arbitraries.js";
import { type Fields, keyText, payloadOf, registryWithKeys, type Stores } from "./declared.js";

const settings = {
  encryption: { keys: { "key-1": new Uint8Array(32).fill(1) }, current: "key-1" },
};

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

function keyIn({ owner, rest }: RandomEntity, item: Fields): Key {
  const parts = [...owner, ...rest].map((part) => [part, item[part]]);
  return Object.fromEntries(parts) as Key;
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
