/** A store per entity under its name, each created on first use. */
import type { Item, PartitionPart, PartType, SortPart } from "../entities/definition.js";
import type { SecretIn } from "../entities/secret-names.js";
import type { AnyEntity, Owner } from "../src/entity/model.js";
import { createStore, type EntityStore, type StoreContext } from "../src/store/entity-store.js";
import type { Simplify } from "../src/store/field-paths.js";
import type { AnyStoredItem, Changes, NewInput, PutInput } from "../src/store/store-types.js";
import type { DeclaredSchema } from "../src/table/declared.js";
import type { Entities, FacadeName, Registry } from "./entities.js";
import type { Defaulted, IndexesOf } from "./index-types.js";
import type { AnyDefinition, Definitions, DefinitionsOf, PayloadIn, SchemaOf } from "./registry.js";

type Parts<S extends DeclaredSchema, Name> = { [P in Name & string]: PartType<S, P> };
type OptionalParts<S extends DeclaredSchema, Name> = {
  [P in Name & string]?: PartType<S, P> | undefined;
};
/** Key parts as a caller gives them: those that have a default may be left out, and those that `create` makes. */
type Key<S extends DeclaredSchema, Name, Made = never> = Simplify<
  Parts<S, Exclude<Name, Made | Defaulted<S>>> &
    OptionalParts<S, Extract<Name, Made | Defaulted<S>>>
>;
/** The parts of a sort key that `create` makes: the last one, if it is an id, and the creation time. */
type MadePart<S extends DeclaredSchema> =
  | Exclude<LastOf<S["indexes"]["byKey"]["sk"]["composite"]>, FormedPart<S>>
  | Extract<SortPart<S>, "createdAt">;
/** The parts that are numbers or dates. */
type FormedPart<S extends DeclaredSchema> = {
  [A in keyof S["attributes"]]: S["attributes"][A] extends
    | { readonly padding: unknown }
    | { readonly kind: "date" }
    ? A
    : never;
}[keyof S["attributes"]];
/** The first part of a sort key. Times have ranges of their own. */
type FirstSortPart<S extends DeclaredSchema> =
  S["indexes"]["byKey"]["sk"]["composite"] extends readonly [infer Part extends string, ...string[]]
    ? Part extends "createdAt"
      ? never
      : PartType<S, Part>
    : never;
type LastOf<Names extends readonly string[]> = Names extends readonly [...string[], infer Last]
  ? Last
  : never;

/**
 * The types of which a store's types are made, from the schema of its entity, the item that it
 * returns, and the ElectroDB entity.
 */
export interface SpecOf<
  S extends DeclaredSchema,
  I extends AnyStoredItem,
  E extends AnyEntity,
  Secret extends string = never,
> {
  readonly parts: Simplify<Parts<S, PartitionPart<S> | SortPart<S>>>;
  readonly key: Key<S, PartitionPart<S> | SortPart<S>>;
  readonly partition: Key<S, PartitionPart<S>>;
  readonly newKey: Key<S, PartitionPart<S> | SortPart<S>, MadePart<S>>;
  readonly data: I["data"];
  readonly item: I;
  readonly secrets: Secret;
  readonly dated: "byCreatedAt" extends keyof S["indexes"]
    ? true
    : S["indexes"]["byKey"]["sk"]["composite"] extends readonly ["createdAt", ...string[]]
      ? "key"
      : false;
  readonly range: FirstSortPart<S>;
  readonly indexes: IndexesOf<S>;
  readonly entity: E;
}

/** The types of which the types of the store `F` are made. */
export interface Spec<F extends FacadeName>
  extends SpecOf<
    SchemaOf<Registry[F]["definition"]>,
    Registry[F]["item"],
    Entities[F],
    SecretIn<Registry[F]["definition"]>
  > {}

/** The same for all stores. */
export type Specs = { [F in keyof Registry]: Spec<F> };

/** The same for the store `F` of an application's own entities. */
export interface OwnSpec<R extends DefinitionsOf<R>, F extends keyof R>
  extends SpecOf<SchemaOf<R[F]>, OwnItem<R[F]>, ReturnType<R[F]["entity"]>, SecretIn<R[F]>> {}

/** The same for all of its stores. */
export type OwnSpecs<R extends DefinitionsOf<R>> = { [F in keyof R]: OwnSpec<R, F> };

/** An item of an application's own entity, as its store returns it. */
export type OwnItem<D extends AnyDefinition> =
  // Inferred, because a mapped type satisfies no constraint before it is resolved. Mapped here, so that
  // editors show the members and not the declaration.
  Item<D, PayloadIn<SchemaOf<D>>> extends infer I extends AnyStoredItem
    ? { [K in keyof I]: I[K] }
    : never;

/** The stores of an application's own entities. */
export type OwnStores<R extends DefinitionsOf<R>> = {
  readonly [F in keyof R]: EntityStore<OwnSpec<R, F>>;
};

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
 * @param owner limits them to this owner's items
 */
export function createStores(
  definitions: Definitions,
  context: StoreContext,
  owner?: Owner,
): AnyStores {
  const made = new Map<string, object>();
  const stores = {};
  for (const [name, definition] of Object.entries(definitions)) {
    Object.defineProperty(stores, name, {
      enumerable: true,
      get: () => {
        let store = made.get(name);
        if (store === undefined) {
          store = createStore(definition, context, owner);
          made.set(name, store);
        }
        return store;
      },
    });
  }
  return stores;
}

/** Stores under their names, of whatever entities. */
export type AnyStores = Readonly<Record<string, object>>;
