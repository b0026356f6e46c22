/** The entities of a data layer: the twelve, and those that the application declares. */

import { types } from "node:util";
import {
  type DeclaredKeys,
  declaredKeys,
  isObjectSchema,
  objectRule,
} from "../src/entity/model.js";
import { ConfigurationError } from "../src/errors/configuration-error.js";
import { collisionsOf, templateProblems } from "../src/keys/collisions.js";
import { keyPartRule, separator } from "../src/keys/template.js";
import type { DeclaredIndex, DeclaredSchema } from "../src/table/declared.js";
import { indexKeys } from "../src/table/table.js";
import { definitions as builtInDefinitions, type FacadeName } from "./entities.js";
import type { AnyDefinition, Definitions, DefinitionsOf } from "./registry.js";

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
  "userId",
  "service",
  "table",
  "configuration",
  "close",
  "engine",
  "wire",
  "then",
  "toJSON",
  "__proto__",
] as const;

/** What is wrong with a name or a template, as the type that the compiler shows. */
export type Problems<R extends DefinitionsOf<R>, B extends boolean> = {
  readonly [F in keyof R]: F extends (typeof reserved)[number]
    ? Problem<`${F} is no name for a store: a data layer has something else under it`>
    : F extends (B extends false ? never : FacadeName)
      ? Problem<`${F} is one of the package's own entities: take another name, or builtIn: false`>
      : UnknownPart<R[F]> extends infer P extends string
        ? [P] extends [never]
          ? unknown
          : Problem<`\${${P}} is in a template and no attribute`>
        : unknown;
};

/** A text that the compiler shows. */
export interface Problem<Text extends string> {
  readonly problem: Text;
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
  const known = checked.get(entities) ?? new Map();
  const before = known.get(builtIn);
  if (before !== undefined && isSame(own, before.own)) return before.all;
  for (const [name, definition] of own) checkDefinition(name, definition, builtIn);
  const all: Definitions = { ...(builtIn && builtInDefinitions), ...Object.fromEntries(own) };
  checkEntityTypes(all);
  checkCollections(all);
  checkKeys(all, Object.fromEntries(own));
  checked.set(entities, known.set(builtIn, { own, all }));
  return all;
}

/** @throws ConfigurationError for what is no declaration, or cannot be one of a data layer's */
function checkDefinition(
  name: string,
  definition: unknown,
  builtIn: boolean,
): asserts definition is AnyDefinition {
  const refuse = (rule: string) => new ConfigurationError(`entities.${name} ${rule}`);
  if (!isName(name) || reserved.includes(name as never)) {
    throw refuse("is no name for a store: the data layer has something else under it");
  }
  if (builtIn && Object.hasOwn(builtInDefinitions, name)) {
    throw refuse("is one of the package's own entities: take another name, or builtIn: false");
  }
  if (!isDefinition(definition)) {
    throw refuse("must be a declared entity: an object with payload, schema and entity");
  }
  const schema = definition.schema();
  const { model, attributes, indexes } = schema;
  if (typeof model?.entity !== "string" || model.entity === "") throw refuse("has no model");
  if (attributes?.data === undefined) throw refuse("has no attribute data");
  if (!isObjectSchema(definition.payload)) throw refuse(`has a payload that is ${objectRule}`);
  if ((attributes.data as { readonly payload?: unknown }).payload !== definition.payload) {
    throw refuse("has another payload in its attribute data than under payload");
  }
  if (indexes?.byKey === undefined) throw refuse("has no index byKey");
  for (const [index, declared] of Object.entries(indexes)) {
    const rule = indexRule(index, declared, schema);
    if (rule !== undefined) throw refuse(rule);
  }
  const keys = declaredKeys(definition, schema);
  for (const [name, attribute] of Object.entries(attributes)) {
    const rule = attributeRule(name, attribute, keys);
    if (rule !== undefined) throw refuse(`has the attribute ${name}, ${rule}`);
  }
}

/** What an attribute may be declared with. ElectroDB knows more, which the stores do not carry out. */
const attributeOptions = ["type", "field", "required", "default", "kind", "padding", "payload"];

/** Members of items and of objects, which cannot be parts of a key. */
const noParts = ["data", "updatedAt", "entity", "contents", "constructor", "prototype"];

/** The rule that an attribute breaks. */
function attributeRule(
  name: string,
  attribute: object,
  { parts, words }: DeclaredKeys,
): string | undefined {
  const { default: value, required } = attribute as Readonly<Record<string, unknown>>;
  if (!parts.includes(name)) {
    if (name === "data" || name === "createdAt" || name === "updatedAt") return undefined;
    return required === true
      ? "which is required and no part of the key: no store writes it"
      : undefined;
  }
  if (name === "createdAt") return undefined;
  if (noParts.includes(name) || name in {}) return "whose name is none for a part of a key";
  const other = Object.keys(attribute).find((option) => !attributeOptions.includes(option));
  if (other !== undefined) return `whose ${other} the stores would not carry out: leave it out`;
  if (value === undefined) return undefined;
  const rule = keyPartRule(value);
  if (rule !== undefined) return `whose default ${rule}`;
  const isSplit = words.has(name) && String(value).includes(separator);
  return isSplit ? `whose default contains "${separator}", which ends this part` : undefined;
}

/** The rule that one index of a declaration breaks. */
function indexRule(
  name: string,
  { index, pk, sk }: DeclaredIndex,
  { attributes, indexes }: DeclaredSchema,
): string | undefined {
  const ofTable = index === undefined;
  if (ofTable !== (name === "byKey")) return `has ${name} in the table's own key, which is byKey`;
  if (index !== undefined && !(index in indexKeys)) {
    return `has ${name} in ${index}, an index that the table does not have`;
  }
  const isCased = [pk, sk].some((key) => (key as { casing?: unknown })?.casing !== "none");
  if (isCased) return `has ${name} with a casing: make it with byKey, byCreatedAt or index`;
  const inSame = Object.entries(indexes).find((other) => other[1].index === index)?.[0];
  if (inSame !== name) return `has ${inSame} and ${name} in the same index`;
  const ofKey = [...indexes.byKey.pk.composite, ...indexes.byKey.sk.composite];
  const known = ofTable ? Object.keys(attributes) : [...ofKey, "createdAt"];
  const unknown = [pk, sk]
    .flatMap((key) => key?.composite ?? [])
    .find((one) => !known.includes(one));
  if (unknown !== undefined) {
    return `has \${${unknown}} in a template of ${name}: ${ofTable ? "no such attribute" : "no part of its key"}`;
  }
  if (pk.composite.includes("createdAt"))
    return `has \${createdAt} in the partition key of ${name}`;
  const isDated = !ofTable && sk?.composite.includes("createdAt") === true;
  if (isDated && pk.template !== indexes.byKey.pk.template) {
    return `has ${name} in another partition than byKey: items are listed by their creation in one partition`;
  }
  if (isDated && !/^[^$]*\$\{createdAt\}#\$\{\w+\}$/.test(sk.template ?? "")) {
    return `has \${createdAt} in ${name} elsewhere than in "…\${createdAt}#\${id}"`;
  }
  const [problem] = [
    ...templateProblems(pk.template ?? "", "partition"),
    ...templateProblems(sk?.template ?? "", "sort"),
  ];
  return problem === undefined ? undefined : `has a wrong template in ${name}: ${problem}`;
}

/** Whether it can be a member's name, and is not one that objects have for other purposes. */
function isName(name: unknown): boolean {
  const isFree = name !== "__proto__" && name !== "then" && name !== "toJSON";
  return isFree && typeof name === "string" && /^[A-Za-z_$][\w$]*$/.test(name);
}

function isDefinition(value: unknown): value is AnyDefinition {
  const { payload, schema, entity } = (value ?? {}) as Partial<Record<string, unknown>>;
  const isPayload =
    typeof payload === "function" || (typeof payload === "object" && payload !== null);
  return isPayload && typeof schema === "function" && typeof entity === "function";
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
    const { collections, indexCollections, templates } = declaredKeys(definition);
    const odd = [...collections, ...indexCollections].find((one) => !isName(one));
    if (odd !== undefined) {
      throw new ConfigurationError(
        `entities.${name} is in the collection ${odd}, which is no name`,
      );
    }
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
    const { templates, words } = declaredKeys(definition);
    const kinds = Object.fromEntries([...words].map((part) => [part, "word" as const]));
    return { name, pk: templates.pk, sk: templates.sk, kinds };
  });
  const found = collisionsOf(declarations).filter(({ kind }) => kind === "same");
  if (found.length === 0) return;
  const named = found.slice(0, mostNamed).map(({ message }) => message);
  const more = found.length > mostNamed ? [`and ${found.length - mostNamed} more`] : [];
  throw new ConfigurationError(`entities: ${[...named, ...more].join("; ")}`);
}
