/** Reads what an update changes: fields, paths inside them, removals, and what is computed. */
import { segmentsOf } from "../conditions/conditions.js";
import type { PathSegments } from "../conditions/placeholders.js";
import type { CallContext } from "../errors/context.js";
import { invalidAt, type ValidationIssue } from "../errors/validation-error.js";
import { limits } from "../table/table.js";
import {
  type Change,
  checkChange,
  checkRemoval,
  elementsOf,
  isPlainMap,
  mostBytes,
  mostIssues,
  pathText,
} from "../values/payload.js";
import { expiryIssues } from "./expiry.js";
import { sealingBytes } from "./item-size.js";
import { type EntityModel, refuseIssues } from "./model.js";
import {
  type Computed,
  checkComputed,
  isOfNothing,
  type Operator,
  operators,
} from "./operators.js";
import { mostPaths } from "./projection.js";

/** Checked changes. */
export interface ReadChanges {
  readonly changes: readonly Change[];
  readonly removals: readonly PathSegments[];
  /** The changes that DynamoDB computes from what is stored. */
  readonly computed: readonly Computed[];
  /** The size of the changes, in bytes. */
  readonly bytes: number;
}

/** The options of an update that change something. */
export type GivenChanges = { readonly [O in Operator | "set" | "remove"]?: unknown };

/** @throws ValidationError with all issues */
export function readChanges(
  model: EntityModel,
  fields: unknown,
  options: GivenChanges,
  context: CallContext,
): ReadChanges {
  const topLevel = topLevelChanges(fields, context);
  if (topLevel.some((change) => isPayload(model, change))) {
    const message = "is not a field of the payload: changes are fields of the payload";
    throw invalidAt(context, "changes.data", message);
  }
  const all = [...topLevel, ...pairsOf(options.set, "set", context)];
  const removals = removalsOf(options.remove, context);
  const given = operators.flatMap((operator) =>
    fieldsOrPairs(options[operator], operator, context).map((one) => ({ operator, ...one })),
  );
  const { changes, computed, issues, bytes } = checkedChanges(model, all, given);
  if (bytes > limits.itemBytes) issues.push({ path: "changes", message: tooManyBytes(bytes) });
  const assigned = [...all.map(({ path }) => path), ...removals];
  const paths = [...assigned, ...given.map(({ path }) => path)];
  // The remaining checks are skipped once there are enough issues.
  const more = [
    () => insideEncrypted(model, assigned),
    () => removals.flatMap((path) => checkRemoval(model.payload, path)),
    () => (paths.length === 0 ? [nothingChanged] : []),
    () => overlaps(paths),
  ];
  for (const find of more) {
    if (issues.length >= mostIssues || bytes > mostBytes) break;
    issues.push(...find());
  }
  refuseIssues(context, issues.slice(0, mostIssues));
  return { changes, removals, computed, bytes };
}

/** Compares changes with the payload's schema, until there are enough issues or too many bytes. */
function checkedChanges(model: EntityModel, all: readonly Change[], given: readonly Computed[]) {
  const changes: Change[] = [];
  const computed: Computed[] = [];
  const issues: ValidationIssue[] = [];
  let bytes = 0;
  for (const { path, value } of all) {
    const check = checkChange(model.payload, { path, value });
    issues.push(...check.issues);
    bytes += check.bytes + nameBytes(path);
    if (check.issues.length === 0 && path.length === 1) {
      issues.push(...expiryIssues(model, path[0], check.value));
      bytes += sealingBytes(model, { [String(path[0])]: check.value });
    }
    changes.push({ path, value: check.value });
    if (issues.length >= mostIssues || bytes > mostBytes) break;
  }
  for (const one of given) {
    if (issues.length >= mostIssues || bytes > mostBytes) break;
    const check = checkComputed(model, one);
    issues.push(...check.issues);
    bytes += check.bytes;
    if (!isOfNothing(check.change)) computed.push(check.change);
  }
  return { changes, computed, issues, bytes };
}

function topLevelChanges(changes: unknown, context: CallContext): Change[] {
  // Other values, such as a Map or a class instance, may have no fields of their own. The update
  // would then change nothing.
  if (!isPlainMap(changes)) {
    throw invalidAt(context, "changes", "must be an object of fields");
  }
  return fieldsOf(changes, "changes", context);
}

/** The fields of an object, as changes of the payload. */
function fieldsOf(fields: object, name: string, context: CallContext): Change[] {
  const all: Change[] = [];
  let bytes = 0;
  for (const field of Object.keys(fields)) {
    const value: unknown = (fields as Readonly<Record<string, unknown>>)[field];
    if (value === undefined) continue;
    // The names alone may be too large. The values are then not read.
    bytes += 1 + field.length;
    if (bytes > mostBytes) {
      throw invalidAt(context, name, tooManyBytes(bytes));
    }
    const isPlain = field !== "" && field !== "__proto__" && field.isWellFormed();
    all.push({ path: isPlain ? [field] : readPath([field], name, context), value });
  }
  return all;
}

const nothingChanged: ValidationIssue = {
  path: "changes",
  message: "must change something: only undefined was given",
};

/**
 * The message for changes that are too large for an item; it states the bytes if they were all counted.
 */
function tooManyBytes(bytes: number): string {
  const take = bytes > mostBytes ? `more than ${mostBytes}` : bytes;
  return `take ${take} bytes: an item has at most ${limits.itemBytes}`;
}

/** The bytes that the name of a changed field takes in an item. */
function nameBytes(path: PathSegments): number {
  const name = path.at(-1);
  return typeof name === "string" ? 1 + Buffer.byteLength(name) : 0;
}

/** What an operator is given: an object of fields, or pairs of a path and a value. */
function fieldsOrPairs(given: unknown, name: Operator, context: CallContext): Change[] {
  return isPlainMap(given) ? fieldsOf(given, name, context) : pairsOf(given, name, context);
}

/** As in `changes`, an `undefined` value changes nothing, but its path is still checked. */
function pairsOf(given: unknown, name: string, context: CallContext): Change[] {
  const all = listOf(given, name, context).map((entry, index) => {
    const at = `${name}[${index}]`;
    const pair = elementsOf(entry, 2) ?? [];
    if (pair.length < 2) {
      throw invalidAt(context, at, "must be a pair of a path and a value");
    }
    const [path, value] = pair;
    return { path: readPath(path, at, context), value };
  });
  return all.filter(({ value }) => value !== undefined);
}

function removalsOf(remove: unknown, context: CallContext): PathSegments[] {
  return listOf(remove, "remove", context).map((entry, index) =>
    readPath(typeof entry === "string" ? [entry] : entry, `remove[${index}]`, context),
  );
}

function listOf(value: unknown, path: string, context: CallContext): unknown[] {
  if (value === undefined) return [];
  const list = elementsOf(value, mostPaths);
  if (list !== undefined) return list;
  const what = (operators as readonly string[]).includes(path) ? "an object of fields, or " : "";
  const message = `must be ${what}an array of at most ${mostPaths} elements`;
  throw invalidAt(context, path, message);
}

function readPath(path: unknown, at: string, context: CallContext): PathSegments {
  const segments = segmentsOf(path, (message) => invalidAt(context, at, message));
  if (segments.includes("__proto__")) {
    const message = "must not contain __proto__: JavaScript cannot read it back";
    throw invalidAt(context, at, message);
  }
  return segments;
}

/** Whether a change gives the payload itself, as `put` takes it, instead of its fields. */
function isPayload({ payload }: EntityModel, { path: [field], value }: Change): boolean {
  return field === "data" && !("data" in payload.shape) && isPlainMap(value);
}

/** An encrypted field is stored as one text, so nothing inside it can be changed. */
function insideEncrypted(
  { encrypted }: EntityModel,
  paths: readonly PathSegments[],
): ValidationIssue[] {
  if (encrypted.length === 0) return [];
  return paths
    .filter((path) => path.length > 1 && encrypted.includes(String(path[0])))
    .map((path) => ({
      path: pathText(["data", ...path]),
      message: "is inside an encrypted field: set or remove the whole field",
    }));
}

/** A segment of the given paths, and the segments below it. */
interface Branch {
  isNamed: boolean;
  /** Created when first needed, because most paths are only a field's name. */
  below?: Map<string | number, Branch>;
}

/** Reports the paths that contain each other, which DynamoDB refuses. */
function overlaps(paths: readonly PathSegments[]): ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  const root: Branch = { isNamed: false };
  // Of two such paths, the first is reported.
  for (const path of paths.toReversed()) {
    let branch = root;
    let isInside = false;
    for (const segment of path) {
      isInside ||= branch.isNamed;
      branch.below ??= new Map();
      const next: Branch = branch.below.get(segment) ?? { isNamed: false };
      branch.below.set(segment, next);
      branch = next;
    }
    if (isInside || branch.isNamed || branch.below !== undefined) {
      const message = "is named more than once, or inside another change";
      issues.push({ path: pathText(["data", ...path]), message });
      if (issues.length === mostIssues) break;
    }
    branch.isNamed = true;
  }
  return issues.reverse();
}
