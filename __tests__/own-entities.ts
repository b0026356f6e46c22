/** Entities that an application declares, for tests of what holds for any: three very different ones. */
import { z } from "zod";
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
} from "../src/index.js";

const leadPayload = z.looseObject({ name: z.string(), status: z.string(), score: z.number() });
export interface LeadData extends Payload<typeof leadPayload> {}
const leadSchema = () => ({
  model: model("Lead"),
  attributes: { userId: keyPart, leadId: keyPart, data: data<LeadData>(leadPayload), ...times },
  indexes: { byKey: byKey("USER#${userId}", "LEAD#${leadId}", { collection: "workspace" }) },
});
/** A lead of a user. */
const lead = {
  payload: leadPayload,
  schema: leadSchema,
  entity: (config: EntityConfig) => new Entity(leadSchema(), configure(config)),
};

const memberPayload = z.looseObject({ role: z.string(), token: z.string().optional() });
const memberSchema = () => ({
  model: model("TeamMember"),
  attributes: { teamId: keyPart, memberId: keyPart, data: data(memberPayload), ...times },
  indexes: { byKey: byKey("TEAM#${teamId}", "MEMBER#${memberId}", { collection: "team" }) },
});
/** A member of a team. */
const teamMember = {
  payload: memberPayload,
  schema: memberSchema,
  entity: (config: EntityConfig) => new Entity(memberSchema(), configure(config)),
};

const teamPayload = z.looseObject({ name: z.string() });
const teamSchema = () => ({
  model: model("Team"),
  attributes: { teamId: keyPart, data: data(teamPayload), ...times },
  indexes: { byKey: byKey("TEAM#${teamId}", "TEAM", { collection: "team" }) },
});
/** A team. */
const team = {
  payload: teamPayload,
  schema: teamSchema,
  entity: (config: EntityConfig) => new Entity(teamSchema(), configure(config)),
};

export const ownEntities = { lead, teamMember, team };
