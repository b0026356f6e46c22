/** The search for a valid token on behalf of all callers of this process, and what `close` waits for. */
import type { OAuthTokenData } from "../../entities/oauth-token.js";
import type { Call } from "../../src/call/call.js";
import { AbortedError } from "../../src/errors/aborted-error.js";
import { orAborted } from "../../src/runtime/signals.js";

/** How long `close` waits for refreshes in progress, in ms. */
const closeLimitMs = 5_000;

/** One search for a valid token, on behalf of all callers that want it. */
export interface Flight {
  /** Aborted when all callers have left. */
  readonly abandoned: AbortSignal;
  /**
   * It asks for the lease, or holds it: from now on what it gets must be stored, even if every caller
   * leaves.
   */
  commit(): void;
  /** It has no lease, and ends if nobody waits for it. */
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
  /** How many callers wait for it. */
  waiting: number;
  committed: boolean;
  landing?: Promise<Landing>;
}

/** The flights of one process, by the tokens that are wanted. */
export class Flights {
  readonly #underWay = new Map<string, UnderWay>();
  #isClosing = false;

  /** Joins the flight for a token, or begins one, and waits for it within the call's limits. */
  async join(
    id: string,
    begin: (flight: Flight, call: Call) => Promise<Landing>,
    call: Call,
  ): Promise<Landing> {
    const underWay = this.#underWay.get(id);
    if (underWay === undefined && this.#isClosing)
      throw new AbortedError("the data layer is closed");
    const flight = underWay ?? this.#newFlight(id);
    this.#underWay.set(id, flight);
    flight.waiting += 1;
    flight.landing ??= begin(flight, call).finally(() => this.#forget(id, flight));
    try {
      return await orAborted(flight.landing, call.signal);
    } finally {
      flight.waiting -= 1;
      // One caller that leaves does not end it for the others.
      if (!flight.committed) flight.release();
    }
  }

  /**
   * Refuses further flights, and waits up to 5 s for those that hold a lease, so that the provider's
   * response is stored. `undefined` if there are none.
   */
  finish(): Promise<unknown> | undefined {
    this.#isClosing = true;
    const inHand = [...this.#underWay.values()].flatMap(({ committed, landing }) =>
      committed && landing !== undefined ? [landing] : [],
    );
    if (inHand.length === 0) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeLimitMs);
    });
    return Promise.race([Promise.allSettled(inHand), limit]).finally(() => clearTimeout(timer));
  }

  #newFlight(id: string): UnderWay {
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
        // A later caller begins another flight.
        this.#forget(id, flight);
        abandoning.abort(new AbortedError("every caller that waited for the token has given up"));
      },
    };
    return flight;
  }

  #forget(id: string, flight: UnderWay): void {
    if (this.#underWay.get(id) === flight) this.#underWay.delete(id);
  }
}
