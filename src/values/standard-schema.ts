/** Schemas of other libraries than zod 4, by Standard Schema: their issues in plain words, without a value. */
import { isDeepStrictEqual, types } from "node:util";
import type { z } from "zod";
import { isObject } from "../runtime/objects.js";
import type { StandardIssue, StandardSchema } from "../table/declared.js";
import { asyncRule, issuesOfSchema, type SchemaIssue, wrong } from "./schema-issues.js";

type Path = readonly PropertyKey[];

/** What is said of a value that a schema would replace by another one. */
export const changedRule = "is changed by its schema, and a payload is stored as it is given";

/** All that a library's words say without the value for certain: that it is missing, or its type. */
const saysLittle = /^(?:is missing|must be [a-z]+)$/;

/** At most this many issues of one value are looked at. */
const mostIssues = 20;

/** Whether a value is a schema of Standard Schema, version 1. Some libraries make functions of them. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if (!isObject(value) && typeof value !== "function") return false;
  const standard = (value as Partial<StandardSchema>)["~standard"];
  return isObject(standard) && standard.version === 1 && typeof standard.validate === "function";
}

/**
 * Checks a value against a schema.
 * @returns the issues, also for a schema that makes another value of it, or that is asynchronous
 */
export function issuesOfStandard(schema: StandardSchema, value: unknown): SchemaIssue[] {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise || typeof (result as { then?: unknown }).then === "function") {
    // Nobody waits for it.
    (result as Promise<unknown>).then(undefined, () => undefined);
    return [{ path: [], message: asyncRule }];
  }
  const { issues } = result as Exclude<typeof result, Promise<unknown>>;
  if (issues === undefined) {
    const changed = changeOf((result as { readonly value: unknown }).value, value, []);
    return changed === undefined ? [] : [{ path: changed, message: changedRule }];
  }
  // Those of zod 4 that are no object's (zod/mini, unions) have the words of those that are.
  const told = isOfZod(schema)
    ? issuesOfSchema(schema, value).slice(0, mostIssues)
    : issues.slice(0, mostIssues).map((issue) => inWords(issue, value));
  return told.map((issue) => ({ ...issue, custom: !saysLittle.test(issue.message) }));
}

function isOfZod(schema: object): schema is z.ZodType {
  const { _zod, safeParse } = schema as Partial<z.ZodType>;
  return isObject(_zod) && typeof safeParse === "function";
}

/** The path of the first member that a schema made something else of. What it left out does not count. */
function changeOf(made: unknown, given: unknown, at: Path): Path | undefined {
  if (Object.is(made, given) || (made === 0 && given === 0)) return undefined;
  if (Array.isArray(made) && Array.isArray(given) && made.length === given.length) {
    return firstOf(made.keys(), (index) => changeOf(made[index], given[index], [...at, index]));
  }
  if (isMap(made) && isMap(given)) {
    return firstOf(Object.keys(made).values(), (name) =>
      changeOf(made[name], Object.hasOwn(given, name) ? given[name] : undefined, [...at, name]),
    );
  }
  // Sets, bytes and exact numbers, of which a schema may have made copies.
  return isObject(made) && isDeepStrictEqual(made, given) ? undefined : at;
}

function firstOf<K, R>(keys: Iterable<K>, find: (key: K) => R | undefined): R | undefined {
  for (const key of keys) {
    const found = find(key);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isObject(value) || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function inWords({ path = [], message }: StandardIssue, value: unknown): SchemaIssue {
  const names = path.map((segment) => (isObject(segment) ? segment.key : segment));
  const of = valueAt(value, names.slice(0, -1));
  if (types.isSet(of)) {
    // Zod 3 counts its members, and Valibot does not say which one it is.
    const named = names.filter((name) => name !== null);
    return { path: named, message: withoutValue(String(message), [...of]) };
  }
  const found = valueAt(value, names);
  if (found === undefined && names.length > 0) return { path: names, message: "is missing" };
  return { path: names, message: withoutValue(String(message), [found]) };
}

/** The value at a path; `undefined` if there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const name of path) {
    if (!isObject(at)) return undefined;
    at = (at as Readonly<Record<PropertyKey, unknown>>)[name];
  }
  return at;
}

/** How zod 3, Valibot and ArkType begin, and how they tell what they were given. */
const expectation = /^(?:invalid[\w ]*[.:] *)?(?:expected|must be) +(.+)$/is;
const given = /(?:[,;:]? *(?:but )?(?:received|got|found)\b.*| *\(was .*)$/is;

/** Verbs that a rule of this package begins with, as many messages of applications do. */
const rule = /^(?:must|is|are|has|have|cannot|can|may|should|needs?)\b/;

/** The shortest text of a value that is looked for in a message: a shorter one is in any sentence. */
const shortest = 4;

/** A message as a rule, without what it says of the value, which is one of these. */
function withoutValue(message: string, values: readonly unknown[]): string {
  const told = message.replace(given, "").trim();
  const expected = expectation.exec(told)?.[1];
  const text = expected === undefined ? told : `must be ${expected}`;
  const shows = (value: unknown) => {
    const shown = typeof value === "object" ? "" : String(value);
    return shown.length >= shortest && text.includes(shown);
  };
  if (text === "" || values.some(shows)) return wrong;
  return rule.test(text) ? text : `${wrong}: ${text}`;
}
