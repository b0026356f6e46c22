/**
 * The parts of an entity's schema: the model, the attributes and the indexes, as ElectroDB takes
 * them.
 */
import type { CustomAttributeTypeName } from "electrodb";
import { expiryName } from "../src/table/declared.js";
import { attribute, createdAtDigits, type IndexName, indexKeysOf } from "../src/table/table.js";
import type { AnyPayload, Payload } from "./definition.js";

/** The model; its version repeats the name because both are read from the same attribute. */
export function model<const N extends string>(entity: N) {
  return { entity, version: entity, service: "BayonCoAgent" } as const;
}

/** A part of the key, stored beside it under its own name. */
export const keyPart = { type: "string", required: true } as const;

/** A part of the key that holds no `#`, so that it may stand before others, in this key and in another's. */
export const wordPart = { ...keyPart, kind: "word" } as const;

/**
 * A part of the sort key that is a whole number, from 0, of at most so many digits (15 at most). The key
 * holds it padded with zeros, so that items are in order of it: `attempt: numberPart(3)`.
 */
export function numberPart<const D extends number>(digits: D) {
  return { type: "number", required: true, padding: { length: digits, char: "0" } } as const;
}

/** A part of the key that is a day, `YYYY-MM-DD`, so that keys sort by it. */
export const datePart = { ...keyPart, kind: "date" } as const;

/**
 * The payload: one attribute, whose type is that of the payload's schema. Give the type a name
 * (`data<NoteData>(payload)`) to see the name wherever the type is shown.
 */
export function data<P extends AnyPayload>(payload: P): DataAttribute<Payload<P>>;
export function data<Data>(payload: PayloadOf<Data>): DataAttribute<Data>;
export function data(payload: AnyPayload | PayloadOf<unknown>): DataAttribute<unknown> {
  // As ElectroDB's CustomAttributeType makes it. It takes "any" for every payload that is an object; the
  // type is open here.
  return { type: "any" as never, field: attribute.data, payload };
}

/** The attribute of a payload, as ElectroDB takes it. */
export interface DataAttribute<Data> {
  readonly type: CustomAttributeTypeName<Data>;
  readonly field: typeof attribute.data;
  /** The schema, which must be that of the declaration. ElectroDB does not look at it. */
  readonly payload: unknown;
}

/** A schema whose values are of a type, or a function that builds it. */
export type PayloadOf<Data> = TypedPayload<Data> | (() => TypedPayload<Data>);

export type TypedPayload<Data> =
  | { readonly _zod: { readonly output: Data } }
  | { readonly "~standard": { readonly types?: { readonly output: Data } | undefined } };

/** The times that every item has, in epoch milliseconds. */
export const times = {
  createdAt: {
    type: "number",
    field: attribute.createdAt,
    padding: { length: createdAtDigits, char: "0" },
  },
  updatedAt: { type: "number", field: attribute.updatedAt },
} as const;

/**
 * Makes the items of an entity expire: `...expires("until")` among its attributes. The payload's field
 * `until`, a number that may be missing, says when, in epoch milliseconds. The stores keep it as epoch
 * seconds in `TTL`, so that DynamoDB deletes the item later, and no read returns it from then on.
 */
export function expires<const F extends string>(field: F) {
  return {
    [expiryName]: { type: "number", field: attribute.timeToLive, expires: field },
  } as const;
}

/** The collections that an index puts its entity in. */
export interface IndexOptions {
  /** `workspace` reads it with everything else of the user, `recent` with what is newest. */
  readonly collection?: string | undefined;
}

/** The table's own key: `byKey("USER#${userId}", "NOTE#${noteId}")`. */
export function byKey<
  const PK extends string,
  const SK extends string,
  const O extends IndexOptions = object,
>(pk: PK, sk: SK, options?: O) {
  const { partitionKey, sortKey } = attribute;
  return { ...(options as O), pk: key(partitionKey, pk), sk: key(sortKey, sk) };
}

/**
 * Fields of the payload that index keys are made of: `...fields("status")` among the attributes. They must
 * be strings, and are stored in the payload alone.
 */
export function fields<const F extends string>(...names: readonly F[]) {
  const attributes = names.map((name) => [`data.${name}`, { type: "string" }] as const);
  // An attribute for each name.
  return Object.fromEntries(attributes) as { readonly [A in `data.${F}`]: FieldAttribute };
}

/** The attribute of a field that index keys are made of. */
export interface FieldAttribute {
  readonly type: "string";
}

/**
 * The keys of a secondary index, GSI1 to GSI20, of parts of the key, `${createdAt}` and fields of the
 * payload: `index("GSI2", "LEAD#${data.status}", "${createdAt}#${leadId}")`. An item without such a field
 * is not in the index.
 */
export function index<
  const I extends IndexName,
  const PK extends string,
  const SK extends string,
  const O extends IndexOptions = object,
>(name: I, pk: PK, sk: SK, options?: O) {
  // An index that no table has is refused when a data layer is made.
  const names = indexKeysOf(name);
  return { ...(options as O), index: name, pk: key(names.pk, pk), sk: key(names.sk, sk) };
}

/** The items in order of creation: `byCreatedAt("USER#${userId}", "NOTE#${createdAt}#${noteId}")`. */
export function byCreatedAt<
  const PK extends string,
  const SK extends `${string}\${createdAt}#\${${string}}`,
  const O extends IndexOptions = object,
>(pk: PK, sk: SK, options?: O) {
  return index("GSI1", pk, sk, options);
}

/** One key of an index: its attribute, its template with the parts in it, and the case kept as given. */
function key<const F extends string, const T extends string>(field: F, template: T) {
  const parts = [...template.matchAll(/\$\{((?:data\.)?\w+)\}/g)].map(([, part]) => part);
  // The same parts as the type reads in the template.
  return {
    field,
    composite: parts as PartsOf<T>,
    template,
    casing: "none",
    // A template of a number alone would make a number of the key.
    cast: "string",
  } as const;
}

/** The names between `${` and `}`. */
type PartsOf<T extends string> = T extends `${string}\${${infer Part}}${infer Rest}`
  ? [Part, ...PartsOf<Rest>]
  : [];
