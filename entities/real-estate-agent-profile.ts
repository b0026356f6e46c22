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

/** The payload of `data.realEstateAgentProfile`: how an agent presents themselves. */
export type RealEstateAgentProfileData = Payload<ReturnType<typeof payload>>;

/** How an agent presents themselves: `USER#<userId>` / `AGENT#<agentProfileId>`. A first save may lack name and bio. */
export const realEstateAgentProfile = {
  get payload() {
    return payload();
  },
  entity: (config: EntityConfig) =>
    new Entity(
      {
        model: model("RealEstateAgentProfile"),
        attributes: {
          userId: keyPart,
          agentProfileId: keyPart,
          data: {
            type: CustomAttributeType<RealEstateAgentProfileData>("any"),
            field: attribute.data,
          },
          ...times,
        },
        indexes: {
          byKey: {
            collection: "workspace",
            pk: key(attribute.partitionKey, ["userId"], keyTemplates.RealEstateAgentProfile.pk),
            sk: key(attribute.sortKey, ["agentProfileId"], keyTemplates.RealEstateAgentProfile.sk),
          },
        },
      },
      configure(config),
    ),
};

/** An item of `data.realEstateAgentProfile`: how an agent presents themselves. */
export type RealEstateAgentProfile = Item<
  typeof realEstateAgentProfile,
  RealEstateAgentProfileData
>;
