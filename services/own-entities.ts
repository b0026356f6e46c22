/** The entities of a data layer: the twelve, and those that the application declares. */

import { types } from "node:util";
import { declaredKeys } from "../src/entity/model.js";
import { ConfigurationError } from "../src/errors/configuration-error.js";
import { collisionsOf } from "../src/keys/collisions.js";
import type { DeclaredSchema, expiryName } from "../src/table/declared.js";
import { checkDefinition, isDefinition } from "./declaration-rules.js";
import { definitions as builtInDefinitions, type FacadeName } from "./entities.js";
import type { FieldProblem } from "./index-types.js";
import { isName, noNames } from "./names.js";
import type { AnyDefinition, Definitions, DefinitionsOf, PayloadIn, SchemaOf } from "./registry.js";
import type { UpgradeProblem } from "./version-problems.js";

/** The options of a data layer for entities of the application's own. */
export interface OwnEntities<R extends DefinitionsOf<R>, B extends boolean> {
  /**
   * Entities of your own, under the names of their stores. The namespace of a module will do:
   * `import * as entities from "./entities/index.js"`. @default none
   */
  readonly entities?: (R & Problems<R, B>) | undefined;
  /** Whether the data layer has the twelve entities of the package. @default true */
  readonly builtIn?: B | undefined;
}

/** What a data layer, a scope or a test data layer has besides stores. */
const reserved = [
  "collections",
  "transaction",
  "dashboard",
  "brandAuditPage",
  "projects",
  "profiles",
  "reviews",
  "oauth",
  "forUser",
  "scope",
  "user",
  "userId",
  "service",
  "table",
  "configuration",
  "stats",
  "close",
  "engine",
  "wire",
  "changes",
  "expire",
  ...noNames,
] as const;

/** What is wrong with a name or a template, as the type that the compiler shows. */
export type Problems<R extends DefinitionsOf<R>, B extends boolean> = {
  readonly [F in keyof R]: F extends (typeof reserved)[number]
    ? Problem<`${F} is no name for a store: a data layer has something else under it`>
    : F extends (B extends false ? never : FacadeName)
      ? Problem<`${F} is one of the package's own entities: take another name, or builtIn: false`>
      : UnknownPart<R[F]> extends infer P extends string
        ? [P] extends [never]
          ? PayloadProblem<R[F]>
          : Misnamed<UnknownText<P>, AttributeOf<SchemaOf<R[F]>>>
        : unknown;
};

/** What is wrong with what a declaration says of its payload: first the fields, then the upgrades. */
type PayloadProblem<D extends AnyDefinition> = [FieldProblems<SchemaOf<D>>] extends [never]
  ? [UpgradeProblem<D>] extends [never]
    ? unknown
    : Problem<UpgradeProblem<D>>
  : Misnamed<FieldProblems<SchemaOf<D>>, keyof PayloadIn<SchemaOf<D>> & string>;

/** The attributes that a template may name. */
type AttributeOf<S extends DeclaredSchema> = Exclude<
  keyof S["attributes"] & string,
  "data" | "updatedAt" | typeof expiryName
>;

/** What is wrong with a part that is no attribute. */
type UnknownText<P extends string> = P extends `data.${infer F}`
  ? `\${${P}} is in a template: add ...fields('${F}') to the attributes`
  : `\${${P}} is in a template and no attribute`;

/** What is wrong with the fields that a declaration names. */
type FieldProblems<S extends DeclaredSchema> = FieldProblem<S> | ExpiryProblem<S>;

/** What is wrong with the field that says when items expire. */
type ExpiryProblem<S extends DeclaredSchema> = S["attributes"] extends {
  readonly [expiryName]: { readonly expires: infer F extends string };
}
  ? F extends keyof PayloadIn<S>
    ? [PayloadIn<S>[F]] extends [number | null | undefined]
      ? never
      : `expires: ${F} is a field of the payload that is no number`
    : `expires: ${F} is no field of the payload`
  : never;

/** A text that the compiler shows. */
export interface Problem<Text extends string> {
  readonly problem: Text;
}

/** The same of a wrong name, with the names of which one is right. */
export interface Misnamed<Text extends string, Names extends string> extends Problem<Text> {
  readonly names?: Names | undefined;
}

/** A part of a template that is no attribute. */
type UnknownPart<D extends AnyDefinition> = Exclude<
  PartsOfIndexes<ReturnType<D["schema"]>["indexes"]>,
  keyof ReturnType<D["schema"]>["attributes"] | "createdAt"
> &
  string;

type PartsOfIndexes<Indexes> = {
  [I in keyof Indexes]: Indexes[I] extends {
    readonly pk: { readonly composite: readonly (infer P)[] };
    readonly sk: { readonly composite: readonly (infer Q)[] };
  }
    ? P | Q
    : never;
}[keyof Indexes];

/** Whether the twelve are among them. */
export function hasBuiltIn(definitions: Definitions): boolean {
  return definitions.userProfile === builtInDefinitions.userProfile;
}

/** The entities of an application that declares none. */
const none = {};

/** What was found to be right: data layers in tests are created over and over. */
const checked = new WeakMap<
  object,
  Map<boolean, { readonly own: Own; readonly all: Definitions }>
>();

type Own = readonly (readonly [name: string, definition: unknown])[];

/** An object or a module, and nothing that holds its values elsewhere: a promise, a list, a Map. */
function isRecord(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !types.isMap(value) && !types.isSet(value) && !types.isPromise(value);
}

/** Whether an object still has the entities that were checked. */
function isSame(own: Own, before: Own): boolean {
  return (
    own.length === before.length &&
    own.every(([name, definition], index) => {
      const known = before[index];
      return known !== undefined && known[0] === name && known[1] === definition;
    })
  );
}

/**
 * The entities of a data layer, by the names of their stores.
 * @throws ConfigurationError that names what is wrong with a declaration, or the two that collide
 */
export function entitiesOf(options: {
  readonly entities?: unknown;
  readonly builtIn?: unknown;
}): Definitions {
  const { entities = none, builtIn = true } = options;
  if (typeof builtIn !== "boolean") throw new ConfigurationError("builtIn must be true or false");
  if (!isRecord(entities)) {
    throw new ConfigurationError("entities must be an object of declared entities");
  }
  // A CommonJS module that is imported as a namespace has these names, too.
  const own = Object.entries(entities).filter(
    ([name]) => name !== "default" && name !== "module.exports" && name !== "__esModule",
  );
  if (isDefinition((entities as { default?: unknown }).default)) {
    throw new ConfigurationError(
      "entities.default is no name for a store: a module has its own meaning for it",
    );
  }
  const known = checked.get(entities) ?? new Map();
  const before = known.get(builtIn);
  if (before !== undefined && isSame(own, before.own)) return before.all;
  for (const [name, definition] of own) {
    checkName(name, builtIn);
    try {
      checkDefinition(name, definition);
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      const message = `entities.${name} cannot be checked, because its schema, its payload or a rule of it throws or is asynchronous`;
      throw new ConfigurationError({ message, cause: error });
    }
  }
  const all: Definitions = { ...(builtIn && builtInDefinitions), ...Object.fromEntries(own) };
  checkEntityTypes(all);
  checkCollections(all);
  checkKeys(all, Object.fromEntries(own));
  checked.set(entities, known.set(builtIn, { own, all }));
  return all;
}

/** @throws ConfigurationError for a name that no store of the data layer can have */
function checkName(name: string, builtIn: boolean): void {
  if (!isName(name) || reserved.includes(name as never)) {
    throw new ConfigurationError(
      `entities.${name} is no name for a store: the data layer has something else under it`,
    );
  }
  if (builtIn && Object.hasOwn(builtInDefinitions, name)) {
    throw new ConfigurationError(
      `entities.${name} is one of the package's own entities: take another name, or builtIn: false`,
    );
  }
}

/** `EntityType` tells the items of one entity from those of another. */
function checkEntityTypes(all: Definitions): void {
  const names = new Map<string, string>();
  for (const [name, definition] of Object.entries(all)) {
    const entity = declaredKeys(definition).name;
    const other = names.get(entity);
    if (other !== undefined) {
      throw new ConfigurationError(`entities.${name} has the model ${entity}, as ${other} has`);
    }
    names.set(entity, name);
  }
}

/** A collection is read with one query, so its entities have one partition. */
function checkCollections(all: Definitions): void {
  const partitions = new Map<string, { readonly name: string; readonly pk: string }>();
  for (const [name, definition] of Object.entries(all)) {
    const { collections, templates } = declaredKeys(definition);
    for (const one of collections) {
      const own = { name, pk: templates.pk };
      const first = partitions.get(one) ?? own;
      if (first.pk !== own.pk) {
        const rule = `is in the collection ${one} under ${own.pk}, and ${first.name} under ${first.pk}`;
        throw new ConfigurationError(`entities.${name} ${rule}`);
      }
      partitions.set(one, first);
    }
  }
}

/** The most collisions that a message names. */
const mostNamed = 5;

/** Refuses entities of which an item of one could have the key of an item of another. */
function checkKeys(all: Definitions, own: Definitions): void {
  if (Object.keys(own).length === 0) return;
  const declarations = Object.entries(all).map(([name, definition]) => {
    const { templates, words, forms } = declaredKeys(definition);
    const ofWords = Object.fromEntries([...words].map((part) => [part, "word" as const]));
    const kinds = { ...ofWords, ...forms };
    return { name, pk: templates.pk, sk: templates.sk, kinds };
  });
  const found = collisionsOf(declarations);
  if (found.length === 0) return;
  const named = found.slice(0, mostNamed).map(({ message }) => message);
  const more = found.length > mostNamed ? [`and ${found.length - mostNamed} more`] : [];
  throw new ConfigurationError(`entities: ${[...named, ...more].join("; ")}`);
}
