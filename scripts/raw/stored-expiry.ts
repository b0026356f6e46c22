/** The expiry of an item as DynamoDB holds it. */
import { secondsOf } from "../../src/entity/expiry.js";
import { attribute } from "../../src/table/table.js";
import type { Item } from "./raw-table.js";

/** Whether an item's `TTL` has passed. @param now epoch ms */
export function hasExpired({ [attribute.timeToLive]: held }: Item, now: number): boolean {
  return held?.N !== undefined && Number(held.N) <= secondsOf(now);
}
