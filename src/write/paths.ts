/** Values at paths inside a payload. */
import type { PathSegments } from "../conditions/placeholders.js";

/** The value at a path; `undefined` if there is none. A number is a position in a list, never a name. */
export function valueAt(value: unknown, path: PathSegments): unknown {
  let found = value;
  for (const segment of path) {
    if (!isContainer(found) || Array.isArray(found) !== (typeof segment === "number")) {
      return undefined;
    }
    if (!Object.hasOwn(found, segment)) return undefined;
    found = (found as Record<string | number, unknown>)[segment];
  }
  return found;
}

export function isContainer(value: unknown): value is object {
  return Array.isArray(value) || isMap(value);
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === "[object Object]";
}
