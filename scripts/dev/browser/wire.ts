/** What reached the engine. */
import type { FaultProxy } from "../../../src/testing/fault-proxy.js";

/** The partitions that requests named, each once, in order; those of the index too. */
export function partitionsIn({ requests }: FaultProxy): string[] {
  const named = requests.flatMap(({ input }) => [
    ...JSON.stringify(input).matchAll(/"S":"((?:USER|REVIEW|OAUTH|MUTATION)#[^"#]+)"/g),
  ]);
  return [...new Set(named.map(([, partition]) => String(partition)))].sort();
}
