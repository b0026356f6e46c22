/**
 * Other copies next to the package: an older SDK, a second SDK, a second copy of the package itself.
 */
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { bundlers } from "./bundlers.js";
import { node } from "./commands.js";
import { runFlow } from "./flow.js";
import { installTools, projects } from "./packed.js";
import type { Run } from "./recorder.js";

/** The flow with the package included, next to the SDK of an old Lambda runtime. */
export async function runBesideOldSdk(project: string, folder: string): Promise<Run> {
  await installTools("old-sdk", folder);
  const bundler = bundlers.find(({ name }) => name.includes("the SDK outside"));
  if (bundler === undefined) throw new Error("no bundler leaves the SDK outside");
  const file = await bundler.bundle(project, folder);
  return runFlow((env) => node([file], { cwd: folder, env: { ...env, FLOW_BY_SDK: "true" } }));
}

/** A folder of the project that has a different copy of the SDK than the package. */
export async function installSecondSdk(project: string): Promise<string> {
  const folder = join(project, "second-sdk");
  await installTools("second-sdk", folder);
  for (const name of ["flow", "copies"]) {
    cpSync(join(projects, name), join(folder, name), { recursive: true });
  }
  return folder;
}

/** Runs a program with a table of its own; the program throws if something is wrong. */
export async function runProgram(file: string, cwd: string): Promise<void> {
  await runFlow((env) => node([file], { cwd, env }));
}

export function outputFolder(project: string, name: string): string {
  const folder = join(project, "out", name.replaceAll(/\W+/g, "-"));
  mkdirSync(folder, { recursive: true });
  return folder;
}
