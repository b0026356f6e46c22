/** Reads what a table's stream still has of one item: so much of it, and no longer than somebody waits. */
import type { _Record } from "@aws-sdk/client-dynamodb-streams";
import { AbortedError } from "../errors/aborted-error.js";
import { wrapDynamoDBError } from "../errors/wrap.js";
import { systemClock } from "../runtime/clock.js";
import { firstOf } from "../runtime/signals.js";
import type { LayerSource } from "../store/layer-source.js";
import { lostError } from "../streams/lost-error.js";
import { installedSdk, StreamClient } from "../streams/stream-client.js";
import { StreamReader } from "../streams/stream-reader.js";
import { type Described, streamOf } from "../streams/watch.js";
import { attribute, type RawKey } from "../table/table.js";

interface StreamLimits {
  readonly mostRequests: number;
  /** Records of all items. */
  readonly mostRecords: number;
  /** In ms. */
  readonly mostTime: number;
}

const usualLimits: StreamLimits = {
  ...{ mostRequests: 300, mostRecords: 20_000, mostTime: 15_000 },
};

/** Records of the item that are kept: the newest. */
const mostKept = 50;
/** DynamoDB may answer without records before it comes to some. */
const emptyReads = 3;
const pace = { parallel: 10, idleMs: 250, patienceMs: 5_000 };

export interface ItemRecords {
  /** In the order in which they happened. */
  readonly records: readonly _Record[];
  /** Records of all items that were read. */
  readonly read: number;
  /** Whether a limit ended it before the end of the stream. */
  readonly stopped: boolean;
  /** Whether the item has older records that were read, and are not among these. */
  readonly older: boolean;
}

interface ItemStreamOptions {
  readonly signal: AbortSignal;
  /** Called for each request to the stream. */
  readonly onRequest: (name: string) => void;
  readonly limits?: StreamLimits;
}

/** The requests to a stream, counted. */
class CountedClient extends StreamClient {
  requests = 0;
  onRequest: (name: string) => void = () => undefined;

  #count(name: string): void {
    this.requests += 1;
    this.onRequest(name);
  }
  override describe(signal: AbortSignal) {
    this.#count("DescribeStream");
    return super.describe(signal);
  }
  override iterator(...given: Parameters<StreamClient["iterator"]>) {
    this.#count("GetShardIterator");
    return super.iterator(...given);
  }
  override page(iterator: string, signal: AbortSignal) {
    this.#count("GetRecords");
    return super.page(iterator, signal);
  }
}

/**
 * Reads the stream from its oldest record to its end, as far as that can be told: to where no shard has had
 * anything for some reads.
 * @throws ConfigurationError without a stream, or without the SDK's client of streams
 * @throws AbortedError once the signal is aborted
 */
export async function readItemStream(
  source: LayerSource,
  data: object,
  key: RawKey,
  { signal, onRequest, limits = usualLimits }: ItemStreamOptions,
): Promise<ItemRecords> {
  const operation = "explore";
  const either = firstOf(signal, source.transport.closing);
  let client: CountedClient | undefined;
  try {
    either.signal.throwIfAborted();
    const sdk = installedSdk(operation);
    const arn = await streamOf(source, data as Described, either.signal);
    client = new CountedClient(sdk, source, arn);
    client.onRequest = onRequest;
    return await readToEnd(client, key, either.signal, limits);
  } catch (error) {
    if (!either.signal.aborted) throw wrapDynamoDBError(error, { operation });
    throw new AbortedError({ message: "explore: aborted", cause: either.signal.reason });
  } finally {
    client?.close();
    either.release();
  }
}

async function readToEnd(
  client: CountedClient,
  key: RawKey,
  signal: AbortSignal,
  { mostRequests, mostRecords, mostTime }: StreamLimits,
): Promise<ItemRecords> {
  const until = systemClock.now() + mostTime;
  const reader = new StreamReader(client, pace, signal, async ({ shard }) => {
    throw lostError(shard);
  });
  const records: _Record[] = [];
  let [read, older, stopped] = [0, false, false];
  const { shards } = await reader.describe();
  reader.shards.begin(shards, "start");
  const isAtEnd = () =>
    !reader.shards.isIncomplete &&
    reader.shards.readable().every((shard) => shard.emptyReads >= emptyReads);
  for await (const page of reader.pages()) {
    for (const record of page?.records ?? []) {
      read += 1;
      if (page !== null) page.shard.position = { after: record.dynamodb?.SequenceNumber ?? "" };
      if (!isOf(record, key)) continue;
      records.push(record);
      if (records.length > mostKept) older = records.shift() !== undefined;
    }
    if (isAtEnd()) break;
    stopped = read >= mostRecords || client.requests >= mostRequests || systemClock.now() >= until;
    if (stopped) break;
  }
  return { records, read, stopped, older };
}

function isOf({ dynamodb }: _Record, key: RawKey): boolean {
  return [attribute.partitionKey, attribute.sortKey].every(
    (name) => dynamodb?.Keys?.[name]?.S === key[name],
  );
}
