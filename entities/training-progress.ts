import { CustomAttributeType, Entity } from "electrodb";
import { attribute, keyTemplates } from "../src/table/table.js";
import {
  configure,
  type EntityConfig,
  type Item,
  key,
  keyPart,
  lazily,
  model,
  optionalText,
  type Payload,
  times,
  timestamp,
  z,
} from "./shared.js";

const payload = lazily(() =>
  z.looseObject({
    id: z.string().optional(),
    moduleId: optionalText(),
    completed: z.boolean(),
    completedAt: timestamp().optional(),
    createdAt: timestamp().optional(),
    updatedAt: timestamp().optional(),
  }),
);

/** The payload of `data.trainingProgress`: a training module that a user began or completed. */
export type TrainingProgressData = Payload<ReturnType<typeof payload>>;

/** A training module that a user began or completed: `USER#<userId>` / `TRAINING#<moduleId>`. */
export const trainingProgress = {
  get payload() {
    return payload();
  },
  entity: (config: EntityConfig) =>
    new Entity(
      {
        model: model("TrainingProgress"),
        attributes: {
          userId: keyPart,
          moduleId: keyPart,
          data: {
            type: CustomAttributeType<TrainingProgressData>("any"),
            field: attribute.data,
          },
          ...times,
        },
        indexes: {
          byKey: {
            collection: "workspace",
            pk: key(attribute.partitionKey, ["userId"], keyTemplates.TrainingProgress.pk),
            sk: key(attribute.sortKey, ["moduleId"], keyTemplates.TrainingProgress.sk),
          },
        },
      },
      configure(config),
    ),
};

/** An item of `data.trainingProgress`: a training module that a user began or completed. */
export type TrainingProgress = Item<typeof trainingProgress, TrainingProgressData>;
