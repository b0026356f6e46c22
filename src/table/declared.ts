/** What a declaration says of its entity's keys. */
import { indexName, type KeyTemplates } from "./table.js";

/** One key of an index: its template, and the names of the parts in it. */
export interface DeclaredKey {
  readonly template?: string | undefined;
  readonly composite: readonly string[];
}

export interface DeclaredIndex {
  readonly index?: string | undefined;
  readonly collection?: string | readonly string[] | undefined;
  readonly pk: DeclaredKey;
  readonly sk?: DeclaredKey | undefined;
}

/** The table's own key. */
export interface DeclaredTableKey extends DeclaredIndex {
  readonly sk: DeclaredKey;
}

/** An entity's schema, as ElectroDB takes it: of it, what the layer reads. */
export interface DeclaredSchema {
  readonly model: { readonly entity: string };
  readonly attributes: Readonly<Record<string, object>>;
  readonly indexes: { readonly byKey: DeclaredTableKey } & Readonly<Record<string, DeclaredIndex>>;
}

/**
 * A schema of zod, Valibot or any other library that follows Standard Schema, version 1: of it, what the
 * layer reads.
 * @see https://standardschema.dev
 */
export interface StandardSchema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What such a schema says of a value: what it makes of it, or what is wrong with it. */
export type StandardResult<Output = unknown> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong, and where. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The secret fields of schemas that are built later. */
const knownSecrets = new WeakMap<object, readonly string[]>();

/** Stands in the type of a payload for the names of its secret fields; no value has it. */
declare const secretNames: unique symbol;

/** A payload of which the secret fields are known before its schema is built. */
export interface WithSecrets<Names extends string> {
  readonly [secretNames]: Names;
}

/** Notes which fields of a payload will be secret once its schema is built. */
export function withSecrets<B extends () => unknown, Names extends string>(
  build: B,
  secrets: readonly Names[],
): B & WithSecrets<Names> {
  knownSecrets.set(build, secrets);
  // The names are in the type alone.
  return build as B & WithSecrets<Names>;
}

/** The secret fields of a payload that is declared as a function, if they were noted. */
export function notedSecrets(payload: object): readonly string[] | undefined {
  return knownSecrets.get(payload);
}

/** The name of the attribute that says when an item expires. */
export const expiryName = "ttl";
export type expiryName = typeof expiryName;

/** The payload field from which an entity's items get their `TTL`, if it has one. */
export function expiryFieldOf({ attributes }: Pick<DeclaredSchema, "attributes">) {
  const declared = Object.hasOwn(attributes, expiryName) ? attributes[expiryName] : undefined;
  const { expires } = (declared ?? {}) as { readonly expires?: unknown };
  return typeof expires === "string" ? expires : undefined;
}

/** The key templates of the table, and those of the index if it holds the entity. */
export function templatesOf({ indexes }: Pick<DeclaredSchema, "indexes">): KeyTemplates {
  const { byKey } = indexes;
  const second = Object.values(indexes).find(({ index }) => index === indexName);
  return {
    pk: byKey.pk.template ?? "",
    sk: byKey.sk.template ?? "",
    ...(second !== undefined && { gsi1pk: second.pk.template, gsi1sk: second.sk?.template }),
  };
}

/** Makes a payload of one version a payload of the next one. */
export type UpgradeStep = (old: never) => unknown;

/** What a declaration says of the versions of its payload. */
export interface DeclaredVersions {
  /**
   * The version of the payload that this code writes; an integer from 1 to 100. An item that was stored without
   * a version has version 1. @default none: neither reads nor writes look at versions
   */
  readonly version?: number | undefined;
  /**
   * For each older version, the function that makes its payload one of the next version: pure and
   * synchronous. `null` for a version of which no item is left.
   */
  readonly upgrade?: Readonly<Record<number, UpgradeStep | null>> | undefined;
}
