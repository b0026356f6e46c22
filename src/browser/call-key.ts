/** Calls as keys of a cache. */
import { reading, wrongCall } from "./errors.js";
import { encode } from "./values.js";

/** The names of a call and its arguments, as JSON: equal for calls that ask for the same. */
export type CallKey = readonly [store: string, call: string, ...input: unknown[]];

/**
 * The key of a call in a cache, such as that of TanStack Query: the same for the same arguments, in whichever
 * order their members are. A signal and members that are `undefined` do not count.
 * @throws ValidationError for an argument that cannot travel
 * @example
 * callKey("savedContent", "get", [{ contentId: "c1" }]); // ["savedContent", "get", { contentId: "c1" }]
 */
export function callKey(store: string, call: string, input: readonly unknown[]): CallKey {
  if (typeof store !== "string" || typeof call !== "string") {
    throw wrongCall("callKey", "store", "and call must be names");
  }
  const operation = `${store}.${call}`;
  const encoded = reading(operation, () => {
    const given = input.map((one) => ordered(one));
    while (given.length > 0 && given.at(-1) === undefined) given.pop();
    return given.map((one, index) => encode(one, operation, `input.${index}`));
  });
  return [store, call, ...encoded];
}

function ordered(value: unknown): unknown {
  const isPlain = Object.prototype.toString.call(value) === "[object Object]";
  if (Array.isArray(value)) return value.map(ordered);
  if (!isPlain || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const members = Object.entries(value as object)
    .filter(([name, member]) => member !== undefined && name !== "signal")
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, member]) => [name, ordered(member)]);
  return Object.fromEntries(members);
}
