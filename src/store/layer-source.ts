/** What the doors beside the core need of a data layer: `bayon-coagent-data/streams` and `/server` read it. */
import type { Configuration } from "../client/config.js";
import type { Declaration } from "../entity/model.js";
import { hide } from "../errors/hidden.js";
import type { Clock } from "../runtime/clock.js";
import { isObject } from "../runtime/objects.js";
import type { CursorSeal } from "../secrets/cursor-seal.js";
import type { itemValue } from "../secrets/secret-value.js";
import type { Meter } from "../transport/meter.js";
import type { FieldGuard } from "../transport/options.js";
import type { Transport } from "../transport/transport.js";

/**
 * The property of a data layer that holds its source. Registered for all copies: an application may load
 * the core as an ES module, and the door of the streams as CommonJS.
 */
export const sourceKey: unique symbol = Symbol.for("bayon-coagent-data.source");

/** What a data layer is made of. */
export interface LayerSource {
  /** The declared entities under the names of their stores. */
  readonly definitions: Readonly<Record<string, Declaration>>;
  /** Seals and opens secrets. */
  readonly guard: FieldGuard;
  /** Whether secret fields are encrypted: keys are configured. */
  readonly encrypts: boolean;
  /** Marks the secrets of an item for the guard, which knows no marks of another copy of the package. */
  readonly itemValue: typeof itemValue;
  readonly transport: Transport;
  /** Counts the requests of the transport. */
  readonly meter: Meter;
  readonly clock: Clock;
  readonly configuration: Configuration;
  /** The parts of keys that name a user, which `forUser` fixes. */
  readonly userParts: readonly string[];
  /** Encrypts cursors, if there is a secret for them. */
  readonly cursorSeal: CursorSeal | undefined;
  /** The application's own client, if it gave one. */
  readonly client: unknown;
  /** The request handler, or options of one. */
  readonly requestHandler: unknown;
}

/** What a data layer is made of, for the package's other doors. */
export interface Sourced<S> {
  /** In its type it has the types of the stores, which no value has. */
  readonly [sourceKey]: { readonly specs?: S | undefined };
}

/** Notes the source of a data layer, where no log shows it. */
export function noteSource(layer: object, source: LayerSource): void {
  hide(layer, sourceKey, source);
}

/** The source of a data layer; `undefined` for anything else. */
export function sourceOf(layer: unknown): LayerSource | undefined {
  return isObject(layer) ? (Reflect.get(layer, sourceKey) as LayerSource | undefined) : undefined;
}
