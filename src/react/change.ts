/** A change that is on its way, and what an item looks like with it. */
import { isObject } from "./touched.js";

export type Item = Readonly<Record<string, unknown>> & { readonly data: object };

/** What a write makes of an item; `null` for one that it deletes. */
export type Change = (item: Item) => Item | null;

type Path = readonly (string | number)[];

interface UpdateOptions {
  readonly set?: readonly (readonly [Path, unknown])[];
  readonly remove?: readonly (string | Path)[];
}

/** What a call does to its item, as far as a page can tell; what DynamoDB computes is shown when it is known. */
export function changeOf(call: string, input: readonly unknown[]): Change | undefined {
  const [, changes, options] = input;
  switch (call) {
    case "delete":
      return () => null;
    case "update":
      return (item) => ({
        ...item,
        data: updated(item.data, changes, (options ?? {}) as UpdateOptions),
      });
    default:
      return undefined;
  }
}

function updated(data: object, changes: unknown, { set = [], remove = [] }: UpdateOptions): object {
  const given = Object.entries(isObject(changes) ? changes : {});
  const assigned = [...given.map(([name, one]) => [[name], one] as const), ...set];
  // A field that is undefined is left as it is.
  const sets = assigned.filter(([, value]) => value !== undefined);
  const removals = remove.map((path) => [path].flat());
  const lists = [...sets.map(([path]) => path), ...removals].map((path) => path.slice(0, -1));
  let changed: unknown = data;
  for (const [path, value] of sets) changed = at(changed, path, () => value);
  for (const path of removals) changed = at(changed, path, () => gone);
  // Positions are those before the update, so lists are closed up at its end, inner ones first.
  for (const path of lists.sort((a, b) => b.length - a.length)) {
    changed = at(changed, path, closedUp);
  }
  return changed as object;
}

/** What is removed, until all is. */
const gone = Symbol();

/** A list without what was removed, and without the gap before what was set beyond its end. */
function closedUp(value: unknown): unknown {
  return Array.isArray(value) ? value.filter((one) => one !== gone) : value;
}

/** A copy of a value with another one at a path, if there is a place for it. */
function at(value: unknown, [name, ...rest]: Path, make: (stored: unknown) => unknown): unknown {
  if (name === undefined) return make(value);
  if (!isObject(value)) return value;
  const next = at(value[name], rest, make);
  if (next === undefined) return value;
  // A copy by `slice` keeps gaps.
  if (Array.isArray(value)) return Object.assign(value.slice(), { [name]: next });
  const { [name]: _, ...others } = value;
  return next === gone ? others : { ...others, [name]: next };
}
