/** Rewrites payloads of older versions in the current one, beside whoever else reads and writes them. */

import { expiryAttribute } from "../../src/entity/expiry.js";
import { type EntityIndexes, indexKeyOf } from "../../src/entity/indexes.js";
import type { EntityModel } from "../../src/entity/model.js";
import { isKeyOf, keyPartsOf } from "../../src/keys/template.js";
import type { Cipher } from "../../src/secrets/encryption.js";
import { attribute, limits, type RawKey } from "../../src/table/table.js";
import { epochMsOf, isTime } from "../../src/values/timestamps.js";
import { rawKeyText } from "../move/placement.js";
import { itemSize } from "../raw/item-size.js";
import { attributeText } from "../raw/line.js";
import type { Item, RawTable, WriteOutcome } from "../raw/raw-table.js";
import { sealedValue, secretsOf, withOpenSecrets, withValues } from "../raw/stored-secrets.js";
import { ageOf, payloadValueOf, upgradedOf, versionText } from "../raw/stored-versions.js";
import type { Outcomes } from "../run/account.js";
import {
  attributesOf,
  changeItem,
  emptyReport,
  emptyTally,
  readNow,
  type SweepOptions,
  type SweepReport,
  type SweepState,
  type SweepTally,
  type Swept,
  sweepTable,
} from "./sweep.js";

/** Why a payload was left as it is. */
export type LeftKind = "unreadable" | "failed" | "tooLarge" | "contended";

export interface VersionCounts {
  /** Rewritten, or would be, by the version that they had. */
  readonly upgraded: Record<string, number>;
  /** Of the current version already. */
  current: number;
  /** Of a version that this code does not know. */
  readonly newer: Record<string, number>;
}

/** What was found and done so far. */
export interface UpgradeReport extends SweepReport<LeftKind> {
  /** By the names of the entities. */
  readonly entities: Record<string, VersionCounts>;
  /** Items of other entities, and those without a payload. */
  other: number;
}

export type UpgradeState = SweepState<UpgradeReport>;

export interface UpgradeOptions extends SweepOptions<UpgradeState> {
  /** Whose items are upgraded. */
  readonly models: readonly EntityModel[];
  /** Decrypts secrets, and encrypts them again. */
  readonly cipher?: Cipher | undefined;
}

export type TableUpgrade = Swept<LeftKind, UpgradeReport>;

interface Tally extends SweepTally<LeftKind> {
  readonly upgraded: Found[];
  readonly current: Found[];
  readonly newer: Found[];
  other: number;
}

interface Found {
  readonly name: string;
  readonly version: string;
}

/** Why an item is left. */
interface Leave {
  readonly kind: LeftKind;
  readonly rule: string;
}

/** What is read of each item. */
const paths = [
  attribute.partitionKey,
  attribute.sortKey,
  attribute.entityType,
  attribute.dataVersion,
  attribute.createdAt,
  attribute.updatedAt,
  attribute.data,
] as const;

/**
 * Upgrades every payload of an older version. Each write is conditional on the item being as it was read:
 * its version and its UpdatedAt, which stays, because readers saw the upgraded payload before and whoever
 * holds a lock must not lose it. Index keys and the expiry follow the new payload.
 * @throws what a request threw; the checkpoint then holds what was done
 * @throws AccountError if an item that was read has no outcome, or two
 */
export async function upgradeTable(
  table: RawTable,
  options: UpgradeOptions,
): Promise<TableUpgrade> {
  const { models, cipher, dryRun = false, run } = options;
  const saved = run?.state;
  const report: UpgradeReport =
    saved === undefined
      ? { ...emptyReport(), entities: {}, other: 0 }
      : structuredClone(saved.report);

  const deal = async (scanned: Item, tally: Tally): Promise<void> => {
    const key = keyOf(scanned);
    const read = () => readNow(table, key, paths);
    await changeItem(scanned, tally, read, async (item) => {
      const model = modelIn(models, item);
      const age = model === undefined ? "none" : ageOf(model, item);
      if (model === undefined || age === "none") {
        tally.other += 1;
        return null;
      }
      const found = { name: model.name, version: versionText(item) };
      if (age !== "older") {
        tally[age].push(found);
        return null;
      }
      const leave = (kind: LeftKind, rule: string): void => {
        tally.left.push({ kind, key: rawKeyText(item), rule });
      };
      const fresh = await freshOf(model, item, cipher);
      if ("rule" in fresh) {
        leave(fresh.kind, fresh.rule);
        return null;
      }
      return {
        write: () => (dryRun ? Promise.resolve("done") : replaced(table, item, fresh)),
        isIn: (stored) => holds(stored, fresh),
        settle: () => {
          tally.upgraded.push(found);
        },
        leave: (rule) => leave("contended", rule),
      };
    });
  };

  return sweepTable(table, options, saved, {
    paths,
    report,
    newTally: (): Tally => ({
      ...emptyTally<LeftKind>(),
      ...{ upgraded: [], current: [], newer: [], other: 0 },
    }),
    deal,
    add: (tally) => addTo(report, tally),
    outcomes: () => outcomesOf(report),
    hint: "upgrade again with --restart",
  });
}

/** The entity of an item, as its reads see it: by its type and its key. */
function modelIn(models: readonly EntityModel[], item: Item): EntityModel | undefined {
  const { PK, SK } = keyOf(item);
  const type = item[attribute.entityType]?.S;
  return models.find(({ name, pk, sk }) => name === type && isKeyOf(pk, PK) && isKeyOf(sk, SK));
}

/** What is stored in place of an older payload. */
interface Fresh {
  readonly data: NonNullable<Item[string]>;
  readonly version: number;
  /** The index keys that are made of its fields, and its expiry; `undefined` if it has one no longer. */
  readonly attributes: Readonly<Record<string, NonNullable<Item[string]> | undefined>>;
}

async function freshOf(
  model: EntityModel,
  item: Item,
  cipher: Cipher | undefined,
): Promise<Fresh | Leave> {
  const secrets = secretsOf(item, model.secrets);
  if (cipher === undefined && secrets.some(({ keyId }) => keyId !== undefined)) {
    return { kind: "unreadable", rule: "has encrypted secrets, and no keys are configured" };
  }
  const { item: open, unreadable } =
    cipher === undefined ? { item, unreadable: [] } : await withOpenSecrets(item, secrets, cipher);
  if (unreadable.length > 0) return { kind: "unreadable", rule: unreadable.join("; ") };
  const upgraded = upgradedOf(model, open);
  if ("rule" in upgraded) return { kind: "failed", rule: upgraded.rule };
  const { data } = upgraded;
  const clear = { ...item, [attribute.data]: payloadValueOf(data) };
  const stored = await sealedAll(model, clear, cipher);
  const bytes = itemSize(stored);
  if (bytes > limits.itemBytes) {
    return { kind: "tooLarge", rule: `would take ${bytes} bytes: at most ${limits.itemBytes}` };
  }
  const version = model.versions?.current ?? 1;
  return {
    data: stored[attribute.data] as Fresh["data"],
    version,
    attributes: derived(model, item, data),
  };
}

/** The item with all its secrets encrypted anew. */
async function sealedAll(
  model: EntityModel,
  item: Item,
  cipher: Cipher | undefined,
): Promise<Item> {
  if (cipher === undefined) return item;
  const current = await cipher.currentKey();
  const values = new Map<string, NonNullable<Item[string]>>();
  for (const secret of secretsOf(item, model.secrets)) {
    const text = attributeText(secret.value);
    values.set(secret.place.field, await sealedValue(text, secret, cipher, current));
  }
  return withValues(item, values);
}

/** The attributes that follow from a payload's fields. */
function derived(
  model: EntityModel,
  item: Item,
  data: Readonly<Record<string, unknown>>,
): Fresh["attributes"] {
  const attributes: Record<string, NonNullable<Item[string]> | undefined> = {};
  const ofFields: EntityIndexes = { ...model, indexKeys: model.fieldKeys };
  const keys = indexKeyOf(ofFields, keyPartsOf(model, keyOf(item)), createdAtOf(model, item), data);
  for (const { attribute: name } of model.fieldKeys) {
    const text = keys[name];
    attributes[name] = text === undefined ? undefined : { S: text };
  }
  if (model.expires !== undefined) {
    const { [attribute.timeToLive]: seconds } = expiryAttribute(model, data);
    const value = seconds === undefined ? undefined : { N: String(seconds) };
    attributes[attribute.timeToLive] = value;
  }
  return attributes;
}

function createdAtOf(model: EntityModel, item: Item): number {
  if (model.timed) return Number(keyPartsOf(model, keyOf(item)).createdAt);
  const { N } = item[attribute.createdAt] ?? {};
  const time = N === undefined ? Number.NaN : Number(N);
  return isTime(time) ? time : (epochMsOf(item[attribute.createdAt]?.S) ?? 0);
}

/** Replaces a payload, if the item is still as it was read. */
function replaced(table: RawTable, item: Item, fresh: Fresh): Promise<WriteOutcome> {
  const names: Record<string, string> = {
    "#data": attribute.data,
    "#version": attribute.dataVersion,
  };
  const values: Item = { ":data": fresh.data, ":version": { N: String(fresh.version) } };
  const sets = ["#data = :data", "#version = :version"];
  const removes: string[] = [];
  for (const [name, value] of Object.entries(fresh.attributes)) {
    const at = `a${Object.keys(names).length}`;
    names[`#${at}`] = name;
    if (value === undefined) removes.push(`#${at}`);
    else {
      values[`:${at}`] = value;
      sets.push(`#${at} = :${at}`);
    }
  }
  const conditions: string[] = [];
  const seen = [
    attribute.entityType,
    attribute.dataVersion,
    attribute.createdAt,
    attribute.updatedAt,
  ];
  for (const name of seen) {
    const at = `s${conditions.length}`;
    names[`#${at}`] = name;
    const held = item[name];
    if (held === undefined) conditions.push(`attribute_not_exists(#${at})`);
    else {
      values[`:${at}`] = held;
      conditions.push(`#${at} = :${at}`);
    }
  }
  const removal = removes.length === 0 ? "" : ` REMOVE ${removes.join(", ")}`;
  return table.update({
    Key: attributesOf(keyOf(item)),
    UpdateExpression: `SET ${sets.join(", ")}${removal}`,
    ConditionExpression: conditions.join(" AND "),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  });
}

/** Whether an item has the new payload: nobody else makes the same of it and leaves UpdatedAt. */
function holds(item: Item, { data, version }: Fresh): boolean {
  const held = item[attribute.data];
  const isOfVersion = Number(item[attribute.dataVersion]?.N) === version;
  return isOfVersion && held !== undefined && attributeText(held) === attributeText(data);
}

function keyOf(item: Item): RawKey {
  return {
    PK: item[attribute.partitionKey]?.S ?? "",
    SK: item[attribute.sortKey]?.S ?? "",
  };
}

function outcomesOf({ entities, other, left, gone }: UpgradeReport): Outcomes {
  const sumOf = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((total, one) => total + one, 0);
  const all = Object.values(entities);
  return {
    upgraded: all.reduce((total, { upgraded }) => total + sumOf(upgraded), 0),
    "of the current version": all.reduce((total, { current }) => total + current, 0),
    "of a newer one": all.reduce((total, { newer }) => total + sumOf(newer), 0),
    "without versions": other,
    left: sumOf(left),
    "gone meanwhile": gone,
  };
}

function addTo(report: UpgradeReport, { upgraded, current, newer, other }: Tally): void {
  const countsOf = (name: string): VersionCounts => {
    const counts = report.entities[name] ?? { upgraded: {}, current: 0, newer: {} };
    report.entities[name] = counts;
    return counts;
  };
  const count = (counts: Record<string, number>, version: string): void => {
    counts[version] = (counts[version] ?? 0) + 1;
  };
  for (const { name, version } of upgraded) count(countsOf(name).upgraded, version);
  for (const { name } of current) countsOf(name).current += 1;
  for (const { name, version } of newer) count(countsOf(name).newer, version);
  report.other += other;
}
