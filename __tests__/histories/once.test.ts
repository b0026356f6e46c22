/** What happens once: increments under a lock, claims under a condition, creates, generated ids. */
import fc from "fast-check";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import {
  histories,
  historyTimeoutMs,
  type Outcome,
  openClients,
  outcomeOf,
  skies,
  weather,
} from "./clients.js";

/** What all histories of a test came to: a test that met no success, or no refusal, showed nothing. */
const tally = () => ({ done: 0, refused: 0, open: 0 });
const add = (seen: ReturnType<typeof tally>, outcomes: Iterable<Outcome<unknown>>) => {
  for (const { is } of outcomes) seen[is] += 1;
};

const countOf = (outcomes: readonly Outcome<unknown>[], is: string) =>
  outcomes.filter((outcome) => outcome.is === is).length;

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
    "of many who claim an item under a condition one gets it, and those who were refused did not",
    async () => {
      const seen = tally();
      await fc.assert(
        fc.asyncProperty(weather, async (sky) => {
          const key = { userId: clients.begin(sky), projectId: "p" };
          const { project } = clients.table.data;
          await project.put({ ...key, data: { name: "free" } });
          const claims = await Promise.all(
            [...clients.all, ...clients.all].map(({ data }, claimer) =>
              outcomeOf(
                data.project.update(key, { name: `owner ${claimer}` }, { where: { name: "free" } }),
              ),
            ),
          );
          add(seen, claims);
          clients.calm();
          const { data: last } = await project.getOrThrow(key, { consistent: true });
          const owner = claims[Number(/\d+$/.exec(last.name)?.[0])];
          expect(countOf(claims, "done")).toBeLessThanOrEqual(1);
          if (countOf(claims, "done") === 1) expect(owner?.is).toBe("done");
          else expect([undefined, "open"]).toContain(owner?.is);
          if (countOf(claims, "open") === 0) expect(countOf(claims, "done")).toBe(1);
        }),
        histories(share * 20),
      );
      expect(seen.done).toBeGreaterThan(0);
      expect(seen.refused).toBeGreaterThan(seen.done);
    },
    historyTimeoutMs,
  );

  test(
    "of many who create an item one does, and those who were refused did not",
    async () => {
      const seen = tally();
      await fc.assert(
        fc.asyncProperty(weather, async (sky) => {
          const key = { userId: clients.begin(sky), projectId: "p" };
          const creates = await Promise.all(
            [...clients.all, ...clients.all].map(({ data }, creator) =>
              outcomeOf(data.project.create({ ...key, data: { name: `${creator}` } })),
            ),
          );
          add(seen, creates);
          clients.calm();
          const last = await clients.table.data.project.get(key, { consistent: true });
          expect(countOf(creates, "done")).toBeLessThanOrEqual(1);
          const creator = last === null ? undefined : creates[Number(last.data.name)];
          if (countOf(creates, "done") === 1) expect(creator?.is).toBe("done");
          else if (last !== null) expect(creator?.is).toBe("open");
        }),
        histories(share * 20),
      );
      expect(seen.done).toBeGreaterThan(0);
      expect(seen.refused).toBeGreaterThan(seen.done);
    },
    historyTimeoutMs,
  );

  test(
    "an item with a generated id is there once where it was acknowledged, and once at most else",
    async () => {
      const seen = tally();
      await fc.assert(
        fc.asyncProperty(weather, fc.integer({ min: 1, max: 8 }), async (sky, count) => {
          const userId = clients.begin(sky);
          const creates = new Map<string, Outcome<unknown>>();
          await Promise.all(
            clients.all.flatMap(({ data }, client) =>
              Array.from({ length: count }, async (_, index) => {
                const name = `${client}.${index}`;
                creates.set(name, await outcomeOf(data.project.create({ userId, data: { name } })));
              }),
            ),
          );
          add(seen, creates.values());
          clients.calm();
          const { items } = await clients.table.data.project.query({ userId });
          const found = items.map((item) => item.data.name);
          expect(new Set(found).size).toBe(found.length);
          for (const [name, outcome] of creates) {
            const { is } = outcome;
            if (is !== "open") expect([name, found.includes(name)]).toEqual([name, is === "done"]);
            // Nobody else has this id: a create that is refused did not recognise its own item.
            if (is !== "done")
              expect(outcome.error).not.toBeInstanceOf(ConditionalCheckFailedError);
          }
        }),
        histories(share * 12),
      );
      expect(seen.done).toBeGreaterThan(seen.open);
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
