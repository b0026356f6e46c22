/** What an application gives the commands: an entity whose indexed field has another name since version 2. */
import { z } from "zod";
import {
  byKey,
  configure,
  data,
  Entity,
  type EntityConfig,
  fields,
  index,
  keyPart,
  model,
  times,
} from "../../src/index.js";

const payload = z.looseObject({ stage: z.string() });
const schema = () => ({
  model: model("Note"),
  attributes: {
    teamId: keyPart,
    noteId: keyPart,
    data: data(payload),
    ...fields("stage"),
    ...times,
  },
  indexes: {
    byKey: byKey("TEAM#${teamId}", "NOTE#${noteId}"),
    byStage: index("GSI2", "NS#${data.stage}", "${noteId}"),
  },
});
const note = {
  payload,
  schema,
  version: 2,
  upgrade: { 1: ({ status, ...rest }: { status: string }) => ({ ...rest, stage: status }) },
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};

export const entities = { note };
