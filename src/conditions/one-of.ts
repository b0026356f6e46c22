/** The condition that a value is one of several. */
import { limits } from "../table/table.js";
import type { Given } from "../values/given.js";
import { elementsOf, isPlainMap } from "../values/payload.js";
import { atom, type Compiled, joined } from "./condition-logic.js";

/** In the object form of `where`: the values of which a field must have one. */
export interface OneOf<T> {
  /** 1 to 100 values; `null` among them matches null and missing. */
  readonly in: readonly (Given<Exclude<T, undefined>> | null)[];
}

/** What is needed to write one such condition. */
interface Writing {
  /** What issues name: `where.status.in`. */
  readonly at: string;
  /** Makes the operand of a value. A value that it has made before has the same one. */
  operand(value: unknown, at: string): string;
  refuse(message: string, at: string): Error;
}

/** The list in `{ in: [...] }`, which may be anything; `undefined` if a field's value is not of this form. */
export function listIn(value: unknown): { readonly list: unknown } | undefined {
  if (!isPlainMap(value)) return undefined;
  const names = Object.keys(value);
  return names.length === 1 && names[0] === "in"
    ? { list: (value as { readonly in: unknown }).in }
    : undefined;
}

/**
 * The text of the condition.
 * @throws what `refuse` makes, for anything but 1 to 100 values
 */
export function inText(path: string, list: unknown, { at, operand, refuse }: Writing): string {
  const values = elementsOf(list, limits.inValues);
  if (values === undefined || values.length === 0) {
    throw refuse(`must be an array of 1 to ${limits.inValues} values`, at);
  }
  const operands = values.map((value, index) => operand(value, `${at}[${index}]`));
  return `${path} IN (${[...new Set(operands)].join(", ")})`;
}

/** The condition on a field, of which `null` matches null and missing. */
export function isOneOf(path: string, list: unknown, writing: Writing): Compiled {
  let hasNull = false;
  const operand = (value: unknown, at: string) => {
    hasNull ||= value === null;
    return writing.operand(value, at);
  };
  const found = atom(inText(path, list, { ...writing, operand }));
  return hasNull ? joined("OR", [atom(`attribute_not_exists(${path})`), found]) : found;
}
