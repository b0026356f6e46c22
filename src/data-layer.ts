/** Configuration to stores, collections and the table: what an application works with. */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Service } from "electrodb";
import { monotonicFactory } from "ulid";
import {
  type Collections,
  type CollectionsWith,
  createCollections,
  type OwnCollections,
  type OwnRecent,
} from "../services/collections.js";
import type { BuiltIn, Entities } from "../services/entities.js";
import { entitiesOf, hasBuiltIn, type OwnEntities } from "../services/own-entities.js";
import { createPages, type Pages } from "../services/pages/pages.js";
import {
  createEntities,
  createService,
  type Definitions,
  type DefinitionsOf,
  type EntitiesOf,
  guardedEntities,
  indexesIn,
  type NoEntities,
  type Uninferred,
} from "../services/registry.js";
import {
  createStores,
  type OwnSpecs,
  type OwnStores,
  type Specs,
  type Stores,
} from "../services/stores.js";
import { createScope, createUserScope } from "../services/tenant/tenant.js";
import type {
  OwnerPart,
  OwnUserScope,
  Scope,
  ScopeWith,
  UserScope,
  UserScopeWith,
} from "../services/tenant/types.js";
import { createTransaction } from "../services/transaction/transaction.js";
import type { Transactions } from "../services/transaction/types.js";
import { userParts } from "../services/user/partitions.js";
import type { OwnUserItem, UserData, UserItem } from "../services/user/types.js";
import { createUserData } from "../services/user/user-data.js";
import { createTableAdmin, type TableAdmin } from "./admin/table-admin.js";
import { optionNames, settingsOf } from "./call/options.js";
import { adviceOn } from "./client/advice.js";
import {
  checkRelease,
  checkRequestHandler,
  createClients,
  createDocumentClient,
  isPlainClient,
  type RequestHandler,
} from "./client/client.js";
import {
  type Configuration,
  type ConnectionOptions,
  resolveConfiguration,
} from "./client/config.js";
import type { AnyEntity, Owner } from "./entity/model.js";
import { ConfigurationError, readSettings } from "./errors/configuration-error.js";
import { GatheredReads } from "./read/gathered-reads.js";
import { type Reader, readOne, type Table } from "./read/reader.js";
import { type Clock, systemClock } from "./runtime/clock.js";
import { type CursorSecret, createCursorSeal } from "./secrets/cursor-seal.js";
import { resolveCipher } from "./secrets/encryption.js";
import { createFieldGuard } from "./secrets/field-guard.js";
import type { EncryptionKeys, KeyProvider } from "./secrets/key-provider.js";
import { itemValue } from "./secrets/secret-value.js";
import type { StoreContext } from "./store/entity-store.js";
import { noteSource, type Sourced } from "./store/layer-source.js";
import type { Logger, RequestListener } from "./transport/events.js";
import type { HedgedReadsOptions } from "./transport/hedged-reads.js";
import { meter } from "./transport/meter.js";
import type { CommandClient } from "./transport/options.js";
import type { RequestRetryOptions } from "./transport/repeats.js";
import type { CallStats } from "./transport/stats.js";
import { createTransport } from "./transport/transport.js";
import { Writer } from "./write/writers.js";

export interface DataLayerOptions extends ConnectionOptions {
  /**
   * A client of your own: a DynamoDBClient, a DynamoDBDocumentClient, or anything with their `send`.
   * Its own retry stays as you set it; use `maxAttempts: 1`, or throttled requests are retried twice.
   * `close()` leaves it open.
   */
  readonly client?: DynamoDBClient | DynamoDBDocumentClient | CommandClient | undefined;
  /** The request handler of the SDK's client, or options of one. */
  readonly requestHandler?: RequestHandler | undefined;
  /**
   * Who sends the requests. `"direct"` signs and sends most of them without the SDK's pipeline, by the
   * SDK's own credentials, region, endpoint and clock, and takes less CPU. The first of each operation, and
   * whatever it does not know, goes the SDK's way. `"sdk"` sends all of them by the SDK. A `client` of
   * your own sends them itself. @default "direct"
   */
  readonly wire?: "direct" | "sdk" | undefined;
  /**
   * Settings for retrying a request, and the retry budget of all requests.
   * @default 3 retries from 100 ms, at most 5 s apart; 100 retries in a row, 2 more per second
   */
  readonly retry?: RequestRetryOptions | undefined;
  /** Whether gets of the same turn of the event loop share a BatchGet. @default true */
  readonly coalesce?: boolean | undefined;
  /**
   * Sends a read (GetItem, BatchGetItem, Query) a second time if its response is late, and uses the
   * first good response. This shortens the slowest reads, for at most 5 % more requests.
   * `true` is `{ percentile: 95, minDelayMs: 10, maxExtraLoad: 0.05 }`. @default false
   */
  readonly hedgedReads?: boolean | HedgedReadsOptions | undefined;
  /** A pino-compatible logger. @default silent */
  readonly logger?: Logger | undefined;
  /** Receives an event per request. */
  readonly events?: RequestListener | undefined;
  /**
   * Whether requests and the capacity that they consume are added up for `stats()`. Each request then
   * asks DynamoDB for its capacity, which is free. @default false
   */
  readonly stats?: boolean | undefined;
  /** The clock that gives the time. @default Date */
  readonly clock?: Clock | undefined;
  /**
   * Encrypts the fields that entities mark as secret: the keys, or a provider of them.
   * @default `COAGENT_ENCRYPTION_KEYS`; without it secrets are stored in clear text
   */
  readonly encryption?: EncryptionKeys | KeyProvider | undefined;
  /**
   * Encrypts cursors, so that they show no key and cannot be forged: at least 32 bytes. The first of a
   * list encrypts, and the cursors of all are accepted. @default cursors are not encrypted
   */
  readonly cursorSecret?: CursorSecret | undefined;
}

/** All options, those of an application's own entities too. */
type AllOptions = DataLayerOptions & OwnEntities<NoEntities, boolean>;

/** The names of all options. */
export const dataLayerOptionNames = optionNames<AllOptions>({
  environment: true,
  tableName: true,
  region: true,
  endpoint: true,
  credentials: true,
  client: true,
  requestHandler: true,
  wire: true,
  retry: true,
  coalesce: true,
  hedgedReads: true,
  logger: true,
  events: true,
  stats: true,
  clock: true,
  encryption: true,
  cursorSecret: true,
  entities: true,
  builtIn: true,
});

/** What every data layer has besides its stores. */
export interface AnyLayer<E extends Record<keyof E, AnyEntity>, S> extends Sourced<S> {
  readonly transaction: Transactions<S>;
  /** The ElectroDB Service over the same transport, for chains that the facade does not have. */
  readonly service: Service<E>;
  readonly table: TableAdmin;
  /**
   * The configuration that the options and the environment resulted in. Given as options, it leads
   * another data layer to the same table. It has no credentials.
   */
  readonly configuration: Omit<Configuration, "credentials" | "endpointSource">;
  /**
   * What requests have taken since the data layer was made, added up per entity, call and index. Nothing
   * is sent.
   * @throws ConfigurationError if the data layer was made without `stats: true`
   */
  stats(): CallStats[];
  /**
   * Ends the calls in progress, and closes the clients that this data layer created. Before that, it
   * waits up to 5 s for OAuth refreshes that hold a lease to be stored.
   */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The data layer: a store per entity, and the calls that span them. */
export interface DataLayer extends Stores, Pages, AnyLayer<Entities, Specs> {
  readonly collections: Collections;
  /**
   * The same with one user's id fixed: nothing given to it reaches another user's items.
   * @throws ValidationError for an id that cannot be a key
   * @example
   * const content = await data.forUser(userId).savedContent.get({ contentId });
   */
  forUser(userId: string): UserScope;
  /**
   * Everything that is stored of one user, to export or erase it. Nothing is sent.
   * @throws ValidationError for an id that cannot be a key
   * @example
   * const { erased, left } = await data.user(userId).erase();
   */
  user(userId: string): UserData<UserItem>;
  /**
   * One owner's view of the entities whose partition keys are made of the given parts alone: nothing
   * given to it reaches another owner's items.
   * @throws ValidationError for a part that cannot be a key, or that is in no partition key
   * @example
   * const { items } = await data.scope({ teamId }).teamMember.query({});
   */
  scope<const O extends OwnerPart<BuiltIn>>(
    owner: {
      readonly [P in O]: string;
    },
  ): ScopeWith<NoEntities, O>;
}

/** A data layer with the twelve entities and an application's own. */
export interface DataLayerWith<R extends DefinitionsOf<R>>
  extends Stores,
    Pages,
    AnyLayer<Entities & EntitiesOf<R>, Specs & OwnSpecs<R>> {
  readonly collections: CollectionsWith<R> & Omit<OwnCollections<R>, "workspace">;
  /**
   * The same with one user's id fixed: nothing given to it reaches another user's items.
   * @throws ValidationError for an id that cannot be a key
   */
  forUser(userId: string): UserScopeWith<R>;
  /**
   * Everything that is stored of one user, to export or erase it. Nothing is sent.
   * @throws ValidationError for an id that cannot be a key
   * @example
   * const { erased, left } = await data.user(userId).erase();
   */
  user(userId: string): UserData<UserItem | OwnUserItem<R>>;
  /**
   * One owner's view of the entities whose partition keys are made of the given parts alone: nothing
   * given to it reaches another owner's items.
   * @throws ValidationError for a part that cannot be a key, or that is in no partition key
   * @example
   * const { items } = await data.scope({ teamId }).teamMember.query({});
   */
  scope<const O extends OwnerPart<BuiltIn> | OwnerPart<R>>(
    owner: {
      readonly [P in O]: string;
    },
  ): ScopeWith<R, O>;
}

/** A data layer of an application's own entities, without the twelve. */
export interface OwnLayer<R extends DefinitionsOf<R>> extends AnyLayer<EntitiesOf<R>, OwnSpecs<R>> {
  readonly collections: OwnCollections<R> & OwnRecent<R>;
  /**
   * The same with one user's id fixed: nothing given to it reaches another user's items.
   * @throws ValidationError for an id that cannot be a key
   */
  forUser(userId: string): OwnUserScope<R>;
  /**
   * Everything that is stored of one user, to export or erase it. Nothing is sent.
   * @throws ValidationError for an id that cannot be a key
   * @example
   * const { erased, left } = await data.user(userId).erase();
   */
  user(userId: string): UserData<OwnUserItem<R>>;
  /**
   * One owner's view of the entities whose partition keys are made of the given parts alone: nothing
   * given to it reaches another owner's items.
   * @throws ValidationError for a part that cannot be a key, or that is in no partition key
   * @example
   * const { items } = await data.scope({ teamId }).teamMember.query({});
   */
  scope<const O extends OwnerPart<R>>(owner: { readonly [P in O]: string }): Scope<R, O>;
}

/**
 * The data layer of an application's own entities `R`: with the twelve, unless `B` is `false`. It is
 * the type of `createDataLayer({ entities, builtIn })`.
 */
export type DataLayerOf<R extends DefinitionsOf<R>, B extends boolean = true> = B extends false
  ? OwnStores<R> & OwnLayer<R>
  : [keyof R] extends [never]
    ? DataLayer
    : OwnStores<R> & DataLayerWith<R>;

/**
 * Makes a data layer. Nothing is opened or sent before the first call.
 * @throws ConfigurationError that names the option or variable that is wrong
 * @example
 * const data = createDataLayer({ tableName: "BayonCoAgent-development" });
 * const content = await data.savedContent.get({ userId, contentId });
 */
export function createDataLayer<
  const R extends DefinitionsOf<R> = NoEntities,
  const B extends boolean = true,
>(given: DataLayerOptions & OwnEntities<R, B> = {}): DataLayerOf<Uninferred<R>, B> {
  // Read once, here: if a getter throws, the error is that a setting cannot be read.
  const options = settingsOf("createDataLayer", given, dataLayerOptionNames);
  const { encryption, cursorSecret } = options;
  const definitions = readSettings("entities", () => entitiesOf(options));
  const cipher = readSettings("encryption", () => resolveCipher(encryption));
  const cursorSeal = readSettings("cursorSecret", () =>
    cursorSecret === undefined ? undefined : createCursorSeal(cursorSecret),
  );
  const configuration = readSettings("options", () => resolveConfiguration(options));
  readSettings("options", () => checkKinds(options));
  const clients = clientsOf(options, configuration);
  const { tableName } = configuration;
  const clock = options.clock === undefined ? systemClock : checkedClock(options.clock);
  const guard = createFieldGuard(guardedEntities(definitions), cipher);
  const transport = createTransport({
    ...options,
    client: clients.document,
    guard,
    // Where the application's own client sends its requests, only the application knows.
    advice:
      options.client === undefined
        ? // A native call may name another table, of which nothing is known here.
          (error, tableName = configuration.tableName) =>
            tableName === configuration.tableName ? adviceOn(error, configuration) : undefined
        : undefined,
  });
  const reader = readerOf({ transport, tableName }, options.coalesce);
  const nextId = monotonicFactory();
  const createId = (time: number) => nextId(time);
  const writer = new Writer();
  const context = { transport, reader, tableName, writer, clock, createId, cipher, cursorSeal };
  const layer = layerOver(definitions, context, configuration, clients);
  const { client, requestHandler } = options;
  noteSource(layer, {
    definitions,
    guard,
    encrypts: cipher !== undefined,
    itemValue,
    transport,
    meter,
    clock,
    configuration,
    userParts,
    cursorSeal,
    client,
    requestHandler,
  });
  return layer as unknown as DataLayerOf<Uninferred<R>, B>;
}

/** @param coalesce whether gets of the same turn of the event loop are sent together */
function readerOf(table: Table, coalesce = true): Reader {
  if (coalesce) return new GatheredReads(table);
  return { read: (key, options, call) => readOne(table, key, call, options) };
}

/** The stores and what spans them, over one transport. */
function layerOver(
  definitions: Definitions,
  context: StoreContext,
  { environment, tableName, region, endpoint }: Configuration,
  clients: Clients,
): object {
  const { transport } = context;
  const stores = createStores(definitions, context);
  const service = once(() => {
    const config = { table: tableName, client: transport.client };
    return createService(createEntities(definitions, config), config);
  });
  const collections = createCollections(definitions, context, stores);
  const transaction = createTransaction(context, stores);
  const { pages, finish } = hasBuiltIn(definitions)
    ? createPages(context, stores as Stores, transaction)
    : { pages: undefined, finish: () => undefined };
  const user = (userId: string) => createUserData({ definitions, context, stores }, userId);
  const source = { definitions, context, collections, pages, user };
  const close = async () => {
    // If there is nothing to wait for, it is closed at once, before anything else of this turn.
    const inHand = finish();
    if (inHand !== undefined) await inHand;
    transport.close();
    clients.destroy();
  };
  const rest = {
    collections,
    transaction,
    ...pages,
    forUser: (userId: string) => createUserScope(source, userId),
    scope: (owner: Owner) => createScope(source, owner),
    user,
    table: createTableAdmin(tableName, indexesIn(definitions), clients.plain, transport),
    configuration: { environment, tableName, region, endpoint },
    stats: transport.stats,
    close,
    [Symbol.asyncDispose]: close,
  };
  // The stores are created on first use, so their getters are copied as getters.
  const layer = Object.defineProperties({}, Object.getOwnPropertyDescriptors({ ...rest }));
  Object.defineProperties(layer, Object.getOwnPropertyDescriptors(stores));
  Object.defineProperty(layer, "service", { enumerable: true, get: service });
  return layer;
}

interface Clients {
  document(): CommandClient;
  plain(): DynamoDBClient;
  destroy(): void;
}

const clockRule = "must return epoch milliseconds: an integer from 0";

function isTime(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** A clock whose times are times: any other would be stored, or be part of a key. */
function checkedClock(clock: Clock): Clock {
  return {
    now: () => {
      const now = clock.now();
      if (!isTime(now)) throw new ConfigurationError(`clock.now ${clockRule}`);
      return now;
    },
  };
}

/** @throws ConfigurationError for a setting of a wrong kind, which would otherwise have no effect */
function checkKinds(options: DataLayerOptions): void {
  const { requestHandler, wire, coalesce, logger, events, stats, clock } = options;
  if (requestHandler !== undefined) checkRequestHandler(requestHandler);
  const isFunction = (value: unknown) => typeof value === "function";
  const rules: readonly (readonly [
    name: string,
    given: unknown,
    holds: () => boolean,
    rule: string,
  ])[] = [
    ["wire", wire, () => wire === "direct" || wire === "sdk", 'must be "direct" or "sdk"'],
    ["coalesce", coalesce, () => typeof coalesce === "boolean", "must be true or false"],
    ["stats", stats, () => typeof stats === "boolean", "must be true or false"],
    ["events", events, () => isFunction(events), "must be a function"],
    ["clock", clock, () => isFunction(clock?.now), "must have a function now"],
    ["clock.now", clock, () => isTime(clock?.now()), clockRule],
    [
      "logger",
      logger,
      () => isFunction(logger?.debug) && isFunction(logger?.warn),
      "must have the functions debug and warn",
    ],
  ];
  for (const [name, given, holds, rule] of rules) {
    if (given !== undefined && !holds()) throw new ConfigurationError(`${name} ${rule}`);
  }
}

/** The clients below the transport, created when they are first requested. */
function clientsOf(options: DataLayerOptions, configuration: Configuration): Clients {
  const { client } = options;
  if (client === undefined) {
    let made: ReturnType<typeof createClients> | undefined;
    const clients = once(() => {
      made = createClients(configuration, options.requestHandler, options.wire);
      return made;
    });
    return {
      plain: () => clients().client,
      document: () => clients().documentClient,
      destroy: () => made?.client.destroy(),
    };
  }
  if (typeof (client as { send?: unknown }).send !== "function") {
    throw new ConfigurationError("client must be a DynamoDB client: it has no send method");
  }
  checkRelease(client);
  return {
    // The document client and a mock take table commands as well.
    plain: () => client as DynamoDBClient,
    document: isPlainClient(client)
      ? once(() => createDocumentClient(client))
      : () => client as CommandClient,
    destroy: () => {
      // The client is the caller's.
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
