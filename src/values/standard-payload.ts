/** A payload's schema of another library than zod 4: what it says of a whole payload and of its parts. */
import { isObject } from "../runtime/objects.js";
import type { StandardSchema } from "../table/declared.js";
import { asyncRule, type SchemaIssue } from "./schema-issues.js";
import { secretNamesOf } from "./secret-marks.js";
import { changedRule, isStandardSchema, issuesOfStandard, valueAt } from "./standard-schema.js";

type Path = readonly (string | number)[];

/** The deepest part of a schema that describes a path, and the rest of the path. */
interface Place {
  readonly part: StandardSchema;
  readonly rest: Path;
}

/** Values of which a schema of objects accepts none. */
const noObjects: readonly unknown[] = ["", 0, true, null, []];

/** The schema of a payload, of which only validation is known. */
export class StandardPayload {
  /** The schemas of its fields by their names, if it tells them. */
  readonly shape: Readonly<Record<string, unknown>>;
  /** The fields that are secret. */
  readonly secrets: readonly string[];
  readonly #schema: StandardSchema;

  constructor(schema: StandardSchema, secrets: readonly string[] = []) {
    this.#schema = schema;
    this.secrets = [...new Set([...secrets, ...secretNamesOf(schema)])];
    this.shape = membersOf(schema) ?? {};
  }

  /** Whether it accepts nothing but objects, as far as can be found out. */
  get isOfObjects(): boolean {
    return noObjects.every((value) => issuesOfStandard(this.#schema, value).length > 0);
  }

  /** Why it cannot be the schema of a payload: found by what it says of an object without fields. */
  get problem(): string | undefined {
    const secret = this.secrets.find((name) => !this.mayHave(name));
    if (secret !== undefined) return `has no field ${secret}, which is declared to be secret`;
    const fields = Object.entries(this.shape).filter(([, part]) => isStandardSchema(part));
    const found = [
      ...issuesOfStandard(this.#schema, {}).map(({ path, message }) => [path[0], message] as const),
      ...fields.flatMap(([name, part]) =>
        issuesOfStandard(part as StandardSchema, undefined).map(
          ({ message }) => [name, message] as const,
        ),
      ),
    ];
    if (found.some(([, message]) => message === asyncRule)) return asyncRule;
    const filled = found.find(([, message]) => message === changedRule);
    if (filled === undefined) return undefined;
    const [name] = filled;
    return name === undefined
      ? changedRule
      : `has a default for ${String(name)}, and a payload is stored as it is given`;
  }

  /**
   * The issues of a whole payload.
   * @param allowMissing whether fields may be missing
   */
  issuesOf(payload: unknown, allowMissing: boolean): SchemaIssue[] {
    const issues = issuesOfStandard(this.#schema, payload);
    if (!allowMissing) return issues;
    return issues.filter(({ path }) => path.length !== 1 || valueAt(payload, path) !== undefined);
  }

  /** The issues of a value at a path inside the payload, from that value on. */
  issuesAt(path: Path, value: unknown): SchemaIssue[] {
    const { part, rest } = this.#placeOf(path);
    const whole = wrapped(rest, value);
    if (whole === undefined) return [];
    const inside = issuesOfStandard(part, whole.value).filter(
      (issue) => issue.message === asyncRule || isBelow(issue.path, rest),
    );
    return inside.map((issue) => ({ ...issue, path: issue.path.slice(rest.length) }));
  }

  /** The issues of a value that is missing at a path. */
  issuesWithout(path: Path): SchemaIssue[] {
    const { part, rest } = this.#placeOf(path);
    if (rest.length === 0) return issuesOfStandard(part, undefined);
    const whole = wrapped(rest.slice(0, -1), {});
    if (whole === undefined) return [];
    return issuesOfStandard(part, whole.value).filter(
      (issue) =>
        issue.message === asyncRule ||
        (issue.path.length === rest.length && isBelow(issue.path, rest)),
    );
  }

  /** The part of the schema at a path, as far as the schema tells its parts. */
  #placeOf(path: Path): Place {
    let part = this.#schema;
    for (const [depth, segment] of path.entries()) {
      const next = partAt(part, segment);
      if (next === undefined) return { part, rest: path.slice(depth) };
      part = next;
    }
    return { part, rest: [] };
  }

  /** Whether it has a field, or does not tell its fields. */
  mayHave(name: string): boolean {
    return membersOf(this.#schema) === undefined || Object.hasOwn(this.shape, name);
  }
}

/** What the libraries call the parts of a schema: zod first, then Valibot. */
interface Parts {
  readonly shape?: unknown;
  readonly entries?: unknown;
  readonly element?: unknown;
  readonly item?: unknown;
  readonly wrapped?: unknown;
  readonly unwrap?: unknown;
  /** Where zod/mini has them. */
  readonly def?: { readonly element?: unknown; readonly innerType?: unknown };
}

/** The schemas of an object's members; `undefined` if they are not told. */
function membersOf(schema: StandardSchema): Readonly<Record<string, unknown>> | undefined {
  const { shape, entries } = schema as Parts;
  if (isObject(shape)) return shape;
  return isObject(entries) ? entries : undefined;
}

/** The schema of a list's members; `undefined` if it is not told. */
function elementOf(schema: StandardSchema): StandardSchema | undefined {
  const { element, item, def } = schema as Parts;
  return [element, item, def?.element].find(isStandardSchema);
}

/** The schema of a member; `undefined` if it is not told. */
function partAt(schema: StandardSchema, segment: string | number): StandardSchema | undefined {
  const inner = unwrapped(schema);
  if (typeof segment === "number") {
    return elementOf(inner);
  }
  const members = membersOf(inner);
  if (members === undefined || !Object.hasOwn(members, segment)) return undefined;
  const part = members[segment];
  return isStandardSchema(part) ? part : undefined;
}

/** Levels of optional and nullable wrappers that are looked into. */
const mostWrappers = 10;

function unwrapped(schema: StandardSchema): StandardSchema {
  let part = schema;
  for (let level = 0; level < mostWrappers; level += 1) {
    // A list of zod 4 unwraps to its members.
    if (membersOf(part) !== undefined || elementOf(part) !== undefined) return part;
    const { wrapped: ofValibot, unwrap, def } = part as Parts;
    const ofZod: unknown =
      typeof unwrap === "function" ? Reflect.apply(unwrap, part, []) : undefined;
    const inner = ofZod ?? ofValibot ?? def?.innerType;
    if (!isStandardSchema(inner)) return part;
    part = inner;
  }
  return part;
}

/** A value inside objects, by their names; `undefined` if it stands in a list, whose rest is not known. */
function wrapped(path: Path, value: unknown): { readonly value: unknown } | undefined {
  if (path.some((segment) => typeof segment === "number")) return undefined;
  return { value: path.reduceRight((inner, name) => ({ [name]: inner }), value) };
}

function isBelow(path: readonly PropertyKey[], above: Path): boolean {
  return above.every((segment, index) => path[index] === segment);
}
