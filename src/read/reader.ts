/** Reads items by their keys: one, or any number. */
import type { BatchGetCommandOutput } from "@aws-sdk/lib-dynamodb";
import type { Call } from "../call/call.js";
import type { ReadOptions } from "../entity/projection.js";
import { endOf } from "../errors/notes.js";
import { whyLeft } from "../errors/words.js";
import { limits, type RawItem, type RawKey } from "../table/table.js";
import { batchesInFlight, chunksOf, inParallel } from "../transport/parallel.js";
import type { Transport } from "../transport/transport.js";

/** A table, and the transport that sends requests to it. */
export interface Table {
  readonly transport: Transport;
  readonly tableName: string;
}

/** Reads single items for the stores of one data layer; `undefined` if there is none. */
export interface Reader {
  read(key: RawKey, options: ReadOptions, call: Call): Promise<RawItem | undefined>;
}

/** The result of reading many keys. */
export interface ManyRead {
  /** The items by {@link keyId}. */
  readonly items: Map<string, RawItem>;
  /** The ids of the keys that were not read. */
  readonly left: Set<string>;
  /** Why some keys were not read, as the end of a message. */
  readonly why: string;
  /** The error that ended the reading of some, if one did. */
  readonly cause: unknown;
}

/** A text that identifies a key. */
export function keyId({ PK, SK }: RawKey): string {
  // The length shows where the partition key ends and the sort key begins.
  return `${PK.length}:${PK}${SK}`;
}

/** The keys of some keys or items by {@link keyId}, each once. */
export function keysById(keyed: readonly RawKey[]): Map<string, RawKey> {
  return new Map(keyed.map(({ PK, SK }) => [keyId({ PK, SK }), { PK, SK }]));
}

const asItIs: ReadOptions = { consistent: false, projection: undefined };

/** The whole item as it is now, including every successful write. */
export const asItIsNow: ReadOptions = { consistent: true, projection: undefined };

/** The read options as `Get` and each table of a `BatchGet` expect them. */
function readRequest({ projection, consistent }: ReadOptions) {
  return { ...projection, ...(consistent && { ConsistentRead: true }) };
}

/** Reads one item; `undefined` if there is none. */
export async function readOne(
  { transport, tableName }: Table,
  { PK, SK }: RawKey,
  call: Call,
  options = asItIs,
): Promise<RawItem | undefined> {
  const input = { TableName: tableName, Key: { PK, SK }, ...readRequest(options) };
  const answer = await transport.send("Get", input, call);
  return answer.Item as RawItem | undefined;
}

/**
 * Reads any number of items, with ⌈keys/100⌉ requests in parallel.
 * @param keys as {@link keysById} makes them
 * @param onRead called for keys that are read while others still are not, with the items that there are
 */
export async function readMany(
  { transport, tableName }: Table,
  keys: ReadonlyMap<string, RawKey>,
  call: Call,
  options = asItIs,
  onRead?: (ids: readonly string[], items: ReadonlyMap<string, RawItem>) => void,
): Promise<ManyRead> {
  const items = new Map<string, RawItem>();
  const left = new Set<string>();
  let why = "";
  let cause: unknown;
  const read = async (Keys: RawKey[]) => {
    const input = { RequestItems: { [tableName]: { Keys, ...readRequest(options) } } };
    const note = ({ Responses, UnprocessedKeys }: BatchGetCommandOutput): string[] => {
      const found = (Responses?.[tableName] ?? []) as RawItem[];
      for (const item of found) items.set(keyId(item), item);
      return ((UnprocessedKeys?.[tableName]?.Keys ?? []) as RawKey[]).map(keyId);
    };
    const onPart =
      onRead &&
      ((part: object) => {
        const unread = new Set(note(part as BatchGetCommandOutput));
        onRead(
          Keys.map(keyId).filter((id) => !unread.has(id)),
          items,
        );
      });
    const answer = await transport.send("BatchGet", input, onPart ? { ...call, onPart } : call);
    const unread = note(answer);
    for (const id of unread) left.add(id);
    if (unread.length === 0 || cause !== undefined) return;
    why = whyLeft(answer);
    cause = endOf(answer);
  };
  await inParallel(chunksOf([...keys.values()], limits.batchGetKeys), batchesInFlight, read);
  return { items, left, why, cause };
}

/** Not yet one of this package's errors. Each caller wraps it in its own, which names the call. */
export function leftUnprocessed(why: string): Error {
  const error = new Error(`DynamoDB left the key unprocessed${why}`);
  error.name = "ProvisionedThroughputExceededException";
  return error;
}
