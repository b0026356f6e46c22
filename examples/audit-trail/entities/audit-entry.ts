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

const payload = z.looseObject({
  by: z.string(),
  kind: z.enum(["created", "updated", "deleted", "expired"]),
  /** Each field that differs: `before` or `after` is missing if the field was. */
  changes: z.array(
    z.looseObject({
      path: z.string(),
      before: z.unknown().optional(),
      after: z.unknown().optional(),
    }),
  ),
});
export interface AuditEntryData extends Payload<typeof payload> {}

const schema = () => ({
  model: model("AuditEntry"),
  attributes: {
    listingId: keyPart,
    changeId: keyPart,
    data: data<AuditEntryData>(payload),
    ...times,
  },
  // Apart from the listing's partition, because it only grows; in the order of the changes.
  indexes: { byKey: byKey("AUDIT#${listingId}", "AT#${createdAt}#${changeId}") },
});

/** What one change did to a listing. Its key is made of the change, so that a change has one entry. */
export const auditEntry = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};
