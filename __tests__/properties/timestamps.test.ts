/** Creation times: any whole millisecond up to the year 2286 is stored and puts its item in order. */
import fc from "fast-check";
import { ValidationError } from "../../src/errors/validation-error.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import { inputOf, keyOf, registry, storeOf } from "../registry.js";
import { time, tries } from "./arbitraries.js";

const dated = registry.filter((entity) => entity.dated);

const wrong = fc.oneof(
  fc.integer({ max: -1 }),
  fc.integer({ min: 10_000_000_000_000, max: Number.MAX_SAFE_INTEGER }),
  fc.double({ noInteger: true }),
  fc.constantFrom<unknown>(-1, 10_000_000_000_000, 2 ** 53, "1700000000000", "", null, 1n, true),
  fc.constantFrom<unknown>(new Date(0), [1], {}, Number.NaN, Number.POSITIVE_INFINITY),
);

describe.each(engines)("on $name", (engine) => {
  const table = openTable(engine);
  let users = 0;

  test("items come in order of any creation times, of one entity and of all", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(time, { minLength: 1, maxLength: 10 }), async (times) => {
        users += 1;
        const user = `u${users}`;
        for (const entity of dated) {
          const inputs = times.map((createdAt, index) => ({
            ...inputOf(entity, user, `i${index}`),
            createdAt,
          }));
          const store = storeOf(table.data, entity);
          // By each of the three ways in.
          await store.batchPut(inputs.slice(2));
          for (const input of inputs.slice(0, 1)) await store.create(input);
          for (const input of inputs.slice(1, 2)) await store.put(input);

          const sorted = [...times].sort((a, b) => a - b);
          for (const order of ["asc", "desc"] as const) {
            const page = await store.query({ userId: user }, { by: "createdAt", order });
            const found = page.items.map((item) => item.createdAt);
            expect(found).toEqual(order === "asc" ? sorted : sorted.reverse());
          }
        }
        const limit = times.length * dated.length;
        const recent = await table.data.collections.recent({ userId: user, limit });
        const found = recent.map((item) => item.createdAt);
        expect(found).toEqual([...found].sort((a, b) => b - a));
        expect(found).toHaveLength(limit);
      }),
      tries(5),
    );
  });

  test("any other creation time is refused before anything is sent", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...registry), wrong, async (entity, createdAt) => {
        const store = storeOf(table.data, entity);
        const input = { ...inputOf(entity, "u", "i"), createdAt: createdAt as number };
        table.data.wire.clear();
        const issue = { path: "createdAt", message: expect.stringContaining("9999999999999") };
        for (const call of [() => store.create(input), () => store.put(input)]) {
          expect((await failureOf(call(), ValidationError)).issues).toEqual([issue]);
        }
        const batch = await failureOf(store.batchPut([input]), ValidationError);
        expect(batch.issues).toEqual([{ ...issue, path: "items[0].createdAt" }]);
        for (const bound of ["from", "to"]) {
          const options = { [bound]: createdAt };
          const { issues } = await failureOf(
            (async () => store.query({ [entity.owner]: "u" }, options))(),
            ValidationError,
          );
          expect(issues.map(({ path }) => path)).toEqual([bound]);
        }
        expect(await failureOf(store.getOrThrow(keyOf(entity, input)), Error)).toBeDefined();
        expect(table.data.wire.requests).toHaveLength(1);
      }),
      tries(25),
    );
  });
});
