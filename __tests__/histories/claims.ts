/** What one of many gets: a claim under a condition, an item's key, a generated id. */
import fc from "fast-check";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { storeOf } from "../subjects.js";
import {
  add,
  calmWeather,
  countOf,
  histories,
  type Outcome,
  outcomeOf,
  tally,
  weather,
} from "./clients.js";
import { openSetting, type Setting } from "./settings.js";
import { oneOf, type Subject } from "./subjects.js";

/** Opens the clients of a block. @returns the tests of claims, of creates, and of generated ids */
export function claims(setting: Setting, ofLists: fc.Arbitrary<Subject> = setting.subjects) {
  const clients = openSetting(setting);
  const { subjects, share = 1 } = setting;
  const twice = () => [...clients.all, ...clients.all];

  const conditions = async (): Promise<void> => {
    const seen = tally();
    await fc.assert(
      fc.asyncProperty(weather, subjects, async (sky, subject) => {
        const { dataOf, valueIn, texts } = subject;
        const input = subject.input(clients.begin(sky), "p", dataOf("free"));
        const key = subject.key(input);
        const calm = storeOf(clients.table.data, subject);
        await calm.put(input);
        const where = { [texts[0]]: "free" };
        const outcomes = await Promise.all(
          twice().map(({ data }, claimer) =>
            outcomeOf(storeOf(data, subject).update(key, dataOf(`owner ${claimer}`), { where })),
          ),
        );
        add(seen, outcomes);
        clients.calm();
        const last = await calm.getOrThrow(key, { consistent: true });
        await subject.check(clients.table, last);
        const owner = outcomes[Number(/\d+$/.exec(valueIn(last.data))?.[0])];
        expect(countOf(outcomes, "done")).toBeLessThanOrEqual(1);
        if (countOf(outcomes, "done") === 1) expect(owner?.is).toBe("done");
        else expect([undefined, "open"]).toContain(owner?.is);
        if (countOf(outcomes, "open") === 0) expect(countOf(outcomes, "done")).toBe(1);
      }),
      { ...histories(share * 10), examples: [[calmWeather, oneOf(subjects)]] },
    );
    expect(seen.done).toBeGreaterThan(0);
    expect(seen.refused).toBeGreaterThan(seen.done);
  };

  const creates = async (): Promise<void> => {
    const seen = tally();
    await fc.assert(
      fc.asyncProperty(weather, subjects, async (sky, subject) => {
        const input = subject.input(clients.begin(sky), "p");
        const outcomes = await Promise.all(
          twice().map(({ data }, creator) =>
            outcomeOf(
              storeOf(data, subject).create({
                ...input,
                data: { ...input.data, ...subject.dataOf(`${creator}`) },
              }),
            ),
          ),
        );
        add(seen, outcomes);
        clients.calm();
        const calm = storeOf(clients.table.data, subject);
        const last = await calm.get(subject.key(input), { consistent: true });
        expect(countOf(outcomes, "done")).toBeLessThanOrEqual(1);
        const creator = last === null ? undefined : outcomes[Number(subject.valueIn(last.data))];
        if (countOf(outcomes, "done") === 1) expect(creator?.is).toBe("done");
        else if (last !== null) expect(creator?.is).toBe("open");
        if (last !== null) await subject.check(clients.table, last);
      }),
      { ...histories(share * 10), examples: [[calmWeather, oneOf(subjects)]] },
    );
    expect(seen.done).toBeGreaterThan(0);
    expect(seen.refused).toBeGreaterThan(seen.done);
  };

  const ids = async (): Promise<void> => {
    const seen = tally();
    const counts = fc.integer({ min: 1, max: 8 });
    await fc.assert(
      fc.asyncProperty(weather, counts, ofLists, async (sky, count, subject) => {
        const { id = "", ...rest } = { id: subject.id, ...subject.input(clients.begin(sky), "p") };
        const outcomes = new Map<string, Outcome<unknown>>();
        const create = async (data: object, value: string) => {
          const payload = { ...rest.data, ...subject.dataOf(value) };
          const made = storeOf(data, subject).create({ ...rest, [id]: undefined, data: payload });
          outcomes.set(value, await outcomeOf(made));
        };
        await Promise.all(
          clients.all.flatMap(({ data }, client) =>
            Array.from({ length: count }, (_, index) => create(data, `${client}.${index}`)),
          ),
        );
        add(seen, outcomes.values());
        clients.calm();
        const calm = storeOf(clients.table.data, subject);
        const { items } = await calm.query(subject.partition(rest));
        const found = items.map((item) => subject.valueIn(item.data));
        expect(new Set(found).size).toBe(found.length);
        for (const [value, outcome] of outcomes) {
          const { is } = outcome;
          if (is !== "open") expect([value, found.includes(value)]).toEqual([value, is === "done"]);
          // Nobody else has this id: a create that is refused did not recognise its own item.
          if (is !== "done") expect(outcome.error).not.toBeInstanceOf(ConditionalCheckFailedError);
        }
      }),
      { ...histories(share * 8), examples: [[calmWeather, 8, oneOf(ofLists)]] },
    );
    expect(seen.done).toBeGreaterThan(seen.open);
  };

  return { conditions, creates, ids };
}
