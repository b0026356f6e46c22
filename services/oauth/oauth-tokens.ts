/** OAuth tokens: stored, and refreshed once, however many callers want one. */
import type { OAuthToken, OAuthTokenData } from "../../entities/oauth-token.js";
import { type Call, type CallOptions, limitsOf, perform, reading } from "../../src/call/call.js";
import { keyContext, rawKeyOf } from "../../src/entity/model.js";
import {
  internalsOf,
  type StoreContext,
  type StoreInternals,
} from "../../src/store/entity-store.js";
import type { Stores } from "../stores.js";
import { storeConsent } from "./consent.js";
import { type Flight, Flights, RefreshFailure } from "./flights.js";
import { readValidTokenOptions, type ValidTokenOptions } from "./options.js";
import { validTokenOf } from "./refresh.js";
import type { TokenContext } from "./token-item.js";

export interface OAuthTokens {
  /**
   * Stores the token of a consent. A stored refresh token is kept if the consent brought none, and so
   * is CreatedAt. One request if a token is stored already, two if there is none.
   * @throws ValidationError for an `expiryDate` that is not in epoch milliseconds: a Date, a text, seconds
   * @example
   * await data.oauth.store(userId, "google", { accessToken, refreshToken, expiryDate });
   */
  store(
    userId: string,
    provider: string | undefined,
    token: OAuthTokenData,
    options?: CallOptions,
  ): Promise<OAuthToken>;
  /** The stored token with its secrets, or `null`. One request. */
  get(userId: string, provider?: string, options?: CallOptions): Promise<OAuthToken | null>;
  /** Whether a token is stored. One request, which reads no secret. */
  isConnected(userId: string, provider?: string, options?: CallOptions): Promise<boolean>;
  /**
   * A token that is valid now. One read if it has not expired; else also a conditional claim of the
   * lease, the refresh and a conditional store, while other callers read every 200 ms. The lease ends
   * after `leaseMs`. A new refresh token is lost only if the process dies, or if no store succeeds until
   * the lease ends: event `TokenNotStored`, and the token is returned.
   * @throws ItemNotFoundError if none is stored, DynamoDBError `RefreshTokenMissing` if it has expired and
   * cannot be refreshed, or what `refresh` throws, which leaves the stored token unchanged
   * @throws ValidationError if `refresh` returns no token. If only its `expiryDate` is wrong, the token
   * is stored, and `mayHaveBeenDone` is true
   * @example
   * const { accessToken } = await data.oauth.validToken(userId, "google", { refresh });
   */
  validToken(
    userId: string,
    provider: string | undefined,
    options: ValidTokenOptions,
  ): Promise<OAuthTokenData>;
  /** Deletes the token and returns it, or `null`. One request. */
  remove(userId: string, provider?: string, options?: CallOptions): Promise<OAuthToken | null>;
}

/** The calls, and what `close` has to wait for. */
export interface OAuthRefreshes {
  readonly oauth: OAuthTokens;
  /** @see Flights.finish */
  readonly finish: Flights["finish"];
}

export function createOAuthTokens(context: StoreContext, stores: Stores): OAuthRefreshes {
  const tokens = () => internalsOf(stores.oauthToken);
  const shared: TokenContext = { ...context, model: () => tokens().model };
  const flights = new Flights();
  const oauth: OAuthTokens = {
    store: async (userId, provider, token, options = {}) =>
      storeConsent(tokens(), keyOf(userId, provider), token, options),
    get: async (userId, provider, options = {}) =>
      tokens().read(
        "oauth.get",
        keyOf(userId, provider),
        limitsIn("get", options),
      ) as Promise<OAuthToken | null>,
    isConnected: async (userId, provider, options = {}) => {
      const limits = { ...limitsIn("isConnected", options), fields: ["provider"] };
      return (await tokens().read("oauth.isConnected", keyOf(userId, provider), limits)) !== null;
    },
    validToken: async (userId, provider, options) =>
      validToken(tokens(), shared, flights, keyOf(userId, provider), options),
    remove: async (userId, provider, options = {}) =>
      remove(tokens(), keyOf(userId, provider), limitsIn("remove", options)),
  };
  return { oauth, finish: () => flights.finish() };
}

interface TokenKey {
  readonly userId: string;
  readonly provider?: string;
}

/** Joins the search for a valid token, on behalf of one caller. */
async function validToken(
  { model, writes }: StoreInternals,
  shared: TokenContext,
  flights: Flights,
  given: TokenKey,
  options: ValidTokenOptions,
): Promise<OAuthTokenData> {
  const context = keyContext(model, "oauth.validToken", given);
  const parts = writes.input.key(given, context);
  const { limits, settings } = reading(context, () => readValidTokenOptions(options, context));
  const key = rawKeyOf(model, parts);
  // A token that is valid by one caller's margin may be expired by another's.
  const id = JSON.stringify([key, settings.marginMs]);
  const begin = (flight: Flight, { signal }: Call) =>
    perform(context, {}, (own) => validTokenOf(shared, key, settings, flight, { ...own, signal }));
  const landing = await perform(context, limits, (call) => flights.join(id, begin, call));
  if (landing instanceof RefreshFailure) throw landing.thrown;
  return landing.token;
}

async function remove(
  { model, writes, run }: StoreInternals,
  key: TokenKey,
  limits: CallOptions,
): Promise<OAuthToken | null> {
  const operation = "oauth.remove";
  const write = reading({ operation, entity: model.name }, () =>
    writes.onBehalfOf(operation).delete(key),
  );
  return perform(write.context, limits, (call) => run(write, call)) as Promise<OAuthToken | null>;
}

function keyOf(userId: string, provider: string | undefined): TokenKey {
  return { userId, ...(provider !== undefined && { provider }) };
}

/** The limits of a call that is one of the store's calls under another name. */
function limitsIn(call: "get" | "isConnected" | "remove", options: CallOptions): CallOptions {
  return limitsOf({ operation: `oauth.${call}`, entity: "OAuthToken" }, options);
}
