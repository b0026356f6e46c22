import { configure, type Definition, Entity, type Item, type Payload } from "./definition.js";
import { documentTimes, optionalText, payloadOf, z } from "./payload.js";
import { byCreatedAt, byKey, data, keyPart, model, times } from "./schema.js";

const payload = payloadOf(() => ({
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
  ...documentTimes(),
}));

/** The payload of `data.savedContent`: content that a user saved. */
export type SavedContentData = Payload<typeof payload>;

const schema = () => ({
  model: model("SavedContent"),
  attributes: {
    userId: keyPart,
    contentId: keyPart,
    data: data<SavedContentData>(payload),
    ...times,
  },
  indexes: {
    byKey: byKey("USER#${userId}", "CONTENT#${contentId}", { collection: "workspace" }),
    byCreatedAt: byCreatedAt("USER#${userId}", "CONTENT#${createdAt}#${contentId}", {
      collection: "recent",
    }),
  },
});

/** Content that a user saved: `USER#<userId>` / `CONTENT#<contentId>`, in order of creation in GSI1. */
export const savedContent: Definition<typeof payload, typeof schema> = {
  payload,
  schema,
  entity: (config) => new Entity(schema(), configure(config)),
};

/** An item of `data.savedContent`: content that a user saved. */
export type SavedContent = Item<typeof savedContent, SavedContentData>;
