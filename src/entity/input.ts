/** Reads what callers give: keys, items, options. Everything is checked here, before it is sent. */
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

/** Where new ids and times come from. */
export interface Sources {
  readonly clock: Clock;
  /** Makes an id that sorts by time and is unique within a millisecond. */
  readonly createId: (time: number) => string;
}

/** A checked item on its way in. */
export interface Draft {
  readonly parts: KeyParts;
  readonly data: Record<string, unknown>;
  /** Set where the caller gave it. */
  readonly createdAt: number | undefined;
  /** The size of the item. */
  readonly bytes: number;
}

/** A checked update. */
export interface UpdatePlan {
  readonly parts: KeyParts;
  readonly changes: readonly Change[];
  readonly removals: readonly PathSegments[];
  readonly ifUpdatedAt: number | undefined;
  readonly where: ReadWhere | undefined;
  /** What a payload that is made anew gets beside the changes: the ids that come from the key. */
  readonly fromKey: Readonly<Record<string, unknown>>;
  /** The size of what is stored anew. */
  readonly bytes: number;
}

/** What of an item is read; two reads go together only where these are the same. */
export interface ReadOptions {
  readonly consistent: boolean;
  readonly projection: Projection | undefined;
}

/** A projection as a request takes it. */
export interface Projection {
  readonly ProjectionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
}

/** The latest creation time that the index can hold. */
export const latestTime = 10 ** createdAtDigits - 1;

/** Names and paths of one call: an expression of DynamoDB's has 4 KB, and each takes a few bytes. */
const mostPaths = 4_096;

interface DraftOptions extends PayloadOptions {
  /** The id may be left out and is made. */
  readonly generateId?: boolean;
}

/** Reads the input of one entity's store. Every method throws one ValidationError with all issues. */
export class InputReader {
  private readonly model: EntityModel;
  private readonly sources: Sources;
  private readonly size: ItemSize;

  constructor(model: EntityModel, sources: Sources) {
    this.model = model;
    this.size = itemSizeOf(model);
    this.sources = sources;
  }

  /** A whole key. */
  key(given: unknown, context: CallContext): KeyParts {
    const { parts, issues } = readParts(this.model, "key", given);
    refuseIssues(context, issues.length > 0 ? issues : keyLengthIssues(this.model, parts));
    return parts;
  }

  /** The parts of a partition key. */
  partition(given: unknown, context: CallContext): KeyParts {
    const { parts, issues } = readParts(this.model, "partition", given);
    const [name] = this.model.pk.parts;
    if (issues.length === 0 && name !== undefined) {
      // The rest of the key is not known yet; a short one finds what the partition alone breaks.
      const rest = Object.fromEntries(this.model.parts.map((part) => [part, parts[part] ?? "-"]));
      issues.push(...keyLengthIssues(this.model, rest).filter((issue) => issue.path === name));
    }
    refuseIssues(context, issues);
    return parts;
  }

  /** An item on its way in: key, payload, creation time, size. */
  draft(item: unknown, context: CallContext, options: DraftOptions = {}): Draft {
    const input =
      typeof item === "object" && item !== null ? (item as Record<string, unknown>) : {};
    // Read once: what is checked is what is stored.
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

  /** What `draft` would refuse. */
  issuesOf(given: unknown, options: PayloadOptions): ValidationIssue[] {
    try {
      reading({}, () => this.draft(given, {}, { allowMissing: options?.allowMissing }));
      return [];
    } catch (error) {
      if (error instanceof ValidationError) return [...error.issues];
      throw error;
    }
  }

  /** An update: what changes, what goes, and under which conditions. */
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
      const message = "is no field of the payload: changes are the payload's own fields";
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
    // Where enough is wrong already, no more is looked for.
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

  /** `ifUpdatedAt`: the time at which the caller saw the item. */
  lock(ifUpdatedAt: unknown, context: CallContext): number | undefined {
    if (ifUpdatedAt === undefined) return undefined;
    if (typeof ifUpdatedAt === "number" && Math.abs(ifUpdatedAt) <= Number.MAX_SAFE_INTEGER)
      return ifUpdatedAt;
    throw invalid(context, [
      { path: "ifUpdatedAt", message: "must be the updatedAt of an item (ms)" },
    ]);
  }

  /** `where`, read once. */
  where(where: unknown, context: CallContext): ReadWhere | undefined {
    return readWhere(where, context, this.model.encrypted);
  }

  /** `consistent` and `fields` of a read. */
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
   * Ids that readers of `Data` alone expect there: `id`, and a review's `agentId`. A token's payload
   * has no id.
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

/** What an item of an entity takes beside its payload. */
interface ItemSize {
  /** Bytes where every part of the key is empty. */
  readonly withoutParts: number;
  /** How often the item holds each part: beside its keys, and in each that is made of it. */
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

/** Reads a creation time of an option. */
export function readTime(value: unknown, path: string, context: CallContext): number | undefined {
  if (value === undefined || isTime(value)) return value as number | undefined;
  throw invalid(context, [{ path, message: `must be an integer from 0 to ${latestTime} (ms)` }]);
}

function topLevelChanges(changes: unknown, context: CallContext): Change[] {
  // The fields of anything else, a Map's or a class's, may not be its own: nothing would be changed.
  if (!isPlainMap(changes)) {
    throw invalid(context, [{ path: "changes", message: "must be an object of fields" }]);
  }
  const all: Change[] = [];
  let bytes = 0;
  for (const field of Object.keys(changes)) {
    const value: unknown = (changes as Readonly<Record<string, unknown>>)[field];
    if (value === undefined) continue;
    // Names alone can be too much; no value is looked at then.
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
  message: "must change something: nothing but undefined was given",
};

/** What is said of changes that no item holds; how many bytes, where they were counted. */
function tooManyBytes(bytes: number): string {
  const take = bytes > mostBytes ? `more than ${mostBytes}` : bytes;
  return `take ${take} bytes: an item has at most ${limits.itemBytes}`;
}

/** What the name of a changed field takes in an item. */
function nameBytes(path: PathSegments): number {
  const name = path.at(-1);
  return typeof name === "string" ? 1 + Buffer.byteLength(name) : 0;
}

/** As with `changes`, a value that is `undefined` changes nothing; its path is checked all the same. */
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
    const message = "must not hold __proto__: JavaScript cannot read it back";
    throw invalid(context, [{ path: at, message }]);
  }
  return segments;
}

/** Whether it is the payload itself, as `put` takes it, in place of its fields. */
function isPayload({ payload }: EntityModel, { path: [field], value }: Change): boolean {
  return field === "data" && !("data" in payload.shape) && isPlainMap(value);
}

/** What encryption adds to a payload's size, at most. */
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

/** What is encrypted is one text: nothing inside it can be reached. */
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

/** A segment of the paths that are named, and what is named below it. */
interface Branch {
  isNamed: boolean;
  /** Made for the first of them: most paths are a field's name, with nothing below it. */
  below?: Map<string | number, Branch>;
}

/** DynamoDB refuses two paths of which one holds the other; this says which. */
function overlaps(paths: readonly PathSegments[]): ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  const root: Branch = { isNamed: false };
  // The first of two is named.
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

/** The projection of a read: what makes an item, and the fields of the payload that are wanted. */
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
