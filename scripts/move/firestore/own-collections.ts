/** The collections that a configuration file names for entities of the application's own. */
import type { Definitions } from "../../../services/registry.js";
import { declaredKeys } from "../../../src/entity/model.js";
import { ConfigurationError } from "../../../src/index.js";
import type { KnownCollection } from "./collection.js";

/** What the file says of one store: `{ path: "users/{userId}/leads/{leadId}", created: ["addedAt"] }`. */
interface Given {
  readonly path?: unknown;
  readonly created?: unknown;
  readonly keyFromData?: unknown;
}

const names = ["path", "created", "keyFromData"];

/** @throws ConfigurationError that names the store and what is wrong with its collection */
export function ownCollections(definitions: Definitions, firestore: unknown): KnownCollection[] {
  if (firestore === undefined) return [];
  if (!isObject(firestore)) throw new ConfigurationError("firestore must be an object of stores");
  const stores = new Map<string, string>();
  return Object.entries(firestore).map(([facade, given]) => {
    const collection = collectionOf(definitions, facade, given);
    const other = stores.get(collection.path);
    if (other !== undefined) {
      throw new ConfigurationError(`firestore.${facade} has the path of firestore.${other}`);
    }
    stores.set(collection.path, facade);
    return collection;
  });
}

function collectionOf(definitions: Definitions, facade: string, given: unknown): KnownCollection {
  const refuse = (rule: string) => new ConfigurationError(`firestore.${facade} ${rule}`);
  const definition = Object.hasOwn(definitions, facade) ? definitions[facade] : undefined;
  if (definition === undefined) throw refuse("is no store of the entities");
  if (!isObject(given)) throw refuse("must be an object with a path");
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) throw refuse(`has an unknown option ${unknown}`);
  const { path, created = ["createdAt"], keyFromData } = given as Given;
  if (typeof path !== "string" || !/^[^/{}]+\/\{\w+\}(\/[^/{}]+\/\{\w+\})*$/.test(path)) {
    throw refuse('path must name collections and ids in turn: "users/{userId}/leads/{leadId}"');
  }
  const ids = [...path.matchAll(/\{(\w+)\}/g)].map(([, id]) => id as string);
  const { parts, forms } = declaredKeys(definition);
  const odd = ids.find(
    (id) => id === "createdAt" || !parts.includes(id) || forms[id] !== undefined,
  );
  if (odd !== undefined) {
    const rule = parts.includes(odd)
      ? "is no text: give it in keyFromData"
      : "is no part of the key";
    throw refuse(`path names {${odd}}, which ${rule}`);
  }
  if (!isListOfTexts(created)) throw refuse("created must be a list of payload fields");
  if (keyFromData !== undefined && typeof keyFromData !== "function") {
    throw refuse("keyFromData must be a function");
  }
  const folder = path.replaceAll(/\{\w+\}/g, "{id}").replace(/\/\{id\}$/, "");
  return {
    facade,
    path: folder,
    ids,
    created,
    ...(keyFromData !== undefined && { keyFromData: keyFromData as never }),
  };
}

function isListOfTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
