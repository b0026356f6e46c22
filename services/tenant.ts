/** One user's view of the data: no argument, cursor, condition or transaction leads out of it. */
import type { CallOptions } from "../src/call.js";
import type { EntityStore, StoreContext } from "../src/entity-store.js";
import { invalid } from "../src/errors.js";
import { keyLengthRule, keyPartRule } from "../src/keys.js";
import type { ItemOf, Simplify, StoreSpec } from "../src/store-types.js";
import type { Collections, RecentOptions } from "./collections.js";
import type { BrandAuditPage, Dashboard, Dashboards } from "./dashboard.js";
import type { FacadeName } from "./entities.js";
import type { OAuthTokens } from "./oauth.js";
import type { Profiles } from "./profiles.js";
import type { Projects } from "./projects.js";
import { createReviews, type Reviews } from "./reviews.js";
import { createStores, type Specs, type Stores } from "./stores.js";
import { createTransaction, type Transactions } from "./transaction.js";

/** The parts that the scope fixes, and that its callers cannot give. */
type Owner = "userId" | "agentId";
type NotGiven = { readonly [P in Owner]?: never };
type Scoped<Key> = Simplify<Omit<Key, Owner> & NotGiven>;

/** A store's spec without the owner's part: `Omit` alone would forbid nothing where no part is left. */
export interface ScopedSpec<S extends StoreSpec> {
  readonly parts: S["parts"];
  readonly key: Scoped<S["key"]>;
  readonly partition: Scoped<S["partition"]>;
  readonly newKey: Scoped<S["newKey"]>;
  readonly data: S["data"];
  readonly dated: S["dated"];
}

export type ScopedSpecs = { [F in FacadeName]: ScopedSpec<Specs[F]> };

/** The stores of one user. They have no ElectroDB entity: native chains know no tenant. */
export type ScopedStores = {
  readonly [F in FacadeName]: Omit<EntityStore<ScopedSpecs[F]>, "entity">;
};

type AgentProfileItem = ItemOf<Specs["realEstateAgentProfile"]>;
type UserProfileItem = ItemOf<Specs["userProfile"]>;

/** Everything of one user's; reviews are those of the agent with the user's id. */
export interface UserScope extends ScopedStores {
  readonly userId: string;
  readonly collections: {
    workspace(options?: CallOptions): ReturnType<Collections["workspace"]>;
    recent(options: Omit<RecentOptions, "userId"> & NotGiven): ReturnType<Collections["recent"]>;
  };
  readonly transaction: Transactions<ScopedSpecs>;
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
      data: Partial<Specs["realEstateAgentProfile"]["data"]>,
      options?: CallOptions,
    ): Promise<AgentProfileItem>;
    save(
      key: NotGiven & { readonly agentProfileId?: never },
      data: Partial<Specs["userProfile"]["data"]>,
      options?: CallOptions,
    ): Promise<UserProfileItem>;
    setPhoto(
      key: { readonly agentProfileId?: string | undefined } & NotGiven,
      photoURL: string,
      options?: CallOptions,
    ): Promise<void>;
  };
  readonly reviews: {
    byId: Reviews["byId"];
    deleteById: Reviews["deleteById"];
    newest(n: number, options?: CallOptions): ReturnType<Reviews["newest"]>;
  };
  readonly oauth: { readonly [M in keyof OAuthTokens]: WithoutUser<OAuthTokens[M]> };
}

type WithoutUser<Method> = Method extends (userId: string, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never;

/** What a scope is made from: the layer's own parts, over all users. */
export interface Unscoped {
  readonly collections: Collections;
  readonly dashboards: Dashboards;
  readonly projects: Projects;
  readonly profiles: Profiles;
  readonly oauth: OAuthTokens;
  readonly stores: Stores;
}

/**
 * The scope of one user.
 * @throws ValidationError for an id that is no key
 */
export function createUserScope(context: StoreContext, all: Unscoped, userId: string): UserScope {
  const rule =
    keyPartRule(userId) ??
    keyLengthRule("partition", all.stores.review.model.pk.build({ agentId: userId }));
  if (rule !== undefined)
    throw invalid({ operation: "forUser" }, [{ path: "userId", message: rule }]);

  /** A caller's key with the user's id; one that names an owner itself is refused. */
  const owned = <K extends object>(operation: string, given: K): K & { userId: string } => {
    for (const path of ["userId", "agentId"]) {
      if (typeof given === "object" && given !== null && path in given) {
        const message = "is fixed by forUser and must not be given";
        throw invalid({ operation }, [{ path, message }]);
      }
    }
    return { ...given, userId };
  };
  const both = { userId, agentId: userId };
  const stores = createStores(context, userId);
  const reviews = createReviews(context, all.stores, userId);
  const { collections, dashboards, projects, profiles, oauth } = all;
  const scope: Omit<UserScope, FacadeName> = {
    userId,
    collections: {
      workspace: (options) => collections.workspace({ userId }, options),
      recent: (options) => collections.recent(owned("collections.recent", options)),
    },
    // The same transaction over stores of which each knows its owner.
    transaction: createTransaction(context, stores) as unknown as Transactions<ScopedSpecs>,
    dashboard: (options) => dashboards.dashboard(both, options),
    brandAuditPage: (options) => dashboards.brandAuditPage(both, options),
    projects: {
      listWithContent: (options) => projects.listWithContent({ userId }, options),
      deleteAndUnfile: (key, options) =>
        projects.deleteAndUnfile(owned("projects.deleteAndUnfile", key), options),
    },
    profiles: {
      // The overloads are the unscoped ones' without the user.
      save: ((key: object, data: object, options?: CallOptions) =>
        profiles.save(owned("profiles.save", key), data, options)) as UserScope["profiles"]["save"],
      setPhoto: (key, photoURL, options) =>
        profiles.setPhoto(owned("profiles.setPhoto", key), photoURL, options),
    },
    reviews: {
      byId: reviews.byId,
      deleteById: reviews.deleteById,
      newest: (n, options) => reviews.newest(userId, n, options),
    },
    oauth: {
      store: (...rest) => oauth.store(userId, ...rest),
      get: (...rest) => oauth.get(userId, ...rest),
      isConnected: (...rest) => oauth.isConnected(userId, ...rest),
      validToken: (...rest) => oauth.validToken(userId, ...rest),
      remove: (...rest) => oauth.remove(userId, ...rest),
    },
  };
  const descriptors = Object.getOwnPropertyDescriptors(stores);
  return Object.defineProperties(scope, descriptors) as UserScope;
}
