import { configure, type Definition, Entity, type Item, type Payload } from "./definition.js";
import { documentTimes, payloadOf, profileFields, z } from "./payload.js";
import { byKey, data, keyPart, model, times } from "./schema.js";

const payload = payloadOf(() => ({
  id: z.string().optional(),
  ...profileFields(),
  ...documentTimes(),
}));

/** The payload of `data.realEstateAgentProfile`: how an agent presents themselves. */
export type RealEstateAgentProfileData = Payload<typeof payload>;

const schema = () => ({
  model: model("RealEstateAgentProfile"),
  attributes: {
    userId: keyPart,
    agentProfileId: keyPart,
    data: data<RealEstateAgentProfileData>(payload),
    ...times,
  },
  indexes: {
    byKey: byKey("USER#${userId}", "AGENT#${agentProfileId}", { collection: "workspace" }),
  },
});

/** How an agent presents themselves: `USER#<userId>` / `AGENT#<agentProfileId>`. A first save may lack name and bio. */
export const realEstateAgentProfile: Definition<typeof payload, typeof schema> = {
  payload,
  schema,
  entity: (config) => new Entity(schema(), configure(config)),
};

/** An item of `data.realEstateAgentProfile`: how an agent presents themselves. */
export type RealEstateAgentProfile = Item<
  typeof realEstateAgentProfile,
  RealEstateAgentProfileData
>;
