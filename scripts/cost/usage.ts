/** The capacity units that calls took, from the events of requests or the sums of `data.stats()`. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { ConfigurationError } from "../../src/index.js";
import { isRecord } from "./json.js";

/** What one kind of call took. */
export interface Usage {
  /** `query SavedContent by GSI1`, or what a person called it. */
  readonly what: string;
  readonly requests: number;
  readonly readUnits: number;
  readonly writeUnits: number;
}

/** What a file of events tells. */
export interface Observed {
  readonly usages: readonly Usage[];
  /** Events that had no units: of requests that failed, or of an engine that reports none. */
  readonly withoutUnits: number;
  /** Lines that are no events, such as others of a log. */
  readonly otherLines: number;
  /** From the first to the last event, in ms, if the lines have a `time`. */
  readonly spanMs: number | undefined;
}

const writes: ReadonlySet<unknown> = new Set([
  "BatchWrite",
  "Delete",
  "Put",
  "TransactWrite",
  "Update",
]);
const reads: ReadonlySet<unknown> = new Set(["BatchGet", "Get", "Query", "Scan", "TransactGet"]);

/** Whether a request takes write units, by its name in an event. */
export function isWrite(request: string): boolean {
  return writes.has(request);
}

/** A line of the file: an event, or a sum of many. */
interface Line {
  readonly request: string;
  readonly operation?: unknown;
  readonly entity?: unknown;
  readonly index?: unknown;
  readonly consumedCapacity?: unknown;
  readonly units?: unknown;
  readonly requests?: unknown;
  readonly time?: unknown;
}

/**
 * Reads events, one JSON object a line: what `events` received, a log of pino's with its `time`, or the
 * sums of `data.stats()`.
 * @throws ConfigurationError if no line is an event
 */
export async function readEvents(file: string): Promise<Observed> {
  const sums = new Map<string, { requests: number; readUnits: number; writeUnits: number }>();
  let [withoutUnits, otherLines, first, last] = [0, 0, Number.POSITIVE_INFINITY, 0];
  const add = (line: Line): void => {
    const what = patternOf(line);
    const sum = sums.get(what) ?? { requests: 0, readUnits: 0, writeUnits: 0 };
    sums.set(what, sum);
    const units = numberIn(line.units) ?? numberIn(line.consumedCapacity);
    if (units === undefined) withoutUnits += 1;
    sum.requests += numberIn(line.requests) ?? 1;
    sum[isWrite(line.request) ? "writeUnits" : "readUnits"] += units ?? 0;
    const time = timeOf(line.time);
    if (time === undefined) return;
    first = Math.min(first, time);
    last = Math.max(last, time);
  };
  for await (const text of createInterface({ input: createReadStream(file) })) {
    if (text.trim() === "") continue;
    const lines = linesIn(text);
    if (lines.length === 0) otherLines += 1;
    for (const line of lines) add(line);
  }
  if (sums.size === 0) {
    throw new ConfigurationError(`--from ${file} has no events: a line of it must be one, as JSON`);
  }
  const usages = [...sums].map(([what, sum]) => ({ what, ...sum }));
  return { usages, withoutUnits, otherLines, spanMs: last > first ? last - first : undefined };
}

/** The events in a line: one, or those of an array. */
function linesIn(text: string): Line[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // A log has other lines, too; the command says how many were left out.
    return [];
  }
  return [value].flat().filter(isLine);
}

function isLine(value: unknown): value is Line {
  return isRecord(value) && (reads.has(value.request) || writes.has(value.request));
}

/** The access pattern, as spans name it: the call, its entity and its index. */
function patternOf({ operation, entity, index, request }: Line): string {
  const call = typeof operation === "string" ? operation : request;
  const of = typeof entity === "string" ? ` ${entity}` : "";
  return `${call}${of}${typeof index === "string" ? ` by ${index}` : ""}`;
}

function numberIn(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && Number.isFinite(value) ? value : undefined;
}

/** Epoch ms, or a date as text, as loggers write them. */
function timeOf(value: unknown): number | undefined {
  const time = typeof value === "string" ? Date.parse(value) : numberIn(value);
  return time === undefined || Number.isNaN(time) ? undefined : time;
}
