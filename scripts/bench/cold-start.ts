/**
 * What a cold start costs: a fresh process, as of a Lambda function, loads its program and gets one item
 * from a server on this machine. The program is one minified bundle, or loads its packages itself.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Format } from "esbuild";
import type { Line } from "./engine-cells.js";
import { AnswerServer } from "./runner.js";
import { quantile } from "./statistics.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

const settings = `{
  region: "us-east-1",
  endpoint: process.env.BENCH_ENDPOINT,
  credentials: { accessKeyId: "key", secretAccessKey: "secret" },
}`;

const documentClient = `
  import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
  import { DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(${settings}));`;

const key = '{ userId: "u1", contentId: "c0" }';

/** In the order of the table. Each sets \`first\`, which gets the item. The package is the built one. */
const programs = {
  "lib-dynamodb": `${documentClient}
    const command = new GetCommand({ TableName: "table", Key: { PK: "USER#u1", SK: "CONTENT#c0" } });
    globalThis.first = async () => (await client.send(command)).Item;`,
  "lib-dynamodb + ElectroDB, one entity": `${documentClient}
    import { Entity } from "electrodb";
    const part = { type: "string", required: true };
    const keyOf = (field, template, name) => ({ field, template, composite: [name], casing: "none" });
    const schema = {
      model: { entity: "SavedContent", version: "SavedContent", service: "BayonCoAgent" },
      attributes: { userId: part, contentId: part, data: { type: "any", field: "Data" } },
      indexes: {
        byKey: {
          pk: keyOf("PK", "USER#\${userId}", "userId"),
          sk: keyOf("SK", "CONTENT#\${contentId}", "contentId"),
        },
      },
    };
    const identifiers = { entity: "EntityType", version: "EntityType" };
    const entity = new Entity(schema, { table: "table", client, identifiers });
    globalThis.first = async () => (await entity.get(${key}).go()).data;`,
  "this package, twelve entities": `
    import { createDataLayer } from "./dist/index.js";
    const data = createDataLayer({ tableName: "table", ...${settings} });
    globalThis.first = () => data.savedContent.get(${key});`,
};

/** How a program is loaded. */
const forms = ["esm", "cjs", "unbundled"] as const;
type Form = (typeof forms)[number];

const inWords: Readonly<Record<Form, string>> = {
  esm: "ES module bundle",
  cjs: "CommonJS bundle",
  unbundled: "not bundled",
};

interface Start {
  readonly ms: number;
  readonly cpuMs: number;
}

interface Program {
  readonly what: string;
  readonly form: Form;
  readonly file: string;
  readonly starts: Start[];
}

/** Interleaved rounds, so that a noisy moment affects all alike. Medians, and ratios to lib-dynamodb's. */
export async function coldStart(rounds: number): Promise<Line[]> {
  const built = spawnSync("npm", ["run", "--silent", "build"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (built.status !== 0) throw new Error("bench: npm run build failed");
  console.error("cold starts …");
  const all: Program[] = [];
  const server = await AnswerServer.start();
  try {
    await server.answer("get");
    for (const form of forms) {
      for (const what of Object.keys(programs) as (keyof typeof programs)[]) {
        const file = `${root}.cache-bench-${all.length}.${form === "cjs" ? "cjs" : "mjs"}`;
        all.push({ what, form, file, starts: [] });
        await writeProgram(programs[what], form, file);
      }
    }
    // The first start of each reads its files from the disk.
    for (const { file } of all) start(file, server.endpoint);
    for (let round = 0; round < rounds; round += 1) {
      for (const { file, starts } of all) starts.push(start(file, server.endpoint));
    }
    return all.map((program) => lineOf(program, all));
  } finally {
    server.stop();
    for (const { file } of all) rmSync(file, { force: true });
  }
}

/** With the settings that docs/lambda.md recommends; a CommonJS bundle with esbuild's own. */
async function writeProgram(source: string, form: Form, file: string): Promise<void> {
  if (form === "unbundled") return writeFileSync(file, source);
  await build({
    stdin: {
      contents: form === "cjs" ? source.replace("dist/index.js", "dist/index.cjs") : source,
      resolveDir: root,
    },
    outfile: file,
    bundle: true,
    minify: true,
    format: form satisfies Format,
    platform: "node",
    target: "node22",
    ...(form === "esm" && {
      mainFields: ["module", "main"],
      conditions: ["module"],
      banner: {
        js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
      },
    }),
  });
}

/** From an empty process that has started to the first item. */
function start(file: string, endpoint: string): Start {
  // As Lambda loads it: an import of CommonJS would first look through its text for names.
  const isCommonJs = file.endsWith(".cjs");
  const load = isCommonJs
    ? `require(${JSON.stringify(file)})`
    : `await import(${JSON.stringify(file)})`;
  const code = `${isCommonJs ? 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' : ""}
    const cpu = process.cpuUsage();
    const start = performance.now();
    ${load};
    const item = await globalThis.first();
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    if (item == null) throw new Error("there is no item");
    console.log(JSON.stringify({ ms, cpuMs: (user + system) / 1000 }));
    process.exit(0);`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    encoding: "utf8",
    env: { ...process.env, BENCH_ENDPOINT: endpoint },
  });
  if (stdout === "") throw new Error(`bench: ${file} got no item\n${stderr.slice(-1000)}`);
  return JSON.parse(stdout) as Start;
}

function lineOf({ what, form, file, starts }: Program, all: readonly Program[]): Line {
  const medianOf = (of: keyof Start, given: readonly Start[]) =>
    quantile(
      given.map((one) => one[of]),
      0.5,
    );
  const base = all.find((other) => other.form === form)?.starts ?? starts;
  const told = (of: keyof Start) => {
    const ratio = medianOf(of, starts) / medianOf(of, base);
    return `${Math.round(medianOf(of, starts))} ms${base === starts ? "" : ` (${ratio.toFixed(2)})`}`;
  };
  const kilobytes = (bytes: number) => `${Math.round(bytes / 1024)} KB`;
  const size =
    form === "unbundled"
      ? ""
      : `, ${kilobytes(statSync(file).size)}, gzipped ${kilobytes(gzipSync(readFileSync(file)).byteLength)}`;
  return { what: `${inWords[form]}: ${what}`, took: `${told("ms")}, ${told("cpuMs")} CPU${size}` };
}
