/** The items that histories are of: a project, or an item of any entity that fast-check declares. */
import fc from "fast-check";
import type { DataLayer } from "../../src/data-layer.js";
import { id } from "../properties/arbitraries.js";
import {
  definitionsOf,
  fieldKeysOf,
  type IndexShape,
  indexShapes,
  indexTemplates,
  keyFor,
  type RandomEntity,
  randomEntities,
} from "../random-registries.js";
import type { AnyStore } from "../registry.js";

/** An item of which several clients write the value. */
export interface Subject {
  /** Its key, for a user that no other history has. */
  keyOf(user: string): Readonly<Record<string, unknown>>;
  storeOf(data: DataLayer): AnyStore;
  /** The payload with a value. */
  dataOf(value: string): Record<string, unknown>;
  valueIn(data: Readonly<Record<string, unknown>>): string;
  /** Checks what else holds of what is left in the end. */
  check?(store: AnyStore, item: Readonly<Record<string, unknown>>): Promise<void>;
}

export const projects: fc.Arbitrary<Subject> = fc.constant({
  keyOf: (userId) => ({ userId, projectId: "p" }),
  storeOf: ({ project }) => project as unknown as AnyStore,
  dataOf: (name) => ({ name }),
  valueIn: ({ name }) => String(name),
});

const seed = Number(process.env.COAGENT_TEST_SEED ?? 20_250_301);

/** A registry that fast-check declares, with entities of all kinds. */
const registry = fc
  .sample(randomEntities, { seed, numRuns: 6 })
  .flat()
  .map((entity, index) => ({ ...entity, name: `entity${index}` }))
  // No other history may have the item: a part of its key names the user.
  .filter((entity) => textsOf(entity).length > 0);

export const generatedEntities = definitionsOf(registry);

const anHour = 3_600_000;

/** An item of one of the generated entities. Some payloads have each field that indexes are made of. */
export const generated: fc.Arbitrary<Subject> = fc.constantFrom(...registry).chain((entity) =>
  fc.record({ key: keyFor(entity, id), lacksCity: fc.boolean() }).map(({ key, lacksCity }) => ({
    keyOf: (user: string) => keyOfUser(entity, key, user),
    storeOf: (data: DataLayer) =>
      (data as unknown as Readonly<Record<string, AnyStore>>)[entity.name] as AnyStore,
    dataOf: (value: string) => ({
      text: value,
      status: `status ${value}`,
      ...(!lacksCity && { city: "Ballard" }),
      ...(entity.secret && { token: `secret ${value}` }),
      ...(entity.expires && { until: Date.now() + anHour }),
    }),
    valueIn: ({ text }: Readonly<Record<string, unknown>>) => String(text),
    check: (store: AnyStore, item: Readonly<Record<string, unknown>>) =>
      checkIndexes(entity, store, item),
  })),
);

/** The parts of the key that are free texts. */
function textsOf({ owner, rest }: RandomEntity): string[] {
  return [...owner, ...rest].filter((part) => !["createdAt", "level", "day"].includes(part));
}

/** The key with the user's name in one part, so that no other history has it. */
function keyOfUser(
  entity: RandomEntity,
  key: Readonly<Record<string, unknown>>,
  user: string,
): Readonly<Record<string, unknown>> {
  const [part = ""] = textsOf(entity);
  return { ...key, [part]: user };
}

/** Whether each index has the item, in the partition of its payload, and none that it lacks fields of. */
async function checkIndexes(
  entity: RandomEntity,
  store: AnyStore,
  item: Readonly<Record<string, unknown>>,
): Promise<void> {
  const data = item.data as Readonly<Record<string, unknown>>;
  const keys = fieldKeysOf(entity);
  for (const shape of entity.indexes) {
    const [pk] = indexTemplates(entity, shape);
    const partition = Object.fromEntries(
      [...pk.matchAll(/\$\{(data\.)?(\w+)\}/g)].map(([, field, name = ""]) => [
        name,
        (field === undefined ? item : data)[name],
      ]),
    );
    if (Object.values(partition).includes(undefined)) continue;
    const needed = [...keys].flatMap(([attribute, fields]) =>
      attribute.startsWith(indexShapes[shape][0]) ? fields : [],
    );
    const isThere = needed.every((name) => typeof data[name] === "string");
    const found = await indexed(store, shape, partition, item);
    expect([shape, found]).toEqual([shape, isThere ? [item] : []]);
  }
}

/** The item as an index has it, if it does; others may be in the same partition. */
async function indexed(
  store: AnyStore,
  shape: IndexShape,
  partition: object,
  item: Readonly<Record<string, unknown>>,
): Promise<unknown[]> {
  const queries = store as unknown as {
    queryBy(name: string, partition: object, options?: object): Promise<{ items: object[] }>;
  };
  const { items } = await queries.queryBy(shape, partition);
  const { data: _, createdAt: __, updatedAt: ___, ...key } = item;
  return items.filter((one) =>
    Object.entries(key).every(([name, value]) => (one as typeof item)[name] === value),
  );
}
