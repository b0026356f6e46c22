/** An update's changes, made in a payload at hand as DynamoDB makes them in a stored one. */
import type { PathSegments } from "../conditions/placeholders.js";
import type { ReadChanges } from "../entity/update-input.js";

type Changed = Pick<ReadChanges, "changes" | "removals">;

/**
 * Makes the changes in a payload. The parents of nested changes exist in it.
 *
 * Positions in a list are those before the update: a value that is set beyond the end is appended, and
 * what is removed goes when all is set.
 */
export function applyChanges(
  data: Record<string, unknown>,
  { changes, removals }: Changed,
): Record<string, unknown> {
  const lists = new Map<unknown[], Edits>();
  const editsOf = (list: unknown[]) => {
    const edits = lists.get(list) ?? { beyond: new Map(), removed: new Set() };
    lists.set(list, edits);
    return edits;
  };
  // Removals find their places before values are set: both name what is stored.
  const leaving = removals.map((path) => [parentOf(data, path), path.at(-1)] as const);
  const arriving = changes.map(
    ({ path, value }) => [parentOf(data, path), path.at(-1), value] as const,
  );
  for (const [parent, last, value] of arriving) {
    if (!Array.isArray(parent)) parent[last as string] = value;
    else if (Number(last) < parent.length) parent[Number(last)] = value;
    else editsOf(parent).beyond.set(Number(last), value);
  }
  for (const [parent, last] of leaving) {
    if (!Array.isArray(parent)) delete parent[last as string];
    else editsOf(parent).removed.add(Number(last));
  }
  for (const [list, { beyond, removed }] of lists) {
    const kept = list.filter((_, index) => !removed.has(index));
    const appended = [...beyond].sort(([a], [b]) => a - b).map(([, value]) => value);
    list.splice(0, list.length, ...kept, ...appended);
  }
  return data;
}

/** What becomes of a list besides the values that it has. */
interface Edits {
  /** Values by the positions that were named for them. */
  readonly beyond: Map<number, unknown>;
  readonly removed: Set<number>;
}

type Container = unknown[] | Record<string, unknown>;

function parentOf(data: Record<string, unknown>, path: PathSegments): Container {
  let parent: Container = data;
  for (const segment of path.slice(0, -1)) {
    // A name in a map, or a position in a list: the write has checked that it is there.
    parent = (parent as Record<string | number, Container>)[segment] as Container;
  }
  return parent;
}
