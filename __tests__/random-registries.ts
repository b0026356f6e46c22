/** Registries of declared entities that fast-check makes: partitions, parts, defaults, times, secrets. */
import fc from "fast-check";
import { z } from "zod";
import type { AnyDefinition } from "../services/registry.js";
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
  times,
  wordPart,
} from "../src/index.js";
import type { PayloadSchema } from "../src/values/payload.js";

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
  readonly defaulted: boolean;
  readonly collection: boolean;
}

/** Up to six entities, each with a prefix of its own. */
export const randomEntities: fc.Arbitrary<RandomEntity[]> = fc
  .array(
    fc.record({
      partition: fc.constantFrom(...(Object.keys(partitions) as PartitionTemplate[])),
      shape: fc.constantFrom(...(Object.keys(shapes) as Shape[])),
      dated: fc.boolean(),
      secret: fc.boolean(),
      defaulted: fc.boolean(),
      collection: fc.boolean(),
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

/** The declaration of an entity, as an application writes it. */
export function definitionOf(entity: RandomEntity): AnyDefinition {
  const { name, partition, shape, owner, rest, dated, secret, defaulted } = entity;
  const payload = (): PayloadSchema =>
    z.looseObject({
      text: z.string(),
      ...(secret && { token: z.string().meta({ secret: true }) }),
    });
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
      attributes: { ...Object.fromEntries(attributes), data: data(payload), ...times },
      indexes: {
        byKey: byKey(partition, `${prefix}${shape}`, options),
        ...(dated && { byCreatedAt: byCreatedAt(partition, `${prefix}#\${createdAt}#\${itemId}`) }),
      },
    };
  };
  return {
    payload,
    schema,
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
