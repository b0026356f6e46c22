/** One user's view of the data: no argument, cursor, condition or transaction leads out of it. */
import { type CallOptions, limitsOf, reading } from "../../src/call/call.js";
import { ownerIssues, refuseIssues } from "../../src/entity/model.js";
import { invalid } from "../../src/errors/validation-error.js";
import { keyLengthRule, keyPartRule } from "../../src/keys/template.js";
import { internalsOf, type StoreContext } from "../../src/store/entity-store.js";
import type { StoreCalls } from "../../src/store/store-calls.js";
import type { StoreSpec } from "../../src/store/store-types.js";
import type { Collections } from "../collections.js";
import type { FacadeName } from "../entities.js";
import type { OAuthTokens } from "../oauth/oauth-tokens.js";
import type { Dashboards } from "../pages/dashboard.js";
import type { Profiles } from "../pages/profiles.js";
import type { Projects } from "../pages/projects.js";
import type { Reviews } from "../pages/reviews.js";
import { createStores, type Stores } from "../stores.js";
import { createTransaction } from "../transaction/transaction.js";
import type { Transactions } from "../transaction/types.js";
import type { ScopedSpecs, ScopedStore, UserScope } from "./types.js";

/**
 * The part of a store that a scoped store has: its calls. It has no ElectroDB entity, and no access
 * to one, because native chains know no tenant.
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

/** What a scope is created from: the layer's own parts, over all users. */
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
  checkUserId(all, userId);
  const stores = createStores(context, userId);
  let transaction: Transactions<ScopedSpecs> | undefined;
  const scope: Omit<UserScope, FacadeName> = {
    userId,
    ...pagesOf(all, userId),
    get transaction() {
      // The same transaction, over stores that know their owner.
      transaction ??= createTransaction(context, stores) as unknown as Transactions<ScopedSpecs>;
      return transaction;
    },
    reviews: reviewsOf(all, stores, userId),
    oauth: oauthOf(all, userId),
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

function checkUserId({ stores }: Unscoped, userId: string): void {
  const rule =
    keyPartRule(userId) ??
    keyLengthRule("partition", internalsOf(stores.review).model.pk.build({ agentId: userId }));
  if (rule === undefined) return;
  throw invalid({ operation: "forUser" }, [{ path: "userId", message: rule }]);
}

type Pages = Pick<
  UserScope,
  "collections" | "dashboard" | "brandAuditPage" | "projects" | "profiles"
>;

/** The calls over several items, each with the user in its key. */
function pagesOf({ collections, dashboards, projects, profiles }: Unscoped, userId: string): Pages {
  const owned = <K extends object>(operation: string, given: K) =>
    ownedKey(operation, given, userId);
  const both = { userId, agentId: userId };
  return {
    collections: {
      workspace: async (options) =>
        collections.workspace({ userId }, keyless("collections.workspace", options)),
      recent: async (options) => collections.recent(owned("collections.recent", options)),
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
      // The overloads are the unscoped ones without the user.
      save: (async (key: object, data: object, options?: CallOptions) =>
        profiles.save(owned("profiles.save", key), data, options)) as UserScope["profiles"]["save"],
      setPhoto: async (key, photoURL, options) =>
        profiles.setPhoto(owned("profiles.setPhoto", key), photoURL, options),
    },
  };
}

/**
 * The user's reviews by their ids. The agent is known, so the whole key is: the index, in which any
 * agent's review may lie, is not queried.
 */
function reviewsOf({ reviews }: Unscoped, stores: Stores, userId: string): UserScope["reviews"] {
  const own = () => stores.review as unknown as ScopedStore<ScopedSpecs["review"]>;
  /** The limits alone: these calls do not take the store's other options. */
  const limitsIn = (operation: string, options: CallOptions | undefined) =>
    limitsOf({ operation, entity: "Review" }, options);
  return {
    byId: async (reviewId, options) => own().get({ reviewId }, limitsIn("reviews.byId", options)),
    deleteById: async (reviewId, options) =>
      own().delete({ reviewId }, limitsIn("reviews.deleteById", options)),
    newest: (n, options) => reviews.newest(userId, n, options),
  };
}

function oauthOf({ oauth }: Unscoped, userId: string): UserScope["oauth"] {
  return {
    store: (...rest) => oauth.store(userId, ...rest),
    get: (...rest) => oauth.get(userId, ...rest),
    isConnected: (...rest) => oauth.isConnected(userId, ...rest),
    validToken: (...rest) => oauth.validToken(userId, ...rest),
    remove: (...rest) => oauth.remove(userId, ...rest),
  };
}

/** A caller's key with the user's id. @throws ValidationError if the key names an owner itself */
function ownedKey<K extends object>(
  operation: string,
  given: K,
  userId: string,
): K & { userId: string } {
  return reading({ operation }, () => {
    refuseIssues({ operation }, ownerIssues(given));
    // On top of the given object, which may have inherited members and getters.
    return Object.create(given, { userId: { value: userId, enumerable: true } });
  });
}

/**
 * The options of a call that takes no key here.
 * @throws ValidationError if they name an owner: another user's key was given in their place
 */
function keyless<O>(operation: string, options: O): O {
  if (options !== undefined) {
    reading({ operation }, () => refuseIssues({ operation }, ownerIssues(options)));
  }
  return options;
}

/** The calls of a store, and no way to the store behind them. */
function scopedStore(store: Stores[FacadeName]): object {
  const bound = calls.map((call) => [
    call,
    (...given: never[]) => Reflect.apply(store[call], store, given),
  ]);
  return Object.fromEntries(bound);
}
