/** Lists the items that engine-cells.ts stored, and tells what it took. */
import { createDataLayer } from "../../src/index.js";
import { tableName } from "./canned.js";

const [endpoint = ""] = process.argv.slice(2);
let answered = 0;
const data = createDataLayer({
  environment: "development",
  tableName,
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
  events: () => {
    answered += 1;
  },
});
// The connection, the store and the SDK are there before it counts.
await data.savedContent.query({ userId: "list" }, { limit: 1 });
answered = 0;
const idle = process.memoryUsage().rss;
const start = performance.now();
let [items, peak, requestsToFirst] = [0, idle, 0];
for await (const _ of data.savedContent.list({ userId: "list" })) {
  if (items === 0) requestsToFirst = answered;
  items += 1;
  if (items % 500 === 0) peak = Math.max(peak, process.memoryUsage().rss);
}
const ms = performance.now() - start;
await data.close();
console.log(JSON.stringify({ items, idle, peak, requestsToFirst, ms }));
