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

const payload = z.looseObject({ text: z.string(), done: z.boolean() });
export interface WorkflowStepData extends Payload<typeof payload> {}

const schema = () => ({
  model: model("WorkflowStep"),
  attributes: {
    teamId: keyPart,
    workflowId: wordPart,
    stepId: keyPart,
    data: data<WorkflowStepData>(payload),
    ...times,
  },
  indexes: {
    byKey: byKey("TEAM#${teamId}", "WORKFLOW#${workflowId}#STEP#${stepId}", {
      collection: "team",
    }),
  },
});

/** A step of a workflow. */
export const workflowStep = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};
