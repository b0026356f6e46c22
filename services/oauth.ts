/** OAuth tokens: stored, kept, and refreshed once however many callers want one. */

import { randomUUID } from "node:crypto";
import type { OAuthToken, OAuthTokenData } from "../entities/oauth-token.js";
import { type Call, type CallOptions, limitsOf, perform, reading } from "../src/call.js";
import { Placeholders } from "../src/conditions.js";
import { currentKeyFor } from "../src/encryption.js";
import { keyContext, rawKeyOf } from "../src/entity-model.js";
import { internalsOf, type StoreContext } from "../src/entity-store.js";
import {
  AbortedError,
  type CallContext,
  DynamoDBError,
  describe,
  ItemNotFoundError,
  invalid,
  nameOf,
  type ValidationIssue,
  withContext,
} from "../src/errors.js";
import { latestTime } from "../src/input.js";
import { isOf, itemOf, refuseUnreadable } from "../src/item.js";
import { storedValueOf } from "../src/opened.js";
import { optionNames } from "../src/options.js";
import { checkPayload } from "../src/payload.js";
import { fieldValue } from "../src/secret-value.js";
import { showsMasked } from "../src/secrets.js";
import { firstOf, orAborted } from "../src/signals.js";
import { attribute, type RawItem, type RawKey } from "../src/table.js";
import { isForeignFailure, notFound, storedTime } from "../src/write.js";
import type { Stores } from "./stores.js";

/** What the provider answered to a refresh. */
export interface RefreshedToken {
  readonly accessToken: string;
  /** A new refresh token, where the provider rotates it; else the stored one stays. */
  readonly refreshToken?: string | null | undefined;
  /**
   * Epoch milliseconds. Where it is missing, null or NaN the new token counts as expired at the next
   * call. Any other value (a Date, a text, seconds) is a ValidationError once the token is stored.
   */
  readonly expiryDate?: number | null | undefined;
}

/** Asks the provider for a new token over HTTP. */
export type RefreshToken = (
  refreshToken: string,
  about: {
    readonly userId: string;
    readonly provider: string;
    /**
     * Aborted when the lease lapses, because another process may then refresh the same token, and
     * 5 s after `close()` of the data layer, which waits so long for what comes back to be stored.
     */
    readonly signal: AbortSignal;
  },
) => Promise<RefreshedToken>;

export interface ValidTokenOptions extends CallOptions {
  /** Called once per lease, however many callers and processes wait. What it throws is thrown. */
  readonly refresh: RefreshToken;
  /** A token that expires within so many ms counts as expired. @default 60000 */
  readonly marginMs?: number | undefined;
  /** How long others wait for a refresh before they try themselves, in ms, > 0. @default 30000 */
  readonly leaseMs?: number | undefined;
}

const validTokenOptionNames = optionNames<ValidTokenOptions>({
  refresh: true,
  marginMs: true,
  leaseMs: true,
  signal: true,
  timeoutMs: true,
});

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
   * What the provider answered is stored again and again until the lease ends, whatever fails. Where
   * it ends first, the access token is returned, and an event `TokenNotStored` says what is lost.
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

const pollMs = 200;

/** Between two attempts to store a new token, in ms: doubled up to the longest. */
const firstKeepPauseMs = 100;
const longestKeepPauseMs = 2_000;

/** How long `close` waits for refreshes that are under way, in ms. */
const closeLimitMs = 5_000;

/** The longest delay that a timer takes, in ms. */
const longestTimerMs = 2 ** 31 - 1;

/** One look for a valid token, on behalf of all callers of this process that want it. */
interface Flight {
  /** Callers that wait for it. */
  waiting: number;
  /** It holds the lease, or asks for it: what it gets must be stored, whoever is left. */
  committed: boolean;
  /** Aborted when all have left. */
  readonly abandoned: AbortController;
  landing?: Promise<Landing>;
}

/** Carries what the caller's `refresh` threw. */
class RefreshFailure {
  readonly thrown: unknown;

  constructor(thrown: unknown) {
    this.thrown = thrown;
  }
}

type Landing = { readonly token: OAuthTokenData } | RefreshFailure;

/** The use case, and what `close` has to wait for. */
export interface OAuthRefreshes {
  readonly oauth: OAuthTokens;
  /**
   * Refuses further refreshes, and waits up to 5 s for those that hold a lease, so that what the
   * provider answers is stored. `undefined` where there are none.
   */
  finish(): Promise<unknown> | undefined;
}

export function createOAuthTokens(context: StoreContext, stores: Stores): OAuthRefreshes {
  const { transport, tableName, clock, cipher } = context;
  const flights = new Map<string, Flight>();
  let isClosing = false;

  function finish(): Promise<unknown> | undefined {
    isClosing = true;
    const inHand = [...flights.values()].flatMap(({ committed, landing }) =>
      committed && landing !== undefined ? [landing] : [],
    );
    if (inHand.length === 0) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeLimitMs);
    });
    return Promise.race([Promise.allSettled(inHand), limit]).finally(() => clearTimeout(timer));
  }

  const tokens = () => internalsOf(stores.oauthToken);

  const store: OAuthTokens["store"] = async (userId, provider, token, options = {}) => {
    const key = keyOf(userId, provider);
    const call = keyContext(tokens().model, "oauth.store", key);
    const data = reading(call, () => {
      const expiryDate: unknown = token?.expiryDate;
      const isMap = typeof token === "object" && token !== null && !Array.isArray(token);
      const given = isMap ? { ...token, ...(isNoTime(expiryDate) && { expiryDate: null }) } : token;
      const rule = expiryRule(expiryDate);
      if (rule !== undefined) throw invalid(call, [{ path: "data.expiryDate", message: rule }]);
      tokens().writes.input.draft({ ...key, data: given }, call);
      return given;
    });
    const { refreshToken, ...rest } = data;
    // An expiry that is not known must not be the old token's.
    const changes = {
      ...rest,
      expiryDate: data.expiryDate ?? null,
      ...(refreshToken && { refreshToken }),
    };
    return perform(call, options, async ({ signal }) => {
      const limit = signal === undefined ? {} : { signal };
      for (;;) {
        try {
          return await stores.oauthToken.update(key, changes, limit);
        } catch (error) {
          if (!(error instanceof ItemNotFoundError)) throw error;
        }
        try {
          return await stores.oauthToken.create({ ...key, data }, limit);
        } catch (error) {
          // Another consent was stored in between: merge into it. What is no token is not merged into.
          if (nameOf(error) !== "ConditionalCheckFailedException" || isForeignFailure(error)) {
            throw error;
          }
        }
      }
    });
  };

  /** The stored token and its lease, as they are now. */
  async function read(key: RawKey, call: Call): Promise<RawItem> {
    const raw = await readIfThere(key, call);
    if (raw === undefined) throw notFound(call.context, key);
    refuseUnreadable(tokens().model, raw);
    return raw;
  }

  async function readIfThere(key: RawKey, call: Call): Promise<RawItem | undefined> {
    const input = { TableName: tableName, Key: { ...key }, ConsistentRead: true };
    const { Item } = await transport.send("Get", input, call);
    // Whatever else lies at the key is no token: its secrets were not looked into.
    const isThere = Item !== undefined && isOf(tokens().model, Item as RawItem);
    return isThere ? (Item as RawItem) : undefined;
  }

  /** Takes the lease where the token is still the one that was seen. @returns whether it was taken */
  async function claim(
    key: RawKey,
    seen: RawItem,
    holder: string,
    leaseMs: number,
    call: Call,
  ): Promise<boolean> {
    const own = new Placeholders();
    const until = own.name(attribute.leaseUntil);
    const now = clock.now();
    return conditionally(key, call, own, {
      UpdateExpression: `SET ${own.name(attribute.leaseHolder)} = ${own.value(holder)}, ${until} = ${own.value(now + leaseMs)}`,
      // Its own lease counts as free: the answer to a first attempt may have been lost.
      ConditionExpression: `(attribute_not_exists(${until}) OR ${until} < ${own.value(now)} OR ${own.name(attribute.leaseHolder)} = ${own.value(holder)}) AND ${isToken(own, seen)}`,
    });
  }

  /** Stores what the refresh brought, unless someone else has stored a token meanwhile. */
  async function keep(key: RawKey, seen: RawItem, fresh: FreshToken, call: Call): Promise<boolean> {
    const own = new Placeholders();
    const { model } = tokens();
    const freshValue = (field: "accessToken" | "refreshToken") =>
      own.value(fieldValue(model, key, field, fresh[field]));
    const accessToken = own.path(["accessToken"]);
    const updatedAt = own.name(attribute.updatedAt);
    const now = clock.now();
    const seenAt = storedTime(seen);
    const sets = [
      // Added to what is stored: the token may have been written since it was seen, by an update of
      // another field, and UpdatedAt grows with that write too.
      seenAt !== undefined
        ? `${updatedAt} = ${updatedAt} + ${own.value(Math.max(1, now - seenAt))}`
        : `${updatedAt} = ${own.value(now)}`,
      `${accessToken} = ${freshValue("accessToken")}`,
      `${own.path(["expiryDate"])} = ${own.value(fresh.expiryDate)}`,
      ...(fresh.refreshToken !== undefined
        ? [`${own.path(["refreshToken"])} = ${freshValue("refreshToken")}`]
        : []),
    ];
    return conditionally(key, call, own, {
      UpdateExpression: `SET ${sets.join(", ")} REMOVE ${own.name(attribute.leaseHolder)}, ${own.name(attribute.leaseUntil)}`,
      ConditionExpression: isToken(own, seen),
    });
  }

  /**
   * The same where the token is encrypted anew meanwhile: it then reads the same and is stored
   * otherwise. What the refresh brought must not be lost to that.
   */
  async function keepThrough(
    key: RawKey,
    seen: RawItem,
    fresh: FreshToken,
    call: Call,
  ): Promise<boolean> {
    for (let stored = seen; ; ) {
      if (await keep(key, stored, fresh, call)) return true;
      const now = await readIfThere(key, call);
      if (now === undefined || !isEncryptedAnew(stored, now)) return false;
      stored = now;
    }
  }

  /**
   * Stores what the refresh brought, again and again until the lease ends, whatever the failure: the
   * provider may have taken the old refresh token back, and what is not stored then is lost. It is a
   * request of its own each time, which the retry budget lets through. Where the lease ends first, the
   * access token is still good: the caller gets it, and an event says that it was not stored.
   * @param leaseEnds in ms of `performance.now()`, which no clock that is set changes
   */
  async function keepWhileLeased(
    key: RawKey,
    seen: RawItem,
    fresh: FreshToken,
    leaseEnds: number,
    call: Call,
  ): Promise<"stored" | "overtaken" | "lost"> {
    const startedAt = performance.now();
    for (let attempts = 1; ; attempts += 1) {
      try {
        return (await keepThrough(key, seen, fresh, call)) ? "stored" : "overtaken";
      } catch {
        const waitMs = Math.min(firstKeepPauseMs * 2 ** (attempts - 1), longestKeepPauseMs);
        const left = leaseEnds - performance.now();
        if (left > 0 && !transport.closing.aborted) {
          // A close in the meantime ends the waiting; the last attempt then finds the layer closed.
          await transport.pause(Math.min(waitMs, left)).catch(() => undefined);
          continue;
        }
        transport.report({
          request: "Update",
          operation: "oauth.validToken",
          entity: tokens().model.name,
          table: tableName,
          attempts,
          hedged: false,
          durationMs: performance.now() - startedAt,
          consumedCapacity: undefined,
          error: "TokenNotStored",
          budgetSpent: false,
        });
        return "lost";
      }
    }
  }

  /** Gives the lease back, so that the next caller need not wait for it to lapse. */
  async function giveBack(key: RawKey, holder: string, call: Call): Promise<void> {
    const own = new Placeholders();
    const name = own.name(attribute.leaseHolder);
    const expressions = {
      UpdateExpression: `REMOVE ${name}, ${own.name(attribute.leaseUntil)}`,
      ConditionExpression: `${name} = ${own.value(holder)}`,
    };
    await conditionally(key, call, own, expressions).catch(() => {
      // It lapses by itself; what made it be given back is what the caller must hear of.
    });
  }

  async function conditionally(
    key: RawKey,
    call: Call,
    own: Placeholders,
    expressions: { UpdateExpression: string; ConditionExpression: string },
  ): Promise<boolean> {
    try {
      const placeholders = {
        ExpressionAttributeNames: own.names,
        ExpressionAttributeValues: own.values,
      };
      await transport.send(
        "Update",
        { TableName: tableName, Key: { ...key }, ...expressions, ...placeholders },
        call,
      );
      return true;
    } catch (error) {
      if (nameOf(error) === "ConditionalCheckFailedException") return false;
      throw error;
    }
  }

  /** Calls the caller's `refresh` for as long as the lease holds and the data layer is open. */
  async function askProvider(
    { refresh, leaseMs = 30_000 }: ValidTokenOptions,
    refreshToken: string,
    owner: { readonly userId: string; readonly provider: string },
  ): Promise<RefreshedToken> {
    const lapsed = new AbortController();
    const end = () => lapsed.abort(new DOMException("the lease has lapsed", "TimeoutError"));
    const timer = setTimeout(end, Math.min(Math.ceil(leaseMs), longestTimerMs));
    const limit = firstOf(transport.closing, lapsed.signal);
    try {
      // An answer after the lease has lapsed still counts where nobody else has stored one.
      const answer = refresh(refreshToken, { ...owner, signal: limit.signal });
      return await orAborted(Promise.resolve(answer), transport.closing);
    } finally {
      limit.release();
      clearTimeout(timer);
    }
  }

  async function refreshed(
    key: RawKey,
    options: ValidTokenOptions,
    flight: Flight,
    { signal, ...call }: Call,
  ): Promise<OAuthTokenData> {
    const { marginMs = 60_000, leaseMs = 30_000 } = options;
    const left = flight.abandoned.signal;
    // Who began it without limits stays to the end, and a read without a signal is a cheaper one.
    const readCall: Call = signal === undefined ? call : { ...call, signal: left };
    const holder = randomUUID();
    let own: string | undefined;
    for (;;) {
      flight.committed = false;
      if (flight.waiting === 0) abandon(flight);
      left.throwIfAborted();
      const seen = await read(key, readCall);
      const data = dataOf(seen);
      // Its own token is there where the answer to the first attempt to store it was lost.
      const isOwn = own !== undefined && data.accessToken === own;
      if (isOwn || !isExpired(data, clock.now() + marginMs)) {
        return showsMasked(tokens().model.secrets, data);
      }
      const refreshToken = data.refreshToken;
      if (!refreshToken) {
        const message = describe(
          call.context,
          "the token expired and there is no refresh token: the user must consent again",
        );
        throw withContext(new DynamoDBError(message, "RefreshTokenMissing"), call.context);
      }
      // A token that could not be stored must not be asked for: the provider may take the old one back.
      if (cipher !== undefined) await transport.within(currentKeyFor(cipher, call.context), left);
      left.throwIfAborted();
      flight.committed = true;
      const claimedAt = performance.now();
      if (await claim(key, seen, holder, leaseMs, call)) {
        const { userId = "", provider = "" } = itemOf(tokens().model, seen) as {
          userId?: string;
          provider?: string;
        };
        let fresh: FreshToken;
        let expiryIssue: string | undefined;
        try {
          const answer = await askProvider(options, refreshToken, { userId, provider });
          ({ fresh, expiryIssue } = usable(answer, call.context));
        } catch (error) {
          if (transport.closing.aborted) throw new AbortedError("the data layer is closed");
          await giveBack(key, holder, call);
          throw new RefreshFailure(error);
        }
        const leaseEnds = claimedAt + leaseMs;
        const kept = await keepWhileLeased(key, seen, fresh, leaseEnds, call);
        if (kept === "stored" && expiryIssue !== undefined) {
          throw storedWithout(expiryIssue, call.context);
        }
        if (kept !== "overtaken") {
          return showsMasked(tokens().model.secrets, { ...data, ...fresh });
        }
        // Someone stored another token while this one was on its way: that one counts.
        own = fresh.accessToken;
        await giveBack(key, holder, call);
        continue;
      }
      flight.committed = false;
      if (flight.waiting === 0) abandon(flight);
      await transport.pause(pollMs, left);
    }
  }

  /** Ends a flight that nobody waits for; who comes now begins another. */
  function abandon(flight: Flight): void {
    for (const [id, one] of flights) if (one === flight) flights.delete(id);
    flight.abandoned.abort(new AbortedError("all who wanted the token have left"));
  }

  /** Joins the flight for a token, or begins one, and waits for it within the call's limits. */
  async function join(
    id: string,
    begin: (flight: Flight, call: Call) => Promise<Landing>,
    call: Call,
  ) {
    const underWay = flights.get(id);
    if (underWay === undefined && isClosing) throw new AbortedError("the data layer is closed");
    const flight = underWay ?? {
      waiting: 0,
      committed: false,
      abandoned: new AbortController(),
    };
    flights.set(id, flight);
    flight.waiting += 1;
    flight.landing ??= begin(flight, call).finally(() => {
      if (flights.get(id) === flight) flights.delete(id);
    });
    try {
      return await orAborted(flight.landing, call.signal);
    } finally {
      flight.waiting -= 1;
      // One caller that leaves does not end it for the others.
      if (flight.waiting === 0 && !flight.committed) abandon(flight);
    }
  }

  /** What the caller's own function threw is the caller's: it is not mapped. */
  async function flown(
    key: RawKey,
    options: ValidTokenOptions,
    flight: Flight,
    call: Call,
  ): Promise<Landing> {
    try {
      return { token: await refreshed(key, options, flight, call) };
    } catch (error) {
      if (error instanceof RefreshFailure) return error;
      throw error;
    }
  }

  const oauth: OAuthTokens = {
    store,
    get: async (userId, provider, options = {}) =>
      stores.oauthToken.get(keyOf(userId, provider), limitsIn("get", options)),
    isConnected: async (userId, provider, options = {}) =>
      (await stores.oauthToken.get(keyOf(userId, provider), {
        ...limitsIn("isConnected", options),
        fields: ["provider"],
      })) !== null,
    validToken: async (userId, provider, givenOptions) => {
      const { model, writes } = tokens();
      const given = keyOf(userId, provider);
      const context = keyContext(model, "oauth.validToken", given);
      const parts = writes.input.key(given, context);
      const options = reading(context, () => optionsOf(givenOptions, context));
      checkOptions(options, context);
      const key = rawKeyOf(model, parts);
      // A token that is valid by one caller's margin may be expired by another's.
      const id = JSON.stringify([key, options.marginMs]);
      const begin = (flight: Flight, { signal }: Call) =>
        perform(context, {}, (own) => flown(key, options, flight, { ...own, signal }));
      const { signal, timeoutMs } = options;
      const limits = { signal, timeoutMs };
      const outcome = await perform(context, limits, (call) => join(id, begin, call));
      if (outcome instanceof RefreshFailure) throw outcome.thrown;
      return outcome.token;
    },
    remove: async (userId, provider, options = {}) =>
      stores.oauthToken.delete(keyOf(userId, provider), limitsIn("remove", options)),
  };
  return { oauth, finish };

  /**
   * What of an answer is stored. Without a usable expiry it is stored all the same: a provider that
   * rotates has taken the old refresh token back.
   */
  function usable(
    answer: unknown,
    call: CallContext,
  ): { fresh: FreshToken; expiryIssue: string | undefined } {
    const given = (typeof answer === "object" && answer !== null ? answer : {}) as RefreshedToken;
    const { accessToken, refreshToken, expiryDate } = given;
    const expiryIssue = expiryRule(expiryDate);
    const isTime = typeof expiryDate === "number" && !isNoTime(expiryDate) && !expiryIssue;
    const { issues } = checkPayload(tokens().model.payload, { accessToken, refreshToken });
    const found =
      accessToken === "" ? [{ path: "data.accessToken", message: "is empty" }] : [...issues];
    if (found.length === 0) {
      const rotated = refreshToken ? { refreshToken } : {};
      const fresh = { accessToken, expiryDate: isTime ? expiryDate : null, ...rotated };
      return { fresh, expiryIssue };
    }
    throw invalid(
      call,
      found.map(({ path, message }) => ({ path: path.replace("data", "refresh()"), message })),
    );
  }
}

/** What a refresh brought, as it is stored. */
interface FreshToken {
  readonly accessToken: string;
  readonly expiryDate: number | null;
  /** Set where the provider rotated it. */
  readonly refreshToken?: string;
}

/** A number that is no time, and that DynamoDB could not hold: `Date.now() + undefined * 1000`. */
function isNoTime(value: unknown): boolean {
  return typeof value === "number" && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER);
}

/** Numbers up to here are seconds, or a span of time: as milliseconds they lie before March 1973. */
const longestSeconds = 1e11;

/**
 * What is wrong with an expiry that somebody gives, in words. Taken as it is, it would count as
 * expired: every later call would refresh.
 */
function expiryRule(value: unknown): string | undefined {
  const rule = "must be a number of epoch milliseconds";
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") return `${rule}, not ${kindOf(value)}`;
  if (value > 0 && value <= longestSeconds) {
    return `${rule}: this one is in seconds, or a span of time`;
  }
  // An infinite one, or one beyond 2^53, is no time, and counts as not known; the greatest integer of all
  // is somebody's word for "never".
  const isMicroseconds = value > latestTime && value < Number.MAX_SAFE_INTEGER;
  return isMicroseconds ? `${rule}: this one is in microseconds, or finer` : undefined;
}

function kindOf(value: unknown): string {
  if (Object.prototype.toString.call(value) === "[object Date]") return "a Date (use getTime())";
  return typeof value === "string"
    ? "a text"
    : typeof value === "object"
      ? "an object"
      : `a ${typeof value}`;
}

/** The provider may have taken the old refresh token back: the new one must not be lost to a wrong date. */
function storedWithout(rule: string, context: CallContext): DynamoDBError {
  const message = `${rule}; the new token is stored without it and counts as expired`;
  const error = invalid(context, [{ path: "refresh().expiryDate", message }]);
  error.mayHaveBeenDone = true;
  return error;
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

/** The options, each read once. */
function optionsOf(given: ValidTokenOptions, context: CallContext): ValidTokenOptions {
  const limits = limitsOf(context, given, validTokenOptionNames);
  const { refresh, marginMs, leaseMs } = given ?? {};
  return { refresh, marginMs, leaseMs, ...limits };
}

function checkOptions(options: ValidTokenOptions, context: CallContext): void {
  const issues: ValidationIssue[] = [];
  const { marginMs = 0, leaseMs = 1 } = options ?? {};
  if (!(Number.isFinite(marginMs) && marginMs >= 0)) {
    issues.push({ path: "marginMs", message: "must be a number of milliseconds from 0" });
  }
  if (!(Number.isFinite(leaseMs) && leaseMs > 0)) {
    issues.push({ path: "leaseMs", message: "must be a number of milliseconds > 0" });
  }
  if (typeof options?.refresh !== "function")
    issues.push({ path: "refresh", message: "must be a function" });
  if (issues.length > 0) throw invalid(context, issues);
}

function dataOf(raw: RawItem): OAuthTokenData {
  // A token's payload is read as it is; what it lacks counts as expired.
  return (raw.Data ?? {}) as OAuthTokenData;
}

/** Whether the token is the one that was seen, and stored in other bytes. */
function isEncryptedAnew(seen: RawItem, now: RawItem): boolean {
  const [before, after] = [dataOf(seen), dataOf(now)];
  return (
    before.accessToken === after.accessToken &&
    before.refreshToken === after.refreshToken &&
    storedValueOf(seen, "accessToken") !== storedValueOf(now, "accessToken")
  );
}

/** A condition: the stored token is still the one that was seen, compared as it is stored. */
function isToken(own: Placeholders, seen: RawItem): string {
  const path = own.path(["accessToken"]);
  const accessToken = storedValueOf(seen, "accessToken");
  return accessToken === undefined
    ? `attribute_exists(${own.name(attribute.partitionKey)}) AND attribute_not_exists(${path})`
    : `${path} = ${own.value(accessToken)}`;
}

/** Only a number of milliseconds in the future counts; anything else is expired. */
function isExpired({ accessToken, expiryDate }: OAuthTokenData, at: number): boolean {
  if (typeof accessToken !== "string" || accessToken === "") return true;
  return !(typeof expiryDate === "number" && expiryDate > at);
}
