/** The client that ElectroDB is given, so that its requests are sent as all others are. */
import { AbortedError } from "../errors/aborted-error.js";
import { cancellationReasonsOf } from "../errors/thrown.js";
import { messageOf } from "../errors/words.js";
import { convertItem, electroForm } from "./failed-items.js";
import type { Answer, Input, RequestName } from "./requests.js";

/** One request of ElectroDB's, sent when its promise is asked for. */
interface ElectroRequest {
  promise(): Promise<unknown>;
  /** Ends the retries. An attempt under way is left behind: its response reaches nobody. */
  abort(): void;
  /** ElectroDB would read a cancelled transaction's reasons here; they are in the result already. */
  on(): void;
}

/** Who is told of the parts of ElectroDB's batches, by the request that ElectroDB sends. */
const partListeners = new WeakMap<object, (answer: object) => void>();

/** Calls a function with each response to a batch of ElectroDB's that leaves a part of it. */
export function onPartOf(input: object, listener: (answer: object) => void): void {
  partListeners.set(input, listener);
}

/** Tells who listens to a batch of ElectroDB's of a part. */
export function tellPartOf(input: object, answer: object): void {
  partListeners.get(input)?.(answer);
}

/**
 * The client that ElectroDB is given. It has the methods of the SDK's second version: a client of the
 * third version is sent commands, which are known by the names of their classes only. Bundlers rename
 * classes, and ElectroDB's copy of them may be another than ours (ElectroDB 3.9.3, `client.js`).
 */
export type ElectroClient = Readonly<
  Record<
    | "get"
    | "put"
    | "update"
    | "delete"
    | "batchGet"
    | "batchWrite"
    | "query"
    | "scan"
    | "transactGet"
    | "transactWrite",
    (input: object) => ElectroRequest
  >
> & { createSet(members: readonly unknown[]): Set<unknown> };

/** ElectroDB's methods over one function that sends a request by its name. */
export function electroClient(
  send: (name: RequestName, input: Input, signal: AbortSignal) => Promise<Answer>,
): ElectroClient {
  const method =
    (name: RequestName, ifFailed?: (error: unknown) => Answer) =>
    (input: object): ElectroRequest => {
      const aborter = new AbortController();
      return {
        promise: async () => {
          try {
            return await send(name, input as Input, aborter.signal);
          } catch (error) {
            if (ifFailed === undefined) throw error;
            return ifFailed(error);
          }
        },
        abort: () => aborter.abort(new AbortedError()),
        on: () => {
          // Nothing is read from a response of the SDK's second version.
        },
      };
    };
  return {
    get: method("Get"),
    put: method("Put"),
    update: method("Update"),
    delete: method("Delete"),
    batchGet: method("BatchGet"),
    batchWrite: method("BatchWrite"),
    query: method("Query"),
    scan: method("Scan"),
    transactGet: method("TransactGet", canceled),
    transactWrite: method("TransactWrite", canceled),
    createSet: (members) => new Set(members),
  };
}

/** A cancelled transaction as ElectroDB takes it: a result, with the reasons and their items. */
function canceled(error: unknown): Answer {
  // The SDK's error, whose items are in DynamoDB's own form.
  const { cause } = error as { readonly cause?: unknown };
  const reasons = cancellationReasonsOf(cause).map((reason) => ({ ...reason }));
  if (reasons.length === 0) throw error;
  for (const reason of reasons) convertItem(reason);
  return { canceled: reasons };
}

/** What ElectroDB, and whoever catches its errors, reads from an error of the SDK's. */
const copiedProperties = [
  "name",
  "code",
  "Code",
  "$metadata",
  "$fault",
  "$retryable",
  "Item",
  "CancellationReasons",
] as const;

/**
 * The same error as a new one. ElectroDB defines properties on what it catches: a frozen or reused
 * error, or a value that is no Error, would lose its cause there ("Cannot redefine property").
 */
export function freshError(error: unknown): Error {
  const source = (
    typeof error === "object" && error !== null ? error : { message: String(error) }
  ) as Error;
  const fresh = new Error(messageOf(source), { cause: error });
  for (const property of copiedProperties) {
    const value = electroForm(property, (source as unknown as Record<string, unknown>)[property]);
    if (value === undefined) continue;
    const enumerable = property !== "Item" && property !== "CancellationReasons";
    Object.defineProperty(fresh, property, {
      value,
      enumerable,
      configurable: true,
      writable: true,
    });
  }
  return fresh;
}
