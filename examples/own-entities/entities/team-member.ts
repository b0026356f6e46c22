import {
  byKey,
  configure,
  data,
  Entity,
  type EntityConfig,
  expires,
  index,
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
  /** When the invitation ends, in epoch milliseconds; the item goes with it. */
  until: z.number().optional(),
});
export interface TeamMemberData extends Payload<typeof payload> {}

const schema = () => ({
  model: model("TeamMember"),
  attributes: {
    teamId: keyPart,
    memberId: keyPart,
    data: data<TeamMemberData>(payload),
    ...expires("until"),
    ...times,
  },
  indexes: {
    byKey: byKey("TEAM#${teamId}", "MEMBER#${memberId}", { collection: "team" }),
    byMember: index("GSI1", "MEMBER#${memberId}", "TEAM#${teamId}"),
  },
});

/** A member of a team, or somebody who is invited for some days. */
export const teamMember = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};
