/**
 * Items that expire against a model in memory: random calls over registries that fast-check declares, on
 * a clock that moves between them. An item is there until the full second at or after its time.
 */
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import fc from "fast-check";
import { ConditionalCheckFailedError, ItemNotFoundError } from "../../src/index.js";
import { createTestDataLayer, faults } from "../../src/testing/index.js";
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

  readonly #isLossy: boolean;

  /** @param isLossy whether answers are lost on the way */
  constructor(clock: MovableClock, isLossy: boolean) {
    this.#clock = clock;
    this.#model = new Model(clock);
    this.#isLossy = isLossy;
  }

  dataOf({ secret, expires }: RandomEntity, lasts: number | null | undefined, text: string) {
    const until = typeof lasts === "number" ? this.#clock.time + lasts : undefined;
    return {
      text,
      ...(secret && { token: `token ${text}` }),
      ...(expires && until !== undefined && { until }),
    };
  }

  /** Compares what a write returned with what it should have, and notes what is stored now. */
  settle(id: string, written: unknown, expected: Item): void {
    // A write whose answer was lost may have been made twice.
    const time = this.#isLossy ? { updatedAt: expect.any(Number) } : {};
    expect(written).toEqual({ ...expected, ...time });
    this.#model.set(id, written as Item);
  }

  async write(step: Step, entity: RandomEntity, key: Key, store: AnyStore, at: number) {
    const now = this.#clock.time;
    const id = this.#model.idOf(entity, key);
    const there = this.#model.get(id);
    // A put that ends its item, and is made again, finds it ended: nobody sees what it then keeps.
    const isEnd = this.#isLossy && step.call === "put" && typeof step.lasts === "number";
    const lasts = isEnd ? 60_000 : step.lasts;
    const data = this.dataOf(entity, lasts, `text ${at}`);
    const later = Math.max(now, (this.#model.stored(id)?.updatedAt ?? 0) + 1);
    const timed = key.createdAt as number | undefined;
    const fresh = { ...key, data, createdAt: timed ?? now, updatedAt: now };
    switch (step.call) {
      case "create": {
        const create = store.create({ ...key, data });
        if (there === undefined) this.settle(id, await create, fresh);
        else await failureOf(create, ConditionalCheckFailedError);
        return;
      }
      case "put": {
        const born = there?.createdAt ?? timed ?? later;
        const item = { ...fresh, createdAt: born, updatedAt: later };
        this.settle(id, await store.put({ ...key, data }), item);
        return;
      }
      case "update":
      case "lock":
        await this.update({ ...step, lasts }, entity, key, store, { ...data, later });
        return;
      default:
        await this.delete(step, id, key, store);
    }
  }

  async update(step: Step, entity: RandomEntity, key: Key, store: AnyStore, to: Fields) {
    const id = this.#model.idOf(entity, key);
    const there = this.#model.get(id);
    const { until, later, ...others } = to;
    const removes = entity.expires && step.lasts === undefined;
    const moves = entity.expires && typeof step.lasts === "number";
    const options = {
      ...(removes && { remove: ["until"] }),
      ...(step.call === "lock" && { ifUpdatedAt: there?.updatedAt ?? this.#clock.time }),
    };
    const update = store.update(key, { ...others, ...(moves && { until }) }, options as object);
    if (there === undefined) {
      await failureOf(update, ItemNotFoundError);
      return;
    }
    const { until: before, ...kept } = there.data;
    const after = moves ? until : removes ? undefined : before;
    const data = { ...kept, ...others, ...(after !== undefined && { until: after }) };
    this.settle(id, await update, { ...there, data, updatedAt: later as number });
  }

  async delete(step: Step, id: string, key: Key, store: AnyStore) {
    const there = this.#model.get(id);
    const ifUpdatedAt = there?.updatedAt ?? this.#clock.time;
    const isLocked = step.call === "deleteLocked";
    const removal = store.delete(key, isLocked ? { ifUpdatedAt } : {});
    // If an answer was lost, an item that is gone may be gone by this call.
    if (there === undefined && isLocked && !this.#isLossy) {
      await failureOf(removal, ConditionalCheckFailedError);
      return;
    }
    const isRefused = (error: unknown) =>
      there === undefined && isLocked && error instanceof ConditionalCheckFailedError;
    const removed = await removal.catch((error: unknown) => {
      if (isRefused(error)) return null;
      throw error;
    });
    // DynamoDB returns a deleted item only once.
    if (!this.#isLossy || removed !== null) expect(removed).toEqual(there ?? null);
    this.#model.delete(id);
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
  const property = (seed: number | undefined) =>
    fc.asyncProperty(situation, async ({ entities, keys, steps: all }) => {
      const clock = new MovableClock();
      const options = { engine, entities: definitionsOf(entities), builtIn: false } as const;
      const encryption = { keys: { "key-1": new Uint8Array(32).fill(1) }, current: "key-1" };
      const retry = { maxRetries: 12, initialDelayMs: 1, maxDelayMs: 1, budget: false } as const;
      const requestHandler = faults();
      const wired = { ...options, clock, encryption, retry, requestHandler };
      await using data = await createTestDataLayer(wired);
      const lossy = { rate: 0.3, faults: ["answerLost", "serverErrorAfter"] } as const;
      if (seed !== undefined) requestHandler.random({ seed, ...lossy });
      const run = new Run(clock, seed !== undefined);
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

  test("every call sees an item until its second has come, and none sees it from then on", async () => {
    await fc.assert(property(undefined), tries(8));
  });

  test("so they do if a third of all answers is lost", async () => {
    await fc.assert(property(7), tries(3));
  });
});

const writes: readonly string[] = ["create", "put", "update", "lock", "delete", "deleteLocked"];

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
