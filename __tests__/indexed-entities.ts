/** Entities in further indexes, for tests: by status, by member, by type, with several fields in one key. */
import { z } from "zod";
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
  secret,
  times,
} from "../src/index.js";

const leadPayload = z.looseObject({
  name: z.string(),
  status: z.string().nullish(),
  score: z.number().optional(),
  token: secret(z.string().optional()),
});
export interface IndexedLeadData extends Payload<typeof leadPayload> {}
const leadSchema = () => ({
  model: model("IndexedLead"),
  attributes: {
    userId: keyPart,
    leadId: keyPart,
    data: data<IndexedLeadData>(leadPayload),
    ...fields("status"),
    ...times,
  },
  indexes: {
    byKey: byKey("USER#${userId}", "ILEAD#${leadId}"),
    byCreatedAt: byCreatedAt("USER#${userId}", "ILEAD#${createdAt}#${leadId}"),
    byStatus: index("GSI2", "LEAD#${data.status}", "${createdAt}#${leadId}"),
    byType: index("GSI3", "TYPE#IndexedLead", "${createdAt}"),
    byOwnStatus: index("GSI6", "USER#${userId}", "STATUS#${data.status}#${leadId}"),
  },
});
/** A lead of a user, which is found by its status and its type. */
const indexedLead = {
  payload: leadPayload,
  schema: leadSchema,
  entity: (config: EntityConfig) => new Entity(leadSchema(), configure(config)),
};

const housePayload = z.looseObject({
  city: z.string().optional(),
  state: z.string().optional(),
  agent: z.enum(["ada", "bo"]).optional(),
});
const houseSchema = () => ({
  model: model("IndexedHouse"),
  attributes: {
    userId: keyPart,
    houseId: keyPart,
    data: data(housePayload),
    ...fields("city", "state", "agent"),
    ...times,
  },
  indexes: {
    byKey: byKey("USER#${userId}", "IHOUSE#${houseId}"),
    // The partitions of the leads' index by status, too.
    byState: index("GSI2", "LEAD#${data.state}", "${createdAt}#${houseId}"),
    byPlace: index("GSI4", "PLACE#${data.state}#${data.city}", "HOUSE#${houseId}"),
    byAgent: index("GSI5", "AGENT#${data.agent}", "STATE#${data.state}#${createdAt}#${houseId}"),
  },
});
/** A house, found by two fields in one key, and by a field beside the creation time. */
const indexedHouse = {
  payload: housePayload,
  schema: houseSchema,
  entity: (config: EntityConfig) => new Entity(houseSchema(), configure(config)),
};

const memberPayload = z.looseObject({ role: z.string() });
const memberSchema = () => ({
  model: model("IndexedMember"),
  attributes: { teamId: keyPart, memberId: keyPart, data: data(memberPayload), ...times },
  indexes: {
    byKey: byKey("TEAM#${teamId}", "IMEMBER#${memberId}"),
    byMember: index("GSI1", "MEMBER#${memberId}", "TEAM#${teamId}"),
    // The partitions of the leads' index by status, too.
    byRole: index("GSI2", "LEAD#${memberId}", "TEAM#${teamId}"),
  },
});
/** A member of a team, whose teams are found by the member. */
const indexedMember = {
  payload: memberPayload,
  schema: memberSchema,
  entity: (config: EntityConfig) => new Entity(memberSchema(), configure(config)),
};

const eventPayload = z.looseObject({ kind: z.string().optional() });
const eventSchema = () => ({
  model: model("IndexedEvent"),
  attributes: {
    orgId: keyPart,
    eventId: keyPart,
    data: data(eventPayload),
    ...fields("kind"),
    ...times,
  },
  indexes: {
    byKey: byKey("ORG#${orgId}", "EV#${createdAt}#${eventId}"),
    byKind: index("GSI7", "KIND#${data.kind}", "${createdAt}#${eventId}"),
    byKindOfOrg: index("GSI8", "ORG#${orgId}", "${data.kind}#${createdAt}"),
  },
});
/** An event with its time in its key. */
const indexedEvent = {
  payload: eventPayload,
  schema: eventSchema,
  entity: (config: EntityConfig) => new Entity(eventSchema(), configure(config)),
};

export const indexedEntities = { indexedLead, indexedHouse, indexedMember, indexedEvent };
