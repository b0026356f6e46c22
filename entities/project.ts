import { configure, type Definition, Entity, type Item, type Payload } from "./definition.js";
import { documentTimes, payloadOf, z } from "./payload.js";
import { byCreatedAt, byKey, data, keyPart, model, times } from "./schema.js";

const payload = payloadOf(() => ({
  id: z.string().optional(),
  name: z.string(),
  ...documentTimes(),
}));

/** The payload of `data.project`: a folder of saved content. */
export type ProjectData = Payload<typeof payload>;

const schema = () => ({
  model: model("Project"),
  attributes: { userId: keyPart, projectId: keyPart, data: data<ProjectData>(payload), ...times },
  indexes: {
    byKey: byKey("USER#${userId}", "PROJECT#${projectId}", { collection: "workspace" }),
    byCreatedAt: byCreatedAt("USER#${userId}", "PROJECT#${createdAt}#${projectId}", {
      collection: "recent",
    }),
  },
});

/** A folder of saved content: `USER#<userId>` / `PROJECT#<projectId>`, in order of creation in GSI1. */
export const project: Definition<typeof payload, typeof schema> = {
  payload,
  schema,
  entity: (config) => new Entity(schema(), configure(config)),
};

/** An item of `data.project`: a folder of saved content. */
export type Project = Item<typeof project, ProjectData>;
