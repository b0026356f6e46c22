import { configure, type Definition, Entity, type Item, type Payload } from "./definition.js";
import { documentTimes, optionalText, payloadOf, z } from "./payload.js";
import { byKey, data, keyPart, model, times } from "./schema.js";

const payload = payloadOf(() => ({
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
  ...documentTimes(),
}));

/** The payload of `data.competitor`: a competitor whom a user tracks. */
export type CompetitorData = Payload<typeof payload>;

const schema = () => ({
  model: model("Competitor"),
  attributes: {
    userId: keyPart,
    competitorId: keyPart,
    data: data<CompetitorData>(payload),
    ...times,
  },
  indexes: {
    byKey: byKey("USER#${userId}", "COMPETITOR#${competitorId}", { collection: "workspace" }),
  },
});

/** A competitor whom a user tracks: `USER#<userId>` / `COMPETITOR#<competitorId>`. The figures may be missing. */
export const competitor: Definition<typeof payload, typeof schema> = {
  payload,
  schema,
  entity: (config) => new Entity(schema(), configure(config)),
};

/** An item of `data.competitor`: a competitor whom a user tracks. */
export type Competitor = Item<typeof competitor, CompetitorData>;
