/**
 * `npm test`: every check of the package, the quick ones first, each under a header of its own.
 *
 * Continues after a failure, so that one run reports everything; exits 1 if a check failed.
 */
import { spawnSync } from "node:child_process";

interface Check {
  readonly script: string;
  readonly what: string;
  readonly arguments?: readonly string[];
}

const checks: readonly Check[] = [
  { script: "test:types", what: "sources, tests and their type tests compile" },
  { script: "test:lint", what: "format and lint" },
  { script: "test:imports", what: "import directions and circles" },
  { script: "test:dead", what: "dead code and unused dependencies" },
  { script: "test:dependencies", what: "lockfile, licences and install scripts" },
  { script: "test:unit", what: "tests" },
  {
    script: "test:dynamodb-local",
    what: "what holds for every store, on DynamoDB Local where Java is",
    arguments: [
      "--if-java",
      "__tests__/conformance",
      "__tests__/repository/repository.engine.test.ts",
    ],
  },
  { script: "docs", what: "the manual's site, its links and anchors" },
  {
    script: "test:soak",
    what: "three quarters of a minute of load with faults, a third of it on the wire: nothing lost, nothing twice",
  },
  { script: "test:package", what: "build, and the packed package in empty projects" },
  { script: "test:bundles", what: "the packed package in bundles, runtimes and test runners" },
];

const secondsSince = (startedAt: number): string =>
  `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;

const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
const startedAt = performance.now();
const failed: string[] = [];

for (const { script, what, arguments: more = [] } of checks) {
  console.log(`\n── ${script} ── ${what}`);
  const checkStartedAt = performance.now();
  const { status } = spawnSync("npm", ["run", "--silent", script, "--", ...more], {
    stdio: "inherit",
    env,
    shell: process.platform === "win32",
  });
  if (status !== 0) failed.push(script);
  console.log(`${status === 0 ? "ok" : "FAILED"}, ${secondsSince(checkStartedAt)}`);
}

console.log(`\n── all checks ── ${secondsSince(startedAt)}`);
for (const script of failed) console.log(`FAILED: npm run ${script}`);
console.log(`${checks.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
