import {
  byKey,
  configure,
  data,
  Entity,
  type EntityConfig,
  keyPart,
  model,
  type Payload,
  times,
} from "bayon-coagent-data";
import { z } from "zod";

const payload = z.looseObject({ address: z.string(), startsAt: z.number() });
export interface OpenHouseData extends Payload<typeof payload> {}

const schema = () => ({
  model: model("OpenHouse"),
  attributes: {
    teamId: keyPart,
    openHouseId: keyPart,
    data: data<OpenHouseData>(payload),
    ...times,
  },
  indexes: {
    byKey: byKey("TEAM#${teamId}", "OPENHOUSE#${openHouseId}", { collection: "team" }),
  },
});

/** An open house of a team. Its visitors have a partition of their own: there may be many. */
export const openHouse = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};
