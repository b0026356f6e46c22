/** Calls on their way: each is settled once, by its result, its error or its signal. */
import { abortedError, errorOf, isDynamoDBError, reading } from "./errors.js";
import type { WireCall, WireResult } from "./protocol.js";
import { receivedError } from "./received-error.js";
import { decode, encode } from "./values.js";

/** A call that a page has made. */
export interface PendingCall {
  readonly wire: WireCall;
  readonly operation: string;
  /** The arguments as the page gave them. */
  readonly input: readonly unknown[];
  readonly signal: AbortSignal | undefined;
  /** Epoch milliseconds. */
  readonly madeAt: number;
  /** Whether a request with it has been sent. */
  isSent: boolean;
  isSettled: boolean;
  settle(result: WireResult): void;
  fail(error: unknown): void;
}

export interface CallGiven {
  readonly store: string;
  readonly call: string;
  readonly input: readonly unknown[];
  readonly signal: AbortSignal | undefined;
  readonly id: string | undefined;
}

/**
 * Makes a call, and the promise of its result.
 * @param onAbort called if its signal is aborted before it is settled
 * @throws ValidationError for an argument that cannot be encoded
 */
export function pendingCall(
  { store, call, input, signal, id }: CallGiven,
  onAbort: () => void,
): { readonly pending: PendingCall; readonly result: Promise<unknown> } {
  const operation = `${store}.${call}`;
  const encoded = reading(operation, () =>
    input.map((one, index) => encode(one, operation, `input.${index}`)),
  );
  const wire = { store, call, input: encoded, ...(id !== undefined && { id }) };
  const { promise, resolve, reject } = promised();
  const abort = () => {
    if (signal === undefined || pending.isSettled) return;
    pending.fail(abortedError(operation, signal, pending.isSent && id !== undefined));
    onAbort();
  };
  const end = (settle: () => void) => {
    if (pending.isSettled) return;
    pending.isSettled = true;
    signal?.removeEventListener("abort", abort);
    settle();
  };
  const pending: PendingCall = {
    wire,
    operation,
    input,
    signal,
    madeAt: Date.now(),
    isSent: false,
    isSettled: false,
    settle: (result) =>
      end(() => {
        try {
          if ("error" in result) reject(receivedError(result.error, input));
          else resolve(decode(result.value, operation, "result"));
        } catch (cause) {
          const message = `${operation}: the response cannot be read`;
          const options = { cause, operation, mayHaveBeenDone: id !== undefined };
          reject(
            isDynamoDBError(cause) ? cause : errorOf("DynamoDBError", undefined, message, options),
          );
        }
      }),
    fail: (error) => end(() => reject(error)),
  };
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort);
  return { pending, result: promise };
}

/** `Promise.withResolvers`, which browsers have since 2024. */
function promised() {
  let resolve: (value: unknown) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<unknown>((one, other) => {
    resolve = one;
    reject = other;
  });
  return { promise, resolve, reject };
}
