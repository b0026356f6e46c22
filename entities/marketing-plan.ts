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

const task = lazily(() =>
  z.looseObject({
    task: optionalText(),
    rationale: optionalText(),
    tool: optionalText(),
    toolLink: optionalText(),
  }),
);

const payload = lazily(() =>
  z.looseObject({
    id: z.string().optional(),
    name: optionalText(),
    /** Tasks; one text in old documents. */
    plan: z.union([z.array(task()), z.string()]).nullish(),
    /** What some documents hold in place of `plan`. */
    steps: z.union([z.array(z.union([task(), z.string()])), z.string()]).nullish(),
    createdAt: timestamp().optional(),
    updatedAt: timestamp().optional(),
  }),
);

/** The payload of `data.marketingPlan`: a marketing plan. */
export type MarketingPlanData = Payload<ReturnType<typeof payload>>;

/** A marketing plan: `USER#<userId>` / `PLAN#<planId>`, in order of creation in GSI1. */
export const marketingPlan = {
  get payload() {
    return payload();
  },
  entity: (config: EntityConfig) =>
    new Entity(
      {
        model: model("MarketingPlan"),
        attributes: {
          userId: keyPart,
          planId: keyPart,
          data: {
            type: CustomAttributeType<MarketingPlanData>("any"),
            field: attribute.data,
          },
          ...times,
        },
        indexes: {
          byKey: {
            collection: "workspace",
            pk: key(attribute.partitionKey, ["userId"], keyTemplates.MarketingPlan.pk),
            sk: key(attribute.sortKey, ["planId"], keyTemplates.MarketingPlan.sk),
          },
          byCreatedAt: {
            index: indexName,
            collection: "recent",
            pk: key(attribute.indexPartitionKey, ["userId"], keyTemplates.MarketingPlan.gsi1pk),
            sk: key(
              attribute.indexSortKey,
              ["createdAt", "planId"],
              keyTemplates.MarketingPlan.gsi1sk,
            ),
          },
        },
      },
      configure(config),
    ),
};

/** An item of `data.marketingPlan`: a marketing plan. */
export type MarketingPlan = Item<typeof marketingPlan, MarketingPlanData>;
