/** The way to a valid token: read it, take the lease, ask the provider, store what it answered. */
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

/** Between two looks at a token that another refreshes, in ms. */
const pollMs = 200;

/** A token that is valid by the settings' margin, or what the caller's `refresh` threw. */
export async function validTokenOf(
  context: TokenContext,
  key: RawKey,
  settings: RefreshSettings,
  flight: Flight,
  { signal, ...call }: Call,
): Promise<Landing> {
  const { transport, clock, cipher } = context;
  const left = flight.abandoned;
  // Who began it without limits stays to the end, and a read without a signal is a cheaper one.
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
    // Its own token is there where the answer to the first attempt to store it was lost.
    const isOwn = own !== undefined && data.accessToken === own;
    if (isOwn || !isExpired(data, clock.now() + settings.marginMs)) return shown(data);
    const { refreshToken } = data;
    if (!refreshToken) throw consentNeeded(call.context);
    // A token that could not be stored must not be asked for: the provider may take the old one back.
    if (cipher !== undefined) await transport.within(currentKeyFor(cipher, call.context), left);
    left.throwIfAborted();
    flight.commit();
    const claimedAt = performance.now();
    const lease = { holder, leaseMs: settings.leaseMs };
    if (!(await claim(context, key, seen, lease, call))) {
      flight.release();
      await transport.pause(pollMs, left);
      continue;
    }
    const answer = await answerOf(context, key, seen, { ...settings, holder, refreshToken }, call);
    if (answer instanceof RefreshFailure) return answer;
    const { fresh, expiryIssue } = answer;
    const leaseEnds = claimedAt + settings.leaseMs;
    const kept = await keepWhileLeased(context, key, seen, fresh, leaseEnds, call);
    if (kept === "stored" && expiryIssue !== undefined) {
      throw storedWithout(expiryIssue, call.context);
    }
    if (kept !== "overtaken") return shown({ ...data, ...fresh });
    // Someone stored another token while this one was on its way: that one counts.
    own = fresh.accessToken;
    await giveBack(context, key, holder, call);
  }
}

/** What the provider answered; the lease is given back where that is nothing to store. */
async function answerOf(
  context: TokenContext,
  key: RawKey,
  seen: RawItem,
  lease: RefreshSettings & { readonly holder: string; readonly refreshToken: string },
  call: Call,
): Promise<{ fresh: FreshToken; expiryIssue: string | undefined } | RefreshFailure> {
  const { closing } = context.transport;
  const { userId = "", provider = "" } = itemOf(context.model(), seen) as {
    userId?: string;
    provider?: string;
  };
  try {
    const answer = await askProvider(lease, lease.refreshToken, { userId, provider }, closing);
    return usable(answer, context.model().payload, call.context);
  } catch (error) {
    if (closing.aborted) throw new AbortedError("the data layer is closed");
    await giveBack(context, key, lease.holder, call);
    // What the caller's own function threw is the caller's: it is not mapped.
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
