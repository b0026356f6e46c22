/** Chains of versions that fast-check makes: what reads and writes make of any stored version. */
import fc from "fast-check";
import { z } from "zod";
import {
  byKey,
  configure,
  createDataLayer,
  type DynamoDBError,
  data,
  Entity,
  type EntityConfig,
  keyPart,
  model,
  times,
} from "../../src/index.js";
import type { UpgradeStep } from "../../src/table/declared.js";
import { createTestDataLayer, startEngine } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import type { AnyStore } from "../registry.js";
import { tries } from "./arbitraries.js";

type Fields = Record<string, unknown>;

/** One step, as a change that can be made twice and told apart. */
const step: fc.Arbitrary<(old: Fields) => Fields> = fc.oneof(
  fc
    .constantFrom("a", "b", "c")
    .map((name) => (old: Fields) => ({ ...old, [name]: [old[name] ?? null] })),
  fc.constantFrom("a", "b").map((name) => ({ [name]: moved, ...rest }: Fields) => ({
    ...rest,
    [`${name}${name}`]: moved ?? null,
  })),
  fc.nat(9).map((by) => (old: Fields) => ({ ...old, count: Number(old.count ?? 0) * 2 + by })),
);
const chain = fc.array(step, { minLength: 1, maxLength: 4 });

const payload = z.looseObject({ count: z.number().optional() });
const schema = () => ({
  model: model("Doc"),
  attributes: { teamId: keyPart, docId: keyPart, data: data(payload), ...times },
  indexes: { byKey: byKey("TEAM#${teamId}", "DOC#${docId}", { collection: "docs" }) },
});
/** The entity as code of a version declares it. */
function docOf(version: number, steps: readonly UpgradeStep[]) {
  const upgrade: Record<number, UpgradeStep> = Object.fromEntries(
    steps.slice(0, version - 1).map((one, index) => [index + 1, one]),
  );
  const entity = (config: EntityConfig) => new Entity(schema(), configure(config));
  return { payload, schema, version, upgrade, entity };
}

const content = fc.record({
  a: fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
  b: fc.array(fc.integer(), { maxLength: 3 }),
  count: fc.nat(100),
});

describe.each(engines)("on $name", ({ engine: name }) => {
  test("what any version has stored is read, and written, as the composition of the steps after it", async () => {
    const engine = await startEngine({ engine: name });
    await using base = await createTestDataLayer({ engine });
    const { endpoint, region, credentials } = engine;
    const { tableName } = base.configuration;
    const place = { environment: "development", endpoint, region, credentials, tableName } as const;
    let run = 0;
    const property = fc.asyncProperty(
      chain,
      content,
      fc.boolean(),
      async (steps, given, inPlace) => {
        run += 1;
        const last = steps.length + 1;
        const layers = Array.from({ length: last }, (_, index) => {
          const doc = docOf(index + 1, steps as readonly UpgradeStep[]);
          return createDataLayer({ ...place, entities: { doc }, builtIn: false });
        });
        try {
          const keyOf = (version: number) => ({ teamId: `t${run}`, docId: `v${version}` });
          const expected: Fields[] = [];
          for (const [index, layer] of layers.entries()) {
            const store = layer.doc as unknown as AnyStore;
            await store.put({ ...keyOf(index + 1), data: given });
            expected.push(steps.slice(index).reduce((old: Fields, next) => next(old), given));
          }
          const newest = layers.at(-1)?.doc as unknown as AnyStore;
          const { items } = await newest.query({ teamId: `t${run}` });
          expect(items.map((item) => item.data)).toEqual(expected);
          for (const [index, whole] of expected.entries()) {
            const key = keyOf(index + 1);
            expect((await newest.get(key))?.data).toEqual(whole);
            const change = inPlace ? { added: run } : { a: "new" };
            const { data: changed } = await newest.update(key, change);
            expect(changed).toEqual({ ...whole, ...change });
            // It is of the newest version now: every older code reads it as it is, and leaves it.
            for (const [older, layer] of layers.slice(0, -1).entries()) {
              const store = layer.doc as unknown as AnyStore;
              expect((await store.get(key))?.data).toEqual(changed);
              const refused = await store.put({ ...key, data: { old: older } }).then(
                () => "written",
                (error: DynamoDBError) => error.code,
              );
              expect(refused).toBe("NewerVersion");
            }
          }
        } finally {
          for (const layer of layers) await layer.close();
        }
      },
    );
    try {
      await fc.assert(property, tries(4));
    } finally {
      await base.close();
      await engine.close();
    }
  });

  test("a change is made in an upgraded payload as DynamoDB makes it in a stored one", async () => {
    const upgrade = (old: Fields) => old;
    const second = docOf(2, [upgrade as UpgradeStep]);
    const first = docOf(1, []);
    const engine = await startEngine({ engine: name });
    await using now = await createTestDataLayer({ engine, entities: { doc: second } });
    const { endpoint, region, credentials } = engine;
    const { tableName } = now.configuration;
    const place = { environment: "development", endpoint, region, credentials, tableName } as const;
    const before = createDataLayer({ ...place, entities: { doc: first } });
    const [newer, older] = [now.doc, before.doc] as unknown as AnyStore[] as [AnyStore, AnyStore];
    const value = fc.oneof(fc.integer(), fc.string(), fc.record({ x: fc.integer() }));
    const stored = fc.record({
      list: fc.array(value, { minLength: 3, maxLength: 5 }),
      map: fc.record({ one: value, two: fc.array(value, { maxLength: 3 }) }),
      top: value,
    });
    // Engines differ beyond the end of a list, and when two of its positions are removed.
    const paths = fc.constantFrom(
      ...[["top"], ["map", "one"], ["map", "three"]],
      ...[0, 1, 2].map((at) => ["list", at]),
    );
    const edits = fc.uniqueArray(fc.tuple(paths, value, fc.boolean()), {
      minLength: 1,
      maxLength: 6,
      selector: ([path]) => JSON.stringify(path),
    });
    let run = 0;
    const property = fc.asyncProperty(stored, edits, async (data, all) => {
      run += 1;
      const set = all.filter(([, , removes]) => !removes).map(([path, to]) => [path, to]);
      const removed = all.filter(([, , removes]) => removes).map(([path]) => path);
      const ofList = removed.filter(([top]) => top === "list");
      const remove = removed.filter((path) => !ofList.slice(1).includes(path));
      const upgraded = { teamId: "t", docId: `u${run}` };
      const plain = { teamId: "t", docId: `p${run}` };
      await older.put({ ...upgraded, data });
      await newer.put({ ...plain, data });
      const one = await newer.update(upgraded as never, {}, { set, remove } as never);
      const other = await newer.update(plain as never, {}, { set, remove } as never);
      expect(one.data).toEqual(other.data);
    });
    try {
      await fc.assert(property, tries(15));
    } finally {
      await before.close();
      await now.close();
      await engine.close();
    }
  });
});
