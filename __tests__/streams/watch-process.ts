/** Reads a table's changes with `watch`, and writes each into a file, until it is killed. */
import { appendFileSync } from "node:fs";
import { createDataLayer } from "../../src/index.js";
import { fileCheckpoint, watch } from "../../src/streams/index.js";

const [endpoint, tableName, folder] = process.argv.slice(2);
const data = createDataLayer({
  ...{ environment: "development", endpoint, region: "us-east-1", tableName },
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
});
const checkpoints = fileCheckpoint(`${folder}/checkpoint`);
for await (const change of watch(data, { from: "start", checkpoints, idleMs: 250 })) {
  const { entity, kind, key, before, after, id } = change;
  appendFileSync(
    `${folder}/changes`,
    `${JSON.stringify({ entity, kind, key, before, after, id })}\n`,
  );
}
