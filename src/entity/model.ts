/** What a store knows of its entity: read once from its declaration. */
import type { Entity } from "electrodb";
import { unknownNames } from "../call/options.js";
import type { CallContext } from "../errors/context.js";
import { invalid, type ValidationIssue } from "../errors/validation-error.js";
import { type DeclaredSchema, templatesOf } from "../keys/declared.js";
import {
  compileTemplate,
  type KeyTemplate,
  keyLengthRule,
  keyPartRule,
  keyText,
} from "../keys/template.js";
import { attribute, limits, type RawKey } from "../table/table.js";
import type { PayloadSchema } from "../values/payload.js";

/** The parts that say whose an item is: an agent is a user. */
export const ownerParts = ["userId", "agentId"] as const;

/** ElectroDB's generic bound. */
// biome-ignore lint/suspicious/noExplicitAny: ElectroDB's own types take no narrower bound.
export type AnyEntity = Entity<any, any, any, any>;

export interface EntityModel {
  /** What `EntityType` holds. */
  readonly name: string;
  readonly payload: PayloadSchema;
  readonly pk: KeyTemplate;
  readonly sk: KeyTemplate;
  readonly gsi1pk: KeyTemplate | undefined;
  readonly gsi1sk: KeyTemplate | undefined;
  /** The key's parts, partition key first. */
  readonly parts: readonly string[];
  /** Parts that a caller may leave out, and what they are then. */
  readonly defaults: Readonly<Record<string, string>>;
  /** The id that `create` makes where it is left out. */
  readonly generated: string | undefined;
  /** Whether the index holds the items in order of their creation. */
  readonly dated: boolean;
  /** Fields of the payload that no log may hold. */
  readonly secrets: readonly string[];
  /** The secret fields where they are encrypted; none where no keys are configured. */
  readonly encrypted: readonly string[];
  /** Parts that are fixed: callers do not give them, and cannot. */
  readonly fixed: Readonly<Record<string, string>>;
}

/** What of a model is not declared. */
export interface ModelOptions {
  /** Fixes the partition to this user's or agent's. */
  readonly owner?: string | undefined;
  /** Whether secret fields are encrypted. @default false */
  readonly encrypts?: boolean | undefined;
}

/** An entity as it is declared: the schemas of its payload and of its keys. */
export interface Declaration {
  /** Builds the payload's schema when it is first asked for. */
  payload(): PayloadSchema;
  /** What ElectroDB's entity is made from. */
  readonly schema: DeclaredSchema;
}

/**
 * Makes the model of an entity from its declaration. ElectroDB's entity is not needed for it: to make
 * one takes longer than to send a request.
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

/** The parts of a key that have a default, and what it is. */
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

/** A key's parts, all of them checked. */
export type KeyParts = Readonly<Record<string, string>>;

/** What of a key the caller of a user's scope must not give: the owner's parts, inherited ones too. */
export function ownerIssues(given: unknown): ValidationIssue[] {
  // Where nothing but the owner is a key's part, any value would name the user's own item.
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return [{ path: "key", message: "must be an object" }];
  }
  return ownerParts
    .filter((path) => path in given)
    .map((path) => ({ path, message: "is fixed by forUser and must not be given" }));
}

/**
 * What an item has beside its key's parts: `entity` those of `collections.recent`, `contents` those of
 * `projects.listWithContent`. An item that the layer returned is taken for its key, and for an input.
 */
const itemMembers = ["data", "createdAt", "updatedAt", "entity", "contents"];

/** In a user's scope the owner's parts are refused by a message of their own. */
const itemMembersOrOwner = [...itemMembers, ...ownerParts];

/** What key parts are read from. */
type Source = "key" | "partition" | "item";

const kinds = {
  key: { one: "a part of the key", all: "the parts are" },
  partition: { one: "a part of the partition", all: "the parts are" },
  item: { one: "a member of an item", all: "the members are" },
} as const;

/**
 * Reads the key's parts of what a caller gave, else of what was made for them. What is neither a part
 * nor a member of an item is refused: it is a misspelt name, or one that would narrow nothing down.
 */
export function readParts(
  model: EntityModel,
  from: Source,
  given: unknown,
  made: KeyParts = {},
): { parts: Record<string, string>; issues: ValidationIssue[] } {
  // Bytes have a name for each of them, and none that is read.
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
    // A part that breaks a rule never reaches a key: the issue stops the call.
    parts[name] = value as string;
  }
  return { parts, issues };
}

/** Refuses what is no part of a key that spans entities. */
export function refuseUnknownParts(
  context: CallContext,
  given: unknown,
  names: readonly string[],
): void {
  // A text and bytes have a name for each place, and lack every part: that is told of them.
  if (typeof given !== "object" || given === null || ArrayBuffer.isView(given)) return;
  refuseIssues(context, unknownNames(given, names, kinds.key, itemMembers));
}

/** Whether the keys that the parts make are within DynamoDB's limits. */
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
  // The longer one first: for dated entities the index key is the tighter limit.
  check("sort", model.gsi1sk);
  check("sort", model.sk);
  return issues;
}

/** Bytes that a template's own text and a creation time take, at most. */
const templateBytes = 64;

/** Whether no key of the parts can be too long: most are far from it. */
function areShort(parts: KeyParts): boolean {
  let length = 0;
  for (const name in parts) length += (parts[name] as string).length;
  // UTF-8 takes at most three bytes for a UTF-16 unit.
  return length * 3 + templateBytes <= limits.sortKeyBytes;
}

/** The primary key of checked parts. */
export function rawKeyOf(model: EntityModel, parts: KeyParts): RawKey {
  return { PK: model.pk.build(parts), SK: model.sk.build(parts) };
}

/** The index keys of checked parts: both, or none where the index does not hold the entity. */
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

/** The context of a call that names an item: what was given of the key, as it was given. */
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
  return { operation, entity: model.name, key: keyText(Object.fromEntries(parts)) };
}

/** Throws what was found, if anything. */
export function refuseIssues(context: CallContext, issues: readonly ValidationIssue[]): void {
  if (issues.length > 0) throw invalid(context, issues);
}
