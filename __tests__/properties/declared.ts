/** Registries that fast-check declares, with keys of some items of each entity, and their payloads. */
import fc from "fast-check";
import { type Key, keyFor, type RandomEntity, randomEntities } from "../random-registries.js";
import type { AnyStore } from "../registry.js";
import { id } from "./arbitraries.js";

export type Fields = Readonly<Record<string, unknown>>;
export type Stores = Readonly<Record<string, AnyStore>>;

/** An entity with some keys of its items. */
const withKeys = (entity: RandomEntity) =>
  fc
    .uniqueArray(keyFor(entity, id), { minLength: 1, maxLength: 5, selector: keyText })
    .map((keys) => ({ entity, keys }));
export const registryWithKeys = randomEntities.chain((entities) =>
  fc.tuple(...entities.map((entity) => withKeys(entity))),
);

export function keyText(key: Key): string {
  return JSON.stringify(Object.entries(key).sort());
}

export function payloadOf({ secret, expires }: RandomEntity, content: string): Fields {
  return {
    text: content,
    ...(secret && { token: `secret ${content}` }),
    ...(expires && { until: farAway }),
  };
}

/** A time that no test reaches, not at a full second. */
const farAway = 4_000_000_000_001;
