/** The changes of a table, one after the other, for as long as anybody wants them. */
import { streamRule } from "../admin/table-admin.js";
import { streamView } from "../admin/table-input.js";
import { AbortedError } from "../errors/aborted-error.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { withContext } from "../errors/context.js";
import { wrapDynamoDBError } from "../errors/wrap.js";
import { type Combined, firstOf } from "../runtime/signals.js";
import type { LayerSource, Sourced } from "../store/layer-source.js";
import { neededSource } from "./change-of.js";
import type { Change, Unreadable } from "./changes.js";
import { placeOf } from "./checkpoint.js";
import { StreamClient, streamsSdk } from "./stream-client.js";
import { type WatchOptions, type WatchSettings, watchSettings } from "./watch-options.js";
import { type PlainWatched, Watching } from "./watching.js";

/** A change, or an unreadable one, with the place after it. */
export type Watched<L> = (Change<L> | Unreadable<L>) & {
  /** The place in the stream after this change, as text: with `from` the next `watch` goes on there. */
  readonly checkpoint: string;
};

/**
 * The changes of the table as they happen, read from its stream by this process; those of rows that no
 * entity owns are passed over. For local work, scripts and small services: on AWS, Lambda with
 * `createStreamHandler` reads without a process that always runs.
 *
 * Changes of one item come in order. A change that was handled can come once more after a restart from a
 * checkpoint, and none is left out: `change.id` tells. It is handled when the next one is asked for.
 * A stream may have two readers at a time. One request describes the table and one each hundred shards;
 * a shard is read at most four times a second, and once every `idleMs` while nothing changes in it.
 * @returns to be iterated once; leaving the loop ends it, with its requests and timers
 * @throws ValidationError at once for a wrong option or checkpoint; later, from the loop,
 * ConfigurationError if the table has no stream or `@aws-sdk/client-dynamodb-streams` is not installed
 * @example
 * for await (const change of watch(data, { from: "start", signal })) {
 *   if (change.entity === "project") console.log(change.kind, change.key);
 * }
 */
export function watch<L extends Sourced<unknown>>(
  data: L,
  options: WatchOptions = {},
): AsyncIterable<Watched<L>> {
  const source = neededSource("watch", data);
  const settings = watchSettings(options);
  const { from } = settings;
  if (from !== "now" && from !== "start") placeOf(from);
  const changes = new Changes(source, data as unknown as Described, settings);
  // The types of the stores are those of the data layer that was given.
  return changes as unknown as AsyncIterable<Watched<L>>;
}

/** What is needed of the data layer beside its source. */
export interface Described {
  readonly table: {
    describe(options: { signal: AbortSignal }): Promise<{
      readonly stream: { readonly arn: string; readonly view: string } | undefined;
    } | null>;
  };
}

/** One iteration. It can be ended while it waits for a change, which a generator alone cannot. */
class Changes implements AsyncIterableIterator<PlainWatched> {
  readonly #stopped = new AbortController();
  readonly #signals: Combined;
  readonly #generator: AsyncGenerator<PlainWatched, void, undefined>;

  constructor(source: LayerSource, data: Described, settings: WatchSettings) {
    this.#signals = firstOf(settings.signal, this.#stopped.signal, source.transport.closing);
    this.#generator = changes(source, data, settings, this.#signals.signal);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<PlainWatched, undefined>> {
    try {
      const { done, value } = await this.#generator.next();
      if (done !== true) return { done: false, value };
    } catch (error) {
      if (!this.#stopped.signal.aborted) {
        this.#signals.release();
        throw error;
      }
    }
    this.#signals.release();
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<PlainWatched, undefined>> {
    this.#stopped.abort(new Error("nobody reads the changes any more"));
    await this.#generator.return();
    this.#signals.release();
    return { done: true, value: undefined };
  }
}

async function* changes(
  source: LayerSource,
  data: Described,
  settings: WatchSettings,
  signal: AbortSignal,
): AsyncGenerator<PlainWatched, void, undefined> {
  const operation = "watch";
  let client: StreamClient | undefined;
  try {
    signal.throwIfAborted();
    const sdk = streamsSdk(settings.sdk);
    const stream = await streamOf(source, data, signal);
    client = new StreamClient(sdk, source, stream);
    yield* new Watching(source, client, settings, { stream, signal }).changes();
    throw new ConfigurationError(
      `watch: the stream of the table ${source.configuration.tableName} has been turned off, and all of it has been read`,
    );
  } catch (error) {
    if (!signal.aborted) throw wrapDynamoDBError(error, { operation });
    const { reason } = signal;
    if (reason instanceof AbortedError) throw reason;
    throw withContext(new AbortedError({ message: "watch: aborted", cause: reason }), {
      operation,
    });
  } finally {
    client?.close();
  }
}

/** The ARN of the table's stream. @throws ConfigurationError if it has none with the items in it */
export async function streamOf(
  { configuration: { tableName } }: LayerSource,
  data: Described,
  signal: AbortSignal,
): Promise<string> {
  const info = await data.table.describe({ signal });
  if (info === null) throw new ConfigurationError(`watch: there is no table ${tableName}`);
  const { stream } = info;
  if (stream?.view === streamView) return stream.arn;
  const what = stream === undefined ? "no stream" : `a stream with the view ${stream.view}`;
  throw new ConfigurationError(`watch: the table ${tableName} has ${what}: ${streamRule}`);
}
