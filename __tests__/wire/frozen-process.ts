/**
 * A process that makes a call for each line it gets, and prints what became of it: run by frozen.test.ts, which
 * freezes it between two calls, as Lambda does.
 */
import { createInterface } from "node:readline";
import { ItemRequests } from "../../src/client/item-requests.js";
import { createDataLayer, type DataLayerOptions } from "../../src/index.js";

/** What became of a call: what it returned, or its error, and how many of all requests so far went which way. */
export interface Outcome {
  readonly result: unknown;
  readonly sent: { readonly direct: number; readonly sdk: number };
}

async function main(options: DataLayerOptions): Promise<void> {
  const requests = new Set<ItemRequests>();
  const { request } = ItemRequests.prototype;
  ItemRequests.prototype.request = function (this: ItemRequests, ...given) {
    requests.add(this);
    return request.apply(this, given);
  };
  await using data = createDataLayer(options);
  const { project } = data;
  const key = { userId: "u", projectId: "p" };
  const calls: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
    get: async () => (await project.get(key))?.data.name,
    put: async (name) => (await project.put({ ...key, data: { name } })).data.name,
    update: async (name) => (await project.update(key, { name })).data.name,
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const [call = "", name = ""] = line.split(" ");
    const result = await calls[call]?.(name).catch((error: unknown) => String(error));
    const sent = { direct: 0, sdk: 0 };
    for (const one of requests) {
      sent.direct += one.sent.direct;
      sent.sdk += one.sent.sdk;
    }
    process.stdout.write(`${JSON.stringify({ result, sent } satisfies Outcome)}\n`);
  }
}

await main(JSON.parse(process.argv[2] ?? "") as DataLayerOptions);
