/** What a bundle evaluates between its start and its first calls. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Format, type Plugin } from "esbuild";

const root = join(__dirname, "../..");
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cold-start-"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Makes each module of ElectroDB, its dependency, and zod tell when it is evaluated. */
const telling: Plugin = {
  name: "telling",
  setup({ onLoad }) {
    onLoad(
      { filter: /[\\/]node_modules[\\/](?:electrodb|jsonschema|zod)[\\/].*\.c?js$/ },
      ({ path }) => {
        const name = /node_modules[\\/](\w+)/.exec(path)?.[1];
        const tell = `(globalThis.evaluated ??= new Set()).add("${name}");\n`;
        return { contents: tell + readFileSync(path, "utf8"), loader: "js" };
      },
    );
  },
};

/** A process that starts, and says after each of its steps what has been evaluated so far. */
const program = `
  import { createDataLayer, Entity, ValidationError } from "./src/index.js";
  const told = {};
  const tell = (step) => { told[step] = [...(globalThis.evaluated ?? [])].sort(); };
  const send = async ({ input }) => "Key" in input
    ? { Item: { PK: "USER#u", SK: "CONTENT#c", EntityType: "SavedContent", UpdatedAt: 1, CreatedAt: 1, Data: { type: "Note", content: "…" } } }
    : "Limit" in input
      ? { Items: [{ PK: "USER#u", SK: "CONTENT#c", EntityType: "SavedContent", Data: {} }], LastEvaluatedKey: { PK: "USER#u", SK: "CONTENT#c" } }
      : {};
  const data = createDataLayer({ tableName: "table", client: { send } });
  tell("import");
  const key = { userId: "u", contentId: "c" };
  (async () => {
    const { data: payload } = await data.savedContent.get(key);
    told.read = payload.type;
    await data.forUser("u").savedContent.batchGet([{ contentId: "c" }]);
    await data.savedContent.query({ userId: "u" }, { where: { type: "Note" } });
    const { cursor } = await data.savedContent.query({ userId: "u" }, { limit: 1, fields: ["title"] });
    told.continued = cursor !== null && (await data.savedContent.query({ userId: "u" }, { limit: 1, cursor })).items.length;
    await data.savedContent.count({ userId: "u" });
    await data.savedContent.delete(key);
    tell("reads");
    await data.savedContent.create({ ...key, data: { type: "Note", content: "…" } });
    tell("a write");
    told.refused = data.savedContent.check({ ...key, data: { type: 1 } }).map(({ path }) => path);
    told.isEntity = data.savedContent.entity instanceof Entity;
    tell("the native entity");
    console.log(JSON.stringify(told));
  })();`;

async function startsOf(format: Format): Promise<Record<string, unknown>> {
  const file = join(folder, format === "esm" ? "start.mjs" : "start.cjs");
  await build({
    stdin: { contents: program, resolveDir: root },
    outfile: file,
    bundle: true,
    minify: true,
    format,
    platform: "node",
    target: "node20",
    ...(format === "esm" && {
      mainFields: ["module", "main"],
      conditions: ["module"],
      banner: {
        js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
      },
    }),
    logOverride: { "empty-import-meta": "silent" },
    plugins: [telling],
  });
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8" });
  if (stdout === "") throw new Error(stderr.slice(-2000));
  return JSON.parse(stdout) as Record<string, unknown>;
}

test.each<Format>(["esm", "cjs"])(
  "a minified bundle (%s) evaluates neither ElectroDB nor zod before something of them is used",
  async (format) => {
    expect(await startsOf(format)).toEqual({
      import: [],
      read: "Note",
      continued: 1,
      reads: [],
      "a write": ["zod"],
      refused: ["data.type", "data.content"],
      isEntity: true,
      "the native entity": ["electrodb", "jsonschema", "zod"],
    });
  },
);
