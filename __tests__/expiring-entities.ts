/** Entities whose items expire, and a clock to move. */
import { z } from "zod";
import {
  byCreatedAt,
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
  type Payload,
  secret,
  times,
} from "../src/index.js";

/** A full second, so that a test can name the first and the last millisecond of an item. */
export const start = 1_790_000_000_000;

/** A clock that stands still until it is moved. */
export class MovableClock {
  time = start;
  now(): number {
    return this.time;
  }
}

const offerPayload = z.looseObject({
  text: z.string(),
  until: z.number().nullish(),
  code: secret(z.string().optional()),
});
export interface OfferData extends Payload<typeof offerPayload> {}
const offerSchema = () => ({
  model: model("Offer"),
  attributes: {
    userId: keyPart,
    offerId: keyPart,
    data: data<OfferData>(offerPayload),
    ...expires("until"),
    ...times,
  },
  indexes: {
    byKey: byKey("USER#${userId}", "OFFER#${offerId}", { collection: "workspace" }),
    byCreatedAt: byCreatedAt("USER#${userId}", "OFFER#${createdAt}#${offerId}", {
      collection: "recent",
    }),
  },
});
/** An offer to a user, for some time. */
const offer = {
  payload: offerPayload,
  schema: offerSchema,
  entity: (config: EntityConfig) => new Entity(offerSchema(), configure(config)),
};

const invitePayload = z.looseObject({
  role: z.string(),
  place: z.string().optional(),
  until: z.number(),
});
const inviteSchema = () => ({
  model: model("Invite"),
  attributes: {
    teamId: keyPart,
    inviteId: keyPart,
    data: data(invitePayload),
    ...fields("role", "place"),
    ...expires("until"),
    ...times,
  },
  indexes: {
    byKey: byKey("TEAM#${teamId}", "INVITE#${inviteId}", { collection: "team" }),
    byRole: index("GSI2", "ROLE#${data.role}", "INVITE#${inviteId}"),
    byPlace: index("GSI3", "PLACE#${data.place}", "ROLE#${data.role}#${inviteId}"),
  },
});
/** An invitation to a team, which always expires; in indexes by its role, and by its place and role. */
const invite = {
  payload: invitePayload,
  schema: inviteSchema,
  entity: (config: EntityConfig) => new Entity(inviteSchema(), configure(config)),
};

const passPayload = z.looseObject({ text: z.string(), until: z.number() });
const passSchema = () => ({
  model: model("Pass"),
  attributes: {
    userId: keyPart,
    passId: keyPart,
    data: data(passPayload),
    ...expires("until"),
    ...times,
  },
  indexes: { byKey: byKey("USER#${userId}", "PASS#${passId}") },
});
/** A pass, whose first version had its time in seconds and did not expire. */
const pass = {
  payload: passPayload,
  schema: passSchema,
  entity: (config: EntityConfig) => new Entity(passSchema(), configure(config)),
  version: 2,
  upgrade: {
    1: ({ text, seconds }: { readonly text: string; readonly seconds: number }) => ({
      text,
      until: seconds * 1000,
    }),
  },
};

export const expiringEntities = { offer, invite, pass };
