/** One look for a valid token on behalf of all callers of this process, and what `close` waits for. */
import type { OAuthTokenData } from "../../entities/oauth-token.js";
import type { Call } from "../../src/call/call.js";
import { AbortedError } from "../../src/errors/aborted-error.js";
import { orAborted } from "../../src/runtime/signals.js";

/** How long `close` waits for refreshes that are under way, in ms. */
const closeLimitMs = 5_000;

/** One look for a valid token, on behalf of all callers that want it. */
export interface Flight {
  /** Aborted when all have left. */
  readonly abandoned: AbortSignal;
  /** From now on what it gets must be stored, whoever is left: it asks for the lease, or holds it. */
  commit(): void;
  /** It has no lease: it ends if nobody waits for it. */
  release(): void;
}

/** Carries what the caller's `refresh` threw. */
export class RefreshFailure {
  readonly thrown: unknown;

  constructor(thrown: unknown) {
    this.thrown = thrown;
  }
}

export type Landing = { readonly token: OAuthTokenData } | RefreshFailure;

interface UnderWay extends Flight {
  /** Callers that wait for it. */
  waiting: number;
  committed: boolean;
  landing?: Promise<Landing>;
}

export interface Flights {
  /** Joins the flight for a token, or begins one, and waits for it within the call's limits. */
  join(
    id: string,
    begin: (flight: Flight, call: Call) => Promise<Landing>,
    call: Call,
  ): Promise<Landing>;
  /**
   * Refuses further flights, and waits up to 5 s for those that hold a lease, so that what the provider
   * answers is stored. `undefined` where there are none.
   */
  finish(): Promise<unknown> | undefined;
}

export function createFlights(): Flights {
  const flights = new Map<string, UnderWay>();
  let isClosing = false;

  function newFlight(id: string): UnderWay {
    const abandoning = new AbortController();
    const flight: UnderWay = {
      waiting: 0,
      committed: false,
      abandoned: abandoning.signal,
      commit: () => {
        flight.committed = true;
      },
      release: () => {
        flight.committed = false;
        if (flight.waiting > 0) return;
        // Who comes now begins another.
        if (flights.get(id) === flight) flights.delete(id);
        abandoning.abort(new AbortedError("all who wanted the token have left"));
      },
    };
    return flight;
  }

  return {
    join: async (id, begin, call) => {
      const underWay = flights.get(id);
      if (underWay === undefined && isClosing) throw new AbortedError("the data layer is closed");
      const flight = underWay ?? newFlight(id);
      flights.set(id, flight);
      flight.waiting += 1;
      flight.landing ??= begin(flight, call).finally(() => {
        if (flights.get(id) === flight) flights.delete(id);
      });
      try {
        return await orAborted(flight.landing, call.signal);
      } finally {
        flight.waiting -= 1;
        // One caller that leaves does not end it for the others.
        if (!flight.committed) flight.release();
      }
    },
    finish: () => {
      isClosing = true;
      const inHand = [...flights.values()].flatMap(({ committed, landing }) =>
        committed && landing !== undefined ? [landing] : [],
      );
      if (inHand.length === 0) return undefined;
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, closeLimitMs);
      });
      return Promise.race([Promise.allSettled(inHand), limit]).finally(() => clearTimeout(timer));
    },
  };
}
