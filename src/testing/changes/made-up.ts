/** Reads the changes that a test makes up, all but their items. */
import { reading } from "../../call/call.js";
import { nearestName, refuseUnknown } from "../../call/options.js";
import { ConfigurationError } from "../../errors/configuration-error.js";
import type { CallContext } from "../../errors/context.js";
import { invalid, invalidAt, type ValidationIssue } from "../../errors/validation-error.js";
import { isObject } from "../../runtime/objects.js";
import type { ChangeKind } from "../../streams/changes.js";
import { isTime } from "../../values/timestamps.js";

/** A change that a test has made up. Its items are not checked. */
export interface MadeUp {
  readonly entity: string;
  readonly kind: ChangeKind;
  /** The items that a change of its kind has. */
  readonly items: readonly { readonly side: Side; readonly item: object }[];
  readonly key: Readonly<Record<string, unknown>> | undefined;
  readonly at: number | undefined;
  readonly id: string | undefined;
}

export type Side = "before" | "after";

/** The items that a change of each kind has. */
const sidesOf = {
  created: ["after"],
  updated: ["before", "after"],
  deleted: ["before"],
  expired: ["before"],
} as const satisfies Record<ChangeKind, readonly Side[]>;

const members = ["entity", "kind", "key", "before", "after", "at", "id"];

/**
 * Reads a change, each of its members once.
 * @param stores the names of the stores
 * @throws ValidationError for what is no change
 * @throws ConfigurationError for a store that there is not
 */
export function madeUp(context: CallContext, stores: readonly string[], given: unknown): MadeUp {
  return reading(context, () => {
    if (!isObject(given)) {
      const message = "must be a change, or a list of changes";
      throw invalidAt(context, "changes", message);
    }
    const { entity, kind, key, before, after, at, id } = given;
    const name = knownStore(context, stores, entity);
    refuseUnknown(
      context,
      given,
      kind === "unreadable" ? [...members, "change", "error"] : members,
    );
    const sides = knownSides(context, kind);
    const items = { before, after };
    const issues = [
      ...sideIssues(String(kind), sides, items),
      ...(key === undefined || isObject(key) ? [] : [{ path: "key", message: "must be a key" }]),
      ...(at === undefined || isTime(at)
        ? []
        : [{ path: "at", message: "must be a time in epoch milliseconds" }]),
      ...(id === undefined || (typeof id === "string" && id !== "")
        ? []
        : [{ path: "id", message: "must be a text" }]),
    ];
    if (issues.length > 0) throw invalid(context, issues);
    const own = sides.map((side) => ({ side, item: items[side] }));
    return { entity: name, kind, items: own, key, at, id } as MadeUp;
  });
}

function knownStore(
  { operation }: CallContext,
  stores: readonly string[],
  entity: unknown,
): string {
  if (typeof entity === "string" && stores.includes(entity)) return entity;
  const name =
    typeof entity === "string" ? JSON.stringify(entity) : `the entity, ${typeof entity},`;
  const near = typeof entity === "string" ? nearestName(entity, stores) : undefined;
  const hint =
    near === undefined ? `: there are ${stores.join(", ")}` : `; did you mean "${near}"?`;
  throw new ConfigurationError(`${operation}: ${name} is not a store${hint}`);
}

function knownSides(context: CallContext, kind: unknown): readonly Side[] {
  if (typeof kind === "string" && Object.hasOwn(sidesOf, kind)) return sidesOf[kind as ChangeKind];
  const message =
    kind === "unreadable"
      ? "is unreadable: that change has no items, and changes() of a test data layer did not return it"
      : `must be ${Object.keys(sidesOf).join(", ")}`;
  throw invalidAt(context, "kind", message);
}

/** The items that are missing, and those that such a change does not have. */
function sideIssues(
  kind: string,
  sides: readonly Side[],
  items: Readonly<Record<Side, unknown>>,
): ValidationIssue[] {
  return (["before", "after"] as const).flatMap((path) => {
    const item = items[path];
    const needs = sides.includes(path);
    const isWell = needs
      ? isObject(item) && !Array.isArray(item)
      : item === undefined || item === null;
    const message = `${needs ? "must be an item" : "must be null"}, because the kind is ${kind}`;
    return isWell ? [] : [{ path, message }];
  });
}
