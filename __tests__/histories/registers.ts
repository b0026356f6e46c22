/** One item, several clients: create, locked update, locked delete and consistent get, one after the other. */
import fc from "fast-check";
import { storeOf } from "../subjects.js";
import { histories, isLost, outcomeOf, weather } from "./clients.js";
import { type Event, isLinearizable, type Span } from "./linearizable.js";
import { openSetting, type Setting } from "./settings.js";

type Call = Event["call"];

interface Put {
  readonly Item?: { readonly UpdatedAt?: { readonly N?: string } };
}

const programs = fc.array(
  fc.array(fc.constantFrom<Call>("get", "create", "update", "update", "delete"), {
    minLength: 2,
    maxLength: 6,
  }),
  { minLength: 3, maxLength: 3 },
);

/** Opens the clients of a block. @returns the test of what they see of one item */
export function observed(setting: Setting): () => Promise<void> {
  const { hedgedReads, subjects } = setting;
  const clients = openSetting(setting);

  return async () => {
    const seen = { done: 0, refused: 0, open: 0 };
    await fc.assert(
      fc.asyncProperty(programs, weather, subjects, async (all, sky, subject) => {
        const { dataOf, valueIn } = subject;
        const input = subject.input(clients.begin(sky), "p");
        const key = subject.key(input);
        const spans: Span[] = [];
        const timeOf = new Map<string, number>();
        const unseen = new Map<string, number>();
        let time = 0;
        const note = (item: { data: Record<string, unknown>; updatedAt: number } | null) => {
          if (item === null) return null;
          const value = valueIn(item.data);
          timeOf.set(value, item.updatedAt);
          return value;
        };

        const run = async (call: Call, value: string, lock: number, client: number) => {
          const store = storeOf(clients.all[client]!.data, subject);
          const events = {
            get: async (): Promise<Event | undefined> => {
              const { is, ...rest } = await outcomeOf(store.get(key, { consistent: true }));
              return "result" in rest ? { call: "get", value: note(rest.result) } : undefined;
            },
            create: async (): Promise<Event> => {
              const outcome = await outcomeOf(
                store.create({ ...input, data: { ...input.data, ...dataOf(value) } }),
              );
              seen[outcome.is] += 1;
              if (outcome.is === "done") note(outcome.result);
              return { call: "create", value, is: isOf(outcome) };
            },
            update: async (): Promise<Event> => {
              const changed = store.update(key, dataOf(value), { ifUpdatedAt: lock });
              const outcome = await outcomeOf(changed);
              seen[outcome.is] += 1;
              if (outcome.is === "done") note(outcome.result);
              return { call: "update", value, lock, is: isOf(outcome) };
            },
            delete: async (): Promise<Event> => {
              const outcome = await outcomeOf(store.delete(key, { ifUpdatedAt: lock }));
              seen[outcome.is] += 1;
              const gone = outcome.is === "done" && outcome.result === null;
              return { call: "delete", lock, is: gone ? "gone" : isOf(outcome) };
            },
          };
          const begin = time++;
          const { requests } = clients.all[client]!.wire;
          const before = requests.length;
          const event = await events[call]();
          const end = time++;
          if (event !== undefined) spans.push({ begin, end, event });
          if (event?.call !== "create") return;
          // An item that nobody saw before it was changed has the time that its request gave it. It may be
          // that of an item deleted in the same millisecond, and then a lock on that one holds on both.
          for (const { operation, input } of requests.slice(before)) {
            const stored = (input as Put | undefined)?.Item?.UpdatedAt?.N;
            if (operation !== "PutItem" || stored === undefined || timeOf.has(value)) continue;
            unseen.set(value, Number(stored));
          }
          // A create that was carried out, lost its answer, and was sent again after another's delete
          // takes effect twice: nothing that DynamoDB keeps tells that the item has been there.
          for (const request of requests.slice(before, -1)) {
            if (request.operation !== "PutItem" || !isLost(request)) continue;
            spans.push({ begin, end, event: { ...event, is: "open" } });
          }
        };

        await Promise.all(
          all.map(async (calls, client) => {
            for (const [index, call] of calls.entries()) {
              // The latest version that anybody saw: locks then meet each other.
              const lock = Math.max(0, ...timeOf.values());
              await run(call, `${client}.${index}`, lock, client);
            }
          }),
        );
        clients.calm();
        const store = storeOf(clients.table.data, subject);
        const found = await store.get(key, { consistent: true });
        const last = note(found);
        if (found !== null) await subject.check(clients.table, found);
        if (!isLinearizable(spans, new Map([...unseen, ...timeOf]), last)) {
          const story = spans.sort((a, b) => a.begin - b.begin).map((span) => JSON.stringify(span));
          const times = JSON.stringify(Object.fromEntries([...unseen, ...timeOf]));
          const lines = [
            "no order of the calls explains",
            ...story,
            `times ${times}`,
            `last ${last}`,
          ];
          throw new Error(lines.join("\n"));
        }
      }),
      histories((setting.share ?? 1) * 14),
    );
    // The histories were worth the name.
    expect(Object.values(seen).every((calls) => calls > 0)).toBe(true);
    expect(clients.hedged > 0).toBe(hedgedReads !== false);
  };
}

function isOf(outcome: {
  is: string;
  error?: { code: string | undefined };
}): "done" | "refused" | "missing" | "open" {
  if (outcome.is === "open") return "open";
  if (outcome.is === "done") return "done";
  if (outcome.error?.code === "ItemNotFound") return "missing";
  if (outcome.error?.code === "ConditionalCheckFailedException") return "refused";
  return "open";
}
