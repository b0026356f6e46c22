/** The user and the agent of the demonstration, chosen from the documents that were loaded. */
import type { SourceItem } from "../move/firestore/map-document.js";

export interface Cast {
  /** The user with the most kinds of items, and of those the one with the most items. */
  readonly userId: string;
  /** The agent with the most reviews; `undefined` if there are none. */
  readonly agentId: string | undefined;
}

export interface Casting {
  /** Notes an item that was accepted. */
  see(item: SourceItem): void;
  choose(): Cast;
}

export function createCasting(): Casting {
  const users = new Map<string, { readonly kinds: Set<string>; items: number }>();
  const agents = new Map<string, number>();
  return {
    see: ({ facade, key: { userId, agentId } }) => {
      if (typeof userId === "string") {
        const user = users.get(userId) ?? { kinds: new Set(), items: 0 };
        users.set(userId, user);
        user.kinds.add(facade);
        user.items += 1;
      }
      if (typeof agentId === "string") agents.set(agentId, (agents.get(agentId) ?? 0) + 1);
    },
    choose: () => ({
      userId: best(users, ({ kinds, items }) => kinds.size * 1e9 + items) ?? "nobody-yet",
      agentId: best(agents, (reviews) => reviews),
    }),
  };
}

function best<T>(candidates: ReadonlyMap<string, T>, score: (value: T) => number) {
  let chosen: string | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  for (const [name, value] of candidates) {
    if (score(value) <= highest) continue;
    chosen = name;
    highest = score(value);
  }
  return chosen;
}
