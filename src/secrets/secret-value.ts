/** Secret values in requests, which the transport seals before it sends them. */
import { attribute, type RawItem, type RawKey } from "../table/table.js";
import type { SecretPlace } from "./encryption.js";
import { mask } from "./masking.js";

/**
 * A value that is to be sealed. When printed, it shows a mask. A client refuses it, like any
 * instance of a class, so it is never sent in clear text.
 */
export class SecretValue {
  readonly #value: unknown;
  readonly place: SecretPlace;

  constructor(value: unknown, place: SecretPlace) {
    this.#value = value;
    this.place = place;
  }

  /** The value itself, to be sealed. */
  reveal(): unknown {
    return this.#value;
  }

  toString(): string {
    return mask;
  }

  toJSON(): string {
    return mask;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return mask;
  }
}

/** The encrypted fields of an entity. */
interface Encrypted {
  readonly encrypted: readonly string[];
}

/**
 * The value of a payload's field for a request. Null is stored as it is, because it is not a secret.
 */
export function fieldValue(
  { encrypted }: Encrypted,
  { PK, SK }: RawKey,
  field: string,
  value: unknown,
): unknown {
  if (!encrypted.includes(field) || value === null || value === undefined) return value;
  return new SecretValue(value, { key: { PK, SK }, field });
}

/** A payload for a request. */
export function payloadValue<D extends Readonly<Record<string, unknown>>>(
  model: Encrypted,
  key: RawKey,
  data: D,
): D {
  if (model.encrypted.length === 0) return data;
  const members = Object.entries(data).map(([field, value]) => [
    field,
    fieldValue(model, key, field, value),
  ]);
  // The request's own copy, in which a SecretValue stands for each secret.
  return Object.fromEntries(members) as D;
}

/** An item for a request. */
export function itemValue(model: Encrypted, item: RawItem): RawItem {
  const data = item[attribute.data];
  if (model.encrypted.length === 0 || data === undefined) return item;
  return { ...item, [attribute.data]: payloadValue(model, item, data) };
}
