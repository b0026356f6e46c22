/** The operators of an update: as parts of its expressions, and carried out on a payload at hand. */
import { types } from "node:util";
import { atom, type Compiled, joined } from "../conditions/condition-logic.js";
import type { Placeholders } from "../conditions/placeholders.js";
import { type Computed, isNumber, type Operator } from "../entity/operators.js";
import type { ReadChanges } from "../entity/update-input.js";
import type { ValidationIssue } from "../errors/validation-error.js";
import { isBytes } from "../runtime/realms.js";
import { sumOf } from "../values/exact-number.js";
import { pathText } from "../values/payload.js";
import { valueAt } from "./paths.js";

type Changed = Pick<ReadChanges, "changes" | "removals" | "computed">;

/** The parts of an update expression. */
export interface ComputedExpressions {
  readonly sets: readonly string[];
  readonly adds: readonly string[];
  readonly deletes: readonly string[];
}

/** The operators that give another result when they are carried out a second time. */
const counting: readonly Operator[] = ["add", "append", "prepend"];

/** Whether an update must not be carried out twice, because it counts up or makes a list longer. */
export function isCounting({ computed }: Pick<Changed, "computed">): boolean {
  return computed.some(({ operator }) => counting.includes(operator));
}

export function computedExpressions(
  own: Placeholders,
  { computed }: Pick<Changed, "computed">,
): ComputedExpressions {
  const sets: string[] = [];
  const adds: string[] = [];
  const deletes: string[] = [];
  for (const { operator, path, value } of computed) {
    const at = own.path(path);
    const given = own.value(value);
    const orElse = (empty: unknown) => `if_not_exists(${at}, ${own.value(empty)})`;
    if (operator === "add") sets.push(`${at} = ${orElse(0)} + ${given}`);
    else if (operator === "append") sets.push(`${at} = list_append(${orElse([])}, ${given})`);
    else if (operator === "prepend") sets.push(`${at} = list_append(${given}, ${orElse([])})`);
    else (operator === "addToSet" ? adds : deletes).push(`${at} ${given}`);
  }
  return { sets, adds, deletes };
}

/** What the stored value of a computed change must be, if there is one. */
interface Kind {
  /** DynamoDB's name of the type. */
  readonly type: string;
  /** What is said of another value. */
  readonly rule: string;
}

function kindOf({ operator, value }: Computed): Kind {
  if (operator === "add") return { type: "N", rule: "is no number: nothing can be added to it" };
  if (operator === "append" || operator === "prepend") {
    return { type: "L", rule: "is no list: no elements can be added to it" };
  }
  const [member] = value as ReadonlySet<unknown>;
  const [type, members] = isNumber(member)
    ? ["NS", "numbers"]
    : isBytes(member)
      ? ["BS", "binary values"]
      : ["SS", "texts"];
  const verb = operator === "addToSet" ? "added to" : "removed from";
  return { type, rule: `is no set of ${members}: no member can be ${verb} it` };
}

/** The conditions that each stored value is missing, or is of a kind that the change can be made of. */
export function areOfKind(
  own: Placeholders,
  { computed }: Pick<Changed, "computed">,
): readonly Compiled[] {
  return computed.map((change) => {
    const at = own.path(change.path);
    const { type } = kindOf(change);
    return joined("OR", [
      atom(`attribute_not_exists(${at})`),
      atom(`attribute_type(${at}, ${own.value(type)})`),
    ]);
  });
}

/** The first stored value that a change cannot be computed of. */
export function wrongKind(
  data: unknown,
  { computed }: Pick<Changed, "computed">,
): ValidationIssue | undefined {
  for (const change of computed) {
    const stored = valueAt(data, change.path);
    const { type, rule } = kindOf(change);
    if (stored === undefined || typeOf(stored) === type) continue;
    return { path: pathText(["data", ...change.path]), message: rule };
  }
  return undefined;
}

function typeOf(value: unknown): string | undefined {
  if (isNumber(value)) return "N";
  if (Array.isArray(value)) return "L";
  return types.isSet(value) ? kindOf({ operator: "addToSet", path: [], value }).type : undefined;
}

/**
 * The same changes of a payload at hand, with what is computed as values and removals. The stored values
 * are of the right kind.
 */
export function inData<C extends Changed>(data: unknown, changed: C): C {
  if (changed.computed.length === 0) return changed;
  const changes = [...changed.changes];
  const removals = [...changed.removals];
  for (const { operator, path, value } of changed.computed) {
    const result = resultOf(operator, valueAt(data, path), value);
    if (result !== undefined) changes.push({ path, value: result });
    else removals.push(path);
  }
  return { ...changed, changes, removals, computed: [] };
}

/** The computed value; `undefined` for a set that is left without members, which DynamoDB removes. */
function resultOf(operator: Operator, stored: unknown, value: unknown): unknown {
  switch (operator) {
    case "add":
      return sumOf(stored ?? 0, value);
    case "append":
      return [...((stored ?? []) as unknown[]), ...(value as unknown[])];
    case "prepend":
      return [...(value as unknown[]), ...((stored ?? []) as unknown[])];
    case "addToSet":
      return new Set([...without(stored, value), ...(value as Iterable<unknown>)]);
    case "removeFromSet": {
      const left = without(stored, value);
      return left.length === 0 ? undefined : new Set(left);
    }
  }
}

/** The members of a stored set that are not among the given ones. */
function without(stored: unknown, given: unknown): unknown[] {
  const texts = new Set([...(given as Iterable<unknown>)].map(memberText));
  return [...((stored ?? []) as Iterable<unknown>)].filter(
    (member) => !texts.has(memberText(member)),
  );
}

/** A text that is the same for members that DynamoDB takes for the same. */
function memberText(member: unknown): string {
  return isBytes(member) ? Buffer.from(member).toString("latin1") : String(member);
}
