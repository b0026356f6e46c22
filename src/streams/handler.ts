/** A handler of AWS Lambda's for a table's stream. */
import { settingsOf } from "../call/options.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { isObject } from "../runtime/objects.js";
import { isError } from "../runtime/realms.js";
import type { LayerSource, Sourced } from "../store/layer-source.js";
import { inParallel } from "../transport/parallel.js";
import { changeTold, neededSource, told } from "./change-of.js";
import type { PlainChange } from "./changes.js";
import { deadlineIn, type LambdaContext, timeIsUp, timesOf } from "./deadline.js";
import {
  checkedHandlers,
  type HandlerOptions,
  type Handlers,
  type HandlingContext,
  handlerOptionNames,
  type PlainFailure,
  type PlainHandler,
  type PlainHandlers,
  type PlainOptions,
} from "./handler-options.js";
import { itemIdOf, readRecord, type StreamRecord } from "./records.js";
import { Tries } from "./tries.js";

/** What AWS Lambda gives to a handler of a stream: its records, in the order of the shard. */
export interface StreamEvent {
  readonly Records: readonly StreamRecord[];
}

/** What tells Lambda which records to deliver again: those from the first one of these on. */
export interface StreamResponse {
  readonly batchItemFailures: { readonly itemIdentifier: string }[];
}

/** A handler of AWS Lambda's for a table's stream. */
export type StreamHandler = (
  event: StreamEvent,
  context?: LambdaContext,
) => Promise<StreamResponse>;

const call = "createStreamHandler";

/**
 * Makes a Lambda handler of functions for changes. The changes of one item are handled one after the
 * other, those of different items in parallel. After the first change of an item that fails, none of the
 * same item is handled; the others are. The function of the entity and kind is called first, then `any`.
 *
 * The event source mapping needs `ReportBatchItemFailures`. Lambda delivers again everything from the
 * first failed record of the shard on, so that a change may be handled more than once: `change.id` tells.
 * @throws ConfigurationError for an unknown store, kind or option, and for what is no function
 * @example
 * export const handler = createStreamHandler(data, {
 *   savedContent: { created: async ({ after }) => index(after) },
 * });
 */
export function createStreamHandler<L extends Sourced<unknown>>(
  data: L,
  handlers: Handlers<L>,
  options: HandlerOptions<L> = {},
): StreamHandler {
  const source = neededSource(call, data);
  const own = checkedHandlers(call, Object.keys(source.definitions), handlers as PlainHandlers);
  const settings = settingsOf(call, options, handlerOptionNames) as PlainOptions;
  const work = new Work(source, own, checkedOptions(settings));
  return (event, context) => work.handle(event, context);
}

const functions = ["onUnowned", "onUnreadable", "onFailure", "onPoison"] as const;

function checkedOptions(options: PlainOptions): PlainOptions {
  for (const name of functions) {
    const given: unknown = options[name];
    if (given === undefined || typeof given === "function") continue;
    throw new ConfigurationError(`${call}: ${name} must be a function`);
  }
  const integers = { tries: 1, parallel: 1, spareMs: 0 };
  for (const [name, least] of Object.entries(integers)) {
    const given = options[name as keyof typeof integers];
    if (given === undefined || (Number.isSafeInteger(given) && given >= least)) continue;
    throw new ConfigurationError(`${call}: ${name} must be an integer from ${least}`);
  }
  if (options.tries !== undefined && options.onPoison === undefined) {
    throw new ConfigurationError(`${call}: tries needs onPoison, which gets what failed so often`);
  }
  return options;
}

/** The default of `tries`, of `parallel` and of `spareMs`. */
const defaults = { tries: 5, parallel: 10, spareMs: 1_000 } as const;

/** One event in hand. */
interface Event {
  readonly context: HandlingContext;
  /** The sequence numbers of the records that are not done. */
  readonly failed: Set<string>;
  /** The records that have begun and not ended, with what is known of their changes. */
  readonly underWay: Map<StreamRecord, PlainChange | null>;
}

class Work {
  readonly #source: LayerSource;
  readonly #handlers: PlainHandlers;
  readonly #options: PlainOptions;
  readonly #tries = new Tries();

  constructor(source: LayerSource, handlers: PlainHandlers, options: PlainOptions) {
    this.#source = source;
    this.#handlers = handlers;
    this.#options = options;
  }

  async handle(event: StreamEvent, context: LambdaContext | undefined): Promise<StreamResponse> {
    const items = itemsOf(event);
    const times = timesOf(context, this.#options.spareMs ?? defaults.spareMs);
    const deadline = deadlineIn(times?.workMs);
    const { signal } = deadline;
    // Whatever is not done when the time is up has failed, even if it was not begun.
    const failed = new Set(event.Records.map(sequenceOf));
    const inHand: Event = { context: { signal }, failed, underWay: new Map() };
    try {
      const parallel = this.#options.parallel ?? defaults.parallel;
      const all = inParallel(items, parallel, (records) => this.#item(records, inHand));
      await Promise.race([all, deadline.passed]);
    } finally {
      deadline.release();
    }
    if (signal.aborted) await this.#late(inHand, times?.reportMs ?? 0);
    // A set is in the order in which it was filled: that of the event.
    return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
  }

  /**
   * Counts what was under way when the time was up: without that, a change that never ends would hold up
   * its shard for a day, and nobody would be told.
   */
  async #late({ failed, underWay }: Event, ms: number): Promise<void> {
    const deadline = deadlineIn(ms);
    const counted = [...underWay].map(async ([record, change]) => {
      const id = sequenceOf(record);
      const failure = { change, record, error: timeIsUp(), tries: this.#tries.count(id) };
      if (await this.#isGivenUp(failure, { signal: deadline.signal })) failed.delete(id);
    });
    await Promise.race([Promise.all(counted), deadline.passed]);
    deadline.release();
  }

  /** Handles the changes of one item until one fails. */
  async #item(records: readonly StreamRecord[], event: Event): Promise<void> {
    const { failed } = event;
    const { signal } = event.context;
    for (const record of records) {
      if (signal.aborted || !(await this.#record(record, event))) return;
      failed.delete(sequenceOf(record));
    }
  }

  /** @returns whether a change was handled, or given up after so many tries */
  async #record(record: StreamRecord, { context, underWay }: Event): Promise<boolean> {
    const id = sequenceOf(record);
    let change: PlainChange | null = null;
    underWay.set(record, change);
    try {
      change = await this.#changeOf(record, context);
      underWay.set(record, change);
      if (change !== null) await this.#change(change, context);
    } catch (error) {
      // It is counted with all that was under way then.
      if (context.signal.aborted) return false;
      underWay.delete(record);
      const tries = this.#tries.count(id);
      return this.#isGivenUp({ change, record, error, tries }, context);
    }
    underWay.delete(record);
    this.#tries.forget(id);
    return true;
  }

  /** The change, if anybody is to handle it: nothing is opened for one that is not wanted. */
  async #changeOf(record: StreamRecord, context: HandlingContext): Promise<PlainChange | null> {
    const of = told(this.#source, readRecord(call, record));
    if (of === null) {
      await this.#options.onUnowned?.(record, context);
      return null;
    }
    const { any, [of.owner.name]: own } = this.#handlers;
    if (any === undefined && own?.[of.kind] === undefined) return null;
    return changeTold(this.#source, of, call);
  }

  async #change(change: PlainChange, context: HandlingContext): Promise<void> {
    if (change.kind === "unreadable") {
      const { onUnreadable } = this.#options;
      if (onUnreadable === undefined) throw change.error;
      await onUnreadable(change, context);
      return;
    }
    const { any, [change.entity]: own } = this.#handlers;
    const handlers: readonly (PlainHandler | undefined)[] = [own?.[change.kind], any];
    for (const handler of handlers) await handler?.(change, context);
  }

  /** Reports a failure, and hands a record over that has failed too often. */
  async #isGivenUp(failure: PlainFailure, context: HandlingContext): Promise<boolean> {
    const { onFailure = printed, onPoison, tries = defaults.tries } = this.#options;
    try {
      await onFailure(failure, context);
      if (onPoison === undefined || failure.tries < tries) return false;
      await onPoison(failure, context);
    } catch (error) {
      // Nobody has taken the record over, so it comes back.
      printed({ ...failure, error });
      return false;
    }
    this.#tries.forget(sequenceOf(failure.record));
    return true;
  }
}

/** The default of `onFailure`. Lambda's log shows nothing of failures that are only returned. */
function printed({ change, record, error, tries }: PlainFailure): void {
  const what = change === null ? "a record" : `${change.entity} ${change.kind} (${change.id})`;
  const text = `${call}: ${what}, record ${sequenceOf(record)}, has failed ${tries} times`;
  const detail = isError(error) ? (error.stack ?? error.message) : String(error);
  process.emitWarning(text, { type: "StreamHandlerWarning", detail });
}

/** The records of each item, in their order. @throws ConfigurationError for anything but an event */
function itemsOf(event: unknown): StreamRecord[][] {
  const records: unknown = isObject(event) ? event.Records : undefined;
  if (!Array.isArray(records) || !records.every(hasSequence)) {
    throw new ConfigurationError(
      "the handler of createStreamHandler was called with something else than an event of a DynamoDB stream",
    );
  }
  const items = new Map<string, StreamRecord[]>();
  for (const record of records as StreamRecord[]) {
    const id = itemIdOf(record);
    const item = items.get(id);
    if (item === undefined) items.set(id, [record]);
    else item.push(record);
  }
  return [...items.values()];
}

function hasSequence(record: unknown): boolean {
  const images = isObject(record) ? record.dynamodb : undefined;
  return isObject(images) && typeof images.SequenceNumber === "string";
}

function sequenceOf({ dynamodb }: StreamRecord): string {
  return dynamodb?.SequenceNumber ?? "";
}
