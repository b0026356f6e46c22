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
  wordPart,
} from "bayon-coagent-data";
import { z } from "zod";

const payload = z.looseObject({ title: z.string() });
export interface WorkflowData extends Payload<typeof payload> {}

const schema = () => ({
  model: model("Workflow"),
  attributes: {
    teamId: keyPart,
    workflowId: wordPart,
    data: data<WorkflowData>(payload),
    ...times,
  },
  indexes: { byKey: byKey("TEAM#${teamId}", "WORKFLOW#${workflowId}", { collection: "team" }) },
});

/** A workflow of a team. Its id holds no `#`, because the keys of its steps begin with its own. */
export const workflow = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};
