/** Batches of several clients at once: every item is written, or named in the error. */
import fc from "fast-check";
import { UnprocessedItemsError } from "../../src/errors.js";
import { engines } from "../engines.js";
import { histories, historyTimeoutMs, openClients, outcomeOf, weather } from "./clients.js";

/** Puts and deletes of keys 0 to 59, of which a client has its own. */
const batch = fc.record({
  kind: fc.constantFrom("put", "put", "delete"),
  keys: fc.uniqueArray(fc.nat(59), { minLength: 1, maxLength: 60 }),
});

const programs = fc.array(fc.array(batch, { minLength: 1, maxLength: 3 }), {
  minLength: 3,
  maxLength: 3,
});

describe.each(engines)("on $name", (engine) => {
  const clients = openClients(engine);

  test(
    "every item of every batch is written, or named in the error",
    async () => {
      const seen = { done: 0, refused: 0, open: 0 };
      await fc.assert(
        fc.asyncProperty(programs, weather, async (all, sky) => {
          const userId = clients.begin(sky);
          /** What may be there, by key: a name, or nothing. */
          const possible = new Map<string, Set<string | undefined>>();
          await Promise.all(
            all.map(async (batches, client) => {
              const { project } = clients.all[client]!.data;
              for (const [round, { kind, keys }] of batches.entries()) {
                const value = kind === "put" ? `${round}` : undefined;
                const items = keys.map((key) => ({ userId, projectId: `${client}.${key}` }));
                const outcome = await outcomeOf(
                  value === undefined
                    ? project.batchDelete(items)
                    : project.batchPut(items.map((item) => ({ ...item, data: { name: value } }))),
                );
                seen[outcome.is] += 1;
                const left = new Set<string>();
                if (outcome.is === "done") expect(outcome.result.written).toBe(items.length);
                else {
                  const error = outcome.error as UnprocessedItemsError;
                  expect(error).toBeInstanceOf(UnprocessedItemsError);
                  expect(error.written + error.unprocessed).toBe(items.length);
                  for (const item of error.items)
                    left.add((item as { projectId: string }).projectId);
                  expect(left.size).toBe(error.unprocessed);
                }
                for (const { projectId } of items) {
                  const states = possible.get(projectId) ?? new Set([undefined]);
                  if (!left.has(projectId)) states.clear();
                  // What is named and cannot have been done is as it was.
                  if (!left.has(projectId) || outcome.is === "open") states.add(value);
                  possible.set(projectId, states);
                }
              }
            }),
          );
          clients.calm();
          const { items } = await clients.table.data.project.query({ userId });
          const found = new Map(items.map((item) => [item.projectId, item.data.name]));
          for (const [projectId, states] of possible) {
            const is = found.get(projectId);
            if (!states.has(is)) {
              throw new Error(`${projectId} is ${is}, not one of ${[...states].join(", ")}`);
            }
          }
          for (const projectId of found.keys()) expect(possible.has(projectId)).toBe(true);
        }),
        histories(40),
      );
      expect(seen.done).toBeGreaterThan(0);
      expect(seen.open).toBeGreaterThan(0);
    },
    historyTimeoutMs,
  );
});
