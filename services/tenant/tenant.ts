/** One user's view of the data: no argument, cursor, condition or transaction leads out of it. */
import type { RealEstateAgentProfile } from "../../entities/real-estate-agent-profile.js";
import type { UserProfile } from "../../entities/user-profile.js";
import { type CallOptions, limitsOf, reading } from "../../src/call/call.js";
import { ownerIssues, type ownerParts, refuseIssues } from "../../src/entity/model.js";
import { invalid } from "../../src/errors/validation-error.js";
import { keyLengthRule, keyPartRule } from "../../src/keys/template.js";
import { internalsOf, type StoreContext } from "../../src/store/entity-store.js";
import type { StoreCalls } from "../../src/store/store-calls.js";
import type { Simplify, StoreSpec } from "../../src/store/store-types.js";
import type { Collections, RecentOptions } from "../collections.js";
import type { FacadeName, Registry } from "../entities.js";
import type { OAuthTokens } from "../oauth/oauth-tokens.js";
import type { BrandAuditPage, Dashboard, Dashboards } from "../pages/dashboard.js";
import type { Profiles } from "../pages/profiles.js";
import type { Projects } from "../pages/projects.js";
import type { Reviews } from "../pages/reviews.js";
import { type ChangesOf, createStores, type Spec, type Stores } from "../stores.js";
import { createTransaction } from "../transaction/transaction.js";
import type { Transactions } from "../transaction/types.js";

/** The parts that the scope fixes, and that its callers cannot give. */
type Owner = (typeof ownerParts)[number];
type NotGiven = { readonly [P in Owner]?: never };
type Scoped<Key> = Simplify<Omit<Key, Owner> & NotGiven>;

/** A store's spec without the owner's part: `Omit` alone would forbid nothing where no part is left. */
export interface ScopedSpec<S extends StoreSpec> {
  readonly parts: S["parts"];
  readonly key: Scoped<S["key"]>;
  readonly partition: Scoped<S["partition"]>;
  readonly newKey: Scoped<S["newKey"]>;
  readonly data: S["data"];
  readonly item: S["item"];
  readonly dated: S["dated"];
  readonly entity: S["entity"];
}

export type ScopedSpecs = { [F in FacadeName]: ScopedSpec<Spec<F>> };

/**
 * What a scoped store has of a store: its calls. It has no ElectroDB entity, and nothing that leads
 * to one: native chains know no tenant.
 */
const calls = [
  "get",
  "getOrThrow",
  "query",
  "list",
  "create",
  "put",
  "update",
  "delete",
  "batchGet",
  "batchPut",
  "batchDelete",
  "check",
] as const satisfies readonly (keyof StoreCalls<StoreSpec>)[];

/** A store of one user. */
export interface ScopedStore<S extends StoreSpec> extends StoreCalls<S> {}

/** The stores of one user under their facade names. */
export type ScopedStores = {
  readonly [F in keyof Registry]: ScopedStore<ScopedSpec<Spec<F>>>;
};

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

/** What a scope is made from: the layer's own parts, over all users. */
export interface Unscoped {
  readonly collections: Collections;
  readonly dashboards: Dashboards;
  readonly projects: Projects;
  readonly profiles: Profiles;
  readonly reviews: Reviews;
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
    keyLengthRule("partition", internalsOf(all.stores.review).model.pk.build({ agentId: userId }));
  if (rule !== undefined)
    throw invalid({ operation: "forUser" }, [{ path: "userId", message: rule }]);

  /** A caller's key with the user's id; one that names an owner itself is refused. */
  const owned = <K extends object>(operation: string, given: K): K & { userId: string } =>
    reading({ operation }, () => {
      refuseIssues({ operation }, ownerIssues(given));
      // Above what was given, which is read where it stands: inherited members and getters too.
      return Object.create(given, { userId: { value: userId, enumerable: true } });
    });
  /** The options of a call that takes no key here: another user's key in their place is refused. */
  const keyless = <O>(operation: string, options: O): O => {
    if (options !== undefined) {
      reading({ operation }, () => refuseIssues({ operation }, ownerIssues(options)));
    }
    return options;
  };
  /** The limits of a call that is the store's: whatever else the store takes is not this call's. */
  const limitsIn = (operation: string, options: CallOptions | undefined) =>
    limitsOf({ operation, entity: "Review" }, options);
  const both = { userId, agentId: userId };
  const stores = createStores(context, userId);
  /** The agent is known, so the whole key is: the index, where any agent's may lie, is not asked. */
  const ownReviews = () => stores.review as unknown as ScopedStore<ScopedSpecs["review"]>;
  const { collections, dashboards, projects, profiles, reviews, oauth } = all;
  let transaction: Transactions<ScopedSpecs> | undefined;
  const scope: Omit<UserScope, FacadeName> = {
    userId,
    collections: {
      workspace: async (options) =>
        collections.workspace({ userId }, keyless("collections.workspace", options)),
      recent: async (options) => collections.recent(owned("collections.recent", options)),
    },
    get transaction() {
      // The same transaction over stores of which each knows its owner.
      transaction ??= createTransaction(context, stores) as unknown as Transactions<ScopedSpecs>;
      return transaction;
    },
    dashboard: async (options) => dashboards.dashboard(both, keyless("dashboard", options)),
    brandAuditPage: async (options) =>
      dashboards.brandAuditPage(both, keyless("brandAuditPage", options)),
    projects: {
      listWithContent: async (options) =>
        projects.listWithContent({ userId }, keyless("projects.listWithContent", options)),
      deleteAndUnfile: async (key, options) =>
        projects.deleteAndUnfile(owned("projects.deleteAndUnfile", key), options),
    },
    profiles: {
      // The overloads are the unscoped ones' without the user.
      save: (async (key: object, data: object, options?: CallOptions) =>
        profiles.save(owned("profiles.save", key), data, options)) as UserScope["profiles"]["save"],
      setPhoto: async (key, photoURL, options) =>
        profiles.setPhoto(owned("profiles.setPhoto", key), photoURL, options),
    },
    reviews: {
      byId: async (reviewId, options) =>
        ownReviews().get({ reviewId }, limitsIn("reviews.byId", options)),
      deleteById: async (reviewId, options) =>
        ownReviews().delete({ reviewId }, limitsIn("reviews.deleteById", options)),
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
  for (const name of Object.keys(all.stores) as FacadeName[]) {
    let made: object | undefined;
    const get = () => {
      made ??= scopedStore(stores[name]);
      return made;
    };
    Object.defineProperty(scope, name, { enumerable: true, get });
  }
  return scope as UserScope;
}

/** The calls of a store, and no way to the store behind them. */
function scopedStore(store: Stores[FacadeName]): object {
  const bound = calls.map((call) => [
    call,
    (...given: never[]) => Reflect.apply(store[call], store, given),
  ]);
  return Object.fromEntries(bound);
}
