/**
 * The writes of one entity, checked and ready to be sent, either alone by its store or in a
 * transaction.
 */
import { type OptionNames, refuseUnknown } from "../call/options.js";
import { type Draft, InputReader, type Sources, type UpdatePlan } from "../entity/input.js";
import type { AnyItem } from "../entity/item.js";
import type { EntityModel } from "../entity/model.js";
import { keyContext } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import { invalidAt } from "../errors/validation-error.js";
import type { Both } from "../write/before.js";
import { type CheckPlan, checkWrite } from "../write/check.js";
import { createItem } from "../write/create.js";
import { DeleteWrite } from "../write/delete.js";
import type { Target, Write } from "../write/plan.js";
import { putWrite } from "../write/put.js";
import { planned } from "../write/token.js";
import { UpdateWrite } from "../write/update.js";
import { UpsertWrite } from "../write/upsert.js";
import {
  deleteOptionNames,
  ofOperation,
  putOptionNames,
  updateOptionNames,
} from "./store-types.js";

const updateNames = ofOperation(updateOptionNames);
const deleteNames = ofOperation(deleteOptionNames);
const checkNames: OptionNames = ["exists", "ifUpdatedAt", "where"];

/** What a caller gave of an item. */
function ofDraft({ given: data, createdAt, isGenerated }: Draft) {
  return { data, createdAt, isGenerated };
}

/** What a caller gave of an update. Its size tells the length of a secret, which no mark may have in it. */
function ofUpdate({ changes, removals, computed, ifUpdatedAt, where }: UpdatePlan) {
  return { changes, removals, computed, ifUpdatedAt, where };
}

/** Plans writes from callers' arguments. Every method throws ValidationError for invalid arguments. */
export class Planner {
  readonly input: InputReader;
  private readonly target: Target;
  private readonly sources: Sources;

  constructor(model: EntityModel, tableName: string, sources: Sources, operation?: string) {
    this.sources = sources;
    this.input = new InputReader(model, sources);
    this.target = { model, tableName, clock: sources.clock, operation };
  }

  /**
   * The same writes for another call, which errors and events then name instead of the store's call.
   */
  onBehalfOf(operation: string): Planner {
    const { model, tableName } = this.target;
    return new Planner(model, tableName, this.sources, operation);
  }

  create(given: unknown): Write<AnyItem> {
    const context = this.contextOf("create", given);
    const draft = this.input.draft(given, context, { generateId: true });
    return planned(createItem(this.target, draft), ofDraft(draft));
  }

  put(given: unknown, options: { returning?: unknown } = {}): Write<AnyItem | Both> {
    const context = this.contextOf("put", given);
    refuseUnknown(context, options, putOptionNames);
    const draft = this.input.draft(given, context);
    const returning = this.input.returning(options?.returning, context);
    return planned(putWrite(this.target, draft, returning), ofDraft(draft));
  }

  /** @param changes what is merged into an existing item. @default the payload's fields */
  upsert(given: unknown, changes?: unknown): Write<AnyItem> {
    const operation = this.target.operation ?? "upsert";
    const context = this.contextOf(operation, given);
    const { draft, plan } = this.input.upsert(given, changes, context);
    return planned(new UpsertWrite({ ...this.target, operation }, plan, draft), ofDraft(draft));
  }

  /** @param known the options that the call takes: an operation in a transaction has no limits */
  update<R extends AnyItem | Both = AnyItem>(
    key: unknown,
    changes: unknown,
    options: object = {},
    known: OptionNames = updateNames,
  ): Write<R> {
    const context = this.contextOf("update", key);
    refuseUnknown(context, options, known);
    const plan = this.input.update(key, changes, options ?? {}, context);
    const write: Write<AnyItem | Both> = new UpdateWrite(this.target, plan);
    // The result has both only with that option, which the caller knows.
    return planned(write, ofUpdate(plan)) as Write<R>;
  }

  /** @param known as for `update` */
  delete(
    key: unknown,
    options: { ifUpdatedAt?: unknown; where?: unknown } = {},
    known: OptionNames = deleteNames,
  ): Write<AnyItem | null> {
    const context = this.contextOf("delete", key);
    refuseUnknown(context, options, known);
    const { ifUpdatedAt, where } = options ?? {};
    const plan = {
      parts: this.input.key(key, context),
      ifUpdatedAt: this.input.lock(ifUpdatedAt, context),
      where: this.input.where(where, context),
    };
    return planned(new DeleteWrite(this.target, plan), plan);
  }

  /** A condition on an item that the transaction does not write. */
  check(
    key: unknown,
    options: { exists?: unknown; ifUpdatedAt?: unknown; where?: unknown } = {},
  ): Write<undefined> {
    const context = this.contextOf("check", key);
    refuseUnknown(context, options, checkNames);
    const { exists = true, ifUpdatedAt, where } = options ?? {};
    if (typeof exists !== "boolean") {
      throw invalidAt(context, "exists", "must be true or false");
    }
    if (!exists && (ifUpdatedAt !== undefined || where !== undefined)) {
      const message = "must not be false with ifUpdatedAt or where: these conditions need an item";
      throw invalidAt(context, "exists", message);
    }
    const plan: CheckPlan = {
      parts: this.input.key(key, context),
      exists,
      ifUpdatedAt: this.input.lock(ifUpdatedAt, context),
      where: this.input.where(where, context),
    };
    return planned(checkWrite(this.target, plan), plan);
  }

  private contextOf(operation: string, key: unknown): CallContext {
    return keyContext(this.target.model, this.target.operation ?? operation, key);
  }
}
