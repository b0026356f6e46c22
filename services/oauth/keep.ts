/** Storing the refreshed token: the provider may have revoked the old refresh token. */
import type { Call } from "../../src/call/call.js";
import { Placeholders } from "../../src/conditions/placeholders.js";
import { fieldValue } from "../../src/secrets/secret-value.js";
import { attribute, type RawItem, type RawKey } from "../../src/table/table.js";
import { growthOf, writtenAt } from "../../src/write/updated-at.js";
import type { FreshToken } from "./provider.js";
import {
  isEncryptedAnew,
  isToken,
  readTokenIfThere,
  type TokenContext,
  updateIf,
} from "./token-item.js";

/** The pauses between attempts to store a new token, in ms: each is twice the last, up to the longest. */
const firstPauseMs = 100;
const longestPauseMs = 2_000;

/** What became of a fresh token. `overtaken`: another token was stored before it. */
export type Kept = "stored" | "overtaken" | "lost";

/**
 * Stores a fresh token. It tries until the lease ends, whatever the failure, because a token that is not
 * stored by then is lost. Each attempt is a request of its own, which the retry budget lets through.
 * If the lease ends first, the caller still gets the access token, which is valid, and an event reports
 * that it was not stored.
 * @param leaseEnds in ms of `performance.now()`, which a change of the system's clock does not affect
 */
export async function keepWhileLeased(
  context: TokenContext,
  key: RawKey,
  seen: RawItem,
  fresh: FreshToken,
  leaseEnds: number,
  call: Call,
): Promise<Kept> {
  const { transport } = context;
  const startedAt = performance.now();
  for (let attempts = 1; ; attempts += 1) {
    try {
      return (await keepThrough(context, key, seen, fresh, call)) ? "stored" : "overtaken";
    } catch {
      const waitMs = Math.min(firstPauseMs * 2 ** (attempts - 1), longestPauseMs);
      const left = leaseEnds - performance.now();
      if (left > 0 && !transport.closing.aborted) {
        // `close` ends the pause; the next attempt is the last one then, and finds the layer closed.
        await transport.pause(Math.min(waitMs, left)).catch(() => undefined);
        continue;
      }
      transport.report({
        request: "Update",
        operation: call.context.operation,
        entity: call.context.entity,
        table: context.tableName,
        index: undefined,
        batchSize: undefined,
        attempts,
        throttles: 0,
        durationMs: performance.now() - startedAt,
        consumedCapacity: undefined,
        error: "TokenNotStored",
        hedged: false,
        budgetSpent: false,
      });
      return "lost";
    }
  }
}

/**
 * Stores it even if the stored token was encrypted again meanwhile: it is then the same token in
 * other
 * bytes, and the fresh one must not be lost because of that.
 */
async function keepThrough(
  context: TokenContext,
  key: RawKey,
  seen: RawItem,
  fresh: FreshToken,
  call: Call,
): Promise<boolean> {
  for (let stored = seen; ; ) {
    if (await keep(context, key, stored, fresh, call)) return true;
    const now = await readTokenIfThere(context, key, call);
    if (now === undefined || !isEncryptedAnew(stored, now)) return false;
    stored = now;
  }
}

/** Stores a fresh token, unless another one has been stored meanwhile. */
async function keep(
  context: TokenContext,
  key: RawKey,
  seen: RawItem,
  fresh: FreshToken,
  call: Call,
): Promise<boolean> {
  const own = new Placeholders();
  const freshValue = (field: "accessToken" | "refreshToken") =>
    own.value(fieldValue(context.model(), key, field, fresh[field]));
  const accessToken = own.path(["accessToken"]);
  const sets = [
    // Added to the stored time: an update of another field may have written the token since it was
    // seen, and UpdatedAt must be later than that write, too.
    writtenAt(own, growthOf(context.clock, seen, "always")),
    `${accessToken} = ${freshValue("accessToken")}`,
    `${own.path(["expiryDate"])} = ${own.value(fresh.expiryDate)}`,
    ...(fresh.refreshToken !== undefined
      ? [`${own.path(["refreshToken"])} = ${freshValue("refreshToken")}`]
      : []),
  ];
  const expressions = {
    UpdateExpression: `SET ${sets.join(", ")} REMOVE ${own.name(attribute.leaseHolder)}, ${own.name(attribute.leaseUntil)}`,
    ConditionExpression: isToken(own, seen),
  };
  return updateIf(context, key, expressions, own, call);
}
