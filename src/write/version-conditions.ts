/** The conditions that keep a write from replacing a payload of another version than it expects. */
import { atom, type Compiled, joined } from "../conditions/condition-logic.js";
import type { Placeholders } from "../conditions/placeholders.js";
import { isOf } from "../entity/item.js";
import type { EntityModel } from "../entity/model.js";
import { isNewer, isOlder, storedVersion } from "../entity/versions.js";
import { type CallContext, describe, withContext } from "../errors/context.js";
import { DynamoDBError } from "../errors/dynamodb-error.js";
import { attribute, type RawItem } from "../table/table.js";
import type { Seen } from "./plan.js";

type Model = Pick<EntityModel, "versions">;

/** The conditions that a whole payload may be replaced: none if the entity has no versions. */
export function isKnownVersion(own: Placeholders, { versions }: Model): Compiled[] {
  if (versions === undefined) return [];
  const path = own.name(attribute.dataVersion);
  const known = Array.from({ length: versions.current }, (_, index) => own.value(index + 1));
  const isKnown = atom(`${path} IN (${known.join(", ")})`);
  return [joined("OR", [atom(`attribute_not_exists(${path})`), isKnown])];
}

/**
 * The conditions that a payload is of the version that the write expects: that of the item which it has
 * seen, else the current one.
 */
export function isExpectedVersion(
  own: Placeholders,
  { versions }: Model,
  seen: RawItem | undefined,
): Compiled[] {
  if (versions === undefined) return [];
  const version = expectedVersion({ versions }, seen);
  const path = own.name(attribute.dataVersion);
  const same = atom(`${path} = ${own.value(version)}`);
  return version === 1 ? [joined("OR", [atom(`attribute_not_exists(${path})`), same])] : [same];
}

/** The version that a write expects, of the item that it has seen or of any. */
export function expectedVersion({ versions }: Model, seen: RawItem | undefined): unknown {
  if (versions === undefined) return 1;
  // One that must not be written over is never expected.
  return seen === undefined || isNewer({ versions }, seen) ? versions.current : storedVersion(seen);
}

/** Whether an item of the entity must be upgraded before its payload is changed. */
export function isUpgradable(model: EntityModel, item: RawItem | undefined): item is RawItem {
  return item !== undefined && isOlder(model, item) && isOf(model, item);
}

/** The error of a write that found a payload of a newer version; `undefined` if there is none. */
export function newerFailed(
  context: CallContext,
  model: EntityModel,
  { item, cause }: Seen,
): DynamoDBError | undefined {
  if (item === null || !isOf(model, item) || !isNewer(model, item)) return undefined;
  const stored = storedVersion(item);
  const named = Number.isInteger(stored) ? `version ${stored}` : "a version that is no integer";
  const rule = `the stored payload is of ${named}, and this code knows versions up to ${model.versions?.current}: it is not written over`;
  const message = describe(context, rule);
  const error = new DynamoDBError({ message, code: "NewerVersion", statusCode: 400, cause });
  return withContext(error, context);
}
