import { configure, type Definition, Entity, type Item, type Payload } from "./definition.js";
import { documentTimes, optionalText, payloadOf, timestamp, z } from "./payload.js";
import { byKey, data, keyPart, model, times } from "./schema.js";

const payload = payloadOf(
  () => ({
    accessToken: z.string(),
    refreshToken: optionalText(),
    /** Epoch milliseconds; anything else counts as expired. */
    expiryDate: timestamp().optional(),
    agentProfileId: optionalText(),
    provider: optionalText(),
    ...documentTimes(),
  }),
  ["accessToken", "refreshToken"],
);

/** The payload of `data.oauthToken`: a user's tokens at a provider. */
export type OAuthTokenData = Payload<typeof payload>;

const schema = () => ({
  model: model("OAuthToken"),
  attributes: {
    userId: keyPart,
    provider: { ...keyPart, default: "GOOGLE_BUSINESS" as const },
    data: data<OAuthTokenData>(payload),
    ...times,
  },
  indexes: {
    byKey: byKey("OAUTH#${userId}", "${provider}"),
  },
});

/** A user's tokens at a provider: `OAUTH#<userId>` / `<provider>`. Its values are secrets. */
export const oauthToken: Definition<typeof payload, typeof schema> = {
  payload,
  schema,
  entity: (config) => new Entity(schema(), configure(config)),
};

/** An item of `data.oauthToken`: a user's tokens at a provider. */
export type OAuthToken = Item<typeof oauthToken, OAuthTokenData>;
