/** What any registry sends, and what it refuses to send: fast-check declares the entities. */
import fc from "fast-check";
import { createDataLayer, ValidationError } from "../../src/index.js";
import { failureOf } from "../open.js";
import {
  definitionsOf,
  fieldKeysOf,
  indexTemplates,
  type RandomEntity,
  wordsOf,
} from "../random-registries.js";
import type { AnyStore } from "../registry.js";
import { tries } from "./arbitraries.js";
import { type Fields, payloadOf, registryWithKeys, type Stores } from "./declared.js";

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
