/** A stream record becomes a change. */
import { type AnyItem, isStoredBy, itemOf } from "../entity/item.js";
import { type EntityModel, modelOf } from "../entity/model.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import type { DynamoDBError } from "../errors/dynamodb-error.js";
import { wrapDynamoDBError } from "../errors/wrap.js";
import { isKeyOf, keyPartsOf } from "../keys/template.js";
import { type LayerSource, type Sourced, sourceOf } from "../store/layer-source.js";
import type { RawItem, RawKey } from "../table/table.js";
import type { Change, ChangeKind, PlainChange, Unreadable } from "./changes.js";
import { type ReadRecord, readRecord, type StreamRecord } from "./records.js";

/**
 * The change that a stream record tells of; `null` for a row that no entity of the data layer owns. A
 * promise, because secrets are opened, and a key may have to be fetched first. Nothing is sent.
 *
 * It never fails for what a table can hold: an item that cannot be read makes a change of the kind
 * `unreadable`. A change of an item that had expired, but was still stored, is one like any other.
 * @param record of an event of AWS Lambda's, or of the SDK's `GetRecords`
 * @throws ValidationError for anything but a stream record
 * @throws ConfigurationError if the stream does not hold the items before and after
 * @example
 * const change = await changeOf(data, record);
 * if (change?.kind === "updated") console.log(change.before, change.after);
 */
export async function changeOf<L extends Sourced<unknown>>(
  data: L,
  record: StreamRecord,
): Promise<Change<L> | Unreadable<L> | null> {
  const change = plainChangeOf(neededSource("changeOf", data), record, "changeOf");
  // The types of the stores are those of the data layer that was given.
  return (await change) as Change<L> | Unreadable<L> | null;
}

/** @throws ConfigurationError for anything but a data layer */
export function neededSource(call: string, data: unknown): LayerSource {
  const source = sourceOf(data);
  if (source !== undefined) return source;
  throw new ConfigurationError(`${call}: data must be a data layer, as createDataLayer makes it`);
}

/** An entity under the name of its store. */
export interface NamedModel {
  readonly name: string;
  readonly model: EntityModel;
}

const modelsOf = new WeakMap<LayerSource, readonly NamedModel[]>();

/** The entities of a data layer. Read on first use, because a payload's schema may be built for it. */
function knownModels(source: LayerSource): readonly NamedModel[] {
  let models = modelsOf.get(source);
  if (models === undefined) {
    const { clock, definitions } = source;
    models = Object.entries(definitions).map(([name, definition]) => ({
      name,
      model: modelOf(definition, { clock }),
    }));
    modelsOf.set(source, models);
  }
  return models;
}

/** The entity that owns a stored item. */
function ownerOf(source: LayerSource, raw: RawItem | null): NamedModel | undefined {
  if (raw === null || typeof raw.PK !== "string" || typeof raw.SK !== "string") return undefined;
  return knownModels(source).find(
    ({ model }) => isKeyOf(model.pk, raw.PK) && isStoredBy(model, raw),
  );
}

/** Whose item a record is of, and what happened to it. */
export interface Told {
  readonly owner: NamedModel;
  readonly kind: ChangeKind;
  readonly record: ReadRecord;
}

/**
 * Whose item a record is of. An item that no entity owned before is created, and one that none owns any
 * longer is deleted: as the entity sees it.
 */
export function told(source: LayerSource, record: ReadRecord): Told | null {
  const before = ownerOf(source, record.before);
  const after = ownerOf(source, record.after);
  if (after !== undefined) {
    const wasSame = before?.model === after.model;
    const kind = wasSame ? "updated" : "created";
    return { owner: after, kind, record: wasSame ? record : { ...record, before: null } };
  }
  if (before === undefined) return null;
  const kind = record.byTimeToLive ? "expired" : "deleted";
  return { owner: before, kind, record: { ...record, after: null } };
}

async function plainChangeOf(
  source: LayerSource,
  record: unknown,
  operation: string,
): Promise<PlainChange | null> {
  const of = told(source, readRecord(operation, record));
  return of && changeTold(source, of, operation);
}

/** The change, with its items opened and upgraded. */
export async function changeTold(
  { guard }: LayerSource,
  { owner: { name, model }, kind, record }: Told,
  operation: string,
): Promise<PlainChange> {
  const { before, after, at, id } = record;
  const items = [before, after].filter((raw) => raw !== null);
  const key = keyOf(model, items[0] as RawItem);
  const common = { entity: name, key, at, id };
  try {
    await guard.opened(items, { operation });
    const read = (raw: RawItem | null) => raw && itemOf(model, raw, "refuse", operation);
    return { ...common, kind, before: read(before), after: read(after) };
  } catch (thrown) {
    const error: DynamoDBError = wrapDynamoDBError(thrown, {
      operation,
      entity: model.name,
      key: keyPartsOf(model, items[0] as RawItem),
    });
    return { ...common, kind: "unreadable", change: kind, before: null, after: null, error };
  }
}

/** Every part of an item's key, as the item has them. */
export function keyOf(model: EntityModel, { PK, SK }: RawKey): object {
  const item: AnyItem = itemOf(model, { PK, SK }, "leave");
  return Object.fromEntries(model.parts.map((part) => [part, item[part]]));
}
