/** Reads all shards of a stream: some at a time, each from where it was read to, parents before children. */
import type { _Record } from "@aws-sdk/client-dynamodb-streams";
import { isRetryableError } from "../errors/retryable.js";
import { nameOf } from "../errors/words.js";
import { systemClock } from "../runtime/clock.js";
import { delay, whenAborted } from "../runtime/signals.js";
import { inParallel } from "../transport/parallel.js";
import { type Loss, type ShardState, Shards } from "./shards.js";
import type { Page, StreamClient, StreamState } from "./stream-client.js";

/** How a stream is read. */
export interface Pace {
  /** How many requests are under way at a time. */
  readonly parallel: number;
  /** The longest pause between two reads of a shard in which nothing changes, in ms. */
  readonly idleMs: number;
  /** How long requests of a shard may fail one after the other, in ms. */
  readonly patienceMs: number;
}

/** Records of a shard. When the next page is asked for, they have been handled. */
export interface ShardPage {
  readonly shard: ShardState;
  readonly records: readonly _Record[];
}

/** A shard may be read five times a second, by all of its readers together. */
const leastMs = 250;
/** Shards that follow an ended one are looked for this often at first, and at last. */
const [firstLookMs, lastLookMs] = [500, 30_000];
const [firstRetryMs, lastRetryMs] = [200, 20_000];

/** What a request under way ends with. It is never rejected, because nobody may be waiting for it. */
type Landing =
  | { readonly kind: "page"; readonly shard: ShardState; readonly page: Page; readonly at: number }
  | { readonly kind: "described"; readonly state: StreamState }
  | { readonly kind: "failed"; readonly shard: ShardState | undefined; readonly error: unknown };

export class StreamReader {
  readonly shards = new Shards();
  readonly #client: StreamClient;
  readonly #pace: Pace;
  readonly #signal: AbortSignal;
  readonly #onLoss: (loss: Loss) => Promise<void>;
  readonly #flights = new Map<ShardState | undefined, Promise<Landing>>();
  /** When the stream is to be described again, if it is. */
  #lookAt: number | undefined;
  #looks = 0;
  #lookFailures = { count: 0, since: 0 };

  /** @param onLoss called for what the stream has no longer; what it throws ends the reading */
  constructor(
    client: StreamClient,
    pace: Pace,
    signal: AbortSignal,
    onLoss: (loss: Loss) => Promise<void>,
  ) {
    this.#client = client;
    this.#pace = pace;
    this.#signal = signal;
    this.#onLoss = onLoss;
  }

  /** The stream as it is, when no request is under way. */
  describe(): Promise<StreamState> {
    return this.#patiently(() => this.#client.describe(this.#signal));
  }

  async #patiently<T>(request: () => Promise<T>): Promise<T> {
    const since = systemClock.now();
    for (let failures = 1; ; failures += 1) {
      try {
        return await request();
      } catch (error) {
        this.#signal.throwIfAborted();
        const at = this.#retryAt(error, failures, since);
        await delay(Math.max(0, at - systemClock.now()), this.#signal);
      }
    }
  }

  /**
   * Takes the ends of the shards that are at `now`. One whose end cannot be had is read from its beginning,
   * without what is older.
   */
  async takeEnds(): Promise<void> {
    const fresh = this.shards.readable().filter(({ position }) => position === "now");
    await inParallel(fresh, this.#pace.parallel, async (shard) => {
      try {
        shard.iterator = await this.#client.iterator(shard.id, "now", this.#signal);
      } catch (error) {
        if (!isRetryableError(error)) throw error;
      }
    });
  }

  /** Every page with records, one without for each shard that has ended, and `null` when time has passed without one. Ends when the stream has. */
  async *pages(): AsyncGenerator<ShardPage | null, void, undefined> {
    if (this.shards.isIncomplete) this.#lookAt = 0;
    for (;;) {
      this.#signal.throwIfAborted();
      this.#launch();
      const landing = await this.#landing();
      if (landing === undefined) yield null;
      else if (landing.kind === "page") {
        const { shard, page, at } = landing;
        if (page.records.length > 0) yield { shard, records: page.records };
        this.#settle(shard, page, at);
        // That it has ended is worth a checkpoint.
        if (page.next === undefined) yield { shard, records: [] };
      } else if (landing.kind === "failed") await this.#failed(landing.shard, landing.error);
      else if (this.#described(landing.state)) return;
    }
  }

  /** Begins the requests that are due, those first that have waited longest. */
  #launch(): void {
    const now = systemClock.now();
    if (this.#lookAt !== undefined && this.#lookAt <= now && !this.#flights.has(undefined)) {
      this.#flights.set(undefined, this.#look());
    }
    const due = this.shards
      .readable()
      .filter((shard) => shard.dueAt <= now && !this.#flights.has(shard))
      .sort((one, other) => one.dueAt - other.dueAt);
    for (const shard of due.slice(0, Math.max(0, this.#pace.parallel - this.#flights.size))) {
      this.#flights.set(shard, this.#read(shard));
    }
  }

  /** The first request to end; `undefined` if another one is due before. */
  async #landing(): Promise<Landing | undefined> {
    const isFull = this.#flights.size >= this.#pace.parallel;
    const times = this.shards
      .readable()
      .filter((shard) => !this.#flights.has(shard))
      .map(({ dueAt }) => dueAt);
    if (this.#lookAt !== undefined && !this.#flights.has(undefined)) times.push(this.#lookAt);
    const next = isFull ? Number.POSITIVE_INFINITY : Math.min(...times);
    const wait = new AbortController();
    const unlisten = whenAborted(this.#signal, () => wait.abort());
    const due =
      next === Number.POSITIVE_INFINITY
        ? []
        : [waited(Math.max(0, next - systemClock.now()), wait.signal)];
    try {
      const landing = await Promise.race([...this.#flights.values(), ...due]);
      if (landing !== undefined) {
        this.#flights.delete(landing.kind === "described" ? undefined : landing.shard);
      }
      return landing;
    } finally {
      unlisten();
      wait.abort();
    }
  }

  async #read(shard: ShardState): Promise<Landing> {
    const at = systemClock.now();
    try {
      if (shard.iterator === undefined) {
        const { id, position } = shard;
        // What followed the end of the shard at that time is known no longer, or was never.
        shard.skipsOld = position === "now";
        const from = typeof position === "string" ? "start" : position;
        shard.iterator = await this.#client.iterator(id, from, this.#signal);
      }
      const page =
        shard.iterator === undefined
          ? { records: [], next: undefined }
          : await this.#client.page(shard.iterator, this.#signal);
      return { kind: "page", shard, page, at };
    } catch (error) {
      return { kind: "failed", shard, error };
    }
  }

  async #look(): Promise<Landing> {
    try {
      return { kind: "described", state: await this.#client.describe(this.#signal) };
    } catch (error) {
      return { kind: "failed", shard: undefined, error };
    }
  }

  /** A page has been handled: the shard goes on after it, or has ended. */
  #settle(shard: ShardState, { records, next }: Page, at: number): void {
    shard.failures = 0;
    shard.iterator = next;
    if (next === undefined) {
      shard.position = "end";
      this.#looks = 0;
      this.#lookAt = systemClock.now();
      return;
    }
    const { idleMs } = this.#pace;
    shard.emptyReads = records.length > 0 ? 0 : shard.emptyReads + 1;
    const pause = Math.min(idleMs, leastMs * 2 ** Math.min(shard.emptyReads, 20) * 0.5);
    shard.dueAt = at + Math.max(leastMs, pause);
  }

  /** @returns whether nothing will come any more */
  #described({ shards, isOff }: StreamState): boolean {
    this.#lookFailures = { count: 0, since: 0 };
    this.shards.update(shards);
    this.#lookAt = undefined;
    if (!this.shards.isIncomplete) return false;
    if (isOff && this.shards.readable().length === 0) return true;
    this.#lookAt = systemClock.now() + Math.min(firstLookMs * 2 ** this.#looks, lastLookMs);
    this.#looks = Math.min(this.#looks + 1, 10);
    return false;
  }

  async #failed(shard: ShardState | undefined, error: unknown): Promise<void> {
    this.#signal.throwIfAborted();
    if (shard === undefined) {
      const { count, since } = this.#lookFailures;
      const failing = { count: count + 1, since: count === 0 ? systemClock.now() : since };
      this.#lookFailures = failing;
      this.#lookAt = this.#retryAt(error, failing.count, failing.since);
      return;
    }
    const name = nameOf(error);
    shard.iterator = undefined;
    if (shard.failures === 0) shard.failingSince = systemClock.now();
    shard.failures += 1;
    if (name === "TrimmedDataAccessException") {
      const lost = { shard: shard.id, position: shard.position };
      shard.position = "start";
      await this.#onLoss(lost);
    } else if (name === "ResourceNotFoundException") await this.#gone(shard);
    // An iterator lives for 15 minutes, which a slow reader may take for a page.
    else if (name === "ExpiredIteratorException" && shard.failures === 1) shard.dueAt = 0;
    else shard.dueAt = this.#retryAt(error, shard.failures, shard.failingSince);
  }

  /** The stream has a shard no longer, or it is gone itself: then its description fails. */
  async #gone(shard: ShardState): Promise<void> {
    const state = await this.describe();
    if (state.shards.some(({ id }) => id === shard.id)) {
      shard.dueAt = this.#retryAt(again, shard.failures, shard.failingSince);
      return;
    }
    const lost = { shard: shard.id, position: shard.position };
    shard.position = "end";
    this.#lookAt = systemClock.now();
    await this.#onLoss(lost);
  }

  /** When a request is repeated. @throws its error if that does not help, or has not for so long */
  #retryAt(error: unknown, failures: number, since: number): number {
    const now = systemClock.now();
    const isExpired = nameOf(error) === "ExpiredIteratorException";
    const mayHelp = isExpired || isRetryableError(error);
    if (!mayHelp || now - since > this.#pace.patienceMs) throw error;
    const pause = Math.min(firstRetryMs * 2 ** Math.min(failures, 20), lastRetryMs);
    // A random half, so that the readers of many shards do not come back together.
    return now + pause * (0.5 + Math.random() / 2);
  }
}

const again = Object.assign(new Error("the shard is there, and cannot be read"), {
  name: "InternalServerError",
});

/** Waits, unless it is aborted before: then somebody else has ended the waiting. */
async function waited(ms: number, signal: AbortSignal): Promise<undefined> {
  try {
    await delay(ms, signal);
  } catch {
    // The race above aborts it, when it is over, and so does the end of the reading.
  }
  return undefined;
}
