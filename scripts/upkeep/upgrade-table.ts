/** Rewrites payloads of older versions in the current one, beside whoever else reads and writes them. */

import type { EntityModel } from "../../src/entity/model.js";
import { isKeyOf } from "../../src/keys/template.js";
import type { Cipher } from "../../src/secrets/encryption.js";
import { attribute } from "../../src/table/table.js";
import { rawKeyText } from "../move/placement.js";
import type { Item, RawTable } from "../raw/raw-table.js";
import { ageOf, versionText } from "../raw/stored-versions.js";
import type { Outcomes } from "../run/account.js";
import {
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
import { freshOf, holds, keyOf, type LeftKind, replaced } from "./upgraded-item.js";

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

/** What is read of each item. */
const pathsOf = (models: readonly EntityModel[]): readonly string[] => [
  attribute.partitionKey,
  attribute.sortKey,
  attribute.entityType,
  attribute.dataVersion,
  attribute.createdAt,
  attribute.updatedAt,
  attribute.timeToLive,
  attribute.data,
  ...new Set(models.flatMap(({ indexKeys }) => indexKeys.map((key) => key.attribute))),
];

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
  const paths = pathsOf(models);
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
