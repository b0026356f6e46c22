/** A store per entity under its facade name, each created on first use. */
import type { Declared, PartitionPart, SortPart } from "../entities/definition.js";
import type { AnyEntity } from "../src/entity/model.js";
import { createStore, type EntityStore, type StoreContext } from "../src/store/entity-store.js";
import type {
  AnyStoredItem,
  Changes,
  NewInput,
  PutInput,
  Simplify,
} from "../src/store/store-types.js";
import {
  definitions,
  type Entities,
  type FacadeName,
  facadeNames,
  type Registry,
} from "./entities.js";

type AttributesOf<E extends AnyEntity> = E["schema"]["attributes"];
type Defaulted<E extends AnyEntity> = {
  [A in keyof AttributesOf<E>]: AttributesOf<E>[A] extends { default: unknown } ? A : never;
}[keyof AttributesOf<E>];
type Parts<Name> = { [P in Name & string]: string };
type OptionalParts<Name> = { [P in Name & string]?: string | undefined };

/**
 * The types of which a store's types are made, from its ElectroDB entity and the item that it
 * returns.
 */
export interface SpecOf<E extends AnyEntity & Declared, Item extends AnyStoredItem> {
  readonly parts: Simplify<Parts<PartitionPart<E> | SortPart<E>>>;
  readonly key: Simplify<
    Parts<Exclude<PartitionPart<E> | SortPart<E>, Defaulted<E>>> &
      OptionalParts<Extract<SortPart<E>, Defaulted<E>>>
  >;
  readonly partition: Simplify<Parts<PartitionPart<E>>>;
  readonly newKey: Simplify<Parts<PartitionPart<E>> & OptionalParts<SortPart<E>>>;
  readonly data: Item["data"];
  readonly item: Item;
  readonly dated: "byCreatedAt" extends keyof E["schema"]["indexes"] ? true : false;
  readonly entity: E;
}

/** The types of which the types of the store `F` are made. */
export interface Spec<F extends FacadeName> extends SpecOf<Entities[F], Registry[F]["item"]> {}

/** The same for all stores. */
export type Specs = { [F in FacadeName]: Spec<F> };

/** The stores under their facade names. */
export type Stores = { readonly [F in keyof Registry]: EntityStore<Spec<F>> };

/** An item as its store returns it: `ItemOf<"savedContent">` is `SavedContent`. */
export type ItemOf<F extends FacadeName> = Registry[F]["item"];

/** The payload of an item: `DataOf<"savedContent">` is `SavedContentData`. */
export type DataOf<F extends FacadeName> = Registry[F]["item"]["data"];

/** What identifies an item to its store. */
export type KeyOf<F extends FacadeName> = Spec<F>["key"];

/** What a store's `create` takes; with `"put"`, what its `put` and `batchPut` take. */
export type InputOf<F extends FacadeName, Call extends "create" | "put" = "create"> = {
  create: NewInput<Spec<F>>;
  put: PutInput<Spec<F>>;
}[Call];

/** The changes that a store's `update` takes. */
export type ChangesOf<F extends FacadeName> = Changes<Spec<F>>;

/**
 * Creates the stores of one data layer, each on first use.
 * @param owner fixes every partition to this user's or agent's
 */
export function createStores(context: StoreContext, owner?: string): Stores {
  const made = new Map<FacadeName, unknown>();
  const stores = {};
  for (const name of facadeNames) {
    Object.defineProperty(stores, name, {
      enumerable: true,
      get: () => {
        if (!made.has(name)) made.set(name, createStore(definitions[name], context, owner));
        return made.get(name);
      },
    });
  }
  return stores as Stores;
}
