/** The update of one item: the changes inside its payload, and their conditions. */
import { randomBytes } from "node:crypto";
import type { PathSegments } from "../conditions/placeholders.js";
import type { UpdatePlan } from "../entity/input.js";
import { type AnyItem, isOf, isStoredAlike } from "../entity/item.js";
import { keyValues, rawKeyOf } from "../entity/model.js";
import { storedVersion } from "../entity/versions.js";
import type { CallContext } from "../errors/context.js";
import type { DynamoDBError } from "../errors/dynamodb-error.js";
import { invalid } from "../errors/validation-error.js";
import { attribute, type RawItem, type RawKey } from "../table/table.js";
import { copyOf } from "../values/copy.js";
import { applyChanges } from "./apply-changes.js";
import { type Both, beforeIsLost, bothOf, grownFrom } from "./before.js";
import {
  expiryChange,
  isTooLong,
  missingIssue,
  missingParent,
  parentsOf,
  upgradedWith,
} from "./changes.js";
import {
  type IndexChanges,
  indexChangesOf,
  isSameIn,
  needsItem,
  ofWholePayload,
} from "./index-changes.js";
import { inData, isCounting, wrongKind } from "./operators.js";
import { isMap } from "./paths.js";
import type { Seen, Target, Write, WriteRequest } from "./plan.js";
import { conditionFailed, notFound } from "./refusals.js";
import { storedVersionOf, writtenItemOf } from "./stored-item.js";
import { type Planned, type Sent, updateRequest } from "./update-request.js";
import { growthOf, hasOddTime, storedTime, updatedAtOf } from "./updated-at.js";
import { expectedVersion, isUpgradable, newerFailed } from "./version-conditions.js";
import type { Signature } from "./writers.js";

/**
 * Changes an item that must exist; one request, two if it has no `Data`, if its payload is of an older
 * version, if the stored UpdatedAt is not older than the clock and there is no lock, or if an index key is
 * made of a changed field and of what only the item tells.
 */
export class UpdateWrite implements Write<AnyItem | Both> {
  readonly context: CallContext;
  readonly key: RawKey;
  readonly bytes: number;
  /**
   * Whether the changes do not fit into an expression, or an index key is made of what only the item tells.
   */
  readonly readsFirst: boolean;
  /** True if the item was read first, because then it existed. */
  readonly refusedByItem: boolean;
  /** Of an update that counts. In a transaction, whose token does the same, it is not signed. */
  readonly sign?: (signature: Signature) => void;
  /**
   * True for a `where`, which may hold again after another write, and for changes at list positions.
   */
  readonly #once: boolean;
  readonly #index: IndexChanges | undefined;
  #planned: Planned;
  #sent: Sent | undefined;
  /** The earliest UpdatedAt that one of its requests may have stored. */
  #since = Number.POSITIVE_INFINITY;

  constructor(target: Target, plan: UpdatePlan) {
    const { model, operation = "update" } = target;
    const { parts, changes, removals, bytes, where, ifUpdatedAt, returning } = plan;
    const context = { operation, entity: model.name, key: keyValues(model, parts) };
    const key = rawKeyOf(model, parts);
    this.context = context;
    this.key = key;
    this.bytes = bytes;
    this.#index = indexChangesOf(model, context, plan);
    const replaces = isTooLong(context, plan, this.#index?.keys.length);
    this.readsFirst = replaces || needsItem(this.#index);
    this.refusedByItem = this.readsFirst;
    this.#once =
      where !== undefined ||
      // A second time, it would find what it has left itself.
      returning !== undefined ||
      changes.some(({ path }) => isPosition(path)) ||
      removals.some(isPosition);
    const expiry = expiryChange(model, plan);
    // If it makes the item expire, as an upgrade of its payload may, too, its repetition finds no item, and
    // must know why.
    const mayEnd =
      expiry !== undefined || (model.expires !== undefined && model.versions !== undefined);
    const counts = isCounting(plan);
    const isMarked = !counts && (this.#once || ifUpdatedAt !== undefined || mayEnd);
    const mark = isMarked ? randomBytes(9).toString("base64url") : undefined;
    const parents = parentsOf(plan);
    const signature = undefined;
    this.#planned = { target, plan, context, key, parents, replaces, expiry, mark, signature };
    if (!counts) return;
    this.sign = (signature) => {
      this.#planned = { ...this.#planned, signature };
    };
  }

  request(seen: Seen | undefined): WriteRequest {
    const sent = this.#next(seen);
    this.#sent = sent;
    this.#since = Math.min(this.#since, sent.growth.at);
    return updateRequest(this.#planned, sent);
  }

  #next(seen: Seen | undefined): Sent {
    const item = seen?.item ?? undefined;
    const { model } = this.#planned.target;
    const { ifUpdatedAt } = this.#planned.plan;
    const adds =
      this.sign !== undefined ? "always" : this.#planned.mark === undefined ? "ahead" : "never";
    const growth = growthOf(this.#planned.target.clock, item, adds);
    const madeAnew = item !== undefined && !isMap(item[attribute.data]);
    const upgraded = isUpgradable(model, item)
      ? upgradedWith(model, this.context, item, this.#planned.plan)
      : undefined;
    const wrong =
      madeAnew || this.#planned.replaces ? wrongKind(item?.Data, this.#planned.plan) : undefined;
    if (wrong !== undefined) throw invalid(this.context, [wrong]);
    return {
      // With a lock, the stored time is known beforehand.
      growth:
        ifUpdatedAt === undefined
          ? growth
          : { ...growth, at: Math.max(growth.at, ifUpdatedAt + 1) },
      item,
      madeAnew,
      merged: upgraded !== undefined || (this.#planned.replaces && !madeAnew) ? item : undefined,
      upgraded,
      index: this.#indexOf({ item, madeAnew, upgraded }),
    };
  }

  #indexOf({ item, madeAnew, upgraded }: Pick<Sent, "item" | "madeAnew" | "upgraded">) {
    if (item === undefined || !(madeAnew || upgraded !== undefined)) return this.#index;
    const ids = madeAnew ? this.#planned.plan.fromKey() : {};
    return ofWholePayload(this.#planned.target.model, { ...ids, ...this.#index?.changed }, item);
  }

  refused(seen: Seen): DynamoDBError | "again" {
    const { item, cause } = seen;
    const { model } = this.#planned.target;
    const { ifUpdatedAt, where } = this.#planned.plan;
    if (item === null || !isOf(model, item)) return notFound(this.context, cause);
    const newer = newerFailed(this.context, model, seen);
    if (newer !== undefined) return newer;
    if (ifUpdatedAt !== undefined && updatedAtOf(item) !== ifUpdatedAt) {
      const rule = "the item was changed since it was read (ifUpdatedAt)";
      return conditionFailed(this.context, rule, seen, model);
    }
    // An older payload is looked at when it has been upgraded.
    const missing = isUpgradable(model, item)
      ? undefined
      : missingParent(item[attribute.data], this.#planned.parents);
    if (missing !== undefined) return invalid(this.context, [missingIssue(missing)], cause);
    const wrong = isUpgradable(model, item)
      ? undefined
      : wrongKind(item[attribute.data], this.#planned.plan);
    if (wrong !== undefined) return invalid(this.context, [wrong], cause);
    if (where === undefined || this.#isNews(item)) return "again";
    return conditionFailed(this.context, "the condition does not hold (where)", seen, model);
  }

  /**
   * Whether the item differs from what the last request expected. That alone may explain the refusal.
   */
  #isNews(item: RawItem): boolean {
    const sent = this.#sent;
    if (sent === undefined) return false;
    const { growth, madeAnew, merged, index } = sent;
    const { model } = this.#planned.target;
    if (!isStoredAlike(storedVersion(item), expectedVersion(model, sent.item))) return true;
    const isLate = growth.step === undefined && (storedTime(item) ?? -1) >= growth.at;
    if (isLate || isMap(item[attribute.data]) === madeAnew) return true;
    if (hasOddTime(item) && !hasOddTime(sent.item)) return true;
    if (!isSameIn(index, sent.item, item)) return true;
    return merged !== undefined && !isStoredAlike(item.UpdatedAt, merged.UpdatedAt);
  }

  isUnknown(item: RawItem | null): boolean {
    if (this.#planned.signature === undefined) return this.#once;
    // A writer that the item does not show has not counted, unless it may have been forgotten, or the item
    // was replaced as a whole since: then it shows no time from before.
    const since = item?.[attribute.writersSince];
    const isShown = item?.[this.#planned.signature.writer] !== undefined;
    return !isShown && !(typeof since === "number" && since <= this.#since);
  }

  isDone(item: RawItem | null): boolean {
    if (this.#planned.signature !== undefined) {
      const { writer, serial } = this.#planned.signature;
      return item?.[writer] === serial;
    }
    // Without a mark, the update may be repeated, because that changes nothing more.
    return this.#planned.mark !== undefined && item?.[attribute.writeMark] === this.#planned.mark;
  }

  found(item: RawItem | null): AnyItem | Both {
    if (this.#planned.plan.returning !== undefined) throw beforeIsLost(this.context);
    return writtenItemOf(this.#planned.target.model, this.key, item ?? undefined);
  }

  result(attributes: RawItem | undefined): AnyItem | Both {
    const { model } = this.#planned.target;
    if (this.#planned.plan.returning === undefined)
      return writtenItemOf(model, this.key, attributes);
    return bothOf(model, this.key, attributes, (before) => this.#left(before as RawItem));
  }

  /** What the last request made of an item. */
  #left(before: RawItem): RawItem {
    const { growth, upgraded, madeAnew } = this.#sent as Sent;
    const { model } = this.#planned.target;
    const base = madeAnew ? { ...this.#planned.plan.fromKey() } : copyOf(before.Data ?? {});
    return {
      ...before,
      ...(madeAnew || upgraded !== undefined ? storedVersionOf(model) : {}),
      [attribute.data]: upgraded ?? applyChanges(base, inData(base, this.#planned.plan)),
      [attribute.updatedAt]: grownFrom(before, growth),
    };
  }
}

function isPosition(path: PathSegments): boolean {
  return typeof path.at(-1) === "number";
}
