/** Storing the token of a consent. */
import type { OAuthToken, OAuthTokenData } from "../../entities/oauth-token.js";
import { type CallOptions, perform, reading } from "../../src/call/call.js";
import { keyContext } from "../../src/entity/model.js";
import { describe } from "../../src/errors/context.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { ItemNotFoundError } from "../../src/errors/item-not-found-error.js";
import { invalid } from "../../src/errors/validation-error.js";
import { nameOf } from "../../src/errors/words.js";
import type { StoreInternals } from "../../src/store/entity-store.js";
import { isForeignFailure } from "../../src/write/write.js";
import { expiryRule, isNoTime } from "./expiry.js";

const operation = "oauth.store";

/** Rounds of merge or create. More of them mean that others keep storing and removing the token. */
const mostRounds = 4;

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
    const given = isMap ? { ...token, ...(isNoTime(expiryDate) && { expiryDate: null }) } : token;
    const rule = expiryRule(expiryDate);
    if (rule !== undefined) throw invalid(call, [{ path: "data.expiryDate", message: rule }]);
    writes.input.draft({ ...key, data: given }, call);
    return given;
  });
  const { refreshToken, ...rest } = data;
  // If the expiry is not known, the old token's must not stay.
  const changes = {
    ...rest,
    expiryDate: data.expiryDate ?? null,
    ...(refreshToken && { refreshToken }),
  };
  return perform(call, options, async (underWay) => {
    for (let round = 0; round < mostRounds; round += 1) {
      try {
        return (await run(writes.update(key, changes), underWay)) as OAuthToken;
      } catch (error) {
        if (!(error instanceof ItemNotFoundError)) throw error;
      }
      try {
        return (await run(writes.create({ ...key, data }), underWay)) as OAuthToken;
      } catch (error) {
        // Another consent was stored in between, and is merged into. An item that is no token is not.
        if (nameOf(error) !== "ConditionalCheckFailedException" || isForeignFailure(error)) {
          throw error;
        }
      }
    }
    const rule = "others stored and removed the token all the time";
    throw new DynamoDBError({
      message: describe(call, rule),
      code: "WriteContention",
      retryable: true,
    });
  });
}
