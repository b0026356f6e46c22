/** The calls that a handler can expose and a client can make: which arguments they take, and what they do. */

/** What a call takes besides what its store checks itself. */
export interface CallRule {
  /** How many arguments stand before the options. */
  readonly before: number;
  /** The option or argument that says how much is read, which is capped. */
  readonly limit?: "option" | "first";
  /** Whether its first argument is a list, of which the length is limited. */
  readonly list?: true;
  /** Whether the first argument is a partition, of which a scope of a user fixes all parts. */
  readonly partition?: true;
  /** The call of the scope that does the work, if it has another name. */
  readonly as?: string;
  /** Of a mutation: what a repeat of it answers with. A call without it only reads. */
  readonly outcome?: Outcome;
}

/**
 * What a repeat of a mutation that was carried out answers with: the item as it is now, `null` because the
 * item is gone, or the same value, which is no item.
 */
export type Outcome = "item" | "gone" | "value";

type Rules = Readonly<Record<string, CallRule>>;

/** The calls of every store. `check` sends nothing, and runs where the schema is. */
export const storeCalls: Rules = {
  get: { before: 1 },
  getOrThrow: { before: 1 },
  query: { before: 1, limit: "option", partition: true },
  list: { before: 1, limit: "option", partition: true, as: "query" },
  count: { before: 1, partition: true },
  queryBy: { before: 2, limit: "option" },
  listBy: { before: 2, limit: "option", as: "queryBy" },
  countBy: { before: 2 },
  batchGet: { before: 1, list: true },
  create: { before: 1, outcome: "item" },
  put: { before: 1, outcome: "item" },
  upsert: { before: 1, outcome: "item" },
  update: { before: 2, outcome: "item" },
  delete: { before: 1, outcome: "gone" },
  batchPut: { before: 1, list: true, outcome: "value" },
  batchDelete: { before: 1, list: true, outcome: "value" },
};

/**
 * The use cases, by their groups. One without a group has its own name. Those of `oauth` that give or take
 * tokens are left out: a token never travels.
 */
export const useCases: Readonly<Record<string, Rules>> = {
  dashboard: { dashboard: { before: 0 } },
  brandAuditPage: { brandAuditPage: { before: 0 } },
  projects: {
    listWithContent: { before: 0 },
    deleteAndUnfile: { before: 1, outcome: "value" },
  },
  profiles: {
    save: { before: 2, outcome: "item" },
    setPhoto: { before: 2, outcome: "value" },
  },
  reviews: {
    byId: { before: 1 },
    deleteById: { before: 1, outcome: "gone" },
    newest: { before: 1, limit: "first" },
  },
  oauth: {
    isConnected: { before: 1 },
    remove: { before: 1, outcome: "gone" },
  },
};

/** A collection by its name. */
export function collectionRule(name: string): CallRule {
  return name === "recent" ? { before: 0, limit: "option" } : { before: 0 };
}

/** What a call is, by its names; `undefined` if no handler can expose it. An own store may have any name. */
export function ruleOf(store: string, call: string): CallRule | undefined {
  if (store === "collections") return collectionRule(call);
  const rules = Object.hasOwn(useCases, store) ? useCases[store] : undefined;
  const from = rules !== undefined && Object.hasOwn(rules, call) ? rules : storeCalls;
  return Object.hasOwn(from, call) ? from[call] : undefined;
}
