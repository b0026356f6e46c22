/** OAuth tokens: stored, kept, and refreshed once however many callers want one. */
import type { OAuthToken, OAuthTokenData } from "../../entities/oauth-token.js";
import { type Call, type CallOptions, limitsOf, perform, reading } from "../../src/call/call.js";
import { keyContext, rawKeyOf } from "../../src/entity/model.js";
import { internalsOf, type StoreContext } from "../../src/store/entity-store.js";
import type { Stores } from "../stores.js";
import { storeConsent } from "./consent.js";
import { createFlights, type Flight, type Flights, RefreshFailure } from "./flights.js";
import { readValidTokenOptions, type ValidTokenOptions } from "./options.js";
import { validTokenOf } from "./refresh.js";
import type { TokenContext } from "./token-item.js";

export interface OAuthTokens {
  /**
   * Stores what a consent brought. A stored refresh token stays where the consent brought none, and
   * CreatedAt stays. One request where a token is there, two where none is.
   * @throws ValidationError for an `expiryDate` that is no number of epoch milliseconds: a Date, a
   * text, seconds
   */
  store(
    userId: string,
    provider: string | undefined,
    token: OAuthTokenData,
    options?: CallOptions,
  ): Promise<OAuthToken>;
  /** The stored token with its secrets, or `null`. One request. */
  get(userId: string, provider?: string, options?: CallOptions): Promise<OAuthToken | null>;
  /** Whether a token is there. One request; no secret is read. */
  isConnected(userId: string, provider?: string, options?: CallOptions): Promise<boolean>;
  /**
   * A token that is valid now. One request while it is; expired: one read, one conditional claim of
   * the lease, one refresh, one conditional store. Other callers wait and read, one request every
   * 200 ms. A holder that died loses its lease after `leaseMs`.
   *
   * A new refresh token is lost only if the process dies after the provider rotated it and before it
   * is stored, or if no store succeeds until the lease ends: event `TokenNotStored`, token returned.
   * @throws ItemNotFoundError where no token is stored
   * @throws DynamoDBError `RefreshTokenMissing` where it expired and cannot be refreshed
   * @throws what `refresh` throws; the stored token is then as it was
   * @throws ValidationError for what `refresh` returns and is no token; where only its `expiryDate` is
   * wrong the new token is stored all the same, and `mayHaveBeenDone` is true
   */
  validToken(
    userId: string,
    provider: string | undefined,
    options: ValidTokenOptions,
  ): Promise<OAuthTokenData>;
  /** Deletes the token and returns it, or `null`. One request. */
  remove(userId: string, provider?: string, options?: CallOptions): Promise<OAuthToken | null>;
}

/** The use case, and what `close` has to wait for. */
export interface OAuthRefreshes {
  readonly oauth: OAuthTokens;
  /** @see Flights.finish */
  readonly finish: Flights["finish"];
}

export function createOAuthTokens(context: StoreContext, stores: Stores): OAuthRefreshes {
  const tokens = () => internalsOf(stores.oauthToken);
  const shared: TokenContext = { ...context, model: () => tokens().model };
  const flights = createFlights();

  const oauth: OAuthTokens = {
    store: async (userId, provider, token, options = {}) =>
      storeConsent(tokens(), keyOf(userId, provider), token, options),
    get: async (userId, provider, options = {}) =>
      tokens().read(
        "oauth.get",
        keyOf(userId, provider),
        limitsIn("get", options),
      ) as Promise<OAuthToken | null>,
    isConnected: async (userId, provider, options = {}) =>
      (await tokens().read("oauth.isConnected", keyOf(userId, provider), {
        ...limitsIn("isConnected", options),
        fields: ["provider"],
      })) !== null,
    validToken: async (userId, provider, givenOptions) => {
      const { model, writes } = tokens();
      const given = keyOf(userId, provider);
      const context = keyContext(model, "oauth.validToken", given);
      const parts = writes.input.key(given, context);
      const { limits, settings } = reading(context, () =>
        readValidTokenOptions(givenOptions, context),
      );
      const key = rawKeyOf(model, parts);
      // A token that is valid by one caller's margin may be expired by another's.
      const id = JSON.stringify([key, settings.marginMs]);
      const begin = (flight: Flight, { signal }: Call) =>
        perform(context, {}, (own) =>
          validTokenOf(shared, key, settings, flight, { ...own, signal }),
        );
      const landing = await perform(context, limits, (call) => flights.join(id, begin, call));
      if (landing instanceof RefreshFailure) throw landing.thrown;
      return landing.token;
    },
    remove: async (userId, provider, options = {}) => {
      const { model, writes, run } = tokens();
      const limits = limitsIn("remove", options);
      const write = reading({ operation: "oauth.remove", entity: model.name }, () =>
        writes.onBehalfOf("oauth.remove").delete(keyOf(userId, provider)),
      );
      return perform(write.context, limits, (call) =>
        run(write, call),
      ) as Promise<OAuthToken | null>;
    },
  };
  return { oauth, finish: flights.finish };
}

function keyOf(
  userId: string,
  provider: string | undefined,
): { userId: string; provider?: string } {
  return { userId, ...(provider !== undefined && { provider }) };
}

/** The limits of a call that is a store's under another name. */
function limitsIn(call: "get" | "isConnected" | "remove", options: CallOptions): CallOptions {
  return limitsOf({ operation: `oauth.${call}`, entity: "OAuthToken" }, options);
}
