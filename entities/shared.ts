/** What the entity declarations share: model, attributes, key templates and payload pieces. */
import type { EntityConfiguration } from "electrodb";
import { z } from "zod";
import { attribute, createdAtDigits, type EntityName } from "../src/table/table.js";

/** What an entity's factory takes; ElectroDB's own configuration without what is fixed here. */
export type EntityConfig = Pick<EntityConfiguration, "table" | "client">;

/** ElectroDB's configuration. Both identifiers are one attribute: items of earlier writers have no other. */
export function configure(config: EntityConfig): EntityConfiguration {
  return {
    ...config,
    identifiers: { entity: attribute.entityType, version: attribute.entityType },
  };
}

/** The model; its version repeats the name because both are read from the same attribute. */
export function model<const N extends EntityName>(entity: N) {
  return { entity, version: entity, service: "BayonCoAgent" } as const;
}

/** A part of the key, stored beside it under its own name. */
export const keyPart = { type: "string", required: true } as const;

/** The times that every item has, in epoch milliseconds. */
export const times = {
  createdAt: {
    type: "number",
    field: attribute.createdAt,
    padding: { length: createdAtDigits, char: "0" },
  },
  updatedAt: { type: "number", field: attribute.updatedAt },
} as const;

/** One key of an index: its attribute, its parts, its template, and the case kept as given. */
export function key<const F extends string, const P extends readonly string[]>(
  field: F,
  composite: P,
  template: string,
) {
  return { field, composite: composite as [...P], template, casing: "none" } as const;
}

/** A payload's type: the schema's, without the index signatures that loose objects add. */
export type Payload<S extends z.ZodObject> = {
  [K in keyof z.infer<S> as K extends KnownKey<z.infer<S>> ? K : never]: Known<z.infer<S>[K]>;
};

/** Of an ElectroDB entity, what its item's key is made of. */
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

/** The parts of an entity's key that name its partition. */
export type PartitionPart<E extends Declared> =
  E["schema"]["indexes"]["byKey"]["pk"]["composite"][number];

/** The parts that name an item in it. */
export type SortPart<E extends Declared> =
  E["schema"]["indexes"]["byKey"]["sk"]["composite"][number];

/** An item as its store returns it: the key's parts, the payload and the times. */
export type Item<Definition extends { entity(config: EntityConfig): Declared }, Data> = {
  [K in keyof ItemMembers<ReturnType<Definition["entity"]>, Data>]: ItemMembers<
    ReturnType<Definition["entity"]>,
    Data
  >[K];
};

type ItemMembers<E extends Declared, Data> = {
  [P in PartitionPart<E> | SortPart<E>]: string;
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

/**
 * A schema that is built once, when it is first needed: building all twelve takes 7 ms of a cold
 * start.
 */
export function lazily<S extends z.ZodType>(build: () => S): () => S {
  let schema: S | undefined;
  return () => {
    schema ??= build();
    return schema;
  };
}

/**
 * A point in time as real documents hold it: ISO text, epoch milliseconds, one of Firestore's
 * three timestamp encodings, or null.
 */
export const timestamp = lazily(() =>
  z.union(
    [
      z.string(),
      z.number(),
      z.looseObject({ _seconds: z.number(), _nanoseconds: z.number() }),
      z.looseObject({ seconds: z.number(), nanoseconds: z.number() }),
      z.null(),
    ],
    "must be an ISO date, epoch milliseconds, a Firestore timestamp or null",
  ),
);

/** Text that may be absent, null or empty. */
export const optionalText = lazily(() => z.string().nullish());

/** Marks a field whose value no log, error or report may hold. */
export function secret<S extends z.ZodType>(schema: S): S {
  return schema.meta({ secret: true });
}

/** A list of texts; null where a form left it so. */
export const textList = lazily(() => z.array(z.string()));

export { z };
