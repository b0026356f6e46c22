/**
 * The result of a declaration: ElectroDB's configuration, and the types of its payload and its item.
 */
import type { Entity, EntityConfiguration, Schema } from "electrodb";
import type { z } from "zod";
import { attribute } from "../src/table/table.js";

/** The argument of an entity's factory: ElectroDB's own configuration without what is fixed here. */
export type EntityConfig = Pick<EntityConfiguration, "table" | "client">;

/**
 * ElectroDB's configuration. Both identifiers are one attribute, because items of earlier writers
 * have no other.
 */
export function configure(config: EntityConfig): EntityConfiguration {
  return {
    ...config,
    identifiers: { entity: attribute.entityType, version: attribute.entityType },
  };
}

/**
 * A schema for ElectroDB alone, which writes its own form of each template into the indexes it is given
 * (3.9.3): the stores read the declaration, and it stays as it was written.
 */
export function copyOf<S extends Pick<Schema<string, string, string>, "indexes">>(schema: S): S {
  const indexes = Object.entries(schema.indexes).map(([name, index]) => {
    const { pk, sk } = index;
    return [name, { ...index, pk: { ...pk }, ...(sk !== undefined && { sk: { ...sk } }) }];
  });
  return { ...schema, indexes: Object.fromEntries(indexes) as S["indexes"] };
}

/** An entity as its file declares it. */
export interface Definition<
  P extends () => z.ZodObject,
  S extends Schema<string, string, string> & Declared["schema"],
> {
  /** The payload's schema, built when it is first needed. */
  readonly payload: P;
  /** What ElectroDB creates the entity from; the stores read it too. */
  readonly schema: S;
  /** Creates the ElectroDB entity; each call creates its own. */
  readonly entity: (config: EntityConfig) => Entity<string, string, string, S>;
}

/** A payload's type: the schema's, without the index signatures that loose objects add. */
export type Payload<Schema extends () => z.ZodObject> = {
  [K in keyof Output<Schema> as K extends KnownKey<Output<Schema>> ? K : never]: Known<
    Output<Schema>[K]
  >;
};

type Output<Schema extends () => z.ZodObject> = z.infer<ReturnType<Schema>>;

/** The parts of an item's key, in a declaration or in its ElectroDB entity. */
export interface Declared {
  readonly schema: {
    readonly indexes: {
      readonly byKey: {
        readonly pk: { readonly composite: readonly string[] };
        readonly sk: { readonly composite: readonly string[] };
      };
    };
  };
}

/** The parts of an entity's key that identify its partition. */
export type PartitionPart<D extends Declared> =
  D["schema"]["indexes"]["byKey"]["pk"]["composite"][number];

/** The parts that identify an item in the partition. */
export type SortPart<D extends Declared> =
  D["schema"]["indexes"]["byKey"]["sk"]["composite"][number];

/** An item as its store returns it: the key's parts, the payload and the times. */
export type Item<D extends Declared, Data> = {
  [K in keyof ItemMembers<D, Data>]: ItemMembers<D, Data>[K];
};

type ItemMembers<D extends Declared, Data> = {
  [P in PartitionPart<D> | SortPart<D>]: string;
} & StoredWith<Data>;

type StoredWith<Data> = {
  /** The payload. */
  data: Data;
  /** Epoch milliseconds of its creation. */
  createdAt: number;
  /** Epoch milliseconds of its last write; grows with each one. */
  updatedAt: number;
};

type Known<T> = T extends readonly (infer U)[]
  ? Known<U>[]
  : T extends object
    ? [KnownKey<T>] extends [never]
      ? T
      : { [K in keyof T as K extends KnownKey<T> ? K : never]: Known<T[K]> }
    : T;

type KnownKey<T> = keyof { [K in keyof T as string extends K ? never : K]: K };
