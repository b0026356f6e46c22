/**
 * Hedged reads: a read whose response is late is sent a second time, and the first good response counts
 * (Dean and Barroso, "The Tail at Scale", 2013, "hedged requests").
 */
import { performance } from "node:perf_hooks";
import timers from "node:timers";
import { optionNames, refuseUnknownSettings } from "../call/options.js";
import { ConfigurationError, isRetryableError, readSettings } from "../errors/errors.js";
import { whenAborted } from "../runtime/signals.js";

// Node's own, so that fake timers neither stop the hedges nor see them.
const { setTimeout, clearTimeout } = timers;
const now = performance.now.bind(performance);

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

/** Hedges that can be saved up: an hour of fast responses does not pay for a storm. */
const mostSaved = 10;

/** A hedge, but for what the sum of twenty twentieths lacks. */
const aHedge = 1 - 1e-9;

/**
 * The response times of one operation, as counts in 72 bins from 0.25 ms to 55 s. Each bin is a fifth
 * wider than the one before, so that a percentile is exact to within 19 %, and never too low.
 */
export class ResponseTimes {
  readonly #counts = new Uint32Array(72);
  readonly #share: number;
  readonly #least: number;
  readonly #most: number;
  #total = 0;

  /** @param percentile which one is asked for, from 50 to 99.9 */
  constructor(percentile: number) {
    this.#share = percentile / 100;
    // At least one time lies beyond the percentile.
    this.#least = Math.ceil(100 / (100 - percentile) - 1e-6);
    this.#most = Math.max(512, 4 * this.#least);
  }

  note(ms: number): void {
    const bin = Math.ceil(4 * Math.log2(ms * 4));
    const index = Math.min(this.#counts.length - 1, Math.max(0, bin));
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total += 1;
    if (this.#total >= this.#most) this.#forgetHalf();
  }

  /** The percentile in ms; `undefined` until enough times are known. */
  get percentile(): number | undefined {
    if (this.#total < this.#least) return undefined;
    const rank = this.#total * this.#share;
    let below = 0;
    let index = 0;
    for (; index < this.#counts.length - 1; index += 1) {
      below += this.#counts[index] ?? 0;
      if (below >= rank) break;
    }
    return 2 ** (index / 4) / 4;
  }

  /** What was observed last counts most. */
  #forgetHalf(): void {
    this.#total = 0;
    for (let index = 0; index < this.#counts.length; index += 1) {
      const half = (this.#counts[index] ?? 0) >>> 1;
      this.#counts[index] = half;
      this.#total += half;
    }
  }
}

/** A read that waits for its first answer. */
interface Waiting {
  readonly startedAt: number;
  /** Sends it a second time. */
  hedge(taken: number): void;
}

/** The reads of one operation that are under way and not hedged, the oldest first. */
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

  /** @param retries the retry budget: a hedge is paid for as a retry is, until its read is answered */
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
      const startedAt = now();
      const requests = new Set<AbortController>();
      let isOver = false;
      let reserved = 0;
      let leave: (() => void) | undefined;
      const end = (isAnswered: boolean, giveBack: boolean) => {
        isOver = true;
        line.waiting.delete(waiting);
        leave?.();
        for (const request of requests) request.abort();
        const ms = now() - startedAt;
        // A read that was given up late counts as late: how late it would have been makes no difference.
        if (isAnswered || ms >= this.#delayOf(line)) line.times.note(ms);
        if (giveBack) this.#retries.giveBack(reserved);
      };
      const start = () => {
        const request = new AbortController();
        requests.add(request);
        send(request.signal).then(
          (answer) => {
            if (isOver) return;
            requests.delete(request);
            end(true, true);
            resolve(answer);
          },
          (error) => {
            if (isOver) return;
            // The request may still be under way: the transport gives up waiting at its own limits.
            request.abort();
            requests.delete(request);
            const isLater = isRetryableError(error);
            if (isLater && requests.size > 0) return;
            end(false, !isLater);
            reject(error);
          },
        );
      };
      const waiting: Waiting = {
        startedAt,
        hedge: (taken) => {
          reserved = taken;
          onHedge();
          start();
        },
      };
      if (signal !== undefined) {
        leave = whenAborted(signal, () => {
          end(false, false);
          reject(signal.reason);
        });
      }
      line.waiting.add(waiting);
      this.#watch(line);
      start();
    });
  }

  /** Hedges nothing more. Reads under way end when the transport refuses their requests. */
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

  /** One timer looks at all reads of an operation: most are answered before it does. */
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
