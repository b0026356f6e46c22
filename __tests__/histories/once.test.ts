/** What happens once: increments under a lock, and the changes of a field. */
import fc from "fast-check";
import {
  add,
  countOf,
  histories,
  historyTimeoutMs,
  type Outcome,
  openClients,
  outcomeOf,
  skies,
  tally,
  weather,
} from "./clients.js";

describe.each(skies)("on $name", ({ overTcp, share, ...engine }) => {
  const clients = openClients(engine, { overTcp });

  test(
    "a counter under a lock counts each increment that was acknowledged, once",
    async () => {
      const seen = tally();
      const reads = tally();
      await fc.assert(
        fc.asyncProperty(weather, fc.integer({ min: 2, max: 6 }), async (sky, rounds) => {
          const key = { userId: clients.begin(sky), competitorId: "c" };
          const { competitor } = clients.table.data;
          const first = await competitor.put({ ...key, data: { name: "first", reviewCount: 0 } });
          const outcomes: Outcome<{ updatedAt: number; data: { reviewCount?: number | null } }>[] =
            [];
          await Promise.all(
            clients.all.map(async ({ data }) => {
              for (let round = 0; round < rounds; round += 1) {
                const read = await outcomeOf(data.competitor.get(key, { consistent: true }));
                reads[read.is] += 1;
                if (read.is !== "done" || read.result === null) continue;
                const { updatedAt, data: was } = read.result;
                // Two who read the same write the same, in one millisecond too.
                const changes = { reviewCount: (was.reviewCount ?? 0) + 1 };
                const lock = { ifUpdatedAt: updatedAt };
                outcomes.push(await outcomeOf(data.competitor.update(key, changes, lock)));
              }
            }),
          );
          add(seen, outcomes);
          clients.calm();
          const last = await competitor.getOrThrow(key, { consistent: true });
          const count = last.data.reviewCount ?? 0;
          const done = outcomes.flatMap((outcome) =>
            outcome.is === "done" ? [outcome.result] : [],
          );
          expect(count).toBeGreaterThanOrEqual(done.length);
          expect(count).toBeLessThanOrEqual(done.length + countOf(outcomes, "open"));
          // UpdatedAt grows with each of them, whatever the clocks say.
          const inOrder = [...done].sort(
            (a, b) => (a.data.reviewCount ?? 0) - (b.data.reviewCount ?? 0),
          );
          const times = [first.updatedAt, ...inOrder.map((item) => item.updatedAt)];
          expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
        }),
        histories(share * 15),
      );
      expect(reads.done).toBeGreaterThan(seen.done);
      expect(seen.done).toBeGreaterThan(seen.open);
      expect(seen.refused).toBeGreaterThan(0);
    },
    historyTimeoutMs,
  );

  test(
    "each field of an item holds what its writer was last acknowledged, or what it may have written since",
    async () => {
      const fields = ["name", "agency", "website"] as const;
      const seen = tally();
      await fc.assert(
        fc.asyncProperty(weather, fc.integer({ min: 1, max: 6 }), async (sky, rounds) => {
          const key = { userId: clients.begin(sky), competitorId: "c" };
          const { competitor } = clients.table.data;
          const first = { name: "0", agency: "0", website: "0" };
          await competitor.put({ ...key, data: first });
          const possible = await Promise.all(
            fields.map(async (field, client) => {
              const values = new Set(["0"]);
              for (let round = 1; round <= rounds; round += 1) {
                const changes = { [field]: `${round}` };
                const { is } = await outcomeOf(
                  clients.all[client]!.data.competitor.update(key, changes),
                );
                seen[is] += 1;
                if (is === "done") values.clear();
                if (is !== "refused") values.add(`${round}`);
              }
              return values;
            }),
          );
          clients.calm();
          const { data } = await competitor.getOrThrow(key, { consistent: true });
          for (const [index, field] of fields.entries()) {
            expect([...(possible[index] ?? [])]).toContain(
              (data as Record<string, unknown>)[field],
            );
          }
        }),
        histories(share * 15),
      );
      expect(seen.done).toBeGreaterThan(seen.open);
    },
    historyTimeoutMs,
  );
});
