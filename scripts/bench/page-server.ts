/**
 * A table of as many items as its name says (`growth-1000`), which nobody stored: each page of 1 MB
 * is made up when it is asked for, and each batch is taken. So a million items cost no engine's time.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { marshall } from "@aws-sdk/util-dynamodb";
import { rawItem } from "./canned.js";

/** Items of one page, which DynamoDB ends at 1 MB of its own count. */
const pageItems = 1_400;

interface Request {
  readonly TableName?: string;
  readonly Limit?: number;
  readonly ExclusiveStartKey?: { readonly SK: { readonly S: string } };
  readonly Segment?: number;
  readonly TotalSegments?: number;
}

interface Answer {
  readonly Items: string[];
  readonly LastEvaluatedKey: object | undefined;
}

const idOf = (index: number) => `c${String(index).padStart(7, "0")}`;
const keyOf = (index: number) => ({ PK: { S: "USER#u1" }, SK: { S: `CONTENT#${idOf(index)}` } });

/** The JSON of an item around its number. */
const [head = "", ...rest] = JSON.stringify(marshall(rawItem(0))).split('c0"');
const itemOf = (index: number) => [head, ...rest].join(`${idOf(index)}"`);

/** The items of one page, and where the next begins. A segment has an even share of the table. */
function pageOf({
  TableName = "",
  Limit = pageItems,
  ExclusiveStartKey,
  Segment = 0,
  TotalSegments = 1,
}: Request): Answer {
  const size = Number(TableName.slice("growth-".length));
  const borders = [Segment, Segment + 1].map((at) => Math.floor((size * at) / TotalSegments));
  const [first = 0, end = 0] = borders;
  const after = ExclusiveStartKey?.SK.S.slice("CONTENT#c".length);
  const from = after === undefined ? first : Number(after) + 1;
  const to = Math.min(end, from + Math.min(Limit, pageItems));
  const Items = Array.from({ length: Math.max(0, to - from) }, (_, index) => itemOf(from + index));
  return { Items, LastEvaluatedKey: to < end ? keyOf(to - 1) : undefined };
}

function answerTo(target: string, body: string): string {
  if (target.endsWith("BatchWriteItem")) return '{"UnprocessedItems":{}}';
  const { Items, LastEvaluatedKey } = pageOf(JSON.parse(body) as Request);
  const last =
    LastEvaluatedKey === undefined ? "" : `,"LastEvaluatedKey":${JSON.stringify(LastEvaluatedKey)}`;
  const count = Items.length;
  return `{"Count":${count},"ScannedCount":${count}${last},"Items":[${Items.join(",")}]}`;
}

let served = 0;
const server = createServer(async (request, response) => {
  const body = answerTo(String(request.headers["x-amz-target"]), await text(request));
  served += 1;
  response
    .writeHead(200, {
      "content-type": "application/x-amz-json-1.0",
      "x-amzn-requestid": `GROWTH${served}`,
    })
    .end(body);
});
server.keepAliveTimeout = 0;
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("disconnect", () => process.exit());
