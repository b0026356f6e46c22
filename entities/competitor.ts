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
  times,
  timestamp,
  z,
} from "./shared.js";

const payload = lazily(() =>
  z.looseObject({
    id: z.string().optional(),
    name: z.string(),
    agency: optionalText(),
    reviewCount: z.number().nullish(),
    avgRating: z.number().nullish(),
    socialFollowers: z.number().nullish(),
    domainAuthority: z.number().nullish(),
    website: optionalText(),
    description: optionalText(),
    isYou: z.boolean().nullish(),
    createdAt: timestamp().optional(),
    updatedAt: timestamp().optional(),
  }),
);

/** The payload of `data.competitor`: a competitor whom a user tracks. */
export type CompetitorData = Payload<ReturnType<typeof payload>>;

/** A competitor whom a user tracks: `USER#<userId>` / `COMPETITOR#<competitorId>`. The figures may be missing. */
export const competitor = {
  get payload() {
    return payload();
  },
  entity: (config: EntityConfig) =>
    new Entity(
      {
        model: model("Competitor"),
        attributes: {
          userId: keyPart,
          competitorId: keyPart,
          data: {
            type: CustomAttributeType<CompetitorData>("any"),
            field: attribute.data,
          },
          ...times,
        },
        indexes: {
          byKey: {
            collection: "workspace",
            pk: key(attribute.partitionKey, ["userId"], keyTemplates.Competitor.pk),
            sk: key(attribute.sortKey, ["competitorId"], keyTemplates.Competitor.sk),
          },
        },
      },
      configure(config),
    ),
};

/** An item of `data.competitor`: a competitor whom a user tracks. */
export type Competitor = Item<typeof competitor, CompetitorData>;
