/** The rules of an entity's indexes: what is wrong with one, before anything is stored. */

import { isDeepStrictEqual } from "node:util";
import { mayHaveField, payloadOf } from "../src/entity/declared-payload.js";
import { dateIndex } from "../src/entity/indexes.js";
import type { DeclaredKeys } from "../src/entity/model.js";
import { templateProblems } from "../src/keys/collisions.js";
import { compileTemplate, fieldOf } from "../src/keys/template.js";
import type { DeclaredIndex, DeclaredSchema } from "../src/table/declared.js";
import { attribute, indexKeysOf, indexName, indexNames } from "../src/table/table.js";
import { secretFields } from "../src/values/payload.js";
import { StandardPayload } from "../src/values/standard-payload.js";
import { isName } from "./names.js";
import type { AnyDefinition } from "./registry.js";
import { takesOtherThanTexts } from "./tried-values.js";

/** The rule that one index of a declaration breaks. */
export function indexRule(
  name: string,
  declared: DeclaredIndex,
  schema: DeclaredSchema,
): string | undefined {
  const { index, pk, sk } = declared;
  if (!isName(name)) return `has an index ${name}, which is no name`;
  const ofTable = index === undefined;
  if (ofTable !== (name === "byKey")) return `has ${name} in the table's own key, which is byKey`;
  if (index !== undefined && !indexNames.includes(index as never)) {
    return `has ${name} in ${index}, an index that no table has: they are GSI1 to GSI${indexNames.length}`;
  }
  const ofForm = formRule(name, declared);
  if (ofForm !== undefined) return ofForm;
  const inSame = Object.entries(schema.indexes).find((other) => other[1].index === index)?.[0];
  if (inSame !== name) return `has ${inSame} and ${name} in the same index`;
  const ofParts = partsRule(name, declared, schema);
  if (ofParts !== undefined) return ofParts;
  if (pk.composite.includes("createdAt"))
    return `has \${createdAt} in the partition key of ${name}`;
  if (ofTable && sk?.composite.at(-1) === "createdAt") {
    return `has \${createdAt} at the end of ${name}: items of one millisecond would have one key`;
  }
  if (name === dateIndex) {
    const ofDates = dateRule(declared, schema);
    if (ofDates !== undefined) return ofDates;
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

/** What `byKey`, `byCreatedAt` and `index` make. ElectroDB knows more, which the stores do not carry out. */
const indexMembers = ["index", "collection", "pk", "sk"];
const keyMembers = ["field", "composite", "template", "casing", "cast"];

/** The rule that an index breaks which is not as these functions make it. */
function formRule(name: string, declared: DeclaredIndex): string | undefined {
  const make = "make it with byKey, byCreatedAt or index";
  const other = Object.keys(declared).find((member) => !indexMembers.includes(member));
  if (other !== undefined) {
    return `has ${name} with ${other}, which the stores would not carry out: ${make}`;
  }
  const { index } = declared;
  const names =
    index === undefined
      ? { pk: attribute.partitionKey, sk: attribute.sortKey }
      : indexKeysOf(index);
  for (const key of ["pk", "sk"] as const) {
    const members = (declared[key] ?? {}) as Readonly<Record<string, unknown>>;
    const { field, composite, template, casing, cast } = members;
    const odd = Object.keys(members).find((member) => !keyMembers.includes(member));
    if (odd !== undefined) {
      return `has ${name} with ${key}.${odd}, which the stores would not carry out: ${make}`;
    }
    if (casing !== "none") return `has ${name} with a casing: ${make}`;
    if (field !== names[key])
      return `has ${name} with a ${key} that is not in ${names[key]}: ${make}`;
    const { parts } = compileTemplate(String(template));
    if (cast !== "string" || !isDeepStrictEqual(composite, parts)) {
      return `has ${name} with a ${key} whose composite or cast is not that of its template: ${make}`;
    }
  }
  return undefined;
}

/** The rule that the parts in the templates of an index break. */
function partsRule(
  name: string,
  { index, pk, sk }: DeclaredIndex,
  { attributes, indexes: { byKey } }: DeclaredSchema,
): string | undefined {
  const ofTable = index === undefined;
  const all = [pk, sk].flatMap((key) => key?.composite ?? []);
  const ofKey = [...byKey.pk.composite, ...byKey.sk.composite];
  const fields = all.flatMap((part) => fieldOf(part) ?? []);
  const [field] = fields;
  if (ofTable && field !== undefined) {
    return `has \${data.${field}} in a template of byKey: an item's own key never changes, and its payload does`;
  }
  const known = ofTable
    ? Object.keys(attributes)
    : [...ofKey, "createdAt", ...fields.map((one) => `data.${one}`)];
  const unknown = all.find((one) => !known.includes(one));
  if (unknown !== undefined) {
    return `has \${${unknown}} in a template of ${name}: ${ofTable ? "no such attribute" : "no part of its key"}`;
  }
  const undeclared = fields.find((one) => attributes[`data.${one}`] === undefined);
  if (undeclared !== undefined) {
    return `has \${data.${undeclared}} in a template of ${name}: add ...fields("${undeclared}") to its attributes`;
  }
  const both = fields.find((one) => all.includes(one));
  return both === undefined
    ? undefined
    : `has \${${both}} and \${data.${both}} in ${name}: queryBy could not tell one from the other`;
}

/** The rule of the index that `query` reads with `by: "createdAt"`. */
function dateRule(
  { index, pk, sk }: DeclaredIndex,
  { indexes: { byKey } }: DeclaredSchema,
): string | undefined {
  if (index !== indexName) return `has ${dateIndex} in ${index}: it is of ${indexName}`;
  if (pk.template !== byKey.pk.template) {
    return `has ${dateIndex} in another partition than byKey: items are listed by their creation in one partition`;
  }
  return /^[^$]*\$\{createdAt\}#\$\{\w+\}$/.test(sk?.template ?? "")
    ? undefined
    : `has ${dateIndex} with a sort key other than "…\${createdAt}#\${id}"`;
}

/** The rule that the attribute of a field breaks. `fields` declares them. */
export function fieldAttributeRule(declared: object | undefined): string | undefined {
  if (declared === undefined) return undefined;
  const { type, ...others } = declared as Readonly<Record<string, unknown>>;
  return type === "string" && Object.keys(others).length === 0
    ? undefined
    : "which is a field of the payload: declare it by ...fields alone";
}

/** The rule that a field which index keys are made of breaks. The payload's schema is built for it. */
export function fieldsRule(definition: AnyDefinition, keys: DeclaredKeys): string | undefined {
  const fields = [...new Set(keys.fieldKeys.flatMap((key) => key.fields))];
  if (fields.length === 0) return undefined;
  const payload = payloadOf(definition);
  const secrets = secretFields(payload);
  for (const field of fields) {
    const at = `has \${data.${field}} in an index, `;
    if (!mayHaveField(payload, field)) return `${at}which is no field of the payload`;
    if (secrets.includes(field)) return `${at}which is secret: a key is stored in clear text`;
    const isOther =
      payload instanceof StandardPayload
        ? takesOtherThanTexts(payload, field)
        : !isText(payload.shape[field]);
    if (isOther) return `${at}which is not a string in the payload's schema`;
  }
  return undefined;
}

/** Of a zod schema, what says which values it takes. */
interface Described {
  readonly def?: {
    readonly type?: string;
    readonly innerType?: unknown;
    readonly in?: unknown;
    readonly options?: readonly unknown[];
    readonly values?: readonly unknown[];
    readonly entries?: Readonly<Record<string, unknown>>;
  };
}

/** Whether a schema takes strings, and nothing else but null and undefined. */
function isText(schema: unknown): boolean {
  const { def } = (schema ?? {}) as Described;
  if (def === undefined) return false;
  const areTexts = (values: readonly unknown[]) =>
    values.every((value) => typeof value === "string" || value === null || value === undefined);
  switch (def.type) {
    case "string":
    case "template_literal":
    case "null":
    case "undefined":
      return true;
    case "enum":
      return areTexts(Object.values(def.entries ?? {}));
    case "literal":
      return areTexts(def.values ?? []);
    case "union":
      return (def.options ?? []).every(isText);
    case "pipe":
      return isText(def.in);
    default:
      return def.innerType !== undefined && isText(def.innerType);
  }
}
