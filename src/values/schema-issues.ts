/** The issues that a payload schema finds, in plain words. No message contains a value. */
import type { z } from "zod";
import { zod } from "../runtime/lazy.js";
import { exactTextOf } from "./exact-number.js";

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;
type ParseContext = Omit<z.core.ParseContextInternal<Issue>, "async">;
type Path = readonly PropertyKey[];

/** An issue, and the path to it from the value that the schema checks. */
export interface SchemaIssue {
  readonly path: Path;
  readonly message: string;
  /** Whether the message is the schema's own, which may quote a value. */
  readonly custom?: boolean;
}

/** What is said where nothing else may be, for a message could contain the value. */
export const wrong = "is wrong";

/** Checks a value against a schema. */
export function issuesOfSchema(schema: z.ZodType, value: unknown): SchemaIssue[] {
  return issuesOf(schema, value, false);
}

/** The number of list members that are checked at a time. */
const windowSize = 100;

/**
 * Checks a value of many members and returns the first issues, doing little more work than finding
 * them takes. Zod itself reports an issue for every wrong member, which takes half a second for a
 * list of a hundred thousand.
 * @param most the number of issues wanted
 */
export function firstIssuesOfSchema(
  schema: z.ZodType,
  value: unknown,
  most: number,
): SchemaIssue[] {
  // Valid values, which most are, are checked only once.
  const first = issuesOf(schema, value, true);
  if (first.length === 0) return first;
  const part = unwrapped(schema);
  let issues = first;
  if (Array.isArray(value)) issues = listIssues(part, value, most) ?? first;
  else if (isKind(part, "ZodObject") && isMap(value)) {
    const { shape } = part;
    issues = below(Object.keys(shape), most, (name) =>
      firstIssuesOfSchema(shape[name] as z.ZodType, value[name], most),
    );
  }
  // The issue may concern the whole value and none of its members.
  return issues.length === 0 ? first : issues;
}

/** The first issues of a list; `undefined` if the schema has no single list schema for it. */
function listIssues(
  schema: z.ZodType,
  list: readonly unknown[],
  most: number,
): SchemaIssue[] | undefined {
  if (isKind(schema, "ZodUnion")) {
    const lists = (schema.options as readonly z.ZodType[])
      .map(unwrapped)
      .filter((option) => isKind(option, "ZodArray"));
    return lists.length === 1 ? listIssues(lists[0] as z.ZodType, list, most) : undefined;
  }
  if (!isKind(schema, "ZodArray")) return undefined;
  const element = schema.element as z.ZodType;
  const window = zod().array(element);
  const issues: SchemaIssue[] = [];
  for (let start = 0; start < list.length && issues.length < most; start += windowSize) {
    const members = list.slice(start, start + windowSize);
    if (issuesOf(window, members, true).length === 0) continue;
    const found = below([...members.keys()], most - issues.length, (index) =>
      firstIssuesOfSchema(element, members[index], most),
    );
    for (const issue of found) {
      const [index, ...rest] = issue.path;
      issues.push({ ...issue, path: [start + Number(index), ...rest] });
    }
  }
  return issues;
}

/** The first issues of the members of a value. */
function below<K extends PropertyKey>(
  members: readonly K[],
  most: number,
  check: (member: K) => SchemaIssue[],
): SchemaIssue[] {
  const issues: SchemaIssue[] = [];
  for (const member of members) {
    if (issues.length >= most) break;
    for (const issue of check(member)) issues.push({ ...issue, path: [member, ...issue.path] });
  }
  return issues;
}

/** A schema of zod's whose class is `z[K]`. */
type OfKind<K extends keyof typeof z> = (typeof z)[K] extends new (
  def: never,
) => infer S
  ? S
  : never;

/** What `schema instanceof z[kind]` says, which would need zod: its classes look at these names, too. */
export function isKind<K extends keyof typeof z>(schema: unknown, kind: K): schema is OfKind<K> {
  return (schema as Partial<z.ZodType> | null | undefined)?._zod?.traits.has(kind) === true;
}

/** A schema that is made again and again, without end, is left alone after so many wrappers. */
const mostWrappers = 32;

/** A schema without its wrappers: what it says of the parts of a value. */
export function unwrapped(schema: z.ZodType): z.ZodType {
  let part = schema;
  for (let count = 0; count < mostWrappers; count += 1) {
    if (isKind(part, "ZodPipe")) part = part.in as z.ZodType;
    else if (isWrapper(part)) part = part.unwrap() as z.ZodType;
    else return part;
  }
  return part;
}

function isWrapper(part: z.ZodType): part is z.ZodType & { unwrap(): unknown } {
  return (
    isKind(part, "ZodOptional") ||
    isKind(part, "ZodNullable") ||
    isKind(part, "ZodReadonly") ||
    isKind(part, "ZodNonOptional") ||
    isKind(part, "ZodDefault") ||
    isKind(part, "ZodPrefault") ||
    isKind(part, "ZodLazy")
  );
}

/**
 * What a schema says of a member of a value; `undefined` if it says nothing. Of a union, a member that is
 * valid in one of the alternatives is valid.
 */
export function partOf(schema: z.ZodType, segment: string | number): z.ZodType | undefined {
  const whole = unwrapped(schema);
  if (isKind(whole, "ZodUnion")) {
    const options = (whole.options as readonly z.ZodType[]).filter(isOfMembers);
    const parts = options.map((option) => partOf(option, segment));
    const told = parts.filter((part) => part !== undefined);
    return told.length === 0 || told.length < parts.length ? undefined : zod().union(told);
  }
  if (isKind(whole, "ZodIntersection")) {
    const { left, right } = whole.def as unknown as Record<"left" | "right", z.ZodType>;
    const [one, other] = [partOf(left, segment), partOf(right, segment)];
    return one === undefined || other === undefined
      ? (one ?? other)
      : zod().intersection(one, other);
  }
  return typeof segment === "string" ? fieldOf(whole, segment) : elementOf(whole, segment);
}

function fieldOf(whole: z.ZodType, name: string): z.ZodType | undefined {
  if (isKind(whole, "ZodRecord")) return whole.valueType as z.ZodType;
  if (!isKind(whole, "ZodObject")) return undefined;
  if (Object.hasOwn(whole.shape, name)) return whole.shape[name] as z.ZodType;
  // A strict object has no other fields: that is found where the whole is checked.
  const { catchall } = whole.def as { readonly catchall?: z.ZodType };
  return isKind(catchall, "ZodNever") ? undefined : catchall;
}

function elementOf(whole: z.ZodType, index: number): z.ZodType | undefined {
  if (isKind(whole, "ZodArray")) return whole.element as z.ZodType;
  if (!isKind(whole, "ZodTuple")) return undefined;
  const { items, rest } = whole.def as unknown as {
    readonly items: readonly z.ZodType[];
    readonly rest: z.ZodType | null;
  };
  return items[index] ?? rest ?? undefined;
}

/** Whether a value may lack a field that the schema describes: one of a record, or of a catchall. */
export function mayLack(schema: z.ZodType, name: string): boolean {
  const whole = unwrapped(schema);
  if (isKind(whole, "ZodRecord")) return true;
  if (isKind(whole, "ZodObject")) return !Object.hasOwn(whole.shape, name);
  if (isKind(whole, "ZodUnion")) {
    const options = (whole.options as readonly z.ZodType[]).filter(isOfMembers);
    return options.some((option) => mayLack(option, name));
  }
  if (!isKind(whole, "ZodIntersection")) return false;
  const { left, right } = whole.def as unknown as Record<"left" | "right", z.ZodType>;
  return mayLack(left, name) && mayLack(right, name);
}

/** Whether the values of a schema may have members. */
function isOfMembers(schema: z.ZodType): boolean {
  const whole = unwrapped(schema);
  return (
    isKind(whole, "ZodObject") ||
    isKind(whole, "ZodRecord") ||
    isKind(whole, "ZodArray") ||
    isKind(whole, "ZodTuple") ||
    isKind(whole, "ZodUnion") ||
    isKind(whole, "ZodIntersection") ||
    isKind(whole, "ZodAny") ||
    isKind(whole, "ZodUnknown")
  );
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function issuesOf(schema: z.ZodType, value: unknown, abortEarly: boolean): SchemaIssue[] {
  // A schema's own message takes precedence over this one.
  const context: ParseContext = { error: inWords, reportInput: true, abortEarly };
  const result = parsed(schema, value, context);
  if (result === undefined) return [{ path: [], message: asyncRule }];
  return result.success ? [] : result.error.issues.flatMap((issue) => found(issue, []));
}

/** What is said of a schema whose outcome would have to be waited for. */
export const asyncRule =
  "has a schema with an asynchronous check or transform, and a payload's is synchronous: it is checked before anything is sent";

/** What zod makes of a value; `undefined` if its schema is asynchronous. */
function parsed(schema: z.ZodType, value: unknown, context: ParseContext) {
  try {
    return schema.safeParse(value, context);
  } catch (error) {
    if (isAsync(error)) return undefined;
    // Of an asynchronous transform in an object, the compiled check reads the promise as a result, and
    // fails with a TypeError (zod 4.6.7).
    try {
      return schema.safeParse(value, { ...context, jitless: true });
    } catch (again) {
      if (isAsync(again)) return undefined;
      throw again;
    }
  }
}

function isAsync(error: unknown): boolean {
  return error instanceof zod().core.$ZodAsyncError;
}

/** For a union, the issues inside the only alternative that is of the right type are reported. */
function found(issue: Issue, at: Path): SchemaIssue[] {
  const path = [...at, ...issue.path];
  if (issue.code === "invalid_union" && issue.message === anyOf) {
    const inside = issue.errors.filter((issues) => issues.every((one) => one.path.length > 0));
    const [only] = inside;
    if (only !== undefined && inside.length === 1) return only.flatMap((one) => found(one, path));
    const rules = issue.errors.flatMap((issues) => issues.map(({ message }) => message));
    const custom = issue.errors.some((issues) => issues.some(isCustom));
    return [{ path, message: joined(rules), custom }];
  }
  // A missing value is reported as missing, even if the schema has its own message.
  if (issue.input === undefined) return [{ path, message: "is missing" }];
  return [{ path, message: issue.message, custom: isCustom(issue) }];
}

function isCustom(issue: Issue): boolean {
  return issue.code === "custom" || issue.message !== inWords(issue as RawIssue);
}

/** A placeholder for a message that is built from the messages of the alternatives. */
const anyOf = "any of several";

function inWords(issue: RawIssue): string {
  const { input } = issue;
  if (input === undefined) return "is missing";
  switch (issue.code) {
    case "invalid_type":
      return `must be ${typeInWords(issue.expected)}, not ${kindOf(input)}`;
    case "invalid_value":
      return `must be ${listed(issue.values.map((value) => JSON.stringify(value)))}`;
    case "too_small":
      return bound(
        issue.origin,
        issue.inclusive === false ? "more than" : "at least",
        issue.minimum,
      );
    case "too_big":
      return bound(
        issue.origin,
        issue.inclusive === false ? "less than" : "at most",
        issue.maximum,
      );
    case "invalid_format":
      return issue.format === "regex"
        ? `must match the pattern ${issue.pattern ?? ""}`.trimEnd()
        : `must be a valid ${issue.format}`;
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_union":
      return anyOf;
    default:
      return wrong;
  }
}

const typesInWords: Readonly<Record<string, string>> = {
  array: "a list",
  object: "an object",
  record: "an object",
  int: "an integer",
  null: "null",
  never: "left out",
};

function typeInWords(type: string): string {
  return typesInWords[type] ?? `a ${type}`;
}

/** The kind of a value, without anything of its content. */
function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (Object.prototype.toString.call(value) === "[object Set]") return "a set";
  if (ArrayBuffer.isView(value)) return "binary";
  if (typeof value !== "object") return `a ${typeof value}`;
  return exactTextOf(value) === undefined ? "an object" : "an exact number";
}

function bound(origin: string, how: string, limit: number | bigint): string {
  if (origin === "string") return `must have ${how} ${limit} characters`;
  if (origin === "array" || origin === "set") return `must have ${how} ${limit} members`;
  return `must be ${how} ${limit}`;
}

/** Joins `must be a string, not an object` and `must be a list, not an object` into one rule. */
function joined(rules: readonly string[]): string {
  const parsed = rules.map((rule) => /^must be (.*?)(, not .*)?$/.exec(rule));
  const [first] = parsed;
  const [, , last = ""] = first ?? [];
  if (parsed.some((match) => match === null)) return [...new Set(rules)].join(", or ");
  return `must be ${listed(parsed.map((match) => match?.[1] ?? ""))}${last}`;
}

function listed(names: readonly string[]): string {
  const different = [...new Set(names)];
  const last = different.pop() ?? "";
  return different.length === 0 ? last : `${different.join(", ")} or ${last}`;
}
