/** What a listener hears: changes, and how the connection is. */
import type { ChangeKind } from "../streams/changes.js";

/** A change of an item of the user's. Nothing of the payload is told. */
export interface LiveChange<Entity extends string = string> {
  readonly kind: ChangeKind;
  /** The name of the store, for instance `savedContent`. */
  readonly entity: Entity;
  /** The parts of the item's key, without the user's id. */
  readonly key: Readonly<Record<string, string | number>>;
  /** Of the item as it is now, in epoch ms; `null` if it is gone. What was read at this time or later is new enough. */
  readonly updatedAt: number | null;
  /** The same each time the change is told, and of no other one. */
  readonly id: string;
}

/** A change, or that changes may have been missed: what is shown must be read again. */
export type LiveEvent<Api> = LiveChange<keyof Api & string> | { readonly kind: "reset" };

/**
 * `open`: changes are told from here on. `lost`: there is no connection at the moment; after it comes `open`,
 * with what was missed or a reset. `none`: the handler tells no changes, or not to this user.
 */
export type LiveState = "open" | "lost" | "none";
