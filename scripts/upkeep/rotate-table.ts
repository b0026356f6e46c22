/** Encrypts the secrets of a table with the current key, beside whoever else reads and writes them. */
import { setTimeout as sleep } from "node:timers/promises";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Cipher } from "../../src/secrets/encryption.js";
import { attribute, type RawKey } from "../../src/table/table.js";
import { inParallel } from "../../src/write/batch.js";
import { rawKeyText } from "../move/placement.js";
import { type Item, projectionOf, type RawTable, type WriteOutcome } from "../raw/raw-table.js";
import { atStart, type Position, scanSegments } from "../raw/scan.js";
import {
  type StoredSecret,
  sealedValue,
  secretPaths,
  secretsOf,
  textOf,
  whyUnreadable,
} from "../raw/stored-secrets.js";
import { type Account, settled } from "../run/account.js";
import { openFindings } from "../run/findings-file.js";
import type { Run } from "../run/run-state.js";

/** Why a secret was left as it is. */
export type LeftKind = "unreadable" | "contended" | "leased";

/** What secrets in clear text are counted under. */
export const clearText = "(clear text)";

/** What was found and done so far. */
export interface RotationReport {
  items: number;
  /** Items by what became of them: without a secret, dealt with, left with a secret as it was. */
  plain: number;
  done: number;
  leftItems: number;
  /** Secrets that were encrypted anew, or would be, by the id of the key that they were under. */
  readonly rotated: Record<string, number>;
  /** Secrets that are under the current key already. */
  current: number;
  readonly left: Partial<Record<LeftKind, number>>;
  /** Writes that found the item changed and looked at it again. */
  lostRaces: number;
  /** Deleted by others between the scan and the write. */
  gone: number;
}

export interface RotationState {
  readonly positions: readonly Position[];
  /** Items whose token is being refreshed: they are come back to. */
  readonly leased: readonly RawKey[];
  readonly report: RotationReport;
  readonly findingsBytes: number;
}

export interface RotationOptions {
  readonly cipher: Cipher;
  readonly segments: number;
  readonly dryRun?: boolean | undefined;
  /** The checkpoint; a dry run keeps none. */
  readonly run?: Run<RotationState> | undefined;
  /** Gets a line per secret that was left, with its item's key. */
  readonly findingsPath: string;
  /** How long it waits for the end of a refresh, in ms. @default 120000 */
  readonly leaseWaitMs?: number | undefined;
  readonly now?: (() => number) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((items: number) => void) | undefined;
}

export interface Left {
  readonly kind: LeftKind;
  readonly key: string;
  /** Names fields and keys by their ids, never a value. */
  readonly rule: string;
}

export interface Rotation {
  readonly report: RotationReport;
  /** Every item that was read, and what became of it. */
  readonly account: Account;
  /** The first secrets that were left. */
  readonly examples: readonly Left[];
}

/** Items that are dealt with at once. */
const writesInFlight = 16;
/** Others may write an item all the time: it is tried so often, then it is reported. */
const mostTries = 20;
/** A checkpoint comes no more often, in ms. */
const checkpointMs = 500;
const mostExamples = 20;
/** How often it looks whether a refresh has ended, in ms. */
const leasePollMs = 200;

/**
 * Encrypts every secret that is in clear text or under another key. Each write is conditional on the
 * stored values being as they were read and on no refresh being under way, whose new token must find
 * the old one as it was. UpdatedAt stays: nothing that a reader sees has changed, and whoever holds a
 * lock on it must not lose it.
 * @throws what a request threw; the checkpoint then holds what was done
 * @throws AccountError where an item that was read has no outcome, or two
 */
export async function rotateTable(table: RawTable, options: RotationOptions): Promise<Rotation> {
  const { cipher, segments, dryRun = false, run, findingsPath, signal, onProgress } = options;
  const { leaseWaitMs = 120_000, now = Date.now } = options;
  const saved = ofThisVersion(run?.state);
  const report = saved === undefined ? newReport() : structuredClone(saved.report);
  const positions: Position[] = [...(saved?.positions ?? atStart(segments))];
  let leased: readonly RawKey[] = saved?.leased ?? [];
  const findings = await openFindings(findingsPath, saved?.findingsBytes ?? 0);
  const examples: Left[] = [];
  let savedAt = performance.now();

  const read = ({ PK, SK }: RawKey): Promise<Item | undefined> =>
    table.get({
      Key: { [attribute.partitionKey]: { S: PK }, [attribute.sortKey]: { S: SK } },
      ConsistentRead: true,
      ...projectionOf(secretPaths),
    });

  /** Deals with an item. @returns its key where it is to be come back to */
  const handle = async (found: Item | undefined, tally: Tally): Promise<RawKey | undefined> => {
    const current = await cipher.currentKey();
    let item = found;
    for (let attempt = 1; item !== undefined; attempt += 1) {
      const secrets = secretsOf(item);
      const stale = secrets.filter(({ keyId }) => keyId !== current.id);
      const [first] = stale;
      if (first !== undefined && !dryRun && isLeased(item, now())) return first.place.key;
      const fresh = await sealedAnew(stale, cipher, current);
      const settle = (): undefined => {
        tally.current += secrets.length - stale.length;
        for (const { keyId = clearText } of fresh.keys()) tally.rotated.push(keyId);
        for (const [secret, rule] of fresh.unreadable) {
          tally.left.push({ kind: "unreadable", key: keyText(secret), rule });
        }
        if (fresh.unreadable.length > 0) tally.leftItems += 1;
        else tally.done += 1;
      };
      if (first === undefined || fresh.size === 0 || dryRun) return settle();
      const outcome = await replaced(table, first.place.key, fresh, now());
      if (outcome === "done") return settle();
      // Whoever writes it all the time gets out of step.
      if (attempt > 2) await sleep(Math.random() * 5 * attempt);
      item = await read(first.place.key);
      if (outcome === "inDoubt" && item !== undefined && holds(item, fresh)) return settle();
      tally.lostRaces += 1;
      if (attempt === mostTries) {
        const rule = `others wrote it ${mostTries} times in a row`;
        tally.left.push({ kind: "contended", key: keyText(first), rule });
        tally.leftItems += 1;
        return undefined;
      }
    }
    tally.gone += 1;
    return undefined;
  };

  // One at a time: a checkpoint holds whole pages, with their counts and findings.
  let commits: Promise<void> = Promise.resolve();
  const commit = (step: () => Promise<void>): Promise<void> => {
    const done = commits.then(step);
    commits = done.catch(() => undefined);
    return done;
  };
  const checkpoint = async (): Promise<void> => {
    savedAt = performance.now();
    const state = { positions: [...positions], leased, report: structuredClone(report) };
    await run?.save({ ...state, findingsBytes: findings.bytes });
  };
  const take = async (tally: Tally, items: number): Promise<void> => {
    for (const left of tally.left) await findings.add(left);
    examples.push(...tally.left.slice(0, mostExamples - examples.length));
    addTo(report, tally, items);
  };

  /** Waits for the ends of the refreshes that were under way. */
  const comeBack = async (): Promise<void> => {
    const until = performance.now() + leaseWaitMs;
    while (leased.length > 0) {
      signal?.throwIfAborted();
      const tally = newTally();
      const again: RawKey[] = [];
      await inParallel(leased, writesInFlight, async (key) => {
        const still = await handle(await read(key), tally);
        if (still !== undefined) again.push(still);
      });
      const over = performance.now() >= until;
      for (const { PK, SK } of over ? again : []) {
        const rule = "its token is being refreshed all the time: rotate again later";
        tally.left.push({ kind: "leased", key: `${PK} / ${SK}`, rule });
        tally.leftItems += 1;
      }
      await commit(async () => {
        await take(tally, 0);
        leased = over ? [] : again;
      });
      if (leased.length > 0) await sleep(leasePollMs);
    }
  };

  // What earlier runs read is in the report already.
  const before = report.items;
  try {
    const read = await scanSegments(table, {
      positions: [...positions],
      signal,
      input: { ...projectionOf(secretPaths), ConsistentRead: false },
      onPage: async ({ segment, items, next }) => {
        const tally = newTally();
        const waiting: RawKey[] = [];
        const withSecrets = items.filter((item) => secretsOf(item).length > 0);
        tally.plain += items.length - withSecrets.length;
        await inParallel(withSecrets, writesInFlight, async (item) => {
          const key = await handle(item, tally);
          if (key !== undefined) waiting.push(key);
        });
        await commit(async () => {
          await take(tally, items.length);
          leased = [...leased, ...waiting];
          positions[segment] = next;
          if (performance.now() - savedAt >= checkpointMs) await checkpoint();
        });
        onProgress?.(items.length);
      },
    });
    await comeBack();
    const account = accountOf(before + read, report);
    await run?.finish();
    return { report, account, examples };
  } catch (error) {
    await commit(checkpoint);
    throw error;
  } finally {
    await findings.close();
  }
}

/**
 * A checkpoint of version 0.1.0 does not count items by outcome: its run begins again, and finds done
 * what is done.
 */
function ofThisVersion(state: RotationState | undefined): RotationState | undefined {
  const done: unknown = state?.report.done;
  return typeof done === "number" ? state : undefined;
}

/** @throws AccountError */
function accountOf(read: number, { plain, done, leftItems, gone }: RotationReport): Account {
  const outcomes = {
    "without secrets": plain,
    "dealt with": done,
    left: leftItems,
    "gone meanwhile": gone,
  };
  return settled("items", read, outcomes, "rotate again with --restart");
}

/** New values of secrets, and of those that could not be read the reason. */
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

/** Whether an item has the new values: each is encrypted with an IV of its own, so they are ours. */
function holds(item: Item, fresh: Fresh): boolean {
  const data = item[attribute.data]?.M;
  return [...fresh].every(([{ place }, text]) => data?.[place.field]?.S === text.S);
}

/** Stores new values in place of those that were read, if they are still there. */
function replaced(
  table: RawTable,
  { PK, SK }: RawKey,
  fresh: Fresh,
  now: number,
): Promise<WriteOutcome> {
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
    Key: { [attribute.partitionKey]: { S: PK }, [attribute.sortKey]: { S: SK } },
    UpdateExpression: `SET ${sets.join(", ")}`,
    ConditionExpression: conditions.join(" AND "),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  });
}

function keyText({ place: { key } }: StoredSecret): string {
  return rawKeyText({
    [attribute.partitionKey]: { S: key.PK },
    [attribute.sortKey]: { S: key.SK },
  });
}

/** What became of some items: counted when all of them are dealt with. */
interface Tally {
  readonly rotated: string[];
  readonly left: Left[];
  current: number;
  plain: number;
  done: number;
  leftItems: number;
  lostRaces: number;
  gone: number;
}

function newTally(): Tally {
  const items = { plain: 0, done: 0, leftItems: 0, gone: 0 };
  return { rotated: [], left: [], current: 0, lostRaces: 0, ...items };
}

function newReport(): RotationReport {
  const items = { items: 0, plain: 0, done: 0, leftItems: 0, gone: 0 };
  return { ...items, rotated: {}, current: 0, left: {}, lostRaces: 0 };
}

function addTo(report: RotationReport, tally: Tally, items: number): void {
  report.items += items;
  report.plain += tally.plain;
  report.done += tally.done;
  report.leftItems += tally.leftItems;
  report.current += tally.current;
  report.lostRaces += tally.lostRaces;
  report.gone += tally.gone;
  for (const keyId of tally.rotated) report.rotated[keyId] = (report.rotated[keyId] ?? 0) + 1;
  for (const { kind } of tally.left) report.left[kind] = (report.left[kind] ?? 0) + 1;
}
