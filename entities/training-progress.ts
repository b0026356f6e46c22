import { CustomAttributeType, Entity } from "electrodb";
import { attribute, keyTemplates } from "../src/table.js";
import {
  configure,
  type EntityConfig,
  key,
  keyPart,
  model,
  optionalText,
  type Payload,
  times,
  timestamp,
  z,
} from "./shared.js";

const payload = z.looseObject({
  id: z.string().optional(),
  moduleId: optionalText,
  completed: z.boolean(),
  completedAt: timestamp.optional(),
  createdAt: timestamp.optional(),
  updatedAt: timestamp.optional(),
});

/** A training module that a user began or completed: `USER#<userId>` / `TRAINING#<moduleId>`. */
export const trainingProgress = {
  payload,
  entity: (config: EntityConfig) =>
    new Entity(
      {
        model: model("TrainingProgress"),
        attributes: {
          userId: keyPart,
          moduleId: keyPart,
          data: {
            type: CustomAttributeType<Payload<typeof payload>>("any"),
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
