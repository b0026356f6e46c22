/** The fields that a payload's schema of zod 4 marks as secret, wherever in a field the mark is. */

import { types } from "node:util";
import type { ValidationIssue } from "../errors/validation-error.js";
import { type SchemaIssue, wrong } from "./schema-issues.js";

/** Of a schema of zod 4, what says which schemas it is made of. */
interface Described {
  readonly meta?: unknown;
  readonly _zod?: { readonly def?: Readonly<Record<string, unknown>> };
}

/** Members of a definition that are schemas, lists of schemas, or objects of schemas. */
const inside = [
  ...["innerType", "in", "out", "element", "valueType", "keyType", "left", "right", "rest"],
  ...["catchall", "options", "items", "shape"],
] as const;

/** What stands around an object, or beside another one. */
const around = ["innerType", "in", "out", "left", "right", "options"] as const;

/** The names of a payload's secret fields: those with a mark on them, or anywhere in them. */
export function secretNamesOf(schema: unknown): readonly string[] {
  return [...namesIn(schema, new Set())];
}

function namesIn(schema: unknown, seen: Set<unknown>): Set<string> {
  const def = defOf(schema);
  if (def === undefined || seen.has(schema)) return new Set();
  seen.add(schema);
  const { shape } = def;
  if (typeof shape === "object" && shape !== null) {
    const marked = Object.entries(shape).filter(([, part]) => isMarked(part, new Set()));
    return new Set(marked.map(([name]) => name));
  }
  const others = [...childrenOf(def, around), gotten(def)];
  return new Set(others.flatMap((other) => [...namesIn(other, seen)]));
}

/** Whether fields without a name of their own are marked, of which a payload may have any. */
export function hasNamelessSecret(schema: unknown, seen = new Set<unknown>()): boolean {
  const def = defOf(schema);
  if (def === undefined || seen.has(schema)) return false;
  seen.add(schema);
  if (isMarked(def.catchall, new Set())) return true;
  const others = [...childrenOf(def, around), gotten(def)];
  return others.some((other) => hasNamelessSecret(other, seen));
}

function isMarked(schema: unknown, seen: Set<unknown>): boolean {
  const def = defOf(schema);
  if (def === undefined || seen.has(schema)) return false;
  seen.add(schema);
  const { meta } = schema as Described;
  const marks: unknown = typeof meta === "function" ? Reflect.apply(meta, schema, []) : undefined;
  if ((marks as { readonly secret?: unknown } | undefined)?.secret === true) return true;
  return [...childrenOf(def, inside), gotten(def)].some((child) => isMarked(child, seen));
}

function defOf(schema: unknown): Readonly<Record<string, unknown>> | undefined {
  return (schema as Described | null | undefined)?._zod?.def;
}

function childrenOf(
  def: Readonly<Record<string, unknown>>,
  names: readonly string[],
): readonly unknown[] {
  return names.flatMap((name) => {
    const child = def[name];
    const isSchema = typeof child === "object" && child !== null && "_zod" in child;
    if (isSchema || typeof child !== "object" || child === null) return [child];
    return Object.values(child);
  });
}

/** What `z.lazy` is made of. */
function gotten({ getter }: Readonly<Record<string, unknown>>): unknown {
  return typeof getter === "function" ? Reflect.apply(getter, undefined, []) : undefined;
}

/** Shorter texts are in too many messages by chance. */
const leastText = 4;

/**
 * The issues of a schema without what its own words may tell of secrets: about a secret field, about the
 * whole payload, and about another field if they quote a secret. A secret of fewer than four characters is
 * not looked for in them, nor one deeper than eight levels in its field.
 * @param secrets the names of the secret fields
 * @param at the path of the value in the payload
 * @param value the value that was checked
 */
export function withoutSecrets(
  issues: readonly SchemaIssue[],
  secrets: readonly string[],
  at: readonly PropertyKey[],
  value: unknown,
): readonly SchemaIssue[] {
  if (secrets.length === 0 || issues.length === 0) return issues;
  // What is inside one field quotes no other one.
  const texts = at.length === 0 ? textsOf(secrets, value) : [];
  return issues.map((issue) => {
    const [field] = [...at, ...issue.path];
    const isSecret = field === undefined || secrets.includes(String(field));
    const lower = issue.message.toLowerCase();
    const tells = isSecret || texts.some((text) => lower.includes(text));
    return issue.custom === true && tells ? { ...issue, message: wrong } : issue;
  });
}

/** The issues with no name from inside a secret field in their paths: `data.tokens`, not `data.tokens.ada`. */
export function outsideSecrets(
  issues: readonly ValidationIssue[],
  secrets: readonly string[],
): ValidationIssue[] {
  return issues.map((issue) => {
    const field = secrets.find((name) => /^[.[]/.test(after(`data.${name}`, issue.path)));
    return field === undefined ? issue : { ...issue, path: `data.${field}` };
  });
}

/** What follows a beginning of a text; empty if it does not begin so. */
function after(beginning: string, text: string): string {
  return text.startsWith(beginning) ? text.slice(beginning.length) : "";
}

/** The texts in the secret fields of a payload, in lower case. */
function textsOf(secrets: readonly string[], payload: unknown): string[] {
  const texts: string[] = [];
  const visit = (value: unknown, level: number): void => {
    if (level > mostLevels || texts.length > mostTexts) return;
    if (types.isSet(value)) {
      for (const member of value) visit(member, level + 1);
    } else if (typeof value === "object" && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        visit(name, level + 1);
        visit(member, level + 1);
      }
    } else if (String(value).length >= leastText) texts.push(String(value).toLowerCase());
  };
  for (const name of secrets) {
    visit((payload as Readonly<Record<string, unknown>> | undefined)?.[name], 0);
  }
  return texts;
}

const mostLevels = 8;
const mostTexts = 1000;
