/**
 * Hedged reads: a read whose response is late is sent a second time, and the first good response counts
 * (Dean and Barroso, "The Tail at Scale", 2013, "hedged requests").
 */
import timers from "node:timers";
import { optionNames, refuseUnknownSettings } from "../call/options.js";
import { ConfigurationError, readSettings } from "../errors/configuration-error.js";
import { isRetryableError } from "../errors/retryable.js";
import { whenAborted } from "../runtime/signals.js";
import { ResponseTimes } from "./response-times.js";

// Node's own, so that fake timers neither stop the hedges nor see them. `node:perf_hooks` has a clock too, but
// brings eleven more modules to each start.
const { setTimeout, clearTimeout } = timers;
const { hrtime } = process;

/** Monotonic ms. */
function now(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** When a read is sent a second time. A setting that is `undefined` has its default. */
export interface HedgedReadsOptions {
  /**
   * A response is late after this percentile of its operation's response times, a number from 50 to
   * 99.9. It is measured continuously, for GetItem, BatchGetItem and Query separately.
   * @default 95
   */
  readonly percentile?: number | undefined;
  /** No response is late before this many ms, a number from 1 to 60,000. @default 10 */
  readonly minDelayMs?: number | undefined;
  /**
   * At most this fraction of the reads is sent a second time, a number above 0 and up to 1: 50 of
   * 1,000 reads by default. @default 0.05
   */
  readonly maxExtraLoad?: number | undefined;
}

const hedgedReadsNames = optionNames<HedgedReadsOptions>({
  percentile: true,
  minDelayMs: true,
  maxExtraLoad: true,
});

/** The retry budget, as far as hedges take part in it. */
export interface HedgeBudget {
  /** @returns what was taken, or `null` if nothing is left */
  take(): number | null;
  giveBack(taken: number): void;
}

/** The most hedges that can be saved up: an hour of fast responses must not pay for a storm. */
const mostSaved = 10;

/** One hedge, less the rounding error of a sum of twenty twentieths. */
const aHedge = 1 - 1e-9;

/** A read that waits for its first response. */
interface Waiting {
  readonly startedAt: number;
  /** Sends it a second time. */
  hedge(taken: number): void;
}

/** Settles the promise of one read. */
interface Settle<A> {
  resolve(answer: A): void;
  reject(reason: unknown): void;
}

/** One read, which is sent once or twice. */
class HedgedRead<A> implements Waiting {
  readonly startedAt = now();
  /** What its hedge took out of the retry budget. */
  taken = 0;
  readonly #send: (signal: AbortSignal) => Promise<A>;
  readonly #onHedge: () => void;
  readonly #settle: Settle<A>;
  readonly #onEnd: (isAnswered: boolean, giveBack: boolean) => void;
  /** The requests in progress. */
  readonly #requests = new Set<AbortController>();
  #isOver = false;
  #leave: (() => void) | undefined;

  /** @param onEnd called once, before the promise is settled */
  constructor(
    send: (signal: AbortSignal) => Promise<A>,
    onHedge: () => void,
    settle: Settle<A>,
    onEnd: (isAnswered: boolean, giveBack: boolean) => void,
  ) {
    this.#send = send;
    this.#onHedge = onHedge;
    this.#settle = settle;
    this.#onEnd = onEnd;
  }

  /** Sends it, and ends with the call's signal. */
  start(signal: AbortSignal | undefined): void {
    if (signal !== undefined) {
      this.#leave = whenAborted(signal, () => {
        this.#end(false, false);
        this.#settle.reject(signal.reason);
      });
    }
    this.#request();
  }

  hedge(taken: number): void {
    this.taken = taken;
    this.#onHedge();
    this.#request();
  }

  #request(): void {
    const request = new AbortController();
    this.#requests.add(request);
    this.#send(request.signal).then(
      (answer) => this.#answered(request, answer),
      (error) => this.#failed(request, error),
    );
  }

  #answered(request: AbortController, answer: A): void {
    if (this.#isOver) return;
    this.#requests.delete(request);
    this.#end(true, true);
    this.#settle.resolve(answer);
  }

  #failed(request: AbortController, error: unknown): void {
    if (this.#isOver) return;
    // The request may still be in progress: the transport stops waiting at its own limits.
    request.abort();
    this.#requests.delete(request);
    const isLater = isRetryableError(error);
    if (isLater && this.#requests.size > 0) return;
    this.#end(false, !isLater);
    this.#settle.reject(error);
  }

  #end(isAnswered: boolean, giveBack: boolean): void {
    this.#isOver = true;
    this.#leave?.();
    for (const request of this.#requests) request.abort();
    this.#onEnd(isAnswered, giveBack);
  }
}

/** The reads of one operation that are in progress and not hedged, the oldest first. */
class Line {
  readonly times: ResponseTimes;
  readonly waiting = new Set<Waiting>();
  timer: NodeJS.Timeout | undefined;

  constructor(percentile: number) {
    this.times = new ResponseTimes(percentile);
  }
}

/** The hedging of one data layer's reads. */
export class HedgedReads {
  readonly #minDelayMs: number;
  readonly #maxExtraLoad: number;
  readonly #lines: ReadonlyMap<string, Line>;
  readonly #retries: HedgeBudget;
  #hedges = 0;

  /**
   * @param retries the retry budget: a hedge is paid for like a retry, until its read has a response
   */
  constructor(options: Required<HedgedReadsOptions>, retries: HedgeBudget) {
    this.#minDelayMs = options.minDelayMs as number;
    this.#maxExtraLoad = options.maxExtraLoad as number;
    this.#retries = retries;
    this.#lines = new Map(
      ["Get", "BatchGet", "Query"].map((name) => [name, new Line(options.percentile as number)]),
    );
  }

  /** Whether reads of an operation are hedged; writes, transactions and scans never are. */
  covers(name: string): boolean {
    return this.#lines.has(name);
  }

  /**
   * Sends a read, and once more if its response is late. The first response counts, and the other
   * request is aborted. If one of two requests fails with an error that is worth a retry, the other one
   * decides; any other error ends the read, because an identical request would meet it too.
   *
   * @param name an operation that is covered
   * @param send makes one request, which ends with its signal
   * @param signal the call's own; its reason is thrown
   * @param onHedge called before the second request
   */
  read<A>(
    name: string,
    send: (signal: AbortSignal) => Promise<A>,
    signal: AbortSignal | undefined,
    onHedge: () => void,
  ): Promise<A> {
    const line = this.#lines.get(name) as Line;
    this.#hedges = Math.min(mostSaved, this.#hedges + this.#maxExtraLoad);
    return new Promise((resolve, reject) => {
      const read = new HedgedRead(send, onHedge, { resolve, reject }, (isAnswered, giveBack) => {
        line.waiting.delete(read);
        const ms = now() - read.startedAt;
        // A read that was given up late counts as late: how late it would have been makes no difference.
        if (isAnswered || ms >= this.#delayOf(line)) line.times.note(ms);
        if (giveBack) this.#retries.giveBack(read.taken);
      });
      line.waiting.add(read);
      this.#watch(line);
      read.start(signal);
    });
  }

  /** Hedges nothing more. Reads in progress end when the transport refuses their requests. */
  close(): void {
    for (const line of this.#lines.values()) {
      clearTimeout(line.timer);
      line.waiting.clear();
    }
  }

  /**
   * How long a read waits before it is hedged. It is twice as long while fewer than half of the hedges
   * that can be saved are left, which keeps those for the latest responses.
   */
  #delayOf({ times }: Line): number {
    const { percentile = Number.POSITIVE_INFINITY } = times;
    const delay = Math.max(this.#minDelayMs, percentile);
    return this.#hedges < mostSaved / 2 ? 2 * delay : delay;
  }

  /** One timer checks all reads of an operation: most have a response by then. */
  #watch(line: Line, ms = this.#delayOf(line)): void {
    if (line.timer !== undefined || !Number.isFinite(ms)) return;
    line.timer = setTimeout(() => {
      line.timer = undefined;
      this.#look(line);
    }, ms).unref();
  }

  #look(line: Line): void {
    const at = now();
    for (const waiting of line.waiting) {
      const delay = this.#delayOf(line);
      const left = waiting.startedAt + delay - at;
      if (left > 0) return this.#watch(line, left);
      const taken = this.#hedges < aHedge ? null : this.#retries.take();
      // The oldest read is the first to get the next one.
      if (taken === null) return this.#watch(line, delay);
      this.#hedges -= 1;
      line.waiting.delete(waiting);
      waiting.hedge(taken);
    }
  }
}

/**
 * The hedging of a data layer, if it is on.
 * @throws ConfigurationError that names the setting
 */
export function createHedgedReads(
  options: boolean | HedgedReadsOptions | undefined,
  retries: HedgeBudget,
): HedgedReads | undefined {
  if (options === undefined || options === false) return undefined;
  const given = options === true ? {} : options;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new ConfigurationError("hedgedReads must be true, false or an object");
  }
  refuseUnknownSettings("hedgedReads", given, hedgedReadsNames);
  const settings = readSettings("hedgedReads", () => {
    const { percentile = 95, minDelayMs = 10, maxExtraLoad = 0.05 } = given;
    return { percentile, minDelayMs, maxExtraLoad };
  });
  check("percentile", settings.percentile, 50, 99.9);
  check("minDelayMs", settings.minDelayMs, 1, 60_000);
  const { maxExtraLoad } = settings;
  if (!(typeof maxExtraLoad === "number" && maxExtraLoad > 0 && maxExtraLoad <= 1)) {
    throw new ConfigurationError("hedgedReads.maxExtraLoad must be a number above 0 and up to 1");
  }
  return new HedgedReads(settings, retries);
}

function check(name: keyof HedgedReadsOptions, value: unknown, least: number, most: number): void {
  if (typeof value === "number" && value >= least && value <= most) return;
  throw new ConfigurationError(`hedgedReads.${name} must be a number from ${least} to ${most}`);
}
