/** Storing the token of a consent. */
import type { OAuthToken, OAuthTokenData } from "../../entities/oauth-token.js";
import { type CallOptions, perform, reading } from "../../src/call/call.js";
import { keyContext } from "../../src/entity/model.js";
import { invalidAt } from "../../src/errors/validation-error.js";
import type { StoreInternals } from "../../src/store/entity-store.js";
import { expiryRule, isNoTime } from "./expiry.js";

const operation = "oauth.store";

/** Merges the token into a stored one, whose refresh token is then not lost, or creates it. */
export async function storeConsent(
  { model, writes: storeWrites, run }: StoreInternals,
  key: { readonly userId: string; readonly provider?: string },
  token: OAuthTokenData,
  options: CallOptions,
): Promise<OAuthToken> {
  const call = keyContext(model, operation, key);
  const writes = storeWrites.onBehalfOf(operation);
  const data = reading(call, () => {
    const expiryDate: unknown = token?.expiryDate;
    // Bytes have a member for each of them, and none that is a token's.
    const isMap =
      typeof token === "object" &&
      token !== null &&
      !Array.isArray(token) &&
      !ArrayBuffer.isView(token);
    const given = isMap && isNoTime(expiryDate) ? { ...token, expiryDate: null } : token;
    const rule = expiryRule(expiryDate);
    if (rule !== undefined) throw invalidAt(call, "data.expiryDate", rule);
    writes.input.draft({ ...key, data: given }, call);
    // A copy, so that a later change by the caller does not affect what is sent: of what has been
    // found to be no larger than an item.
    return { ...given };
  });
  const { refreshToken, ...rest } = data;
  // If the expiry is not known, the old token's must not stay.
  const changes = {
    ...rest,
    expiryDate: data.expiryDate ?? null,
    ...(refreshToken && { refreshToken }),
  };
  return perform(call, options, async (underWay) => {
    const token = await run(writes.upsert({ ...key, data }, changes), underWay);
    return token as unknown as OAuthToken;
  });
}
