/** Places in a stream as text: what `watch` gives with each change, and takes to go on from there. */
import { invalidAt } from "../errors/validation-error.js";
import { isObject } from "../runtime/objects.js";

/**
 * The place in a shard: its beginning; its end; where it was when the reader started, with nothing read
 * since; or after a record, by its sequence number.
 */
export type Position = "start" | "end" | "now" | { readonly after: string };

/** A place in a stream. */
export interface Place {
  /** The stream's ARN. */
  readonly stream: string;
  /** When it was noted, in epoch ms. */
  readonly at: number;
  /** Since when changes are wanted, in epoch ms: of shards at `now`. */
  readonly since: number;
  readonly shards: ReadonlyMap<string, Position>;
}

const version = 1;

/** Stands before a sequence number, which no other position begins with. */
const afterMark = ">";

export function checkpointOf({ stream, at, since, shards }: Place): string {
  const positions = [...shards].map(([id, position]) => [
    id,
    typeof position === "string" ? position : `${afterMark}${position.after}`,
  ]);
  return JSON.stringify({ version, stream, at, since, shards: Object.fromEntries(positions) });
}

/** A stream of thousands of shards takes far less. */
const longestText = 4_000_000;

/** @throws ValidationError for anything but a checkpoint of this version */
export function placeOf(text: unknown): Place {
  const fail = (message: string) =>
    invalidAt({ operation: "watch" }, "from", `${message}: ${rule}`);
  if (typeof text !== "string" || text.length > longestText) throw fail("is no checkpoint");
  const parsed = parsedOf(text);
  if (!isObject(parsed)) throw fail("is no checkpoint");
  if (parsed.version !== version) throw fail("is a checkpoint of another version");
  const { stream, at, since, shards } = parsed;
  if (typeof stream !== "string" || !isTime(at) || !isTime(since) || !isObject(shards)) {
    throw fail("is an incomplete checkpoint");
  }
  const positions = new Map<string, Position>();
  for (const [id, position] of Object.entries(shards)) {
    const known = positionOf(position);
    if (known === undefined) throw fail("is a checkpoint with a position that is none");
    positions.set(id, known);
  }
  return { stream, at, since, shards: positions };
}

const rule = 'give "now", "start", or the `checkpoint` of a change, unchanged';

function parsedOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function positionOf(text: unknown): Position | undefined {
  if (text === "start" || text === "end" || text === "now") return text;
  if (typeof text !== "string" || !/^>[\w.:-]{1,200}$/.test(text)) return undefined;
  return { after: text.slice(afterMark.length) };
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
