import { CustomAttributeType, Entity } from "electrodb";
import { attribute, indexName, keyTemplates } from "../src/table/table.js";
import {
  configure,
  type EntityConfig,
  type Item,
  key,
  keyPart,
  lazily,
  model,
  type Payload,
  times,
  timestamp,
  z,
} from "./shared.js";

const payload = lazily(() =>
  z.looseObject({
    id: z.string().optional(),
    name: z.string(),
    createdAt: timestamp().optional(),
    updatedAt: timestamp().optional(),
  }),
);

/** The payload of `data.project`: a folder of saved content. */
export type ProjectData = Payload<ReturnType<typeof payload>>;

/** A folder of saved content: `USER#<userId>` / `PROJECT#<projectId>`, in order of creation in GSI1. */
export const project = {
  get payload() {
    return payload();
  },
  entity: (config: EntityConfig) =>
    new Entity(
      {
        model: model("Project"),
        attributes: {
          userId: keyPart,
          projectId: keyPart,
          data: {
            type: CustomAttributeType<ProjectData>("any"),
            field: attribute.data,
          },
          ...times,
        },
        indexes: {
          byKey: {
            collection: "workspace",
            pk: key(attribute.partitionKey, ["userId"], keyTemplates.Project.pk),
            sk: key(attribute.sortKey, ["projectId"], keyTemplates.Project.sk),
          },
          byCreatedAt: {
            index: indexName,
            collection: "recent",
            pk: key(attribute.indexPartitionKey, ["userId"], keyTemplates.Project.gsi1pk),
            sk: key(
              attribute.indexSortKey,
              ["createdAt", "projectId"],
              keyTemplates.Project.gsi1sk,
            ),
          },
        },
      },
      configure(config),
    ),
};

/** An item of `data.project`: a folder of saved content. */
export type Project = Item<typeof project, ProjectData>;
