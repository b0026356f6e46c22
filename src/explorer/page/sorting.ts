/** Sorts items in steps: the page stands still for none of them, however many items there are. */
import type { SentItem } from "../protocol.js";
import { ownOf } from "./draft.js";
import { jsonText } from "./format.js";

/** The column that items are sorted by. */
export interface SortedBy {
  readonly id: string;
  readonly desc: boolean;
}

/** An item with its value in the column, which is taken once. */
interface Keyed {
  readonly item: SentItem;
  readonly value: string | number;
}

type Compare = (a: Keyed, b: Keyed) => number;

/** Items that are keyed and sorted in a step, and merged in one. The value of an item may be large. */
const [firstStep, mergeStep] = [500, 4_000];

/**
 * The items in the order of a column. Those without a value come last in both directions; those that are
 * alike stay in their order. A step is over at each `yield`.
 */
export function* sorting(
  items: readonly SentItem[],
  { id, desc }: SortedBy,
): Generator<void, readonly SentItem[], void> {
  const compare = comparing(desc ? -1 : 1);
  let runs: (readonly Keyed[])[] = [];
  for (let from = 0; from < items.length; from += firstStep) {
    const run = items.slice(from, from + firstStep).map((item) => keyed(item, id));
    runs.push(run.sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const merged: (readonly Keyed[])[] = [];
    for (let at = 0; at < runs.length; at += 2) {
      merged.push(yield* merge(runs[at] ?? [], runs[at + 1] ?? [], compare));
    }
    runs = merged;
  }
  return (runs[0] ?? []).map(({ item }) => item);
}

function* merge(
  one: readonly Keyed[],
  other: readonly Keyed[],
  compare: Compare,
): Generator<void, readonly Keyed[], void> {
  const merged: Keyed[] = [];
  let [at, otherAt] = [0, 0];
  for (;;) {
    const [a, b] = [one[at], other[otherAt]];
    if (a === undefined && b === undefined) return merged;
    if (b === undefined || (a !== undefined && compare(a, b) <= 0)) {
      // Only one of the two is missing.
      merged.push(a as Keyed);
      at += 1;
    } else {
      merged.push(b);
      otherAt += 1;
    }
    if (merged.length % mergeStep === 0) yield;
  }
}

function comparing(direction: 1 | -1): Compare {
  return ({ value: a }, { value: b }) => {
    if (a === b) return 0;
    if (a === "" || b === "") return a === "" ? 1 : -1;
    // Numbers before texts, as DynamoDB has no order between them.
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a < b ? -direction : direction;
  };
}

function keyed(item: SentItem, id: string): Keyed {
  const value = valueIn(item, id);
  return { item, value: typeof value === "number" ? value : textOf(value) };
}

/** What an item has in a column. */
function valueIn({ key, data, createdAt, updatedAt }: SentItem, id: string): unknown {
  if (id.startsWith("data.")) return ownOf(data, id.slice("data.".length));
  if (id === "updatedAt") return updatedAt;
  return ownOf(key, id) ?? createdAt;
}

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : value == null ? "" : jsonText(value, 0);
