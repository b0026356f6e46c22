import { CustomAttributeType, Entity } from "electrodb";
import { attribute, defaultProvider, keyTemplates } from "../src/table/table.js";
import {
  configure,
  type EntityConfig,
  type Item,
  key,
  keyPart,
  lazily,
  model,
  optionalText,
  type Payload,
  secret,
  times,
  timestamp,
  z,
} from "./shared.js";

const payload = lazily(() =>
  z.looseObject({
    accessToken: secret(z.string()),
    refreshToken: secret(optionalText()),
    /** Epoch milliseconds; anything else counts as expired. */
    expiryDate: timestamp().optional(),
    agentProfileId: optionalText(),
    provider: optionalText(),
    createdAt: timestamp().optional(),
    updatedAt: timestamp().optional(),
  }),
);

/** The payload of `data.oauthToken`: a user's tokens at a provider. */
export type OAuthTokenData = Payload<ReturnType<typeof payload>>;

/** A user's tokens at a provider: `OAUTH#<userId>` / `<provider>`. Its values are secrets. */
export const oauthToken = {
  get payload() {
    return payload();
  },
  entity: (config: EntityConfig) =>
    new Entity(
      {
        model: model("OAuthToken"),
        attributes: {
          userId: keyPart,
          provider: { ...keyPart, default: defaultProvider },
          data: {
            type: CustomAttributeType<OAuthTokenData>("any"),
            field: attribute.data,
          },
          ...times,
        },
        indexes: {
          byKey: {
            pk: key(attribute.partitionKey, ["userId"], keyTemplates.OAuthToken.pk),
            sk: key(attribute.sortKey, ["provider"], keyTemplates.OAuthToken.sk),
          },
        },
      },
      configure(config),
    ),
};

/** An item of `data.oauthToken`: a user's tokens at a provider. */
export type OAuthToken = Item<typeof oauthToken, OAuthTokenData>;
