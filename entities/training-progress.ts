import { configure, type Definition, Entity, type Item, type Payload } from "./definition.js";
import { documentTimes, optionalText, payloadOf, timestamp, z } from "./payload.js";
import { byKey, data, keyPart, model, times } from "./schema.js";

const payload = payloadOf(() => ({
  id: z.string().optional(),
  moduleId: optionalText(),
  completed: z.boolean(),
  completedAt: timestamp().optional(),
  ...documentTimes(),
}));

/** The payload of `data.trainingProgress`: a training module that a user began or completed. */
export type TrainingProgressData = Payload<typeof payload>;

const schema = () => ({
  model: model("TrainingProgress"),
  attributes: {
    userId: keyPart,
    moduleId: keyPart,
    data: data<TrainingProgressData>(payload),
    ...times,
  },
  indexes: {
    byKey: byKey("USER#${userId}", "TRAINING#${moduleId}", { collection: "workspace" }),
  },
});

/** A training module that a user began or completed: `USER#<userId>` / `TRAINING#<moduleId>`. */
export const trainingProgress: Definition<typeof payload, typeof schema> = {
  payload,
  schema,
  entity: (config) => new Entity(schema(), configure(config)),
};

/** An item of `data.trainingProgress`: a training module that a user began or completed. */
export type TrainingProgress = Item<typeof trainingProgress, TrainingProgressData>;
