/** One entity as it is declared over time: what each version of an application knows of a contact. */
import { z } from "zod";
import {
  byCreatedAt,
  byKey,
  configure,
  data,
  Entity,
  type EntityConfig,
  keyPart,
  model,
  type Payload,
  secret,
  times,
} from "../src/index.js";

/** Version 1: one name. */
const first = z.looseObject({ name: z.string(), token: secret(z.string().optional()) });
/** Version 2: two names, in a map. */
const second = z.looseObject({
  names: z.looseObject({ first: z.string(), last: z.string() }),
  token: secret(z.string().optional()),
});
/** Version 3: tags. */
const third = second.extend({ tags: z.array(z.string()) });

export interface ContactV1 extends Payload<typeof first> {}
export interface ContactV2 extends Payload<typeof second> {}
export interface ContactV3 extends Payload<typeof third> {}

/** How often each step ran, and what it was given. */
export const seenBySteps: { readonly from: number; readonly old: unknown }[] = [];

/** It splits the name at its first space; a contact without one cannot be upgraded. */
export function toV2({ name, ...rest }: ContactV1): ContactV2 {
  seenBySteps.push({ from: 1, old: { name, ...rest } });
  const [one, ...others] = name.split(" ");
  if (others.length === 0) throw new TypeError(`${name} has one name`);
  return { ...rest, names: { first: one ?? "", last: others.join(" ") } };
}

const noTags: string[] = [];

/** It gives the same list to each, as a careless upgrade does. */
export function toV3(old: ContactV2): ContactV3 {
  seenBySteps.push({ from: 2, old });
  return { ...old, tags: noTags };
}

const attributes = { teamId: keyPart, contactId: keyPart };
const indexes = () => ({
  byKey: byKey("TEAM#${teamId}", "CONTACT#${contactId}", { collection: "team" }),
  byCreatedAt: byCreatedAt("TEAM#${teamId}", "CONTACT#${createdAt}#${contactId}"),
});

const firstSchema = () => ({
  model: model("Contact"),
  attributes: { ...attributes, data: data<ContactV1>(first), ...times },
  indexes: indexes(),
});
const secondSchema = () => ({
  model: model("Contact"),
  attributes: { ...attributes, data: data<ContactV2>(second), ...times },
  indexes: indexes(),
});
const thirdSchema = () => ({
  model: model("Contact"),
  attributes: { ...attributes, data: data<ContactV3>(third), ...times },
  indexes: indexes(),
});

/** Before anybody thought of versions. */
export const unversioned = {
  payload: first,
  schema: firstSchema,
  entity: (config: EntityConfig) => new Entity(firstSchema(), configure(config)),
};
/** The same, which leaves what newer code has written. */
export const contactV1 = { ...unversioned, version: 1 };
export const contactV2 = {
  payload: second,
  schema: secondSchema,
  version: 2,
  upgrade: { 1: toV2 },
  entity: (config: EntityConfig) => new Entity(secondSchema(), configure(config)),
};
export const contactV3 = {
  payload: third,
  schema: thirdSchema,
  version: 3,
  upgrade: { 1: toV2, 2: toV3 },
  entity: (config: EntityConfig) => new Entity(thirdSchema(), configure(config)),
};
