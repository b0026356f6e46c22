/**
 * A server that responds to each GetItem and BatchGetItem at once, except for one in a hundred, which
 * is late. `GET /` reports what it did since the last report.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { marshall } from "@aws-sdk/util-dynamodb";
import { rawItem, tableName } from "./canned.js";

/** What was requested from the server. */
export interface Served {
  readonly requests: number;
  readonly late: number;
}

const [lateMs = "0"] = process.argv.slice(2);
const item = marshall(rawItem(0));
let served = { requests: 0, late: 0 };
let seed = 1;
/** Which response of the hundred is late. */
let lateOne = 0;

/** A number from 0 to 1 (mulberry32): each way of reading gets the same responses. */
function random(): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

/** The item, under the requested key. */
function single(body: string): string {
  const { Key } = JSON.parse(body) as { Key: object };
  return JSON.stringify({ Item: { ...item, ...Key } });
}

/** The items of a batch, under the requested keys. */
function batch(body: string): string {
  const { RequestItems } = JSON.parse(body) as {
    RequestItems: Record<string, { Keys: object[] } | undefined>;
  };
  const keys = RequestItems[tableName]?.Keys ?? [];
  const items = keys.map((key) => ({ ...item, ...key }));
  return JSON.stringify({ Responses: { [tableName]: items }, UnprocessedKeys: {} });
}

const server = createServer(async (request, response) => {
  if (request.method === "GET") {
    response.end(JSON.stringify(served));
    served = { requests: 0, late: 0 };
    seed = 1;
    return;
  }
  const place = served.requests % 100;
  if (place === 0) lateOne = Math.floor(random() * 100);
  served.requests += 1;
  const isLate = place === lateOne;
  const body = await text(request);
  const answer = String(request.headers["x-amz-target"]).endsWith("BatchGetItem")
    ? batch(body)
    : single(body);
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "bench" };
  const end = () => response.writeHead(200, headers).end(answer);
  if (isLate) served.late += 1;
  if (isLate) setTimeout(end, Number(lateMs));
  else end();
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("disconnect", () => process.exit());
