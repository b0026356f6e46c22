/** Storing what the provider answered: it may have taken the old refresh token back. */
import type { Call } from "../../src/call/call.js";
import { Placeholders } from "../../src/conditions/placeholders.js";
import { fieldValue } from "../../src/secrets/secret-value.js";
import { attribute, type RawItem, type RawKey } from "../../src/table/table.js";
import { storedTime } from "../../src/write/updated-at.js";
import type { FreshToken } from "./provider.js";
import {
  isEncryptedAnew,
  isToken,
  readTokenIfThere,
  type TokenContext,
  updateIf,
} from "./token-item.js";

/** Between two attempts to store a new token, in ms: doubled up to the longest. */
const firstPauseMs = 100;
const longestPauseMs = 2_000;

/** What became of a fresh token: another token came first (`overtaken`), or none could be stored. */
export type Kept = "stored" | "overtaken" | "lost";

/**
 * Stores what the refresh brought, again and again until the lease ends, whatever the failure: what is
 * not stored then is lost. It is a request of its own each time, which the retry budget lets through.
 * Where the lease ends first, the access token is still good: the caller gets it, and an event says that
 * it was not stored.
 * @param leaseEnds in ms of `performance.now()`, which no clock that is set changes
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
        // A close in the meantime ends the waiting; the last attempt then finds the layer closed.
        await transport.pause(Math.min(waitMs, left)).catch(() => undefined);
        continue;
      }
      transport.report({
        request: "Update",
        operation: call.context.operation,
        entity: call.context.entity,
        table: context.tableName,
        attempts,
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
 * Stores it also where the token is encrypted anew meanwhile: it then reads the same and is stored
 * otherwise. What the refresh brought must not be lost to that.
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

/** Stores what the refresh brought, unless someone else has stored a token meanwhile. */
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
  const updatedAt = own.name(attribute.updatedAt);
  const now = context.clock.now();
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
  const expressions = {
    UpdateExpression: `SET ${sets.join(", ")} REMOVE ${own.name(attribute.leaseHolder)}, ${own.name(attribute.leaseUntil)}`,
    ConditionExpression: isToken(own, seen),
  };
  return updateIf(context, key, expressions, own, call);
}
