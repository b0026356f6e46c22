/** What requests have taken, added up per entity and call. */
import type { RequestEvent } from "./events.js";

/** All requests of one kind that a call of an entity made, as `data.stats()` returns them. */
export interface CallStats
  extends Pick<RequestEvent, "request" | "operation" | "entity" | "index"> {
  /** How many requests there were, failed ones included. */
  readonly requests: number;
  /** HTTP attempts, hedges included. */
  readonly attempts: number;
  /** Attempts that DynamoDB throttled. */
  readonly throttles: number;
  /** Requests that failed in the end. */
  readonly errors: number;
  /**
   * The capacity units that DynamoDB reported: write units if the request writes, else read units. It
   * reports none for a request that fails, although a refused condition is billed.
   */
  readonly units: number;
}

/** Sums of one transport, by what is the same for all keys and values: there are few of them. */
export class Stats {
  readonly #sums = new Map<string, CallStats>();

  add(event: RequestEvent): void {
    const { request, operation, entity, index, attempts, throttles, error } = event;
    const kind = [request, operation, entity, index].join();
    const sum = this.#sums.get(kind);
    this.#sums.set(kind, {
      ...{ request, operation, entity, index },
      requests: (sum?.requests ?? 0) + 1,
      attempts: (sum?.attempts ?? 0) + attempts,
      throttles: (sum?.throttles ?? 0) + throttles,
      errors: (sum?.errors ?? 0) + (error === undefined ? 0 : 1),
      units: (sum?.units ?? 0) + (event.consumedCapacity ?? 0),
    });
  }

  /** Copies: what a caller does with them changes no sum. */
  list(): CallStats[] {
    return [...this.#sums.values()].map((sum) => ({ ...sum }));
  }
}
