/** What the operations of the explorer's page work with. */
import type { LayerSource } from "../store/layer-source.js";
import type { Call, ScanCall } from "./call.js";
import type { Meter } from "./meter.js";
import type { About, Survey } from "./protocol.js";
import type { KnownStore } from "./sent-item.js";
import type { Undos } from "./undo.js";

/** How long a call may take, in ms. */
export const callTimeoutMs = 20_000;

/** Looks at the table, or at a sample of it. */
export interface Surveyor {
  /** The command that says the same: no call of the data layer reads items of all entities and of none. */
  readonly command: string;
  look(signal: AbortSignal): Promise<Survey>;
}

/** What all requests of the page share. */
export interface Explorer {
  readonly data: object;
  readonly source: LayerSource;
  readonly about: Omit<About, "stream">;
  readonly meter: Meter;
  readonly survey: Surveyor;
  readonly stores: ReadonlyMap<string, KnownStore>;
  readonly undos: Undos;
}

/** The items that a scan found, and how many it read for them. */
export interface Scanned {
  readonly items: readonly unknown[];
  readonly cursor: string | null;
  readonly scanned: number;
}

/** One request of the page. */
export interface Visit {
  readonly explorer: Explorer;
  /** What the page sent, decoded. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Aborted when the browser has gone. */
  readonly signal: AbortSignal;
  /** Makes a call, and notes it with what it took. The last argument of a call is its options. */
  call(call: Call): Promise<unknown>;
  scan(call: ScanCall): Promise<Scanned>;
  /** Runs what is shown as this code, which may be known afterwards alone. */
  shown<T>(code: string | (() => string), run: () => Promise<T>): Promise<T>;
}

/** An operation of the page: its result is encoded and sent. */
export type Operation = (visit: Visit) => Promise<unknown>;
