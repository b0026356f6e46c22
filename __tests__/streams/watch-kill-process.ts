/** Reads a stream and writes down each change, until it is killed: `watch-kill.test.ts` starts it. */
import { appendFileSync } from "node:fs";
import { createDataLayer } from "../../src/index.js";
import { fileCheckpoint, watch } from "../../src/streams/index.js";

const [endpoint, tableName, log = "", place = ""] = process.argv.slice(2);
const data = createDataLayer({ environment: "local", endpoint, tableName });
const checkpoints = fileCheckpoint(place);
for await (const { key, after } of watch(data, { from: "start", checkpoints })) {
  appendFileSync(log, `${JSON.stringify({ key, after })}\n`);
}
