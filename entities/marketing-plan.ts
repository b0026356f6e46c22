import { configure, type Definition, Entity, type Item, type Payload } from "./definition.js";
import { documentTimes, optionalText, payloadOf, z } from "./payload.js";
import { byCreatedAt, byKey, data, keyPart, model, times } from "./schema.js";

const task = payloadOf(() => ({
  task: optionalText(),
  rationale: optionalText(),
  tool: optionalText(),
  toolLink: optionalText(),
}));

const payload = payloadOf(() => ({
  id: z.string().optional(),
  name: optionalText(),
  /** Tasks; one text in old documents. */
  plan: z.union([z.array(task()), z.string()]).nullish(),
  /** What some documents hold in place of `plan`. */
  steps: z.union([z.array(z.union([task(), z.string()])), z.string()]).nullish(),
  ...documentTimes(),
}));

/** The payload of `data.marketingPlan`: a marketing plan. */
export type MarketingPlanData = Payload<typeof payload>;

const schema = () => ({
  model: model("MarketingPlan"),
  attributes: {
    userId: keyPart,
    planId: keyPart,
    data: data<MarketingPlanData>(payload),
    ...times,
  },
  indexes: {
    byKey: byKey("USER#${userId}", "PLAN#${planId}", { collection: "workspace" }),
    byCreatedAt: byCreatedAt("USER#${userId}", "PLAN#${createdAt}#${planId}", {
      collection: "recent",
    }),
  },
});

/** A marketing plan: `USER#<userId>` / `PLAN#<planId>`, in order of creation in GSI1. */
export const marketingPlan: Definition<typeof payload, typeof schema> = {
  payload,
  schema,
  entity: (config) => new Entity(schema(), configure(config)),
};

/** An item of `data.marketingPlan`: a marketing plan. */
export type MarketingPlan = Item<typeof marketingPlan, MarketingPlanData>;
