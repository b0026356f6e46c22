/** From units to money: what a month costs. */
import type { Prices } from "./prices.js";
import type { Usage } from "./usage.js";

/** A line of a month's bill. */
export interface BillLine extends Usage {
  readonly cost: number;
}

export interface Bill {
  /** The dearest first. */
  readonly calls: readonly BillLine[];
  readonly storageGB: number;
  readonly storage: number;
  readonly recovery: number;
  readonly streamReads: number;
  readonly streams: number;
  readonly total: number;
}

/** What a month has besides calls. */
export interface Besides {
  readonly storageGB: number;
  readonly streamReads: number;
  /** Whether point-in-time recovery is on. */
  readonly recovery: boolean;
}

/** @param factor how often what was used fits a month */
export function billOf(
  usages: readonly Usage[],
  factor: number,
  { storageGB, streamReads, recovery }: Besides,
  prices: Prices,
): Bill {
  const calls = usages
    .map(({ what, requests, readUnits, writeUnits }): BillLine => {
      const [reads, writes] = [readUnits * factor, writeUnits * factor];
      const cost =
        millions(reads, prices.perMillionReadUnits) + millions(writes, prices.perMillionWriteUnits);
      return { what, requests: requests * factor, readUnits: reads, writeUnits: writes, cost };
    })
    .toSorted((a, b) => b.cost - a.cost);
  const storage = storageGB * prices.perGbMonth;
  const kept = recovery ? storageGB * prices.perGbMonthOfRecovery : 0;
  const streams = millions(streamReads, prices.perMillionStreamReads);
  const ofCalls = calls.reduce((sum, { cost }) => sum + cost, 0);
  const total = ofCalls + storage + kept + streams;
  return { calls, storageGB, storage, recovery: kept, streamReads, streams, total };
}

function millions(units: number, price: number): number {
  return (units / 1_000_000) * price;
}
