/** The layer counts an item's bytes as DynamoDB does: 400 KB are stored, a byte more is not. */
import fc from "fast-check";
import { definitions } from "../../services/entities.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { describeEach, engines, type TestEngine } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import { inputOf, keyOf, registry, storeOf } from "../registry.js";
import { fieldName, id, tries, value } from "./arbitraries.js";

const most = 400 * 1024;

// dynalite 4.0.0 counts UTF-16 units, so it does not know where the limit is.
const countsBytes = ({ name }: TestEngine) => name !== "dynalite";

describeEach(engines, countsBytes)("on $name", (engine) => {
  // A number's size is that of its digits: this time has as many as any.
  const table = openTable(engine, { clock: { now: () => 1_735_689_612_345 } });

  test("an item of 409,600 bytes is stored, one of 409,601 is refused, by the layer as by the engine", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...registry),
        id,
        id,
        fc.dictionary(fieldName, value, { maxKeys: 4, noNullPrototype: true }),
        async (entity, owner, itemId, fields) => {
          const { shape } = definitions[entity.name].payload();
          const loose = Object.entries(fields).filter(([name]) => !(name in shape));
          const store = storeOf(table.data, entity);
          const padded = (bytes: number) =>
            inputOf(entity, owner, itemId, {
              ...Object.fromEntries(loose),
              padding: "x".repeat(bytes),
            });

          await store.delete(keyOf(entity, padded(0)));
          table.data.wire.clear();
          const { message } = await failureOf(store.create(padded(most)), ValidationError);
          const counted = Number(/makes an item of (\d+) bytes/.exec(message)?.[1]);
          const room = most - (counted - most);
          await failureOf(store.create(padded(room + 1)), ValidationError);
          expect(table.data.wire.requests).toEqual([]);
          const input = padded(room);
          await store.create(input);

          const { createdAt, updatedAt, data } = await store.getOrThrow(keyOf(entity, input));
          const padding = "x".repeat(room + 1 + numbersIn(data));
          // The native chain has no check of this layer's, so the engine has to refuse it.
          const native = store.entity.put({
            ...keyOf(entity, input),
            ...{ data: { ...data, padding }, createdAt, updatedAt },
          });
          await expect(native.go()).rejects.toThrow(/size/i);

          const grown = store.update(keyOf(entity, input), { padding });
          expect((await failureOf(grown, ValidationError)).message).toContain("update");
          expect(await store.delete(keyOf(entity, input))).toMatchObject({ data: input.data });
        },
      ),
      tries(8),
    );
  });
});

/** dynoxide 1.2.1 counts some numbers a byte shorter than DynamoDB and dynalite do. */
function numbersIn(given: unknown): number {
  if (typeof given === "number" || typeof given === "bigint") return 1;
  if (typeof given !== "object" || given === null) return 0;
  const members = given instanceof Set ? [...given] : Object.values(given);
  return members.reduce<number>((sum, member) => sum + numbersIn(member), 0);
}
