/** Bounds on what a native call is given, before ElectroDB goes through it. */
import type { CallContext } from "../errors/context.js";
import { invalidAt } from "../errors/validation-error.js";
import { limits } from "../table/table.js";

/**
 * The most keys or items of one native batch. ElectroDB checks and writes all of them in one turn of the
 * event loop: these take about 30 ms.
 */
const mostListed = 2_500;

/** @throws ValidationError for a list that is too long, if the first call of a chain was given one */
export function refuseLongList(given: readonly unknown[], context: () => CallContext): void {
  const [list] = given;
  if (!Array.isArray(list) || list.length <= mostListed) return;
  const message = `the list has ${list.length} members: give at most ${mostListed} in one call`;
  throw invalidAt(context(), "", message);
}

/** No entity has nearly as many attributes, and no expression holds as many names. */
const mostAttributes = 1_000;

/** What is wrong with the options of a chain's end; `undefined` if nothing is. */
export function tooManyAttributes(options: unknown, context: () => CallContext): Error | undefined {
  const { attributes } = (options ?? {}) as { readonly attributes?: unknown };
  if (!Array.isArray(attributes) || attributes.length <= mostAttributes) return undefined;
  const message = `has ${attributes.length} members: give at most ${mostAttributes}`;
  return invalidAt(context(), "attributes", message);
}

/** The callback of a transaction, whose operations are counted before ElectroDB goes through them. */
export function boundedOperations(callback: unknown, context: CallContext): unknown {
  if (typeof callback !== "function") return callback;
  return (...given: unknown[]) => {
    const operations: unknown = callback(...given);
    const most = limits.transactionOperations;
    if (!Array.isArray(operations) || operations.length <= most) return operations;
    const message = `the transaction has ${operations.length} operations: DynamoDB takes at most ${most}`;
    throw invalidAt(context, "", message);
  };
}
