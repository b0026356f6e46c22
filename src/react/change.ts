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
  // A field that is undefined is left as it is.
  const merged = { ...data, ...Object.fromEntries(given.filter(([, one]) => one !== undefined)) };
  const changed = set.reduce<object>((all, [path, value]) => at(all, path, () => value), merged);
  return remove.reduce<object>((all, path) => at(all, [path].flat(), () => undefined), changed);
}

/** A copy of a value with another one at a path; `undefined` removes what is there. */
function at(value: object, [name, ...rest]: Path, make: () => unknown): object {
  if (name === undefined) return value;
  const inner: unknown = Reflect.get(value, name);
  const next = rest.length === 0 ? make() : isObject(inner) ? at(inner, rest, make) : inner;
  if (Array.isArray(value)) {
    const index = Number(name);
    if (next === undefined) return value.filter((_, place) => place !== index);
    return Object.assign([...value], { [index]: next });
  }
  const { [name]: _, ...others } = value as Readonly<Record<string, unknown>>;
  return next === undefined ? others : { ...others, [name]: next };
}
