/** The tracers that people watch the SDK with: they must see each request of this package, too. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { node } from "./commands.js";
import { runFlow } from "./flow.js";
import { installTools, projects } from "./packed.js";

/** Runs a program under each tracer; a program throws if something was not seen. */
export async function runUnderTracers(project: string): Promise<void> {
  const folder = join(project, "instrumented");
  await installTools("instrumented", folder);
  cpSync(join(projects, "instrumented"), folder, { recursive: true });
  // The package is a folder further up, and finds its peer as in an application: beside the other tools.
  const tools = { NODE_PATH: join(folder, "node_modules") };
  for (const file of ["opentelemetry.cjs", "x-ray.cjs"]) {
    await runFlow((env) => node([file], { cwd: folder, env: { ...env, ...tools } }));
  }
}
