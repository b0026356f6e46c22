/** A table with a stream, and its records as the SDK returns them: nothing of the package is between. */
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type _Record as SdkRecord,
} from "@aws-sdk/client-dynamodb-streams";
import type { StreamRecord } from "../../src/streams/index.js";
import { startEngine, type TestDataLayer } from "../../src/testing/index.js";
import { engines, type TestEngine } from "../engines.js";

/** The engines with streams: all but dynalite. */
export const streamEngines = engines.filter(({ engine }) => engine !== "dynalite");

/** A block for each engine with streams; where none is installed, the block is there and skipped. */
export const describeStreams =
  streamEngines.length > 0 ? describe.each(streamEngines) : describe.skip.each<TestEngine>(engines);

/** An engine for the tests of one block. */
export function useEngine(name: string) {
  const state: { engine?: Awaited<ReturnType<typeof startEngine>> } = {};
  beforeAll(async () => {
    state.engine = await startEngine({ engine: name });
  });
  afterAll(() => state.engine?.close());
  return () => {
    if (state.engine === undefined) throw new Error("the engine runs within tests only");
    return state.engine;
  };
}

type Placed = Pick<TestDataLayer, "engine" | "table">;

/** Every record of a table's stream, from the first one on. */
export async function recordsOf(data: Placed): Promise<SdkRecord[]> {
  const { endpoint, region, credentials } = data.engine;
  const client = new DynamoDBStreamsClient({ endpoint, region, credentials });
  const StreamArn = (await data.table.describe())?.stream?.arn;
  if (StreamArn === undefined) throw new Error("the table has no stream");
  const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamArn }));
  const records: SdkRecord[] = [];
  for (const { ShardId } of StreamDescription?.Shards ?? []) {
    const type = { ShardIteratorType: "TRIM_HORIZON" } as const;
    const begin = await client.send(new GetShardIteratorCommand({ StreamArn, ShardId, ...type }));
    let { ShardIterator } = begin;
    for (;;) {
      const page = await client.send(new GetRecordsCommand({ ShardIterator }));
      records.push(...(page.Records ?? []));
      ShardIterator = page.NextShardIterator;
      if (ShardIterator === undefined || page.Records?.length === 0) break;
    }
  }
  client.destroy();
  return records;
}

/**
 * The same record as AWS Lambda hands it on: as JSON, with small letters in `userIdentity`, binary as
 * base64 and the time in seconds.
 */
export function lambdaRecord(record: SdkRecord): StreamRecord {
  const { ApproximateCreationDateTime: time, ...dynamodb } = record.dynamodb ?? {};
  const { userIdentity: identity } = record;
  const event = {
    ...record,
    dynamodb: { ApproximateCreationDateTime: (time?.getTime() ?? 0) / 1_000, ...dynamodb },
    userIdentity: identity && { type: identity.Type, principalId: identity.PrincipalId },
    eventSourceARN: "arn:aws:dynamodb:us-east-1:000000000000:table/T/stream/2026",
  };
  return JSON.parse(JSON.stringify(event, replaceBinary)) as StreamRecord;
}

function replaceBinary(this: Record<string, unknown>, name: string, value: unknown): unknown {
  const held = this[name];
  return held instanceof Uint8Array ? Buffer.from(held).toString("base64") : value;
}

/** The same record with the principal of a TTL removal, which no local engine writes. */
export function asExpired(record: SdkRecord): SdkRecord {
  return {
    ...record,
    userIdentity: { Type: "Service", PrincipalId: "dynamodb.amazonaws.com" },
  };
}
