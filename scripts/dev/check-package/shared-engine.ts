/** The `globalSetup` of the package in the real Jest and Vitest: one engine for two workers. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bin, node } from "./commands.js";
import { writeJson } from "./packed.js";

const folderOf = (project: string): string => join(project, "shared-engine");

/** Jest with two workers, and its configuration in a file. */
export async function shareInJest(project: string): Promise<void> {
  const config = join(folderOf(project), "jest.json");
  writeJson(config, {
    rootDir: folderOf(project),
    globalSetup: "bayon-coagent-data/testing/jest",
    testMatch: ["**/*.test.js"],
  });
  const args = [bin(project, "jest"), "--config", config, "--maxWorkers=2", "--no-cache"];
  await checkShared(project, args);
}

/** Vitest with two workers, as processes or as threads. */
export async function shareInVitest(project: string, pool: "forks" | "threads"): Promise<void> {
  const where = ["--root", folderOf(project), `--pool=${pool}`, "--maxWorkers=2"];
  await checkShared(project, [bin(project, "vitest"), "run", ...where]);
}

async function checkShared(project: string, args: readonly string[]): Promise<void> {
  const log = join(folderOf(project), "log");
  rmSync(log, { force: true });
  await node(args, { cwd: project, env: { LOG: log } });
  assert(existsSync(log), "no worker came to the engine");
  const lines = readFileSync(log, "utf8").trim().split("\n");
  const used = lines.map((line) => JSON.parse(line) as Record<"endpoint" | "table", string>);
  assert.equal(used.length, 2);
  assert.equal(new Set(used.map(({ table }) => table)).size, 2, "the workers share a table");
  const [first, second] = used.map(({ endpoint }) => endpoint);
  assert.equal(first, second, "each worker has an engine of its own");
  await assert.rejects(fetch(first ?? ""), "the engine is left behind");
}
