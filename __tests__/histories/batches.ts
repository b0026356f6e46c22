/** Batches and single writes of several clients at once: every item is written, or named in the error. */
import fc from "fast-check";
import type { DataLayer } from "../../src/data-layer.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import type { AnyInput, AnyStore } from "../registry.js";
import { storeOf } from "../subjects.js";
import { calmWeather, histories, outcomeOf, type Weather } from "./clients.js";
import { openSetting, type Setting } from "./settings.js";
import type { Subject } from "./subjects.js";

/** Puts and deletes of keys 0 to 59, of which a client has its own. */
const step = fc.record({
  kind: fc.constantFrom("batchPut", "batchPut", "batchDelete", "put", "delete"),
  keys: fc.uniqueArray(fc.nat(59), { minLength: 1, maxLength: 60 }),
});

const programs = fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), {
  minLength: 3,
  maxLength: 3,
});

type Program = typeof programs extends fc.Arbitrary<infer P> ? P : never;

// A batch fails only where every attempt does, so many must, and leave something undone.
const storm: fc.Arbitrary<Weather> = fc.record({
  seed: fc.integer(),
  rate: fc.constantFrom(0.2, 0.5, 0.8),
  faults: fc.constantFrom(
    undefined,
    ["throttle", "partialUnprocessed"],
    ["partialUnprocessed", "answerLost", "connectionReset"],
  ),
});

/** Histories in which nearly every attempt fails: whole batches end open in them, whatever the others bring. */
const stormy = [1, 2, 3].map((seed): [Program, Weather] => {
  const keys = Array.from({ length: 30 }, (_, key) => key);
  const client = Array.from({ length: 3 }, () => ({ kind: "batchPut", keys }) as const);
  const faults = ["partialUnprocessed", "answerLost", "connectionReset"] as const;
  return [[client, client, client], { seed, rate: 0.8, faults }];
});

/** Writes that all succeed, whatever the others bring. */
const calm: [Program, Weather] = (() => {
  const keys = [0, 1, 2];
  const client = (["batchPut", "put", "delete"] as const).map((kind) => ({ kind, keys }));
  return [[client, client, client], calmWeather];
})();

const always: readonly [Program, Weather][] = [...stormy, calm];

/** What may be there, by the item's id: values, or nothing. */
type Possible = Map<string, Set<string | undefined>>;

function note(possible: Possible, id: string, is: string, value: string | undefined): void {
  const states = possible.get(id) ?? new Set([undefined]);
  if (is === "done") states.clear();
  // What is refused is as it was.
  if (is !== "refused") states.add(value);
  possible.set(id, states);
}

/** The items of one user in a history. */
interface Items {
  readonly subject: Subject;
  readonly possible: Possible;
  inputOf(id: string, value: string): AnyInput;
  keyOf(id: string): Readonly<Record<string, unknown>>;
}

function itemsOf(subject: Subject, user: string): Items {
  const inputOf = (id: string, value: string) => subject.input(user, id, subject.dataOf(value));
  const keyOf = (id: string) => subject.key(inputOf(id, ""));
  return { subject, possible: new Map(), inputOf, keyOf };
}

/** One batch: what its error names may be written only where the error says so. */
async function runBatch(
  data: DataLayer,
  { subject, possible, inputOf, keyOf }: Items,
  ids: readonly string[],
  value: string | undefined,
): Promise<string> {
  const store = storeOf(data, subject);
  const call =
    value === undefined
      ? store.batchDelete(ids.map(keyOf))
      : store.batchPut(ids.map((id) => inputOf(id, value)));
  const outcome = await outcomeOf(call);
  const left = new Set<string>();
  if (outcome.is === "done") expect(outcome.result.written).toBe(ids.length);
  else {
    expect(outcome.error).toBeInstanceOf(UnprocessedItemsError);
    const { written, unprocessed, items } = outcome.error as UnprocessedItemsError;
    expect(written + unprocessed).toBe(ids.length);
    for (const item of items as Record<string, string>[]) left.add(item[subject.id ?? ""] ?? "");
    expect(left.size).toBe(unprocessed);
  }
  for (const id of ids) note(possible, id, left.has(id) ? outcome.is : "done", value);
  return outcome.is;
}

async function runSingle(
  data: DataLayer,
  { subject, possible, inputOf, keyOf }: Items,
  id: string,
  value: string | undefined,
): Promise<string> {
  const store = storeOf(data, subject);
  const { is } = await outcomeOf<unknown>(
    value === undefined ? store.delete(keyOf(id)) : store.put(inputOf(id, value)),
  );
  note(possible, id, is, value);
  return is;
}

/** Opens the clients of a block. @returns the test of what they leave of a user's items */
export function batches(setting: Setting): () => Promise<void> {
  const clients = openSetting(setting);

  return async () => {
    const seen = new Set<string>();
    const property = fc.asyncProperty(
      programs,
      storm,
      setting.subjects,
      async (all, sky, subject) => {
        const user = clients.begin(sky);
        const items = itemsOf(subject, user);
        const run = async (data: DataLayer, client: number, round: number) => {
          const { kind, keys } = all[client]![round]!;
          const value = /put/i.test(kind) ? `${round}` : undefined;
          const ids = keys.map((id) => `${client}.${id}`);
          if (kind.startsWith("batch")) {
            seen.add(`${kind} ${await runBatch(data, items, ids, value)}`);
            return;
          }
          const singles = ids.slice(0, 6).map(async (id) => {
            seen.add(`${kind} ${await runSingle(data, items, id, value)}`);
          });
          await Promise.all(singles);
        };
        await Promise.all(
          clients.all.map(async ({ data }, client) => {
            for (const round of all[client]!.keys()) await run(data, client, round);
          }),
        );

        clients.calm();
        await checkItems(storeOf(clients.table.data, subject), user, items);
        const some = [...items.possible.keys()].slice(0, 3).map(items.keyOf);
        for (const item of await storeOf(clients.table.data, subject).batchGet(some)) {
          if (item !== null) await subject.check(clients.table, item);
        }
      },
    );
    const examples = fc
      .sample(setting.subjects, { seed: 1, numRuns: always.length })
      .map((subject, index): [Program, Weather, Subject] => [...always[index]!, subject]);
    await fc.assert(property, { ...histories((setting.share ?? 1) * 24), examples });
    for (const one of ["batchPut done", "batchPut open", "put done", "delete done"]) {
      expect(seen).toContain(one);
    }
  };
}

/** Whether each item of the user is as it may be, and there is no other. */
async function checkItems(
  store: AnyStore,
  user: string,
  { subject, possible, inputOf }: Items,
): Promise<void> {
  const found = new Map<string, string>();
  for await (const item of store.list(subject.partition(inputOf("", "")))) {
    // Where all users have one partition, the user is in the rest of the key.
    if (!Object.values(subject.key(item)).includes(user)) continue;
    found.set(String(item[subject.id ?? ""]), subject.valueIn(item.data));
  }
  const wrong = [...new Set([...possible.keys(), ...found.keys()])].flatMap((id) =>
    possible.get(id)?.has(found.get(id))
      ? []
      : [`${id} is ${found.get(id)}, not one of ${[...(possible.get(id) ?? [])].join(", ")}`],
  );
  expect(wrong).toEqual([]);
}
