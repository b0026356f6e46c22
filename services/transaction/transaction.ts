/** Transactions over all entities: all or nothing, idempotent under retry. */
import { type CallOptions, limitsOf, perform, reading } from "../../src/call/call.js";
import type { Owner } from "../../src/entity/model.js";
import type { CallContext } from "../../src/errors/context.js";
import type { StoreContext } from "../../src/store/entity-store.js";
import { tokenOf } from "../../src/write/token.js";
import { refuseTooLarge, writeAll } from "../../src/write/transact.js";
import type { AnyStores, Specs } from "../stores.js";
import { operationsOf, readsOf, writesOf } from "./operations.js";
import { readAll } from "./read.js";
import { type Transactions, type TxOptions, txOptionNames } from "./types.js";

export type Transaction = Transactions<Specs>;

const writeContext: CallContext = { operation: "transaction.write" };
const getContext: CallContext = { operation: "transaction.get" };

type Build = (tx: never) => unknown;

/**
 * @param stores whose items are written and read; those of one user make a transaction of that user's
 * @param owner the parts of a scope, whose tokens are not those of others
 */
export function createTransaction(
  context: StoreContext,
  stores: AnyStores,
  owner?: Owner,
): Transaction {
  const writes = writesOf(stores);
  const reads = readsOf(stores);
  const transaction = {
    write: async (build: Build, options: TxOptions = {}): Promise<unknown[]> => {
      const limits = limitsOf(writeContext, options, txOptionNames);
      const given = reading(writeContext, () => options?.token);
      const planned = operationsOf(writeContext, build, writes);
      refuseTooLarge(planned, writeContext);
      const token = tokenOf(given, planned, writeContext, owner);
      return perform(writeContext, limits, (call) => writeAll(context, planned, call, token));
    },
    get: async (build: Build, options: CallOptions = {}): Promise<unknown[]> => {
      const limits = limitsOf(getContext, options);
      const planned = operationsOf(getContext, build, reads);
      return perform(getContext, limits, (call) => readAll(context, planned, call));
    },
  };
  // The operations' results are typed by who made them; here they are a list.
  return transaction as unknown as Transaction;
}
