/**
 * The result of a declaration: ElectroDB's configuration, and the types of its payload and its item.
 */
import type { Entity, EntityConfiguration, Schema } from "electrodb";
import type { z } from "zod";
import type { DeclaredSchema, DeclaredVersions, StandardSchema } from "../src/table/declared.js";
import { attribute } from "../src/table/table.js";

/** ElectroDB's entity. ElectroDB is loaded when the first one is made. */
export { Entity } from "../src/runtime/lazy.js";

/** The argument of an entity's factory: ElectroDB's own configuration without what is fixed here. */
export type EntityConfig = Pick<EntityConfiguration, "table" | "client">;

/**
 * ElectroDB's configuration. Both identifiers are one attribute, because items of earlier writers
 * have no other.
 */
export function configure({ table, client }: EntityConfig): EntityConfiguration {
  return {
    table,
    client,
    identifiers: { entity: attribute.entityType, version: attribute.entityType },
  };
}

/** Of ElectroDB's schema type, what the parts of a declaration are made of. */
type AnySchema = Schema<string, string, string> & DeclaredSchema;

/** An entity as its file declares it. */
export interface Definition<
  P extends AnyPayload,
  S extends () => AnySchema,
  Secret extends keyof Payload<P> & string = never,
> extends DeclaredVersions {
  /** The payload's schema, or a function that builds it when it is first needed. */
  readonly payload: P;
  /** The secret fields of a payload whose schema is not of zod 4, which marks them itself (`secret`). */
  readonly secrets?: readonly Secret[] | undefined;
  /** Makes the schema of ElectroDB's entity. The stores read it too. */
  readonly schema: S;
  /** Creates the ElectroDB entity; each call creates its own. */
  readonly entity: (config: EntityConfig) => Entity<string, string, string, ReturnType<S>>;
}

/** The schema of a payload, or a function that builds it. */
export type AnyPayload = PayloadSchema | (() => PayloadSchema);

/** The schema of a payload: of zod 4, or of another library that follows Standard Schema. */
type PayloadSchema = z.ZodObject | StandardSchema;

/** A payload's type: the schema's, without the index signatures that loose objects add. */
export type Payload<Schema extends AnyPayload> = {
  [K in keyof Output<Schema> as K extends KnownKey<Output<Schema>> ? K : never]: Known<
    Output<Schema>[K]
  >;
};

type Output<Schema extends AnyPayload> = Schema extends PayloadSchema
  ? OutputOf<Schema>
  : Schema extends () => infer Built
    ? OutputOf<Extract<Built, PayloadSchema>>
    : never;

type OutputOf<Schema extends PayloadSchema> = Schema extends z.ZodObject
  ? z.infer<Schema>
  : Schema extends StandardSchema<infer Made>
    ? Made
    : never;

/** The parts of a key that identify its partition, by the schema of its entity. */
export type PartitionPart<S extends DeclaredSchema> =
  S["indexes"]["byKey"]["pk"]["composite"][number];

/** The parts that identify an item in the partition. */
export type SortPart<S extends DeclaredSchema> = S["indexes"]["byKey"]["sk"]["composite"][number];

/** What declares the keys of an entity. */
export interface Declared {
  schema(): DeclaredSchema;
}

/** An item as its store returns it: the key's parts, the payload and the times. */
export type Item<D extends Declared, Data> = {
  [K in keyof ItemMembers<D, Data>]: ItemMembers<D, Data>[K];
};

/** A part of the key as callers give and get it: a number if it is declared as one, as times are. */
export type PartType<S extends DeclaredSchema, P> = P extends keyof S["attributes"]
  ? S["attributes"][P] extends { readonly type: "number" }
    ? number
    : string
  : string;

type ItemMembers<D extends Declared, Data> = {
  [P in Exclude<
    PartitionPart<ReturnType<D["schema"]>> | SortPart<ReturnType<D["schema"]>>,
    "createdAt"
  >]: PartType<ReturnType<D["schema"]>, P>;
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
