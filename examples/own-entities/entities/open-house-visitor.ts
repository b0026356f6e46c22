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

const payload = z.looseObject({ name: z.string(), email: z.string().optional() });
export interface OpenHouseVisitorData extends Payload<typeof payload> {}

const schema = () => ({
  model: model("OpenHouseVisitor"),
  attributes: {
    openHouseId: keyPart,
    visitorId: keyPart,
    data: data<OpenHouseVisitorData>(payload),
    ...times,
  },
  indexes: { byKey: byKey("OPENHOUSE#${openHouseId}", "VISITOR#${visitorId}") },
});

/** Somebody who came to an open house and signed in. */
export const openHouseVisitor = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};
