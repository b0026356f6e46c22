/** What happens once: increments under a lock, additions, and the changes of a field. */
import fc from "fast-check";
import type { AnyItem } from "../registry.js";
import { storeOf } from "../subjects.js";
import {
  add,
  calmWeather,
  countOf,
  histories,
  type Outcome,
  outcomeOf,
  tally,
  type Weather,
  weather,
} from "./clients.js";
import { openSetting, type Setting } from "./settings.js";
import { oneOf, type Subject } from "./subjects.js";

/** Opens the clients of a block. @returns the tests of increments, of additions and of fields */
export function once(setting: Setting) {
  const clients = openSetting(setting);
  const { subjects, share = 1 } = setting;
  const examples: [Weather, number, Subject][] = [[calmWeather, 6, oneOf(subjects)]];

  const increments = async (): Promise<void> => {
    const seen = tally();
    const reads = tally();
    const calls = fc.integer({ min: 2, max: 6 });
    await fc.assert(
      fc.asyncProperty(weather, calls, subjects, async (sky, rounds, subject) => {
        const input = subject.input(clients.begin(sky), "c", { [subject.count]: 0 });
        const key = subject.key(input);
        const countIn = ({ data }: AnyItem) => Number(data[subject.count] ?? 0);
        const calm = storeOf(clients.table.data, subject);
        const first = await calm.put(input);
        const outcomes: Outcome<AnyItem>[] = [];
        await Promise.all(
          clients.all.map(async ({ data }) => {
            const store = storeOf(data, subject);
            for (let round = 0; round < rounds; round += 1) {
              const read = await outcomeOf(store.get(key, { consistent: true }));
              reads[read.is] += 1;
              if (read.is !== "done" || read.result === null) continue;
              // Two who read the same write the same, in one millisecond too.
              const changes = { [subject.count]: countIn(read.result) + 1 };
              const lock = { ifUpdatedAt: read.result.updatedAt };
              outcomes.push(await outcomeOf(store.update(key, changes, lock)));
            }
          }),
        );
        add(seen, outcomes);
        clients.calm();
        const last = await calm.getOrThrow(key, { consistent: true });
        await subject.check(clients.table, last);
        const done = outcomes.flatMap((one) => (one.is === "done" ? [one.result] : []));
        expect(countIn(last)).toBeGreaterThanOrEqual(done.length);
        expect(countIn(last)).toBeLessThanOrEqual(done.length + countOf(outcomes, "open"));
        // UpdatedAt grows with each of them, whatever the clocks say.
        const inOrder = [...done].sort((a, b) => countIn(a) - countIn(b));
        const times = [first.updatedAt, ...inOrder.map((item) => item.updatedAt)];
        expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
      }),
      { ...histories(share * 9), examples },
    );
    expect(reads.done).toBeGreaterThan(seen.done);
    expect(seen.done).toBeGreaterThan(seen.open);
    expect(seen.refused).toBeGreaterThan(0);
  };

  const additions = async (): Promise<void> => {
    const seen = tally();
    const calls = fc.integer({ min: 2, max: 6 });
    await fc.assert(
      fc.asyncProperty(weather, calls, subjects, async (sky, rounds, subject) => {
        const input = subject.input(clients.begin(sky), "c", { [subject.count]: 0 });
        const key = subject.key(input);
        const calm = storeOf(clients.table.data, subject);
        await calm.put(input);
        const made = await Promise.all(
          clients.all.map(async ({ data }, client) => {
            const store = storeOf(data, subject);
            const outcomes: { name: string; outcome: Outcome<AnyItem> }[] = [];
            for (let round = 0; round < rounds; round += 1) {
              const name = `${client}.${round}`;
              const added = { add: { [subject.count]: 1 }, append: { names: [name] } };
              const outcome = await outcomeOf(store.update(key, {}, added as never));
              outcomes.push({ name, outcome });
              // Whoever writes the item takes away the mark by which other updates are recognised.
              const { is } = await outcomeOf(store.update(key, { [subject.texts[0]]: name }));
              seen[is] += 1;
            }
            return outcomes;
          }),
        );
        const outcomes = made.flat();
        add(
          seen,
          outcomes.map(({ outcome }) => outcome),
        );
        clients.calm();
        const { data } = await calm.getOrThrow(key, { consistent: true });
        const names = (data.names ?? []) as string[];
        expect(data[subject.count]).toBe(names.length);
        expect([...new Set(names)]).toEqual(names);
        const namesOf = (kind: string) =>
          outcomes.filter(({ outcome }) => outcome.is === kind).map(({ name }) => name);
        expect(names).toEqual(expect.arrayContaining(namesOf("done")));
        expect(names.filter((name) => namesOf("refused").includes(name))).toEqual([]);
      }),
      { ...histories(share * 9), examples },
    );
    expect(seen.done).toBeGreaterThan(seen.open);
  };

  const fields = async (): Promise<void> => {
    const seen = tally();
    const calls = fc.integer({ min: 1, max: 6 });
    await fc.assert(
      fc.asyncProperty(weather, calls, subjects, async (sky, rounds, subject) => {
        const { texts } = subject;
        const first = Object.fromEntries(texts.map((field) => [field, "0"]));
        const input = subject.input(clients.begin(sky), "c", first);
        const key = subject.key(input);
        await storeOf(clients.table.data, subject).put(input);
        const possible = await Promise.all(
          texts.map(async (field, client) => {
            const values = new Set(["0"]);
            const store = storeOf(clients.all[client]!.data, subject);
            for (let round = 1; round <= rounds; round += 1) {
              const { is } = await outcomeOf(store.update(key, { [field]: `${round}` }));
              seen[is] += 1;
              if (sky.rate === 0) expect(is).toBe("done");
              if (is === "done") values.clear();
              if (is !== "refused") values.add(`${round}`);
            }
            return values;
          }),
        );
        clients.calm();
        const store = storeOf(clients.table.data, subject);
        const last = await store.getOrThrow(key, { consistent: true });
        for (const [index, field] of texts.entries()) {
          expect([...(possible[index] ?? [])]).toContain(last.data[field]);
        }
        await subject.check(clients.table, last);
      }),
      { ...histories(share * 9), examples },
    );
    expect(seen.done).toBeGreaterThan(seen.open);
  };

  return { increments, additions, fields };
}
