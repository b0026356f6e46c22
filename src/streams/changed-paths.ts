/** Which paths of a payload a change is about. */
import { isDeepStrictEqual } from "node:util";
import { isStoredAlike } from "../entity/item.js";
import { invalid } from "../errors/validation-error.js";
import { isObject } from "../runtime/objects.js";
import { checkValue, isPlainMap } from "../values/payload.js";

/** A value in a payload that a change created, replaced or removed. */
export interface ChangedPath {
  /** The names and list indexes that lead to it from the payload: `["seo", "tags", 0]`. */
  readonly path: readonly (string | number)[];
  /** The value before the change; `undefined` if there was none, which `null` is not. */
  readonly before: unknown;
  /** The value after the change; `undefined` if there is none any more. */
  readonly after: unknown;
}

/** The members of a change that `changedPaths` compares. */
export interface Comparable {
  readonly before: { readonly data: object } | null;
  readonly after: { readonly data: object } | null;
}

/** DynamoDB nests values no deeper; what is below is compared as a whole. */
const mostLevels = 32;

/**
 * The paths of the payload at which a change made a difference, in the order of their names: DynamoDB's maps
 * have none. Nothing is sent, and nothing is masked: the values of secret fields are in it, in clear.
 *
 * Maps are compared by name and lists by index; sets, binary and numbers as DynamoDB compares them. A map
 * or list that was added or removed is one path. Of a created or deleted item it is every field of the
 * payload, of an unreadable change none.
 * @throws ValidationError for anything but a change
 * @example
 * for (const { path, before, after } of changedPaths(change)) console.log(path.join("."), before, after);
 */
export function changedPaths(change: Comparable): readonly ChangedPath[] {
  const [before, after] = payloadsOf(change);
  const found: ChangedPath[] = [];
  compare([], before, after, found);
  return found;
}

function payloadsOf(change: unknown): readonly [before: object, after: object] {
  try {
    const { before, after } = change as Comparable;
    const [one, other] = [before ?? { data: {} }, after ?? { data: {} }].map(({ data }) => data);
    if (before !== undefined && after !== undefined && isObject(one) && isObject(other)) {
      return [one, other];
    }
  } catch {
    // What is said below: it has no items, or they cannot be read.
  }
  const issues = [{ path: "change", message: "must be a change, with its items before and after" }];
  throw invalid({ operation: "changedPaths" }, issues);
}

function compare(
  path: readonly (string | number)[],
  before: unknown,
  after: unknown,
  found: ChangedPath[],
): void {
  const names = path.length < mostLevels ? membersOf(before, after) : undefined;
  if (names === undefined) {
    if (!isAlike(before, after)) found.push({ path, before, after });
    return;
  }
  for (const name of names) {
    compare([...path, name], memberOf(before, name), memberOf(after, name), found);
  }
}

/** The members of two maps or of two lists; `undefined` for what is compared as a whole. */
function membersOf(before: unknown, after: unknown): Iterable<string | number> | undefined {
  if (Array.isArray(before) && Array.isArray(after)) {
    return Array.from({ length: Math.max(before.length, after.length) }, (_, at) => at);
  }
  if (!isPlainMap(before) || !isPlainMap(after)) return undefined;
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
}

/** A member that is an object's own: a field may be called `constructor`. */
function memberOf(value: unknown, name: string | number): unknown {
  return Object.hasOwn(value as object, name) ? Reflect.get(value as object, name) : undefined;
}

function isAlike(before: unknown, after: unknown): boolean {
  if (before === undefined || after === undefined) return before === after;
  if (isDeepStrictEqual(before, after)) return true;
  // What no table holds, such as a Date that an upgrade made, has no form in which it is stored.
  const isStorable = [before, after].every((value) => checkValue(value, "", 1).issues.length === 0);
  return isStorable && isStoredAlike(before, after);
}
