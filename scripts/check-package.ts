/**
 * Checks the package as a user gets it: packs dist/ (build first), reads the tarball, and tries it
 * in an empty project outside this tree.
 *
 * Prints one line a check and exits 1 if one failed; the project is then left for a look.
 * Needs the npm registry, for the project's dependencies and for the other Node versions.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { rolldown } from "rolldown";
import {
  checkEdge,
  checkKeysAlone,
  checkMaps,
  checkServerOnly,
  checkTraces,
} from "./package-doors.js";

const exec = promisify(execFile);
const root = resolve(import.meta.dirname, "..");
const work = mkdtempSync(join(tmpdir(), "bayon-coagent-data-"));
const project = join(work, "project");

/** Node majors that a user may run; the current one is not fetched. */
const nodeMajors = [20, 22, 24];
const oldTypeScript = "5.9.3";

/** The environment of a stranger: nothing of the application's and nothing of this run's. */
const own =
  /^(?:AWS_|COAGENT_|DYNAMODB_TABLE_NAME$|USE_LOCAL_AWS$|NODE_ENV$|NODE_OPTIONS$|JEST_|npm_(?!config_)|npm_config_local_prefix$)/;
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

let passed = 0;
const failures: string[] = [];

async function check(name: string, run: () => unknown): Promise<void> {
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1).padStart(5);
  try {
    await run();
    passed += 1;
    console.log(`ok   ${seconds()} s  ${name}`);
  } catch (error) {
    failures.push(name);
    console.log(`FAIL ${seconds()} s  ${name}`);
    console.log(describe(error).replaceAll(/^/gm, "     | "));
  }
}

/** What a failed command printed, else the error itself. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A failed command's message holds what it wrote to stderr already.
  const { stdout = "" } = error as { stdout?: string };
  return `${error.message}\n${stdout}`.trim();
}

const run = async (file: string, args: string[], cwd = project): Promise<string> => {
  const { stdout } = await exec(file, args, { cwd, env, maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
};

const node = (args: string[], cwd?: string) => run(process.execPath, args, cwd);

const bin = (name: string, command = name): string => {
  const folder = join(root, "node_modules", name);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    bin: string | Record<string, string>;
  };
  const file = typeof manifest.bin === "string" ? manifest.bin : manifest.bin[command];
  if (file === undefined) throw new Error(`${name} has no command ${command}`);
  return join(folder, file);
};

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  name: string;
  version: string;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
};

// ---------------------------------------------------------------------------------------------
// The tarball

type Packed = { filename: string; files: { path: string; mode: number }[] };

async function pack(): Promise<Packed> {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", work];
  const [packed] = JSON.parse(await run("npm", args, root)) as Packed[];
  if (packed === undefined) throw new Error("npm pack told of no tarball");
  return packed;
}

function checkContents({ files }: Packed): void {
  const paths = files.map((file) => file.path);
  const missing = [
    "README.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "THIRD-PARTY.md",
    "LICENSE",
    "dist/index.js",
    "dist/index.cjs",
  ].filter((path) => !paths.includes(path));
  if (missing.length > 0) throw new Error(`missing: ${missing.join(", ")}`);
  const strange = paths.filter(
    (path) =>
      !/^(?:dist\/|(?:README|CHANGELOG|SECURITY|THIRD-PARTY)\.md$|LICENSE$|package\.json$)/.test(
        path,
      ),
  );
  if (strange.length > 0) throw new Error(`should not be there: ${strange.join(", ")}`);
  const command = files.find((file) => file.path === "dist/cli.js");
  if (command === undefined || (command.mode & 0o111) === 0) {
    throw new Error("dist/cli.js is not executable");
  }
}

const distFiles = (): string[] =>
  readdirSync(join(root, "dist"), { recursive: true, encoding: "utf8" }).filter((file) =>
    /\.(?:js|cjs|ts|cts|txt|map)$/.test(file),
  );

function checkNoMachinePaths(): void {
  const traces = [root, homedir(), tmpdir(), "file:///"].filter((trace) => trace.length > 1);
  for (const file of distFiles()) {
    const text = readFileSync(join(root, "dist", file), "utf8");
    const trace = traces.find((candidate) => text.includes(candidate));
    if (trace !== undefined) throw new Error(`${file} mentions ${trace}`);
  }
}

const withoutComments = (code: string): string =>
  code
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ""))
    .replaceAll(/^\s*\/\/.*$/gm, "");

/** What is imported must be declared, or it is there only by luck. */
function checkDependencies(): void {
  const { name, dependencies, peerDependencies } = manifest;
  const declared = [name, ...Object.keys({ ...dependencies, ...peerDependencies })];
  const specifier = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*"([@a-z][\w@./:-]*)"/g;
  for (const file of distFiles().filter((path) => !/\.(?:txt|map)$/.test(path))) {
    const code = withoutComments(readFileSync(join(root, "dist", file), "utf8"));
    for (const [, id = ""] of code.matchAll(specifier)) {
      const known = declared.some((other) => id === other || id.startsWith(`${other}/`));
      if (!known && !isBuiltin(id)) throw new Error(`${file} imports ${id}`);
    }
  }
}

/** ElectroDB's types take no narrower bound than this; it has one name, and that is the exception. */
const electrodbBound = "export type AnyEntity = Entity<any, any, any, any>;";

/** `any` as a type in a declaration, comments and string literals aside. */
function checkNoAny(): void {
  const found = distFiles()
    .filter((file) => file.endsWith(".d.ts"))
    .flatMap((file) =>
      withoutComments(readFileSync(join(root, "dist", file), "utf8"))
        .replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""')
        .replace(electrodbBound, "")
        .split("\n")
        .flatMap((line, index) =>
          /\bany\b/.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [],
        ),
    );
  if (found.length > 0) throw new Error(found.join("\n"));
}

/** Bundles as an application would: no engine is loaded by what can be reached from `.`. */
async function checkProductionBundle(entry: string): Promise<void> {
  const bundle = await rolldown({
    input: join(root, "dist", entry),
    platform: "node",
    external: (id) => !id.startsWith(".") && !id.startsWith("/"),
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  await bundle.close();
  for (const chunk of output) {
    if (chunk.type !== "chunk") continue;
    const word = /dynoxide|["'`]dynalite["'`]|child_process|startEngine/.exec(chunk.code)?.[0];
    if (word !== undefined) throw new Error(`${entry} reaches ${word} in ${chunk.fileName}`);
    const testing = chunk.moduleIds.find((id) => /testing/.test(id));
    if (testing !== undefined) throw new Error(`${entry} reaches ${testing}`);
  }
}

/** What an import loads beside the package's own files: each further package is paid by every start. */
const loadedPackages = [
  "@aws-sdk/client-dynamodb",
  "@aws-sdk/lib-dynamodb",
  "@aws-sdk/util-dynamodb",
  "@smithy/node-http-handler",
  "electrodb",
];

/** Follows an entry point's imports, or calls of require; what is imported when needed is not loaded. */
function checkLoadedPackages(entry: string): void {
  const files = new Set([join(root, "dist", entry)]);
  const packages = new Set<string>();
  for (const file of files) {
    const code = withoutComments(readFileSync(file, "utf8"));
    for (const [, id = ""] of code.matchAll(/(?:\bfrom |\bimport |\brequire\()"([^"]+)"/g)) {
      if (id.startsWith(".")) files.add(resolve(dirname(file), id));
      else if (!isBuiltin(id)) packages.add(id);
    }
  }
  const loaded = [...packages].sort();
  if (loaded.join() !== loadedPackages.join()) {
    throw new Error(`${entry} loads ${loaded.join(", ")}`);
  }
}

// ---------------------------------------------------------------------------------------------
// The empty project

const writeJson = (file: string, value: unknown): void =>
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);

/** The version this tree is tested with, so that a release of somebody else's breaks no run. */
function testedVersion(name: string): string {
  const file = join(root, "node_modules", name, "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

async function install(tarball: string): Promise<void> {
  cpSync(join(root, "scripts", "check-package"), project, { recursive: true });
  // One consumer, seen by the type checker as an ES module, as CommonJS and by a bundler.
  for (const extension of ["mts", "cts"]) {
    cpSync(join(project, "consumer.ts"), join(project, `consumer.${extension}`));
  }
  writeJson(join(project, "package.json"), {
    name: "consumer",
    private: true,
    dependencies: {
      [manifest.name]: `file:${tarball}`,
      ...Object.fromEntries(
        Object.keys(manifest.dependencies).map((name) => [name, testedVersion(name)]),
      ),
      "@types/node": testedVersion("@types/node"),
      typescript: oldTypeScript,
    },
  });
  await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"]);
}

/** Importing opens nothing, starts nothing, and leaves a wrong environment to the first call. */
async function checkImportIsIdle(): Promise<void> {
  const wrong = { ...env, COAGENT_ENV: "nowhere", AWS_ENDPOINT_URL_DYNAMODB: "not a url" };
  const script = `
    await import("${manifest.name}");
    await import("${manifest.name}/testing");
    const open = process.getActiveResourcesInfo().filter((name) =>
      /Timeout|Immediate|TCP|Server|Process|Worker|Watch/.test(name),
    );
    if (open.length > 0) throw new Error("left open: " + open.join(", "));`;
  const options = { cwd: project, env: wrong, timeout: 20_000 };
  await exec(process.execPath, ["--input-type=module", "--eval", script], options);
}

/** The path of a Node of that major version, from the registry unless it is the current one. */
async function findNode(major: number): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const args = ["-y", "-p", `node@${major}`, "node", "-p", "process.execPath"];
  return run("npx", args, work);
}

const typeChecks: { name: string; files: string[]; options: Record<string, unknown> }[] = [
  {
    name: "nodenext, import and require",
    files: ["consumer.mts", "consumer.cts"],
    options: { module: "nodenext" },
  },
  {
    name: "bundler",
    files: ["consumer.ts"],
    options: { module: "esnext", moduleResolution: "bundler" },
  },
];

async function checkTypes(
  tsc: string,
  { name, files, options }: (typeof typeChecks)[number],
): Promise<void> {
  const config = join(project, `tsconfig.${name.replaceAll(/\W+/g, "-")}.json`);
  writeJson(config, {
    compilerOptions: {
      target: "es2022",
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      types: ["node"],
      ...options,
    },
    files,
  });
  await node([tsc, "-p", config]);
}

// ---------------------------------------------------------------------------------------------

let packed: Packed | undefined;
await check("npm pack", async () => {
  packed = await pack();
});
if (packed === undefined) process.exit(1);
const tarball = join(work, packed.filename);
const contents = packed;

await check(`${packed.filename} holds dist and its papers, nothing else`, () =>
  checkContents(contents),
);
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

const nodes = new Map<number, string>();
await Promise.all([
  check("npm install of the tarball in an empty project", () => install(tarball)),
  (async () => {
    await check("publint", () => node([bin("publint"), "run", tarball, "--strict"], work));
    await check("are the types wrong", async () => {
      // attw deletes what it has read.
      const copy = join(work, "attw.tgz");
      cpSync(tarball, copy);
      await node([bin("@arethetypeswrong/cli", "attw"), copy, "--no-color", "--no-emoji"], work);
    });
    for (const major of nodeMajors) {
      await check(`Node ${major} is at hand`, async () => nodes.set(major, await findNode(major)));
    }
  })(),
]);

for (const [major, executable] of nodes) {
  await check(`Node ${major}: import, create, get, errors`, () =>
    run(executable, ["consumer.mjs"]),
  );
  await check(`Node ${major}: require, create, get, errors`, () =>
    run(executable, ["consumer.cjs"]),
  );
  await check(`Node ${major}: bayon-data --help`, () =>
    run(executable, [join("node_modules", ".bin", "bayon-data"), "--help"]),
  );
}

await check("a key function alone costs a few KB", () => checkKeysAlone(project));
await check("a browser's bundle is refused what is server only", () => checkServerOnly(project));
await check("an edge runtime is told what it lacks", () => checkEdge(project));
await check("a stack trace in a bundle ends in the sources", () => checkTraces(project));
await check("importing opens nothing and reads no environment", checkImportIsIdle);
await check("a CommonJS Jest test, Jest as it comes", () =>
  node([bin("jest"), "--rootDir", project, "--config", "{}", "consumer.test.js"]),
);

const compilers = {
  [`TypeScript ${oldTypeScript}`]: join(project, "node_modules/typescript/bin/tsc"),
  [`TypeScript ${testedVersion("typescript")}`]: bin("typescript", "tsc"),
};
for (const [compiler, tsc] of Object.entries(compilers)) {
  for (const typeCheck of typeChecks) {
    await check(`${compiler}: ${typeCheck.name}`, () => checkTypes(tsc, typeCheck));
  }
}
await check(`TypeScript ${oldTypeScript}: node10 (typesVersions)`, () =>
  checkTypes(join(project, "node_modules/typescript/bin/tsc"), {
    name: "node10",
    files: ["consumer.ts"],
    options: { module: "commonjs", moduleResolution: "node10", esModuleInterop: true },
  }),
);

console.log(`${passed} passed, ${failures.length} failed`);
if (failures.length === 0) rmSync(work, { recursive: true, force: true });
else console.log(`left for a look: ${dirname(project)}`);
process.exitCode = failures.length === 0 ? 0 : 1;
