import { configure, type Definition, Entity, type Item, type Payload } from "./definition.js";
import { documentTimes, optionalText, payloadOf, textList, z } from "./payload.js";
import { byCreatedAt, byKey, data, keyPart, model, times } from "./schema.js";

const payload = payloadOf(() => ({
  id: z.string().optional(),
  topic: z.string(),
  /** Markdown. */
  report: z.string(),
  citations: textList().nullish(),
  summary: optionalText(),
  type: optionalText(),
  source: optionalText(),
  ...documentTimes(),
}));

/** The payload of `data.researchReport`: a research report. */
export type ResearchReportData = Payload<typeof payload>;

const schema = () => ({
  model: model("ResearchReport"),
  attributes: {
    userId: keyPart,
    reportId: keyPart,
    data: data<ResearchReportData>(payload),
    ...times,
  },
  indexes: {
    byKey: byKey("USER#${userId}", "REPORT#${reportId}", { collection: "workspace" }),
    byCreatedAt: byCreatedAt("USER#${userId}", "REPORT#${createdAt}#${reportId}", {
      collection: "recent",
    }),
  },
});

/** A research report: `USER#<userId>` / `REPORT#<reportId>`, in order of creation in GSI1. */
export const researchReport: Definition<typeof payload, typeof schema> = {
  payload,
  schema,
  entity: (config) => new Entity(schema(), configure(config)),
};

/** An item of `data.researchReport`: a research report. */
export type ResearchReport = Item<typeof researchReport, ResearchReportData>;
