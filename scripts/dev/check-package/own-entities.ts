/** The application of examples/own-entities, against the packed package. */
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { createDataLayer } from "../../../src/data-layer.js";
import { startEngine } from "../../../src/testing/index.js";
import { Note } from "./checks.js";
import { bin, node, root } from "./commands.js";
import { projects, writeJson } from "./packed.js";

const mistakesFile = "mistakes.ts";

/** The application in a folder of a project that has installed the package, with a file of mistakes. */
export function copyOwnEntities(project: string): string {
  const folder = join(project, "own-entities");
  cpSync(join(root, "examples", "own-entities"), folder, { recursive: true });
  cpSync(join(projects, "own-entities"), folder, { recursive: true });
  return folder;
}

/** The longest that the compiler may say of one mistake, in characters. */
const mostOfMessage = 1600;

/** The application compiles as it is, and each mistake is told as its line says. */
export async function checkOwnTypes(folder: string, compiler: string): Promise<void> {
  const config = join(folder, `tsconfig.${compiler}.json`);
  writeJson(config, {
    compilerOptions: {
      target: "es2022",
      module: "nodenext",
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: ["node"],
    },
    files: ["main.ts", mistakesFile],
  });
  const args = [bin(root, compiler, "tsc"), "-p", config, "--pretty", "false"];
  const told = await node(args, { cwd: folder }).then(
    () => "",
    (error: { readonly stdout?: string }) => error.stdout ?? String(error),
  );
  const wrong = wrongMessages(told, readFileSync(join(folder, mistakesFile), "utf8"));
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
}

/** What is wrong with a compiler's output for a text whose lines say what they expect. */
function wrongMessages(output: string, text: string): string[] {
  const messages = output.split(/\n(?! )/).filter((message) => message !== "");
  const byLine = new Map<number, string>();
  const wrong: string[] = [];
  for (const message of messages) {
    const [, line] = /^mistakes\.ts\((\d+),\d+\): /.exec(message) ?? [];
    if (line === undefined || byLine.has(Number(line))) wrong.push(`not expected: ${message}`);
    else byLine.set(Number(line), message);
  }
  for (const [i, line] of text.split("\n").entries()) {
    const [, expected] = / \/\/= (.*)/.exec(line) ?? [];
    const message = byLine.get(i + 1);
    if (expected === undefined) {
      if (message !== undefined) wrong.push(`not expected: ${message}`);
    } else if (!message?.includes(expected)) {
      wrong.push(`line ${i + 1}: ${message ?? "no error"}\n  not: ${expected}`);
    } else if (message.length > mostOfMessage) {
      wrong.push(`line ${i + 1} has ${message.length} characters: ${message}`);
    }
  }
  return wrong;
}

/** What the application prints, but for the ids. */
const printed = {
  visitors: ["Cy", "Di"],
  team: {
    name: "North",
    members: ["ada: active", "bo: active"],
    openHouses: ["12 Elm Street"],
    workflows: [{ title: "Prepare 12 Elm Street", open: ["Signs"] }],
    log: ["planned 12 Elm Street", "founded"],
  },
  user: { leads: ["Di", "Cy"], unread: 2 },
};

/** Bundles the application with the SDK inside, and runs it where nothing is installed. */
export async function runOwnEntities(folder: string, work: string): Promise<Note> {
  const file = join(work, "own-entities.mjs");
  await build({
    absWorkingDir: folder,
    entryPoints: ["main.ts"],
    outfile: file,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node20",
    mainFields: ["module", "main"],
    conditions: ["module"],
    logLevel: "silent",
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  const engine = await startEngine({ engine: "dynoxide" });
  const data = createDataLayer({ environment: "local", endpoint: engine.endpoint });
  try {
    await data.table.create();
    const env = { COAGENT_ENV: "local", AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint };
    const found = JSON.parse(await node([file], { cwd: work, env })) as typeof printed;
    found.visitors.sort();
    const [is, should] = [JSON.stringify(found), JSON.stringify(printed)];
    if (is !== should) throw new Error(`it printed ${is}\nnot ${should}`);
  } finally {
    await data.close();
    await engine.close();
  }
  return new Note(`${(readFileSync(file).length / 1024).toFixed()} KB`);
}
