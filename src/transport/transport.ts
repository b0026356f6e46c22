/**
 * One `send(command)` for everything: retry, abort, unprocessed items, events.
 *
 * ElectroDB gets it as its client, so a retry repeats one request (a page, a batch, a transaction)
 * and never starts a chain again.
 */
import { randomUUID } from "node:crypto";
import {
  BatchGetCommand,
  type BatchGetCommandInput,
  type BatchGetCommandOutput,
  BatchWriteCommand,
  type BatchWriteCommandInput,
  type BatchWriteCommandOutput,
  DeleteCommand,
  type DeleteCommandInput,
  type DeleteCommandOutput,
  GetCommand,
  type GetCommandInput,
  type GetCommandOutput,
  PutCommand,
  type PutCommandInput,
  type PutCommandOutput,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
  ScanCommand,
  type ScanCommandInput,
  type ScanCommandOutput,
  TransactGetCommand,
  type TransactGetCommandInput,
  type TransactGetCommandOutput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  type TransactWriteCommandOutput,
  UpdateCommand,
  type UpdateCommandInput,
  type UpdateCommandOutput,
} from "@aws-sdk/lib-dynamodb";
import type { Call } from "../call/call.js";
import type { OptionNames } from "../call/options.js";
import { AwaitedAnswers } from "../client/awaited-answers.js";
import { exactAnswer, readingExactly } from "../client/document-command.js";
import { marshallable } from "../client/marshalling.js";
import { OrderlyHandler, wholeAnswerMs } from "../client/request-handler.js";
import { watchAnswer, watchSending } from "../client/unsent.js";
import { type AttributeValue, nativeCopyOf, unmarshallable } from "../client/wire-format.js";
import {
  AbortedError,
  budgetSpentText,
  type CallContext,
  cancellationReasonsOf,
  isBudgetSpent,
  isRetryableError,
  leavesOpen,
  messageOf,
  nameOf,
  noteAdvice,
  noteBudgetSpent,
  noteEnd,
  noteOpen,
  unquoted,
} from "../errors/errors.js";
import { delay, firstOf, orAborted } from "../runtime/signals.js";
import type { RawItem } from "../table/table.js";
import { createHedgedReads, type HedgedReadsOptions } from "./hedged-reads.js";
import {
  type Retry,
  type RetryOptions,
  retryAfter,
  retryOptionNames,
  retryPolicy,
  Unprocessed,
} from "./retry.js";
import { createRetryBudget, type RetryBudgetOptions } from "./retry-budget.js";

/** Options of a data layer's retry: each request's own, and what all of them may do together. */
export interface RequestRetryOptions extends RetryOptions {
  /**
   * How many retries all requests of one data layer may make together; `false` for no limit. A retry
   * takes one out; a request that is answered in the end puts back what it took, an answered first
   * attempt puts in a tenth, and `refillPerSecond` come back with time. Where none is left, the error
   * is thrown at once, as it is. So an outage meets little more than each call's first attempt.
   *
   * A retry is free while no more than 10 requests are under way, and for what a batch left
   * unprocessed while some of it is processed: neither is a storm, and a single call of `batchPut`
   * keeps its patience. @default 100 retries, 2 more per second
   */
  readonly budget?: false | RetryBudgetOptions | undefined;
}

const requestRetryNames: OptionNames = [
  ...retryOptionNames,
  "budget" satisfies keyof RequestRetryOptions,
];

/** One request as the table's engine saw it. It holds no payload and no key. */
export interface RequestEvent {
  /** DynamoDB's operation, for instance `Query`. */
  readonly request: string;
  /**
   * The layer's method that needed it, for instance `query`; `undefined` for native chains. Of a
   * BatchGet that several gets share, each different one: `get,getOrThrow`.
   */
  readonly operation: string | undefined;
  /** The entity that it was for. Of a BatchGet that several gets share, each different one. */
  readonly entity: string | undefined;
  readonly table: string;
  /** HTTP attempts, including the first and a hedge. */
  readonly attempts: number;
  /** Whether it is a read that was sent a second time because its response was late. */
  readonly hedged: boolean;
  /** From the first attempt to the answer, waiting included, in ms. */
  readonly durationMs: number;
  /**
   * Read or write units of all tables and indexes, where the engine tells. For a hedged read they
   * are those of the response that was used: if DynamoDB carried out the other request, it bills that
   * too and reports it nowhere.
   */
  readonly consumedCapacity: number | undefined;
  /** The error's code where the request failed. */
  readonly error: string | undefined;
  /** Whether it was not sent again, although that might have helped: the retry budget was spent. */
  readonly budgetSpent: boolean;
}

/** Receives an event per request. What it throws is logged, and hurts no request. */
export type RequestListener = (event: RequestEvent) => void;

/** A pino-compatible logger. Payloads and keys never reach it. */
export interface Logger {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Where the time comes from. `Date` is one. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
}

/** The process's clock. `Date` is looked up at each call: a test may replace it at any time. */
export const systemClock: Clock = { now: () => Date.now() };

/** Inputs and outputs by DynamoDB operation. */
interface Requests {
  BatchGet: [BatchGetCommandInput, BatchGetCommandOutput];
  BatchWrite: [BatchWriteCommandInput, BatchWriteCommandOutput];
  Delete: [DeleteCommandInput, DeleteCommandOutput];
  Get: [GetCommandInput, GetCommandOutput];
  Put: [PutCommandInput, PutCommandOutput];
  Query: [QueryCommandInput, QueryCommandOutput];
  Scan: [ScanCommandInput, ScanCommandOutput];
  TransactGet: [TransactGetCommandInput, TransactGetCommandOutput];
  TransactWrite: [TransactWriteCommandInput, TransactWriteCommandOutput];
  Update: [UpdateCommandInput, UpdateCommandOutput];
}

export type RequestName = keyof Requests;

const commands: { [N in RequestName]: new (input: Requests[N][0]) => object } = {
  BatchGet: BatchGetCommand,
  BatchWrite: BatchWriteCommand,
  Delete: DeleteCommand,
  Get: GetCommand,
  Put: PutCommand,
  Query: QueryCommand,
  Scan: ScanCommand,
  TransactGet: TransactGetCommand,
  TransactWrite: TransactWriteCommand,
  Update: UpdateCommand,
};

/** Anything with a `send` like the document client's, mocks too. */
export interface CommandClient {
  send(command: never, options?: never): Promise<unknown>;
  /** Whether it writes values itself, and right; lib-dynamodb must be given them in its own form. */
  readonly marshalsRight?: true | undefined;
}

/**
 * Seals what goes out and opens what comes in. Each call returns nothing to wait for where there is
 * nothing to do, which is nearly always.
 */
export interface FieldGuard {
  /** The request with its secret values sealed. @throws DynamoDBError where there is no key */
  sealed(input: Record<string, unknown>, context: CallContext): Promise<object> | undefined;
  /** Opens the secrets of items in place; of what cannot be opened it is noted why. */
  opened(items: readonly RawItem[], context: CallContext): Promise<unknown> | undefined;
  /** @throws ValidationError for a native write that would store a secret in clear text */
  refuseClear(input: Record<string, unknown>): void;
  /**
   * @param written whether the items come from a write that was carried out
   * @throws DecryptionError where a secret of an item could not be opened
   */
  refuseUnreadable(items: readonly RawItem[], written: boolean): void;
}

export interface TransportOptions {
  /** The client below. A function is asked at each request, so that it may be replaced. */
  readonly client: CommandClient | (() => CommandClient);
  readonly retry?: RequestRetryOptions | undefined;
  readonly logger?: Logger | undefined;
  readonly events?: RequestListener | undefined;
  readonly clock?: Clock | undefined;
  /** @default none: nothing is sealed or opened */
  readonly guard?: FieldGuard | undefined;
  /** @default false */
  readonly hedgedReads?: boolean | HedgedReadsOptions | undefined;
  /** @default 75 s */
  readonly attemptLimitMs?: number | undefined;
  /** What a person can do about a failure, for its message. */
  readonly advice?: ((error: unknown) => string | undefined) | undefined;
}

export interface Transport {
  /** Sends one request for a call. Throws what the SDK threw last, or the signal's reason. */
  send<N extends RequestName>(name: N, input: Requests[N][0], call: Call): Promise<Requests[N][1]>;
  /** The same as ElectroDB takes it: a method for each request, so that none is named by a class. */
  readonly client: ElectroClient;
  /**
   * Runs a request of another kind with the same retry, budget, limits and end; it gets a signal for
   * them.
   * @param onAnswerLost told of each attempt that may have been carried out although it failed
   */
  repeat<T>(
    request: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
    onAnswerLost?: () => void,
  ): Promise<T>;
  /** Waits for what is no request on behalf of a call, as `pause` waits for the time. */
  within<T>(work: Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Waits so many ms on behalf of a call. Throws the signal's reason, or that the layer is closed. */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
  /** Tells an event of something that is no single request, to whoever listens. */
  report(event: RequestEvent): void;
  /** Aborted by `close`, for what waits for others than the engine. */
  readonly closing: AbortSignal;
  /** @throws AbortedError after `close` */
  throwIfClosed(): void;
  /** Ends what is under way with an AbortedError, and refuses what comes after. */
  close(): void;
}

/**
 * The longest attempt, in ms: whatever the client below does. The layer's own has shorter limits and
 * lets go of its socket then; a client of the application's may know none.
 */
const defaultAttemptLimitMs = wholeAnswerMs + 15_000;

type Input = Record<string, unknown>;
type Answer = Record<string, unknown>;

/** One request of ElectroDB's, sent when its promise is asked for. */
interface ElectroRequest {
  promise(): Promise<unknown>;
  /** Ends the retries. An attempt under way is left behind: its answer reaches nobody. */
  abort(): void;
  /** ElectroDB reads reasons of a cancelled transaction here; they are in the result already. */
  on(): void;
}

/**
 * The client that ElectroDB is given. It has the methods of the SDK's second version, because a
 * client of the third is sent commands, whose only name is that of their class: bundlers rename
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

export function createTransport(options: TransportOptions): Transport {
  const policy = retryPolicy(options.retry, requestRetryNames);
  const budget = createRetryBudget(options.retry?.budget);
  const { events, clock = systemClock, guard } = options;
  const logger = options.logger && guarded(options.logger);
  const closing = new AbortController();
  const awaited = new AwaitedAnswers(options.attemptLimitMs ?? defaultAttemptLimitMs);
  let underWay = 0;
  const hedging = createHedgedReads(options.hedgedReads, {
    take: () => budget.take(underWay),
    giveBack: (taken) => budget.giveBack(taken),
  });
  const clientOf = () => (typeof options.client === "function" ? options.client() : options.client);

  /** The reason of the signal is one error for all; each caller gets an error of its own. */
  const orClosed = (error: unknown) =>
    closing.signal.aborted && error === closing.signal.reason ? closedError() : error;

  /** Waits for what others do, keys that are asked for elsewhere above all. */
  async function within<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (signal === undefined && !closing.signal.aborted) return awaited.wait(work, false);
    const limit = firstOf(closing.signal, signal);
    try {
      return await orAborted(work, limit.signal);
    } catch (error) {
      throw orClosed(error);
    } finally {
      limit.release();
    }
  }

  /**
   * One HTTP attempt, with a signal that ends with the first of several and with the attempt's limit:
   * an attempt that was given up keeps no socket. A client that does not know the signal is left behind.
   */
  async function ended<T>(
    request: (signal: AbortSignal) => Promise<T>,
    ...signals: readonly (AbortSignal | undefined)[]
  ): Promise<T> {
    const overdue = new AbortController();
    const limit = firstOf(...signals, overdue.signal);
    try {
      const sent = awaited.wait(request(limit.signal), true, () => overdue.abort());
      return await orAborted(sent, limit.signal);
    } finally {
      limit.release();
    }
  }

  async function attemptOnce(
    client: CommandClient,
    command: object,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const send = client.send.bind(client) as (command: object, options?: object) => Promise<Answer>;
    try {
      // No signal goes along where none is needed: with any option the SDK resolves its stack anew.
      if (signal === undefined && !needsSignal(client)) {
        return (await awaited.wait(send(command), true)) ?? {};
      }
      const request = (abortSignal: AbortSignal) => send(command, { abortSignal });
      return (await ended(request, closing.signal, signal)) ?? {};
    } catch (error) {
      throw isReason(signal, error) ? error : unquoted(error);
    }
  }

  /** A request of a hedged read, which ends with its own signal. */
  async function hedgeable(
    client: CommandClient,
    command: object,
    own: AbortSignal,
  ): Promise<Answer> {
    const send = client.send.bind(client) as (command: object, options?: object) => Promise<Answer>;
    try {
      // Its own signal, not one made of several: that is let go of when closing ends the waiting.
      return (await awaited.wait(send(command, { abortSignal: own }), true)) ?? {};
    } catch (error) {
      throw unquoted(error);
    }
  }

  /** Calls a function until it succeeds, as often as the policy and the budget allow. */
  async function repeated<T>(
    fn: () => Promise<T>,
    signal: AbortSignal | undefined,
    onRetry: ((retry: Retry) => void) | undefined,
  ): Promise<T> {
    underWay += 1;
    try {
      const result = await fn();
      budget.firstSuccess();
      return result;
    } catch (error) {
      if (policy.maxRetries === 0 || isReason(signal, error) || !isRetryableError(error))
        throw error;
      let reserved = 0;
      let taken = 0;
      const mayRetry = (failure: unknown) => {
        // The engine works, and does it bit by bit: that is no outage.
        if (failure instanceof Unprocessed && failure.progress) return true;
        const cost = budget.take(underWay);
        if (cost === null) noteBudgetSpent(failure);
        else reserved += cost;
        return cost !== null;
      };
      const again = () => {
        taken += reserved;
        reserved = 0;
        return fn();
      };
      const limit = firstOf(closing.signal, signal, policy.signal);
      try {
        const retry = { ...policy, onRetry, mayRetry, signal: limit.signal };
        const result = await retryAfter(error, again, retry);
        budget.giveBack(taken);
        return result;
      } catch (last) {
        // Another answer than "later" is one too.
        if (!limit.signal.aborted && !isRetryableError(last)) budget.giveBack(taken);
        throw last;
      } finally {
        limit.release();
        budget.giveBack(reserved);
      }
    } finally {
      underWay -= 1;
    }
  }

  async function run(name: RequestName, given: Input, call: Call, native = false): Promise<Answer> {
    const { context, signal, onAnswerLost } = call;
    if (closing.signal.aborted) throw closedError();
    const Command = commands[name] as new (input: object) => object;
    const started = clock.now();
    let attempts = 0;
    let outcome: unknown;
    let failed = false;
    let consumedCapacity: number | undefined;
    let answerLost = false;
    let hedged = false;
    // With any option the SDK resolves its stack anew, so ElectroDB's requests have none.
    const attemptSignal = native ? undefined : signal;

    const attempt = async (input: Record<string, unknown>): Promise<Answer> => {
      attempts += 1;
      const client = clientOf();
      const commandOf = () =>
        client.marshalsRight
          ? new Command(input)
          : watched(readingExactly(new Command(marshallable(input))));
      const command = commandOf();
      signal?.throwIfAborted();
      try {
        // A retry is not hedged: what failed needs fewer requests, not more.
        const answer = exactAnswer(
          hedging?.covers(name) && attempts === 1
            ? await hedging.read(
                name,
                (abort) => hedgeable(client, hedged ? commandOf() : command, abort),
                signal,
                () => {
                  hedged = true;
                  attempts += 1;
                },
              )
            : await attemptOnce(client, command, attemptSignal),
        );
        consumedCapacity = sumOfCapacity(answer, consumedCapacity);
        return answer;
      } catch (error) {
        answerLost ||= leavesOpen(error, signal);
        throw error;
      }
    };
    const fieldsOf = (error: unknown) => {
      const { operation, entity } = context;
      return { request: name, operation, entity, attempt: attempts, error: nameOf(error) };
    };
    const onRetry = (retry: Retry) => {
      policy.onRetry?.(retry);
      logger?.warn(fieldsOf(retry.error), "DynamoDB request is sent again");
    };

    try {
      // Once for all attempts: a transaction's token stands for the same bytes.
      const sealing = guard?.sealed(given, context);
      const sealed = (sealing && (await within(sealing, signal))) ?? given;
      const input = prepared(name, sealed as Record<string, unknown>, events !== undefined);
      const repeat = <T>(fn: () => Promise<T>) => repeated(fn, signal, onRetry);
      const answer = await exchange(name, input, attempt, repeat, signal);
      outcome = answer;
      // Of what a batch leaves, an attempt before may have written some.
      if (answerLost && name === "BatchWrite" && hasLeft(answer, name)) onAnswerLost?.();
      const opening = guard?.opened(itemsOf(answer), context);
      if (opening !== undefined) {
        // The request is carried out, whether or not the keys come that its answer is read by.
        answerLost = true;
        await within(opening, signal);
      }
      return answer;
    } catch (error) {
      failed = true;
      outcome = orClosed(error);
      noteAdvice(outcome, options.advice?.(outcome));
      // Also where a repeated transaction is refused: its first request may still be on its way.
      if (answerLost && writes.has(name)) onAnswerLost?.();
      throw outcome;
    } finally {
      if (events !== undefined || logger !== undefined) {
        const budgetSpent = isBudgetSpent(outcome);
        if (budgetSpent) {
          logger?.warn(
            fieldsOf(failed ? outcome : undefined),
            `DynamoDB request is ${budgetSpentText}`,
          );
        }
        const event: RequestEvent = {
          request: name,
          operation: context.operation,
          entity: context.entity,
          table: tableOf(given),
          attempts,
          hedged,
          durationMs: clock.now() - started,
          consumedCapacity,
          error: failed ? (nameOf(outcome) ?? "Error") : undefined,
          budgetSpent,
        };
        announce(event, events, logger);
      }
    }
  }

  return {
    send: async (name, input, call) => {
      try {
        // The request's name decides its answer; the table above pairs the two.
        return (await run(name, input as unknown as Input, call)) as never;
      } catch (error) {
        const items = [error, ...cancellationReasonsOf(error)].flatMap(convertItem);
        const opening = guard?.opened(items, call.context);
        if (opening !== undefined) await within(opening, call.signal);
        throw error;
      }
    },
    client: electroClient(async (name, input, signal) => {
      let isOpen = false;
      const onAnswerLost = () => {
        isOpen = true;
      };
      try {
        guard?.refuseClear(input);
        const answer = await run(name, input, { context: {}, signal, onAnswerLost }, true);
        const written = input.UpdateExpression !== undefined;
        // What was deleted is gone: it is given as it was stored.
        if (written || answer.Attributes === undefined) {
          guard?.refuseUnreadable(itemsOf(answer), written);
        }
        return answer;
      } catch (error) {
        const fresh = freshError(error);
        if (isOpen) noteOpen(fresh);
        throw fresh;
      }
    }),
    repeat: async (request, signal, onAnswerLost) => {
      const limit = firstOf(closing.signal, signal);
      try {
        limit.signal.throwIfAborted();
        const attempt = async () => {
          try {
            return await ended(request, limit.signal);
          } catch (error) {
            const failure = isReason(limit.signal, error) ? error : unquoted(error);
            if (leavesOpen(failure, limit.signal)) onAnswerLost?.();
            throw failure;
          }
        };
        return await repeated(attempt, limit.signal, policy.onRetry);
      } catch (error) {
        noteAdvice(error, options.advice?.(error));
        throw orClosed(error);
      } finally {
        limit.release();
      }
    },
    within,
    pause: async (ms, signal) => {
      const limit = firstOf(closing.signal, signal);
      try {
        await delay(ms, limit.signal);
      } catch (error) {
        throw orClosed(error);
      } finally {
        limit.release();
      }
    },
    report: (event) => announce(event, events, logger),
    closing: closing.signal,
    throwIfClosed: () => {
      if (closing.signal.aborted) throw closedError();
    },
    close: () => {
      if (closing.signal.aborted) return;
      closing.abort(closedError());
      awaited.refuse(closedError);
      hedging?.close();
    },
  };
}

/**
 * Whether a client must be told where an attempt is given up. The layer's own handler gives answers up
 * by itself; what has no handler is no client of the SDK's.
 */
function needsSignal(client: CommandClient): boolean {
  const { config } = client as { readonly config?: { readonly requestHandler?: unknown } };
  const handler = config?.requestHandler;
  return handler !== undefined && !(handler instanceof OrderlyHandler);
}

/** A command whose failures tell whether it was sent and whose answers are DynamoDB's, whatever client sends it. */
function watched<C extends object>(command: C): C {
  const stack = command as unknown as Parameters<typeof watchSending>[0];
  watchSending(stack);
  watchAnswer(stack);
  return command;
}

/** ElectroDB's methods over one function that sends a request by its name. */
function electroClient(
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
  const reasons = cancellationReasonsOf(error);
  if (reasons.length === 0) throw error;
  for (const reason of reasons) convertItem(reason);
  return { canceled: reasons };
}

function closedError(): AbortedError {
  return new AbortedError("the data layer is closed");
}

/** Sends until answered, and sends what a batch left unprocessed until nothing is left. */
async function exchange(
  name: string,
  input: Record<string, unknown>,
  attempt: (input: Record<string, unknown>) => Promise<Answer>,
  repeat: <T>(fn: () => Promise<T>) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const leftover = unprocessedField[name];
  if (leftover === undefined) return repeat(() => attempt(input));

  let remaining = input;
  let merged: Answer | undefined;
  const round = async (): Promise<Answer> => {
    for (;;) {
      const answer = await attempt(remaining);
      merged = mergeAnswers(merged ?? {}, answer);
      const rest = answer[leftover] as Record<string, unknown> | undefined;
      if (rest === undefined || Object.keys(rest).length === 0) return merged;
      const progress = countOf(rest) < countOf(remaining.RequestItems);
      remaining = { ...remaining, RequestItems: rest };
      // A BatchGet answer is cut at 16 MB: going on at once is paging, not a retry.
      if (name !== "BatchGet" || !progress) throw new Unprocessed(progress);
    }
  };
  try {
    return await repeat(round);
  } catch (error) {
    // A part was answered: what is left of the batch is known, whatever ended it.
    if (merged === undefined) throw error;
    if (isBudgetSpent(error)) noteBudgetSpent(merged);
    const isLater =
      error instanceof Unprocessed || (!isReason(signal, error) && isRetryableError(error));
    if (!isLater) noteEnd(merged, error);
    return merged;
  }
}

/** Whether it is what a signal was aborted with. */
function isReason(signal: AbortSignal | undefined, error: unknown): boolean {
  return signal?.aborted === true && error === signal.reason;
}

const writes: ReadonlySet<RequestName> = new Set<RequestName>([
  "BatchWrite",
  "Delete",
  "Put",
  "TransactWrite",
  "Update",
]);

function hasLeft(answer: Answer, name: string): boolean {
  return Object.keys(answer[unprocessedField[name] ?? ""] ?? {}).length > 0;
}

const unprocessedField: Readonly<Record<string, string | undefined>> = {
  BatchGet: "UnprocessedKeys",
  BatchWrite: "UnprocessedItems",
};

/** Joins the answers to the parts of one batch; what is unprocessed is the last answer's. */
function mergeAnswers(merged: Answer, answer: Answer): Answer {
  const before = (merged.Responses ?? {}) as Record<string, unknown[]>;
  const responses = { ...before };
  for (const [table, items] of Object.entries(
    (answer.Responses ?? {}) as Record<string, unknown[]>,
  )) {
    responses[table] = [...(before[table] ?? []), ...items];
  }
  const hasResponses = merged.Responses !== undefined || answer.Responses !== undefined;
  return { ...answer, ...(hasResponses && { Responses: responses }) };
}

/** Keys or items of a batch's `RequestItems`, over all tables. */
function countOf(requestItems: unknown): number {
  let count = 0;
  for (const entry of Object.values((requestItems ?? {}) as Record<string, unknown>)) {
    count += Array.isArray(entry)
      ? entry.length
      : ((entry as { Keys?: unknown[] }).Keys?.length ?? 0);
  }
  return count;
}

/** The input as it is sent: a transaction with its token, and capacity asked for where it is used. */
function prepared(
  name: string,
  input: Record<string, unknown>,
  capacity: boolean,
): Record<string, unknown> {
  const token = name === "TransactWrite" && input.ClientRequestToken === undefined;
  const total = capacity && input.ReturnConsumedCapacity === undefined;
  if (!token && !total) return input;
  return {
    ...input,
    // Set before the first attempt, so that a retry of a transaction is the same transaction.
    ...(token && { ClientRequestToken: randomUUID() }),
    ...(total && { ReturnConsumedCapacity: "TOTAL" }),
  };
}

/** What a logger throws hurts no request. */
function guarded(logger: Logger): Logger {
  const attempt = (write: () => void) => {
    try {
      write();
    } catch {
      // There is no other place to tell it: the request's own outcome is what the caller waits for.
    }
  };
  return {
    debug: (fields, message) => attempt(() => logger.debug(fields, message)),
    warn: (fields, message) => attempt(() => logger.warn(fields, message)),
  };
}

function announce(
  event: RequestEvent,
  events: RequestListener | undefined,
  logger: Logger | undefined,
): void {
  logger?.debug(event, "DynamoDB request");
  try {
    events?.(event);
  } catch (error) {
    logger?.warn({ error: nameOf(error) }, "the events listener threw");
  }
}

function sumOfCapacity(answer: Answer, before: number | undefined): number | undefined {
  const consumed = answer.ConsumedCapacity;
  if (consumed === undefined || consumed === null) return before;
  const entries = (Array.isArray(consumed) ? consumed : [consumed]) as { CapacityUnits?: number }[];
  return entries.reduce((sum, entry) => sum + (entry.CapacityUnits ?? 0), before ?? 0);
}

function tableOf(input: Record<string, unknown>): string {
  if (typeof input.TableName === "string") return input.TableName;
  const requests = input.RequestItems;
  if (typeof requests === "object" && requests !== null) return Object.keys(requests).join(",");
  const items = (input.TransactItems ?? []) as Record<string, { TableName?: string }>[];
  const names = items.flatMap((item) => Object.values(item).map((one) => one?.TableName));
  return [...new Set(names)].join(",");
}

const noItems: readonly RawItem[] = [];

/** The stored items of an answer, whatever was asked. */
function itemsOf({ Item, Attributes, Items, Responses }: Answer): readonly RawItem[] {
  if (Items !== undefined) return Items as RawItem[];
  const one = (Item ?? Attributes) as RawItem | undefined;
  if (one !== undefined) return [one];
  if (Responses === undefined) return noItems;
  // Of a TransactGet by position, of a BatchGet by table.
  if (!Array.isArray(Responses))
    return Object.values(Responses as Record<string, RawItem[]>).flat();
  return (Responses as { readonly Item?: RawItem }[]).flatMap(({ Item: item }) => item ?? []);
}

/**
 * lib-dynamodb converts answers but leaves the items on errors in DynamoDB's own form (3.1162).
 * ElectroDB converts them itself, so it gets them as they are.
 * @returns the item, where there is one
 */
function convertItem(holder: unknown): RawItem[] {
  const item = (holder as { readonly Item?: unknown } | null | undefined)?.Item;
  if (typeof item !== "object" || item === null) return [];
  if (!isInAttributes(item)) return [item as RawItem];
  const value = nativeCopyOf(item as Record<string, AttributeValue>);
  Reflect.defineProperty(holder as object, "Item", {
    value,
    enumerable: false,
    configurable: true,
    writable: true,
  });
  return [value as RawItem];
}

/** Whether an item is in DynamoDB's own form. */
function isInAttributes(item: object): item is Record<string, AttributeValue> {
  return Object.values(item).every(isAttributeValue);
}

/** An error's item, or what holds one, as ElectroDB can convert it. */
function electroForm(property: string, value: unknown): unknown {
  if (property === "CancellationReasons" && Array.isArray(value)) {
    return value.map((reason: { readonly Item?: unknown } | null) => {
      const item = electroForm("Item", reason?.Item);
      return item === reason?.Item ? reason : { ...reason, Item: item };
    });
  }
  const isItem = property === "Item" && typeof value === "object" && value !== null;
  return isItem && isInAttributes(value) ? unmarshallable(value) : value;
}

function isAttributeValue(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const types = Object.keys(value);
  return types.length === 1 && /^(?:S|N|BOOL|NULL|L|M|B|SS|NS|BS)$/.test(types[0] ?? "");
}

/**
 * ElectroDB defines properties on what it catches: a frozen or reused error, or a value that is no
 * Error, would lose its cause there ("Cannot redefine property").
 */
function freshError(error: unknown): Error {
  const source = (
    typeof error === "object" && error !== null ? error : { message: String(error) }
  ) as Error;
  const fresh = new Error(messageOf(source), { cause: error });
  for (const property of [
    "name",
    "code",
    "Code",
    "$metadata",
    "$fault",
    "$retryable",
    "Item",
    "CancellationReasons",
  ]) {
    const value = electroForm(property, (source as unknown as Record<string, unknown>)[property]);
    if (value !== undefined) {
      const enumerable = property !== "Item" && property !== "CancellationReasons";
      Object.defineProperty(fresh, property, {
        value,
        enumerable,
        configurable: true,
        writable: true,
      });
    }
  }
  return fresh;
}
