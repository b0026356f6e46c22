import { configure, type Definition, Entity, type Item, type Payload } from "./definition.js";
import { documentTimes, optionalText, payloadOf, timestamp, z } from "./payload.js";
import { byKey, data, index, keyPart, model, times } from "./schema.js";

const payload = payloadOf(() => ({
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
  ...documentTimes(),
}));

/** The payload of `data.review`: a client's review of an agent. */
export type ReviewData = Payload<typeof payload>;

const schema = () => ({
  model: model("Review"),
  attributes: { agentId: keyPart, reviewId: keyPart, data: data<ReviewData>(payload), ...times },
  indexes: {
    byKey: byKey("REVIEW#${agentId}", "REVIEW#${reviewId}"),
    byReviewId: index("GSI1", "REVIEW#${reviewId}", "AGENT#${agentId}"),
  },
});

/** A client's review of an agent: `REVIEW#<agentId>` / `REVIEW#<reviewId>`, by its id alone in GSI1. */
export const review: Definition<typeof payload, typeof schema> = {
  payload,
  schema,
  entity: (config) => new Entity(schema(), configure(config)),
};

/** An item of `data.review`: a client's review of an agent. */
export type Review = Item<typeof review, ReviewData>;
