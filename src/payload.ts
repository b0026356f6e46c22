/** What may be stored: the values that DynamoDB can hold, their size, and the payload schemas. */
import { types } from "node:util";
import { z } from "zod";
import type { ValidationIssue } from "./errors.js";
import { limits } from "./table.js";

/** Findings of one check; a payload that is wrong everywhere is not listed forever. */
const mostIssues = 20;

/** DynamoDB's numbers: up to 38 digits, and no nearer to 0 than this. */
const smallestNumber = 1e-130;
const largestInteger = 10n ** 38n;

/** The level of the payload: the item is level 1, its attributes are level 2. */
const payloadLevel = 2;

/** What a check found, and the bytes that the value takes in an item. */
export interface ValueCheck {
  readonly issues: ValidationIssue[];
  readonly bytes: number;
}

/**
 * Checks that DynamoDB can hold a value and give it back as it was: no Date, NaN, function, class
 * instance or cycle, at most 32 levels. `undefined` in an object is left out on write, so it is
 * well; in a list it would move what follows, so it is not.
 * @param level the level at which the value stands; the item itself is the first
 */
export function checkValue(value: unknown, path: string, level = payloadLevel): ValueCheck {
  const check = new Walk();
  check.visit(value, path, level);
  return { issues: check.issues, bytes: check.bytes };
}

class Walk {
  readonly issues: ValidationIssue[] = [];
  bytes = 0;
  private readonly above: object[] = [];

  add(path: string, message: string): void {
    if (this.issues.length < mostIssues) this.issues.push({ path, message });
  }

  visit(value: unknown, path: string, level: number): void {
    switch (typeof value) {
      case "string":
        this.bytes += Buffer.byteLength(value);
        if (!value.isWellFormed()) this.add(path, "must not hold a lone surrogate");
        return;
      case "number":
        this.bytes += numberBytes(value);
        this.checkNumber(value, path);
        return;
      case "bigint":
        this.bytes += numberBytes(value);
        if (value <= -largestInteger || value >= largestInteger) {
          this.add(path, "must have at most 38 digits");
        }
        return;
      case "boolean":
        this.bytes += 1;
        return;
      case "object":
        if (value === null) this.bytes += 1;
        else this.visitObject(value, path, level);
        return;
      default:
        this.add(path, `must not be ${value === undefined ? "undefined" : `a ${typeof value}`}`);
    }
  }

  private checkNumber(value: number, path: string): void {
    const size = Math.abs(value);
    if (!Number.isFinite(value)) this.add(path, "must be a finite number");
    else if (size > Number.MAX_SAFE_INTEGER) {
      this.add(path, "must be a bigint: a number beyond 2^53 is not exact");
    } else if (size < smallestNumber && size !== 0) {
      this.add(path, "must be 0 or at least 1E-130 in size");
    }
  }

  private visitObject(value: object, path: string, level: number): void {
    if (types.isUint8Array(value)) {
      this.bytes += value.byteLength;
      return;
    }
    if (this.above.includes(value)) return this.add(path, "must not hold itself");
    if (level > limits.nestingLevels) {
      return this.add(path, `must not be nested deeper than ${limits.nestingLevels} levels`);
    }
    this.above.push(value);
    try {
      this.visitMembers(value, path, level);
    } catch {
      // A getter or a proxy threw: whatever it said may be anything.
      this.add(path, "cannot be read");
    }
    this.above.pop();
  }

  private visitMembers(value: object, path: string, level: number): void {
    if (types.isSet(value)) this.visitSet(value, path);
    else if (Array.isArray(value)) {
      this.bytes += 3;
      for (let index = 0; index < value.length; index += 1) {
        this.bytes += 1;
        this.visit(value[index], `${path}[${index}]`, level + 1);
      }
    } else if (isPlainObject(value)) this.visitMap(value, path, level);
    else this.add(path, `must be a plain value, not ${className(value)}`);
  }

  private visitMap(value: object, path: string, level: number): void {
    this.bytes += 3;
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      const memberPath = `${path}.${name}`;
      if (name === "__proto__") this.add(memberPath, "is not a name that JavaScript can read back");
      if (name === "") this.add(path, "must not have an empty name");
      if (!name.isWellFormed()) this.add(path, "must not have a name with a lone surrogate");
      this.bytes += 1 + Buffer.byteLength(name);
      this.visit(member, memberPath, level + 1);
    }
  }

  private visitSet(set: ReadonlySet<unknown>, path: string): void {
    const kinds = new Set<string>();
    const different = new Set<string>();
    for (const member of set) {
      const kind = kindOfMember(member);
      kinds.add(kind);
      if (kind === "") continue;
      different.add(types.isUint8Array(member) ? member.join() : String(member));
      this.visit(member, path, limits.nestingLevels + 1);
    }
    if (kinds.size !== 1 || kinds.has("")) {
      this.add(path, "must be a set of strings, of numbers or of binary values, and not empty");
    } else if (different.size < set.size) {
      // 1 and 1n, or equal bytes: other values to JavaScript, one to DynamoDB.
      this.add(path, "must not hold a member twice");
    }
  }
}

function kindOfMember(member: unknown): string {
  if (typeof member === "string") return "S";
  if (typeof member === "number" || typeof member === "bigint") return "N";
  return types.isUint8Array(member) ? "B" : "";
}

/**
 * DynamoDB's size of a number: a byte, one for a minus, and one per two digits that matter, which
 * stand in pairs before and after the decimal point.
 */
function numberBytes(value: number | bigint): number {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value));
  // NaN and Infinity are refused.
  if (match === null) return 0;
  const [, minus = "", whole = "", fraction = "", exponent = "0"] = match;
  const digits = `${whole}${fraction}`;
  const kept = digits.replace(/0+$/, "");
  const last = Number(exponent) - fraction.length + digits.length - kept.length;
  const matter = kept.replace(/^0+/, "").length;
  if (matter === 0) return 1;
  const first = last + matter - 1;
  return 1 + minus.length + Math.floor(first / 2) - Math.floor(last / 2) + 1;
}

/** A plain object of any realm, or one without a prototype. */
function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isMap(value: unknown): value is object {
  try {
    return (
      typeof value === "object" && value !== null && !Array.isArray(value) && isPlainObject(value)
    );
  } catch {
    // A proxy that was revoked is none.
    return false;
  }
}

function className(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? `a ${name}` : "an instance of a class";
}

/** The payload schema of an entity. */
export type PayloadSchema = z.ZodObject;

export interface PayloadOptions {
  /** Required fields may be missing; present ones must have their type. For imports. */
  readonly allowMissing?: boolean | undefined;
}

const partialSchemas = new WeakMap<PayloadSchema, PayloadSchema>();

/** Checks a whole payload: storable values first, then the schema. */
export function checkPayload(
  schema: PayloadSchema,
  data: unknown,
  { allowMissing = false }: PayloadOptions = {},
): ValueCheck {
  if (!isMap(data)) {
    return { issues: [{ path: "data", message: "must be an object" }], bytes: 0 };
  }
  const check = checkValue(data, "data");
  if (check.issues.length > 0) return check;
  let applied = schema;
  if (allowMissing) {
    applied = partialSchemas.get(schema) ?? schema.partial();
    partialSchemas.set(schema, applied);
  }
  return { ...check, issues: schemaIssues(applied, data, ["data"]) };
}

/** One change inside a payload: a path from the payload's root and the value to store there. */
export interface Change {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/** Checks the changed fields of an update against the parts of the schema that describe them. */
export function checkChange(schema: PayloadSchema, { path, value }: Change): ValueCheck {
  const check = checkValue(value, pathText(["data", ...path]), payloadLevel + path.length);
  const part = schemaAt(schema, path);
  if (check.issues.length > 0 || part === undefined) return check;
  return { ...check, issues: schemaIssues(part, value, ["data", ...path]) };
}

/** A field that the schema requires cannot be removed: its readers would break. */
export function checkRemoval(
  schema: PayloadSchema,
  path: readonly (string | number)[],
): ValidationIssue[] {
  const part = schemaAt(schema, path);
  if (part === undefined || part.safeParse(undefined).success) return [];
  return [{ path: pathText(["data", ...path]), message: "is required and cannot be removed" }];
}

function schemaIssues(
  schema: z.ZodType,
  value: unknown,
  at: readonly (string | number)[],
): ValidationIssue[] {
  const result = schema.safeParse(value);
  if (result.success) return [];
  return result.error.issues.slice(0, mostIssues).map((issue) => ({
    path: pathText([...at, ...issue.path]),
    message: issue.message
      .replace(/^Invalid (input|option): (?=expected)/, "is wrong: ")
      .replace(/^Invalid/, "is wrong: invalid"),
  }));
}

/** The part of a schema that describes a path; `undefined` where it says nothing of it. */
function schemaAt(schema: z.ZodType, path: readonly (string | number)[]): z.ZodType | undefined {
  let part: z.ZodType | undefined = schema;
  for (const segment of path) {
    while (part instanceof z.ZodOptional || part instanceof z.ZodNullable) {
      part = part.unwrap() as z.ZodType;
    }
    if (part instanceof z.ZodObject && typeof segment === "string") {
      part = Object.hasOwn(part.shape, segment) ? (part.shape[segment] as z.ZodType) : undefined;
    } else if (part instanceof z.ZodArray && typeof segment === "number") {
      part = part.element as z.ZodType;
    } else return undefined;
  }
  return part;
}

/** A path as people write it: `data.results[0].status`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, segment) =>
      typeof segment === "number"
        ? `${text}[${segment}]`
        : `${text}${text === "" ? "" : "."}${String(segment)}`,
    "",
  );
}

/** Bytes of a whole item: names and values. */
export function itemBytes(item: Readonly<Record<string, unknown>>, dataBytes: number): number {
  let bytes = dataBytes;
  for (const [name, value] of Object.entries(item)) {
    bytes += Buffer.byteLength(name);
    if (typeof value === "string") bytes += Buffer.byteLength(value);
    else if (typeof value === "number") bytes += 8;
  }
  return bytes;
}
