/** Every call of a store, over all entities. */
import { isDeepStrictEqual } from "node:util";
import {
  ConditionalCheckFailedError,
  ItemNotFoundError,
  ValidationError,
} from "../../src/index.js";
import type { ItemInput, StoredItem } from "../move/any-store.js";
import { type Check, type CheckGroup, eventually, expect, refused } from "./check.js";
import type { Subject } from "./subjects.js";

/** A check of every entity, all at the same time; a failure says which of them. */
function each(
  name: string,
  run: (subject: Subject) => Promise<void>,
  isTried: (subject: Subject) => boolean = () => true,
): Check {
  return {
    name,
    run: async ({ subjects }) => {
      const one = async (subject: Subject): Promise<void> => {
        try {
          await run(subject);
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          throw new Error(`${subject.facade}: ${message}`, { cause: error });
        }
      };
      await Promise.all(subjects.filter(isTried).map(one));
    },
  };
}

/** A change that the payload takes: a new field, or the first one as it is. */
function changeOf({ mark, inputs: [{ data }] }: Subject): Record<string, unknown> {
  if (mark !== null) return { [mark]: "bayon-data" };
  return Object.fromEntries(Object.entries(data).slice(0, 1));
}

/** Whether an item is what was written, ids that the store filled in aside. */
function holds(item: StoredItem | null, { data, ...rest }: ItemInput): boolean {
  if (item === null) return false;
  const same = (name: string, value: unknown, within: object) =>
    isDeepStrictEqual(plain((within as Record<string, unknown>)[name]), plain(value));
  return (
    Object.entries(rest).every(([name, value]) => same(name, value, item)) &&
    Object.entries(data).every(([name, value]) => same(name, value, item.data))
  );
}

/** The value alone: what it is made of may come from another realm, as a structured clone does. */
function plain(value: unknown): unknown {
  if (value === undefined) return undefined;
  // What JSON does not have.
  const text = JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === "bigint") return `${member}n`;
    return member instanceof Set ? [...member] : member;
  });
  return JSON.parse(text);
}

const writing: readonly Check[] = [
  each("create", async ({ store, inputs: [input] }) => {
    expect(holds(await store.create(input), input), "the result is not what was written");
  }),
  each("create is refused if the item exists", async ({ store, inputs: [input] }) => {
    const { item } = await refused(ConditionalCheckFailedError, store.create(input));
    expect(item !== null, "the error does not hold what was there");
  }),
  each("put keeps the time of creation", async ({ store, inputs: [input], keyOf, timed }) => {
    const before = await store.getOrThrow(keyOf(input));
    // With another time in its key it would be another item.
    const after = await store.put(timed ? input : { ...input, createdAt: Date.now() });
    expect(after.createdAt === before.createdAt, "createdAt changed");
    expect(after.updatedAt > before.updatedAt, "updatedAt did not grow");
  }),
  each("update merges", async (subject) => {
    const {
      store,
      inputs: [input],
      keyOf,
      mark,
    } = subject;
    const changes = changeOf(subject);
    if (Object.keys(changes).length === 0) return;
    const changed = await store.update(keyOf(input), changes);
    expect(holds(changed, input), "another field changed");
    if (mark === null) return;
    expect(changed.data[mark] === changes[mark], "the change is not in the result");
    const restored = await store.update(keyOf(input), {}, { remove: [[mark]] });
    expect(!(mark in restored.data), "the field was not removed");
  }),
  each("update with a stale lock is refused", async (subject) => {
    const {
      store,
      inputs: [input],
      keyOf,
    } = subject;
    const { updatedAt } = await store.getOrThrow(keyOf(input));
    const changes = changeOf(subject);
    if (Object.keys(changes).length === 0) return;
    const update = store.update(keyOf(input), changes, { ifUpdatedAt: updatedAt - 1 });
    await refused(ConditionalCheckFailedError, update);
  }),
  each("update is refused if the item does not exist", async (subject) => {
    const {
      store,
      inputs: [input],
      absent,
      keyOf,
    } = subject;
    await refused(ValidationError, store.update(keyOf(input), {}));
    const changes = changeOf(subject);
    if (Object.keys(changes).length === 0) return;
    await refused(ItemNotFoundError, store.update(keyOf(absent), changes));
  }),
  each("batchPut", async ({ store, inputs: [, second, third] }) => {
    const { written } = await store.batchPut([second, third, second]);
    expect(written === 2, `wrote ${written} items, not 2`);
  }),
];

const reading: readonly Check[] = [
  each("get, also consistent", async ({ store, inputs: [input, second], keyOf }) => {
    expect(
      holds(await store.get(keyOf(input), { consistent: true }), input),
      "not what was written",
    );
    await eventually(async () => {
      expect(holds(await store.get(keyOf(second)), second), "not what was written");
    });
  }),
  each("get of some fields", async ({ store, inputs: [input], keyOf }) => {
    const [field] = Object.keys(input.data);
    if (field === undefined) return;
    const item = await store.get(keyOf(input), { fields: [field], consistent: true });
    expect(isDeepStrictEqual(Object.keys(item?.data ?? {}), [field]), "other fields were read");
  }),
  each("getOrThrow", async ({ store, inputs: [input], absent, keyOf }) => {
    expect(holds(await store.getOrThrow(keyOf(input)), input), "not what was written");
    expect((await store.get(keyOf(absent))) === null, "get found an item that does not exist");
    await refused(ItemNotFoundError, store.getOrThrow(keyOf(absent)));
  }),
  each("batchGet in the order of the keys", async ({ store, inputs, keyOf }) => {
    const [first, second, third] = inputs;
    const wanted = [third, first, second, first];
    await eventually(async () => {
      const items = await store.batchGet(wanted.map(keyOf));
      const right = wanted.every((input, index) => holds(items[index] ?? null, input));
      expect(right && items.length === 4, "items are missing or out of order");
    });
  }),
  each("query in both orders", async ({ store, inputs, partitionOf }) => {
    const [input] = inputs;
    const mine = inputs.filter((each) => isDeepStrictEqual(partitionOf(each), partitionOf(input)));
    await eventually(async () => {
      const up = await store.query(partitionOf(input));
      const down = await store.query(partitionOf(input), { order: "desc" });
      expect(up.items.length === mine.length, `found ${up.items.length}, not ${mine.length}`);
      expect(isDeepStrictEqual(up.items, down.items.reverse()), "the orders differ");
    });
  }),
  each("query by pages and cursor", async ({ store, inputs: [input], partitionOf }) => {
    const all = await store.query(partitionOf(input));
    const paged: StoredItem[] = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const page: Awaited<typeof all> = await store.query(partitionOf(input), { limit: 1, cursor });
      paged.push(...page.items);
      cursor = page.cursor;
    }
    expect(isDeepStrictEqual(paged, all.items), "pages of one are not the whole");
  }),
  each("query with a condition", async ({ store, inputs: [input], partitionOf }) => {
    const none = await store.query(partitionOf(input), { where: { noSuchField: "x" } });
    expect(none.items.length === 0, "items match a field that they do not have");
    const all = await store.query(partitionOf(input), { where: { noSuchField: null } });
    expect(all.items.length > 0, "null does not match a missing field");
  }),
  each("list", async ({ store, inputs: [input], partitionOf }) => {
    const all = await store.query(partitionOf(input));
    const listed: StoredItem[] = [];
    for await (const item of store.list(partitionOf(input))) listed.push(item);
    expect(isDeepStrictEqual(listed, all.items), "it is not what query finds");
  }),
  each(
    "query by date, newest first, and a range",
    async ({ store, inputs: [first, second, third], partitionOf }) => {
      const newest = { by: "createdAt", order: "desc" };
      const range = { from: second.createdAt, to: third.createdAt };
      await eventually(async () => {
        const { items } = await store.query(partitionOf(first), newest);
        const right = [third, second, first].every((input, at) => holds(items[at] ?? null, input));
        expect(right, "the index is not in the order of creation");
        const within = await store.query(partitionOf(first), range);
        expect(within.items.length === 2, `the range has ${within.items.length} items, not 2`);
      });
    },
    ({ dated }) => dated,
  ),
];

const deleting: readonly Check[] = [
  each("delete returns what was there", async ({ store, inputs: [input], keyOf }) => {
    expect(holds(await store.delete(keyOf(input)), input), "the result is not what was there");
    expect((await store.delete(keyOf(input))) === null, "it was there twice");
  }),
  each("batchDelete", async ({ store, inputs, keyOf }) => {
    await store.batchDelete(inputs.map(keyOf));
    for (const input of inputs) {
      const left = await store.get(keyOf(input), { consistent: true });
      expect(left === null, "something is left");
    }
  }),
];

export const storeWrites: CheckGroup = { name: "stores: write, every entity", checks: writing };
export const storeReads: CheckGroup = { name: "stores: read, every entity", checks: reading };
export const storeDeletes: CheckGroup = { name: "stores: delete, every entity", checks: deleting };
