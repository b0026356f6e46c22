/** Reads what callers pass to a store: keys, items and options. All of it is checked here, before it is sent. */
import { reading } from "../call/call.js";
import { type ReadWhere, readWhere } from "../conditions/conditions.js";
import { Placeholders } from "../conditions/placeholders.js";
import type { CallContext } from "../errors/context.js";
import { invalidAt, ValidationError, type ValidationIssue } from "../errors/validation-error.js";
import type { Clock } from "../runtime/clock.js";
import { limits } from "../table/table.js";
import {
  checkChange,
  checkPayload,
  itemBytes,
  type PayloadOptions,
  type PayloadRules,
} from "../values/payload.js";
import { expiryBytes, expiryIssuesIn } from "./expiry.js";
import { indexIssues } from "./indexes.js";
import { fieldKeyBytes, type ItemSize, itemSizeOf, sealingBytes, sizeOf } from "./item-size.js";
import {
  type EntityModel,
  type KeyParts,
  keyLengthIssues,
  readParts,
  refuseIssues,
} from "./model.js";
import { type ReadOptions, type Wanted, wantedOf } from "./projection.js";
import { isTime, timeRule } from "./times.js";
import { type GivenChanges, type ReadChanges, readChanges } from "./update-input.js";

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
  /** The payload's fields as the caller gave them, without ids from the key. */
  readonly given: Readonly<Record<string, unknown>>;
  /** Whether a part of the key was not given, and was made up. */
  readonly isGenerated: boolean;
  /** Set if the caller gave it. */
  readonly createdAt: number | undefined;
  /** The size of the item, in bytes. */
  readonly bytes: number;
}

/** A checked update. */
export interface UpdatePlan extends ReadChanges {
  readonly parts: KeyParts;
  readonly ifUpdatedAt: number | undefined;
  readonly where: ReadWhere | undefined;
  /** Whether the result has what was there before, too. */
  readonly returning: "both" | undefined;
  /** The ids from the key, which a newly created payload gets in addition to the changes. */
  readonly fromKey: () => Readonly<Record<string, unknown>>;
}

/** The options of an update as a caller gives them. */
type GivenUpdate = GivenChanges & {
  readonly [O in "ifUpdatedAt" | "where" | "returning"]?: unknown;
};

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
    const names = this.model.pk.parts;
    if (issues.length === 0 && names.length > 0) {
      // The rest of the key is not known yet. A short stand-in finds the limits that the partition
      // alone exceeds.
      const rest = Object.fromEntries(this.model.parts.map((part) => [part, parts[part] ?? "-"]));
      issues.push(
        ...keyLengthIssues(this.model, rest).filter((issue) => names.includes(issue.path)),
      );
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
      issues.push({ path: "createdAt", message: timeRule });
    }
    const { generated } = this.model;
    const made: Record<string, unknown> = {};
    let isGenerated = false;
    if (options.generateId === true) {
      // All attempts at a create have one key, so they have one time if it is a part of the key.
      if (this.model.timed) {
        made.createdAt = createdAt ?? this.sources.clock.now();
        isGenerated = createdAt === undefined;
      }
      if (generated !== undefined && input[generated] === undefined) {
        made[generated] = this.sources.createId(this.sources.clock.now());
        isGenerated = true;
      }
    }
    const { parts, issues: keyIssues } = readParts(this.model, "item", input, made);
    issues.push(...(keyIssues.length > 0 ? keyIssues : keyLengthIssues(this.model, parts)));
    const payload = checkPayload(this.model.payload, given, options);
    issues.push(...payload.issues);
    if (payload.issues.length === 0) issues.push(...expiryIssuesIn(this.model, payload.value));
    refuseIssues(context, issues);

    const ids = this.idsFromKey(parts, payload.value as object);
    const data = { ...ids, ...(payload.value as object) };
    refuseIssues(context, indexIssues(this.model, parts, data));
    const sealing = sealingBytes(this.model, data);
    const idBytes = itemBytes(ids, Object.keys(ids).length);
    const keyBytes = fieldKeyBytes(this.model, parts, data) + expiryBytes(this.model, data);
    const bytes = sizeOf(this.size, parts, payload.bytes + sealing + idBytes + keyBytes);
    if (bytes > limits.itemBytes) {
      const message = `makes an item of ${bytes} bytes: at most ${limits.itemBytes} (400 KB)`;
      refuseIssues(context, [{ path: "data", message }]);
    }
    const time = this.model.timed ? Number(parts.createdAt) : (createdAt as number | undefined);
    const fields = payload.value as Record<string, unknown>;
    return { parts, data, given: fields, isGenerated, createdAt: time, bytes };
  }

  /**
   * Reads an item that is created, or merged into the one that exists.
   * @param changes what is merged then. @default the payload's fields
   */
  upsert(
    item: unknown,
    changes: unknown,
    context: CallContext,
  ): { readonly draft: Draft; readonly plan: UpdatePlan } {
    const draft = this.draft(item, context);
    const { parts, given, bytes } = draft;
    if (Object.keys(given).length === 0) {
      refuseIssues(context, [{ path: "data", message: "has no field to save" }]);
    }
    // Fields that a whole payload may have have been checked with it.
    const fields = Object.entries(given).map(([field, value]) => ({ path: [field], value }));
    const read =
      changes === undefined
        ? { changes: fields, removals: [], computed: [], bytes }
        : readChanges(this.model, changes, {}, context);
    const none = { ifUpdatedAt: undefined, where: undefined, returning: undefined };
    return { draft, plan: { parts, ...read, ...none, fromKey: () => this.idsFromKey(parts, {}) } };
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
  update(given: unknown, changes: unknown, options: GivenUpdate, context: CallContext): UpdatePlan {
    const parts = this.key(given, context);
    return {
      parts,
      ...readChanges(this.model, changes, options, context),
      ifUpdatedAt: this.lock(options.ifUpdatedAt, context),
      where: this.where(options.where, context),
      returning: this.returning(options.returning, context),
      fromKey: () => this.idsFromKey(parts, {}),
    };
  }

  /** Reads `ifUpdatedAt`, the `updatedAt` of the item that the caller has read. */
  lock(ifUpdatedAt: unknown, context: CallContext): number | undefined {
    if (ifUpdatedAt === undefined) return undefined;
    if (typeof ifUpdatedAt === "number" && Math.abs(ifUpdatedAt) <= Number.MAX_SAFE_INTEGER)
      return ifUpdatedAt;
    throw invalidAt(context, "ifUpdatedAt", "must be the updatedAt of an item (ms)");
  }

  /** Reads `returning`. */
  returning(returning: unknown, context: CallContext): "both" | undefined {
    if (returning === "both") return returning;
    if (returning === undefined || returning === "item") return undefined;
    throw invalidAt(context, "returning", 'must be "item" or "both"');
  }

  /** Reads `where`, only once. */
  where(where: unknown, context: CallContext): ReadWhere | undefined {
    return readWhere(where, context, this.model.encrypted);
  }

  /** Reads the options `consistent` and `fields` of a read. */
  readOptions(
    options: { consistent?: unknown; fields?: unknown } | null,
    context: CallContext,
  ): { readonly read: ReadOptions; readonly fields: Wanted["fields"] } {
    const { consistent = false, fields } = options ?? {};
    if (typeof consistent !== "boolean") {
      throw invalidAt(context, "consistent", "must be true or false");
    }
    const wanted = wantedOf(this.model, fields, new Placeholders(), context);
    return { read: { consistent, projection: wanted.projection }, fields: wanted.fields };
  }

  /**
   * The ids that programs reading only `Data` expect in it: `id`, and a review's `agentId`. A
   * token's payload has no id.
   */
  private idsFromKey(parts: KeyParts, data: object): Record<string, string> {
    const { shape } = this.model.payload;
    const { generated, forms, sk } = this.model;
    // A number or a date is no id.
    const hasId = !((sk.parts.at(-1) ?? "") in forms);
    const id = hasId ? parts[generated ?? this.model.parts[0] ?? ""] : undefined;
    const ids: Record<string, string> = {};
    const lacks = (name: string) =>
      name in shape && (data as Readonly<Record<string, unknown>>)[name] === undefined;
    const { payload } = this.model;
    if (id !== undefined && lacks("id") && takes(payload, "id", id)) ids.id = id;
    for (const part of this.model.pk.parts) {
      const text = parts[part] as string;
      if (part !== "userId" && lacks(part) && takes(payload, part, text)) ids[part] = text;
    }
    return ids;
  }
}

/** For each payload schema, the fields that take any text, as nearly all ids do, and those that do not. */
const anyText = new WeakMap<PayloadRules, Map<string, boolean>>();

/** A field that takes both of these has no rule for its texts. */
const someTexts = ["#", "x".repeat(limits.sortKeyBytes)];

/** Whether a field of the payload takes a text. A number's takes none, and one of UUIDs only those. */
function takes(payload: PayloadRules, field: string, text: string): boolean {
  const isTaken = (value: string) =>
    checkChange(payload, { path: [field], value }).issues.length === 0;
  const known = anyText.get(payload) ?? new Map<string, boolean>();
  anyText.set(payload, known);
  const any = known.get(field) ?? someTexts.every(isTaken);
  known.set(field, any);
  return any || isTaken(text);
}
