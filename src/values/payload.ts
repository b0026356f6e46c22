/** Checks what is stored: the values that DynamoDB can hold, their size, and the payload schemas. */
import { types } from "node:util";
import type { z } from "zod";
import type { ValidationIssue } from "../errors/validation-error.js";
import { limits } from "../table/table.js";
import {
  decimalBytes,
  decimalOf,
  decimalRule,
  exactTextOf,
  numberBytes,
  numberOf,
} from "./exact-number.js";
import {
  asyncRule,
  firstIssuesOfSchema,
  issuesOfSchema,
  mayLack,
  partOf,
  type SchemaIssue,
} from "./schema-issues.js";
import { outsideSecrets, secretNamesOf, withoutSecrets } from "./secret-marks.js";
import { StandardPayload } from "./standard-payload.js";

// Looked up once. In a node:vm context, such as Jest's, looking up a global takes longer than all
// the other work for a member.
const { isSet, isUint8Array } = types;
const { getPrototypeOf } = Object;
const { isArray } = Array;

/** At most this many issues are reported per check. */
export const mostIssues = 20;

const mostExact = Number.MAX_SAFE_INTEGER;

/** A bigint of this size or more is not written out to count its digits. */
const tooLarge = 10n ** 126n;

/** The nesting level of the payload: the item is level 1, its attributes are level 2. */
const payloadLevel = 2;

/**
 * Bytes after which a check stops, because a list may claim any length. For a smaller value the
 * exact size is reported.
 */
export const mostBytes = 1.25 * limits.itemBytes;

/** Where a value is: names and list positions, or the text of the path so far. */
type Place = string | readonly PropertyKey[];

/** The result of a check, and the bytes that the value takes in an item. */
export interface ValueCheck {
  readonly issues: ValidationIssue[];
  readonly bytes: number;
  /**
   * A copy of the value as it was checked and as a read returns it: without undefined members, with
   * 0 for -0, a number for a small bigint, and this package's exact number for one of the SDK's. It
   * shares nothing with the caller's value. A getter that later returns something else, or a change
   * by the caller after the call, does not affect what is sent.
   */
  readonly value: unknown;
}

/**
 * Checks that DynamoDB can hold a value and return it unchanged: no Date, NaN, function, class
 * instance or cycle, at most 32 levels. `undefined` is allowed in an object, because a write leaves
 * it out; it is refused in a list, because leaving it out would move the members after it.
 * @param level the nesting level of the value; the item itself is level 1
 */
export function checkValue(value: unknown, place: Place, level = payloadLevel): ValueCheck {
  const check = new Walk(place);
  const copy = check.visit(value, level);
  const { issues, bytes } = check;
  if (bytes > mostBytes) {
    const message = `takes more than ${mostBytes} bytes: an item has at most ${limits.itemBytes}`;
    issues.push({ path: pathText([place].flat()), message });
  }
  return { issues, bytes, value: copy };
}

class Walk {
  readonly issues: ValidationIssue[] = [];
  bytes = 0;
  private readonly place: Place;
  /** The path from there to the current value. It becomes text only when an issue is reported. */
  private readonly below: (string | number)[] = [];
  private readonly above: object[] = [];

  constructor(place: Place) {
    this.place = place;
  }

  add(message: string): undefined {
    if (this.issues.length >= mostIssues) return;
    this.issues.push({ path: pathText([this.place, this.below].flat()), message });
  }

  /** Whether any further issue would go unreported. */
  private get isOver(): boolean {
    return this.issues.length >= mostIssues || this.bytes > mostBytes;
  }

  /** Checks a value and its members. @returns the copy */
  visit(value: unknown, level: number): unknown {
    switch (typeof value) {
      case "string":
        return this.visitText(value);
      case "number":
        return this.visitNumber(value);
      case "bigint":
        // Longer ones would take too long to write out.
        if (value > -tooLarge && value < tooLarge) return this.visitDecimal(String(value));
        return this.add("must be less than 1E+126 in absolute value");
      case "boolean":
        this.bytes += 1;
        return value;
      case "object":
        if (value !== null) return this.visitObject(value, level);
        this.bytes += 1;
        return value;
      default:
        return this.add(`must not be ${value === undefined ? "undefined" : `a ${typeof value}`}`);
    }
  }

  private visitText(text: string): string {
    // Too many characters are too many bytes as well, so the bytes need not be counted.
    this.bytes += text.length > mostBytes ? text.length : Buffer.byteLength(text);
    if (!this.isOver && !text.isWellFormed()) this.add("must not contain a lone surrogate");
    return text;
  }

  private visitNumber(value: number): unknown {
    if (!(value >= -mostExact && value <= mostExact)) {
      return this.add(
        Number.isFinite(value)
          ? "must be a bigint: a number beyond 2^53 is not exact"
          : "must be a finite number",
      );
    }
    const bytes = numberBytes(value);
    if (bytes === undefined) return this.visitDecimal(String(value));
    this.bytes += bytes;
    // DynamoDB has no -0.
    return value + 0;
  }

  /** Checks a number of any kind by its text. */
  private visitDecimal(text: string): unknown {
    const decimal = decimalOf(text);
    const rule = decimal === undefined ? "must be a decimal number" : decimalRule(decimal);
    if (decimal === undefined || rule !== undefined) {
      return this.add(rule ?? "must be a decimal number");
    }
    this.bytes += decimalBytes(decimal);
    return numberOf(text);
  }

  private copyOfBytes(bytes: Uint8Array): unknown {
    try {
      return new Uint8Array(bytes);
    } catch {
      return this.add("must not be binary whose buffer was transferred to another thread");
    }
  }

  private visitObject(value: object, level: number): unknown {
    if (isUint8Array(value)) {
      this.bytes += value.byteLength;
      // Bytes beyond the limit are not copied.
      return this.bytes > mostBytes ? undefined : this.copyOfBytes(value);
    }
    if (this.above.includes(value)) return this.add("must not contain itself");
    if (level > limits.nestingLevels && !isExact(value)) {
      return this.add(`must not be nested deeper than ${limits.nestingLevels} levels`);
    }
    const depth = this.below.length;
    this.above.push(value);
    try {
      return this.visitMembers(value, level);
    } catch {
      // A getter or a proxy threw. The error may be anything, so it is not shown.
      this.below.length = depth;
      return this.add("cannot be read");
    } finally {
      this.above.pop();
    }
  }

  private visitMembers(value: object, level: number): unknown {
    if (isArray(value)) return this.visitList(value, level);
    if (isPlainObject(value)) return this.visitMap(value, level);
    if (isSet(value)) return this.visitSet(value);
    const exact = exactTextOf(value);
    if (exact !== undefined) return this.visitDecimal(exact);
    return this.add(`must be a plain value, not ${className(value)}`);
  }

  private visitList(list: readonly unknown[], level: number): unknown[] {
    this.bytes += 3;
    const copy: unknown[] = [];
    const depth = this.below.length;
    for (let index = 0; index < list.length && !this.isOver; index += 1) {
      this.bytes += 1;
      this.below[depth] = index;
      copy.push(this.visit(list[index], level + 1));
    }
    this.below.length = depth;
    return copy;
  }

  private visitMap(map: object, level: number): object {
    this.bytes += 3;
    const copy: Record<string, unknown> = {};
    const depth = this.below.length;
    for (const name of Object.keys(map)) {
      if (this.isOver) break;
      const member: unknown = (map as Readonly<Record<string, unknown>>)[name];
      if (member === undefined) continue;
      this.visitName(name);
      this.below[depth] = name;
      const own = this.visit(member, level + 1);
      if (name === "__proto__") this.add("is not a name that JavaScript can read back");
      else copy[name] = own;
      this.below.length = depth;
    }
    return copy;
  }

  private visitName(name: string): void {
    this.bytes += 1 + (name.length > mostBytes ? name.length : Buffer.byteLength(name));
    if (name === "") this.add("must not have an empty name");
    if (!name.isWellFormed()) this.add("must not have a name with a lone surrogate");
  }

  private visitSet(set: ReadonlySet<unknown>): Set<unknown> {
    const kinds = new Set<string>();
    const copy: unknown[] = [];
    // Nothing more is said of what comes after the limit.
    if (this.isOver) return new Set();
    // Reads the real members, even if a subclass of Set reports others.
    for (const member of Set.prototype.values.call(set)) {
      if (this.isOver) break;
      const kind = kindOfMember(member);
      kinds.add(kind);
      if (kind !== "") copy.push(this.visit(member, limits.nestingLevels + 1));
    }
    if (kinds.size !== 1 || kinds.has("")) {
      this.add("must be a set of strings, of numbers or of binary values, and not empty");
    } else if (!this.isOver && holdsTwice(copy)) this.add("must not contain a member twice");
    return new Set(copy);
  }
}

/** Whether two members of a set are equal to DynamoDB, such as 1 and 1n, or equal bytes. */
function holdsTwice(members: readonly unknown[]): boolean {
  if (members.every((member) => typeof member === "string" || typeof member === "number")) {
    return new Set(members).size < members.length;
  }
  const different = new Set(
    members.map((member) => (isUint8Array(member) ? bytesText(member) : String(member))),
  );
  return different.size < members.length;
}

/** Up to this many bytes are converted one by one, which is faster than making a Buffer. */
const shortBytes = 32;

/** A text that is different for different bytes. */
function bytesText(bytes: Uint8Array): string {
  if (bytes.byteLength <= shortBytes) return String.fromCharCode.apply(null, bytes as never);
  const { buffer, byteOffset, byteLength } = bytes;
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}

function kindOfMember(member: unknown): string {
  if (typeof member === "string") return "S";
  if (typeof member === "number" || typeof member === "bigint") return "N";
  if (isUint8Array(member)) return "B";
  return typeof member === "object" && member !== null && isExact(member) ? "N" : "";
}

/** Whether an object is an exact number. */
function isExact(value: object): boolean {
  try {
    return !isPlainObject(value) && exactTextOf(value) !== undefined;
  } catch {
    // An object that cannot be read is not a number.
    return false;
  }
}

/**
 * The elements of an array by position, with holes as `undefined`; `undefined` for a longer array
 * or for any other value. The array is a copy, so each element is read only once.
 */
export function elementsOf(value: unknown, most: number): unknown[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const { length } = value;
  return length <= most ? Array.from({ length }, (_, index) => value[index]) : undefined;
}

/** A plain object of any realm, or one without a prototype. */
function isPlainObject(value: object): boolean {
  const prototype: unknown = getPrototypeOf(value);
  return prototype === null || getPrototypeOf(prototype) === null;
}

/** Whether a value is a plain object of names and values, not an array, a Map or a class instance. */
export function isPlainMap(value: unknown): value is object {
  try {
    return (
      typeof value === "object" && value !== null && !Array.isArray(value) && isPlainObject(value)
    );
  } catch {
    // A revoked proxy is not a plain object.
    return false;
  }
}

function className(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? `a ${name}` : "an instance of a class";
}

/** The payload schema of an entity, by zod 4. */
export type PayloadSchema = z.ZodObject;

/** What payloads are checked by: a schema of zod 4 itself, or one of another library. */
export type PayloadRules = PayloadSchema | StandardPayload;

export interface PayloadOptions {
  /** Required fields may be missing; fields that are present must have the right type. For imports. */
  readonly allowMissing?: boolean | undefined;
}

const partialSchemas = new WeakMap<PayloadSchema, PayloadSchema>();

/** Checks a whole payload: first that its values can be stored, then against the schema. */
export function checkPayload(
  schema: PayloadRules,
  data: unknown,
  { allowMissing = false }: PayloadOptions = {},
): ValueCheck {
  if (!isPlainMap(data)) {
    const issues = [{ path: "data", message: "must be an object" }];
    return { issues, bytes: 0, value: undefined };
  }
  const check = checkValue(data, "data");
  return told(schema, [], check, () => {
    if (schema instanceof StandardPayload) return schema.issuesOf(check.value, allowMissing);
    return issuesOfPart(allowMissing ? partialOf(schema) : schema, check);
  });
}

function partialOf(schema: PayloadSchema): PayloadSchema {
  const known = partialSchemas.get(schema) ?? schema.partial();
  partialSchemas.set(schema, known);
  return known;
}

/** One change inside a payload: a path from the payload's root and the value to store there. */
export interface Change {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/** Checks the changed fields of an update against the parts of the schema that describe them. */
export function checkChange(schema: PayloadRules, { path, value }: Change): ValueCheck {
  const check = checkValue(value, ["data", ...path], payloadLevel + path.length);
  return told(schema, path, check, () => {
    if (schema instanceof StandardPayload) return schema.issuesAt(path, check.value);
    const part = schemaAt(schema, path);
    return part === undefined ? [] : issuesOfPart(part, check);
  });
}

/**
 * A checked value with its issues as errors tell them. The schema is asked only about values that can be
 * stored.
 */
function told(
  schema: PayloadRules,
  at: readonly (string | number)[],
  check: ValueCheck,
  issuesBySchema: () => readonly SchemaIssue[],
): ValueCheck {
  const found = check.issues.length > 0 ? [] : issuesBySchema();
  if (check.issues.length === 0 && found.length === 0) return check;
  const secrets = secretFields(schema);
  const ofSchema = atPath(["data", ...at], withoutSecrets(found, secrets, at, check.value));
  return { ...check, issues: outsideSecrets([...check.issues, ...ofSchema], secrets) };
}

/** Refuses to remove a field that the schema requires, because its readers would break. */
export function checkRemoval(
  schema: PayloadRules,
  path: readonly (string | number)[],
): ValidationIssue[] {
  // A list without one of its elements is shorter, and lacks nothing.
  if (typeof path.at(-1) === "number") return [];
  const [first] = issuesWithout(schema, path);
  if (first === undefined) return [];
  const message = first.message === asyncRule ? asyncRule : "is required and cannot be removed";
  return [{ path: pathText(["data", ...path]), message }];
}

function issuesWithout(schema: PayloadRules, path: readonly (string | number)[]): SchemaIssue[] {
  if (schema instanceof StandardPayload) return schema.issuesWithout(path);
  const whole = schemaAt(schema, path.slice(0, -1));
  const name = String(path.at(-1));
  if (whole === undefined || mayLack(whole, name)) return [];
  const part = partOf(whole, name);
  return part === undefined ? [] : issuesOfSchema(part, undefined);
}

/** A value of fewer bytes has so few members that collecting all its issues is fast. */
const fewBytes = 4_096;

const secretsOf = new WeakMap<PayloadSchema, readonly string[]>();

/** The secret fields of a payload, by its schema. */
export function secretFields(schema: PayloadRules): readonly string[] {
  if (schema instanceof StandardPayload) return schema.secrets;
  let names = secretsOf.get(schema);
  if (names === undefined) {
    names = secretNamesOf(schema);
    secretsOf.set(schema, names);
  }
  return names;
}

function issuesOfPart(schema: z.ZodType, { value, bytes }: ValueCheck): SchemaIssue[] {
  return bytes < fewBytes
    ? issuesOfSchema(schema, value)
    : firstIssuesOfSchema(schema, value, mostIssues);
}

/** The issues of a value as a message names them. */
function atPath(
  at: readonly (string | number)[],
  issues: readonly SchemaIssue[],
): ValidationIssue[] {
  return issues
    .slice(0, mostIssues)
    .map(({ path, message }) => ({ path: pathText([...at, ...path]), message }));
}

/** The part of a schema that describes a path; `undefined` if the schema does not describe it. */
export function schemaAt(
  schema: z.ZodType,
  path: readonly (string | number)[],
): z.ZodType | undefined {
  let part: z.ZodType | undefined = schema;
  for (const segment of path) {
    if (part === undefined) return undefined;
    part = partOf(part, segment);
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

/** The bytes of a whole item: names and values. */
export function itemBytes(item: Readonly<Record<string, unknown>>, dataBytes: number): number {
  let bytes = dataBytes;
  for (const [name, value] of Object.entries(item)) {
    bytes += Buffer.byteLength(name);
    if (typeof value === "string") bytes += Buffer.byteLength(value);
    else if (typeof value === "number") bytes += 8;
  }
  return bytes;
}
