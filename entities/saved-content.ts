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
  optionalText,
  type Payload,
  times,
  timestamp,
  z,
} from "./shared.js";

const payload = lazily(() =>
  z.looseObject({
    id: z.string().optional(),
    /** An open set: "Blog Post", "Social Media", … */
    type: z.string(),
    /** Up to hundreds of KB. */
    content: z.string(),
    name: optionalText(),
    /** A project's id; null or missing: uncategorised. */
    projectId: optionalText(),
    title: optionalText(),
    headerImage: optionalText(),
    metaDescription: optionalText(),
    metadata: z.record(z.string(), z.unknown()).nullish(),
    status: optionalText(),
    createdAt: timestamp().optional(),
    updatedAt: timestamp().optional(),
  }),
);

/** The payload of `data.savedContent`: content that a user saved. */
export type SavedContentData = Payload<ReturnType<typeof payload>>;

/** Content that a user saved: `USER#<userId>` / `CONTENT#<contentId>`, in order of creation in GSI1. */
export const savedContent = {
  get payload() {
    return payload();
  },
  entity: (config: EntityConfig) =>
    new Entity(
      {
        model: model("SavedContent"),
        attributes: {
          userId: keyPart,
          contentId: keyPart,
          data: {
            type: CustomAttributeType<SavedContentData>("any"),
            field: attribute.data,
          },
          ...times,
        },
        indexes: {
          byKey: {
            collection: "workspace",
            pk: key(attribute.partitionKey, ["userId"], keyTemplates.SavedContent.pk),
            sk: key(attribute.sortKey, ["contentId"], keyTemplates.SavedContent.sk),
          },
          byCreatedAt: {
            index: indexName,
            collection: "recent",
            pk: key(attribute.indexPartitionKey, ["userId"], keyTemplates.SavedContent.gsi1pk),
            sk: key(
              attribute.indexSortKey,
              ["createdAt", "contentId"],
              keyTemplates.SavedContent.gsi1sk,
            ),
          },
        },
      },
      configure(config),
    ),
};

/** An item of `data.savedContent`: content that a user saved. */
export type SavedContent = Item<typeof savedContent, SavedContentData>;
