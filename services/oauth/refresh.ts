/** The way to a valid token: read it, take the lease, ask the provider, store the response. */
import { randomUUID } from "node:crypto";
import type { OAuthTokenData } from "../../entities/oauth-token.js";
import type { Call } from "../../src/call/call.js";
import { itemOf } from "../../src/entity/item.js";
import { AbortedError } from "../../src/errors/aborted-error.js";
import { type CallContext, describe, withContext } from "../../src/errors/context.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { currentKeyFor } from "../../src/secrets/encryption.js";
import { showsMasked } from "../../src/secrets/masking.js";
import type { RawItem, RawKey } from "../../src/table/table.js";
import { isExpired } from "./expiry.js";
import { type Flight, type Landing, RefreshFailure } from "./flights.js";
import { keepWhileLeased } from "./keep.js";
import { claim, giveBack } from "./lease.js";
import type { RefreshSettings } from "./options.js";
import { askProvider, type FreshToken, storedWithout, usable } from "./provider.js";
import { dataOf, readToken, type TokenContext } from "./token-item.js";

/** The interval between two reads of a token that somebody else refreshes, in ms. */
const pollMs = 200;

/** A token that is valid by the given margin, or what the caller's `refresh` threw. */
export async function validTokenOf(
  context: TokenContext,
  key: RawKey,
  settings: RefreshSettings,
  flight: Flight,
  { signal, ...call }: Call,
): Promise<Landing> {
  const { clock } = context;
  const left = flight.abandoned;
  // A caller without limits waits to the end anyway, and a read without a signal is cheaper.
  const readCall: Call = signal === undefined ? call : { ...call, signal: left };
  const holder = randomUUID();
  const shown = (token: OAuthTokenData): Landing => ({
    token: showsMasked(context.model().secrets, token),
  });
  let own: string | undefined;
  for (;;) {
    flight.release();
    left.throwIfAborted();
    const seen = await readToken(context, key, readCall);
    const data = dataOf(seen);
    // Its own token is there if the response to an attempt to store it was lost.
    const isOwn = own !== undefined && data.accessToken === own;
    if (isOwn || !isExpired(data, clock.now() + settings.marginMs)) return shown(data);
    const { refreshToken } = data;
    if (!refreshToken) throw consentNeeded(call.context);
    const lease = { ...settings, holder, refreshToken };
    const leaseEnds = await takeLease(context, key, seen, lease, flight, call);
    if (leaseEnds === undefined) continue;
    const answer = await answerOf(context, key, seen, lease, call);
    if (answer instanceof RefreshFailure) return answer;
    const { fresh, expiryIssue } = answer;
    const kept = await keepWhileLeased(context, key, seen, fresh, leaseEnds, call);
    if (kept === "stored" && expiryIssue !== undefined) {
      throw storedWithout(expiryIssue, call.context);
    }
    if (kept !== "overtaken") return shown({ ...data, ...fresh });
    // Somebody stored another token in the meantime, and that one counts.
    own = fresh.accessToken;
    await giveBack(context, key, holder, call);
  }
}

/** A lease on a token, and what its holder does with it. */
interface Lease extends RefreshSettings {
  readonly holder: string;
  readonly refreshToken: string;
}

/**
 * Takes the lease on a token. If somebody else holds it, waits until it is time to read the token again.
 * @returns when the lease ends, in ms of `performance.now()`; `undefined` if it was not taken
 */
async function takeLease(
  context: TokenContext,
  key: RawKey,
  seen: RawItem,
  lease: Lease,
  flight: Flight,
  call: Call,
): Promise<number | undefined> {
  const { transport, cipher } = context;
  const left = flight.abandoned;
  // A token must not be requested if it could not be stored: the provider may revoke the old one.
  if (cipher !== undefined) await transport.within(currentKeyFor(cipher, call.context), left);
  left.throwIfAborted();
  flight.commit();
  const claimedAt = performance.now();
  if (await claim(context, key, seen, lease, call)) return claimedAt + lease.leaseMs;
  flight.release();
  await transport.pause(pollMs, left);
  return undefined;
}

/** The provider's response. If there is nothing to store, the lease is given back. */
async function answerOf(
  context: TokenContext,
  key: RawKey,
  seen: RawItem,
  lease: Lease,
  call: Call,
): Promise<{ fresh: FreshToken; expiryIssue: string | undefined } | RefreshFailure> {
  const { closing } = context.transport;
  // The parts of its key: no item is without them.
  const { userId, provider } = itemOf(context.model(), seen) as unknown as {
    userId: string;
    provider: string;
  };
  try {
    const answer = await askProvider(lease, lease.refreshToken, { userId, provider }, closing);
    return usable(answer, context.model().payload, call.context);
  } catch (error) {
    if (closing.aborted) throw new AbortedError("the data layer is closed");
    await giveBack(context, key, lease.holder, call);
    // What the caller's own function threw is passed on unchanged.
    return new RefreshFailure(error);
  }
}

function consentNeeded(context: CallContext): DynamoDBError {
  const rule = "the token expired and there is no refresh token: the user must consent again";
  return withContext(
    new DynamoDBError({ message: describe(context, rule), code: "RefreshTokenMissing" }),
    context,
  );
}
