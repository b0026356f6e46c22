/** The flow and mocks under test runners, as in the application's own tests. */
import { join } from "node:path";
import { bin, node, run } from "./commands.js";
import { runFlow } from "./flow.js";
import { writeJson } from "./packed.js";
import type { Run } from "./recorder.js";

export type VitestEnvironment = "node" | "happy-dom" | "jsdom";

export function runInVitest(project: string, environment: VitestEnvironment): Promise<Run> {
  const args = ["run", "--root", join(project, "vitest"), `--environment=${environment}`];
  return runFlow((env) => node([bin(project, "vitest"), ...args], { cwd: project, env }));
}

const jestFolder = (project: string): string => join(project, "jest");

/** The flow as CommonJS, with all packages external: Jest has no ES modules by default. */
export async function bundleForJest(project: string): Promise<void> {
  const outfile = join(jestFolder(project), "flow.cjs");
  const args = ["--bundle", "--platform=node", "--format=cjs", "--packages=external"];
  const command = bin(project, "esbuild");
  await run(command, ["flow/flow.js", ...args, "--log-level=error", `--outfile=${outfile}`], {
    cwd: project,
  });
}

/** Jest with its defaults, or in jsdom with the server's globals that the SDK needs. */
const jestConfigs = {
  node: {},
  jsdom: {
    testEnvironment: "jsdom",
    testEnvironmentOptions: { customExportConditions: ["node", "require", "default"] },
    setupFiles: ["<rootDir>/server-globals.js"],
  },
};

export type JestEnvironment = keyof typeof jestConfigs;

export function runInJest(
  project: string,
  environment: JestEnvironment,
  test: "flow" | "bare" | "mocked",
): Promise<Run> {
  const config = join(jestFolder(project), `jest.${environment}.json`);
  writeJson(config, { rootDir: jestFolder(project), ...jestConfigs[environment] });
  const args = [bin(project, "jest"), "--config", config, `${test}.test.js`];
  return runFlow((env) => node(args, { cwd: project, env }));
}
