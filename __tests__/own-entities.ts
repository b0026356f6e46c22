/** Entities that an application declares, for tests of what holds for any: three very different ones. */
import { z } from "zod";
import {
  byCreatedAt,
  byKey,
  configure,
  data,
  datePart,
  Entity,
  type EntityConfig,
  keyPart,
  model,
  numberPart,
  type Payload,
  secret,
  times,
  wordPart,
} from "../src/index.js";

const leadPayload = z.looseObject({ name: z.string(), status: z.string(), score: z.number() });
export interface LeadData extends Payload<typeof leadPayload> {}
const leadSchema = () => ({
  model: model("Lead"),
  attributes: { userId: keyPart, leadId: keyPart, data: data<LeadData>(leadPayload), ...times },
  indexes: {
    byKey: byKey("USER#${userId}", "LEAD#${leadId}", { collection: "workspace" }),
    byCreatedAt: byCreatedAt("USER#${userId}", "LEAD#${createdAt}#${leadId}", {
      collection: "recent",
    }),
  },
});
/** A lead of a user. */
const lead = {
  payload: leadPayload,
  schema: leadSchema,
  entity: (config: EntityConfig) => new Entity(leadSchema(), configure(config)),
};

const memberPayload = z.looseObject({
  role: z.string(),
  /** The token of an invitation. */
  token: secret(z.string().optional()),
});
const memberSchema = () => ({
  model: model("TeamMember"),
  attributes: { teamId: keyPart, memberId: keyPart, data: data(memberPayload), ...times },
  indexes: { byKey: byKey("TEAM#${teamId}", "MEMBER#${memberId}", { collection: "team" }) },
});
/** A member of a team. */
const teamMember = {
  payload: memberPayload,
  schema: memberSchema,
  entity: (config: EntityConfig) => new Entity(memberSchema(), configure(config)),
};

const teamPayload = z.looseObject({ name: z.string() });
const teamSchema = () => ({
  model: model("Team"),
  attributes: { teamId: keyPart, data: data(teamPayload), ...times },
  indexes: { byKey: byKey("TEAM#${teamId}", "TEAM", { collection: "team" }) },
});
/** A team. */
const team = {
  payload: teamPayload,
  schema: teamSchema,
  entity: (config: EntityConfig) => new Entity(teamSchema(), configure(config)),
};

const logPayload = z.looseObject({ action: z.string() });
const logSchema = () => ({
  model: model("AuditLog"),
  attributes: { orgId: keyPart, logId: keyPart, data: data(logPayload), ...times },
  indexes: { byKey: byKey("ORG#${orgId}", "TS#${createdAt}#${logId}") },
});
/** What was done in an organisation, in order of time. */
const auditLog = {
  payload: logPayload,
  schema: logSchema,
  entity: (config: EntityConfig) => new Entity(logSchema(), configure(config)),
};

const workflowPayload = z.looseObject({ title: z.string() });
const workflowSchema = () => ({
  model: model("Workflow"),
  attributes: { orgId: keyPart, workflowId: wordPart, data: data(workflowPayload), ...times },
  indexes: { byKey: byKey("ORG#${orgId}", "WORKFLOW#${workflowId}", { collection: "org" }) },
});
/** A workflow of an organisation. */
const workflow = {
  payload: workflowPayload,
  schema: workflowSchema,
  entity: (config: EntityConfig) => new Entity(workflowSchema(), configure(config)),
};

const stepPayload = z.looseObject({ done: z.boolean() });
const stepSchema = () => ({
  model: model("WorkflowStep"),
  attributes: {
    orgId: keyPart,
    workflowId: wordPart,
    stepId: keyPart,
    data: data(stepPayload),
    ...times,
  },
  indexes: {
    byKey: byKey("ORG#${orgId}", "WORKFLOW#${workflowId}#STEP#${stepId}", { collection: "org" }),
  },
});
/** A step of a workflow: its key begins with that of the workflow. */
const workflowStep = {
  payload: stepPayload,
  schema: stepSchema,
  entity: (config: EntityConfig) => new Entity(stepSchema(), configure(config)),
};

const attemptPayload = z.looseObject({ points: z.number() });
const attemptSchema = () => ({
  model: model("Attempt"),
  attributes: {
    quizId: keyPart,
    day: datePart,
    number: numberPart(3),
    data: data(attemptPayload),
    ...times,
  },
  indexes: { byKey: byKey("QUIZ#${quizId}", "DAY#${day}#${number}") },
});
/** An attempt at a quiz, by its day and its number on that day. */
const attempt = {
  payload: attemptPayload,
  schema: attemptSchema,
  entity: (config: EntityConfig) => new Entity(attemptSchema(), configure(config)),
};

export const ownEntities = { lead, teamMember, team, auditLog, workflow, workflowStep, attempt };
