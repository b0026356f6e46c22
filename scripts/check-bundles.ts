/**
 * Checks the packed package where its users run it: in bundles with the SDK inside, in a Next.js
 * application, on other runtimes, under test runners, beside other copies of the SDK and of itself.
 *
 * One flow of all kinds of calls runs everywhere; the requests that reach the engine and what comes
 * out of each step are compared with those of the unbundled flow, line by line.
 *
 * Prints one line a check and exits 1 if one failed; the projects are then left for a look.
 * Needs dist/ (build first) and the npm registry. On machines for which there is no dynoxide it does
 * nothing: the flow needs transactions, which dynalite has not.
 */
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { dynoxideBinary } from "../src/testing/engines/dynoxide.js";
import { bundlers } from "./check-package/bundlers.js";
import { createChecks } from "./check-package/checks.js";
import { bin, findNode, node, run } from "./check-package/commands.js";
import { runFlow } from "./check-package/flow.js";
import { installTools, nodeMajors, pack, projects } from "./check-package/packed.js";
import type { RecorderOptions } from "./check-package/recorder.js";
import { checkReference, compareRuns, textOf } from "./check-package/traffic.js";

if (dynoxideBinary() === null) {
  console.log("skipped: there is no dynoxide for this machine, and the flow needs transactions");
  process.exit(0);
}

const { work, check, setUp, end } = createChecks("test:bundles");
const project = join(work, "project");

const { tarball } = await setUp("npm pack", () => pack(work));
await setUp("npm install of the tarball beside bundlers, runtimes and test runners", async () => {
  await installTools(project, tarball);
  cpSync(projects, project, { recursive: true });
});
const main = join(project, "flow", "main.js");

async function unbundled(options?: RecorderOptions): Promise<readonly string[]> {
  const done = await runFlow((env) => node([main], { cwd: project, env }), options);
  checkReference(done);
  return textOf(done);
}
const reference = await setUp("the flow, unbundled", () => unbundled());

/** Runs the flow by a command, and compares it with the unbundled one. */
async function compared(file: string, args: readonly string[]): Promise<void> {
  const done = await runFlow((env) => run(file, args, { cwd: project, env }));
  compareRuns(reference, textOf(done));
}

for (const major of nodeMajors) {
  if (process.versions.node.startsWith(`${major}.`)) continue;
  await check(`the flow on Node ${major}`, async () =>
    compared(await findNode(major, work), [main]),
  );
}
for (const { name, bundle, runtime } of bundlers) {
  await check(`the flow bundled: ${name}`, async () => {
    const out = join(project, "out", name.replaceAll(/\W+/g, "-"));
    mkdirSync(out, { recursive: true });
    const file = await bundle(project, out);
    await compared(runtime === "bun" ? bin(project, "bun") : process.execPath, [file]);
  });
}
await check("the flow on Bun", () => compared(bin(project, "bun"), [main]));
// Deno 2.9 sends a request again by itself where not a byte of its answer came.
await check("the flow on Deno", async () => {
  const expected = await unbundled({ cut: true });
  const args = ["run", "--allow-all", main];
  const done = await runFlow((env) => run(bin(project, "deno"), args, { cwd: project, env }), {
    cut: true,
  });
  compareRuns(expected, textOf(done));
});

end();
