/** The types of an owner's scope: those of the data layer without the parts that the scope fixes. */

import type { PartitionPart, SortPart } from "../../entities/definition.js";
import type { RealEstateAgentProfile } from "../../entities/real-estate-agent-profile.js";
import type { UserProfile } from "../../entities/user-profile.js";
import type { CallOptions } from "../../src/call/call.js";
import type { Simplify } from "../../src/store/field-paths.js";
import type { ScopedStore } from "../../src/store/store-calls.js";
import type { StoreSpec } from "../../src/store/store-types.js";
import type {
  Collections,
  CollectionsWith,
  FieldsOfRecent,
  OwnRecent,
  OwnRecentFields,
  RecentOptions,
} from "../collections.js";
import type { BuiltIn, Registry } from "../entities.js";
import type { OAuthTokens } from "../oauth/oauth-tokens.js";
import type { BrandAuditPage, Dashboard } from "../pages/dashboard.js";
import type { Projects } from "../pages/projects.js";
import type { Reviews } from "../pages/reviews.js";
import type { CollectionsIn, DefinitionsOf, NamesIn, SchemaOf } from "../registry.js";
import type { ChangesOf, OwnItem, OwnSpec, Spec } from "../stores.js";
import type { Transactions } from "../transaction/types.js";
import type { UserParts } from "../user/partitions.js";
import type { OwnUserItem, UserData, UserItem } from "../user/types.js";

/** The parts that a scope fixes, and that its callers cannot give. */
type NotGiven<O extends string = UserParts> = { readonly [P in O]?: never };
type Scoped<Key, O extends string> = Simplify<Omit<Key, O> & NotGiven<O>>;

/** A store's spec without the owner's parts. `Omit` alone would forbid nothing if no part is left. */
export interface ScopedSpec<S extends StoreSpec, O extends string = UserParts> {
  readonly parts: S["parts"];
  readonly key: Scoped<S["key"], O>;
  readonly partition: Scoped<S["partition"], O>;
  readonly newKey: Scoped<S["newKey"], O>;
  readonly data: S["data"];
  readonly item: S["item"];
  readonly secrets: S["secrets"];
  readonly dated: S["dated"];
  readonly range: S["range"];
  readonly indexes: ScopedIndexes<S["indexes"], keyof S["partition"], O>;
  readonly entity: S["entity"];
}

/** The indexes whose partitions are made of the same parts as those of the entity. */
type ScopedIndexes<Indexes, Parts, O extends string> = {
  readonly [I in keyof Indexes as SameParts<Indexes[I], Parts> extends true ? I : never]: {
    [M in keyof Indexes[I]]: M extends "parts" ? Scoped<Indexes[I][M], O> : Indexes[I][M];
  };
};

type SameParts<Index, Parts> = Index extends { readonly partition: infer P }
  ? [Exclude<P, Parts> | Exclude<Parts, P>] extends [never]
    ? true
    : false
  : false;

/** The twelve entities in the scope of a user. */
export type ScopedSpecs = { [F in keyof Registry]: ScopedSpec<Spec<F>> };

/** The names of an application's own stores whose partitions are made of an owner's parts alone. */
type NamesOf<R extends DefinitionsOf<R>, O extends string> = {
  [F in keyof R]: [PartitionPart<SchemaOf<R[F]>>] extends [never]
    ? never
    : PartitionPart<SchemaOf<R[F]>> extends O
      ? Exclude<Extract<SortPart<SchemaOf<R[F]>>, O>, PartitionPart<SchemaOf<R[F]>>> extends never
        ? F
        : never
      : never;
}[keyof R];

/** The parts of partition keys: those that a scope can fix. */
export type OwnerPart<R extends DefinitionsOf<R>> = {
  [F in keyof R]: PartitionPart<SchemaOf<R[F]>>;
}[keyof R];

/** The application's own entities in the scope of an owner. */
export type OwnScopedSpecs<R extends DefinitionsOf<R>, O extends string = UserParts> = {
  [F in keyof R as Extract<F, NamesOf<R, O>>]: ScopedSpec<OwnSpec<R, F>, O>;
};

/** The stores of one user under their facade names. */
export type ScopedStores = {
  readonly [F in keyof Registry]: ScopedStore<ScopedSpec<Spec<F>>>;
};

/** An application's own stores in the scope of an owner. */
export type OwnScopedStores<R extends DefinitionsOf<R>, O extends string = UserParts> = {
  readonly [F in keyof R as Extract<F, NamesOf<R, O>>]: ScopedStore<ScopedSpec<OwnSpec<R, F>, O>>;
};

/** What the scope of any owner has besides its stores. */
export interface ScopeMembers<Specs, Items> {
  /** The collections of the owner's partitions. */
  readonly collections: {
    readonly [C in keyof Items]: (options?: CallOptions) => Promise<Items[C]>;
  };
  readonly transaction: Transactions<Specs>;
}

/** The collections in partitions that are made of an owner's parts alone. */
type CollectionsOf<R extends DefinitionsOf<R>, O extends string> = {
  [C in Exclude<CollectionsIn<R, NamesOf<R, O>>, "recent">]: {
    [F in Extract<NamesIn<R, C>, NamesOf<R, O>>]: OwnItem<R[F]>[];
  };
};

/** The scope of an owner: nothing given to it reaches the items of another one. */
export type Scope<R extends DefinitionsOf<R>, O extends string> = ScopeMembers<
  OwnScopedSpecs<R, O>,
  CollectionsOf<R, O>
> &
  OwnScopedStores<R, O>;

/** The same, with those of the twelve entities that lie in the owner's partitions. */
export type ScopeWith<R extends DefinitionsOf<R>, O extends string> = ScopeMembers<
  OwnScopedSpecs<BuiltIn, O> & OwnScopedSpecs<R, O>,
  CollectionsOf<BuiltIn & R, O>
> &
  OwnScopedStores<BuiltIn, O> &
  OwnScopedStores<R, O>;

/** Everything of one user's, of an application's own entities. */
export type OwnUserScope<R extends DefinitionsOf<R>> = Scope<R, UserParts> & {
  readonly userId: string;
  /** Everything that is stored of the user: `export` and `erase`. */
  readonly user: UserData<OwnUserItem<R>>;
  readonly collections: OwnRecent<R> extends { recent(options: infer O): infer Items }
    ? { recent(options: Omit<O, "userId"> & NotGiven): Items }
    : unknown;
};

/** Everything of one user's; reviews are those of the agent with the user's id. */
export interface UserScope extends ScopedStores, ScopedPages {
  readonly userId: string;
  /** Everything that is stored of the user: `export` and `erase`. */
  readonly user: UserData<UserItem>;
  readonly collections: {
    workspace(options?: CallOptions): ReturnType<Collections["workspace"]>;
    recent(options: Omit<RecentOptions, "userId"> & NotGiven): ReturnType<Collections["recent"]>;
  };
  readonly transaction: Transactions<ScopedSpecs>;
}

/** The same, with an application's own entities. */
export type UserScopeWith<R extends DefinitionsOf<R>> = Omit<
  UserScope,
  "collections" | "transaction" | "user"
> &
  OwnScopedStores<R> & {
    /** Everything that is stored of the user: `export` and `erase`. */
    readonly user: UserData<UserItem | OwnUserItem<R>>;
    readonly collections: {
      workspace(options?: CallOptions): ReturnType<CollectionsWith<R>["workspace"]>;
      recent(
        options: Omit<RecentOptions<FieldsOfRecent | OwnRecentFields<R>>, "userId"> & NotGiven,
      ): ReturnType<CollectionsWith<R>["recent"]>;
    } & Omit<ScopeMembers<object, CollectionsOf<R, UserParts>>["collections"], "workspace">;
    readonly transaction: Transactions<ScopedSpecs & OwnScopedSpecs<R>>;
  };

/** The pages of one user; reviews are those of the agent with the user's id. */
export interface ScopedPages {
  dashboard(options?: CallOptions): Promise<Dashboard>;
  brandAuditPage(options?: CallOptions): Promise<BrandAuditPage>;
  readonly projects: {
    listWithContent(options?: CallOptions): ReturnType<Projects["listWithContent"]>;
    deleteAndUnfile(
      key: { readonly projectId: string } & NotGiven,
      options?: CallOptions,
    ): ReturnType<Projects["deleteAndUnfile"]>;
  };
  readonly profiles: {
    save(
      key: { readonly agentProfileId: string } & NotGiven,
      data: ChangesOf<"realEstateAgentProfile">,
      options?: CallOptions,
    ): Promise<RealEstateAgentProfile>;
    save(
      key: NotGiven & { readonly agentProfileId?: never },
      data: ChangesOf<"userProfile">,
      options?: CallOptions,
    ): Promise<UserProfile>;
    setPhoto(
      key: { readonly agentProfileId?: string | undefined } & NotGiven,
      photoURL: string,
      options?: CallOptions,
    ): Promise<void>;
  };
  readonly reviews: {
    /** The user's own review with this id, or `null`. One request, by its key: old items too. */
    byId: Reviews["byId"];
    /** Deletes the user's own review with this id and returns it, or `null`. One request. */
    deleteById: Reviews["deleteById"];
    newest(n: number, options?: CallOptions): ReturnType<Reviews["newest"]>;
  };
  readonly oauth: { readonly [M in keyof OAuthTokens]: WithoutUser<OAuthTokens[M]> };
}

type WithoutUser<Method> = Method extends (userId: string, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never;
