/** One owner's view of the data: no argument, cursor, condition or transaction leads out of it. */
import { type CallOptions, limitsOf, reading } from "../../src/call/call.js";
import { type SecretsOf, secretsKey } from "../../src/call/scope-secrets.js";
import { secretsIn } from "../../src/entity/declared-payload.js";
import {
  type DeclaredKeys,
  declaredKeys,
  type Owner,
  ownerIssues,
  refuseIssues,
} from "../../src/entity/model.js";
import type { CallContext } from "../../src/errors/context.js";
import { hide } from "../../src/errors/hidden.js";
import { invalidAt, type ValidationIssue } from "../../src/errors/validation-error.js";
import {
  type KeyTemplate,
  keyLengthRule,
  keyPartRule,
  separator,
  separatorRule,
} from "../../src/keys/template.js";
import type { StoreContext } from "../../src/store/entity-store.js";
import type { ScopedStore, StoreCalls } from "../../src/store/store-calls.js";
import type { StoreSpec } from "../../src/store/store-types.js";
import { isPlainMap } from "../../src/values/payload.js";
import { type AnyCollections, createCollections } from "../collections.js";
import type { Pages } from "../pages/pages.js";
import { type Definitions, ownedBy } from "../registry.js";
import { type AnyStores, createStores } from "../stores.js";
import { createTransaction } from "../transaction/transaction.js";
import { userOf, userParts } from "../user/partitions.js";
import type { ScopedPages, ScopedSpecs } from "./types.js";

/**
 * The part of a store that a scoped store has: its calls. It has no ElectroDB entity, and no access
 * to one, because native chains know no tenant.
 */
const calls = [
  "get",
  "getOrThrow",
  "query",
  "list",
  "count",
  "queryBy",
  "listBy",
  "countBy",
  "create",
  "put",
  "upsert",
  "update",
  "delete",
  "batchGet",
  "batchPut",
  "batchDelete",
  "check",
] as const satisfies readonly (keyof StoreCalls<StoreSpec>)[];

/** The scope of an owner: stores under their names, and what spans them. */
export interface AnyScope extends AnyStores {
  readonly collections: AnyCollections;
  readonly transaction: object;
}

/** What scopes are created over: the layer's own entities and collections, over all owners. */
export interface ScopeSource {
  readonly definitions: Definitions;
  readonly context: StoreContext;
  readonly collections: AnyCollections;
  /** What the pages of the twelve entities are created from, if the layer has them. */
  readonly pages: Pages | undefined;
  /** Makes everything that is stored of a user. */
  user(userId: string): object;
}

/**
 * The scope of an owner: the entities whose partitions are made of the owner's parts alone.
 * @throws ValidationError for a part that is no key, or that is in no partition
 */
export function createScope(source: ScopeSource, owner: Owner): AnyScope {
  const given = reading(scopeCall, () => ownerOf(owner));
  checkOwner(source, given);
  return scopeOf(source, given);
}

/**
 * The scope of one user, who is an agent too.
 * @throws ValidationError for an id that is no key
 */
export function createUserScope(
  source: ScopeSource,
  userId: string,
): AnyScope & { readonly userId: string } {
  // A user's id is in the keys of users and of agents, and has one name here.
  const owner = userOf(source.definitions, "forUser", userId);
  const scope = scopeOf(source, owner);
  const { pages, collections } = source;
  const recent = recentOf(collections, userId);
  Object.assign(scope.collections, recent && { recent });
  const own = {
    userId,
    get user() {
      return source.user(userId);
    },
    ...(pages !== undefined && pagesOf(pages, scope, userId)),
  };
  return Object.defineProperties(scope, Object.getOwnPropertyDescriptors(own)) as never;
}

function scopeOf({ definitions, context }: ScopeSource, owner: Owner): AnyScope {
  const own = ownedBy(definitions, Object.keys(owner));
  const secretsOf = secretsIn(own);
  const stores = createStores(own, context, owner);
  let transaction: object | undefined;
  const scope = {
    collections: scopedCollections(own, context, stores, Object.keys(owner)),
    get transaction() {
      // The same transaction, over stores that know their owner.
      transaction ??= createTransaction(context, stores, owner);
      return transaction;
    },
  };
  for (const name of Object.keys(own)) {
    let made: object | undefined;
    const get = () => {
      made ??= scopedStore(stores[name] as ScopedStore<StoreSpec>, () => secretsOf(name));
      return made;
    };
    Object.defineProperty(scope, name, { enumerable: true, get });
  }
  hide(scope, secretsKey, secretsOf);
  hide(scope.collections, secretsKey, secretsOf);
  return scope;
}

const scopeCall: CallContext = { operation: "scope" };

/** More parts than any partition key has. */
const mostParts = 32;

/** A copy of the owner's parts, each read once. @throws ValidationError for anything but a few of them */
function ownerOf(given: unknown): Owner {
  const owner: Record<string, string> = {};
  const refuse = () => {
    const message = `must be an object of at most ${mostParts} key parts`;
    return invalidAt(scopeCall, "owner", message);
  };
  if (!isPlainMap(given)) throw refuse();
  let count = 0;
  for (const name in given) {
    count += 1;
    if (count > mostParts) throw refuse();
    // Checked before it is used as a key.
    owner[name] = (given as Owner)[name] as string;
  }
  return owner;
}

function checkOwner({ definitions }: ScopeSource, owner: Owner): void {
  const templates = Object.values(definitions).map((definition) => declaredKeys(definition).pk);
  const issues = Object.entries(owner).flatMap(([path, value]) => {
    const places = templates.filter(({ parts }) => parts.includes(path));
    const rule =
      places.length === 0
        ? "is in no partition key"
        : (keyPartRule(value) ?? longestRule(places, owner));
    return rule === undefined ? [] : [{ path, message: rule }];
  });
  if (issues.length === 0) {
    const own = Object.values(ownedBy(definitions, Object.keys(owner)));
    if (own.length === 0) {
      issues.push({ path: "owner", message: "must have all parts of a partition key" });
    }
    const rules = own.map((one) => wordRule(declaredKeys(one), owner));
    if (own.length > 0 && rules.every((issue) => issue !== undefined))
      issues.push(...rules.slice(0, 1));
  }
  refuseIssues(scopeCall, issues);
}

/** The issue of an owner's part that ends at a `#` in an entity's keys, and holds one. */
function wordRule({ pk, words }: DeclaredKeys, owner: Owner): ValidationIssue | undefined {
  const path = pk.parts.find((part) => words.has(part) && owner[part]?.includes(separator));
  return path === undefined ? undefined : { path, message: separatorRule };
}

/** The rule of length that one of an owner's partition keys breaks. */
function longestRule(templates: readonly KeyTemplate[], owner: Owner): string | undefined {
  const own = templates.filter(({ parts }) => parts.every((part) => Object.hasOwn(owner, part)));
  return own
    .map((template) => keyLengthRule("partition", template.build(owner)))
    .find((rule) => rule !== undefined);
}

/** The collections of the owner's partitions. */
function scopedCollections(
  own: Definitions,
  context: StoreContext,
  stores: AnyStores,
  owner: readonly string[],
): AnyCollections {
  const { recent: _, ...collections } = createCollections(own, context, stores);
  const scoped = Object.entries(collections).map(([name, read]) => {
    const operation = `collections.${name}`;
    // The stores know the owner, so the key is known.
    const call = async (options?: CallOptions) =>
      (read as (...given: unknown[]) => unknown)({}, keyless(operation, options, owner));
    return [name, call];
  });
  return Object.fromEntries(scoped);
}

/**
 * The calls of a store, and no way to the store behind them. It knows its secrets by itself, too: it may be
 * taken out of the scope, and named otherwise.
 */
function scopedStore(store: ScopedStore<StoreSpec>, secretsOf: SecretsOf): object {
  const bound = calls.map((call) => [
    call,
    (...given: never[]) => Reflect.apply(store[call], store, given),
  ]);
  const scoped = Object.fromEntries(bound);
  hide(scoped, secretsKey, secretsOf);
  return scoped;
}

/** The newest items of a user, if the layer has the collection: each query has the user in its key. */
function recentOf({ recent }: AnyCollections, userId: string): AnyCollections[string] | undefined {
  if (recent === undefined) return undefined;
  return async (options: object) =>
    recent(ownedKey("collections.recent", options, userId) as never);
}

/** The calls over several items, each with the user in its key. */
function pagesOf(all: Pages, scope: AnyScope, userId: string): ScopedPages {
  const { projects, profiles } = all;
  const owned = <K extends object>(operation: string, given: K) =>
    ownedKey(operation, given, userId);
  const both = { userId, agentId: userId };
  return {
    dashboard: async (options) => all.dashboard(both, keyless("dashboard", options)),
    brandAuditPage: async (options) => all.brandAuditPage(both, keyless("brandAuditPage", options)),
    projects: {
      listWithContent: async (options) =>
        projects.listWithContent({ userId }, keyless("projects.listWithContent", options)),
      deleteAndUnfile: async (key, options) =>
        projects.deleteAndUnfile(owned("projects.deleteAndUnfile", key), options),
    },
    profiles: {
      // The overloads are the unscoped ones without the user.
      save: (async (key: object, data: object, options?: CallOptions) =>
        profiles.save(
          owned("profiles.save", key),
          data,
          options,
        )) as ScopedPages["profiles"]["save"],
      setPhoto: async (key, photoURL, options) =>
        profiles.setPhoto(owned("profiles.setPhoto", key), photoURL, options),
    },
    reviews: reviewsOf(all, scope, userId),
    oauth: oauthOf(all, userId),
  };
}

/**
 * The user's reviews by their ids. The agent is known, so the whole key is: the index, in which any
 * agent's review may lie, is not queried.
 */
function reviewsOf({ reviews }: Pages, stores: AnyStores, userId: string): ScopedPages["reviews"] {
  const own = () => stores.review as ScopedStore<ScopedSpecs["review"]>;
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

function oauthOf({ oauth }: Pages, userId: string): ScopedPages["oauth"] {
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
    refuseIssues({ operation }, ownerIssues(given, userParts, "key"));
    // On top of the given object, which may have inherited members and getters.
    return Object.create(given, { userId: { value: userId, enumerable: true } });
  });
}

/**
 * The options of a call that takes no key here.
 * @throws ValidationError if they name an owner: another user's key was given in their place
 */
function keyless<O>(operation: string, options: O, owner = userParts): O {
  if (options !== undefined) {
    reading({ operation }, () =>
      refuseIssues({ operation }, ownerIssues(options, owner, "options")),
    );
  }
  return options;
}
