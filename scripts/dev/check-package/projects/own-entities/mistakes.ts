// Mistakes in declarations and in calls of examples/own-entities. After `//=` is what the compiler must
// say of a line; it must say nothing of the others.
import {
  byKey,
  configure,
  createDataLayer,
  data,
  Entity,
  type EntityConfig,
  expires,
  keyPart,
  model,
  times,
} from "bayon-coagent-data";
import { z } from "zod";
import { createData } from "./data.js";
import { lead } from "./entities/index.js";

const payload = z.looseObject({ text: z.string() });
const schema = () => ({
  model: model("Memo"),
  attributes: { userId: keyPart, memoId: keyPart, data: data(payload), ...times },
  indexes: { byKey: byKey("USER#${userId}", "MEMO#${memo}") },
});
const memo = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};

const pass = <F extends string>(field: F) => {
  const payload = z.looseObject({ text: z.string(), until: z.number() });
  const schema = () => ({
    model: model("Pass"),
    attributes: {
      userId: keyPart,
      passId: keyPart,
      data: data(payload),
      ...expires(field),
      ...times,
    },
    indexes: { byKey: byKey("USER#${userId}", "PASS#${passId}") },
  });
  const entity = (config: EntityConfig) => new Entity(schema(), configure(config));
  return { payload, schema, entity };
};
const [late, lasting, passing] = [pass("untl"), pass("text"), pass("until")];

createDataLayer({ entities: { late } }); //= expires: untl is no field of the payload
createDataLayer({ entities: { lasting } }); //= expires: text is a field of the payload that is no number
createDataLayer({ entities: { passing } });
createDataLayer({ entities: { memo } }); //= ${memo} is in a template and no attribute
createDataLayer({ entities: { project: lead } }); //= project is one of the package's own entities: take another name, or builtIn: false
createDataLayer({ entities: { close: lead } }); //= close is no name for a store: a data layer has something else under it

const app = createData();
export const mistakes = [
  () => app.workflowStep.get({ teamId: "t", workflowId: "w" }), //= Property 'stepId' is missing in type '{ teamId: string; workflowId: string; }'
  () => app.auditLog.get({ teamId: "t", logId: "l" }), //= Property 'createdAt' is missing in type '{ teamId: string; logId: string; }'
  () => app.lead.get({ userId: "u", leadID: "l" }), //= 'leadID' does not exist in type
  () => app.lead.create({ userId: "u", data: { name: "Ada", status: "new" } }), //= Property 'score' is missing in type
  () => app.lead.update({ userId: "u", leadId: "l" }, { scor: 2 }), //= Did you mean to write 'score'?
  () => app.lead.update({ userId: "u", leadId: "l" }, { status: "gone" }), //= Type '"gone"' is not assignable to type
  () => app.lead.query({ userId: "u" }, { where: { scor: 2 } }), //= 'scor' does not exist in type
  () => app.secureLink.query({ token: "t" }, { by: "createdAt" }), //= Type '"createdAt"' is not assignable to type '"key"'
  () => app.scope({ teamId: "t" }).lead, //= Property 'lead' does not exist on type
  () => app.scope({ teamId: "t" }).team.get({ teamId: "u" }), //= Type 'string' is not assignable to type 'undefined'
];
