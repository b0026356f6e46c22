/** The operations that a transaction's callback makes, and the check of what it returns. */
import { reading } from "../../src/call/call.js";
import { refuseUnknown } from "../../src/call/options.js";
import { type EntityModel, keyContext, rawKeyOf } from "../../src/entity/model.js";
import { type CallContext, keyTextOf } from "../../src/errors/context.js";
import { invalidAt } from "../../src/errors/validation-error.js";
import { keyId } from "../../src/read/reader.js";
import { internalsOf, type StoreInternals } from "../../src/store/entity-store.js";
import { limits, type RawKey } from "../../src/table/table.js";
import { elementsOf } from "../../src/values/payload.js";
import type { Write } from "../../src/write/plan.js";
import type { AnyStores } from "../stores.js";

/** What every operation has. */
export interface Operation {
  readonly context: CallContext;
  readonly key: RawKey;
  readonly model: EntityModel;
}

interface StoreWrite extends Operation {
  readonly write: Write<unknown>;
}

/**
 * Operations as callbacks hold them: a handle is empty and frozen. One that the caller made, or that is
 * of another transaction object or another user's scope, stands for nothing.
 */
class Handles<O> {
  readonly #operations = new WeakMap<object, O>();

  handleOf(operation: O): object {
    const handle = Object.freeze({});
    this.#operations.set(handle, operation);
    return handle;
  }

  operationOf(handle: unknown): O | undefined {
    return typeof handle === "object" && handle !== null ? this.#operations.get(handle) : undefined;
  }
}

/** What a transaction's callback is given, and what its handles stand for. */
export interface Operations<O> {
  readonly tx: object;
  readonly handles: Handles<O>;
}

/** The writes of each store. */
export function writesOf(stores: AnyStores): Operations<StoreWrite> {
  const handles = new Handles<StoreWrite>();
  const tx = eachStore(stores, ({ model, writes }) => {
    const planned = (plan: () => Write<unknown>) => {
      const write = reading({ operation: "transaction.write", entity: model.name }, plan);
      return handles.handleOf({ context: write.context, key: write.key, model, write });
    };
    return {
      create: (input: unknown, options?: unknown) =>
        planned(() => withoutOptions(writes.create(input), options)),
      put: (input: unknown, options?: unknown) =>
        planned(() => withoutOptions(writes.put(input), options)),
      upsert: (input: unknown, options?: unknown) =>
        planned(() => withoutOptions(writes.upsert(input), options)),
      update: (key: unknown, changes: unknown, options?: object) =>
        planned(() => writes.update(key, changes, options)),
      delete: (key: unknown, options?: object) => planned(() => writes.delete(key, options)),
      check: (key: unknown, options?: object) => planned(() => writes.check(key, options)),
    };
  });
  return { tx, handles };
}

/** The reads of each store. */
export function readsOf(stores: AnyStores): Operations<Operation> {
  const handles = new Handles<Operation>();
  const tx = eachStore(stores, ({ model, writes }) => ({
    get: (given: unknown, options?: unknown) => {
      const operation = "transaction.get";
      const read = reading({ operation, entity: model.name }, () => {
        const context = keyContext(model, operation, given);
        withoutOptions({ context }, options);
        return { context, key: rawKeyOf(model, writes.input.key(given, context)), model };
      });
      return handles.handleOf(read);
    },
  }));
  return { tx, handles };
}

/**
 * An operation that takes no options: those of its store's call are refused, because they would be
 * ignored. Anything but an object is passed over: `inputs.map(tx.project.put)` gives an index.
 */
function withoutOptions<O extends { readonly context: CallContext }>(
  operation: O,
  given: unknown,
): O {
  if (typeof given === "object") refuseUnknown(operation.context, given, []);
  return operation;
}

/** Something of each store under its name, created when it is first requested. */
function eachStore<T>(stores: AnyStores, make: (store: StoreInternals) => T): object {
  const all = {};
  for (const name of Object.keys(stores)) {
    Object.defineProperty(all, name, {
      enumerable: true,
      get: () => make(internalsOf(stores[name] as object)),
    });
  }
  return all;
}

/**
 * Calls a transaction's callback.
 * @returns 1 to 100 operations, each on an item of its own
 * @throws ValidationError for anything else
 */
export function operationsOf<O extends Operation>(
  context: CallContext,
  build: (tx: never) => unknown,
  { tx, handles }: Operations<O>,
): readonly O[] {
  const refuse = (message: string) => invalidAt(context, "operations", message);
  if (typeof build !== "function") throw refuse("must be made by a function");
  const built = build(tx as never);
  const unknown = "must be an array of operations made by the callback's argument";
  const most = limits.transactionOperations;
  const given = reading(context, () => {
    if (!Array.isArray(built)) throw refuse(unknown);
    const all = elementsOf(built, most);
    if (all !== undefined && all.length > 0) return all;
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
      `name ${twice.context.entity} (${keyTextOf(twice.context)}) more than once: a transaction takes each item once`,
    );
  }
  return operations;
}
