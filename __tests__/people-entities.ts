/** An application's own entities whose keys hold a user's id in every place that there is. */
import { z } from "zod";
import {
  byKey,
  configure,
  data,
  Entity,
  type EntityConfig,
  expires,
  fields,
  index,
  keyPart,
  model,
  secret,
  times,
  wordPart,
} from "../src/index.js";

const text = z.looseObject({ text: z.string() });

const notePayload = z.looseObject({
  text: z.string(),
  code: secret(z.string().optional()),
  pin: secret(z.string().optional()),
});
const noteSchema = () => ({
  model: model("Note"),
  attributes: { userId: keyPart, noteId: keyPart, data: data(notePayload), ...times },
  indexes: { byKey: byKey("USER#${userId}", "NOTE#${noteId}", { collection: "workspace" }) },
});
/** Of a user. Its first version had the code under another name. */
const note = {
  payload: notePayload,
  schema: noteSchema,
  entity: (config: EntityConfig) => new Entity(noteSchema(), configure(config)),
  version: 2,
  upgrade: {
    1: ({ pin, ...rest }: { readonly text: string; readonly pin?: string }) => {
      if (rest.text === "broken") throw new TypeError("cannot be upgraded");
      return { ...rest, code: pin };
    },
  },
};

const passPayload = text.extend({ until: z.number() });
const passSchema = () => ({
  model: model("UserPass"),
  attributes: {
    userId: keyPart,
    passId: keyPart,
    data: data(passPayload),
    ...expires("until"),
    ...times,
  },
  indexes: { byKey: byKey("USER#${userId}", "PASS#${passId}") },
});
/** Of a user, for some time. */
const pass = {
  payload: passPayload,
  schema: passSchema,
  entity: (config: EntityConfig) => new Entity(passSchema(), configure(config)),
};

const clientSchema = () => ({
  model: model("Client"),
  attributes: { agentId: keyPart, clientId: keyPart, data: data(text), ...times },
  indexes: { byKey: byKey("AGENT#${agentId}", "CLIENT#${clientId}") },
});
/** Of an agent, in a partition of its own. */
const client = {
  payload: text,
  schema: clientSchema,
  entity: (config: EntityConfig) => new Entity(clientSchema(), configure(config)),
};

const deedPayload = text.extend({ agentId: z.string().optional() });
const deedSchema = () => ({
  model: model("Deed"),
  attributes: {
    userId: keyPart,
    deedId: keyPart,
    data: data(deedPayload),
    ...fields("agentId"),
    ...times,
  },
  indexes: {
    byKey: byKey("USER#${userId}", "DEED#${deedId}"),
    byOwner: index("GSI2", "OWNER#${userId}", "DEED#${deedId}"),
    byAgent: index("GSI3", "DEEDS#${data.agentId}", "DEED#${deedId}"),
  },
});
/** Of a user, and found by the agent in its payload. */
const deed = {
  payload: deedPayload,
  schema: deedSchema,
  entity: (config: EntityConfig) => new Entity(deedSchema(), configure(config)),
};

const referralSchema = () => ({
  model: model("Referral"),
  attributes: { userId: keyPart, agentId: keyPart, data: data(text), ...times },
  indexes: { byKey: byKey("USER#${userId}", "REFERRAL#${agentId}") },
});
/** Of a user, and it names an agent: no scope has it. */
const referral = {
  payload: text,
  schema: referralSchema,
  entity: (config: EntityConfig) => new Entity(referralSchema(), configure(config)),
};

const memberSchema = () => ({
  model: model("Member"),
  attributes: { teamId: keyPart, userId: keyPart, data: data(text), ...times },
  indexes: {
    byKey: byKey("TEAM#${teamId}", "MEMBER#${userId}"),
    byUser: index("GSI2", "MEMBER#${userId}", "TEAM#${teamId}"),
  },
});
/** Of a team: a user is its member. */
const member = {
  payload: text,
  schema: memberSchema,
  entity: (config: EntityConfig) => new Entity(memberSchema(), configure(config)),
};

const entrySchema = () => ({
  model: model("DiaryEntry"),
  attributes: { userId: wordPart, day: keyPart, entryId: keyPart, data: data(text), ...times },
  indexes: { byKey: byKey("DIARY#${userId}#DAY#${day}", "ENTRY#${entryId}") },
});
/** Of a user's day: its partitions are made of more than the user. */
const diaryEntry = {
  payload: text,
  schema: entrySchema,
  entity: (config: EntityConfig) => new Entity(entrySchema(), configure(config)),
};

const visitSchema = () => ({
  model: model("Visit"),
  attributes: { houseId: keyPart, visitId: keyPart, data: data(text), ...times },
  indexes: { byKey: byKey("HOUSE#${houseId}", "VISIT#${visitId}") },
});
/** Of a house: no key of it names a user. */
const visit = {
  payload: text,
  schema: visitSchema,
  entity: (config: EntityConfig) => new Entity(visitSchema(), configure(config)),
};

export const ownPeople = { note, pass, client, deed, referral, member, diaryEntry, visit };

const openSchema = () => ({
  model: model("OpenDay"),
  attributes: { userId: wordPart, dayId: keyPart, noteId: keyPart, data: data(text), ...times },
  indexes: { byKey: byKey("USER#${userId}#DAY#${dayId}", "OPEN#${noteId}") },
});
/** Its partitions begin as the users' own do: some user's id makes one of them. */
export const openDay = {
  payload: text,
  schema: openSchema,
  entity: (config: EntityConfig) => new Entity(openSchema(), configure(config)),
};

const roomSchema = () => ({
  model: model("Room"),
  attributes: { userId: wordPart, roomId: keyPart, data: data(text), ...times },
  indexes: { byKey: byKey("USER#${userId}#ROOMS", "ROOM#${roomId}") },
});
/** Of a user whose id holds no `#`. */
export const room = {
  payload: text,
  schema: roomSchema,
  entity: (config: EntityConfig) => new Entity(roomSchema(), configure(config)),
};

const pairSchema = () => ({
  model: model("Pair"),
  attributes: { userId: wordPart, agentId: keyPart, pairId: keyPart, data: data(text), ...times },
  indexes: { byKey: byKey("PAIR#${userId}#${agentId}", "PAIR#${pairId}") },
});
/** Of a user and an agent together. */
export const pair = {
  payload: text,
  schema: pairSchema,
  entity: (config: EntityConfig) => new Entity(pairSchema(), configure(config)),
};
