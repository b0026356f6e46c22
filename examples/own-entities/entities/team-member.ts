import {
  byKey,
  configure,
  data,
  Entity,
  type EntityConfig,
  keyPart,
  model,
  type Payload,
  secret,
  times,
} from "bayon-coagent-data";
import { z } from "zod";

const payload = z.looseObject({
  role: z.enum(["lead", "agent"]),
  state: z.enum(["invited", "active"]),
  /** Masked wherever it is printed, encrypted where keys are configured. */
  invitation: secret(z.string().optional()),
});
export interface TeamMemberData extends Payload<typeof payload> {}

const schema = () => ({
  model: model("TeamMember"),
  attributes: {
    teamId: keyPart,
    memberId: keyPart,
    data: data<TeamMemberData>(payload),
    ...times,
  },
  indexes: { byKey: byKey("TEAM#${teamId}", "MEMBER#${memberId}", { collection: "team" }) },
});

/** A member of a team, or somebody who is invited. */
export const teamMember = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};
