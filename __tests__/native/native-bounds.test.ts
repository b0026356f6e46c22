/**
 * Native chains with far more than DynamoDB takes: refused before ElectroDB or the client goes through
 * all of it, so that the event loop is soon free.
 */
import * as door from "../../src/index.js";
import { fieldsOf, Measured, megabyte, requestHandler } from "../fuzz/longest-turn.js";

const turns = new Measured();
const layer = door.createDataLayer({
  environment: "development",
  region: "us-east-1",
  endpoint: "http://127.0.0.1:9",
  credentials: { accessKeyId: "a", secretAccessKey: "b" },
  requestHandler: requestHandler as never,
  retry: { maxRetries: 0 },
});
afterAll(async () => {
  turns.tellSlowest();
  await layer.close();
});

const { entity } = layer.project;
const key = { userId: "u1", projectId: "p1" };
const keys = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ ...key, projectId: `p${index}` }));
const itemWith = (data: unknown) => ({ ...key, data, createdAt: 1, updatedAt: 1 }) as never;
const items = (count: number) =>
  keys(count).map((own) => ({ ...(itemWith({ name: "n" }) as object), ...own }));
const allKeys = keys(25_000);
const allItems = items(25_000) as never[];
const wide = fieldsOf(megabyte / 10, 1);
const numbers = Array.from({ length: megabyte / 10 }, (_, index) => index);
/** One list, which is written as 2^28 of them. */
let shared: unknown = 1;
for (let level = 0; level < 28; level += 1) shared = [shared, shared];

type Op = Record<string, (...given: unknown[]) => string>;
const often = (name: string, path: unknown, { [name]: operation }: Op) =>
  Array.from({ length: 150 }, () => operation?.(path, numbers)).join(" AND ");

const tooMany = "the list has 25000 members: give at most 2500 in one call";
const tooLarge = "the item takes more than 512000 bytes: an item has at most 409600";
const tooMuch = "the names and values of the expressions take more than 2097152 bytes";
const tooManyOperations = "the transaction has 25000 operations: DynamoDB takes at most 100";
const one = " Project (userId=u1, projectId=p1): ";

/** Each call, and how it is refused; `undefined` where it is not. */
const calls: readonly (readonly [string, string | undefined, () => unknown])[] = [
  ["get", `entity.get Project: ${tooMany}`, () => entity.get(allKeys).go()],
  ["get, params", `entity.get Project: ${tooMany}`, () => entity.get(allKeys).params()],
  ["put of many", `entity.put Project: ${tooMany}`, () => entity.put(allItems).go()],
  ["delete of many", `entity.delete Project: ${tooMany}`, () => entity.delete(allKeys).go()],
  ["put, wide", `entity.put${one}${tooLarge}`, () => entity.put(itemWith(wide)).go()],
  ["create, wide", `entity.create${one}${tooLarge}`, () => entity.create(itemWith(wide)).go()],
  ["put, shared", `entity.put${one}${tooLarge}`, () => entity.put(itemWith({ name: shared })).go()],
  [
    "put of two, shared",
    `entity.put Project: ${tooLarge}`,
    () => entity.put([itemWith({ name: "n" }), itemWith({ name: shared })]).go(),
  ],
  [
    "upsert, shared",
    `entity.upsert${one}${tooMuch}`,
    () => entity.upsert(itemWith({ name: shared })).go(),
  ],
  [
    "patch, shared",
    `entity.patch${one}${tooMuch}`,
    () =>
      entity
        .patch(key)
        .set({ data: { name: shared } } as never)
        .go(),
  ],
  [
    "patch by a callback",
    `entity.patch${one}${tooMuch}`,
    () =>
      entity
        .patch(key)
        .data((({ data }: { data: Record<string, unknown> }, { set }: Op) => {
          for (let n = 0; n < 150; n += 1) set?.(data[`f${n}`], numbers);
        }) as never)
        .go(),
  ],
  [
    "query, where",
    `entity.query.byKey Project (userId=u1): ${tooMuch}`,
    () =>
      entity.query
        .byKey({ userId: "u1" })
        .where((({ data }: { data: { name: unknown } }, op: Op) =>
          often("eq", data.name, op)) as never)
        .go(),
  ],
  [
    "a transaction's put, shared",
    `service.transaction.write: ${tooLarge}`,
    () =>
      layer.service.transaction
        .write(({ project }) => [project.put(itemWith({ name: shared })).commit()])
        .go(),
  ],
  [
    "query, attributes",
    "entity.query.byKey Project (userId=u1): attributes has 100000 members: give at most 1000",
    () => entity.query.byKey({ userId: "u1" }).go({ attributes: Object.keys(wide) as never }),
  ],
  // These take what they are given, and grow no faster.
  ["query, wide", undefined, () => entity.query.byKey({ userId: "u1", ...wide } as never).go()],
  ["get, wide", undefined, () => entity.get({ ...key, ...wide }).go()],
  [
    "patch, wide",
    undefined,
    () =>
      entity
        .patch(key)
        .set(wide as never)
        .go(),
  ],
];

test.each(calls)("%s is over soon, whatever it is given", async (what, refusal, run) => {
  expect(await turns.faultOf(what, run)).toEqual([]);
  const outcome = (async () => await run())();
  if (refusal === undefined) {
    // The engine of this test has no other keys: how it answers is no matter.
    await outcome.catch(() => undefined);
    return;
  }
  await expect(outcome).rejects.toMatchObject({
    name: "ValidationError",
    message: refusal,
    mayHaveBeenDone: false,
  });
});

test.each(["get", "write"] as const)(
  "a transaction's %s of too many operations is refused before ElectroDB goes through them",
  async (kind) => {
    // They are not looked at.
    const all = Array.from({ length: 25_000 }, () => ({}));
    const begin = () =>
      (layer.service.transaction[kind] as (callback: () => unknown) => { go(): Promise<unknown> })(
        () => all,
      ).go();
    expect(await turns.faultOf(`transaction.${kind}`, begin)).toEqual([]);
    await expect((async () => begin())()).rejects.toMatchObject({
      name: "ValidationError",
      message: `service.transaction.${kind}: ${tooManyOperations}`,
    });
  },
);

test("what DynamoDB takes is sent: 2,500 keys, and an item of nearly 400 KB", async () => {
  const mostItems = items(2_500) as never[];
  const gets = await turns.faultOf("get of 2,500", () => entity.get(keys(2_500)).params());
  const puts = await turns.faultOf("put of 2,500", () => entity.put(mostItems).params());
  expect([gets, puts]).toEqual([[], []]);
  expect(entity.put(mostItems).params()).toHaveLength(100);
  expect(entity.get(keys(2_500)).params()).toHaveLength(25);
  const data = { name: "n", text: "x".repeat(400_000), list: numbers.slice(0, 1_000) };
  await expect(entity.put(itemWith(data)).go()).resolves.toMatchObject({ data: { userId: "u1" } });
  await expect(entity.patch(key).set({ data }).go()).resolves.toBeDefined();
});
