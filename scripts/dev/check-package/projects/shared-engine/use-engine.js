/** One worker's use of the engine: it appends where the engine is, and which process it was. */
const { appendFileSync, readFileSync } = require("node:fs");
const { setTimeout: sleep } = require("node:timers/promises");
const { createTestDataLayer } = require("bayon-coagent-data/testing");

const { LOG } = process.env;

exports.useEngine = async () => {
  const data = await createTestDataLayer();
  const { engine, configuration } = data;
  const line = { pid: process.pid, endpoint: engine.endpoint, table: configuration.tableName };
  appendFileSync(LOG, `${JSON.stringify(line)}\n`);
  // It fails if another worker has created the same project: each table is its worker's own.
  await data.project.create({ userId: "u", projectId: "p", data: { name: "n" } });
  // The other worker has come, so that neither has the engine after the other.
  const lines = () => readFileSync(LOG, "utf8").trim().split("\n").length;
  while (lines() < 2) await sleep(20);
  await data.close();
};
