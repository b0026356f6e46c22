/** The operators of an update: changes that DynamoDB computes from what is stored. */
import { types } from "node:util";
import type { PathSegments } from "../conditions/placeholders.js";
import type { ValidationIssue } from "../errors/validation-error.js";
import { limits } from "../table/table.js";
import { isExactNumber } from "../values/exact-number.js";
import { boundsAt, isTakenBoundless } from "../values/field-bounds.js";
import {
  checkChange,
  checkValue,
  elementsOf,
  type PayloadRules,
  pathText,
} from "../values/payload.js";
import type { EntityModel } from "./model.js";

export const operators = ["add", "append", "prepend", "addToSet", "removeFromSet"] as const;

export type Operator = (typeof operators)[number];

/** One change that is computed from the stored value. */
export interface Computed {
  readonly operator: Operator;
  readonly path: PathSegments;
  /** The number that is added, a list's new elements, or the members of a set. */
  readonly value: unknown;
}

/** A checked change, with its issues and the bytes that it adds to an item. */
export interface ComputedCheck {
  readonly change: Computed;
  readonly issues: readonly ValidationIssue[];
  readonly bytes: number;
}

/** A set of more members is larger than any item. */
const mostMembers = limits.itemBytes;

/** Compares a computed change with the payload's schema. What it results in cannot be checked. */
export function checkComputed(model: EntityModel, given: Computed): ComputedCheck {
  const { operator, path } = given;
  const place = ["data", ...path];
  const check = checkValue(inForm(operator, given.value), place);
  const change = { ...given, value: check.value };
  const issues = [...check.issues];
  const kept = keptRule(model, String(path[0]));
  if (kept !== undefined) issues.push({ path: pathText(place), message: kept });
  if (issues.length === 0) {
    const rule = formRule(operator, check.value);
    if (rule !== undefined) issues.push({ path: pathText(place), message: rule });
    else issues.push(...issuesOfField(model.payload, change));
  }
  return { change, issues, bytes: operator === "removeFromSet" ? 0 : check.bytes };
}

/** The members of a set may be given as a list. Sets that are stored have members, so none are a list. */
function inForm(operator: Operator, value: unknown): unknown {
  if (operator !== "addToSet" && operator !== "removeFromSet") return value;
  if (types.isSet(value)) return value.size === 0 ? [] : value;
  const members = elementsOf(value, mostMembers);
  return members === undefined || members.length === 0 ? value : new Set(members);
}

function formRule(operator: Operator, value: unknown): string | undefined {
  switch (operator) {
    case "add":
      return isNumber(value) ? undefined : "must be a number to add";
    case "append":
    case "prepend":
      return Array.isArray(value) ? undefined : "must be a list of elements";
    default:
      return types.isSet(value) || (Array.isArray(value) && value.length === 0)
        ? undefined
        : "must be a list or a set of members";
  }
}

/** Whether a change adds or removes nothing: it is given no elements or no members. */
export function isOfNothing({ value }: Computed): boolean {
  return Array.isArray(value) && value.length === 0;
}

export function isNumber(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint" || isExactNumber(value);
}

/** Why nothing can be computed of a field: other attributes are made of it, or it is stored as one text. */
function keptRule(
  { encrypted, expires, fieldKeys }: EntityModel,
  field: string,
): string | undefined {
  if (encrypted.includes(field)) return "is encrypted: set the whole field";
  if (field === expires) return "says when the item expires: set the whole field";
  const isInKey = fieldKeys.some(({ fields }) => fields.includes(field));
  return isInKey ? "is in the key of an index: set the whole field" : undefined;
}

/**
 * The issues of a field that does not take such values. What a sum or a list becomes is not known, so a
 * schema's bounds do not count: a field takes numbers if it takes any of the number's kind.
 */
function issuesOfField(
  payload: PayloadRules,
  { operator, path, value }: Computed,
): readonly ValidationIssue[] {
  if (operator === "removeFromSet" || isOfNothing({ operator, path, value })) return [];
  const issuesOf = (candidate: unknown) => checkChange(payload, { path, value: candidate }).issues;
  const issues = issuesOf(value);
  if (issues.length === 0) return [];
  if (operator !== "add" && isTakenBoundless(payload, path, value)) return [];
  const others = candidates(payload, operator, path, value);
  return others.some((other) => issuesOf(other).length === 0) ? [] : issues;
}

/** Values of the same kind as a change's: the field may have bounds that the change itself is not in. */
function candidates(
  payload: PayloadRules,
  operator: Operator,
  path: PathSegments,
  value: unknown,
): unknown[] {
  if (operator === "addToSet") return [];
  if (operator !== "add") return listsOf(value as readonly unknown[]);
  if (typeof value !== "number") return [0, largeInteger];
  const fraction = Math.abs(value) % 1;
  const bounds = boundsAt(payload, path).map(Math.floor);
  const wholes = [0, ...bounds, ...Array.from({ length: 50 }, (_, power) => 2 ** power)];
  const numbers = [-value, ...wholes.map((whole) => whole + fraction)];
  // A large number has no room for a fraction, and would pass for an integer.
  if (fraction > 0) return numbers.filter((number) => number % 1 !== 0);
  return [...numbers, largeInteger];
}

/** A number that is a bigint, whatever reads it. */
const largeInteger = 2n ** 60n;

/** A field may want so many elements more than are added. */
const mostMore = 64;

/** Lists of the same elements, longer and longer. */
function listsOf(elements: readonly unknown[]): unknown[] {
  return Array.from({ length: mostMore }, (_, more) => [
    ...elements,
    ...Array.from({ length: more + 1 }, (_, index) => elements[index % elements.length]),
  ]);
}
