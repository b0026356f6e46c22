import {
  byCreatedAt,
  byKey,
  configure,
  data,
  Entity,
  type EntityConfig,
  fields,
  index,
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
  attributes: {
    userId: keyPart,
    leadId: keyPart,
    data: data<LeadData>(payload),
    ...fields("status"),
    ...times,
  },
  indexes: {
    byKey: byKey("USER#${userId}", "LEAD#${leadId}", { collection: "workspace" }),
    byCreatedAt: byCreatedAt("USER#${userId}", "LEAD#${createdAt}#${leadId}"),
    byStatus: index("GSI2", "USER#${userId}", "LEAD#${data.status}#${leadId}"),
  },
});

/** Somebody who may buy or sell; of one user, by the time of creation and by status. */
export const lead = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};
