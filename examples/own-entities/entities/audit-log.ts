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

const payload = z.looseObject({ action: z.string(), by: z.string() });
export interface AuditLogData extends Payload<typeof payload> {}

const schema = () => ({
  model: model("AuditLog"),
  attributes: { teamId: keyPart, logId: keyPart, data: data<AuditLogData>(payload), ...times },
  indexes: { byKey: byKey("AUDIT#${teamId}", "TS#${createdAt}#${logId}") },
});

/** What was done in a team, in order of time; apart from the team's partition, since it only grows. */
export const auditLog = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};
