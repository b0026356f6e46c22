/** The write of an item that is changed if it exists, and created if it does not. */
import type { Draft, UpdatePlan } from "../entity/input.js";
import type { AnyItem } from "../entity/item.js";
import type { EntityModel } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import type { DynamoDBError } from "../errors/dynamodb-error.js";
import type { RawItem, RawKey } from "../table/table.js";
import type { Both } from "./before.js";
import { createItem } from "./create.js";
import { occupantOf } from "./occupant.js";
import type { Seen, Target, Write, WriteRequest } from "./plan.js";
import { foreignFailed } from "./refusals.js";
import { UpdateWrite } from "./update.js";
import { newerFailed } from "./version-conditions.js";

/**
 * Updates an item, or creates it once an update has found none; one request if the item exists, two if there
 * is nothing, an expired item or a ghost. An update that sets fields inside a map that may be missing cannot
 * create it, so one request does not do both. A foreign item is kept.
 */
export class UpsertWrite implements Write<AnyItem> {
  readonly context: CallContext;
  readonly key: RawKey;
  readonly bytes: number;
  readonly readsFirst: boolean;
  readonly #model: EntityModel;
  readonly #update: UpdateWrite;
  readonly #create: Write<AnyItem>;
  /** The one of the two that was sent last. */
  #sent: Write<AnyItem | Both>;

  constructor(target: Target, plan: UpdatePlan, draft: Draft) {
    const update = new UpdateWrite(target, plan);
    this.context = update.context;
    this.key = update.key;
    this.bytes = draft.bytes;
    this.readsFirst = update.readsFirst;
    this.#model = target.model;
    this.#update = update;
    this.#create = createItem(target, draft);
    this.#sent = update;
  }

  request(seen: Seen | undefined): WriteRequest {
    const isMissing = seen !== undefined && occupantOf(this.#model, seen.item) !== "own";
    this.#sent = isMissing ? this.#create : this.#update;
    return this.#sent.request(seen);
  }

  /** A create is refused by an item alone, which the next round must know. */
  get refusedByItem(): boolean {
    return this.#sent === this.#create || this.#update.refusedByItem;
  }

  refused(seen: Seen): DynamoDBError | "again" | "nothing" {
    const foreign = foreignFailed(this.context, seen, this.#model);
    if (foreign !== undefined) return foreign;
    // What the one has not found, the other writes.
    if (occupantOf(this.#model, seen.item) !== "own") return "again";
    if (this.#sent === this.#update) return this.#update.refused(seen);
    return newerFailed(this.context, this.#model, seen) ?? "again";
  }

  isDone(item: RawItem | null): boolean {
    return this.#sent.isDone?.(item) ?? false;
  }

  result(attributes: RawItem | undefined): AnyItem {
    // Neither of the two was asked for what was there before.
    return this.#sent.result(attributes) as AnyItem;
  }
}
