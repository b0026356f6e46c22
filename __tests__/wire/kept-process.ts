/**
 * A process that makes calls, 32 at a time, and collects only what is young: run by kept.test.ts, with its
 * task as JSON. Prints how many bytes each call left on the heap.
 */
import { constants, PerformanceObserver } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import { ItemRequests } from "../../src/client/item-requests.js";
import { createDataLayer } from "../../src/index.js";

export interface Task {
  readonly endpoint: string;
  readonly call: "get" | "put";
  readonly coalesce: boolean;
  /** How many calls are measured. */
  readonly calls: number;
  readonly contentLength: number;
}

export interface Outcome {
  readonly bytesPerCall: number;
  /** How many requests went the direct path, and how many the SDK's. */
  readonly sent: { readonly direct: number; readonly sdk: number };
  /** How often the whole heap was collected while it was measured: then what was left is unknown. */
  readonly whole: number;
}

type Collect = (options?: { readonly type: "minor" }) => void;
const { gc } = globalThis as unknown as { readonly gc: Collect };

const inFlight = 32;

/** What is young is collected after so many calls, 32 of which have not ended. */
const callsOfOneCollection = 8 * inFlight;

async function main({ call, calls, contentLength, endpoint, coalesce }: Task): Promise<Outcome> {
  const requests: ItemRequests[] = [];
  const { request } = ItemRequests.prototype;
  ItemRequests.prototype.request = function (this: ItemRequests, ...given) {
    if (!requests.includes(this)) requests.push(this);
    return request.apply(this, given);
  };
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const place = { environment: "development", tableName: "Kept", region: "us-east-1" } as const;
  // The server answers each put with an item of this time.
  const clock = { now: () => 1_700_000_000_000 };
  await using data = createDataLayer({ ...place, endpoint, coalesce, credentials, clock });
  const { savedContent } = data;
  const input = { userId: "u1", data: { type: "Blog Post", content: "x".repeat(contentLength) } };

  const run = async (count: number) => {
    let begun = 0;
    const worker = async (_: unknown, index: number) => {
      const key = { userId: "u1", contentId: `c${index}` };
      // Gets of one turn with other fields than each other's are gathered, and sent by themselves.
      const options = coalesce ? { fields: [`own${index}` as never] } : {};
      while (begun < count) {
        begun += 1;
        if (begun % callsOfOneCollection === 0) gc({ type: "minor" });
        await (call === "get"
          ? savedContent.get(key, options)
          : savedContent.put({ ...input, ...key }));
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
  };
  /** Bytes in use, without what is only young. What survives two collections is not young any more. */
  const inUse = () => {
    for (let n = 0; n < 2; n += 1) gc({ type: "minor" });
    return getHeapStatistics().used_heap_size;
  };

  await run(calls / 4);
  gc();
  let whole = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as unknown as { readonly detail: { readonly kind: number } };
      if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) whole += 1;
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  const before = inUse();
  await run(calls);
  const bytesPerCall = (inUse() - before) / calls;
  // The observer is told of a collection in a later turn.
  await new Promise((resolve) => setTimeout(resolve, 10));
  observer.disconnect();
  const sent = { direct: 0, sdk: 0 };
  for (const one of requests) {
    sent.direct += one.sent.direct;
    sent.sdk += one.sent.sdk;
  }
  return { bytesPerCall, sent, whole };
}

process.stdout.write(JSON.stringify(await main(JSON.parse(process.argv[2] ?? "") as Task)));
