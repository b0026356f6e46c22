import { configure, type Definition, Entity, type Item, type Payload } from "./definition.js";
import { documentTimes, payloadOf, textList, timestamp, z } from "./payload.js";
import { byKey, data, keyPart, model, times } from "./schema.js";

const payload = payloadOf(() => ({
  id: z.string().optional(),
  overallSentiment: z.enum(["Positive", "Negative", "Mixed"]),
  summary: z.string(),
  keywords: textList(),
  commonThemes: textList(),
  analyzedAt: timestamp().optional(),
  ...documentTimes(),
}));

/** The payload of `data.reviewAnalysis`: what an agent's reviews say as a whole. */
export type ReviewAnalysisData = Payload<typeof payload>;

const schema = () => ({
  model: model("ReviewAnalysis"),
  attributes: {
    userId: keyPart,
    analysisId: keyPart,
    data: data<ReviewAnalysisData>(payload),
    ...times,
  },
  indexes: {
    byKey: byKey("USER#${userId}", "ANALYSIS#${analysisId}", { collection: "workspace" }),
  },
});

/** What an agent's reviews say as a whole: `USER#<userId>` / `ANALYSIS#<analysisId>`. */
export const reviewAnalysis: Definition<typeof payload, typeof schema> = {
  payload,
  schema,
  entity: (config) => new Entity(schema(), configure(config)),
};

/** An item of `data.reviewAnalysis`: what an agent's reviews say as a whole. */
export type ReviewAnalysis = Item<typeof reviewAnalysis, ReviewAnalysisData>;
