/** The update of one item: the changes inside its payload, and their conditions. */
import { randomBytes } from "node:crypto";
import { atom, joined } from "../conditions/condition-logic.js";
import { refuseLongCondition } from "../conditions/expression.js";
import { type PathSegments, Placeholders } from "../conditions/placeholders.js";
import type { UpdatePlan } from "../entity/input.js";
import { type AnyItem, isOf, isStoredAlike } from "../entity/item.js";
import { keyValues, rawKeyOf, storedParts } from "../entity/model.js";
import { isOwn } from "../entity/own-items.js";
import { storedVersion } from "../entity/versions.js";
import type { CallContext } from "../errors/context.js";
import type { DynamoDBError } from "../errors/dynamodb-error.js";
import { invalid } from "../errors/validation-error.js";
import { payloadValue } from "../secrets/secret-value.js";
import { attribute, type RawItem, type RawKey } from "../table/table.js";
import { copyOf } from "../values/copy.js";
import { applyChanges } from "./apply-changes.js";
import { type Both, beforeIsLost, bothOf, grownFrom } from "./before.js";
import {
  dataSets,
  type ExpiryChange,
  expiryChange,
  expiryOf,
  isTooLong,
  missingIssue,
  missingParent,
  newData,
  parentsOf,
  upgradedWith,
  versionSets,
} from "./changes.js";
import { assigned, conditional } from "./expressions.js";
import {
  type IndexChanges,
  indexChangesOf,
  indexExpressions,
  isAsRead,
  isSameIn,
  needsItem,
  ofWholePayload,
} from "./index-changes.js";
import { areOfKind, computedExpressions, inData, isCounting, wrongKind } from "./operators.js";
import { isMap } from "./paths.js";
import type { Seen, Target, Write, WriteRequest } from "./plan.js";
import { conditionFailed, notFound } from "./refusals.js";
import { storedVersionOf, writtenItemOf } from "./stored-item.js";
import {
  type Growth,
  growthOf,
  hasOddTime,
  isOlder,
  isStoredAt,
  isUnchanged,
  storedTime,
  updatedAtOf,
  writtenAt,
} from "./updated-at.js";
import {
  expectedVersion,
  isExpectedVersion,
  isUpgradable,
  newerFailed,
} from "./version-conditions.js";
import { isUnsigned, type Signature, signed } from "./writers.js";

/** What an update's last request was based on. */
interface Sent {
  readonly growth: Growth;
  /** The item that was seen before the request. */
  readonly item: RawItem | undefined;
  /** Whether the payload is created, because the item has none. */
  readonly madeAnew: boolean;
  /** The item whose payload is merged and replaced. */
  readonly merged: RawItem | undefined;
  /** The payload of an older version, upgraded and changed, which then replaces the stored one. */
  readonly upgraded: Record<string, unknown> | undefined;
  /** The index keys that change. */
  readonly index: IndexChanges | undefined;
}

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
  readonly #target: Target;
  readonly #plan: UpdatePlan;
  readonly #parents: readonly PathSegments[];
  /** Whether the changes do not fit into an expression. The payload is then read and replaced. */
  readonly #replaces: boolean;
  readonly #index: IndexChanges | undefined;
  /**
   * Identifies an update that must not be carried out twice. Such an update never only adds to the
   * stored time. Content and time do not distinguish two callers that make the same change in the
   * same millisecond; a mark does.
   */
  readonly #mark: string | undefined;
  readonly #expiry: ExpiryChange | undefined;
  #signature: Signature | undefined;
  #sent: Sent | undefined;
  /** The earliest UpdatedAt that one of its requests may have stored. */
  #since = Number.POSITIVE_INFINITY;

  constructor(target: Target, plan: UpdatePlan) {
    const { model, operation = "update" } = target;
    const { parts, changes, removals, bytes, where, ifUpdatedAt } = plan;
    this.context = { operation, entity: model.name, key: keyValues(model, parts) };
    this.key = rawKeyOf(model, parts);
    this.bytes = bytes;
    this.#index = indexChangesOf(model, this.context, plan);
    this.#replaces = isTooLong(this.context, plan, this.#index?.keys.length);
    this.readsFirst = this.#replaces || needsItem(this.#index);
    this.refusedByItem = this.readsFirst;
    this.#target = target;
    this.#plan = plan;
    this.#parents = parentsOf(plan);
    const counts = isCounting(plan);
    if (counts)
      this.sign = (signature) => {
        this.#signature = signature;
      };
    this.#once =
      where !== undefined ||
      // A second time, it would find what it has left itself.
      plan.returning !== undefined ||
      changes.some(({ path }) => isPosition(path)) ||
      removals.some(isPosition);
    this.#expiry = expiryChange(model, plan);
    // If it makes the item expire, as an upgrade of its payload may, too, its repetition finds no item, and
    // must know why.
    const mayEnd =
      this.#expiry !== undefined || (model.expires !== undefined && model.versions !== undefined);
    const isMarked = this.#once || ifUpdatedAt !== undefined || mayEnd;
    this.#mark = isMarked && !counts ? randomBytes(9).toString("base64url") : undefined;
  }

  request(seen: Seen | undefined): WriteRequest {
    const { model, tableName } = this.#target;
    const plan = this.#plan;
    const sent = this.#next(seen);
    this.#sent = sent;
    const { growth } = sent;
    this.#since = Math.min(this.#since, growth.at);
    const replaced = sent.madeAnew || sent.upgraded !== undefined || this.#replaces;
    const own = new Placeholders();
    const sets = [
      writtenAt(own, growth),
      // The key parts, which items of earlier writers lack.
      ...Object.entries(storedParts(model, plan.parts)).map(([name, value]) =>
        assigned(own, name, value),
      ),
      ...(this.#mark === undefined ? [] : [assigned(own, attribute.writeMark, this.#mark)]),
      ...(this.#signature === undefined ? [] : [signed(own, this.#signature)]),
      ...(replaced ? this.#replacing(own, sent) : dataSets(own, model, this.key, plan)),
    ];
    const removes = replaced ? [] : plan.removals.map((path) => own.path(path));
    const computed = computedExpressions(own, replaced ? { computed: [] } : plan);
    sets.push(...computed.sets);
    // After the fields: their placeholders are then as short as they were counted.
    const keys = indexExpressions(own, model, this.context, sent.index, plan, currentItem(sent));
    sets.push(...keys.sets);
    removes.push(...keys.removes);
    const expiry = sent.upgraded === undefined ? this.#expiry : expiryOf(model, sent.upgraded);
    if (expiry?.at !== undefined) sets.push(assigned(own, attribute.timeToLive, expiry.at));
    else if (expiry !== undefined) removes.push(own.name(attribute.timeToLive));
    const clause = (name: string, actions: readonly string[]) =>
      actions.length === 0 ? "" : ` ${name} ${actions.join(", ")}`;
    const others = `${clause("REMOVE", removes)}${clause("ADD", computed.adds)}${clause("DELETE", computed.deletes)}`;
    return {
      kind: "Update",
      input: {
        TableName: tableName,
        Key: { ...this.key },
        UpdateExpression: `SET ${sets.join(", ")}${others}`,
        ...conditional(own, this.#condition(own, sent)),
        ReturnValues: plan.returning === undefined ? "ALL_NEW" : "ALL_OLD",
      },
    };
  }

  /** The assignment of a whole payload. */
  #replacing(own: Placeholders, { madeAnew, merged, upgraded }: Sent): string[] {
    const { model } = this.#target;
    if (upgraded !== undefined) {
      const data = assigned(own, attribute.data, payloadValue(model, this.key, upgraded));
      return [data, ...versionSets(own, model)];
    }
    const data = newData(own, model, this.key, this.#plan, merged);
    return madeAnew ? [data, ...versionSets(own, model)] : [data];
  }

  #next(seen: Seen | undefined): Sent {
    const item = seen?.item ?? undefined;
    const { model } = this.#target;
    const { ifUpdatedAt } = this.#plan;
    const adds = this.sign !== undefined ? "always" : this.#mark === undefined ? "ahead" : "never";
    const growth = growthOf(this.#target.clock, item, adds);
    const madeAnew = item !== undefined && !isMap(item[attribute.data]);
    const upgraded = isUpgradable(model, item)
      ? upgradedWith(model, this.context, item, this.#plan)
      : undefined;
    const wrong = madeAnew || this.#replaces ? wrongKind(item?.Data, this.#plan) : undefined;
    if (wrong !== undefined) throw invalid(this.context, [wrong]);
    return {
      // With a lock, the stored time is known beforehand.
      growth:
        ifUpdatedAt === undefined
          ? growth
          : { ...growth, at: Math.max(growth.at, ifUpdatedAt + 1) },
      item,
      madeAnew,
      merged: upgraded !== undefined || (this.#replaces && !madeAnew) ? item : undefined,
      upgraded,
      index: this.#indexOf({ item, madeAnew, upgraded }),
    };
  }

  #indexOf({ item, madeAnew, upgraded }: Pick<Sent, "item" | "madeAnew" | "upgraded">) {
    if (item === undefined || !(madeAnew || upgraded !== undefined)) return this.#index;
    const ids = madeAnew ? this.#plan.fromKey : {};
    return ofWholePayload(this.#target.model, { ...ids, ...this.#index?.changed }, item);
  }

  #condition(own: Placeholders, sent: Sent): string {
    const { growth, item, madeAnew, merged, upgraded, index } = sent;
    const { model } = this.#target;
    const { ifUpdatedAt, where, changes } = this.#plan;
    const conditions = [isOwn(own, model), isOlder(own, growth, item)];
    const isData = (path: PathSegments, type: string) =>
      atom(`attribute_type(${own.path(path)}, ${own.value(type)})`);
    conditions.push(madeAnew ? atom(`NOT ${isData([], "M").text}`) : isData([], "M"));
    // The stored payload of an older version may not have them; the upgraded one was looked at.
    for (const parent of upgraded === undefined ? this.#parents : []) {
      conditions.push(joined("OR", [isData(parent, "M"), isData(parent, "L")]));
    }
    if (upgraded === undefined && !madeAnew && !this.#replaces) {
      conditions.push(...areOfKind(own, this.#plan));
    }
    if (this.#signature !== undefined) conditions.push(isUnsigned(own, this.#signature));
    if (ifUpdatedAt !== undefined) conditions.push(isUnchanged(own, ifUpdatedAt, item));
    if (merged !== undefined || (this.#replaces && !madeAnew)) {
      conditions.push(isStoredAt(own, merged));
    }
    conditions.push(...isExpectedVersion(own, model, item));
    conditions.push(...isAsRead(own, index, item));
    if (where !== undefined) conditions.push(where(own));
    const condition = joined("AND", conditions).text;
    // The argument that is reported if the condition is too long. Parents that must exist need
    // conditions, too.
    const isNested = changes.some(({ path }) => path.length > 1);
    const longest = where !== undefined ? "where" : isNested ? "set" : "remove";
    refuseLongCondition(this.context, longest, condition);
    return condition;
  }

  refused(seen: Seen): DynamoDBError | "again" {
    const { item, cause } = seen;
    const { model } = this.#target;
    const { ifUpdatedAt, where } = this.#plan;
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
      : missingParent(item[attribute.data], this.#parents);
    if (missing !== undefined) return invalid(this.context, [missingIssue(missing)], cause);
    const wrong = isUpgradable(model, item)
      ? undefined
      : wrongKind(item[attribute.data], this.#plan);
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
    const { model } = this.#target;
    if (!isStoredAlike(storedVersion(item), expectedVersion(model, sent.item))) return true;
    const isLate = growth.step === undefined && (storedTime(item) ?? -1) >= growth.at;
    if (isLate || isMap(item[attribute.data]) === madeAnew) return true;
    if (hasOddTime(item) && !hasOddTime(sent.item)) return true;
    if (!isSameIn(index, sent.item, item)) return true;
    return merged !== undefined && !isStoredAlike(item.UpdatedAt, merged.UpdatedAt);
  }

  isUnknown(item: RawItem | null): boolean {
    if (this.#signature === undefined) return this.#once;
    // A writer that the item does not show has not counted, unless it may have been forgotten.
    const since = item?.[attribute.writersSince];
    const isShown = item?.[this.#signature.writer] !== undefined;
    return !isShown && since !== undefined && !(Number(since) <= this.#since);
  }

  isDone(item: RawItem | null): boolean {
    if (this.#signature !== undefined) {
      const { writer, serial } = this.#signature;
      return item?.[writer] === serial;
    }
    // Without a mark, the update may be repeated, because that changes nothing more.
    return this.#mark !== undefined && item?.[attribute.writeMark] === this.#mark;
  }

  found(item: RawItem | null): AnyItem | Both {
    if (this.#plan.returning !== undefined) throw beforeIsLost(this.context);
    return writtenItemOf(this.#target.model, this.key, item ?? undefined);
  }

  result(attributes: RawItem | undefined): AnyItem | Both {
    const { model } = this.#target;
    if (this.#plan.returning === undefined) return writtenItemOf(model, this.key, attributes);
    return bothOf(model, this.key, attributes, (before) => this.#left(before as RawItem));
  }

  /** What the last request made of an item. */
  #left(before: RawItem): RawItem {
    const { growth, upgraded, madeAnew } = this.#sent as Sent;
    const { model } = this.#target;
    const base = madeAnew ? { ...this.#plan.fromKey } : copyOf(before.Data ?? {});
    return {
      ...before,
      ...(madeAnew || upgraded !== undefined ? storedVersionOf(model) : {}),
      [attribute.data]: upgraded ?? applyChanges(base, inData(base, this.#plan)),
      [attribute.updatedAt]: grownFrom(before, growth),
    };
  }
}

/** The item that the last request was based on, with its payload as the current version has it. */
function currentItem({ item, upgraded }: Sent): RawItem | undefined {
  return item === undefined || upgraded === undefined ? item : { ...item, Data: upgraded };
}

function isPosition(path: PathSegments): boolean {
  return typeof path.at(-1) === "number";
}
