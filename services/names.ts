/** Names of stores, collections and indexes: those that objects have for other purposes are none. */

/** What every object has, and what JavaScript looks for in any object. */
export const noNames = [
  "then",
  "toJSON",
  "constructor",
  "hasOwnProperty",
  "isPrototypeOf",
  "propertyIsEnumerable",
  "toLocaleString",
  "toString",
  "valueOf",
  "__defineGetter__",
  "__defineSetter__",
  "__lookupGetter__",
  "__lookupSetter__",
  "__proto__",
] as const;

/** Whether it can be a member's name, and is not one that objects have for other purposes. */
export function isName(name: unknown): boolean {
  return (
    typeof name === "string" && /^[A-Za-z_$][\w$]*$/.test(name) && !noNames.includes(name as never)
  );
}
