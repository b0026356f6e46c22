/** What a store knows about its entity, read once from the declaration. */
import type { Entity } from "electrodb";
import { unknownNames } from "../call/options.js";
import type { CallContext } from "../errors/context.js";
import { invalid, type ValidationIssue } from "../errors/validation-error.js";
import { type DeclaredSchema, templatesOf } from "../keys/declared.js";
import { compileTemplate, type KeyTemplate, keyLengthRule, keyPartRule } from "../keys/template.js";
import { attribute, limits, type RawKey } from "../table/table.js";
import type { PayloadSchema } from "../values/payload.js";

/** The key parts that identify an item's owner. An agent is a user, too. */
export const ownerParts = ["userId", "agentId"] as const;

/** ElectroDB's generic bound. */
// biome-ignore lint/suspicious/noExplicitAny: ElectroDB's own types take no narrower bound.
export type AnyEntity = Entity<any, any, any, any>;

export interface EntityModel {
  /** The value of `EntityType`. */
  readonly name: string;
  readonly payload: PayloadSchema;
  readonly pk: KeyTemplate;
  readonly sk: KeyTemplate;
  readonly gsi1pk: KeyTemplate | undefined;
  readonly gsi1sk: KeyTemplate | undefined;
  /** The key's parts, partition key first. */
  readonly parts: readonly string[];
  /** The parts that a caller may omit, and their default values. */
  readonly defaults: Readonly<Record<string, string>>;
  /** The id that `create` generates if the caller omits it. */
  readonly generated: string | undefined;
  /** Whether the index contains the items in order of creation. */
  readonly dated: boolean;
  /** Payload fields that must not appear in a log. */
  readonly secrets: readonly string[];
  /** The secret fields if they are encrypted; empty if no keys are configured. */
  readonly encrypted: readonly string[];
  /** Parts with a fixed value, which callers cannot give. */
  readonly fixed: Readonly<Record<string, string>>;
}

/** The settings of a model that are not part of the declaration. */
export interface ModelOptions {
  /** Fixes the partition to that of this user or agent. */
  readonly owner?: string | undefined;
  /** Whether secret fields are encrypted. @default false */
  readonly encrypts?: boolean | undefined;
}

/** The declaration of an entity: the schemas of its payload and of its keys. */
export interface Declaration {
  /** Builds the payload's schema when it is first asked for. */
  payload(): PayloadSchema;
  /** The schema from which ElectroDB's entity is made. */
  readonly schema: DeclaredSchema;
}

/**
 * Makes the model of an entity from its declaration. It does without ElectroDB's entity, because
 * making that takes longer than sending a request.
 */
export function modelOf(
  declaration: Declaration,
  { owner, encrypts = false }: ModelOptions = {},
): EntityModel {
  const { schema } = declaration;
  const payload = declaration.payload();
  const secrets = secretFields(payload);
  const templates = templatesOf(schema);
  const pk = compileTemplate(templates.pk);
  const sk = compileTemplate(templates.sk);
  const gsi1sk = templates.gsi1sk === undefined ? undefined : compileTemplate(templates.gsi1sk);
  for (const { parts } of [pk, sk]) {
    // A key is read back by what it begins with: of two parts nobody knows where the first one ends.
    if (parts.length > 1) throw new TypeError(`${schema.model.entity}: a key has at most one part`);
  }
  const parts = [...pk.parts, ...sk.parts];
  const defaults = defaultsOf(schema, parts);
  return {
    name: schema.model.entity,
    payload,
    pk,
    sk,
    gsi1pk: templates.gsi1pk === undefined ? undefined : compileTemplate(templates.gsi1pk),
    gsi1sk,
    parts,
    defaults,
    generated: sk.parts.find((part) => !(part in defaults)),
    dated: gsi1sk?.parts.includes("createdAt") ?? false,
    secrets,
    encrypted: encrypts ? secrets : [],
    fixed: owner === undefined ? {} : Object.fromEntries(pk.parts.map((part) => [part, owner])),
  };
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

/** The fields of a payload that its schema marks as secret. */
export function secretFields({ shape }: PayloadSchema): string[] {
  return Object.entries(shape).flatMap(([field, part]) =>
    (part as { meta?(): { secret?: unknown } | undefined }).meta?.()?.secret === true
      ? [field]
      : [],
  );
}

/** The checked parts of a key. */
export type KeyParts = Readonly<Record<string, string>>;

/** The issues of a key in a user's scope, which must not have the owner's parts, not even inherited. */
export function ownerIssues(given: unknown): ValidationIssue[] {
  // If the owner is the only part of the key, any value would select the user's own item.
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return [{ path: "key", message: "must be an object" }];
  }
  return ownerParts
    .filter((path) => path in given)
    .map((path) => ({ path, message: "is fixed by forUser and must not be given" }));
}

/**
 * The members of an item besides its key parts. Items of `collections.recent` have `entity`, and
 * those of `projects.listWithContent` have `contents`. They are allowed so that a returned item can
 * be passed as a key or as input.
 */
const itemMembers = ["data", "createdAt", "updatedAt", "entity", "contents"];

/** In a user's scope, the owner's parts are refused with their own message. */
const itemMembersOrOwner = [...itemMembers, ...ownerParts];

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
  made: KeyParts = {},
): { parts: Record<string, string>; issues: ValidationIssue[] } {
  // Bytes have a property for each position, but none that is read here.
  const isObject = typeof given === "object" && given !== null && !ArrayBuffer.isView(given);
  const source = isObject ? (given as Record<string, unknown>) : {};
  const names = from === "partition" ? model.pk.parts : model.parts;
  const isScoped = Object.keys(model.fixed).length > 0;
  const parts: Record<string, string> = {};
  const issues: ValidationIssue[] = [];
  if (isScoped) issues.push(...ownerIssues(given));
  const own = isScoped ? names.filter((name) => !(name in model.fixed)) : names;
  const known = from === "item" ? [...own, "data", "createdAt"] : own;
  const also = isScoped ? itemMembersOrOwner : itemMembers;
  issues.push(...unknownNames(source, known, kinds[from], also));
  for (const name of names) {
    const value = model.fixed[name] ?? made[name] ?? source[name] ?? model.defaults[name];
    const rule = keyPartRule(value);
    if (rule !== undefined) issues.push({ path: name, message: rule });
    // An invalid part never reaches a key, because its issue stops the call.
    parts[name] = value as string;
  }
  return { parts, issues };
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
  if (areShort(parts)) return [];
  const dated = { ...parts, createdAt: 0 };
  const issues: ValidationIssue[] = [];
  const check = (kind: "partition" | "sort", template: KeyTemplate | undefined) => {
    if (template === undefined) return;
    const rule = keyLengthRule(kind, template.build(dated));
    const path = template.parts.at(-1) ?? "key";
    if (rule !== undefined && !issues.some((issue) => issue.path === path)) {
      issues.push({ path, message: rule });
    }
  };
  check("partition", model.pk);
  check("partition", model.gsi1pk);
  // The longer key first: for dated entities, the index key reaches the limit earlier.
  check("sort", model.gsi1sk);
  check("sort", model.sk);
  return issues;
}

/** The most bytes that a template's own text and a creation time take. */
const templateBytes = 64;

/** Whether the parts are so short that no key made from them can be too long, as most are. */
function areShort(parts: KeyParts): boolean {
  let length = 0;
  for (const name in parts) length += (parts[name] as string).length;
  // A UTF-16 code unit takes at most three bytes in UTF-8.
  return length * 3 + templateBytes <= limits.sortKeyBytes;
}

/** The primary key made from checked parts. */
export function rawKeyOf(model: EntityModel, parts: KeyParts): RawKey {
  return { PK: model.pk.build(parts), SK: model.sk.build(parts) };
}

/** The index keys made from checked parts: both, or none if the entity is not in the index. */
export function indexKeyOf(
  { gsi1pk, gsi1sk }: EntityModel,
  parts: KeyParts,
  createdAt: number,
): Partial<Record<string, string>> {
  if (gsi1pk === undefined || gsi1sk === undefined) return {};
  return {
    [attribute.indexPartitionKey]: gsi1pk.build(parts),
    [attribute.indexSortKey]: gsi1sk.build({ ...parts, createdAt }),
  };
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
  const parts = names.map((name) => [
    name,
    model.fixed[name] ?? source[name] ?? model.defaults[name],
  ]);
  return { operation, entity: model.name, key: Object.fromEntries(parts) };
}

/** Throws a ValidationError if there are any issues. */
export function refuseIssues(context: CallContext, issues: readonly ValidationIssue[]): void {
  if (issues.length > 0) throw invalid(context, issues);
}
