/** What `changeRecords` takes. */
import type { PutInput, StoreSpec } from "../../store/store-types.js";
import type { Change, EntityIn, SpecsOf, Unreadable } from "../../streams/changes.js";

/** An item of a made-up change: as `make` makes it, as `put` takes it, or as a store returned it. */
export type ItemInput<S extends StoreSpec> = PutInput<S> & {
  /** Epoch milliseconds. @default the item's `createdAt` */
  readonly updatedAt?: number | undefined;
};

/** A change that a test makes up; `Name` is the name of the store. */
export type MadeUpChange<Name extends string, Item> = {
  readonly entity: Name;
  /** @default the item's */
  readonly key?: object | undefined;
  /** Epoch milliseconds. @default the data layer's clock */
  readonly at?: number | undefined;
  /** @default a random one */
  readonly id?: string | undefined;
} & (
  | { readonly kind: "created"; readonly before?: null | undefined; readonly after: Item }
  | { readonly kind: "updated"; readonly before: Item; readonly after: Item }
  | {
      readonly kind: "deleted" | "expired";
      readonly before: Item;
      readonly after?: null | undefined;
    }
);

/** A change as `changeRecords` takes it: one that `data.changes()` returned, or one that is made up. */
export type ChangeInput<L, F extends EntityIn<L> = EntityIn<L>> =
  | Change<L, F>
  | Unreadable<L, F>
  | {
      [N in F]: SpecsOf<L>[N] extends infer S extends StoreSpec
        ? MadeUpChange<N, ItemInput<S>>
        : never;
    }[F];
