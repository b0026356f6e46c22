/** Transactions over all entities: all or nothing, idempotent under retry. */
import { type CallOptions, limitsOf, perform } from "../../src/call/call.js";
import type { CallContext } from "../../src/errors/context.js";
import type { StoreContext } from "../../src/store/entity-store.js";
import { refuseTooLarge, writeAll } from "../../src/write/transact.js";
import type { AnyStores, Specs } from "../stores.js";
import { operationsOf, readsOf, writesOf } from "./operations.js";
import { readAll } from "./read.js";
import type { Transactions } from "./types.js";

export type Transaction = Transactions<Specs>;

const writeContext: CallContext = { operation: "transaction.write" };
const getContext: CallContext = { operation: "transaction.get" };

type Build = (tx: never) => unknown;

/** @param stores whose items are written and read; those of one user make a transaction of that user's */
export function createTransaction(context: StoreContext, stores: AnyStores): Transaction {
  const writes = writesOf(stores);
  const reads = readsOf(stores);
  const transaction = {
    write: async (build: Build, options: CallOptions = {}): Promise<unknown[]> => {
      const limits = limitsOf(writeContext, options);
      const planned = operationsOf(writeContext, build, writes);
      refuseTooLarge(planned, writeContext);
      return perform(writeContext, limits, (call) => writeAll(context, planned, call));
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
