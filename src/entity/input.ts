/** Reads what callers pass: keys, items and options. All of it is checked here, before it is sent. */
import { reading } from "../call/call.js";
import { valueText } from "../client/wire-format.js";
import { type ReadWhere, readWhere, segmentsOf } from "../conditions/conditions.js";
import { refuseLong } from "../conditions/expression.js";
import { type PathSegments, Placeholders } from "../conditions/placeholders.js";
import type { CallContext } from "../errors/context.js";
import { invalid, ValidationError, type ValidationIssue } from "../errors/validation-error.js";
import type { Clock } from "../runtime/clock.js";
import { mostSealedBytes } from "../secrets/encryption.js";
import { attribute, createdAtDigits, limits } from "../table/table.js";
import {
  type Change,
  checkChange,
  checkPayload,
  checkRemoval,
  checkValue,
  elementsOf,
  isPlainMap,
  itemBytes,
  mostBytes,
  mostIssues,
  type PayloadOptions,
  pathText,
} from "../values/payload.js";
import {
  type EntityModel,
  indexKeyOf,
  type KeyParts,
  keyLengthIssues,
  rawKeyOf,
  readParts,
  refuseIssues,
} from "./model.js";

/** The sources of new ids and times. */
export interface Sources {
  readonly clock: Clock;
  /** Makes an id that sorts by time and is unique within a millisecond. */
  readonly createId: (time: number) => string;
}

/** A checked item that is to be written. */
export interface Draft {
  readonly parts: KeyParts;
  readonly data: Record<string, unknown>;
  /** Set if the caller gave it. */
  readonly createdAt: number | undefined;
  /** The size of the item, in bytes. */
  readonly bytes: number;
}

/** A checked update. */
export interface UpdatePlan {
  readonly parts: KeyParts;
  readonly changes: readonly Change[];
  readonly removals: readonly PathSegments[];
  readonly ifUpdatedAt: number | undefined;
  readonly where: ReadWhere | undefined;
  /** The ids from the key, which a newly created payload gets in addition to the changes. */
  readonly fromKey: Readonly<Record<string, unknown>>;
  /** The size of the changes, in bytes. */
  readonly bytes: number;
}

/** How an item is read, and which parts of it. Two reads share a request only if these are equal. */
export interface ReadOptions {
  readonly consistent: boolean;
  readonly projection: Projection | undefined;
}

/** A projection as a request contains it. */
export interface Projection {
  readonly ProjectionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
}

/** The latest creation time that the index can hold. */
export const latestTime = 10 ** createdAtDigits - 1;

/**
 * The most names or paths in one call. A DynamoDB expression has at most 4 KB, and each of them
 * takes a few bytes.
 */
const mostPaths = 4_096;

interface DraftOptions extends PayloadOptions {
  /** Whether the id may be omitted, and is then generated. */
  readonly generateId?: boolean;
}

/** Reads the input of one entity's store. Each method throws one ValidationError with all issues. */
export class InputReader {
  private readonly model: EntityModel;
  private readonly sources: Sources;
  private readonly size: ItemSize;

  constructor(model: EntityModel, sources: Sources) {
    this.model = model;
    this.size = itemSizeOf(model);
    this.sources = sources;
  }

  /** Reads a whole key. */
  key(given: unknown, context: CallContext): KeyParts {
    const { parts, issues } = readParts(this.model, "key", given);
    refuseIssues(context, issues.length > 0 ? issues : keyLengthIssues(this.model, parts));
    return parts;
  }

  /** Reads the parts of a partition key. */
  partition(given: unknown, context: CallContext): KeyParts {
    const { parts, issues } = readParts(this.model, "partition", given);
    const [name] = this.model.pk.parts;
    if (issues.length === 0 && name !== undefined) {
      // The rest of the key is not known yet. A short stand-in finds the limits that the partition
      // alone exceeds.
      const rest = Object.fromEntries(this.model.parts.map((part) => [part, parts[part] ?? "-"]));
      issues.push(...keyLengthIssues(this.model, rest).filter((issue) => issue.path === name));
    }
    refuseIssues(context, issues);
    return parts;
  }

  /** Reads an item that is to be written: its key, payload and creation time. Computes its size. */
  draft(item: unknown, context: CallContext, options: DraftOptions = {}): Draft {
    const input =
      typeof item === "object" && item !== null ? (item as Record<string, unknown>) : {};
    // Read only once, so that what is checked is what is stored.
    const { createdAt, data: given } = input;
    const issues: ValidationIssue[] = [];
    if (createdAt !== undefined && !isTime(createdAt)) {
      issues.push({
        path: "createdAt",
        message: `must be an integer from 0 to ${latestTime} (ms)`,
      });
    }
    const { generated } = this.model;
    const made: Record<string, string> = {};
    if (options.generateId === true && generated !== undefined && input[generated] === undefined) {
      made[generated] = this.sources.createId(this.sources.clock.now());
    }
    const { parts, issues: keyIssues } = readParts(this.model, "item", input, made);
    issues.push(...(keyIssues.length > 0 ? keyIssues : keyLengthIssues(this.model, parts)));
    const payload = checkPayload(this.model.payload, given, options);
    issues.push(...payload.issues);
    refuseIssues(context, issues);

    const ids = this.idsFromKey(parts, payload.value as object);
    const data = { ...ids, ...(payload.value as object) };
    const sealing = sealingBytes(this.model, data);
    const bytes = this.bytesOf(
      parts,
      payload.bytes + sealing + itemBytes(ids, Object.keys(ids).length),
    );
    if (bytes > limits.itemBytes) {
      const message = `makes an item of ${bytes} bytes: at most ${limits.itemBytes} (400 KB)`;
      refuseIssues(context, [{ path: "data", message }]);
    }
    return { parts, data, createdAt: createdAt as number | undefined, bytes };
  }

  /** The issues for which `draft` would refuse an item. */
  issuesOf(given: unknown, options: PayloadOptions): ValidationIssue[] {
    try {
      reading({}, () => this.draft(given, {}, { allowMissing: options?.allowMissing }));
      return [];
    } catch (error) {
      if (error instanceof ValidationError) return [...error.issues];
      throw error;
    }
  }

  /** Reads an update: the changes, the removals and the conditions. */
  update(
    given: unknown,
    changes: unknown,
    options: { set?: unknown; remove?: unknown; ifUpdatedAt?: unknown; where?: unknown },
    context: CallContext,
  ): UpdatePlan {
    const parts = this.key(given, context);
    const issues: ValidationIssue[] = [];
    const topLevel = topLevelChanges(changes, context);
    if (topLevel.some((change) => isPayload(this.model, change))) {
      const message = "is not a field of the payload: changes are fields of the payload";
      throw invalid(context, [{ path: "changes.data", message }]);
    }
    const all = [...topLevel, ...nestedChanges(options.set, context)];
    const removals = removalsOf(options.remove, context);
    let bytes = 0;
    const checked: Change[] = [];
    for (const { path, value } of all) {
      const check = checkChange(this.model.payload, { path, value });
      issues.push(...check.issues);
      bytes += check.bytes + nameBytes(path);
      if (check.issues.length === 0 && path.length === 1) {
        bytes += sealingBytes(this.model, { [String(path[0])]: check.value });
      }
      checked.push({ path, value: check.value });
      if (issues.length >= mostIssues || bytes > mostBytes) break;
    }
    if (bytes > limits.itemBytes) issues.push({ path: "changes", message: tooManyBytes(bytes) });
    const paths = [...all.map(({ path }) => path), ...removals];
    // The remaining checks are skipped once there are enough issues.
    const more = [
      () => insideEncrypted(this.model, paths),
      () => removals.flatMap((path) => checkRemoval(this.model.payload, path)),
      () => (paths.length === 0 ? [nothingChanged] : []),
      () => overlaps(paths),
    ];
    for (const find of more) {
      if (issues.length >= mostIssues || bytes > mostBytes) break;
      issues.push(...find());
    }
    refuseIssues(context, issues.slice(0, mostIssues));
    return {
      parts,
      changes: checked,
      removals,
      ifUpdatedAt: this.lock(options.ifUpdatedAt, context),
      where: this.where(options.where, context),
      fromKey: this.idsFromKey(parts, {}),
      bytes,
    };
  }

  /** Reads `ifUpdatedAt`, the `updatedAt` of the item that the caller has read. */
  lock(ifUpdatedAt: unknown, context: CallContext): number | undefined {
    if (ifUpdatedAt === undefined) return undefined;
    if (typeof ifUpdatedAt === "number" && Math.abs(ifUpdatedAt) <= Number.MAX_SAFE_INTEGER)
      return ifUpdatedAt;
    throw invalid(context, [
      { path: "ifUpdatedAt", message: "must be the updatedAt of an item (ms)" },
    ]);
  }

  /** Reads `where`, only once. */
  where(where: unknown, context: CallContext): ReadWhere | undefined {
    return readWhere(where, context, this.model.encrypted);
  }

  /** Reads the options `consistent` and `fields` of a read. */
  readOptions(
    options: { consistent?: unknown; fields?: unknown } | null,
    context: CallContext,
  ): ReadOptions {
    const { consistent = false, fields } = options ?? {};
    if (typeof consistent !== "boolean") {
      throw invalid(context, [{ path: "consistent", message: "must be true or false" }]);
    }
    return { consistent, projection: projectionOf(fields, new Placeholders(), context) };
  }

  /**
   * The ids that programs reading only `Data` expect in it: `id`, and a review's `agentId`. A
   * token's payload has no id.
   */
  private idsFromKey(parts: KeyParts, data: object): Record<string, string> {
    const { shape } = this.model.payload;
    const id = parts[this.model.generated ?? this.model.parts[0] ?? ""];
    const ids: Record<string, string> = {};
    if ("id" in shape && id !== undefined && (data as { id?: unknown }).id === undefined)
      ids.id = id;
    for (const part of this.model.pk.parts) {
      const inPayload =
        part !== "userId" && part in shape && (data as Record<string, unknown>)[part] === undefined;
      if (inPayload) ids[part] = parts[part] as string;
    }
    return ids;
  }

  private bytesOf(parts: KeyParts, dataBytes: number): number {
    let bytes = this.size.withoutParts + dataBytes;
    for (const name in parts) {
      bytes += (this.size.places[name] ?? 0) * Buffer.byteLength(parts[name] as string);
    }
    return bytes;
  }
}

/** The size of an entity's items, without the payload. */
interface ItemSize {
  /** The bytes of an item whose key parts are all empty. */
  readonly withoutParts: number;
  /** How often the item contains each part: once as an attribute, and once in each key made from it. */
  readonly places: Readonly<Record<string, number>>;
}

function itemSizeOf(model: EntityModel): ItemSize {
  const empty = Object.fromEntries(model.parts.map((part) => [part, ""]));
  const item = {
    ...rawKeyOf(model, empty),
    ...indexKeyOf(model, empty, 0),
    ...empty,
    [attribute.entityType]: model.name,
    [attribute.data]: "",
    [attribute.createdAt]: 0,
    [attribute.updatedAt]: 0,
  };
  const keys = [model.pk, model.sk, model.gsi1pk, model.gsi1sk];
  const placesOf = (part: string) => keys.filter((key) => key?.parts.includes(part)).length + 1;
  return {
    withoutParts: itemBytes(item, 0),
    places: Object.fromEntries(model.parts.map((part) => [part, placesOf(part)])),
  };
}

function isTime(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= latestTime;
}

/** Reads a creation time given as an option. */
export function readTime(value: unknown, path: string, context: CallContext): number | undefined {
  if (value === undefined || isTime(value)) return value as number | undefined;
  throw invalid(context, [{ path, message: `must be an integer from 0 to ${latestTime} (ms)` }]);
}

function topLevelChanges(changes: unknown, context: CallContext): Change[] {
  // Other values, such as a Map or a class instance, may have no fields of their own. The update
  // would then change nothing.
  if (!isPlainMap(changes)) {
    throw invalid(context, [{ path: "changes", message: "must be an object of fields" }]);
  }
  const all: Change[] = [];
  let bytes = 0;
  for (const field of Object.keys(changes)) {
    const value: unknown = (changes as Readonly<Record<string, unknown>>)[field];
    if (value === undefined) continue;
    // The names alone may be too large. The values are then not read.
    bytes += 1 + field.length;
    if (bytes > mostBytes) {
      throw invalid(context, [{ path: "changes", message: tooManyBytes(bytes) }]);
    }
    const isPlain = field !== "" && field !== "__proto__" && field.isWellFormed();
    all.push({ path: isPlain ? [field] : readPath([field], "changes", context), value });
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

/** As in `changes`, an `undefined` value changes nothing, but its path is still checked. */
function nestedChanges(set: unknown, context: CallContext): Change[] {
  const all = listOf(set, "set", context).map((entry, index) => {
    const at = `set[${index}]`;
    const pair = elementsOf(entry, 2) ?? [];
    if (pair.length < 2) {
      throw invalid(context, [{ path: at, message: "must be a pair of a path and a value" }]);
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
  throw invalid(context, [{ path, message: `must be an array of at most ${mostPaths} elements` }]);
}

function readPath(path: unknown, at: string, context: CallContext): PathSegments {
  const segments = segmentsOf(path, (message) => invalid(context, [{ path: at, message }]));
  if (segments.includes("__proto__")) {
    const message = "must not contain __proto__: JavaScript cannot read it back";
    throw invalid(context, [{ path: at, message }]);
  }
  return segments;
}

/** Whether a change gives the payload itself, as `put` takes it, instead of its fields. */
function isPayload({ payload }: EntityModel, { path: [field], value }: Change): boolean {
  return field === "data" && !("data" in payload.shape) && isPlainMap(value);
}

/** The most bytes that encryption adds to a payload. */
function sealingBytes(
  { encrypted }: EntityModel,
  fields: Readonly<Record<string, unknown>>,
): number {
  let bytes = 0;
  for (const field of encrypted) {
    const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (value === null || value === undefined) continue;
    bytes += mostSealedBytes(Buffer.byteLength(valueText(value))) - checkValue(value, field).bytes;
  }
  return bytes;
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

/** The projection of a read: the attributes that every item needs, and the requested payload fields. */
export function projectionOf(
  fields: unknown,
  placeholders: Placeholders,
  context: CallContext,
): Projection | undefined {
  if (fields === undefined) return undefined;
  const names = elementsOf(fields, mostPaths);
  const valid =
    names !== undefined &&
    names.length > 0 &&
    names.every((name) => typeof name === "string" && name !== "" && name.isWellFormed());
  const characters = valid ? names.reduce<number>((sum, name) => sum + String(name).length, 0) : 0;
  if (characters > limits.expressionValueBytes) {
    const message = `are names of more than ${limits.expressionValueBytes} bytes: DynamoDB takes no more`;
    throw invalid(context, [{ path: "fields", message }]);
  }
  if (!valid) {
    throw invalid(context, [
      { path: "fields", message: "must be a non-empty array of the payload's field names" },
    ]);
  }
  const always = [
    attribute.partitionKey,
    attribute.sortKey,
    attribute.indexSortKey,
    attribute.entityType,
    attribute.createdAt,
    attribute.updatedAt,
  ].map((name) => placeholders.name(name));
  const wanted = [...new Set(names as string[])].map((field) => placeholders.path([field]));
  const expression = [...always, ...wanted].join(", ");
  refuseLong(context, "fields", expression);
  return {
    ProjectionExpression: expression,
    ExpressionAttributeNames: placeholders.names,
  };
}
