/** The README's quick start, followed step by step: from an empty folder, with only the tarball. */
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { codeBlocks, sectionOf } from "../docs/markdown.js";
import { readPage } from "../docs/pages.js";
import { samplesOf } from "../docs/samples.js";
import { node, npm, root, serve } from "./commands.js";

/**
 * Installs, serves the engine, and runs the program under the name that the README gives it.
 * @throws Error if it prints anything but what the README shows
 */
export async function checkQuickStart(work: string, tarball: string): Promise<void> {
  const readme = readPage(root, "README.md");
  const program = samplesOf(readme).find(({ name }) => name !== undefined);
  if (program?.name === undefined) throw new Error("README.md names no file for its program");
  const shown = codeBlocks(sectionOf(readme.text, "Quick start")).at(-1)?.code.trim();

  const cwd = join(work, "my-application");
  mkdirSync(cwd);
  await npm(["init", "-y"], { cwd });
  await npm(["install", "--prefer-offline", "--no-audit", "--no-fund", tarball], { cwd });
  writeFileSync(join(cwd, program.name), program.code);

  const port = String(await freePort());
  const command = join("node_modules", "bayon-coagent-data", "dist", "cli.js");
  const engine = await serve([command, "db", "--port", port], { cwd }, /^ready .*$/m);
  try {
    const env = {
      USE_LOCAL_AWS: "true",
      AWS_ENDPOINT_URL_DYNAMODB: `http://localhost:${port}`,
    };
    const printed = await node([program.name], { cwd, env });
    if (printed !== shown)
      throw new Error(`it printed\n${printed}\nand the README shows\n${shown}`);
  } finally {
    await engine.close();
  }
}

/** A port on which nothing listens: another run may use the one that the README names. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}
