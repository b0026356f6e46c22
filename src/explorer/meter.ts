/** What calls take: each by itself, and all of a minute together, of which there may be only so much. */
import { AsyncLocalStorage } from "node:async_hooks";
import { ThroughputExceededError } from "../errors/throughput-exceeded-error.js";
import type { Clock } from "../runtime/clock.js";
import type { RequestEvent } from "../transport/events.js";
import { meter as begun } from "../transport/meter.js";
import { type RequestName, writes } from "../transport/requests.js";
import { withinLimit } from "../transport/within-limit.js";
import type { Budget, Cost } from "./protocol.js";

interface Sum {
  requests: number;
  readUnits: number;
  writeUnits: number;
}

/** What an engine reports of a request. */
export type MeteredEvent = Pick<RequestEvent, "request" | "consumedCapacity">;

const minuteMs = 60_000;

/** Adds up what requests report; it is given to the data layer as its listener. */
export class Meter {
  readonly #current = new AsyncLocalStorage<Sum>();
  readonly #clock: Clock;
  readonly #limit: number;
  #recent: { readonly at: number; readonly units: number }[] = [];

  /** @param limit the capacity units of a minute, after which calls are refused */
  constructor(limit: number, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Adds a request to the call that made it. */
  add({ request, consumedCapacity = 0 }: MeteredEvent): void {
    this.#recent.push({ at: this.#clock.now(), units: consumedCapacity });
    const sum = this.#current.getStore();
    if (sum === undefined) return;
    sum.requests += 1;
    if (writes.has(request as RequestName)) sum.writeUnits += consumedCapacity;
    else sum.readUnits += consumedCapacity;
  }

  budget(): Budget {
    const since = this.#clock.now() - minuteMs;
    this.#recent = this.#recent.filter(({ at }) => at > since);
    const spent = this.#recent.reduce((sum, { units }) => sum + units, 0);
    return { spent: Math.round(spent * 10) / 10, limit: this.#limit };
  }

  /** @throws ThroughputExceededError if the minute's units are spent */
  refuseIfSpent(): void {
    if (this.isSpent()) throw this.#refusal();
  }

  /** Whether the minute's units are spent. */
  isSpent(): boolean {
    const { spent, limit } = this.budget();
    return spent >= limit;
  }

  #refusal(): ThroughputExceededError {
    const { spent, limit } = this.budget();
    const first = this.#recent.find(({ units }) => units > 0)?.at ?? this.#clock.now();
    const seconds = Math.ceil((first + minuteMs - this.#clock.now()) / 1_000);
    return new ThroughputExceededError({
      message: `${spent} capacity units were read or written in the last minute, and ${limit} are allowed: try again in ${seconds} s, or start with a higher --units-per-minute`,
    });
  }

  /**
   * Runs what reads, and ends it before it begins a request once the minute's units are spent.
   * @throws ThroughputExceededError, or what the call throws
   */
  async within<T>(signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.refuseIfSpent();
    const limit = { isOver: () => this.isSpent(), refusal: () => this.#refusal() };
    return withinLimit(begun, limit, signal, run);
  }

  /** Runs a call and says what it took. @throws what the call threw, after `onCost` */
  async measure<T>(run: () => Promise<T>, onCost: (cost: Cost) => void): Promise<T> {
    const sum: Sum = { requests: 0, readUnits: 0, writeUnits: 0 };
    const startedAt = performance.now();
    try {
      return await this.#current.run(sum, run);
    } finally {
      onCost({ ...sum, ms: Math.round(performance.now() - startedAt) });
    }
  }
}
