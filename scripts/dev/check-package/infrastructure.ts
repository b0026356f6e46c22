/** The templates of the table, each in the tool that reads it. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { node } from "./commands.js";
import { dependenciesOn, installTools, projects, testedVersion } from "./packed.js";

/** Synthesises and parses what the packed package prints; the program throws if a tool disagrees. */
export async function checkTemplates(work: string, tarball: string): Promise<void> {
  const folder = join(work, "infrastructure");
  await installTools("infrastructure", folder, {
    ...dependenciesOn(tarball),
    "@types/node": testedVersion("@types/node"),
  });
  cpSync(join(projects, "infrastructure"), folder, { recursive: true });
  await node(["check.mjs"], { cwd: folder });
}
