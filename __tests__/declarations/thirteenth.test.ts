/** What CONTRIBUTING.md says of a thirteenth entity, carried out in a copy of the sources. */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { sectionOf } from "../../scripts/dev/docs/markdown.js";

const repository = resolve(__dirname, "../..");
let folder: string;

const chapter = sectionOf(
  readFileSync(join(repository, "CONTRIBUTING.md"), "utf8"),
  "A thirteenth entity",
);
/** The chapter's blocks: the file, the lines of the registry, the lines elsewhere. */
const [file = "", registered = "", elsewhere = ""] = [
  ...chapter.matchAll(/^ {3}```ts\n([\s\S]*?)^ {3}```$/gm),
].map(([, code = ""]) => code.replaceAll(/^ {3}/gm, ""));

/** The last place of a text before which lines are put. */
function insertBefore(path: string, mark: RegExp, lines: string): void {
  const text = readFileSync(join(folder, path), "utf8");
  const at = text.search(mark);
  if (at < 0) throw new Error(`${path} has no ${mark}`);
  writeFileSync(join(folder, path), `${text.slice(0, at)}${lines}\n${text.slice(at)}`);
}

function run(args: readonly string[]): string {
  const { stdout, stderr, error } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  if (error !== undefined) throw error;
  return `${stdout}${stderr}`.trim();
}

// Several checkers would each make the same types.
const compile = (project = "tsconfig.json") =>
  run(["node_modules/typescript/bin/tsc", "--singleThreaded", "-p", project]);

beforeAll(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "coagent-thirteenth-"));
  const scripts = ["scripts/move", "scripts/raw", "scripts/run"];
  for (const name of ["src", "entities", "services", "package.json", ...scripts]) {
    cpSync(join(repository, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"), "junction");
  const { compilerOptions } = JSON.parse(
    readFileSync(join(repository, "tsconfig.json"), "utf8").replaceAll(/^\s*\/\/.*$/gm, ""),
  ) as { compilerOptions: object };
  const options = { ...compilerOptions, types: ["node"], paths: {} };
  const include = ["src", "entities", "services", "use.ts"];
  // A page of its own, for browsers.
  const exclude = ["src/explorer/page"];
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: options, include, exclude }),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const use = `
import { createTestDataLayer, make } from "./src/testing/index.js";
import { iamPolicy, type Note } from "./src/index.js";
import { entitiesByType } from "./scripts/move/placement.js";

await using data = await createTestDataLayer();
const made: Note = await data.note.create({ userId: "u", noteId: "n1", data: { text: "one" } });
// @ts-expect-error its payload has types
void (() => data.note.put({ userId: "u", noteId: "n", data: { text: 1 } }));
const check = data.note.check({ userId: "u", noteId: "n", data: { text: 1 } });
const own = data.forUser("u");
await own.note.put({ noteId: "n2", data: { text: "two" } });
await data.transaction.write((tx) => [tx.note.update({ userId: "u", noteId: "n1" }, { text: "1" })]);
const { items } = await own.note.query({}, { by: "createdAt" });
const { note } = await data.collections.workspace({ userId: "u" });
const recent = await data.collections.recent({ userId: "u", limit: 5 });
const native = await data.note.entity.query.byCreatedAt({ userId: "u" }).go();
const { noteId } = make.note();
const policy = iamPolicy({ tableArn: "arn:aws:dynamodb:us-east-1:1:table/t", userId: "u" });
console.log(JSON.stringify({
  made: made.data.text,
  check,
  items: items.map((one) => [one.noteId, one.data.text]),
  workspace: note.map((one) => one.noteId),
  recent: recent.length,
  native: native.data.map((one) => one.noteId),
  fixture: noteId,
  commands: entitiesByType().get("Note")?.model.parts,
  partitions: JSON.stringify(policy).includes("USER#u"),
}));
`;

test("a file and its lines in the registry make the store, with its types and in everything that spans entities", () => {
  writeFileSync(join(folder, "entities/note.ts"), file);
  const [imported = "", member = "", name = ""] = registered.split("\n\n");
  insertBefore("services/entities.ts", /^import/m, imported);
  insertBefore("services/entities.ts", /^}\n\n\/\*\* The name of a store/m, member);
  const extended = { extends: "./tsconfig.json", include: [] };
  const files = ["services/entities.ts", "src/testing/fixtures.ts"];
  writeFileSync(join(folder, "two.json"), JSON.stringify({ ...extended, files }));
  const forgotten = compile("two.json");
  expect(forgotten).toMatch(/services\/entities\.ts.*Property 'note' is missing/);
  expect(forgotten).toMatch(/src\/testing\/fixtures\.ts.*Property 'note' is missing/);
  insertBefore("services/entities.ts", /^};$/m, name);

  const [types = "", fixture = ""] = elsewhere.split("\n\n");
  insertBefore("src/index.ts", /^export/m, types);
  insertBefore("src/testing/fixtures.ts", /^}\);$/m, fixture);
  writeFileSync(join(folder, "use.ts"), use);
  expect(compile()).toBe("");
  buildSync({
    absWorkingDir: folder,
    entryPoints: ["use.ts"],
    outfile: "use.mjs",
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    // ElectroDB is loaded by a require when it is first used, and esbuild leaves it outside here.
    banner: {
      js: 'import node from "node:module"; const require = node.createRequire(import.meta.url);',
    },
  });
  const said = run(["use.mjs"]);
  expect(said).toMatch(/^{/);
  expect(JSON.parse(said)).toEqual({
    made: "one",
    check: [{ path: "data.text", message: expect.any(String) }],
    items: [
      ["n1", "1"],
      ["n2", "two"],
    ],
    workspace: ["n1", "n2"],
    recent: 0,
    native: ["n1", "n2"],
    fixture: expect.stringMatching(/^note-\d+$/),
    commands: ["userId", "noteId"],
    partitions: true,
  });
}, 120_000);
