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
    agentId: z.string().optional(),
    author: z.looseObject({ name: z.string() }),
    source: z.string(),
    avatarUrl: optionalText(),
    rating: z.union(
      [z.number().min(1).max(5), z.string().regex(/^[1-5](\.\d+)?$/)],
      "must be a number from 1 to 5",
    ),
    comment: z.string(),
    date: timestamp().optional(),
    importedAt: timestamp().optional(),
    userId: optionalText(),
    createdAt: timestamp().optional(),
    updatedAt: timestamp().optional(),
  }),
);

/** The payload of `data.review`: a client's review of an agent. */
export type ReviewData = Payload<ReturnType<typeof payload>>;

/** A client's review of an agent: `REVIEW#<agentId>` / `REVIEW#<reviewId>`, by its id alone in GSI1. */
export const review = {
  get payload() {
    return payload();
  },
  entity: (config: EntityConfig) =>
    new Entity(
      {
        model: model("Review"),
        attributes: {
          agentId: keyPart,
          reviewId: keyPart,
          data: {
            type: CustomAttributeType<ReviewData>("any"),
            field: attribute.data,
          },
          ...times,
        },
        indexes: {
          byKey: {
            pk: key(attribute.partitionKey, ["agentId"], keyTemplates.Review.pk),
            sk: key(attribute.sortKey, ["reviewId"], keyTemplates.Review.sk),
          },
          byReviewId: {
            index: indexName,
            pk: key(attribute.indexPartitionKey, ["reviewId"], keyTemplates.Review.gsi1pk),
            sk: key(attribute.indexSortKey, ["agentId"], keyTemplates.Review.gsi1sk),
          },
        },
      },
      configure(config),
    ),
};

/** An item of `data.review`: a client's review of an agent. */
export type Review = Item<typeof review, ReviewData>;
