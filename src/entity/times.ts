/** Creation times as callers give them. */
import type { CallContext } from "../errors/context.js";
import { invalidAt } from "../errors/validation-error.js";
import { createdAtDigits } from "../table/table.js";

/** The latest creation time that the index can hold. */
export const latestTime = 10 ** createdAtDigits - 1;

/** The rule of a creation time. */
export const timeRule = `must be an integer from 0 to ${latestTime} (ms)`;

export function isTime(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= latestTime;
}

/** Reads a creation time given as an option. */
export function readTime(value: unknown, path: string, context: CallContext): number | undefined {
  if (value === undefined || isTime(value)) return value as number | undefined;
  throw invalidAt(context, path, timeRule);
}
