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
  fields,
  index,
  keyPart,
  model,
  times,
} from "bayon-coagent-data";
import { z } from "zod";
import { createData } from "./data.js";
import { lead } from "./entities/index.js";
import type { LeadData } from "./entities/lead.js";

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
const ticket = <F extends string, D extends string>(field: F, declared: D) => {
  const payload = z.looseObject({ state: z.string(), score: z.number() });
  const schema = () => ({
    model: model("Ticket"),
    attributes: {
      userId: keyPart,
      ticketId: keyPart,
      data: data(payload),
      ...fields(declared),
      ...times,
    },
    indexes: {
      byKey: byKey("USER#${userId}", "TICKET#${ticketId}"),
      byField: index("GSI2", `TICKET#\${data.${field}}`, "${createdAt}#${ticketId}"),
    },
  });
  const entity = (config: EntityConfig) =>
    new Entity(schema() as never, configure(config)) as never;
  return { payload, schema, entity };
};
const undeclared = ticket("state", "other");
const [unknown, number, text] = [
  ticket("stat", "stat"),
  ticket("score", "score"),
  ticket("state", "state"),
];

const [late, lasting, passing] = [pass("untl"), pass("text"), pass("until")];

createDataLayer({ entities: { late } }); //= expires: untl is no field of the payload
createDataLayer({ entities: { lasting } }); //= expires: text is a field of the payload that is no number
createDataLayer({ entities: { passing } });
createDataLayer({ entities: { undeclared } }); //= ${data.state} is in a template: add ...fields('state') to the attributes
createDataLayer({ entities: { unknown } }); //= fields: stat is no field of the payload
createDataLayer({ entities: { number } }); //= fields: score is a field of the payload that is no string
createDataLayer({ entities: { text } });
createDataLayer({ entities: { memo } }); //= ${memo} is in a template and no attribute
const memoPad = {
  ...lead,
  version: 2,
  upgrade: { 1: ({ score: _, ...old }: LeadData) => old },
};
createDataLayer({ entities: { memoPad } }); //= upgrade 1 returns no payload of version 2: score is missing or of another type
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
  () => app.lead.queryBy("byState", { userId: "u" }), //= Argument of type '"byState"' is not assignable to parameter of type '"byStatus"'
  () => app.lead.queryBy("byStatus", { userId: "u", status: "gone" }), //= Type '"gone"' is not assignable to type
  () => app.lead.queryBy("byStatus", { status: "new" }), //= Property 'userId' is missing in type '{ status: "new"; }'
  () => app.lead.queryBy("byStatus", { userId: "u", state: "new" }), //= 'state' does not exist in type
  () => app.lead.queryBy("byStatus", { userId: "u" }, { from: 1 }), //= Type 'number' is not assignable to type 'undefined'
  () => app.forUser("u").lead.queryBy("byStatus", { userId: "v" }), //= Type 'string' is not assignable to type 'undefined'
  () => app.scope({ teamId: "t" }).teamMember.queryBy("byMember", {}), //= is not assignable to parameter of type 'never'
  () => app.secureLink.query({ token: "t" }, { by: "createdAt" }), //= Type '"createdAt"' is not assignable to type '"key"'
  () => app.scope({ teamId: "t" }).lead, //= Property 'lead' does not exist on type
  () => app.scope({ teamId: "t" }).team.get({ teamId: "u" }), //= Type 'string' is not assignable to type 'undefined'
];
