/** The application of examples/audit-trail, against the packed package. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { Note } from "./checks.js";
import { bin, node, root } from "./commands.js";
import { writeJson } from "./packed.js";

/** The application in a folder of a project that has installed the package. */
export function copyAuditTrail(project: string): string {
  const folder = join(project, "audit-trail");
  cpSync(join(root, "examples", "audit-trail"), folder, { recursive: true });
  return folder;
}

export async function checkAuditTypes(folder: string, compiler: string): Promise<void> {
  const config = join(folder, `tsconfig.${compiler}.json`);
  writeJson(config, { extends: "./tsconfig.json", files: ["main.ts", "lambda.ts", "show.ts"] });
  await node([bin(root, compiler, "tsc"), "-p", config, "--pretty", "false"], { cwd: folder });
}

/** What it prints, but for the times. */
const printed = [
  "created by ada",
  '    address: (none) -> "12 Elm Street"',
  "    price: (none) -> 450000",
  "updated by bo",
  '    features: (none) -> ["garden"]',
  "    price: 450000 -> 435000",
  "deleted by ada",
  '    address: "12 Elm Street" -> (none)',
  '    features: ["garden"] -> (none)',
  "    price: 435000 -> (none)",
];

/** `npm start`, compiled: with the package beside it, whose test kit starts the engine. */
export async function runAuditTrail(folder: string): Promise<void> {
  const outfile = join(folder, "main.mjs");
  const options = { bundle: true, format: "esm", platform: "node", logLevel: "silent" } as const;
  await build({
    ...options,
    entryPoints: [join(folder, "main.ts")],
    outfile,
    packages: "external",
  });
  const told = await node([outfile], { cwd: folder });
  const lines = told.trimEnd().split("\n");
  const found = lines.map((line) => line.replace(/^\d{4}-\S+Z /, ""));
  // The fields of an item have no order.
  const [is, should] = [found.toSorted().join("\n"), printed.toSorted().join("\n")];
  if (is !== should) throw new Error(`it printed\n${told}`);
}

/** The function of `lambda.ts`, bundled with the SDK inside, called where nothing is installed. */
export async function runAuditFunction(folder: string, work: string): Promise<Note> {
  const place = join(work, "audit-function");
  mkdirSync(place, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: folder,
    entryPoints: ["lambda.ts"],
    outfile: join(place, "lambda.mjs"),
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node20",
    mainFields: ["module", "main"],
    conditions: ["module"],
    logLevel: "silent",
    metafile: true,
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  const bundled = Object.keys(metafile.inputs).filter((path) =>
    /streams?-requests|testing/.test(path),
  );
  if (bundled.length > 0) throw new Error(`the bundle has ${bundled.join(", ")}`);
  const call = `
    const { handler } = await import("./lambda.mjs");
    const Keys = { PK: { S: "JOB#1" }, SK: { S: "RUN#1" } };
    const dynamodb = { Keys, NewImage: Keys, SequenceNumber: "1" };
    console.log(JSON.stringify(await handler({ Records: [{ eventName: "INSERT", dynamodb }] })));`;
  writeFileSync(join(place, "call.mjs"), call);
  const env = { COAGENT_ENV: "production", AWS_REGION: "us-east-1" };
  const told = await node(["call.mjs"], { cwd: place, env });
  if (told.trim() !== '{"batchItemFailures":[]}') throw new Error(`it returned ${told}`);
  const [output] = Object.values(metafile.outputs);
  return new Note(`${((output?.bytes ?? 0) / 1024).toFixed()} KB`);
}
