/** Money between accounts: nothing is made or lost, and nobody sees half a transfer. */
import fc from "fast-check";
import type { Fault } from "../../src/testing/index.js";
import {
  histories,
  historyTimeoutMs,
  type Outcome,
  openClients,
  outcomeOf,
  skies,
  type Weather,
  weather,
} from "./clients.js";

const accounts = ["a", "b", "c"];

const transfers = fc.array(
  fc.array(
    fc.record({
      from: fc.nat(2),
      step: fc.integer({ min: 1, max: 2 }),
      amount: fc.integer({ min: 1, max: 9 }),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  { minLength: 2, maxLength: 2 },
);

/** Answers that are lost, and conflicts after them, which tell nothing of what became of the first. */
const storm: fc.Arbitrary<Weather> = fc.record({
  seed: fc.integer(),
  rate: fc.constantFrom(0.5, 0.7),
  faults: fc.constant<Fault[]>(["answerLost", "transactionConflict"]),
});

describe.each(skies)("on $name", ({ overTcp, share, ...engine }) => {
  const clients = openClients(engine, { overTcp });

  const withTransactions = engine.engine === "dynalite" ? test.skip : test;

  withTransactions(
    "the sum stays, for every reader too, and each transfer is done once or not at all",
    async () => {
      const seen = { done: 0, refused: 0, open: 0, reads: 0, readsWhileWriting: 0 };
      await fc.assert(
        fc.asyncProperty(transfers, fc.oneof(weather, storm), async (all, sky) => {
          const userId = clients.begin(sky);
          const { competitor, project } = clients.table.data;
          const keyOf = (account: number) => ({
            userId,
            competitorId: accounts[account % 3] ?? "",
          });
          for (const account of accounts.keys()) {
            await competitor.put({ ...keyOf(account), data: { name: "n", reviewCount: 100 } });
          }
          const sumOf = (items: readonly ({ data: { reviewCount?: number | null } } | null)[]) =>
            items.reduce((sum, item) => sum + (item?.data.reviewCount ?? 0), 0);
          const amounts = new Map<string, { outcome: Outcome<unknown>; moves: number[] }>();

          const writer = async (list: (typeof all)[number], client: number) => {
            const { data } = clients.all[client]!;
            for (const [round, { from, step, amount }] of list.entries()) {
              const [source, target] = [keyOf(from), keyOf(from + step)];
              const read = await outcomeOf(
                data.transaction.get((tx) => [
                  tx.competitor.get(source),
                  tx.competitor.get(target),
                ]),
              );
              if (read.is !== "done") continue;
              seen.reads += 1;
              const [a, b] = read.result;
              if (a === null || b === null) throw new Error("an account is gone");
              const receipt = `${client}.${round}`;
              const outcome = await outcomeOf(
                data.transaction.write((tx) => [
                  tx.competitor.update(
                    source,
                    { reviewCount: (a.data.reviewCount ?? 0) - amount },
                    { ifUpdatedAt: a.updatedAt },
                  ),
                  tx.competitor.update(
                    target,
                    { reviewCount: (b.data.reviewCount ?? 0) + amount },
                    { ifUpdatedAt: b.updatedAt },
                  ),
                  tx.project.create({ userId, projectId: receipt, data: { name: receipt } }),
                ]),
              );
              seen[outcome.is] += 1;
              const moves = [0, 0, 0];
              moves[from % 3] = -amount;
              moves[(from + step) % 3] = amount;
              amounts.set(receipt, { outcome, moves });
            }
          };
          let writing = true;
          const reader = async () => {
            while (writing) {
              const { data } = clients.all[2]!;
              const read = await outcomeOf(
                data.transaction.get((tx) => [0, 1, 2].map((one) => tx.competitor.get(keyOf(one)))),
              );
              if (read.is !== "done") continue;
              expect(sumOf(read.result)).toBe(300);
              if (writing) seen.readsWhileWriting += 1;
            }
          };
          const reading = reader();
          await Promise.all(all.map(writer));
          writing = false;
          await reading;

          clients.calm();
          const last = await competitor.batchGet([0, 1, 2].map(keyOf), { consistent: true });
          const receipts = (await project.query({ userId })).items.map((item) => item.projectId);
          const balances = [100, 100, 100];
          for (const [receipt, { outcome, moves }] of amounts) {
            const isThere = receipts.includes(receipt);
            if (outcome.is !== "open") expect(isThere).toBe(outcome.is === "done");
            if (isThere) for (const [account, move] of moves.entries()) balances[account]! += move;
          }
          expect(last.map((item) => item?.data.reviewCount)).toEqual(balances);
        }),
        histories(share * 60),
      );
      expect(seen.done).toBeGreaterThan(0);
      expect(seen.refused).toBeGreaterThan(0);
      expect(seen.reads).toBeGreaterThan(seen.done);
      expect(seen.readsWhileWriting).toBeGreaterThan(0);
    },
    historyTimeoutMs,
  );
});
