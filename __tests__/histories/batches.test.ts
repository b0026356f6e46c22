/** Batches and single writes of several clients at once: every item is written, or named in the error. */
import fc from "fast-check";
import type { DataLayer } from "../../src/data-layer.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import {
  histories,
  historyTimeoutMs,
  openClients,
  outcomeOf,
  skies,
  type Weather,
} from "./clients.js";

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

/** What may be there, by key: names, or nothing. */
type Possible = Map<string, Set<string | undefined>>;

interface Key {
  readonly userId: string;
  readonly projectId: string;
}

function note(possible: Possible, { projectId }: Key, is: string, value: string | undefined): void {
  const states = possible.get(projectId) ?? new Set([undefined]);
  if (is === "done") states.clear();
  // What is refused is as it was.
  if (is !== "refused") states.add(value);
  possible.set(projectId, states);
}

/** One batch: what its error names may be written only where the error says so. */
async function runBatch(
  { project }: DataLayer,
  keys: readonly Key[],
  value: string | undefined,
  possible: Possible,
): Promise<string> {
  const call =
    value === undefined
      ? project.batchDelete(keys)
      : project.batchPut(keys.map((key) => ({ ...key, data: { name: value } })));
  const outcome = await outcomeOf(call);
  const left = new Set<string>();
  if (outcome.is === "done") expect(outcome.result.written).toBe(keys.length);
  else {
    expect(outcome.error).toBeInstanceOf(UnprocessedItemsError);
    const { written, unprocessed, items } = outcome.error as UnprocessedItemsError;
    expect(written + unprocessed).toBe(keys.length);
    for (const { projectId } of items as Key[]) left.add(projectId);
    expect(left.size).toBe(unprocessed);
  }
  for (const key of keys) {
    note(possible, key, left.has(key.projectId) ? outcome.is : "done", value);
  }
  return outcome.is;
}

describe.each(skies)("on $name", ({ overTcp, share, ...engine }) => {
  const clients = openClients(engine, { overTcp });

  test(
    "every item is as it was last written, or as an error says that it may be",
    async () => {
      const seen = new Set<string>();
      await fc.assert(
        fc.asyncProperty(programs, storm, async (all, sky) => {
          const userId = clients.begin(sky);
          const possible: Possible = new Map();
          const run = async (data: DataLayer, client: number, round: number) => {
            const { kind, keys: ids } = all[client]![round]!;
            const value = /put/i.test(kind) ? `${round}` : undefined;
            const keys = ids.map((id) => ({ userId, projectId: `${client}.${id}` }));
            if (kind.startsWith("batch")) {
              seen.add(`${kind} ${await runBatch(data, keys, value, possible)}`);
              return;
            }
            await Promise.all(
              keys.slice(0, 6).map(async (key) => {
                const { project } = data;
                const { is } = await outcomeOf<unknown>(
                  value === undefined
                    ? project.delete(key)
                    : project.put({ ...key, data: { name: value } }),
                );
                seen.add(`${kind} ${is}`);
                note(possible, key, is, value);
              }),
            );
          };
          await Promise.all(
            clients.all.map(async ({ data }, client) => {
              for (const round of all[client]!.keys()) await run(data, client, round);
            }),
          );

          clients.calm();
          const { items } = await clients.table.data.project.query({ userId });
          const found = new Map(items.map((item) => [item.projectId, item.data.name]));
          const wrong = [...new Set([...possible.keys(), ...found.keys()])].flatMap((id) =>
            possible.get(id)?.has(found.get(id))
              ? []
              : [
                  `${id} is ${found.get(id)}, not one of ${[...(possible.get(id) ?? [])].join(", ")}`,
                ],
          );
          expect(wrong).toEqual([]);
        }),
        { ...histories(share * 40), examples: stormy },
      );
      for (const one of ["batchPut done", "batchPut open", "put done", "delete done"]) {
        expect(seen).toContain(one);
      }
    },
    historyTimeoutMs,
  );
});
