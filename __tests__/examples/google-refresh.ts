/**
 * A `refresh` for `data.oauth.validToken` that asks Google's token endpoint:
 *
 *     const refresh = googleRefresh({ clientId, clientSecret });
 *     const token = await data.oauth.validToken(userId, "GOOGLE_BUSINESS", { refresh });
 *
 * Any provider that speaks OAuth 2 (RFC 6749, section 6) can be asked in this way.
 */
import type { RefreshToken } from "bayon-coagent-data";

export interface GoogleRefreshOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** @default "https://oauth2.googleapis.com/token" */
  readonly endpoint?: string;
  /** How long Google may take to answer, in ms; below `leaseMs` of `validToken`. @default 10000 */
  readonly timeoutMs?: number;
}

/** Google gave no token. No message and no property holds a token or the client's secret. */
export class GoogleRefreshError extends Error {
  override readonly name = "GoogleRefreshError";
  /** OAuth's own code such as `invalid_grant`, else `no_answer` or `bad_answer`. */
  readonly code: string;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;

  constructor(message: string, code: string, status?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
  }

  /** The user revoked the consent, or it lapsed: only a new one helps. */
  get consentNeeded(): boolean {
    return this.code === "invalid_grant";
  }
}

/**
 * Makes the function that `validToken` calls: one HTTP request, no retry.
 * @throws GoogleRefreshError, or the reason of `signal`, which `validToken` ends with the lease
 */
export function googleRefresh({
  clientId,
  clientSecret,
  endpoint = "https://oauth2.googleapis.com/token",
  timeoutMs = 10_000,
}: GoogleRefreshOptions): RefreshToken {
  return async (refreshToken, { signal }) => {
    const askedAt = Date.now();
    const deadline = AbortSignal.timeout(timeoutMs);
    const ending = AbortSignal.any([signal, deadline]);
    let status: number;
    let text: string;
    try {
      const response = await fetch(endpoint, {
        method: "POST",
        headers: { accept: "application/json" },
        // Sent as application/x-www-form-urlencoded.
        body: new URLSearchParams({
          grant_type: "refresh_token",
          refresh_token: refreshToken,
          client_id: clientId,
          client_secret: clientSecret,
        }),
        // The secrets are for this endpoint and for no other.
        redirect: "error",
        signal: ending,
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      signal.throwIfAborted();
      const rule = deadline.aborted ? ` within ${timeoutMs} ms` : "";
      throw new GoogleRefreshError(`Google did not answer${rule}`, "no_answer", undefined, error);
    }
    const answer = fieldsOf(text);
    if (status !== 200) throw refusal(status, answer.error);
    const { access_token: accessToken, refresh_token: rotated } = answer;
    if (typeof accessToken !== "string" || accessToken === "") {
      throw new GoogleRefreshError("Google answered without a token", "bad_answer", status);
    }
    const seconds = Number(answer.expires_in);
    return {
      accessToken,
      // Google keeps the refresh token as a rule; one that it sends replaces the stored one.
      refreshToken: typeof rotated === "string" ? rotated : undefined,
      // From before the request, so that the token is never thought to live longer than it does.
      expiryDate: seconds > 0 ? askedAt + seconds * 1_000 : undefined,
    };
  };
}

/** The fields of a JSON object; none where the text is something else, a proxy's page for instance. */
function fieldsOf(text: string): Record<string, unknown> {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === "object" && answer !== null ? { ...answer } : {};
  } catch {
    // The status tells what there is to tell.
    return {};
  }
}

function refusal(status: number, error: unknown): GoogleRefreshError {
  // An answer may repeat what was sent: only what looks like one of OAuth's codes is shown.
  const code = typeof error === "string" && /^[a-z_]{1,40}$/.test(error) ? error : "bad_answer";
  const why =
    code === "invalid_grant"
      ? "the consent was revoked or has lapsed, and the user must give it again"
      : `HTTP ${status}`;
  return new GoogleRefreshError(`Google refused the refresh (${code}): ${why}`, code, status);
}
