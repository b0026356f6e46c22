/** The rules of a declaration: what is wrong with one, by itself, before anything is stored. */
import { type DeclaredKeys, declaredKeys, payloadProblem } from "../src/entity/model.js";
import { ConfigurationError } from "../src/errors/configuration-error.js";
import { templateProblems } from "../src/keys/collisions.js";
import { keyPartRule, separator } from "../src/keys/template.js";
import type { DeclaredIndex, DeclaredSchema } from "../src/table/declared.js";
import { attribute, indexKeys } from "../src/table/table.js";
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
  const ofCollections = collectionRule(keys);
  if (ofCollections !== undefined) throw refuse(ofCollections);
}

/** The rule that a schema breaks as a whole. */
function schemaRule(
  schema: DeclaredSchema,
  { payload, secrets }: Pick<AnyDefinition, "payload" | "secrets">,
): string | undefined {
  const { model, attributes, indexes } = schema;
  if (typeof model?.entity !== "string" || model.entity === "") return "has no model";
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

/** What `keyPart`, `data` and `times` declare. ElectroDB knows more, which the stores do not carry out. */
const partOptions = ["type", "required", "default", "kind"];
const ownOptions = ["type", "field", "required", "padding", "payload"];

/** The fields of the attributes that every entity has. */
const ownFields: Readonly<Record<string, string>> = {
  data: attribute.data,
  createdAt: attribute.createdAt,
  updatedAt: attribute.updatedAt,
};

/** The rule that an attribute breaks. */
function attributeRule(name: string, declared: object, keys: DeclaredKeys): string | undefined {
  const options = declared as Readonly<Record<string, unknown>>;
  const isPart = keys.parts.includes(name);
  const field = Object.hasOwn(ownFields, name) ? ownFields[name] : undefined;
  if (isPart && name !== "createdAt" && (noParts.includes(name) || name in {})) {
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
  return field === undefined ? defaultRule(name, options.default, keys) : undefined;
}

/** The rule that the default of a part breaks. */
function defaultRule(name: string, value: unknown, { words }: DeclaredKeys): string | undefined {
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
  if (index !== undefined && !Object.hasOwn(indexKeys, index)) {
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
  if (ofTable && sk?.composite.at(-1) === "createdAt") {
    return `has \${createdAt} at the end of ${name}: items of one millisecond would have one key`;
  }
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
  if (problem !== undefined) return `has a wrong template in ${name}: ${problem}`;
  const inSort = sk?.composite ?? [];
  const twice = inSort.length > 1 ? inSort.find((part) => pk.composite.includes(part)) : undefined;
  return twice === undefined
    ? undefined
    : `has \${${twice}} twice in ${name}: that may be only in a sort key without other parts`;
}

/** Names that objects have for other purposes. */
export const noNames = ["then", "toJSON", "__proto__"] as const;

/** Whether it can be a member's name, and is not one that objects have for other purposes. */
export function isName(name: unknown): boolean {
  return (
    typeof name === "string" && /^[A-Za-z_$][\w$]*$/.test(name) && !noNames.includes(name as never)
  );
}

function isDefinition(value: unknown): value is AnyDefinition {
  const { payload, schema, entity } = (value ?? {}) as Partial<Record<string, unknown>>;
  const isPayload =
    typeof payload === "function" || (typeof payload === "object" && payload !== null);
  return isPayload && typeof schema === "function" && typeof entity === "function";
}
