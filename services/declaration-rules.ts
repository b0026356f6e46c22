/** The rules of a declaration: what is wrong with one, by itself, before anything is stored. */
import { isDeepStrictEqual } from "node:util";
import { model as modelOf } from "../entities/schema.js";
import { payloadProblem } from "../src/entity/declared-payload.js";
import { type DeclaredKeys, declaredKeys } from "../src/entity/model.js";
import { versionRule } from "../src/entity/versions.js";
import { ConfigurationError } from "../src/errors/configuration-error.js";
import { mostDigits } from "../src/keys/part-forms.js";
import { fieldOf, keyPartRule, separator } from "../src/keys/template.js";
import type { DeclaredSchema } from "../src/table/declared.js";
import { attribute } from "../src/table/table.js";
import { expiryRule } from "./expiry-rule.js";
import { fieldAttributeRule, fieldsRule, indexRule } from "./index-rules.js";
import { isName } from "./names.js";
import type { AnyDefinition } from "./registry.js";

/**
 * Checks one declaration.
 * @throws ConfigurationError for what is no declaration, or cannot be one of a data layer's
 */
export function checkDefinition(
  name: string,
  definition: unknown,
): asserts definition is AnyDefinition {
  const refuse = (rule: string) => new ConfigurationError(`entities.${name} ${rule}`);
  if (!isDefinition(definition)) {
    throw refuse("must be a declared entity: an object with payload, schema and entity");
  }
  const other = Object.keys(definition).find((member) => !members.includes(member));
  if (other !== undefined) {
    throw refuse(`has a member ${other}, and a declaration has ${members.join(", ")}`);
  }
  const schema = definition.schema();
  const rule = schemaRule(schema, definition);
  if (rule !== undefined) throw refuse(rule);
  const keys = declaredKeys(definition, schema);
  const { indexes, attributes } = schema;
  for (const [index, declared] of Object.entries(indexes)) {
    const rule = indexRule(index, declared, schema);
    if (rule !== undefined) throw refuse(rule);
  }
  for (const [one, declared] of Object.entries(attributes)) {
    const rule = attributeRule(one, declared, keys);
    if (rule !== undefined) throw refuse(`has the attribute ${one}, ${rule}`);
  }
  const more =
    versionRule(definition) ??
    expiryRule(definition, schema) ??
    collectionRule(keys) ??
    fieldsRule(definition, keys);
  if (more !== undefined) throw refuse(more);
}

/** What a declaration consists of. A misspelt `version` would be no version. */
const members = ["payload", "schema", "entity", "secrets", "version", "upgrade"];

/** The rule that a schema breaks as a whole. */
function schemaRule(
  schema: DeclaredSchema,
  { payload, secrets }: Pick<AnyDefinition, "payload" | "secrets">,
): string | undefined {
  const { model, attributes, indexes } = schema;
  if (typeof model?.entity !== "string" || model.entity === "") return "has no model";
  if (!isDeepStrictEqual({ ...model }, modelOf(model.entity))) {
    return `has a model that is not made by model(${JSON.stringify(model.entity)})`;
  }
  if (secrets !== undefined && !isListOfTexts(secrets)) {
    return "has secrets that are no list of fields";
  }
  const problem = payloadProblem({ payload, secrets });
  if (problem !== undefined) return `has a payload that ${problem}`;
  const { data } = (attributes ?? {}) as Readonly<Record<string, { payload?: unknown }>>;
  if (data === undefined) return "has no attribute data";
  if (data.payload !== payload) {
    return "has another payload in its attribute data than under payload";
  }
  const missing = ["createdAt", "updatedAt"].find((time) => attributes[time] === undefined);
  if (missing !== undefined) return `has no attribute ${missing}: add ...times`;
  return indexes?.byKey === undefined ? "has no index byKey" : undefined;
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

/** The rule that the collections of an entity break. */
function collectionRule(keys: DeclaredKeys): string | undefined {
  const { collections, indexCollections, dated, pk } = keys;
  const odd = [...collections, ...indexCollections].find((one) => !isName(one));
  if (odd !== undefined) return `is in the collection ${odd}, which is no name`;
  if (collections.includes(recent)) {
    return `is in the collection ${recent} by its key: it is one of items in order of creation`;
  }
  const other = indexCollections.find((one) => one !== recent);
  if (other !== undefined) {
    return `is in the collection ${other} by an index, which has none but ${recent}`;
  }
  const isOfUser = dated && pk.parts.join() === "userId";
  return indexCollections.length > 0 && !isOfUser
    ? `is in the collection ${recent}, and not in order of creation in a partition of \${userId} alone`
    : undefined;
}

/** The collection of the newest items of a user. */
const recent = "recent";

/** Members of items and of objects, which cannot be parts of a key. */
const noParts = ["data", "updatedAt", "entity", "contents", "constructor", "prototype"];

/** Attributes of stored items, which a part would be written over. */
const storedNames: readonly string[] = Object.values(attribute);

/** What `keyPart`, `data` and `times` declare. ElectroDB knows more, which the stores do not carry out. */
const partOptions = ["type", "required", "default", "kind", "padding"];
const ownOptions = ["type", "field", "required", "padding", "payload"];

/** The fields of the attributes that every entity has. */
const ownFields: Readonly<Record<string, string>> = {
  data: attribute.data,
  createdAt: attribute.createdAt,
  updatedAt: attribute.updatedAt,
};

/** The rule that an attribute breaks. */
function attributeRule(name: string, declared: object, keys: DeclaredKeys): string | undefined {
  if (fieldOf(name) !== undefined) return fieldAttributeRule(declared);
  const options = declared as Readonly<Record<string, unknown>>;
  const isPart = keys.parts.includes(name);
  const field = Object.hasOwn(ownFields, name) ? ownFields[name] : undefined;
  const isStored = storedNames.includes(name) || /^GSI\d+[PS]K$/.test(name);
  if (isPart && name !== "createdAt" && (noParts.includes(name) || isStored || name in {})) {
    return "whose name is none for a part of a key";
  }
  if (field === undefined && !isPart) {
    return options.required === true
      ? "which is required and no part of the key: no store writes it"
      : undefined;
  }
  if (field !== undefined && options.field !== field) return `which is not stored as ${field}`;
  const known = field === undefined ? partOptions : ownOptions;
  const other = Object.keys(options).find((option) => !known.includes(option));
  if (other !== undefined) return `whose ${other} the stores would not carry out: leave it out`;
  if (field !== undefined) return undefined;
  return formRule(name, options, keys) ?? defaultRule(name, options.default, keys);
}

/** The rule that the form of a part breaks. */
function formRule(
  name: string,
  { type, kind, padding, ...options }: Readonly<Record<string, unknown>>,
  { pk, forms }: DeclaredKeys,
): string | undefined {
  const isNumber = type === "number" && kind === undefined && isPadding(padding);
  const isText = type === "string" && padding === undefined;
  const isKnown =
    isNumber || (isText && (kind === undefined || kind === "word" || kind === "date"));
  if (!isKnown) return "whose form is none of keyPart, wordPart, datePart and numberPart(1 to 15)";
  if (isNumber && pk.parts.includes(name)) {
    return "a number in the partition key, where order means nothing: make it a keyPart";
  }
  return name in forms && options.default !== undefined
    ? "whose default the stores would not carry out: numbers and dates have none"
    : undefined;
}

/** Whether it is what `numberPart` declares. */
function isPadding(padding: unknown): boolean {
  const { length, char } = (padding ?? {}) as {
    readonly length?: unknown;
    readonly char?: unknown;
  };
  const isLength = typeof length === "number" && Number.isInteger(length);
  return isLength && length >= 1 && length <= mostDigits && char === "0";
}

/** The rule that the default of a part breaks. */
function defaultRule(name: string, value: unknown, { words }: DeclaredKeys): string | undefined {
  if (value === undefined) return undefined;
  const rule = keyPartRule(value);
  if (rule !== undefined) return `whose default ${rule}`;
  const isSplit = words.has(name) && String(value).includes(separator);
  return isSplit ? `whose default contains "${separator}", which ends this part` : undefined;
}

/** Whether it has the form of a declaration. */
export function isDefinition(value: unknown): value is AnyDefinition {
  const { payload, schema, entity } = (value ?? {}) as Partial<Record<string, unknown>>;
  const isPayload =
    typeof payload === "function" || (typeof payload === "object" && payload !== null);
  return isPayload && typeof schema === "function" && typeof entity === "function";
}
