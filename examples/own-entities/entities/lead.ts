import {
  byCreatedAt,
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

const payload = z.looseObject({
  name: z.string(),
  status: z.enum(["new", "contacted", "won", "lost"]),
  score: z.number(),
  email: z.string().optional(),
});
export interface LeadData extends Payload<typeof payload> {}

const schema = () => ({
  model: model("Lead"),
  attributes: { userId: keyPart, leadId: keyPart, data: data<LeadData>(payload), ...times },
  indexes: {
    byKey: byKey("USER#${userId}", "LEAD#${leadId}", { collection: "workspace" }),
    byCreatedAt: byCreatedAt("USER#${userId}", "LEAD#${createdAt}#${leadId}"),
  },
});

/** Somebody who may buy or sell; of one user, newest first by its time of creation. */
export const lead = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};
