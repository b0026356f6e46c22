/** One connection of a browser: the changes of its user, read from the hub's log as fast as they are taken. */
import { whenAborted } from "../runtime/signals.js";
import type { HubInside } from "./change-hub.js";
import type { ChangeLog, Place } from "./change-log.js";
import type { ChangeMessage } from "./change-message.js";
import { changeFrame, idleFrame, openingFrame, resetFrame } from "./live-frames.js";

export interface LiveReading {
  readonly hub: HubInside;
  readonly log: ChangeLog;
  readonly user: string;
  /** Where an earlier connection ended: the header Last-Event-ID. */
  readonly lastId: string | null;
  /** Aborted when the browser has gone. */
  readonly signal: AbortSignal;
  /** What is told of a change; `undefined` for one that is not for this browser. */
  shown(change: ChangeMessage): object | undefined;
}

/** How often a quiet connection says that it lives, in ms. Proxies cut what is silent for a minute. */
const idleMs = 10_000;

/** The share of its time by which a connection ends earlier: those of one moment do not come back in one. */
const spread = 0.2;

/**
 * The stream of a connection. Nothing is queued for it: a reader that is slow finds its changes in the log, or
 * is told that some are not there any more.
 * @returns `undefined` if the user has too many connections
 */
export function liveStream(reading: LiveReading): ReadableStream<Uint8Array> | undefined {
  const { hub, user, signal } = reading;
  let isOver = false;
  let wake: () => void = () => undefined;
  const over = () => {
    isOver = true;
    disconnect?.();
    clearTimeout(life);
    forget();
    wake();
  };
  const disconnect = hub.connect(user, () => (hub.isClosed ? over() : wake()));
  if (disconnect === undefined) return undefined;
  const life = setTimeout(over, hub.settings.connectionMs * (1 - spread * Math.random()));
  const forget = whenAborted(signal, over);
  if (signal.aborted) over();
  const woken = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  const reader = new LogReader(reading);
  const nextFrame = async () => {
    let frame = reader.next();
    if (frame !== undefined || isOver) return frame;
    // Changes that are not for this browser do not begin the time again.
    let isQuiet = false;
    const timer = setTimeout(() => {
      isQuiet = true;
      wake();
    }, idleMs);
    while (frame === undefined && !isOver) {
      await woken();
      frame = reader.next() ?? (isQuiet ? reader.idle() : undefined);
    }
    clearTimeout(timer);
    return frame;
  };
  let isCancelled = false;
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(reader.opening()),
      pull: async (controller) => {
        const frame = isOver ? undefined : await nextFrame();
        if (isCancelled) return;
        // Whatever is left is told to the next connection.
        if (frame === undefined || isOver) controller.close();
        else controller.enqueue(frame);
      },
      cancel: () => {
        isCancelled = true;
        over();
      },
    },
    { highWaterMark: 1 },
  );
}

/** Reads the log from where the browser has it. */
class LogReader {
  readonly #reading: LiveReading;
  #place: Place | "forgotten";
  /** Up to where the browser knows everything from another instance. Its place does not go back behind that. */
  #known: Place = 0;

  constructor(reading: LiveReading) {
    const { log, lastId } = reading;
    this.#reading = reading;
    const resumed = lastId === null ? undefined : log.placeOf(lastId);
    if (resumed === undefined) this.#place = log.now();
    else if (resumed === "forgotten") this.#place = resumed;
    else {
      this.#place = resumed.from;
      this.#known = resumed.known;
    }
  }

  opening(): Uint8Array {
    return this.#place === "forgotten" ? this.#reset() : openingFrame(this.#idOf(this.#place));
  }

  /** The next change, or that some were missed; `undefined` if there is none. */
  next(): Uint8Array | undefined {
    const { log, user, shown } = this.#reading;
    while (this.#place !== "forgotten") {
      const found = log.after(user, this.#place);
      if (found === undefined) return undefined;
      if (found === "forgotten") break;
      this.#place = found.place;
      const change = shown(found.change);
      if (change !== undefined) return changeFrame(this.#idOf(found.place), change);
    }
    return this.#reset();
  }

  /** That there is none up to now. */
  idle(): Uint8Array {
    const { log } = this.#reading;
    this.#place = log.now();
    return idleFrame(log.textOf(this.#place));
  }

  #reset(): Uint8Array {
    const { log } = this.#reading;
    this.#place = log.now();
    return resetFrame(log.textOf(this.#place));
  }

  #idOf(place: Place): string | undefined {
    return place < this.#known ? undefined : this.#reading.log.textOf(place);
  }
}
