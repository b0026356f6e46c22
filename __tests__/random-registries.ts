/** Registries of declared entities that fast-check makes: partitions, parts, times, secrets, expiry, indexes. */
import fc from "fast-check";
import { z } from "zod";
import { z as z3 } from "zod/v3";
import type { AnyDefinition } from "../services/registry.js";
import type { GivenPayload } from "../src/entity/declared-payload.js";
import {
  byCreatedAt,
  byKey,
  configure,
  data,
  datePart,
  Entity,
  type EntityConfig,
  expires,
  fields,
  index,
  keyPart,
  model,
  numberPart,
  times,
  wordPart,
} from "../src/index.js";

/** A partition key, with the parts in it. */
const partitions = {
  "USER#${userId}": ["userId"],
  "TEAM#${teamId}": ["teamId"],
  "ORG#${orgId}#DEPT#${deptId}": ["orgId", "deptId"],
  "LINK#${token}": ["token"],
  CONFIG: [],
} as const satisfies Record<string, readonly string[]>;

/** What follows an entity's own prefix in its sort key. */
const shapes = {
  "": [],
  "#${itemId}": ["itemId"],
  "#${kind}#${itemId}": ["kind", "itemId"],
  "#${createdAt}#${itemId}": ["createdAt", "itemId"],
  "#${itemId}#END": ["itemId"],
  "#${level}#${itemId}": ["level", "itemId"],
  "#${level}": ["level"],
  "#${day}#${itemId}": ["day", "itemId"],
  // A part that is another entity's owner: such an entity is in no scope of that owner's.
  "#${userId}#${itemId}": ["userId", "itemId"],
} as const satisfies Record<string, readonly string[]>;

/** The templates of further indexes, by their names; `OWNER` and `NAME` stand for the entity's own. */
export const indexShapes = {
  byStatus: ["GSI2", "STATUS#${data.status}", "${createdAt}"],
  byPlace: ["GSI3", "PLACE#${data.status}#${data.city}", "PLACE"],
  byType: ["GSI4", "TYPE#NAME", "${createdAt}"],
  byCity: ["GSI5", "ALL", "CITY#${data.city}#${createdAt}"],
  byOwner: ["GSI6", "OWNER", "STATUS#${data.status}#${data.city}"],
} as const;

export type IndexShape = keyof typeof indexShapes;

/** The parts that are no free text. */
const forms: Readonly<Record<string, object>> = { level: numberPart(3), day: datePart };

type PartitionTemplate = keyof typeof partitions;
type Shape = keyof typeof shapes;

/** One entity as the generator describes it; nothing of the package decides any of it. */
export interface RandomEntity {
  /** The name of its store. */
  readonly name: string;
  readonly partition: PartitionTemplate;
  readonly shape: Shape;
  /** The parts of the partition key, and of the sort key. */
  readonly owner: readonly string[];
  readonly rest: readonly string[];
  readonly dated: boolean;
  readonly secret: boolean;
  /** Whether the payload's schema is of zod 3, of which the package knows validation and the fields. */
  readonly ofZod3: boolean;
  readonly defaulted: boolean;
  readonly collection: boolean;
  /** The further indexes that it is in. */
  readonly indexes: readonly IndexShape[];
  /** Whether the payload's field `until` says when an item expires. */
  readonly expires: boolean;
  /** The version of its payload, if it declares one; from version 1 it is upgraded to what it was. */
  readonly version: number | undefined;
}

/** Up to six entities, each with a prefix of its own. */
export const randomEntities: fc.Arbitrary<RandomEntity[]> = fc
  .array(
    fc.record({
      partition: fc.constantFrom(...(Object.keys(partitions) as PartitionTemplate[])),
      shape: fc.constantFrom(...(Object.keys(shapes) as Shape[])),
      dated: fc.boolean(),
      secret: fc.boolean(),
      ofZod3: fc.boolean(),
      defaulted: fc.boolean(),
      collection: fc.boolean(),
      indexes: fc.subarray(Object.keys(indexShapes) as IndexShape[]),
      expires: fc.boolean(),
      version: fc.constantFrom(undefined, 1, 2),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((all) =>
    all.map((one, index) => {
      const isTwice = one.partition.includes("${userId}") && one.shape.includes("${userId}");
      const shape = isTwice ? "#${itemId}" : one.shape;
      return {
        ...one,
        shape,
        name: `entity${index}`,
        owner: partitions[one.partition],
        rest: shapes[shape],
        // Only an entity whose sort key is one id has a place in the order of creation.
        dated: one.dated && shape === "#${itemId}",
        defaulted: one.defaulted && shape === "#${itemId}",
      };
    }),
  );

/** The parts of an entity's key that hold no `#`. */
export function wordsOf({ partition, shape }: RandomEntity): string[] {
  return ["orgId", "kind", "itemId", "userId"].filter((part) =>
    `${partition} ${shape}`.includes(`\${${part}}#`),
  );
}

/** The templates of an entity's key. */
export function keyTemplates({ name, partition, shape }: RandomEntity): readonly [string, string] {
  return [partition, `${name.toUpperCase()}${shape}`];
}

/** The templates of an index of an entity. */
export function indexTemplates(
  { name, partition }: RandomEntity,
  shape: IndexShape,
): readonly [pk: string, sk: string] {
  const [, ...templates] = indexShapes[shape];
  const own = (template: string) =>
    template.replace("OWNER", partition).replace("NAME", name.toUpperCase());
  return [own(templates[0]), own(templates[1])];
}

/** The index keys of an entity that fields are in: each attribute with its fields. */
export function fieldKeysOf(entity: RandomEntity): Map<string, string[]> {
  const keys = entity.indexes.flatMap((shape) =>
    indexTemplates(entity, shape).map((template, at) => {
      const names = [...template.matchAll(/\$\{data\.(\w+)\}/g)].map(([, name = ""]) => name);
      return [`${indexShapes[shape][0]}${at === 0 ? "PK" : "SK"}`, names] as const;
    }),
  );
  return new Map(
    keys.filter(([, names]) => names.length > 0).map(([one, names]) => [one, [...names]]),
  );
}

function payloadOfZod4({ secret, expires: dated }: RandomEntity): GivenPayload {
  return z.looseObject({
    text: z.string(),
    status: z.string().nullish(),
    city: z.string().optional(),
    ...(secret && { token: z.string().meta({ secret: true }) }),
    ...(dated && { until: z.number().optional() }),
  });
}

function payloadOfZod3({ secret, expires: dated }: RandomEntity): GivenPayload {
  return z3
    .object({
      text: z3.string(),
      status: z3.string().nullish(),
      city: z3.string().optional(),
      ...(secret && { token: z3.string() }),
      ...(dated && { until: z3.number().optional() }),
    })
    .passthrough();
}

/** The declaration of an entity, as an application writes it. */
export function definitionOf(entity: RandomEntity): AnyDefinition {
  const { name, partition, shape, owner, rest, dated, secret, defaulted } = entity;
  const payload = (): GivenPayload =>
    entity.ofZod3 ? payloadOfZod3(entity) : payloadOfZod4(entity);
  const prefix = name.toUpperCase();
  const words = wordsOf(entity);
  const parts = [...new Set([...owner, ...rest])].filter((part) => part !== "createdAt");
  const schema = () => {
    const attributes = parts.map((part) => [
      part,
      {
        ...(forms[part] ?? (words.includes(part) ? wordPart : keyPart)),
        ...(defaulted && part === "itemId" && { default: "main" }),
      },
    ]);
    const options = entity.collection ? { collection: partition.replace(/\W.*/, "") } : {};
    return {
      model: model(prefix),
      attributes: {
        ...Object.fromEntries(attributes),
        data: data(payload),
        ...fields("status", "city"),
        ...(entity.expires && expires("until")),
        ...times,
      },
      indexes: {
        byKey: byKey(partition, `${prefix}${shape}`, options),
        ...(dated && { byCreatedAt: byCreatedAt(partition, `${prefix}#\${createdAt}#\${itemId}`) }),
        ...Object.fromEntries(
          entity.indexes.map((shape) => [
            shape,
            index(indexShapes[shape][0], ...indexTemplates(entity, shape)),
          ]),
        ),
      },
    };
  };
  return {
    payload,
    ...(secret && entity.ofZod3 && { secrets: ["token"] }),
    schema,
    ...(entity.version !== undefined && { version: entity.version }),
    ...(entity.version === 2 && { upgrade: { 1: (old: object) => ({ ...old }) } }),
    entity: (config: EntityConfig) => new Entity(schema() as never, configure(config)) as never,
  };
}

/** The declarations under the names of their stores. */
export function definitionsOf(
  entities: readonly RandomEntity[],
): Readonly<Record<string, AnyDefinition>> {
  return Object.fromEntries(entities.map((one) => [one.name, definitionOf(one)]));
}

/** An item's key, with texts of which some are odd. */
export function keyFor(entity: RandomEntity, id: fc.Arbitrary<string>): fc.Arbitrary<Key> {
  const words = wordsOf(entity);
  const word = id.map((text) => text.replaceAll("#", "") || "w");
  const others: Readonly<Record<string, fc.Arbitrary<string | number>>> = {
    createdAt: fc.nat(10 ** 9),
    level: fc.nat(999),
    day: fc.constantFrom("0000-01-01", "2024-02-29", "2026-11-28", "9999-12-31"),
  };
  const partOf = (part: string) => others[part] ?? (words.includes(part) ? word : id);
  const parts = [...entity.owner, ...entity.rest].map((part) => [part, partOf(part)]);
  return fc.record(Object.fromEntries(parts));
}

export type Key = Readonly<Record<string, string | number>>;
