/** Which entity a stored item is of, what it lacks, and why it may have no place. */
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { timeToLiveOf } from "../../src/entity/expiry.js";
import { type IndexKey, indexKeyOf } from "../../src/entity/indexes.js";
import {
  type EntityModel,
  haveForms,
  type KeyParts,
  keyLengthIssues,
  modelOf,
  storedParts,
} from "../../src/entity/model.js";
import { latestTime } from "../../src/entity/times.js";
import { keyPartRule, partsFrom } from "../../src/keys/template.js";
import { attribute, receiptRow } from "../../src/table/table.js";
import { ofKnownEntities } from "../raw/known-entities.js";
import type { Item } from "../raw/raw-table.js";
import { versionText } from "../raw/stored-versions.js";
import { collections } from "./firestore/collections.js";
import { createdAtOf } from "./firestore/map-document.js";

/** Why an item cannot be placed. */
export const problemKinds = [
  "unknownType",
  "keyDisagrees",
  "keyTooLong",
  "unusableTime",
  "attributeDisagrees",
] as const;

export type ProblemKind = (typeof problemKinds)[number];

export interface Problem {
  readonly kind: ProblemKind;
  /** Names attributes and rules, never a payload's values. */
  readonly rule: string;
}

/** Whether it is a receipt of a mutation, which is no entity's. */
export function isReceipt(item: Item): boolean {
  const { entityType, keyPrefix } = receiptRow;
  const isAtKey = item[attribute.partitionKey]?.S?.startsWith(keyPrefix) === true;
  return isAtKey && item[attribute.entityType]?.S === entityType;
}

/** An entity as the commands over a whole table need it. */
export interface KnownEntity {
  readonly facade: string;
  readonly model: EntityModel;
  /** Fields of the payload that may hold the creation date; the first readable one counts. */
  readonly created: readonly string[];
}

/** Every entity by what `EntityType` calls it, those too that never were in Firestore. */
export const entitiesByType = ofKnownEntities(
  (definitions): ReadonlyMap<string, KnownEntity> =>
    new Map(
      Object.entries(definitions).map(([facade, definition]) => {
        const model = modelOf(definition);
        const collection = collections().find((one) => one.facade === facade);
        return [model.name, { facade, model, created: collection?.created ?? ["createdAt"] }];
      }),
    ),
);

/**
 * What adoption reads of an item: everything but the payload, and from that the creation dates and what
 * index keys are made of.
 */
export const placementPaths = ofKnownEntities((): readonly (string | readonly string[])[] => [
  attribute.partitionKey,
  attribute.sortKey,
  ...new Set([attribute.indexPartitionKey, attribute.indexSortKey, ...indexAttributesOfAll()]),
  attribute.entityType,
  attribute.createdAt,
  attribute.updatedAt,
  ...(expiriesOfAll().length > 0 ? [attribute.timeToLive] : []),
  ...(modelsOfAll().some(({ versions }) => versions !== undefined) ? [attribute.dataVersion] : []),
  // The creation time has an attribute of its own.
  ...partsOfAll().filter((part) => part !== "createdAt"),
  ...[
    ...new Set([
      ...collections().flatMap(({ created }) => created),
      ...fieldsOfAll(),
      ...expiriesOfAll(),
    ]),
  ].map((field) => [attribute.data, field]),
]);

/** The attributes of the index keys of all entities. */
function indexAttributesOfAll(): string[] {
  return modelsOfAll().flatMap(({ indexKeys }) => indexKeys.map((key) => key.attribute));
}

/** The payload's fields that index keys are made of. */
function fieldsOfAll(): string[] {
  return modelsOfAll().flatMap(({ fieldKeys }) => fieldKeys.flatMap(({ fields }) => fields));
}

function modelsOfAll(): EntityModel[] {
  return [...entitiesByType().values()].map(({ model }) => model);
}

/** The key parts of all entities, each once. */
function partsOfAll(): string[] {
  return [...new Set(modelsOfAll().flatMap(({ parts }) => parts))];
}

/** The payload fields that say when items expire, of all entities. */
function expiriesOfAll(): string[] {
  return modelsOfAll().flatMap(({ expires }) => expires ?? []);
}

export interface Placed {
  readonly entity: KnownEntity;
  readonly parts: KeyParts;
  /** Attributes that the item lacks, with the values they should have. */
  readonly lacks: Item;
}

export type Placement = Placed | Problem;

export function isProblem(placement: Placement): placement is Problem {
  return "rule" in placement;
}

/**
 * Finds the place of an item. A missing CreatedAt becomes the payload's own creation date if that can
 * be read, else UpdatedAt, else now.
 * @param now epoch ms
 */
export function placementOf(item: Item, now: number): Placement {
  const entity = entityOf(item);
  if ("rule" in entity) return entity;
  const model = ofItsVersion(entity.model, item);
  const parts = partsOf(model, item);
  if (parts === null) {
    const message = `EntityType ${model.name} needs a key ${shapeOf(model)}`;
    return { kind: "keyDisagrees", rule: message };
  }
  const [tooLong] = keyLengthIssues(model, parts);
  if (tooLong !== undefined) {
    return { kind: "keyTooLong", rule: `${tooLong.path} ${tooLong.message}` };
  }
  const stored = item[attribute.createdAt];
  const inKey = model.timed ? Number(parts.createdAt) : undefined;
  const createdAt = stored === undefined ? (inKey ?? bornAt(entity, item, now)) : timeOf(stored);
  if (createdAt === undefined) {
    const rule = `${attribute.createdAt} must be an integer from 0 to ${latestTime} (ms)`;
    return { kind: "unusableTime", rule };
  }
  if (inKey !== undefined && createdAt !== inKey) {
    const rule = `${attribute.createdAt} is not what the key says`;
    return { kind: "attributeDisagrees", rule };
  }
  const values = {
    ...storedParts(model, parts),
    ...indexKeyOf(model, parts, createdAt, fieldsIn(model, item)),
  };
  const extra = model.fieldKeys.find((key) => key.attribute in item && !(key.attribute in values));
  if (extra !== undefined) {
    return { kind: "attributeDisagrees", rule: `${extra.attribute} is not what the payload says` };
  }
  const lacks: Item = {};
  for (const [name, value] of Object.entries(values)) {
    const held = item[name];
    const isNumber = typeof value === "number";
    if (held === undefined) lacks[name] = isNumber ? { N: String(value) } : { S: String(value) };
    else if (isNumber ? Number(held.N) !== value : held.S !== value) {
      const made = model.fieldKeys.some((key) => key.attribute === name) ? "payload" : "key";
      return { kind: "attributeDisagrees", rule: `${name} is not what the ${made} says` };
    }
  }
  if (stored === undefined) lacks[attribute.createdAt] = { N: String(createdAt) };
  const seconds = secondsFor(model, item);
  if (seconds !== undefined && item[attribute.timeToLive] === undefined) {
    lacks[attribute.timeToLive] = { N: String(seconds) };
  }
  return { entity: { ...entity, model }, parts, lacks };
}

/**
 * The model without what it makes of the payload's fields, if the payload is of another version: whoever
 * stored it made index keys and the expiry of the fields of that version.
 */
function ofItsVersion(model: EntityModel, item: Item): EntityModel {
  // Of the payload, only the fields that are asked for were read, and an older one may have none of them.
  const { versions } = model;
  if (versions === undefined || versionText(item) === String(versions.current)) return model;
  const isOfKey = ({ fields }: IndexKey) => fields.length === 0;
  const indexes = model.indexes.filter(({ pk, sk }) => isOfKey(pk) && isOfKey(sk));
  const indexKeys = model.indexKeys.filter(isOfKey);
  return { ...model, indexes, indexKeys, fieldKeys: [], expires: undefined };
}

/** The `TTL` that an item's payload asks for; `undefined` if it has no time that can be used. */
export function secondsFor(model: EntityModel, item: Item): number | undefined {
  const { expires } = model;
  const text = expires === undefined ? undefined : item[attribute.data]?.M?.[expires]?.N;
  if (text === undefined) return undefined;
  return timeToLiveOf(Number(text));
}

/** The payload's fields that index keys are made of: those that are strings. */
function fieldsIn({ fieldKeys }: EntityModel, item: Item): Record<string, string> {
  const data = item[attribute.data]?.M ?? {};
  const names = fieldKeys.flatMap(({ fields }) => fields);
  return Object.fromEntries(
    names.flatMap((name) => {
      const text = Object.hasOwn(data, name) ? data[name]?.S : undefined;
      return text === undefined ? [] : [[name, text] as const];
    }),
  );
}

function entityOf(item: Item): KnownEntity | Problem {
  const held = item[attribute.entityType];
  const entity = held?.S === undefined ? undefined : entitiesByType().get(held.S);
  if (entity !== undefined) return entity;
  const name = attribute.entityType;
  const rule =
    held === undefined
      ? `has no ${name}`
      : held.S === undefined
        ? `${name} is not a string`
        : `${name} ${JSON.stringify(held.S.slice(0, 60))} belongs to no entity`;
  return { kind: "unknownType", rule };
}

/** The entity whose keys have the shape of an item's key, whatever the item says it is. */
export function entityAtKey(item: Item): KnownEntity | undefined {
  return [...entitiesByType().values()].find(({ model }) => partsOf(model, item) !== null);
}

/** The parts of an item's key; `null` if it does not have the entity's shape. */
function partsOf(model: EntityModel, item: Item): KeyParts | null {
  const PK = item[attribute.partitionKey]?.S ?? "";
  const SK = item[attribute.sortKey]?.S ?? "";
  const ofPartition = partsFrom(model.pk, PK);
  const ofSortKey = partsFrom(model.sk, SK);
  if (ofPartition === null || ofSortKey === null) return null;
  const parts = { ...ofPartition, ...ofSortKey };
  // A part that both keys have is one value, and a time is one of 13 digits.
  const isSame = model.pk.build(parts) === PK;
  const isTime = !model.timed || /^\d{13}$/.test(parts.createdAt ?? "");
  const areParts = Object.values(parts).every((part) => keyPartRule(part) === undefined);
  return isSame && isTime && areParts && haveForms(model, parts) ? parts : null;
}

function shapeOf({ pk, sk }: EntityModel): string {
  return [pk, sk]
    .map((template) =>
      template.build(Object.fromEntries(template.parts.map((part) => [part, `<${part}>`]))),
    )
    .join(" / ");
}

function timeOf(value: Item[string] | undefined): number | undefined {
  const time = value?.N === undefined ? Number.NaN : Number(value.N);
  return Number.isInteger(time) && time >= 0 && time <= latestTime ? time : undefined;
}

function bornAt(entity: KnownEntity, item: Item, now: number): number {
  const fields = item[attribute.data]?.M ?? {};
  const dates = entity.created.flatMap((name) => {
    const value = fields[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const data = unmarshall(Object.fromEntries(dates), { wrapNumbers: Number });
  return createdAtOf(entity, data) ?? timeOf(item[attribute.updatedAt]) ?? now;
}

/** A key as reports name it. */
export function rawKeyText(item: Item): string {
  return [attribute.partitionKey, attribute.sortKey]
    .map((name) => item[name]?.S ?? "?")
    .join(" / ");
}
