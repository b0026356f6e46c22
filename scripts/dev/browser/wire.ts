/** What reached the engine. */
import type { FaultProxy } from "../../../src/testing/fault-proxy.js";

/** The partitions that requests named, each once, in order; those of the index too. */
export function partitionsIn({ requests }: FaultProxy): string[] {
  const named = requests.flatMap(({ input }) => [
    ...JSON.stringify(input).matchAll(/"S":"((?:USER|REVIEW|OAUTH|MUTATION)#[^"#]+)"/g),
  ]);
  return [...new Set(named.map(([, partition]) => String(partition)))].sort();
}

/** What a reader of the table's stream sends, however often: it waits for changes of everybody. */
const streamOperations =
  /^(?:DescribeTable|DescribeStream|GetShardIterator|GetRecords|ListStreams)$/;

/** The operations that reached the engine, without those of the server's own reader of the stream. */
export function operationsIn({ requests }: FaultProxy): string[] {
  return requests.map(({ operation }) => operation).filter((name) => !streamOperations.test(name));
}
