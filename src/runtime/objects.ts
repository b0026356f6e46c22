/** Values of any kind, by what can be done with them. */

/** Whether a value has properties that can be asked for. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
