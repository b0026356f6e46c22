/** The provider's part of a refresh: the caller's function is called, and its response checked. */
import type { CallContext } from "../../src/errors/context.js";
import type { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { invalid, invalidAt, type ValidationIssue } from "../../src/errors/validation-error.js";
import { firstOf, longestTimerMs, orAborted } from "../../src/runtime/signals.js";
import { checkPayload, type PayloadRules } from "../../src/values/payload.js";
import { expiryRule, isNoTime } from "./expiry.js";
import type { RefreshedToken, RefreshSettings } from "./options.js";

/** A refreshed token, as it is stored. */
export interface FreshToken {
  readonly accessToken: string;
  readonly expiryDate: number | null;
  /** Set if the provider rotated it. */
  readonly refreshToken?: string;
}

/**
 * Calls the caller's `refresh` for as long as the lease holds and the data layer is open.
 * @param closing aborted when the data layer is closed
 */
export async function askProvider(
  { refresh, leaseMs }: RefreshSettings,
  refreshToken: string,
  owner: { readonly userId: string; readonly provider: string },
  closing: AbortSignal,
): Promise<RefreshedToken> {
  const lapsed = new AbortController();
  const end = () => lapsed.abort(new DOMException("the lease has lapsed", "TimeoutError"));
  const timer = setTimeout(end, Math.min(Math.ceil(leaseMs), longestTimerMs));
  const limit = firstOf(closing, lapsed.signal);
  try {
    // A response after the lease has lapsed still counts, unless somebody else has stored a token.
    const answer = refresh(refreshToken, { ...owner, signal: limit.signal });
    return await orAborted(Promise.resolve(answer), closing);
  } finally {
    limit.release();
    clearTimeout(timer);
  }
}

/**
 * What of a response is stored. It is stored even without a usable expiry, because a provider that
 * rotates refresh tokens has revoked the old one.
 * @throws ValidationError if it is no token
 */
export function usable(
  answer: unknown,
  payload: PayloadRules,
  context: CallContext,
): { readonly fresh: FreshToken; readonly expiryIssue: string | undefined } {
  const given = (typeof answer === "object" && answer !== null ? answer : {}) as RefreshedToken;
  const { accessToken, refreshToken, expiryDate } = given;
  const expiryIssue = expiryRule(expiryDate);
  const isTime = typeof expiryDate === "number" && !isNoTime(expiryDate) && !expiryIssue;
  const issues: readonly ValidationIssue[] =
    accessToken === ""
      ? [{ path: "data.accessToken", message: "is empty" }]
      : checkPayload(payload, { accessToken, refreshToken }).issues;
  if (issues.length > 0) {
    const named = issues.map(({ path, message }) => ({
      path: path.replace("data", "refresh()"),
      message,
    }));
    throw invalid(context, named);
  }
  const rotated = refreshToken ? { refreshToken } : {};
  const fresh = { accessToken, expiryDate: isTime ? expiryDate : null, ...rotated };
  return { fresh, expiryIssue };
}

/** The error of a token with a wrong expiry. It was stored, because its refresh token must not be lost. */
export function storedWithout(rule: string, context: CallContext): DynamoDBError {
  const message = `${rule}; the new token is stored without it and counts as expired`;
  const error = invalidAt(context, "refresh().expiryDate", message);
  error.mayHaveBeenDone = true;
  return error;
}
