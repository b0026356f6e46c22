/**
 * Checks the packed package in the places where it is used: in bundles that include the SDK, in a
 * Next.js application, on other runtimes, under test runners, beside other copies of the SDK and of
 * itself.
 *
 * One flow with all kinds of calls runs everywhere. The requests that reach the engine and the
 * outcome of each step are compared with those of the unbundled flow, line by line.
 *
 * Prints one line per check and exits 1 if one failed; the projects are then kept for inspection.
 * Needs dist/ (build first) and the npm registry. On machines without dynoxide it does nothing: the
 * flow needs transactions, which dynalite does not have.
 */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { dynoxideBinary } from "../../src/testing/engines/dynoxide.js";
import { bundlers } from "./check-package/bundlers.js";
import { createChecks } from "./check-package/checks.js";
import { bin, findNode, node, run } from "./check-package/commands.js";
import {
  installSecondSdk,
  outputFolder,
  runBesideOldSdk,
  runProgram,
} from "./check-package/copies.js";
import { runLambdaExample } from "./check-package/examples.js";
import { runFlow } from "./check-package/flow.js";
import { buildNext, refuseInNext, runInNext } from "./check-package/next.js";
import { runUnderPnpm, runUnderYarn } from "./check-package/package-managers.js";
import {
  dependenciesOn,
  installTools,
  nodeMajors,
  pack,
  projects,
} from "./check-package/packed.js";
import type { RecorderOptions, Run } from "./check-package/recorder.js";
import { bundleForJest, runInJest, runInVitest } from "./check-package/runners.js";
import { shareInJest, shareInVitest } from "./check-package/shared-engine.js";
import { runUnderTracers } from "./check-package/tracers.js";
import { checkReference, compareRuns, textOf } from "./check-package/traffic.js";

if (dynoxideBinary() === null) {
  console.log("skipped: there is no dynoxide for this machine, and the flow needs transactions");
  process.exit(0);
}

const { work, check, setUp, end } = createChecks("test:bundles");
const project = join(work, "project");

const { tarball } = await setUp("npm pack", () => pack(work));
await setUp("npm install of the tarball beside bundlers, runtimes and test runners", async () => {
  await installTools("bundling", project, dependenciesOn(tarball));
  cpSync(projects, project, { recursive: true });
});
const main = join(project, "flow", "main.js");

async function unbundled(options?: RecorderOptions): Promise<Run> {
  const done = await runFlow((env) => node([main], { cwd: project, env }), options);
  checkReference(done);
  return done;
}
const reference = await setUp("the flow, unbundled", () => unbundled());

/** Checks that the flow does the same in some place as it does unbundled. */
const checkFlow = (place: string, runThere: () => Promise<Run>): Promise<void> =>
  check(`the flow ${place}`, async () => compareRuns(textOf(reference), textOf(await runThere())));

/** Runs the flow with a command. */
const runBy = (file: string, args: readonly string[]): Promise<Run> =>
  runFlow((env) => run(file, args, { cwd: project, env }));

async function onOtherRuntimes(): Promise<void> {
  for (const major of nodeMajors) {
    if (process.versions.node.startsWith(`${major}.`)) continue;
    await checkFlow(`on Node ${major}`, async () => runBy(await findNode(major, work), [main]));
  }
  await checkFlow("on Bun", () => runBy(bin(project, "bun"), [main]));
  // Deno 2.9 repeats a request by itself if no byte of its response arrived.
  await check("the flow on Deno", async () => {
    const expected = textOf(await unbundled({ cut: true }));
    const args = ["run", "--allow-all", main];
    const done = await runFlow((env) => run(bin(project, "deno"), args, { cwd: project, env }), {
      cut: true,
    });
    compareRuns(expected, textOf(done));
  });
}

async function bundled(): Promise<void> {
  for (const { name, bundle, runtime } of bundlers) {
    await checkFlow(`bundled: ${name}`, async () => {
      const file = await bundle(project, outputFolder(project, name));
      return runBy(runtime === "bun" ? bin(project, "bun") : process.execPath, [file]);
    });
  }
  await check("the Lambda example, built and called", () => runLambdaExample(project));
}

async function inNext(): Promise<void> {
  for (const bundler of ["turbopack", "webpack"] as const) {
    await checkFlow(`in Next.js, built with ${bundler} and started`, async () => {
      await buildNext(project, bundler);
      return runInNext(project, bundler);
    });
  }
  await check("a client component of Next.js that makes a data layer is refused", () =>
    refuseInNext(project),
  );
}

async function underTestRunners(): Promise<void> {
  for (const environment of ["node", "happy-dom", "jsdom"] as const) {
    await checkFlow(`in Vitest, ${environment}`, () => runInVitest(project, environment));
  }
  await check("one engine for two workers of Jest", () => shareInJest(project));
  for (const pool of ["forks", "threads"] as const) {
    await check(`one engine for two workers of Vitest, as ${pool}`, () =>
      shareInVitest(project, pool),
    );
  }
  await check("Jest: mocks, fake timers, setSystemTime", () =>
    runInJest(project, "node", "mocked"),
  );
  await bundleForJest(project);
  await checkFlow("in Jest", () => runInJest(project, "node", "flow"));
  await check("the SDK alone in Jest with jsdom", () => runInJest(project, "jsdom", "bare"));
  await checkFlow("in Jest with jsdom", () => runInJest(project, "jsdom", "flow"));
}

async function besideOtherCopies(): Promise<void> {
  await check("errors of the CommonJS copy and of the ES module's, in one process", () =>
    runProgram("copies/two-copies.js", project),
  );
  await check("the requests that OpenTelemetry and X-Ray see", () => runUnderTracers(project));
  await checkFlow("beside a second copy of the SDK", async () => {
    const folder = await installSecondSdk(project);
    return runFlow((env) => node(["flow/main.js"], { cwd: folder, env }));
  });
  await check("a mock of the second copy's client", async () =>
    runProgram("copies/mocked.js", await installSecondSdk(project)),
  );
  // The stock client of that release writes the same fields in a different order.
  await check("the flow beside SDK 3.600, outside of the bundle", async () => {
    const expected = textOf(reference, { fieldsInOrder: true });
    const done = await runBesideOldSdk(project, join(work, "old-sdk"));
    compareRuns(expected, textOf(done, { fieldsInOrder: true }));
  });
  await checkFlow("installed by pnpm", () => runUnderPnpm(project, join(work, "pnpm"), tarball));
  await checkFlow("installed by Yarn, Plug'n'Play", () =>
    runUnderYarn(project, join(work, "yarn"), tarball),
  );
}

// A flow mostly waits, for what its faults delay, and most bundlers keep one core busy: three rows
// beside each other take half the time.
await Promise.all([
  inNext(),
  bundled(),
  (async () => {
    await onOtherRuntimes();
    await underTestRunners();
    await besideOtherCopies();
  })(),
]);

end();
