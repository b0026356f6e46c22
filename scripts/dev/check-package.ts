/**
 * Checks the package as a user gets it: packs dist/ (build first), reads the tarball, and tries it in
 * an empty project outside this tree: types, Node's majors, Jest. check-bundles.ts does the same for
 * bundles and other places.
 *
 * Prints one line per check and exits 1 if one failed; the project is then kept for inspection. Needs
 * the npm registry, for the project's dependencies and for the other Node versions.
 */

import { cpSync } from "node:fs";
import { join } from "node:path";
import { dynoxideBinary } from "../../src/testing/engines/dynoxide.js";
import {
  checkAuditTypes,
  copyAuditTrail,
  runAuditFunction,
  runAuditTrail,
} from "./check-package/audit-trail.js";
import { createChecks } from "./check-package/checks.js";
import { bin, findNode, node, root, run } from "./check-package/commands.js";
import {
  checkContents,
  checkDependencies,
  checkLoadedPackages,
  checkNoAny,
  checkNoMachinePaths,
  checkProductionBundle,
} from "./check-package/contents.js";
import {
  checkClientAlone,
  checkEdge,
  checkJsdom,
  checkKeysAlone,
  checkMaps,
  checkServerDoor,
  checkServerOnly,
  checkTraces,
} from "./check-package/doors.js";
import { checkTemplates } from "./check-package/infrastructure.js";
import { checkLinks } from "./check-package/links.js";
import { checkOwnTypes, copyOwnEntities, runOwnEntities } from "./check-package/own-entities.js";
import {
  dependenciesOn,
  installProject,
  manifest,
  nodeMajors,
  pack,
  projects,
  testedVersion,
} from "./check-package/packed.js";
import { checkQuickStart } from "./check-package/quick-start.js";
import { checkTypes, copyConsumer, node10, typeChecks } from "./check-package/types.js";

const { work, check, setUp, end } = createChecks("test:package");
const project = join(work, "project");
const packed = await setUp("npm pack", () => pack(work));
const { tarball } = packed;

await check(`${packed.filename} holds dist and the documents, nothing else`, () =>
  checkContents(packed),
);
await check("the packed pages link only to what is packed", () => checkLinks(packed));
await check("dist names no path of this machine", checkNoMachinePaths);
await check("dist imports only what package.json declares", checkDependencies);
await check("the source maps hold the sources", () => checkMaps(root));
await check("no any in the published types", checkNoAny);
await check("no engine behind `.` (import)", () => checkProductionBundle("index.js"));
await check("no engine behind `.` (require)", () => checkProductionBundle("index.cjs"));
await check("`.` loads the SDK and ElectroDB, no other package (import)", () =>
  checkLoadedPackages("index.js"),
);
await check("`.` loads the SDK and ElectroDB, no other package (require)", () =>
  checkLoadedPackages("index.cjs"),
);

/** What the project installs besides: types, and the peers of the doors for React. */
const beside = ["@types/node", "@types/react", "@tanstack/react-query", "react"];

async function install(): Promise<void> {
  await installProject(project, {
    ...dependenciesOn(tarball),
    ...Object.fromEntries(beside.map((name) => [name, testedVersion(name)])),
  });
  cpSync(join(projects, "consumer"), project, { recursive: true });
  copyConsumer(project);
}

const nodes = new Map<number, string>();
await Promise.all([
  setUp("npm install of the tarball in an empty project", install),
  (async () => {
    await check("publint", () =>
      node([bin(root, "publint"), "run", tarball, "--strict"], { cwd: work }),
    );
    await check("are the types wrong", async () => {
      // attw deletes the tarball that it has read.
      const copy = join(work, "attw.tgz");
      cpSync(tarball, copy);
      const attw = bin(root, "@arethetypeswrong/cli", "attw");
      await node([attw, copy, "--no-color", "--no-emoji"], { cwd: work });
    });
    for (const major of nodeMajors) {
      await check(`Node ${major} is at hand`, async () => {
        nodes.set(major, await findNode(major, work));
      });
    }
  })(),
]);

const inProject = { cwd: project };
for (const [major, executable] of nodes) {
  await check(`Node ${major}: import, create, get, errors`, () =>
    run(executable, ["consumer.mjs"], inProject),
  );
  await check(`Node ${major}: require, create, get, errors`, () =>
    run(executable, ["consumer.cjs"], inProject),
  );
  await check(`Node ${major}: the doors for React, import and require`, async () => {
    await run(executable, ["react.mjs"], inProject);
    await run(executable, ["react.cjs"], inProject);
  });
  await check(`Node ${major}: bayon-data --help`, () =>
    run(executable, [join("node_modules", ".bin", "bayon-data"), "--help"], inProject),
  );
}

await check("the README's quick start, from an empty folder", () => checkQuickStart(work, tarball));
await check("the templates of the table in the CDK, and in a parser of Terraform's", () =>
  checkTemplates(work, tarball),
);
await check("a key function alone costs a few KB", () => checkKeysAlone(project));
await check("the client alone costs a few KB", () => checkClientAlone(project));
await check("the routes are refused in a browser and on an edge runtime", () =>
  checkServerDoor(project),
);
await check("a browser's bundle is refused what is server only", () => checkServerOnly(project));
await check("an edge runtime is told what it lacks", () => checkEdge(project));
await check("an ES module in Jest's jsdom is told what it lacks", () => checkJsdom(project));
await check("a stack trace in a bundle ends in the sources", () => checkTraces(project));

/**
 * Importing opens nothing and starts nothing, and reports a wrong environment only at the first call.
 */
await check("importing opens nothing and reads no environment", () => {
  const script = `
    await import("${manifest.name}");
    await import("${manifest.name}/testing");
    await import("${manifest.name}/streams");
    await import("${manifest.name}/server");
    await import("${manifest.name}/client");
    await import("${manifest.name}/react");
    await import("${manifest.name}/react/legacy");
    await import("${manifest.name}/infrastructure");
    const open = process.getActiveResourcesInfo().filter((name) =>
      /Timeout|Immediate|TCP|Server|Process|Worker|Watch/.test(name),
    );
    if (open.length > 0) throw new Error("left open: " + open.join(", "));`;
  const env = { COAGENT_ENV: "nowhere", AWS_ENDPOINT_URL_DYNAMODB: "not a url" };
  const where = { cwd: project, env, timeout: 20_000 };
  return node(["--input-type=module", "--eval", script], where);
});
await check("a CommonJS Jest test, Jest as it comes", () =>
  node([bin(root, "jest"), "--rootDir", project, "--config", "{}", "consumer.test.js"], inProject),
);

const ownEntities = copyOwnEntities(project);
if (dynoxideBinary() !== null) {
  await check("an application with ten entities of its own, bundled and run", () =>
    runOwnEntities(ownEntities, work),
  );
}
const auditTrail = copyAuditTrail(project);
if (dynoxideBinary() !== null) {
  await check("an audit trail, written by the handler of a stream", () =>
    runAuditTrail(auditTrail),
  );
}
await check("its function for Lambda, bundled and called", () =>
  runAuditFunction(auditTrail, work),
);
for (const compiler of ["typescript-5.9", "typescript-6", "typescript"]) {
  const name = `TypeScript ${testedVersion(compiler)}`;
  const tsc = bin(root, compiler, "tsc");
  // The old resolution is an error from TypeScript 7 on; TypeScript 6 needs an option to silence the
  // warning.
  const all = compiler === "typescript-5.9" ? [...typeChecks, node10] : typeChecks;
  for (const typeCheck of all) {
    await check(`${name}: ${typeCheck.name}`, () => checkTypes(project, tsc, typeCheck));
  }
  await check(`${name}: entities of an application's own, and what it says of mistakes`, () =>
    checkOwnTypes(ownEntities, compiler),
  );
  await check(`${name}: the audit trail`, () => checkAuditTypes(auditTrail, compiler));
}

end();
