/** Money between accounts: nothing is made or lost, and nobody sees half a transfer. */
import fc from "fast-check";
import type { Fault } from "../../src/testing/index.js";
import type { AnyItem, AnyStore } from "../registry.js";
import { storeOf } from "../subjects.js";
import {
  calmWeather,
  histories,
  type Outcome,
  outcomeOf,
  type Weather,
  weather,
} from "./clients.js";
import { openSetting, type Setting } from "./settings.js";
import { oneOf, type Subject } from "./subjects.js";

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

/** The calls of a transaction, without an entity's own types. */
type Calls = Readonly<Record<string, Readonly<Record<string, (...given: unknown[]) => unknown>>>>;
interface Transactions {
  readonly transaction: {
    get(build: (tx: Calls) => unknown[]): Promise<readonly (AnyItem | null)[]>;
    write(build: (tx: Calls) => unknown[]): Promise<unknown>;
  };
}

/** The accounts of one user, and receipts of what was moved between them: items of one entity. */
function accountsOf(subject: Subject, user: string) {
  const { name, count } = subject;
  const inputOf = (id: string, data: Readonly<Record<string, unknown>>) =>
    subject.input(user, id, data);
  const keyOf = (id: string) => subject.key(inputOf(id, {}));
  const accountOf = (account: number) => keyOf(accounts[account % 3] ?? "");
  const amountIn = (item: AnyItem | null) => Number(item?.data[count] ?? 0);
  return {
    accountOf,
    amountIn,
    keyOf,
    open: async (store: AnyStore) => {
      for (const id of accounts) await store.put(inputOf(id, { [count]: 100 }));
    },
    read: (data: object, wanted: readonly number[]) =>
      outcomeOf(
        (data as Transactions).transaction.get((tx) =>
          wanted.map((account) => tx[name]?.get?.(accountOf(account))),
        ),
      ),
    /** Moves an amount between two accounts as they were read, and files a receipt. */
    transfer: (
      data: object,
      receipt: string,
      moves: readonly { readonly item: AnyItem; readonly by: number }[],
    ) =>
      outcomeOf(
        (data as Transactions).transaction.write((tx) => [
          ...moves.map(({ item, by }) => {
            // A field that index keys are made of changes with the amount.
            const changes = { [count]: amountIn(item) + by, [subject.texts[1]]: receipt };
            const lock = { ifUpdatedAt: item.updatedAt };
            return tx[name]?.update?.(subject.key(item), changes, lock);
          }),
          tx[name]?.create?.(inputOf(receipt, { [count]: 0 })),
        ]),
      ),
  };
}

/** Opens the clients of a block. @returns the test of transfers between accounts of one user */
export function transactions(setting: Setting): () => Promise<void> {
  const clients = openSetting(setting);

  return async () => {
    const seen = { done: 0, refused: 0, open: 0, reads: 0, readsWhileWriting: 0 };
    const skies = fc.oneof(weather, storm);
    const property = fc.asyncProperty(
      transfers,
      skies,
      setting.subjects,
      async (all, sky, subject) => {
        const user = clients.begin(sky);
        const store = storeOf(clients.table.data, subject);
        const { accountOf, amountIn, keyOf, open, read, transfer } = accountsOf(subject, user);
        await open(store);
        const amounts = new Map<string, { outcome: Outcome<unknown>; moves: number[] }>();

        const writer = async (list: (typeof all)[number], client: number) => {
          const { data } = clients.all[client]!;
          for (const [round, { from, step, amount }] of list.entries()) {
            const found = await read(data, [from, from + step]);
            if (found.is !== "done") continue;
            seen.reads += 1;
            const [a, b] = found.result;
            if (a == null || b == null) throw new Error("an account is gone");
            const receipt = `${client}.${round}`;
            const both = [
              { item: a, by: -amount },
              { item: b, by: amount },
            ];
            const outcome = await transfer(data, receipt, both);
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
            const found = await read(clients.all[2]!.data, [0, 1, 2]);
            if (found.is !== "done") continue;
            expect(found.result.reduce((sum, item) => sum + amountIn(item), 0)).toBe(300);
            if (writing) seen.readsWhileWriting += 1;
          }
        };
        const reading = reader();
        await Promise.all(all.map(writer));
        writing = false;
        await reading;

        clients.calm();
        const last = await store.batchGet([0, 1, 2].map(accountOf), { consistent: true });
        const receipts = await store.batchGet([...amounts.keys()].map(keyOf), { consistent: true });
        const balances = [100, 100, 100];
        for (const [index, { outcome, moves }] of [...amounts.values()].entries()) {
          const isThere = receipts[index] !== null;
          if (outcome.is !== "open") expect(isThere).toBe(outcome.is === "done");
          if (isThere) for (const [account, move] of moves.entries()) balances[account]! += move;
        }
        expect(last.map(amountIn)).toEqual(balances);
        for (const item of [...last, ...receipts]) {
          if (item !== null) await subject.check(clients.table, item);
        }
      },
    );
    // Both writers move what the other one moves, again and again.
    const moves = Array.from({ length: 5 }, (_, from) => ({ from: from % 3, step: 1, amount: 1 }));
    await fc.assert(property, {
      ...histories((setting.share ?? 1) * 24),
      examples: [[[moves, moves], calmWeather, oneOf(setting.subjects)]],
    });
    expect(seen.done).toBeGreaterThan(0);
    expect(seen.refused).toBeGreaterThan(0);
    expect(seen.reads).toBeGreaterThan(seen.done);
    expect(seen.readsWhileWriting).toBeGreaterThan(0);
  };
}
