/** The types of what may leave the server: items without the secret fields of their payloads. */
import type { ScopedStore } from "./store-calls.js";
import type { AnyStoredItem, StoreSpec } from "./store-types.js";

/**
 * An item as a browser gets it. If the type of the declaration does not say which fields are secret, any of
 * them may be missing.
 */
export type ShownItem<Item extends AnyStoredItem, Secret extends string> = [Secret] extends [never]
  ? Item
  : { [K in keyof Item]: K extends "data" ? ShownData<Item["data"], Secret> : Item[K] };

type ShownData<Data, Secret extends string> = Data extends unknown
  ? string extends Secret
    ? Partial<Data>
    : { [K in keyof Data as Exclude<K, Secret>]: Data[K] }
  : never;

/** The types of a store as a browser has it: secret fields may be written, and are neither read nor compared. */
export interface ShownSpec<S extends StoreSpec> {
  readonly parts: S["parts"];
  readonly key: S["key"];
  readonly partition: S["partition"];
  readonly newKey: S["newKey"];
  readonly data: S["data"];
  readonly item: ShownItem<S["item"], S["secrets"]>;
  readonly secrets: S["secrets"];
  readonly dated: S["dated"];
  readonly range: S["range"];
  readonly indexes: S["indexes"];
  readonly entity: S["entity"];
}

/** The types that a store of a user's scope is made of; `never` for what is none. */
export type SpecIn<T> = T extends { readonly check: unknown }
  ? T extends ScopedStore<infer S>
    ? S
    : never
  : never;

declare const ofStore: unique symbol;

/**
 * Stands in the type of a client's call for the types of its store, from which queries are made: of a generic
 * call alone, the index and its parts could not be told which belong together. No value has it.
 */
export interface OfStore<S extends StoreSpec> {
  readonly [ofStore]?: S | undefined;
}

/** The types of the store whose call it is, if the type of the call says them. */
export type SpecOfCall<C> = C extends OfStore<infer S> ? S : never;

/** The names of a store's secret fields; `never` for none, and for what is no store. */
type SecretOf<Scope, Name> = Name extends keyof Scope ? SpecIn<Scope[Name]>["secrets"] : never;

/** What has items of several stores, each without its secrets: lists by their names, or items with them. */
type ShownLists<Scope, Lists> = Lists extends readonly (infer Item)[]
  ? ShownNamed<Scope, Item>[]
  : {
      [Name in keyof Lists]: Lists[Name] extends readonly (infer Item extends AnyStoredItem)[]
        ? ShownItem<Item, SecretOf<Scope, Name>>[]
        : Lists[Name];
    };

type ShownNamed<Scope, Item> = Item extends AnyStoredItem & { readonly entity: infer Name }
  ? ShownItem<Item, SecretOf<Scope, Name>>
  : Item;

/** Whether one of these items, or of these lists, has secrets. */
type SecretInLists<Scope, Lists> = Lists extends readonly { readonly entity: infer Name }[]
  ? SecretOf<Scope, Name>
  : SecretOf<Scope, keyof Lists>;

type ShownCollections<Scope, C> = {
  readonly [N in keyof C]: C[N] extends (...given: infer Given) => Promise<infer Lists>
    ? [SecretInLists<Scope, Lists>] extends [never]
      ? C[N]
      : (...given: Given) => Promise<ShownLists<Scope, Lists>>
    : C[N];
};

/** The use cases of tokens, of which `remove` returns the token that it deleted. */
type ShownTokens<Scope, T> = {
  readonly [N in keyof T]: T[N] extends (...given: infer Given) => Promise<infer Result>
    ? (...given: Given) => Promise<ShownToken<Result, SecretOf<Scope, "oauthToken">>>
    : T[N];
};

type ShownToken<Result, Secret extends string> = Result extends AnyStoredItem
  ? ShownItem<Result, Secret>
  : Result;

/** A member of a user's scope, as a browser has it. */
export type ShownMember<Scope, Name extends keyof Scope> = Name extends "oauth"
  ? ShownTokens<Scope, Scope[Name]>
  : Name extends "collections"
    ? ShownCollections<Scope, Scope[Name]>
    : [SpecIn<Scope[Name]>["secrets"]] extends [never]
      ? Scope[Name]
      : ScopedStore<ShownSpec<SpecIn<Scope[Name]>>>;
