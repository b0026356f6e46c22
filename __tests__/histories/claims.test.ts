/** What one of many gets: a claim under a condition, an item's key, a generated id. */
import fc from "fast-check";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
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
});
