/** One call of the facade: its limits, its context, and the mapping of the errors it throws. */
import { AbortedError } from "../errors/aborted-error.js";
import { type CallContext, describe, withContext } from "../errors/context.js";
import { DynamoDBError, isDynamoDBError } from "../errors/dynamodb-error.js";
import { asOpen } from "../errors/left-open.js";
import { isCredentialsFailure } from "../errors/notes.js";
import { setProgress } from "../errors/progress.js";
import { TimeoutError } from "../errors/timeout-error.js";
import { UnprocessedItemsError } from "../errors/unprocessed-items-error.js";
import { invalid, invalidAt, type ValidationIssue } from "../errors/validation-error.js";
import { wrapDynamoDBError } from "../errors/wrap.js";
import { isAbortSignal } from "../runtime/realms.js";
import { firstWithOwnReason, longestTimerMs } from "../runtime/signals.js";
import { isThrownByCaller } from "./callers-code.js";
import { type OptionNames, optionNames, refuseUnknown } from "./options.js";
import { callChannel, traced } from "./tracing.js";

/** What every call of the layer takes. */
export interface CallOptions {
  /** Ends the call with an AbortedError whose cause is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the call with a TimeoutError after this many ms, retries and waiting included. */
  readonly timeoutMs?: number | undefined;
}

/** The names of {@link CallOptions}. */
export const callOptionNames = optionNames<CallOptions>({ signal: true, timeoutMs: true });

/**
 * A call's limits, read once, for itself and for the calls that it makes; these get no other option.
 * @param known the names of the options that the call takes
 * @throws ValidationError for an option that is not among them
 */
export function limitsOf(
  context: CallContext,
  options: CallOptions | null | undefined,
  known: OptionNames = callOptionNames,
): CallOptions {
  return reading(context, () => {
    refuseUnknown(context, options, known);
    const { signal, timeoutMs } = options ?? {};
    return { signal, timeoutMs };
  });
}

/**
 * Reads what a caller gave. Their getters and proxies may throw anything.
 * @throws ValidationError if one does
 */
export function reading<R>(context: CallContext, read: () => R): R {
  try {
    return read();
  } catch (error) {
    if (isDynamoDBError(error) || isThrownByCaller(error)) throw error;
    throw invalidAt(context, "", "an argument cannot be read", error);
  }
}

/** A call in progress: every request it needs is sent on its behalf. */
export interface Call {
  readonly context: CallContext;
  /** Aborted by the caller or by the deadline; `undefined` if the call has neither. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called before a call fails that may have been carried out nevertheless, wholly or in part: the
   * response to a write was lost, or one of its writes was done.
   */
  readonly onAnswerLost?: (() => void) | undefined;
  /** Called with each response to a batch that leaves a part of it, before that part is sent again. */
  readonly onPart?: ((answer: Readonly<Record<string, unknown>>) => void) | undefined;
}

/**
 * Runs one call within its limits, and maps whatever it throws once.
 * @param options the limits; a call that takes more options passes what `limitsOf` read of them
 * @throws ValidationError for invalid limits, before `run` is called
 */
export function perform<R>(
  context: CallContext,
  options: CallOptions | null,
  run: (call: Call) => Promise<R>,
): Promise<R> {
  if (!callChannel.hasSubscribers) return carryOut(context, options, run);
  const { operation, entity } = context;
  return traced(callChannel, { operation, entity }, () => carryOut(context, options, run));
}

async function carryOut<R>(
  context: CallContext,
  options: CallOptions | null,
  run: (call: Call) => Promise<R>,
): Promise<R> {
  const { signal, timeoutMs } = limitsOf(context, options);
  let isOpen = false;
  const onAnswerLost = () => {
    isOpen = true;
  };
  const told = (error: DynamoDBError, below?: unknown) =>
    isOpen || (below instanceof DynamoDBError && below.mayHaveBeenDone) ? asOpen(error) : error;
  const toldAsItIs = (thrown: unknown) => {
    const error = wrapDynamoDBError(thrown, context);
    return told(endedOf(error, context), error);
  };
  if (signal === undefined && timeoutMs === undefined) {
    try {
      return await run({ context, onAnswerLost });
    } catch (error) {
      throw toldAsItIs(error);
    }
  }
  reading(context, () => checkLimits(context, signal, timeoutMs));
  const deadline = timeoutMs === undefined ? undefined : startDeadline(timeoutMs);
  const limit = firstWithOwnReason(signal, deadline?.signal);
  try {
    limit.signal.throwIfAborted();
    return await run({ context, signal: limit.signal, onAnswerLost });
  } catch (error) {
    if (!limit.signal.aborted) throw toldAsItIs(error);
    const ended = signal?.aborted
      ? abortedError(context, signal)
      : new TimeoutError({
          message: describe(context, `no response within ${timeoutMs} ms`),
          cause: error,
        });
    // That the call ended says nothing about what was sent.
    const below = error === limit.signal.reason ? undefined : error;
    if (below instanceof UnprocessedItemsError) setProgress(ended, below);
    throw told(withContext(ended, context), below);
  } finally {
    limit.release();
    deadline?.end();
  }
}

/**
 * Ends a call between two of its requests.
 * @throws AbortedError, whose cause is the signal's reason, if it is aborted
 */
export function throwIfAborted(context: CallContext, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw withContext(abortedError(context, signal), context);
}

function abortedError(context: CallContext, { reason }: AbortSignal): AbortedError {
  return new AbortedError({ message: describe(context, "aborted"), cause: reason });
}

/** A batch that `close` ended is aborted, as any other call is, and says how far it came. */
function endedOf(error: DynamoDBError, context: CallContext): DynamoDBError {
  const { cause } = error;
  const isEnded = error instanceof UnprocessedItemsError && cause instanceof AbortedError;
  // A credentials provider may throw one too, from a call of its own.
  if (!isEnded || isCredentialsFailure(cause)) return error;
  const ended = new AbortedError({ message: describe(context, cause.message), cause });
  setProgress(ended, error);
  withContext(ended, context);
  return error.written > 0 ? asOpen(ended) : ended;
}

function startDeadline(timeoutMs: number): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new Error("the call's deadline")),
    Math.min(timeoutMs, longestTimerMs),
  );
  return { signal: controller.signal, end: () => clearTimeout(timer) };
}

function checkLimits(context: CallContext, signal: unknown, timeoutMs: unknown): void {
  const issues: ValidationIssue[] = [];
  if (signal !== undefined && !isAbortSignal(signal)) {
    issues.push({ path: "signal", message: "must be an AbortSignal" });
  }
  if (timeoutMs !== undefined && !(typeof timeoutMs === "number" && timeoutMs > 0)) {
    issues.push({ path: "timeoutMs", message: "must be a number of milliseconds > 0" });
  }
  if (issues.length > 0) throw invalid(context, issues);
}
