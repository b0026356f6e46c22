/** The delete of one item. */
import { type Compiled, joined } from "../conditions/condition-logic.js";
import type { ReadWhere } from "../conditions/conditions.js";
import { refuseLongCondition } from "../conditions/expression.js";
import { Placeholders } from "../conditions/placeholders.js";
import { type AnyItem, isOf, isStoredAlike, itemOf } from "../entity/item.js";
import { type KeyParts, keyValues, rawKeyOf } from "../entity/model.js";
import { isOwn, isStored } from "../entity/own-items.js";
import type { CallContext } from "../errors/context.js";
import type { DynamoDBError } from "../errors/dynamodb-error.js";
import type { RawItem, RawKey } from "../table/table.js";
import { absenceCheck } from "./check.js";
import { conditional } from "./expressions.js";
import { ghostOf, isStoredOrNothing, isThatGhost, isVacant, occupantOf } from "./occupant.js";
import type { Seen, Target, Write, WriteRequest } from "./plan.js";
import { conditionFailed } from "./refusals.js";
import {
  type Growth,
  growthOf,
  hasOddTime,
  isOlder,
  isStoredAt,
  isUnchanged,
  storedTime,
  updatedAtOf,
} from "./updated-at.js";
import { isKnownVersion, newerFailed } from "./version-conditions.js";

/** A checked delete. */
export interface DeletePlan {
  readonly parts: KeyParts;
  readonly ifUpdatedAt: number | undefined;
  readonly where: ReadWhere | undefined;
}

/**
 * Deletes an item and returns it; one request, two if there is a ghost, which is deleted too, or if there is
 * a `where` and the stored UpdatedAt is not older than the clock. An expired item is deleted and not
 * returned. A foreign item is kept, and counts as a missing one.
 */
export class DeleteWrite implements Write<AnyItem | null> {
  readonly context: CallContext;
  readonly key: RawKey;
  readonly bytes = 0;
  /** Without a lock it can only be refused because of an item: a missing one is not an error. */
  readonly refusedByItem: boolean;
  readonly #target: Target;
  readonly #plan: DeletePlan;
  #sent: Sent | undefined;

  constructor(target: Target, plan: DeletePlan) {
    const { model, operation = "delete" } = target;
    this.context = { operation, entity: model.name, key: keyValues(model, plan.parts) };
    this.key = rawKeyOf(model, plan.parts);
    this.refusedByItem = plan.ifUpdatedAt === undefined;
    this.#target = target;
    this.#plan = plan;
  }

  request(seen: Seen | undefined): WriteRequest {
    const { model, tableName, clock } = this.#target;
    const item = seen?.item ?? undefined;
    if (this.#plan.ifUpdatedAt === undefined && occupantOf(model, item) === "foreign") {
      return absenceCheck(model, tableName, this.key);
    }
    this.#sent = { item, growth: growthOf(clock, item, "never") };
    const own = new Placeholders();
    const condition = this.#condition(own, this.#sent).text;
    if (this.#plan.where !== undefined) refuseLongCondition(this.context, "where", condition);
    return {
      kind: "Delete",
      input: {
        TableName: tableName,
        Key: { ...this.key },
        ReturnValues: "ALL_OLD",
        ...conditional(own, condition),
      },
    };
  }

  /**
   * A lock and a `where` need the entity's own item, of a version that this code knows; with a lock it must
   * be as it was read. Without a lock, what is not the entity's is kept.
   */
  #condition(own: Placeholders, { item, growth }: Sent): Compiled {
    const { model } = this.#target;
    const { ifUpdatedAt, where } = this.#plan;
    const ghost = ifUpdatedAt === undefined ? ghostOf(model, item) : undefined;
    if (ghost !== undefined) return isThatGhost(own, ghost);
    const holds = () => [
      ...isKnownVersion(own, model),
      ...(where === undefined ? [] : [where(own)]),
    ];
    if (ifUpdatedAt !== undefined) {
      return joined("AND", [isOwn(own, model), isUnchanged(own, ifUpdatedAt, item), ...holds()]);
    }
    if (where === undefined) return isStoredOrNothing(own, model);
    // Repeated after a lost response, it must not delete an item that was created since.
    const isEarlier =
      occupantOf(model, item) === "own" ? isStoredAt(own, item) : isOlder(own, growth, item);
    const isMeant = joined("AND", [isStored(own, model), isEarlier, ...holds()]);
    return joined("OR", [isVacant(own, model), isMeant]);
  }

  refused(seen: Seen): DynamoDBError | "again" | "nothing" {
    const { model } = this.#target;
    const { ifUpdatedAt, where } = this.#plan;
    const { item } = seen;
    const occupant = occupantOf(model, item);
    if (ifUpdatedAt === undefined) {
      if (occupant === "foreign") return "nothing";
      if (where === undefined || item === null || occupant !== "own") return "again";
    }
    const newer = newerFailed(this.context, model, seen);
    if (newer !== undefined) return newer;
    const isThere = item !== null && occupant === "own";
    if (ifUpdatedAt !== undefined && !(isThere && updatedAtOf(item) === ifUpdatedAt)) {
      const rule = isThere ? "the item was changed since it was read" : "the item is gone";
      return conditionFailed(this.context, `${rule} (ifUpdatedAt)`, seen, model);
    }
    if (where === undefined || this.#isNews(item)) return "again";
    return conditionFailed(this.context, "the condition does not hold (where)", seen, model);
  }

  /** Whether the item is not the one that the last request expected. That alone may explain the refusal. */
  #isNews(item: RawItem | null): boolean {
    if (this.#sent === undefined || item === null) return true;
    const { item: expected, growth } = this.#sent;
    if (hasOddTime(item) && !hasOddTime(expected)) return true;
    if (this.#plan.ifUpdatedAt !== undefined) return false;
    if (occupantOf(this.#target.model, expected) === "own") {
      return !isStoredAlike(item.UpdatedAt, expected?.UpdatedAt);
    }
    return (storedTime(item) ?? -1) >= growth.at;
  }

  /** A `where` may hold again for an item that another caller has created since. */
  isUnknown(): boolean {
    return this.#plan.where !== undefined;
  }

  isDone(item: RawItem | null): boolean {
    return item === null || !isOf(this.#target.model, item);
  }

  result(attributes: RawItem | undefined): AnyItem | null {
    const { model } = this.#target;
    if (attributes === undefined || !isOf(model, attributes)) return null;
    // A secret that cannot be opened stays sealed, and a payload that cannot be upgraded as it is, so that
    // the item can be deleted, too.
    return itemOf(model, attributes, "leave");
  }
}

/** What a delete's last request was based on. */
interface Sent {
  /** The item that was seen before the request. */
  readonly item: RawItem | undefined;
  /** The time that an item must be older than. */
  readonly growth: Growth;
}
