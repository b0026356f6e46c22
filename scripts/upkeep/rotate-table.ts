/** Encrypts the secrets of a table with the current key, beside whoever else reads and writes them. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Cipher } from "../../src/secrets/encryption.js";
import { attribute, type RawKey } from "../../src/table/table.js";
import { inParallel } from "../../src/transport/parallel.js";
import { rawKeyText } from "../move/placement.js";
import type { Item, RawTable, WriteOutcome } from "../raw/raw-table.js";
import {
  type StoredSecret,
  sealedValue,
  secretPaths,
  secretsOf,
  textOf,
  whyUnreadable,
} from "../raw/stored-secrets.js";
import type { Outcomes } from "../run/account.js";
import {
  attributesOf,
  changeItem,
  emptyReport,
  emptyTally,
  itemsInFlight,
  readNow,
  type SweepOptions,
  type SweepReport,
  type SweepState,
  type SweepTally,
  type Swept,
  sweepTable,
} from "./sweep.js";

/** Why a secret was left as it is. */
export type LeftKind = "unreadable" | "contended" | "leased";

/** What secrets in clear text are counted under. */
export const clearText = "(clear text)";

/** What was found and done so far. */
export interface RotationReport extends SweepReport<LeftKind> {
  /** Items by what became of them: without a secret, dealt with, left with a secret as it was. */
  plain: number;
  done: number;
  leftItems: number;
  /** Secrets that were re-encrypted, or would be, by the id of their old key. */
  readonly rotated: Record<string, number>;
  /** Secrets that were under the current key already. */
  current: number;
}

export interface RotationState extends SweepState<RotationReport> {
  /** Items whose token is being refreshed: they are looked at again. */
  readonly leased: readonly RawKey[];
}

export interface RotationOptions extends SweepOptions<RotationState> {
  readonly cipher: Cipher;
  /** How long to wait for the end of a refresh, in ms. @default 120000 */
  readonly leaseWaitMs?: number | undefined;
}

export type Rotation = Swept<LeftKind, RotationReport>;

interface Tally extends SweepTally<LeftKind> {
  readonly rotated: string[];
  /** Keys of items whose token is being refreshed. */
  readonly leased: RawKey[];
  /** Keys that were looked at again. */
  readonly revisited: ReadonlySet<RawKey>;
  current: number;
  plain: number;
  done: number;
  leftItems: number;
}

/** How often to look whether a refresh has ended, in ms. */
const leasePollMs = 200;

/**
 * Encrypts every secret that is in clear text or under another key. Each write is conditional on the
 * stored values being as they were read and on no refresh being under way, whose new token must find
 * the old one as it was. UpdatedAt stays: nothing that a reader sees has changed, and whoever holds a
 * lock on it must not lose it.
 * @throws what a request threw; the checkpoint then holds what was done
 * @throws AccountError if an item that was read has no outcome, or two
 */
export async function rotateTable(table: RawTable, options: RotationOptions): Promise<Rotation> {
  const { cipher, dryRun = false, run, signal, leaseWaitMs = 120_000, now = Date.now } = options;
  const saved = ofThisVersion(run?.state);
  const report = saved === undefined ? newReport() : structuredClone(saved.report);
  let leased: readonly RawKey[] = saved?.leased ?? [];

  const rotate = async (key: RawKey, found: Item | undefined, tally: Tally): Promise<void> => {
    const current = await cipher.currentKey();
    const read = () => readNow(table, key, secretPaths());
    await changeItem(found, tally, read, async (item) => {
      const secrets = secretsOf(item);
      const stale = secrets.filter(({ keyId }) => keyId !== current.id);
      const [first] = stale;
      if (first !== undefined && !dryRun && isLeased(item, now())) {
        tally.leased.push(key);
        return null;
      }
      const fresh = await sealedAnew(stale, cipher, current);
      const settle = (): void => {
        tally.current += secrets.length - stale.length;
        for (const { keyId = clearText } of fresh.keys()) tally.rotated.push(keyId);
        for (const [secret, rule] of fresh.unreadable) {
          tally.left.push({ kind: "unreadable", key: keyText(secret), rule });
        }
        if (fresh.unreadable.length > 0) tally.leftItems += 1;
        else tally.done += 1;
      };
      if (first === undefined || fresh.size === 0 || dryRun) {
        settle();
        return null;
      }
      return {
        write: () => replaced(table, key, fresh, now()),
        isIn: (stored) => holds(stored, fresh),
        settle,
        leave: (rule) => {
          tally.left.push({ kind: "contended", key: keyText(first), rule });
          tally.leftItems += 1;
        },
      };
    });
  };

  const deal = async (item: Item, tally: Tally): Promise<void> => {
    const [first] = secretsOf(item);
    if (first === undefined) tally.plain += 1;
    else await rotate(first.place.key, item, tally);
  };

  /** Waits for the ends of the refreshes that were under way. */
  const comeBack = async (take: (tally: Tally) => Promise<void>): Promise<void> => {
    const until = performance.now() + leaseWaitMs;
    while (leased.length > 0) {
      signal?.throwIfAborted();
      const tally = newTally(leased);
      await inParallel(leased, itemsInFlight, async (key) => {
        await rotate(key, await readNow(table, key, secretPaths()), tally);
      });
      if (performance.now() >= until) {
        const rule = "its token was being refreshed at every attempt: rotate again later";
        for (const { PK, SK } of tally.leased.splice(0)) {
          tally.left.push({ kind: "leased", key: `${PK} / ${SK}`, rule });
          tally.leftItems += 1;
        }
      }
      await take(tally);
      if (leased.length > 0) await sleep(leasePollMs);
    }
  };

  return sweepTable(table, options, saved, {
    paths: secretPaths(),
    report,
    newTally: () => newTally(),
    deal,
    add: (tally) => {
      addTo(report, tally);
      leased = [...leased.filter((key) => !tally.revisited.has(key)), ...tally.leased];
    },
    kept: () => ({ leased }),
    atEnd: comeBack,
    outcomes: () => outcomesOf(report),
    hint: "rotate again with --restart",
  });
}

/**
 * A checkpoint of version 0.1.0 does not count items by outcome: its run begins again, and finds that
 * most is done.
 */
function ofThisVersion(state: RotationState | undefined): RotationState | undefined {
  const done: unknown = state?.report.done;
  return typeof done === "number" ? state : undefined;
}

function outcomesOf({ plain, done, leftItems, gone }: RotationReport): Outcomes {
  return { "without secrets": plain, "dealt with": done, left: leftItems, "gone meanwhile": gone };
}

/** New values of secrets, and why some could not be read. */
class Fresh extends Map<StoredSecret, AttributeValue> {
  readonly unreadable: (readonly [StoredSecret, string])[] = [];
}

async function sealedAnew(
  stale: readonly StoredSecret[],
  cipher: Cipher,
  current: Awaited<ReturnType<Cipher["currentKey"]>>,
): Promise<Fresh> {
  const fresh = new Fresh();
  for (const secret of stale) {
    const opened = await textOf(secret, cipher);
    if ("reason" in opened) fresh.unreadable.push([secret, whyUnreadable(secret, opened)]);
    else fresh.set(secret, await sealedValue(opened.text, secret, cipher, current));
  }
  return fresh;
}

function isLeased(item: Item, now: number): boolean {
  return Number(item[attribute.leaseUntil]?.N ?? 0) >= now;
}

/**
 * Whether an item has the new values. Each is encrypted with an IV of its own, so nobody else wrote
 * them.
 */
function holds(item: Item, fresh: Fresh): boolean {
  const data = item[attribute.data]?.M;
  return [...fresh].every(([{ place }, text]) => data?.[place.field]?.S === text.S);
}

/** Replaces the values that were read by the new ones, if they are still there. */
function replaced(table: RawTable, key: RawKey, fresh: Fresh, now: number): Promise<WriteOutcome> {
  const names: Record<string, string> = { "#data": attribute.data, "#lease": attribute.leaseUntil };
  const values: Item = { ":now": { N: String(now) } };
  const sets: string[] = [];
  const conditions = ["(attribute_not_exists(#lease) OR #lease < :now)"];
  for (const [{ place, value }, text] of fresh) {
    const at = sets.length;
    names[`#s${at}`] = place.field;
    values[`:s${at}`] = value;
    values[`:n${at}`] = text;
    sets.push(`#data.#s${at} = :n${at}`);
    conditions.push(`#data.#s${at} = :s${at}`);
  }
  return table.update({
    Key: attributesOf(key),
    UpdateExpression: `SET ${sets.join(", ")}`,
    ConditionExpression: conditions.join(" AND "),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  });
}

function keyText({ place: { key } }: StoredSecret): string {
  return rawKeyText(attributesOf(key));
}

const noItems = { current: 0, plain: 0, done: 0, leftItems: 0 };

function newTally(again: readonly RawKey[] = []): Tally {
  const revisited = new Set(again);
  return { ...emptyTally<LeftKind>(), ...noItems, rotated: [], leased: [], revisited };
}

function newReport(): RotationReport {
  return { ...emptyReport<LeftKind>(), ...noItems, rotated: {} };
}

function addTo(report: RotationReport, tally: Tally): void {
  report.plain += tally.plain;
  report.done += tally.done;
  report.leftItems += tally.leftItems;
  report.current += tally.current;
  for (const keyId of tally.rotated) report.rotated[keyId] = (report.rotated[keyId] ?? 0) + 1;
}
