import { CustomAttributeType, Entity } from "electrodb";
import { attribute, keyTemplates } from "../src/table/table.js";
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
  textList,
  times,
  timestamp,
  z,
} from "./shared.js";

const payload = lazily(() =>
  z.looseObject({
    id: z.string().optional(),
    email: optionalText(),
    displayName: optionalText(),
    givenName: optionalText(),
    familyName: optionalText(),
    role: optionalText(),
    permissions: textList().nullish(),
    name: optionalText(),
    bio: optionalText(),
    photoURL: optionalText(),
    licenses: textList().nullish(),
    certifications: z.union([textList(), z.string()]).nullish(),
    yearsOfExperience: z.union([z.number(), z.string()]).nullish(),
    transactionHistory: z.union([z.number(), z.string()]).nullish(),
    zillowEmail: optionalText(),
    licenseNumber: optionalText(),
    phone: optionalText(),
    address: optionalText(),
    agencyName: optionalText(),
    website: optionalText(),
    linkedin: optionalText(),
    twitter: optionalText(),
    facebook: optionalText(),
    domainAuthority: z.number().nullish(),
    teamId: optionalText(),
    createdAt: timestamp().optional(),
    updatedAt: timestamp().optional(),
  }),
);

/** The payload of `data.userProfile`: a user's account. */
export type UserProfileData = Payload<ReturnType<typeof payload>>;

/** A user's account: `USER#<userId>` / `PROFILE`. Documents with a photo alone occur, so nothing is required. */
export const userProfile = {
  get payload() {
    return payload();
  },
  entity: (config: EntityConfig) =>
    new Entity(
      {
        model: model("UserProfile"),
        attributes: {
          userId: keyPart,
          data: {
            type: CustomAttributeType<UserProfileData>("any"),
            field: attribute.data,
          },
          ...times,
        },
        indexes: {
          byKey: {
            collection: "workspace",
            pk: key(attribute.partitionKey, ["userId"], keyTemplates.UserProfile.pk),
            sk: key(attribute.sortKey, [], keyTemplates.UserProfile.sk),
          },
        },
      },
      configure(config),
    ),
};

/** An item of `data.userProfile`: a user's account. */
export type UserProfile = Item<typeof userProfile, UserProfileData>;
