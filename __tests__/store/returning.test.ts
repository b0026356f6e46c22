/** `returning: "both"`: the item as a write left it, and what was there before, in the same request. */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { z } from "zod";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import {
  byKey,
  configure,
  data as dataOf,
  Entity,
  type EntityConfig,
  expires,
  keyPart,
  model,
  secret,
  times,
} from "../../src/index.js";
import { settings } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import { Recorder } from "../services/recorder.js";

const payload = z.looseObject({
  n: z.number().optional(),
  l: z.array(z.string()).optional(),
  s: z.set(z.string()).optional(),
  b: z.set(z.instanceof(Uint8Array)).optional(),
  m: z.looseObject({ n: z.number().optional(), l: z.array(z.string()).optional() }).optional(),
  token: secret(z.string()).optional(),
  until: z.number().optional(),
});
const schema = () => ({
  model: model("Note"),
  attributes: {
    userId: keyPart,
    noteId: keyPart,
    data: dataOf(payload),
    ...expires("until"),
    ...times,
  },
  indexes: { byKey: byKey("USER#${userId}", "NOTE#${noteId}") },
});
const note = {
  payload,
  schema,
  version: 2,
  upgrade: { 1: (old: object) => ({ ...old, upgraded: true }) },
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};

const numbers = fc.oneof(
  fc.integer(),
  fc.integer({ min: -1e9, max: 1e9 }).map((thousandths) => thousandths / 1_000),
  fc.constantFrom(0.1, 0.2, 0.7, 1e-9, 9_007_199_254_740_991),
);
const words = fc.constantFrom("a", "b", "c", "d");
const lists = fc.array(words, { maxLength: 3 });
const sets = fc.uniqueArray(words, { minLength: 1 }).map((members) => new Set(members));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const payloads = fc.record(
  { n: numbers, l: lists, s: sets, m: fc.record({ n: numbers, l: lists }, { requiredKeys: [] }) },
  { requiredKeys: ["m"] },
);
const changes = fc.record({
  title: maybe(words),
  n: maybe(numbers),
  l: maybe(fc.tuple(fc.constantFrom("append", "prepend"), lists)),
  s: maybe(fc.tuple(fc.constantFrom("addToSet", "removeFromSet"), fc.uniqueArray(words))),
  inner: maybe(numbers),
  set: maybe(words),
  removes: fc.boolean(),
});

describe.each(settings)("on $name", (engine) => {
  const wire = new Recorder();
  const clock = { time: 1_790_000_000_000, now: () => clock.time };
  const retry = { initialDelayMs: 1, maxDelayMs: 2 };
  const options = { requestHandler: wire, retry, clock, entities: { note }, builtIn: false };
  const table = openTable(engine, options as object);
  type Layer = Awaited<
    ReturnType<
      typeof import("../../src/testing/index.js").createTestDataLayer<{ note: typeof note }>
    >
  >;
  const store = () => (table.data as unknown as Layer).note;
  const both = { returning: "both" } as const;
  let count = 0;
  const key = () => ({ userId: "u1", noteId: `n${count}` });
  const sortKey = () => `NOTE#n${count}`;
  beforeEach(() => {
    count += 1;
    clock.time += 10;
    wire.clear();
  });

  test("an update returns what a read finds before it and after it, in one request", async () => {
    await fc.assert(
      fc.asyncProperty(payloads, changes, async (data, change) => {
        count += 1;
        const before = await store().put({ ...key(), data });
        clock.time += 1;
        wire.clear();
        const [list, elements] = change.l ?? [];
        const [set, members] = change.s ?? [];
        const written = await store().update(key(), { title: change.title, x: 1 } as never, {
          ...both,
          add: [
            ...(change.n === undefined ? [] : [[["n"], change.n] as never]),
            ...(change.inner === undefined ? [] : [[["m", "n"], change.inner] as never]),
          ],
          ...(list !== undefined && { [list]: { l: elements } }),
          ...(set !== undefined && { [set]: { s: members } }),
          set: [[["m", "x"], change.set]],
          remove: change.removes ? [["m", "l"]] : [],
        });
        expect(wire.names).toEqual(["UpdateItem"]);
        expect(isDeepStrictEqual(written.before, before)).toBe(true);
        const after = await store().getOrThrow(key(), { consistent: true });
        // The order of a set's and a map's members means nothing.
        expect(written.item).toEqual(after);
      }),
      { numRuns: 60 },
    );
  });

  test("members of a set that are bytes are told apart by each byte", async () => {
    const bytes = (...members: number[]) => new Set(members.map((one) => new Uint8Array([one])));
    // Neither byte is a text in UTF-8.
    await store().put({ ...key(), data: { b: bytes(0xfe, 0xff) } });
    for (const options of [
      { removeFromSet: { b: bytes(0xff) } },
      { addToSet: { b: bytes(0xfd) } },
    ]) {
      clock.time += 1;
      const written = await store().update(key(), {}, { ...options, ...both });
      expect(written.item).toEqual(await store().getOrThrow(key(), { consistent: true }));
      expect(written.item.data.b?.size).toBe("addToSet" in options ? 2 : 1);
    }
  });

  test("a put returns null before a new item, and the item before it is replaced", async () => {
    const first = await store().put({ ...key(), data: { n: 1, token: "t" } }, both);
    expect(first).toEqual({ item: await store().get(key()), before: null });
    clock.time += 5;
    wire.clear();
    const second = await store().put({ ...key(), createdAt: 5, data: { n: 2 } }, both);
    expect(wire.names).toEqual(["UpdateItem"]);
    expect(second).toEqual({ item: await store().get(key()), before: first.item });
    expect(second.item.createdAt).toBe(first.item.createdAt);
    expect(second.item.updatedAt).toBeGreaterThan(first.item.updatedAt);
    expect(await store().put({ ...key(), data: { n: 3 } }, { returning: "item" })).toEqual(
      await store().get(key()),
    );
  });

  test("in one millisecond too, and after a clock that was ahead", async () => {
    const first = await store().put({ ...key(), data: { n: 1 } });
    clock.time -= 1_000;
    const second = await store().put({ ...key(), data: { n: 2 } }, both);
    expect(second).toEqual({ item: await store().get(key()), before: first });
    const third = await store().update(key(), {}, { add: { n: 1 }, ...both });
    expect(third).toEqual({ item: await store().get(key()), before: second.item });
    const fourth = await store().update(key(), { n: 9 }, both);
    expect(fourth).toEqual({ item: await store().get(key()), before: third.item });
  });

  test("there is nothing before a ghost or an item that has expired", async () => {
    await table.raw.put({ PK: "USER#u1", SK: sortKey(), CreatedAt: 1, UpdatedAt: 2 });
    const first = await store().put({ ...key(), data: { n: 1, until: clock.time + 5 } }, both);
    expect(first).toEqual({ item: await store().get(key()), before: null });
    clock.time += 60_000;
    const second = await store().put({ ...key(), data: { n: 2 } }, both);
    expect(second).toEqual({ item: await store().get(key()), before: null });
  });

  test("an older payload comes upgraded, before and after", async () => {
    const parts = { PK: "USER#u1", SK: sortKey(), EntityType: "Note", ...key() };
    await table.raw.put({ ...parts, Data: { n: 1 }, CreatedAt: 1, UpdatedAt: 2 });
    const before = await store().get(key());
    const written = await store().update(key(), {}, { add: { n: 1 }, ...both });
    expect(written).toEqual({ item: await store().get(key()), before });
    expect(written.item.data).toEqual({ n: 2, upgraded: true });
  });

  test("an item without a payload has an empty one before", async () => {
    const parts = { PK: "USER#u1", SK: sortKey(), EntityType: "Note", ...key() };
    await table.raw.put({ ...parts, CreatedAt: 1, UpdatedAt: 2 });
    const written = await store().update(key(), { n: 4 }, both);
    expect(written.before.data).toEqual({});
    expect(written.item).toEqual(await store().get(key()));
  });

  describe.each<[string, (options: typeof both) => Promise<unknown>]>([
    ["put", (options) => store().put({ ...key(), data: { n: 2 } }, options)],
    ["update", (options) => store().update(key(), { n: 2 }, options)],
    [
      "an update that counts",
      (options) => store().update(key(), {}, { add: { n: 1 }, ...options }),
    ],
  ])("%s with a lost response", (_, write) => {
    test("says that the item was written, and that what was there before is lost", async () => {
      await store().put({ ...key(), data: { n: 1 } });
      clock.time += 5;
      wire.loseNext();
      const error = await failureOf(write(both), DynamoDBError);
      expect(error).toMatchObject({ code: "AnswerLost", mayHaveBeenDone: true });
      expect(error.message).toContain("what was there before is not known");
      expect((await store().getOrThrow(key())).data.n).toBe(2);
    });
  });

  test("an operation of a transaction refuses it, because DynamoDB returns nothing", async () => {
    const { transaction } = table.data as unknown as Layer;
    const refused = transaction.write((tx) => [tx.note.update(key(), { n: 1 }, both as never)]);
    await expect(refused).rejects.toThrow("returning");
    const put = transaction.write((tx) => [
      (tx.note.put as (...given: unknown[]) => never)({ ...key(), data: {} }, both),
    ]);
    await expect(put).rejects.toThrow("returning");
  });
});
