/** Package managers that give a package access only to what it declares. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bin, node } from "./commands.js";
import { runFlow } from "./flow.js";
import { manifest, projects, testedVersion, writeJson } from "./packed.js";
import type { Run } from "./recorder.js";

/** What the flow itself imports. */
const flowsOwn = ["@aws-sdk/client-dynamodb", "@aws-sdk/lib-dynamodb"];

function writeProject(folder: string, tarball: string, rest: object): void {
  mkdirSync(folder, { recursive: true });
  cpSync(join(projects, "flow"), folder, { recursive: true });
  writeJson(join(folder, "package.json"), {
    name: "consumer",
    private: true,
    type: "module",
    dependencies: {
      [manifest.name]: `file:${tarball}`,
      ...Object.fromEntries(flowsOwn.map((name) => [name, testedVersion(name)])),
    },
    ...rest,
  });
}

/** The flow in a project that pnpm installed, where undeclared packages cannot be imported. */
export async function runUnderPnpm(project: string, folder: string, tarball: string): Promise<Run> {
  writeProject(folder, tarball, {});
  const where = { cwd: folder, env: { CI: "true" } };
  const options = ["--ignore-scripts", "--store-dir", join(folder, ".store"), "--hoist=false"];
  await node([bin(project, "pnpm"), "install", ...options, "--node-linker=isolated"], where);
  return runFlow((env) => node(["main.js"], { cwd: folder, env }));
}

/**
 * The setting that docs/nextjs.md gives for Plug'n'Play, because ElectroDB 3.9 does not declare its
 * dependency on the SDK's client.
 */
const yarnConfiguration = `enableTelemetry: false
packageExtensions:
  "electrodb@*":
    peerDependencies:
      "@aws-sdk/client-dynamodb": "*"
`;

/** The flow in a project without node_modules, as with Yarn's Plug'n'Play. */
export async function runUnderYarn(project: string, folder: string, tarball: string): Promise<Run> {
  writeProject(folder, tarball, {});
  writeFileSync(join(folder, ".yarnrc.yml"), yarnConfiguration);
  const yarn = bin(project, "@yarnpkg/cli-dist", "yarn");
  // In CI, Yarn creates no lockfile unless an option says so. The folder is new each time.
  const env = { YARN_ENABLE_IMMUTABLE_INSTALLS: "false" };
  await node([yarn, "install"], { cwd: folder, env });
  return runFlow((found) => node([yarn, "node", "main.js"], { cwd: folder, env: found }));
}
