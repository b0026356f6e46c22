/** What differs between two payloads, by the paths of their fields. */
import { isDeepStrictEqual } from "node:util";

/** A field that differs. `before` or `after` is missing if the field was not there. */
export interface ChangedPath {
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** The fields that differ, in the order of their names. It looks into maps; a list is one value. */
export function changedPaths(before: unknown, after: unknown, path = ""): ChangedPath[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isMap(before ?? {}) || !isMap(after ?? {})) return [{ path, before, after }];
  const [old, current] = [(before ?? {}) as Fields, (after ?? {}) as Fields];
  const names = [...new Set([...Object.keys(old), ...Object.keys(current)])].sort();
  if (names.length === 0) return [{ path, before, after }];
  return names.flatMap((name) =>
    changedPaths(old[name], current[name], path === "" ? name : `${path}.${name}`),
  );
}

type Fields = Readonly<Record<string, unknown>>;

function isMap(value: unknown): value is Fields {
  return Object.getPrototypeOf(value) === Object.prototype;
}
