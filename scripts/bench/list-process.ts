/** Reads the items that engine-cells.ts stored, one by one, and reports the memory that this took. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DynamoDBDocumentClient,
  QueryCommand,
  type QueryCommandOutput,
} from "@aws-sdk/lib-dynamodb";
import { createDataLayer } from "../../src/index.js";
import { tableName } from "./canned.js";

/** What the process reports. Memory is above what was in use after a first request of one item. */
export interface ListCost {
  readonly items: number;
  readonly seconds: number;
  readonly requestsToFirst: number;
  /** Resident set, in MB: all of it, and in the last quarter of the items. */
  readonly peak: number;
  readonly latePeak: number;
  /** The least heap that the garbage collector left in the last quarter, in MB. */
  readonly live: number;
}

interface Reading {
  readonly items: AsyncIterable<unknown>;
  readonly requests: () => number;
  close(): void;
}

const [way = "", endpoint = "", count = "0"] = process.argv.slice(2);
const place = {
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
};

/** This package's `list`. The connection, the store and the SDK exist before the measurement. */
async function ours(): Promise<Reading> {
  let requests = 0;
  const events = () => {
    requests += 1;
  };
  const data = createDataLayer({ environment: "development", tableName, events, ...place });
  await data.savedContent.query({ userId: "list" }, { limit: 1 });
  requests = 0;
  return {
    items: data.savedContent.list({ userId: "list" }),
    requests: () => requests,
    close: () => data.close(),
  };
}

/** The loop over pages that everyone writes. */
async function documentClient(): Promise<Reading> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(place));
  const query = {
    TableName: tableName,
    KeyConditionExpression: "PK = :pk AND begins_with(SK, :sk)",
    ExpressionAttributeValues: { ":pk": "USER#list", ":sk": "CONTENT#" },
  };
  let requests = 0;
  await client.send(new QueryCommand({ ...query, Limit: 1 }));
  async function* pages() {
    let ExclusiveStartKey: QueryCommandOutput["LastEvaluatedKey"];
    do {
      requests += 1;
      const page: QueryCommandOutput = await client.send(
        new QueryCommand({ ...query, ExclusiveStartKey }),
      );
      yield* page.Items ?? [];
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
  }
  return { items: pages(), requests: () => requests, close: () => client.destroy() };
}

const reading = await (way === "ours" ? ours() : documentClient());
const idle = process.memoryUsage();
const start = performance.now();
const lateFrom = Number(count) * 0.75;
let [items, requestsToFirst, peak, latePeak, live] = [0, 0, 0, 0, Number.POSITIVE_INFINITY];
for await (const _ of reading.items) {
  if (items === 0) requestsToFirst = reading.requests();
  items += 1;
  if (items % 200 > 0) continue;
  const { rss, heapUsed } = process.memoryUsage();
  peak = Math.max(peak, rss);
  if (items < lateFrom) continue;
  latePeak = Math.max(latePeak, rss);
  live = Math.min(live, heapUsed);
}
const megabytes = (bytes: number, before: number) => (bytes - before) / 1024 / 1024;
const cost: ListCost = {
  items,
  seconds: (performance.now() - start) / 1000,
  requestsToFirst,
  peak: megabytes(peak, idle.rss),
  latePeak: megabytes(latePeak, idle.rss),
  live: megabytes(live, idle.heapUsed),
};
reading.close();
console.log(JSON.stringify(cost));
