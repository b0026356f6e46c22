/** The connection by which a client hears of changes: opened again whenever it ends, for as long as anybody listens. */
import type { ClientSettings } from "./client-options.js";
import { eventsOf } from "./event-stream.js";
import type { LiveChange, LiveEvent, LiveState } from "./live-event.js";
import { liveEvents, liveParameter } from "./protocol.js";
import { pause } from "./waits.js";

export interface LiveListener {
  readonly onEvent: (event: LiveEvent<object>) => void;
  /** @param since from when on the connection tells changes, if it was opened for that */
  readonly onState: ((state: LiveState, since?: number) => void) | undefined;
}

/** The ids that are remembered: another instance of the server may tell some changes again. */
const mostIds = 1_000;

/** Statuses after which nothing will come: not signed in, not allowed, no changes here. */
const final = [401, 403, 404, 405];

/** For how long a connection without a listener is kept, in ms: a page may be about to listen again. */
const lingerMs = 50;

/** For how long a connection may be silent at least, in ms. */
const leastSilentMs = 30_000;

/** The longest pause before a connection that ended is opened again, in ms. */
const reopenMs = 200;

/** A connection that lasts shorter, in ms, and tells nothing, did not work: the pauses grow after some of them. */
const leastOpenMs = 1_000;
const mostShort = 5;

export class LiveConnection {
  readonly #settings: ClientSettings;
  readonly #listeners = new Set<LiveListener>();
  readonly #seen = new Set<string>();
  #running: AbortController | undefined;
  #state: LiveState | undefined;
  #place = "";
  #since: number | undefined;
  /** Whether the connection has told anything. */
  #hasTold = false;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
  }

  /**
   * @param since from when on changes are told, if it opens now, in epoch ms
   * @returns takes the listener out
   */
  add(listener: LiveListener, since?: number): () => void {
    this.#listeners.add(listener);
    if (this.#running === undefined) {
      this.#since = since;
      if (since !== undefined) this.#place = placeSince(since);
      this.#running = new AbortController();
      void this.#run(this.#running.signal);
    } else if (this.#state !== undefined) {
      const state = this.#state;
      queueMicrotask(() => this.#listeners.has(listener) && listener.onState?.(state, this.#since));
    }
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) {
        setTimeout(() => this.#listeners.size === 0 && this.#stop(), lingerMs);
      }
    };
  }

  #stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#state = undefined;
    this.#place = "";
  }

  async #run(signal: AbortSignal): Promise<void> {
    let short = 0;
    for (let tries = 0; !signal.aborted; ) {
      const begunAt = Date.now();
      this.#hasTold = false;
      const isOpened = await this.#connect(signal);
      if (signal.aborted || this.#state === "none") return;
      tries = isOpened ? 0 : tries + 1;
      const isShort = isOpened && !this.#hasTold && Date.now() - begunAt < leastOpenMs;
      short = isShort ? short + 1 : 0;
      const { delayMs } = this.#settings;
      const isFine = isOpened && short <= mostShort;
      const ms = isFine ? Math.random() * reopenMs : delayMs(Math.max(tries, short - mostShort));
      await pause(ms, !isOpened, signal);
    }
  }

  /** @returns whether it was open */
  async #connect(signal: AbortSignal): Promise<boolean> {
    const { url, fetch, headers, credentials, timeoutMs } = this.#settings;
    const limit = new AbortController();
    const abort = () => limit.abort();
    signal.addEventListener("abort", abort);
    // A handler says every ten seconds that it is there.
    const silentMs = Math.max(timeoutMs, leastSilentMs);
    let timer = setTimeout(abort, silentMs);
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(abort, silentMs);
    };
    let isOpen = false;
    try {
      const own = typeof headers === "function" ? await headers() : headers;
      const response = await fetch(`${url}${url.includes("?") ? "&" : "?"}${liveParameter}`, {
        credentials,
        signal: limit.signal,
        headers: { ...own, ...(this.#place !== "" && { "last-event-id": this.#place }) },
      });
      isOpen = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
      if (isOpen && response.body !== null) {
        for await (const { id, event, data } of eventsOf(response.body, heard)) {
          if (signal.aborted) break;
          if (event === liveEvents.change) this.#change(JSON.parse(data) as LiveChange);
          if (event === liveEvents.reset) this.#tell({ kind: "reset" });
          if (id !== "") this.#place = id;
          this.#enter("open");
        }
      } else {
        void response.body?.cancel();
        this.#enter(final.includes(response.status) ? "none" : "lost");
      }
    } catch {
      // Cut off, or not reached: the next connection goes on at the same place.
      if (!isOpen && !signal.aborted) this.#enter("lost");
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
    return isOpen;
  }

  #change(change: LiveChange): void {
    if (this.#seen.has(change.id)) return;
    this.#seen.add(change.id);
    if (this.#seen.size > mostIds) this.#seen.delete(this.#seen.values().next().value as string);
    this.#tell(change as LiveEvent<object>);
  }

  #enter(state: LiveState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const { onState } of [...this.#listeners]) guarded(() => onState?.(state, this.#since));
  }

  #tell(event: LiveEvent<object>): void {
    this.#hasTold = true;
    for (const { onEvent } of [...this.#listeners]) guarded(() => onEvent(event));
  }
}

/** A time as a place of some other instance of the server, whose clock may differ. */
const placeSince = (epochMs: number): string => `rendered.${epochMs * 1000}`;

/** What a listener throws is the page's, and keeps nothing from the others. */
function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
