/** `startsWith` and `between`: a part of the sort key that begins with a text, or lies between two values. */
import { type EntityModel, partRule, partText } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import { invalidAt } from "../errors/validation-error.js";
import type { PartForm } from "../keys/part-forms.js";
import { keyLengthRule, separator } from "../keys/template.js";
import { elementsOf } from "../values/payload.js";
import { afterSeparator, areAmong, compareKeys, type SortKeys } from "./key-condition.js";

/** The options that a range is read from. */
export interface GivenRange {
  readonly startsWith?: unknown;
  readonly between?: unknown;
}

/** The part of a sort key that a range is about: the first one that the call does not give. */
export interface RangedPart {
  /** `undefined` if the call gives all of them, or there are none. */
  readonly part: string | undefined;
  /** What callers call it. */
  readonly name: string;
  /** The text of the sort key in front of it. */
  readonly prefix: string;
  /** Whether it is all of the sort key that follows the prefix. */
  readonly isLast: boolean;
  /** Whether it holds no `#`. */
  readonly isWord: boolean;
}

/** The sort keys of a query, limited to some of them by its options. */
export interface KeyRange {
  readonly keys: SortKeys;
  /** The options that limit it, for messages. */
  readonly of: "from and to" | "startsWith" | "between";
  /**
   * Whether a sort key among them is in the range, where the keys alone do not tell: `a!#1` lies between
   * `a#` and `a$` as keys, and `a!` not between `a` and `a`.
   */
  readonly holds?: ((sortKey: string) => boolean) | undefined;
}

/**
 * Whether a sort key that was read is one of those that were asked for. An engine may find others: the
 * `begins_with` of dynoxide 1.2.1 ignores the case of A to Z.
 */
export function isAsked(keys: SortKeys, range: KeyRange | undefined, sortKey: string): boolean {
  return areAmong(keys, sortKey) && range?.holds?.(sortKey) !== false;
}

/**
 * Reads `startsWith` and `between`.
 * @returns `undefined` if neither is given
 * @throws ValidationError
 */
export function readRange(
  model: EntityModel,
  { startsWith, between }: GivenRange,
  at: RangedPart,
  context: CallContext,
): KeyRange | undefined {
  const option = startsWith === undefined ? "between" : "startsWith";
  if (startsWith === undefined && between === undefined) return undefined;
  const refuse = (message: string, path: string = option) => invalidAt(context, path, message);
  if (startsWith !== undefined && between !== undefined) {
    throw refuse("cannot be used with startsWith", "between");
  }
  const { part } = at;
  if (part === undefined) throw refuse("cannot be used: no part of the sort key is left for it");
  if (part === "createdAt") {
    throw refuse("cannot be used: the creation time comes next in the sort key (use from and to)");
  }
  const form = model.forms[part];
  if (option === "startsWith") {
    const rule = prefixRule(form, startsWith, at);
    if (rule !== undefined) throw refuse(rule);
    const prefix = `${at.prefix}${String(startsWith)}`;
    const tooLong = keyLengthRule("sort", prefix);
    if (tooLong !== undefined) throw refuse(tooLong);
    return { keys: { prefix }, of: option };
  }
  const ends = elementsOf(between, 2);
  if (ends?.length !== 2) throw refuse(`must be two values of ${at.name}: [first, last]`);
  const [low, high] = ends.map((value, index) => {
    const path = `between.${index}`;
    const rule = partRule(model, part, value, at.isWord);
    if (rule !== undefined) throw refuse(rule, path);
    const text = partText(model, part, value);
    const tooLong = keyLengthRule("sort", `${at.prefix}${text}`);
    if (tooLong !== undefined) throw refuse(tooLong, path);
    return text;
  }) as [string, string];
  if (compareKeys(low, high) > 0) throw refuse("must be in ascending order");
  return betweenOf(low, high, at, form);
}

/** The rule that a prefix breaks; `undefined` if it is valid. */
function prefixRule(form: PartForm | undefined, given: unknown, at: RangedPart) {
  if (typeof form === "number") return `cannot be used: ${at.name} is a number (use between)`;
  if (typeof given !== "string") return "must be a string";
  if (given === "") return "must not be empty: leave it out for all";
  if (!given.isWellFormed()) return "must not contain a lone surrogate";
  if (form === "date" && !/^\d{1,4}$|^\d{4}-\d{0,2}$|^\d{4}-\d\d-\d{0,2}$/.test(given)) {
    return "must be the beginning of a date: YYYY-MM-DD";
  }
  return at.isWord && given.includes(separator)
    ? `must not contain "${separator}": no ${at.name} does`
    : undefined;
}

function betweenOf(
  low: string,
  high: string,
  { prefix, isLast }: RangedPart,
  form: PartForm | undefined,
): KeyRange {
  const range = { low: `${prefix}${low}`, high: `${prefix}${high}` };
  if (isLast) return { keys: range, of: "between" };
  const keys = { ...range, high: `${prefix}${beforeSmall(high)}${afterSeparator}` };
  // All values have one length, so that their order is the keys' own.
  if (form !== undefined) return { keys, of: "between" };
  const holds = (sortKey: string) => {
    const end = sortKey.indexOf(separator, prefix.length);
    const text = sortKey.slice(prefix.length, end < 0 ? undefined : end);
    return compareKeys(text, low) >= 0 && compareKeys(text, high) <= 0;
  };
  return { keys, of: "between", holds };
}

/**
 * A text up to its first character that sorts before `#`: as keys, shorter values that `#` ends sort behind
 * it. The keys up to there are more than the values up to the text; the others are left out one by one.
 */
function beforeSmall(text: string): string {
  const [first = "", ...rest] = text;
  const small = rest.findIndex((character) => character < separator);
  return small < 0 ? text : first + rest.slice(0, small).join("");
}
