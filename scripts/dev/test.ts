/**
 * `npm test`: every check of the package, the quick ones first, each under a header of its own.
 *
 * Continues after a failure, so that one run reports everything; exits 1 if a check failed.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";

interface Check {
  readonly script: string;
  readonly what: string;
  readonly arguments?: readonly string[];
}

/** One after the other, each with the machine to itself. */
const alone: readonly Check[] = [
  { script: "test:types", what: "sources, tests and their type tests compile" },
  { script: "test:lint", what: "format and lint" },
  { script: "test:imports", what: "import directions and circles" },
  { script: "test:dead", what: "dead code and unused dependencies" },
  { script: "test:dependencies", what: "lockfile, licences and install scripts" },
  { script: "test:unit", what: "tests" },
  { script: "build", what: "dist/, which the checks below read" },
];

/** Two rows beside each other, because each mostly keeps one core busy, or waits. */
const beside: readonly (readonly Check[])[] = [
  [
    {
      script: "test:dynamodb-local",
      what: "what holds for every store, on DynamoDB Local where Java is",
      arguments: [
        "--if-java",
        "__tests__/conformance",
        "__tests__/repository/repository.engine.test.ts",
      ],
    },
    {
      script: "test:soak",
      what: "three quarters of a minute of load with faults, a third of it on the wire: nothing lost, nothing twice",
    },
    { script: "docs", what: "the manual's site, its links and anchors" },
    {
      script: "test:browser",
      what: "the Next.js example, built and driven in Chromium where that is",
      arguments: ["--if-chromium"],
    },
  ],
  [
    { script: "test:package", what: "build, and the packed package in empty projects" },
    { script: "test:bundles", what: "the packed package in bundles, runtimes and test runners" },
  ],
];

const secondsSince = (startedAt: number): string =>
  `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;

const env: NodeJS.ProcessEnv = {
  ...process.env,
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
};
const startedAt = performance.now();
const failed: string[] = [];

const header = ({ script, what }: Check): string => `\n── ${script} ── ${what}`;

/** Runs a check. @returns what it printed into a pipe, and its last line */
async function run(
  { script, arguments: more = [] }: Check,
  output: "inherit" | "pipe",
): Promise<{ readonly printed: string; readonly ended: string }> {
  const checkStartedAt = performance.now();
  const child = spawn("npm", ["run", "--silent", script, "--", ...more], {
    stdio: ["inherit", output, output],
    env,
    shell: process.platform === "win32",
  });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => printed.push(chunk));
  }
  const [status] = await once(child, "close");
  if (status !== 0) failed.push(script);
  return {
    printed: printed.join(""),
    ended: `${status === 0 ? "ok" : "FAILED"}, ${secondsSince(checkStartedAt)}`,
  };
}

for (const check of alone) {
  console.log(header(check));
  console.log((await run(check, "inherit")).ended);
}

/** Each check's lines together: they are printed when it has ended. */
async function runRow(row: readonly Check[]): Promise<void> {
  for (const check of row) {
    const { printed, ended } = await run(check, "pipe");
    console.log(`${header(check)}\n${printed.trimEnd()}\n${ended}`);
  }
}
// None of them may build it once more, while another reads it.
env.COAGENT_DIST = "built";
const names = beside.flat().map(({ script }) => script);
console.log(`\nBeside each other, each printed at its end: ${names.join(", ")}`);
await Promise.all(beside.map(runRow));

const count = alone.length + names.length;
console.log(`\n── all checks ── ${secondsSince(startedAt)}`);
for (const script of failed) console.log(`FAILED: npm run ${script}`);
console.log(`${count - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
