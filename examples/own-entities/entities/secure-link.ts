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

const payload = z.looseObject({ teamId: z.string(), openHouseId: z.string(), opened: z.number() });
export interface SecureLinkData extends Payload<typeof payload> {}

const schema = () => ({
  model: model("SecureLink"),
  attributes: { token: keyPart, data: data<SecureLinkData>(payload), ...times },
  indexes: { byKey: byKey("LINK#${token}", "LINK") },
});

/** A link that whoever has its token may open: one item, found by the token alone. */
export const secureLink = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};
