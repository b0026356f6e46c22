/** What a store knows about its entity, read once from the declaration. */
import type { Entity } from "electrodb";
import { unknownNames } from "../call/options.js";
import type { CallContext } from "../errors/context.js";
import { invalid, type ValidationIssue } from "../errors/validation-error.js";
import { formRule, formText, hasForm, type PartForm } from "../keys/part-forms.js";
import {
  compileTemplate,
  createdAtText,
  innerParts,
  type KeyTemplate,
  keyLengthRule,
  keyPartRule,
  separator,
  separatorRule,
} from "../keys/template.js";
import { type Clock, systemClock } from "../runtime/clock.js";
import {
  type DeclaredSchema,
  type DeclaredVersions,
  expiryFieldOf,
  templatesOf,
} from "../table/declared.js";
import { createdAtDigits, type KeyTemplates, limits, type RawKey } from "../table/table.js";
import type { PayloadRules } from "../values/payload.js";
import { type DeclaredPayload, payloadOf, secretsOf } from "./declared-payload.js";
import { dateIndex, type EntityIndexes, readIndexes } from "./indexes.js";
import { isTime, timeRule } from "./times.js";
import { type Versions, versionsOf } from "./versions.js";

/** ElectroDB's generic bound. */
// biome-ignore lint/suspicious/noExplicitAny: ElectroDB's own types take no narrower bound.
export type AnyEntity = Entity<any, any, any, any>;

/** What a declaration says of its entity, without the payload. */
export interface DeclaredKeys extends EntityIndexes {
  /** The value of `EntityType`. */
  readonly name: string;
  readonly pk: KeyTemplate;
  readonly sk: KeyTemplate;
  /** The templates as they are declared. */
  readonly templates: KeyTemplates;
  /** The key's parts, partition key first. */
  readonly parts: readonly string[];
  /** Whether the creation time is a part of the key. */
  readonly timed: boolean;
  /** The parts that hold no `#`: those that something follows in one of the keys, and those declared so. */
  readonly words: ReadonlySet<string>;
  /** The parts that are no free text. */
  readonly forms: Readonly<Record<string, PartForm>>;
  /** Whether one of them is a number. */
  readonly numbered: boolean;
  /** The most UTF-16 units that a key has besides its parts: its own text, and a time. */
  readonly ownLength: number;
  /** The parts that a caller may omit, and their default values. */
  readonly defaults: Readonly<Record<string, string>>;
  /** The id that `create` generates if the caller omits it. */
  readonly generated: string | undefined;
  /** Whether GSI1 contains the items of a partition in order of creation: `byCreatedAt`. */
  readonly dated: boolean;
  /** The collections that it is in: of the table's own key, and of an index. */
  readonly collections: readonly string[];
  readonly indexCollections: readonly string[];
  /** The payload field that says when an item expires, in epoch milliseconds. */
  readonly expires: string | undefined;
}

export interface EntityModel extends DeclaredKeys {
  readonly payload: PayloadRules;
  /** Payload fields that must not appear in a log. */
  readonly secrets: readonly string[];
  /** The secret fields if they are encrypted; empty if no keys are configured. */
  readonly encrypted: readonly string[];
  /** Parts with a fixed value. */
  readonly fixed: Readonly<Record<string, string>>;
  /** The parts that name an owner, which callers cannot give. Empty without an owner. */
  readonly owner: readonly string[];
  /** The versions of the payload, if the declaration names any. */
  readonly versions: Versions | undefined;
  /** Tells which items have expired. */
  readonly clock: Clock;
}

/** The settings of a model that are not part of the declaration. */
export interface ModelOptions {
  /** The owner to whose items the model is limited: key parts with fixed values. */
  readonly owner?: Owner | undefined;
  /** Whether secret fields are encrypted. @default false */
  readonly encrypts?: boolean | undefined;
  /** Tells which items have expired. @default the process's clock */
  readonly clock?: Clock | undefined;
}

/** Key parts that name the owner of items, with their values. */
export type Owner = Readonly<Record<string, string>>;

/** The declaration of an entity: the schemas of its payload and of its keys. */
export interface Declaration extends DeclaredPayload, DeclaredVersions {
  /** Makes the schema of ElectroDB's entity. */
  schema(): DeclaredSchema;
}

/** What was read of each declaration, once. */
const known = new WeakMap<Declaration, DeclaredKeys>();

/**
 * What a declaration says of its keys. The payload's schema is not built for it.
 * @param schema the schema of the entity, if it has just been made
 */
export function declaredKeys(declaration: Declaration, schema?: DeclaredSchema): DeclaredKeys {
  let declared = known.get(declaration);
  if (declared === undefined) {
    declared = readKeys(schema ?? declaration.schema());
    known.set(declaration, declared);
  }
  return declared;
}

/**
 * Makes the model of an entity from its declaration. It does without ElectroDB's entity, because
 * making that takes longer than sending a request.
 */
export function modelOf(
  declaration: Declaration,
  { owner = {}, encrypts = false, clock = systemClock }: ModelOptions = {},
): EntityModel {
  const declared = declaredKeys(declaration);
  const secrets = secretsOf(declaration);
  const fixed = declared.pk.parts.filter((part) => Object.hasOwn(owner, part));
  return {
    ...declared,
    // Most reads do not need it, and building a schema takes longer than sending a request.
    get payload() {
      return payloadOf(declaration);
    },
    secrets,
    encrypted: encrypts ? secrets : [],
    fixed: Object.fromEntries(fixed.map((part) => [part, owner[part] as string])),
    owner: Object.keys(owner),
    versions: versionsOf(declaration),
    clock,
  };
}

function namesOf(collection: string | readonly string[] | undefined): readonly string[] {
  return collection === undefined ? [] : [collection].flat();
}

function readKeys(schema: DeclaredSchema): DeclaredKeys {
  const { byKey, ...indexes } = schema.indexes;
  const templates = templatesOf(schema);
  const { pk, sk } = templates;
  const table = { pk: compileTemplate(pk), sk: compileTemplate(sk) };
  const parts = [...new Set([...table.pk.parts, ...table.sk.parts])];
  const timed = parts.includes("createdAt");
  const ofIndexes = readIndexes(schema, timed);
  const defaults = defaultsOf(schema, parts);
  const forms = formsOf(schema, parts);
  const keys = [table.pk, table.sk, ...ofIndexes.indexKeys.map(({ template }) => template)];
  return {
    name: schema.model.entity,
    ...table,
    ...ofIndexes,
    templates,
    parts,
    timed,
    words: new Set([
      ...keys.flatMap((key) => innerParts(key).filter((part) => parts.includes(part))),
      ...parts.filter((part) => isWord(schema, part)),
    ]),
    ownLength: Math.max(...keys.map((key) => key.literals.join("").length)) + createdAtDigits,
    defaults,
    forms,
    numbered: Object.values(forms).some((form) => typeof form === "number"),
    generated: generatedOf(table.sk, defaults, forms),
    dated: dateIndex in indexes,
    collections: namesOf(byKey.collection),
    indexCollections: Object.values(indexes).flatMap(({ collection }) => namesOf(collection)),
    expires: expiryFieldOf(schema),
  };
}

/** The last part of a sort key, unless it has a default, a form, or is the creation time. */
function generatedOf({ parts }: KeyTemplate, defaults: object, forms: object) {
  const last = parts.at(-1);
  const isMade =
    last !== undefined && !(last in defaults) && !(last in forms) && last !== "createdAt";
  return isMade ? last : undefined;
}

/** The parts that are declared as numbers or dates. */
function formsOf({ attributes }: DeclaredSchema, parts: readonly string[]) {
  const forms: Record<string, PartForm> = {};
  for (const part of parts) {
    const { kind, padding } = (attributes[part] ?? {}) as {
      readonly kind?: unknown;
      readonly padding?: { readonly length: number };
    };
    if (part === "createdAt") continue;
    if (kind === "date") forms[part] = kind;
    else if (padding !== undefined) forms[part] = padding.length;
  }
  return forms;
}

/** Whether a part of the key is declared to hold no `#`. */
function isWord({ attributes }: DeclaredSchema, part: string): boolean {
  return (attributes[part] as { readonly kind?: unknown } | undefined)?.kind === "word";
}

/** The key parts that have a default, and their defaults. */
function defaultsOf({ attributes }: DeclaredSchema, parts: readonly string[]) {
  const defaults: Record<string, string> = {};
  for (const part of parts) {
    const { default: value } = (attributes[part] ?? {}) as { readonly default?: unknown };
    if (typeof value === "string") defaults[part] = value;
  }
  return defaults;
}

/** The checked parts of a key. */
export type KeyParts = Readonly<Record<string, string>>;

/**
 * The issues of a key in an owner's scope, which must not have the owner's parts, not even inherited.
 * @param owner the names of these parts
 */
export function ownerIssues(
  given: unknown,
  owner: readonly string[],
  what: string,
): ValidationIssue[] {
  // If the owner is the only part of the key, any value would select the user's own item.
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return [{ path: what, message: "must be an object" }];
  }
  return owner
    .filter((path) => path in given)
    .map((path) => ({ path, message: "is fixed by the scope and must not be given" }));
}

/**
 * The members of an item besides its key parts. Items of `collections.recent` have `entity`, and
 * those of `projects.listWithContent` have `contents`. They are allowed so that a returned item can
 * be passed as a key or as input.
 */
const itemMembers = ["data", "createdAt", "updatedAt", "entity", "contents"];

/** What the key parts are read from. */
type Source = "key" | "partition" | "item";

const kinds = {
  key: { one: "a part of the key", all: "the parts are" },
  partition: { one: "a part of the partition", all: "the parts are" },
  item: { one: "a member of an item", all: "the members are" },
} as const;

/**
 * Reads the key parts from generated values and from what the caller gave. A name that is neither a
 * part nor a member of an item is refused: it is misspelt, or it would not narrow the result.
 */
export function readParts(
  model: EntityModel,
  from: Source,
  given: unknown,
  made: Readonly<Record<string, unknown>> = {},
): { parts: Record<string, string>; issues: ValidationIssue[] } {
  // Bytes have a property for each position, but none that is read here.
  const isObject = typeof given === "object" && given !== null && !ArrayBuffer.isView(given);
  const source = isObject ? (given as Record<string, unknown>) : {};
  const names = from === "partition" ? model.pk.parts : model.parts;
  const isScoped = model.owner.length > 0;
  const parts: Record<string, string> = {};
  const issues: ValidationIssue[] = [];
  if (isScoped) issues.push(...ownerIssues(given, model.owner, from));
  const own = isScoped ? names.filter((name) => !(name in model.fixed)) : names;
  const known = from === "item" ? [...own, "data", "createdAt"] : own;
  // The owner's parts are refused with a message of their own.
  const also = isScoped ? [...itemMembers, ...model.owner] : itemMembers;
  issues.push(...unknownNames(source, known, kinds[from], also));
  for (const name of names) {
    const value = model.fixed[name] ?? made[name] ?? source[name] ?? model.defaults[name];
    const rule = partRule(model, name, value);
    if (rule !== undefined) issues.push({ path: name, message: rule });
    // An invalid part never reaches a key, because its issue stops the call.
    parts[name] = partText(model, name, value);
  }
  return { parts, issues };
}

/** A valid part of a key, as a key holds it. */
export function partText({ forms }: EntityModel, name: string, value: unknown): string {
  if (name === "createdAt") return createdAtText(value as number);
  const form = forms[name];
  return form === undefined ? (value as string) : formText(form, value);
}

/** The rule that a part of a key breaks. A word holds no `#`. */
export function partRule(
  { words, forms }: EntityModel,
  name: string,
  value: unknown,
  isWord = words.has(name),
): string | undefined {
  if (name === "createdAt") return isTime(value) ? undefined : timeRule;
  const form = forms[name];
  if (form !== undefined) return formRule(form, value);
  const rule = keyPartRule(value);
  if (rule !== undefined || !isWord || !(value as string).includes(separator)) return rule;
  return separatorRule;
}

/** Refuses unknown parts of a key that spans entities. */
export function refuseUnknownParts(
  context: CallContext,
  given: unknown,
  names: readonly string[],
): void {
  // Strings and bytes have a property for each position. They lack every part, and that is reported
  // instead.
  if (typeof given !== "object" || given === null || ArrayBuffer.isView(given)) return;
  refuseIssues(context, unknownNames(given, names, kinds.key, itemMembers));
}

/** Checks that the keys made from the parts are within DynamoDB's limits. */
export function keyLengthIssues(model: EntityModel, parts: KeyParts): ValidationIssue[] {
  if (areShort(model, parts)) return [];
  const dated = { ...parts, createdAt: 0 };
  const issues: ValidationIssue[] = [];
  const check = (kind: "partition" | "sort", template: KeyTemplate) => {
    const rule = keyLengthRule(kind, template.build(dated));
    const path = template.parts.at(-1) ?? "key";
    if (rule !== undefined && !issues.some((issue) => issue.path === path)) {
      issues.push({ path, message: rule });
    }
  };
  // Those with fields are checked with the payload.
  const ofIndexes = model.indexKeys.filter(({ fields }) => fields.length === 0);
  const checkIndexes = (kind: "partition" | "sort") => {
    for (const key of ofIndexes) if (key.kind === kind) check(kind, key.template);
  };
  check("partition", model.pk);
  checkIndexes("partition");
  // The longer key first: for dated entities, the index key reaches the limit earlier.
  checkIndexes("sort");
  check("sort", model.sk);
  return issues;
}

/** Whether the parts are so short that no key made from them can be too long, as most are. */
function areShort({ ownLength }: EntityModel, parts: KeyParts): boolean {
  let length = ownLength;
  for (const name in parts) length += (parts[name] as string).length;
  // A UTF-16 code unit takes at most three bytes in UTF-8.
  return length * 3 <= limits.sortKeyBytes;
}

/** The parts as attributes of an item. The creation time has an attribute of another name. */
export function storedParts(
  model: EntityModel,
  parts: KeyParts,
): Readonly<Record<string, string | number>> {
  if (!model.timed) return keyValues(model, parts);
  const { createdAt: _, ...stored } = keyValues(model, parts);
  return stored;
}

/** The parts of a key as callers have them: numbers and times as numbers. */
export function keyValues(
  model: EntityModel,
  parts: KeyParts,
): Readonly<Record<string, string | number>> {
  if (!model.timed && !model.numbered) return parts;
  const values = Object.entries(parts).map(([name, text]) => [name, partValue(model, name, text)]);
  return Object.fromEntries(values);
}

/** A part of a key as callers have it. */
export function partValue(model: EntityModel, name: string, text: string): string | number {
  return isNumeric(model, name) ? Number(text) : text;
}

/** Whether callers give a part of the key as a number: those that are declared so, and the creation time. */
function isNumeric({ forms }: EntityModel, name: string): boolean {
  return name === "createdAt" || typeof forms[name] === "number";
}

/** Whether the parts of a stored key have the forms that they are declared with. */
export function haveForms({ forms }: EntityModel, parts: KeyParts): boolean {
  return Object.entries(forms).every(([name, form]) => hasForm(form, parts[name] ?? ""));
}

/** The primary key made from checked parts. */
export function rawKeyOf(model: EntityModel, parts: KeyParts): RawKey {
  return { PK: model.pk.build(parts), SK: model.sk.build(parts) };
}

/** The context of a call that names an item. It contains the key parts as the caller gave them. */
export function keyContext(
  model: EntityModel,
  operation: string,
  given: unknown,
  names: readonly string[] = model.parts,
): CallContext {
  const source =
    typeof given === "object" && given !== null ? (given as Record<string, unknown>) : {};
  const parts = names.map((name) => {
    const value = model.fixed[name] ?? source[name] ?? model.defaults[name];
    // A number is no part where a text is declared.
    return [name, typeof value === "number" && !isNumeric(model, name) ? undefined : value];
  });
  return { operation, entity: model.name, key: Object.fromEntries(parts) };
}

/** Throws a ValidationError if there are any issues. */
export function refuseIssues(context: CallContext, issues: readonly ValidationIssue[]): void {
  if (issues.length > 0) throw invalid(context, issues);
}
