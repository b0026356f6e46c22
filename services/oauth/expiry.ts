/** When a token expires, and what counts as no expiry at all. */
import type { OAuthTokenData } from "../../entities/oauth-token.js";
import { latestTime } from "../../src/entity/input.js";

/** A number that is no time, and that DynamoDB could not hold: `Date.now() + undefined * 1000`. */
export function isNoTime(value: unknown): boolean {
  return typeof value === "number" && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER);
}

/** Numbers up to here are seconds, or a span of time: as milliseconds they lie before March 1973. */
const longestSeconds = 1e11;

/**
 * What is wrong with a given expiry, in words. Stored as it is, it would count as expired, and every
 * later call would refresh.
 */
export function expiryRule(value: unknown): string | undefined {
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
  if (typeof value === "string") return "a text";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Only a number of milliseconds in the future counts; anything else is expired. */
export function isExpired({ accessToken, expiryDate }: OAuthTokenData, at: number): boolean {
  if (typeof accessToken !== "string" || accessToken === "") return true;
  return !(typeof expiryDate === "number" && expiryDate > at);
}
