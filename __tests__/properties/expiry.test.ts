/**
 * Items that expire against a model in memory: random calls over registries that fast-check declares, on
 * a clock that moves between them. An item is there until the full second at or after its time.
 */
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import fc from "fast-check";
import { ConditionalCheckFailedError, ItemNotFoundError } from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { MovableClock } from "../expiring-entities.js";
import { bareClient, failureOf } from "../open.js";
import {
  definitionsOf,
  type Key,
  keyFor,
  type RandomEntity,
  randomEntities,
} from "../random-registries.js";
import type { AnyStore } from "../registry.js";
import { id, tries } from "./arbitraries.js";

type Fields = Readonly<Record<string, unknown>>;
interface Item extends Fields {
  readonly data: Fields;
  readonly createdAt: number;
  readonly updatedAt: number;
}

const calls = [
  "create",
  "put",
  "update",
  "lock",
  "delete",
  "deleteLocked",
  "get",
  "batchGet",
  "query",
  "list",
  "check",
] as const;

const steps = fc.array(
  fc.record({
    call: fc.constantFrom(...calls),
    entity: fc.nat(),
    key: fc.nat(),
    /** How far the clock moves before the call, in ms. */
    passes: fc.constantFrom(0, 0, 0, 1, 400, 999, 1000, 3000),
    /** How long the item is to last, in ms; `undefined` for always, `null` to leave it as it is. */
    lasts: fc.option(fc.constantFrom(undefined, 0, 1, 999, 1000, 1001, 2500, 60_000), {
      nil: null,
    }),
    limit: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 25, maxLength: 60 },
);

const situation = randomEntities.chain((entities) =>
  fc.record({
    entities: fc.constant(entities),
    keys: fc.tuple(
      ...entities.map((entity) =>
        fc.uniqueArray(keyFor(entity, id), {
          minLength: 1,
          maxLength: 6,
          selector: (key) => JSON.stringify(Object.entries(key).sort()),
        }),
      ),
    ),
    steps,
  }),
);

/** What the table holds, as callers see it. */
class Model {
  readonly #items = new Map<string, Item>();
  readonly #clock: MovableClock;

  constructor(clock: MovableClock) {
    this.#clock = clock;
  }

  idOf({ name }: RandomEntity, key: Fields): string {
    return JSON.stringify([name, Object.entries(key).sort()]);
  }

  get(id: string): Item | undefined {
    const item = this.#items.get(id);
    const until = item?.data.until;
    const isOver = typeof until === "number" && Math.ceil(until / 1000) * 1000 <= this.#clock.time;
    return isOver ? undefined : item;
  }

  set(id: string, item: Item): Item {
    this.#items.set(id, item);
    return item;
  }

  /** The item, even if it has expired: until another write, it is in the table. */
  stored(id: string): Item | undefined {
    return this.#items.get(id);
  }

  delete(id: string): void {
    this.#items.delete(id);
  }

  all(entity: RandomEntity): Item[] {
    const ids = [...this.#items.keys()].filter((id) => JSON.parse(id)[0] === entity.name);
    return ids.flatMap((id) => this.get(id) ?? []);
  }
}

function pick<T>(list: readonly T[], at: number): T {
  return list[at % list.length] as T;
}

function ownerOf({ owner }: RandomEntity, of: Fields): Fields {
  return Object.fromEntries(owner.map((part) => [part, of[part]]));
}

/** One call, by the store and by the model. */
class Run {
  readonly #model: Model;
  readonly #clock: MovableClock;

  constructor(clock: MovableClock) {
    this.#clock = clock;
    this.#model = new Model(clock);
  }

  dataOf({ secret, expires }: RandomEntity, lasts: number | null | undefined, text: string) {
    const until = typeof lasts === "number" ? this.#clock.time + lasts : undefined;
    return {
      text,
      ...(secret && { token: `token ${text}` }),
      ...(expires && until !== undefined && { until }),
    };
  }

  async write(step: Step, entity: RandomEntity, key: Key, store: AnyStore, at: number) {
    const now = this.#clock.time;
    const id = this.#model.idOf(entity, key);
    const there = this.#model.get(id);
    const data = this.dataOf(entity, step.lasts, `text ${at}`);
    const createdAt = (key.createdAt as number | undefined) ?? now;
    const fresh = { ...key, data, createdAt, updatedAt: now };
    const later = Math.max(now, (this.#model.stored(id)?.updatedAt ?? 0) + 1);
    if (step.call === "create") {
      const create = store.create({ ...key, data });
      if (there !== undefined) await failureOf(create, ConditionalCheckFailedError);
      else expect(await create).toEqual(this.#model.set(id, fresh));
      return;
    }
    if (step.call === "put") {
      const born = there?.createdAt ?? (key.createdAt as number | undefined) ?? later;
      const item = { ...fresh, createdAt: born, updatedAt: later };
      expect(await store.put({ ...key, data })).toEqual(this.#model.set(id, item));
      return;
    }
    if (step.call === "delete") {
      expect(await store.delete(key)).toEqual(there ?? null);
      this.#model.delete(id);
      return;
    }
    if (step.call === "deleteLocked") {
      const locked = store.delete(key, { ifUpdatedAt: there?.updatedAt ?? now });
      if (there === undefined) {
        await failureOf(locked, ConditionalCheckFailedError);
        return;
      }
      expect(await locked).toEqual(there);
      this.#model.delete(id);
      return;
    }
    const { until, ...others } = data as Fields;
    const removes = entity.expires && step.lasts === undefined;
    const moves = entity.expires && typeof step.lasts === "number";
    const options = {
      ...(removes && { remove: ["until"] }),
      ...(step.call === "lock" && { ifUpdatedAt: there?.updatedAt ?? now }),
    };
    const update = store.update(key, { ...others, ...(moves && { until }) }, options as object);
    if (there === undefined) {
      await failureOf(update, ItemNotFoundError);
      return;
    }
    const { until: before, ...kept } = there.data;
    const after = moves ? until : removes ? undefined : before;
    const changed = { ...kept, ...others, ...(after !== undefined && { until: after }) };
    const item = { ...there, data: changed, updatedAt: later };
    expect(await update).toEqual(this.#model.set(id, item));
  }

  async read(step: Step, entity: RandomEntity, keys: readonly Key[], store: AnyStore) {
    const key = pick(keys, step.key);
    const expected = keys.map((one) => this.#model.get(this.#model.idOf(entity, one)) ?? null);
    if (step.call === "get") expect(await store.get(key)).toEqual(pick(expected, step.key));
    if (step.call === "batchGet") expect(await store.batchGet(keys)).toEqual(expected);
    const owner = ownerOf(entity, key);
    const isOwners = (item: Fields) =>
      JSON.stringify(ownerOf(entity, item)) === JSON.stringify(owner);
    const own = this.#model.all(entity).filter(isOwners);
    if (step.call === "list") {
      const found: unknown[] = [];
      for await (const item of store.list(owner, { limit: step.limit })) found.push(item);
      expect(own).toEqual(expect.arrayContaining(found));
      expect(found).toHaveLength(Math.min(step.limit, own.length));
    }
    if (step.call !== "query") return;
    const { items: whole } = await store.query(owner);
    expect(whole).toHaveLength(own.length);
    expect(whole).toEqual(expect.arrayContaining(own));
    const paged: unknown[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<AnyStore["query"]>> = await store.query(owner, {
        limit: step.limit,
        cursor,
        ...(entity.dated && { by: "createdAt", order: "desc" }),
      });
      paged.push(...page.items);
      cursor = page.cursor;
      if (cursor !== null) expect(page.items).toHaveLength(step.limit);
    } while (cursor !== null);
    expect(paged).toHaveLength(own.length);
    if (!entity.dated) expect(paged).toEqual(whole);
    else expect(paged).toEqual(expect.arrayContaining(own));
  }

  /** Whether a transaction finds an item there, as `get` does. */
  async check(entity: RandomEntity, key: Key, transaction: Transaction) {
    const exists = this.#model.get(this.#model.idOf(entity, key)) !== undefined;
    const check = (is: boolean) =>
      transaction.write((tx) => [tx[entity.name]?.check(key, { exists: is })]);
    await check(exists);
    await expect(check(!exists)).rejects.toThrow(exists ? "the item is there" : "no such item");
    const [got] = await transaction.get((tx) => [tx[entity.name]?.get(key)]);
    expect(got === null).toBe(!exists);
  }
}

type Step = typeof steps extends fc.Arbitrary<(infer S)[]> ? S : never;
type Operations = Readonly<
  Record<string, { get(key: object): unknown; check(key: object, options: object): unknown }>
>;
interface Transaction {
  write(build: (tx: Operations) => unknown[]): Promise<unknown>;
  get(build: (tx: Operations) => unknown[]): Promise<unknown[]>;
}

describe.each(engines)("on $name", ({ engine }) => {
  test("every call sees an item until its second has come, and none sees it from then on", async () => {
    const property = fc.asyncProperty(situation, async ({ entities, keys, steps: all }) => {
      const clock = new MovableClock();
      const options = { engine, entities: definitionsOf(entities), builtIn: false } as const;
      const encryption = { keys: { "key-1": new Uint8Array(32).fill(1) }, current: "key-1" };
      await using data = await createTestDataLayer({ ...options, clock, encryption });
      const run = new Run(clock);
      const writes = ["create", "put", "update", "lock", "delete", "deleteLocked"];
      for (const [at, step] of all.entries()) {
        clock.time += step.passes;
        const entity = pick(entities, step.entity);
        const own = pick(keys, step.entity);
        const key = pick(own, step.key);
        const store = (data as unknown as Record<string, AnyStore>)[entity.name] as AnyStore;
        if (writes.includes(step.call)) await run.write(step, entity, key, store, at);
        else if (step.call !== "check") await run.read(step, entity, own, store);
        else if (data.engine.capabilities.transactions) {
          await run.check(entity, key, data.transaction as unknown as Transaction);
        }
      }
      await checkStored(data, entities);
    });
    await fc.assert(property, tries(12));
  });
});

/** In the table each item has the TTL that its payload says, and no other one. */
async function checkStored(
  data: Pick<Awaited<ReturnType<typeof createTestDataLayer>>, "engine" | "configuration">,
  entities: readonly RandomEntity[],
): Promise<void> {
  const client = bareClient(data);
  const command = new ScanCommand({ TableName: data.configuration.tableName });
  const { Items = [] } = await client.send(command);
  client.destroy();
  for (const { EntityType, Data, TTL } of Items) {
    const { expires } = entities.find(({ name }) => name.toUpperCase() === EntityType) ?? {};
    const until = expires ? Data.until : undefined;
    expect(TTL).toBe(until === undefined ? undefined : Math.ceil(until / 1000));
  }
}
