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
  type Payload,
  textList,
  times,
  timestamp,
  z,
} from "./shared.js";

const payload = lazily(() =>
  z.looseObject({
    id: z.string().optional(),
    overallSentiment: z.enum(["Positive", "Negative", "Mixed"]),
    summary: z.string(),
    keywords: textList(),
    commonThemes: textList(),
    analyzedAt: timestamp().optional(),
    createdAt: timestamp().optional(),
    updatedAt: timestamp().optional(),
  }),
);

/** The payload of `data.reviewAnalysis`: what an agent's reviews say as a whole. */
export type ReviewAnalysisData = Payload<ReturnType<typeof payload>>;

/** What an agent's reviews say as a whole: `USER#<userId>` / `ANALYSIS#<analysisId>`. */
export const reviewAnalysis = {
  get payload() {
    return payload();
  },
  entity: (config: EntityConfig) =>
    new Entity(
      {
        model: model("ReviewAnalysis"),
        attributes: {
          userId: keyPart,
          analysisId: keyPart,
          data: {
            type: CustomAttributeType<ReviewAnalysisData>("any"),
            field: attribute.data,
          },
          ...times,
        },
        indexes: {
          byKey: {
            collection: "workspace",
            pk: key(attribute.partitionKey, ["userId"], keyTemplates.ReviewAnalysis.pk),
            sk: key(attribute.sortKey, ["analysisId"], keyTemplates.ReviewAnalysis.sk),
          },
        },
      },
      configure(config),
    ),
};

/** An item of `data.reviewAnalysis`: what an agent's reviews say as a whole. */
export type ReviewAnalysis = Item<typeof reviewAnalysis, ReviewAnalysisData>;
