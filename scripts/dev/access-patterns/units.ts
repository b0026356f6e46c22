/** The capacity units of all requests of this process, as the engine reports them. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { RequestEvent } from "../../../src/index.js";
import { isWrite } from "../../cost/usage.js";

export interface Units {
  readonly readUnits: number;
  readonly writeUnits: number;
}

const channel = "tracing:bayon-coagent-data.request:asyncEnd";

/** Runs a call, and adds up the units of its requests, those of the process-wide client too. */
export async function unitsOf<T>(call: () => Promise<T>): Promise<[result: T, units: Units]> {
  let [readUnits, writeUnits] = [0, 0];
  const hear = (message: unknown) => {
    const { event } = message as { readonly event: RequestEvent };
    const units = event.consumedCapacity ?? 0;
    if (isWrite(event.request)) writeUnits += units;
    else readUnits += units;
  };
  subscribe(channel, hear);
  try {
    const result = await call();
    return [result, { readUnits, writeUnits }];
  } finally {
    unsubscribe(channel, hear);
  }
}

/**
 * A clock that shows another millisecond each time, from a day that stays the same. Items have the same
 * size in each run then: DynamoDB counts the digits of a number without the zeros at its end.
 */
export function steadyClock(): { now(): number } {
  let time = Date.UTC(2025, 6, 1);
  return {
    now: () => {
      time += 1;
      return time;
    },
  };
}
