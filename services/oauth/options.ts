/** The options of `validToken`: the refresh, and the length of the lease on it. */
import { type CallOptions, limitsOf } from "../../src/call/call.js";
import { optionNames } from "../../src/call/options.js";
import type { CallContext } from "../../src/errors/context.js";
import { invalid, type ValidationIssue } from "../../src/errors/validation-error.js";

/** The provider's response to a refresh. */
export interface RefreshedToken {
  readonly accessToken: string;
  /** A new refresh token, if the provider rotates it. Without one, the stored one stays. */
  readonly refreshToken?: string | null | undefined;
  /**
   * Epoch milliseconds. If it is missing, null or NaN, the new token counts as expired at the next call.
   * Any other value (a Date, a text, seconds) is a ValidationError, after the token has been stored.
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
     * Aborted when the lease lapses, because another process may then refresh the same token, and 5 s
     * after `close()` of the data layer, which waits that long for the response to be stored.
     */
    readonly signal: AbortSignal;
  },
) => Promise<RefreshedToken>;

export interface ValidTokenOptions extends CallOptions {
  /** Called once per lease, however many callers and processes wait. What it throws is rethrown. */
  readonly refresh: RefreshToken;
  /** A token that expires within this many ms counts as expired. @default 60000 */
  readonly marginMs?: number | undefined;
  /** How long others wait for a refresh before they refresh themselves, in ms, > 0. @default 30000 */
  readonly leaseMs?: number | undefined;
}

/** The same with every default filled in. */
export interface RefreshSettings {
  readonly refresh: RefreshToken;
  readonly marginMs: number;
  readonly leaseMs: number;
}

const defaultMarginMs = 60_000;
const defaultLeaseMs = 30_000;

const validTokenOptionNames = optionNames<ValidTokenOptions>({
  refresh: true,
  marginMs: true,
  leaseMs: true,
  signal: true,
  timeoutMs: true,
});

/**
 * Reads each option once, and checks it.
 * @throws ValidationError
 */
export function readValidTokenOptions(
  given: ValidTokenOptions,
  context: CallContext,
): { readonly limits: CallOptions; readonly settings: RefreshSettings } {
  const limits = limitsOf(context, given, validTokenOptionNames);
  const { refresh, marginMs = defaultMarginMs, leaseMs = defaultLeaseMs } = given ?? {};
  const issues: ValidationIssue[] = [];
  if (!(Number.isFinite(marginMs) && marginMs >= 0)) {
    issues.push({ path: "marginMs", message: "must be a number of milliseconds from 0" });
  }
  if (!(Number.isFinite(leaseMs) && leaseMs > 0)) {
    issues.push({ path: "leaseMs", message: "must be a number of milliseconds > 0" });
  }
  if (typeof refresh !== "function") {
    issues.push({ path: "refresh", message: "must be a function" });
  }
  if (issues.length > 0) throw invalid(context, issues);
  return { limits, settings: { refresh, marginMs, leaseMs } };
}
