/**
 * The entities of which every promise is tested: the twelve, and some that fast-check declares. A data
 * layer with `generatedEntities` has a store of each.
 */
import fc from "fast-check";
import { createdAtDigits } from "../src/table/table.js";
import { engines, type TestEngine } from "./engines.js";
import {
  definitionsOf,
  fieldKeysOf,
  indexTemplates,
  keyTemplates,
  type RandomEntity,
  randomEntities,
  wordsOf,
} from "./random-registries.js";
import {
  type AnyInput,
  type AnyStore,
  inputOf,
  keyOf,
  oneOfEachKind,
  type Registered,
  registry,
} from "./registry.js";

type Fields = Readonly<Record<string, unknown>>;

/** An entity as a test of all of them sees it: nothing that is under test decides any of it. */
export interface Subject {
  /** The name of its store. */
  readonly name: string;
  /** The same, of a generated one with its keys and the seed: what a failed test prints. */
  readonly title: string;
  /** The name of its model. */
  readonly entity: string;
  /** The part of the key that tells the items of one partition apart, if there are several. */
  readonly id: string | undefined;
  /** Whether an id may hold a `#`. */
  readonly freeId: boolean;
  /** Whether `create` makes an id if none is given. */
  readonly makesIds: boolean;
  /** Whether all users have one partition in common. */
  readonly isShared: boolean;
  /** Whether it has `byCreatedAt`. */
  readonly dated: boolean;
  /** Whether the creation time is a part of the key, so that each input has one. */
  readonly timedKey: boolean;
  /** Whether an index key is made of the creation time, which only the stored item may tell. */
  readonly timedIndex: boolean;
  /** Whether an index key is made of a field and of the creation time: a `put` of what is there reads it. */
  readonly mixedIndex: boolean;
  /** Whether an index key is made of two fields. */
  readonly sharedKey: boolean;
  /** Whether items without a version are upgraded. */
  readonly upgraded: boolean;
  /** An item of a user, with this id if it has one. */
  input(user: string, id: string, data?: Fields): AnyInput;
  /** The key in an input or an item. */
  key(input: Fields): Record<string, unknown>;
  /** The parts of the partition key in an input or an item. */
  partition(input: Fields): Record<string, unknown>;
  /** The payload of an input as it is stored. */
  stored(input: AnyInput): Record<string, unknown>;
  /** The physical key, written out. */
  raw(key: Fields): { readonly PK: string; readonly SK: string };
}

/** The store of a subject. */
export function storeOf(data: object, { name }: Pick<Subject, "name">): AnyStore {
  // Every store has the same methods; a test of all of them gives up what is special to each.
  return (data as Readonly<Record<string, AnyStore>>)[name] as AnyStore;
}

/** The physical keys of the twelve, written out. */
const templates: Readonly<Record<string, readonly [pk: string, sk: string]>> = {
  userProfile: ["USER#${userId}", "PROFILE"],
  realEstateAgentProfile: ["USER#${userId}", "AGENT#${agentProfileId}"],
  review: ["REVIEW#${agentId}", "REVIEW#${reviewId}"],
  brandAudit: ["USER#${userId}", "AUDIT#${auditId}"],
  competitor: ["USER#${userId}", "COMPETITOR#${competitorId}"],
  researchReport: ["USER#${userId}", "REPORT#${reportId}"],
  project: ["USER#${userId}", "PROJECT#${projectId}"],
  savedContent: ["USER#${userId}", "CONTENT#${contentId}"],
  trainingProgress: ["USER#${userId}", "TRAINING#${moduleId}"],
  marketingPlan: ["USER#${userId}", "PLAN#${planId}"],
  reviewAnalysis: ["USER#${userId}", "ANALYSIS#${analysisId}"],
  oauthToken: ["OAUTH#${userId}", "${provider}"],
};

/** A template with the values of its parts, and of fields of a payload. */
export function filled(template: string, values: Fields): string {
  const digits: Readonly<Record<string, number>> = { createdAt: createdAtDigits, level: 3 };
  return template.replaceAll(/\$\{(?:data\.)?(\w+)\}/g, (_, part: string) =>
    String(values[part]).padStart(digits[part] ?? 0, "0"),
  );
}

function rawOf([pk, sk]: readonly [string, string] = ["", ""]): Subject["raw"] {
  return (key) => ({ PK: filled(pk, key), SK: filled(sk, key) });
}

function registeredSubject(registered: Registered): Subject {
  const { name, entity, owner, id, dated } = registered;
  const key = (input: Fields) => keyOf(registered, input as AnyInput);
  return {
    name,
    title: name,
    entity,
    id,
    freeId: true,
    makesIds: id !== undefined && name !== "oauthToken",
    isShared: false,
    dated,
    timedKey: false,
    timedIndex: dated,
    mixedIndex: false,
    sharedKey: false,
    upgraded: false,
    input: (user, itemId, data) => inputOf(registered, user, itemId, data),
    key,
    partition: (input) => ({ [owner]: input[owner] }),
    stored: (input) => ({ ...idsIn(registered, key(input)), ...input.data }),
    raw: rawOf(templates[name]),
  };
}

/** The ids that readers of `Data` alone expect there. */
function idsIn({ name, owner, id }: Registered, key: Fields): Fields {
  if (name === "oauthToken") return {};
  return { id: key[id ?? owner], ...(name === "review" && { agentId: key.agentId }) };
}

/** Each of the twelve. */
export const registered: readonly Subject[] = registry.map(registeredSubject);

const seed = Number(process.env.COAGENT_TEST_SEED ?? 20_250_301);

/** The parts of an entity's key that are free texts. */
export function textsOf({ owner, rest }: RandomEntity): string[] {
  return [...owner, ...rest].filter((part) => !["createdAt", "level", "day"].includes(part));
}

/** What an item has in the parts of its key that name neither a user nor an item. */
const fixedParts: Fields = { level: 7, day: "2024-02-29", createdAt: 1_700_000_000_000 };

const anHour = 3_600_000;

function generatedSubject(entity: RandomEntity): Subject {
  const { name, owner, rest, secret, expires, version, indexes } = entity;
  const parts = [...new Set([...owner, ...rest])];
  const only = (names: readonly string[]) => (from: Fields) =>
    Object.fromEntries(names.map((part) => [part, from[part]]));
  const [user = ""] = textsOf(entity);
  const id = rest.includes("itemId") ? "itemId" : undefined;
  const words = wordsOf(entity);
  const timedKey = rest.includes("createdAt");
  const timed = indexes
    .flatMap((shape) => indexTemplates(entity, shape))
    .filter((template) => !timedKey && template.includes("${createdAt}"));
  return {
    name,
    title: `${name} of seed ${seed} (${titleOf(entity)})`,
    entity: name.toUpperCase(),
    // A shared partition whose only text is the item's has one item of each user.
    id: id === user ? undefined : id,
    freeId: !words.includes("itemId"),
    makesIds:
      id !== user &&
      rest.at(-1) === "itemId" &&
      !entity.defaulted &&
      !entity.shape.endsWith("#END"),
    isShared: owner.length === 0,
    dated: entity.dated,
    timedKey,
    timedIndex: entity.dated || timed.length > 0,
    mixedIndex: timed.some((template) => template.includes("${data.")),
    sharedKey: [...fieldKeysOf(entity).values()].some((fields) => fields.length > 1),
    upgraded: version === 2,
    input: (value, itemId, data = {}) => ({
      ...Object.fromEntries(parts.map((part) => [part, fixedParts[part] ?? part])),
      ...(id !== undefined && { itemId }),
      [user]: value,
      data: {
        text: "some text",
        ...(secret && { token: "a token" }),
        ...(expires && { until: Date.now() + anHour }),
        ...data,
      },
    }),
    key: only(parts),
    partition: only(owner),
    stored: ({ data }) => data,
    raw: rawOf(keyTemplates(entity)),
  };
}

function titleOf(entity: RandomEntity): string {
  const { dated, secret, ofZod3, defaulted, expires, version, indexes } = entity;
  const kinds = Object.entries({ dated, secret, ofZod3, defaulted, expires });
  return [
    keyTemplates(entity).join(" / "),
    ...kinds.flatMap(([kind, is]) => (is ? [kind] : [])),
    ...(version === undefined ? [] : [`version ${version}`]),
    ...indexes,
  ].join(", ");
}

/** What is special about an entity: tests of all kinds of entities need one of each. */
function kindsOf(entity: RandomEntity): string[] {
  const { partition, shape, indexes, version } = entity;
  const flags = Object.entries(entity).flatMap(([name, value]) => (value === true ? [name] : []));
  return [partition, shape, `version ${version}`, ...indexes, ...flags];
}

/** As few of these entities as have one of each kind. */
function varied(all: readonly RandomEntity[]): RandomEntity[] {
  const missing = new Set(all.flatMap(kindsOf));
  const chosen: RandomEntity[] = [];
  while (missing.size > 0) {
    const gain = (one: RandomEntity) => kindsOf(one).filter((kind) => missing.has(kind)).length;
    const best = all.reduce((a, b) => (gain(b) > gain(a) ? b : a));
    for (const kind of kindsOf(best)) missing.delete(kind);
    chosen.push(best);
  }
  return chosen;
}

/** Entities that fast-check declares, some of each kind. Of each, a part of the key can name a user. */
export const generatedRegistry: readonly RandomEntity[] = varied(
  fc
    .sample(randomEntities, { seed, numRuns: 40 })
    .flat()
    .filter((entity) => textsOf(entity).length > 0),
).map((entity, index) => ({ ...entity, name: `entity${index}` }));

/** Their declarations, as `createDataLayer` takes them. */
export const generatedEntities = definitionsOf(generatedRegistry);

/** The generated ones alone. */
export const generated: readonly Subject[] = generatedRegistry.map(generatedSubject);

/** The twelve and the generated ones. */
export const subjects: readonly Subject[] = [...registered, ...generated];

/**
 * All of them on the first engine; on the further ones, of the twelve one of each kind of key: what an
 * engine does apart, it does apart with any of that kind.
 */
export function subjectsOn({ name }: TestEngine): readonly Subject[] {
  if (name === engines[0]?.name) return subjects;
  return [...oneOfEachKind.map(registeredSubject), ...generated];
}

/** The one with this name. */
export function subjectOf(name: string): Subject {
  const found = subjects.find((one) => one.name === name);
  if (found === undefined) throw new Error(`${name} is no subject of the tests`);
  return found;
}
