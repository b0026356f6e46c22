/** Transactions over all entities: all or nothing, idempotent under retry. */
import { type Call, type CallOptions, limitsOf, perform, reading } from "../../src/call/call.js";
import { refuseUnknown } from "../../src/call/options.js";
import type { Where } from "../../src/conditions/conditions.js";
import { type AnyItem, isOf, itemOf } from "../../src/entity/item.js";
import { type EntityModel, keyContext, rawKeyOf } from "../../src/entity/model.js";
import {
  type CallContext,
  type CancellationReason,
  cancellationReasonsOf,
  DynamoDBError,
  describe,
  invalid,
  isRetryableError,
  isRetryableReason,
  nameOf,
  TransactionCanceledError,
  withContext,
} from "../../src/errors/errors.js";
import { keyId } from "../../src/read/reader.js";
import { withMaskedSecrets } from "../../src/secrets/masking.js";
import {
  internalsOf,
  type StoreContext,
  type StoreInternals,
} from "../../src/store/entity-store.js";
import type {
  Changes,
  DeleteOptions,
  NewInput,
  PutInput,
  StoreSpec,
  UpdateOptions,
} from "../../src/store/store-types.js";
import { limits, type RawItem, type RawKey } from "../../src/table/table.js";
import { elementsOf } from "../../src/values/payload.js";
import { whatIsThere, whatWasThere } from "../../src/write/run.js";
import {
  isForeignFailure,
  noteForeignFailure,
  type Seen,
  type Write,
} from "../../src/write/write.js";
import type { FacadeName, Registry } from "../entities.js";
import type { Specs, Stores } from "../stores.js";

declare const resultOf: unique symbol;

/** One operation of a transaction, checked when it was made. */
export interface TransactionOperation<Result> {
  readonly [resultOf]: Result;
}

/** A condition on an item that the transaction does not write. */
export interface CheckOptions<S extends StoreSpec> {
  /** Whether the item must be there, or must not. @default true */
  readonly exists?: boolean | undefined;
  /** The item must not have been written since: its `updatedAt` as it was read. */
  readonly ifUpdatedAt?: number | undefined;
  /** A condition on its payload. */
  readonly where?: Where<S["data"]> | undefined;
}

type Limits = keyof CallOptions;

/** The operations of one entity: what its store's methods take, without limits of their own. */
export interface EntityOperations<S extends StoreSpec> {
  /** Stores a new item; its id is generated where it is left out. Returns the item. */
  create(input: NewInput<S>): TransactionOperation<S["item"]>;
  /** Stores an item, new or in place of what is there. */
  put(input: PutInput<S>): TransactionOperation<undefined>;
  /** Merges changes into the payload of an item that is there. */
  update(
    key: S["key"],
    changes: Changes<S>,
    options?: Omit<UpdateOptions<S>, Limits>,
  ): TransactionOperation<undefined>;
  /** Deletes an item, if it is there. */
  delete(key: S["key"], options?: Omit<DeleteOptions, Limits>): TransactionOperation<undefined>;
  /** Writes nothing: the transaction stops where the condition does not hold. */
  check(key: S["key"], options?: CheckOptions<S>): TransactionOperation<undefined>;
}

/** The reads of one entity in a transaction. */
export interface EntityReads<S extends StoreSpec> {
  /** One item, or `null` if there is none. */
  get(key: S["key"]): TransactionOperation<S["item"] | null>;
}

/** What each operation of a transaction returns. */
export type TransactionResults<Operations extends readonly TransactionOperation<unknown>[]> = {
  -readonly [I in keyof Operations]: Operations[I] extends TransactionOperation<infer R>
    ? R
    : never;
};

/** Specs under the facade names. */
export type AllSpecs = Record<FacadeName, StoreSpec>;

/** The operations that a transaction may write, under the facade names. */
export type TransactionWrites<S extends AllSpecs> = {
  readonly [F in keyof Registry]: EntityOperations<S[F]>;
};

/** The reads of a transaction, under the facade names. */
export type TransactionReads<S extends AllSpecs> = {
  readonly [F in keyof Registry]: EntityReads<S[F]>;
};

/** Transactions whose operations are typed by the given specs. */
export interface Transactions<S extends AllSpecs> {
  /**
   * Writes up to 100 items of up to 4 MB, all or nothing; sent once, and again with the same token
   * where the answer was lost or the transaction met another. One request; one more where an item
   * is a dated one that is not adopted, or was written in the same millisecond.
   * @returns what each operation made: the item of a `create`, else `undefined`
   * @throws TransactionCanceledError that names the operations that stopped it, with what was there;
   * nothing was written then, unless a conflict or throttling stopped it and `mayHaveBeenDone` is set
   */
  write<const O extends readonly TransactionOperation<unknown>[]>(
    operations: (tx: TransactionWrites<S>) => O,
    options?: CallOptions,
  ): Promise<TransactionResults<O>>;
  /** Reads up to 100 items as they were at one moment. One request. */
  get<const O extends readonly TransactionOperation<unknown>[]>(
    operations: (tx: TransactionReads<S>) => O,
    options?: CallOptions,
  ): Promise<TransactionResults<O>>;
}

export type Transaction = Transactions<Specs>;

/** Rounds after refusals that taught something; more mean that others write all the time. */
const mostRounds = 8;

const writeContext: CallContext = { operation: "transaction.write" };
const getContext: CallContext = { operation: "transaction.get" };

/** What both kinds of operation have. */
interface Operation {
  readonly context: CallContext;
  readonly key: RawKey;
  readonly model: EntityModel;
}

type Read = Operation;

interface PlannedWrite extends Operation {
  readonly write: Write<unknown>;
}

export function createTransaction(context: StoreContext, stores: Stores): Transaction {
  const { transport, tableName } = context;
  const writeHandles = createHandles<PlannedWrite>();
  const readHandles = createHandles<Read>();
  const operations = eachStore(stores, ({ model, writes }) => {
    const planned = (plan: () => Write<unknown>) => {
      const write = reading({ operation: "transaction.write", entity: model.name }, plan);
      return writeHandles.handleOf({ context: write.context, key: write.key, model, write });
    };
    return {
      create: (input: unknown, options?: unknown) =>
        planned(() => withoutOptions(writes.create(input), options)),
      put: (input: unknown, options?: unknown) =>
        planned(() => withoutOptions(writes.put(input), options)),
      update: (key: unknown, changes: unknown, options?: object) =>
        planned(() => writes.update(key, changes, options)),
      delete: (key: unknown, options?: object) => planned(() => writes.delete(key, options)),
      check: (key: unknown, options?: object) => planned(() => writes.check(key, options)),
    };
  });
  const reads = eachStore(stores, ({ model, writes }) => ({
    get: (given: unknown, options?: unknown) => {
      const operation = "transaction.get";
      const read = reading({ operation, entity: model.name }, () => {
        const context = keyContext(model, operation, given);
        withoutOptions({ context }, options);
        return { context, key: rawKeyOf(model, writes.input.key(given, context)), model };
      });
      return readHandles.handleOf(read);
    },
  }));

  async function write(
    build: (tx: never) => unknown,
    options: CallOptions = {},
  ): Promise<unknown[]> {
    const limitsGiven = limitsOf(writeContext, options);
    const writes = checked(writeContext, build, operations, writeHandles);
    const bytes = writes.reduce((sum, { write: one }) => sum + (one.bytes ?? 0), 0);
    if (bytes > limits.transactionBytes) {
      const message = `store ${bytes} bytes: a transaction takes at most ${limits.transactionBytes} (4 MB)`;
      throw invalid(writeContext, [{ path: "operations", message }]);
    }
    return perform(writeContext, limitsGiven, (call) => writeAll(writes, call));
  }

  async function writeAll(writes: readonly PlannedWrite[], call: Call): Promise<unknown[]> {
    const seen = new Map<PlannedWrite, Seen>();
    for (const one of writes) {
      if (one.write.readsFirst) {
        seen.set(one, await whatIsThere(transport, tableName, one.write, call));
      }
    }
    let passing: CancellationReason[] = [];
    for (let round = 0; round < mostRounds; round += 1) {
      try {
        await transport.send(
          "TransactWrite",
          { TransactItems: writes.map((one) => itemOfWrite(one.write, seen.get(one))) },
          call,
        );
        return writes.map(({ write: one }) =>
          one.context.operation === "create" ? one.result(undefined) : undefined,
        );
      } catch (error) {
        if (nameOf(error) !== "TransactionCanceledException") throw supported(writeContext, error);
        passing = await learn(writes, error, seen, call);
      }
    }
    const rule = `others wrote its items ${mostRounds} times in a row`;
    const message = describe(writeContext, [rule, ...passing.map(textOf)].join("; "));
    throw new TransactionCanceledError(message, undefined, passing, true);
  }

  /**
   * Notes what stopped a transaction where the writes can go on from it, and throws where not.
   * @returns the reasons that the next round may be free of
   */
  async function learn(
    writes: readonly PlannedWrite[],
    error: unknown,
    seen: Map<PlannedWrite, Seen>,
    call: Call,
  ): Promise<CancellationReason[]> {
    const refused: CancellationReason[] = [];
    const conflicts: CancellationReason[] = [];
    const passing: CancellationReason[] = [];
    for (const [index, reason] of cancellationReasonsOf(error).entries()) {
      const one = writes[index];
      const code = reason.Code ?? "None";
      if (one === undefined || code === "None") continue;
      if (code !== "ConditionalCheckFailed") {
        const group = isRetryableReason(code) ? conflicts : refused;
        group.push(reasonOf(index, one, code, reason.Message ?? code));
        continue;
      }
      const was = await whatWasThere(transport, tableName, one.write, { Item: reason.Item }, call);
      const isItem = was.item !== null && isOf(one.model, was.item);
      const item = was.item !== null && isItem ? maskedItemOf(one.model, was.item) : null;
      const verdict = one.write.refused(was);
      if (verdict === "again" || verdict === "nothing") {
        seen.set(one, was);
        passing.push(reasonOf(index, one, code, "the item was written meanwhile", item));
      } else {
        const stopped = reasonOf(index, one, code, ruleOf(verdict, one.context), item);
        if (isForeignFailure(verdict)) noteForeignFailure(stopped);
        refused.push(stopped);
      }
    }
    // A conflict alone was retried by the transport; beside a condition that passes it was not.
    if (refused.length === 0 && passing.length > 0) return [...passing, ...conflicts];
    const reasons = [...refused, ...conflicts].sort((a, b) => a.index - b.index);
    throw cancelled(writeContext, error, reasons);
  }

  async function get(build: (tx: never) => unknown, options: CallOptions = {}): Promise<unknown[]> {
    const limitsGiven = limitsOf(getContext, options);
    const all = checked(getContext, build, reads, readHandles);
    return perform(getContext, limitsGiven, async (call) => {
      try {
        const TransactItems = all.map(({ key }) => ({
          Get: { TableName: tableName, Key: { ...key } },
        }));
        const answer = await transport.send("TransactGet", { TransactItems }, call);
        return all.map(({ model }, index) => {
          const raw = answer.Responses?.[index]?.Item as RawItem | undefined;
          return raw !== undefined && isOf(model, raw) ? itemOf(model, raw) : null;
        });
      } catch (error) {
        if (nameOf(error) !== "TransactionCanceledException") throw supported(getContext, error);
        const reasons = cancellationReasonsOf(error).flatMap(
          ({ Code = "None", Message }, index) => {
            const one = all[index];
            const stopped = one !== undefined && Code !== "None";
            return stopped ? [reasonOf(index, one, Code, Message ?? Code)] : [];
          },
        );
        throw cancelled(getContext, error, reasons);
      }
    });
  }

  // The operations' results are typed by who made them; here they are a list.
  return { write, get } as unknown as Transaction;
}

/**
 * An operation that takes no options: those of its store's call, which would be ignored, are refused.
 * What is no object is none, but the position that `inputs.map(tx.project.put)` gives.
 */
function withoutOptions<O extends { readonly context: CallContext }>(
  operation: O,
  given: unknown,
): O {
  if (typeof given === "object") refuseUnknown(operation.context, given, []);
  return operation;
}

/** Something of each store under its facade name, made when it is first asked for. */
function eachStore<T>(stores: Stores, make: (store: StoreInternals) => T): object {
  const all = {};
  for (const name of Object.keys(stores) as FacadeName[]) {
    Object.defineProperty(all, name, {
      enumerable: true,
      get: () => make(internalsOf(stores[name])),
    });
  }
  return all;
}

/**
 * Operations as callbacks hold them: a handle is empty and frozen, and one that another transaction
 * object, another user's scope or a caller made stands for nothing.
 */
interface Handles<O> {
  handleOf(operation: O): object;
  operationOf(handle: unknown): O | undefined;
}

function createHandles<O>(): Handles<O> {
  const operations = new WeakMap<object, O>();
  return {
    handleOf: (operation) => {
      const handle = Object.freeze({});
      operations.set(handle, operation);
      return handle;
    },
    operationOf: (handle) =>
      typeof handle === "object" && handle !== null ? operations.get(handle) : undefined,
  };
}

/** 1 to 100 operations, each on an item of its own. */
function checked<O extends Operation>(
  context: CallContext,
  build: (tx: never) => unknown,
  tx: object,
  handles: Handles<O>,
): readonly O[] {
  const refuse = (message: string) => invalid(context, [{ path: "operations", message }]);
  if (typeof build !== "function") throw refuse("must be made by a function");
  const built = build(tx as never);
  const unknown = "must be an array of operations that the callback's argument made";
  const most = limits.transactionOperations;
  const given = reading(context, () => {
    if (!Array.isArray(built)) throw refuse(unknown);
    const handles = elementsOf(built, most);
    if (handles !== undefined && handles.length > 0) return handles;
    throw refuse(`are ${built.length}: a transaction takes 1 to ${most}`);
  });
  const operations = given.map((handle) => {
    const operation = handles.operationOf(handle);
    if (operation === undefined) throw refuse(unknown);
    return operation;
  });
  const ids = operations.map((one) => keyId(one.key));
  const twice = operations.find((_, index) => ids.indexOf(ids[index] ?? "") !== index);
  if (twice !== undefined) {
    throw refuse(
      `name ${twice.context.entity} (${twice.context.key}) more than once: a transaction takes each item once`,
    );
  }
  return operations;
}

/** What was there, for an error: its secrets are in no log. */
function maskedItemOf(model: EntityModel, raw: RawItem): AnyItem {
  return withMaskedSecrets(model.secrets, itemOf(model, raw, "leave"));
}

function itemOfWrite(write: Write<unknown>, seen: Seen | undefined): Record<string, object> {
  const { kind, input } = write.request(seen);
  const { ReturnValues: _, ...item } = input as { ReturnValues?: unknown };
  return { [kind]: item };
}

function reasonOf(
  index: number,
  { context }: Operation,
  code: string,
  message: string,
  item: unknown = null,
): CancellationReason {
  const { operation = "", entity = "", key = "" } = context;
  const reason = { index, operation, entity, key, code, message };
  return Object.defineProperty(reason, "item", { value: item, enumerable: false });
}

/** The rule of an error without the call that it names, which the reason names already. */
function ruleOf(error: DynamoDBError, context: CallContext): string {
  const call = describe(context, "");
  return error.message.startsWith(call) ? error.message.slice(call.length) : error.message;
}

function textOf({ index, operation, entity, key, message }: CancellationReason): string {
  return `#${index} ${describe({ operation, entity, key }, message)}`;
}

function cancelled(
  context: CallContext,
  error: unknown,
  reasons: readonly CancellationReason[],
): TransactionCanceledError {
  const rule =
    reasons.length === 0
      ? "cancelled, and DynamoDB does not say why"
      : `cancelled by ${reasons.map(textOf).join("; ")}`;
  const message = describe(context, rule);
  const retryable = isRetryableError(error);
  return withContext(new TransactionCanceledError(message, error, reasons, retryable), context);
}

/** What an engine threw, or that it knows no transactions. */
function supported(context: CallContext, error: unknown): unknown {
  if (nameOf(error) !== "UnknownOperationException") return error;
  const message = describe(context, "this engine has no transactions (dynalite has none)");
  return new DynamoDBError(message, "UnknownOperationException", 400, false, error);
}
