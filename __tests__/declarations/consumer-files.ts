/** Files of an application that each compiler is asked about, beside the type tests. */

/** Declarations by schemas of other libraries than zod 4: what is wrong is marked. */
export const otherSchemas = `
import { byKey, configure, createDataLayer, data, Entity, keyPart, model, times } from "bayon-coagent-data";
import type { EntityConfig, Payload } from "bayon-coagent-data";
import * as v from "valibot";
import { z } from "zod";
import * as mini from "zod/mini";
import { z as z3 } from "zod/v3";

const ofValibot = v.looseObject({ name: v.string(), status: v.picklist(["new", "won"]), token: v.optional(v.string()) });
export interface LeadData extends Payload<typeof ofValibot> {}
const leadSchema = () => ({
  model: model("Lead"),
  attributes: { userId: keyPart, leadId: keyPart, data: data<LeadData>(ofValibot), ...times },
  indexes: { byKey: byKey("USER#\${userId}", "LEAD#\${leadId}") },
});
const lead = {
  payload: ofValibot,
  secrets: ["token"],
  schema: leadSchema,
  entity: (config: EntityConfig) => new Entity(leadSchema(), configure(config)),
};
const ofZod3 = z3.object({ name: z3.string(), score: z3.number().optional() }).passthrough();
const clientSchema = () => ({
  model: model("Client"),
  attributes: { userId: keyPart, clientId: keyPart, data: data(ofZod3), ...times },
  indexes: { byKey: byKey("USER#\${userId}", "CLIENT#\${clientId}") },
});
const client = {
  payload: ofZod3,
  schema: clientSchema,
  entity: (config: EntityConfig) => new Entity(clientSchema(), configure(config)),
};
const ofMini = () => mini.looseObject({ title: mini.string() });
const noteSchema = () => ({
  model: model("Note"),
  attributes: { userId: keyPart, noteId: keyPart, data: data(ofMini), ...times },
  indexes: { byKey: byKey("USER#\${userId}", "NOTE#\${noteId}") },
});
const note = {
  payload: ofMini,
  schema: noteSchema,
  entity: (config: EntityConfig) => new Entity(noteSchema(), configure(config)),
};
const union = z.union([z.object({ kind: z.literal("a"), x: z.string() }), z.object({ kind: z.literal("b") })]);
export interface ShapeData { kind: "a" | "b"; x?: string }
const shapeSchema = () => ({
  model: model("Shape"),
  attributes: { userId: keyPart, shapeId: keyPart, data: data<ShapeData>(union), ...times },
  indexes: { byKey: byKey("USER#\${userId}", "SHAPE#\${shapeId}") },
});
const shape = {
  payload: union,
  schema: shapeSchema,
  entity: (config: EntityConfig) => new Entity(shapeSchema(), configure(config)),
};
// @ts-expect-error the schema makes something else
data<{ name: number }>(ofValibot);

const layer = createDataLayer({ entities: { lead, client, note, shape } });
const key = { userId: "u" };
export async function calls() {
  await layer.lead.create({ ...key, data: { name: "Ada", status: "new" } });
  // @ts-expect-error another status
  await layer.lead.create({ ...key, data: { name: "Ada", status: "old" } });
  // @ts-expect-error no name
  await layer.client.create({ ...key, data: { score: 1 } });
  await layer.client.update({ ...key, clientId: "c" }, { score: 2 });
  // @ts-expect-error a text for a number
  await layer.client.update({ ...key, clientId: "c" }, { score: "2" });
  // @ts-expect-error no such field
  await layer.note.update({ ...key, noteId: "n" }, { titel: "x" });
  await layer.shape.create({ ...key, data: { kind: "a", x: "1" } });
  const item = await layer.lead.getOrThrow({ ...key, leadId: "l" });
  const status: "new" | "won" = item.data.status;
  const token: string | undefined = item.data.token;
  return [status, token];
}
`;

/** One thing that is wrong: a compiler that says nothing has looked at the files. */
export const wrong = 'import { nothing } from "bayon-coagent-data";\nnothing;\n';
