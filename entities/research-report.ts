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
  textList,
  times,
  timestamp,
  z,
} from "./shared.js";

const payload = lazily(() =>
  z.looseObject({
    id: z.string().optional(),
    topic: z.string(),
    /** Markdown. */
    report: z.string(),
    citations: textList().nullish(),
    summary: optionalText(),
    type: optionalText(),
    source: optionalText(),
    createdAt: timestamp().optional(),
    updatedAt: timestamp().optional(),
  }),
);

/** The payload of `data.researchReport`: a research report. */
export type ResearchReportData = Payload<ReturnType<typeof payload>>;

/** A research report: `USER#<userId>` / `REPORT#<reportId>`, in order of creation in GSI1. */
export const researchReport = {
  get payload() {
    return payload();
  },
  entity: (config: EntityConfig) =>
    new Entity(
      {
        model: model("ResearchReport"),
        attributes: {
          userId: keyPart,
          reportId: keyPart,
          data: {
            type: CustomAttributeType<ResearchReportData>("any"),
            field: attribute.data,
          },
          ...times,
        },
        indexes: {
          byKey: {
            collection: "workspace",
            pk: key(attribute.partitionKey, ["userId"], keyTemplates.ResearchReport.pk),
            sk: key(attribute.sortKey, ["reportId"], keyTemplates.ResearchReport.sk),
          },
          byCreatedAt: {
            index: indexName,
            collection: "recent",
            pk: key(attribute.indexPartitionKey, ["userId"], keyTemplates.ResearchReport.gsi1pk),
            sk: key(
              attribute.indexSortKey,
              ["createdAt", "reportId"],
              keyTemplates.ResearchReport.gsi1sk,
            ),
          },
        },
      },
      configure(config),
    ),
};

/** An item of `data.researchReport`: a research report. */
export type ResearchReport = Item<typeof researchReport, ResearchReportData>;
