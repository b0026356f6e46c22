import { configure, type Definition, Entity, type Item, type Payload } from "./definition.js";
import { documentTimes, optionalText, payloadOf, profileFields, textList, z } from "./payload.js";
import { byKey, data, keyPart, model, times } from "./schema.js";

const payload = payloadOf(() => ({
  id: z.string().optional(),
  email: optionalText(),
  displayName: optionalText(),
  givenName: optionalText(),
  familyName: optionalText(),
  role: optionalText(),
  permissions: textList().nullish(),
  ...profileFields(),
  ...documentTimes(),
}));

/** The payload of `data.userProfile`: a user's account. */
export type UserProfileData = Payload<typeof payload>;

const schema = () => ({
  model: model("UserProfile"),
  attributes: { userId: keyPart, data: data<UserProfileData>(payload), ...times },
  indexes: {
    byKey: byKey("USER#${userId}", "PROFILE", { collection: "workspace" }),
  },
});

/** A user's account: `USER#<userId>` / `PROFILE`. Documents with a photo alone occur, so nothing is required. */
export const userProfile: Definition<typeof payload, typeof schema> = {
  payload,
  schema,
  entity: (config) => new Entity(schema(), configure(config)),
};

/** An item of `data.userProfile`: a user's account. */
export type UserProfile = Item<typeof userProfile, UserProfileData>;
