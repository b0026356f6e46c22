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
  address: z.string(),
  price: z.number(),
  features: z.array(z.string()).optional(),
  /** Who wrote the item last. A stream record does not know it, so the item says it. */
  changedBy: z.string(),
});
export interface ListingData extends Payload<typeof payload> {}

const schema = () => ({
  model: model("Listing"),
  attributes: { agentId: keyPart, listingId: keyPart, data: data<ListingData>(payload), ...times },
  indexes: { byKey: byKey("AGENT#${agentId}", "LISTING#${listingId}") },
});

/** A home for sale: the items whose changes are recorded. */
export const listing = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};
