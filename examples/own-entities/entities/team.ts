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

const payload = z.looseObject({ name: z.string(), plan: z.enum(["free", "office"]) });
export interface TeamData extends Payload<typeof payload> {}

const schema = () => ({
  model: model("Team"),
  attributes: { teamId: keyPart, data: data<TeamData>(payload), ...times },
  indexes: { byKey: byKey("TEAM#${teamId}", "TEAM", { collection: "team" }) },
});

/** A team: one item in its own partition, which its members and their work share. */
export const team = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};
