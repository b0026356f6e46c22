/** When a token expires, and which values are no expiry at all. */
import type { OAuthTokenData } from "../../entities/oauth-token.js";
import { latestTime } from "../../src/entity/times.js";

/** Whether it is a number but no time, such as `Date.now() + undefined * 1000`. DynamoDB may refuse it. */
export function isNoTime(value: unknown): boolean {
  return typeof value === "number" && !(Math.abs(value) <= Number.MAX_SAFE_INTEGER);
}

/** Numbers up to this are seconds, or a duration: as milliseconds they would be before March 1973. */
const longestSeconds = 1e11;

/**
 * What is wrong with a given expiry, if anything. If it were stored, the token would count as expired,
 * and every later call would refresh it.
 */
export function expiryRule(value: unknown): string | undefined {
  const rule = "must be a number of epoch milliseconds";
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") return `${rule}, not ${kindOf(value)}`;
  if (value > 0 && value <= longestSeconds) {
    return `${rule}: this one looks like seconds or a duration`;
  }
  // Infinity, or a number beyond 2^53, is no time and counts as not known. The greatest safe integer is
  // used for "never".
  const isMicroseconds = value > latestTime && value < Number.MAX_SAFE_INTEGER;
  return isMicroseconds ? `${rule}: this one looks like microseconds or nanoseconds` : undefined;
}

function kindOf(value: unknown): string {
  if (Object.prototype.toString.call(value) === "[object Date]") return "a Date (use getTime())";
  if (typeof value === "string") return "a string";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** Whether a token is expired: unless its expiry is a number of milliseconds in the future. */
export function isExpired({ accessToken, expiryDate }: OAuthTokenData, at: number): boolean {
  if (typeof accessToken !== "string" || accessToken === "") return true;
  return !(typeof expiryDate === "number" && expiryDate > at);
}
