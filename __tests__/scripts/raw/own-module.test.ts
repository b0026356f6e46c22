/**
 * A configuration file in TypeScript, loaded by Node itself: what Node lacks for it is said in the message.
 * The tests' own loader would read it, so the code that loads it is compiled, as in the package.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { testWhere } from "../run.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "own-module-"));
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  buildSync({
    stdin: {
      contents: `
        import { loaded } from "./scripts/raw/own-module.ts";
        const told = loaded(process.argv[2], "--config F").then(
          (exported) => ({ exported }),
          (error) => ({ name: error.name, message: error.message }),
        );
        console.log(JSON.stringify(await told));`,
      resolveDir: resolve("."),
    },
    ...{ bundle: true, format: "esm", platform: "node", packages: "external" },
    outfile: join(folder, "load.mjs"),
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Told {
  readonly exported?: object;
  readonly name?: string;
  readonly message?: string;
}

/** What loading a file gives, in a process without a loader. */
function loadedBy(name: string, text: string, ...options: string[]): Told {
  writeFileSync(join(folder, name), text);
  const { NODE_OPTIONS: _, ...env } = process.env;
  const args = [...options, join(folder, "load.mjs"), join(folder, name)];
  return JSON.parse(execFileSync(process.execPath, args, { env, cwd: folder, encoding: "utf8" }));
}

const typed = 'export const tableName: string = "Coagent-dev";';
const { typescript = false } = process.features as { readonly typescript?: string | false };
const reads = testWhere(typescript !== false, "this Node reads no TypeScript");
const lacks = testWhere(typescript === false, "this Node reads TypeScript");

lacks("an older Node says which one reads it, and how this one can", async () => {
  expect(loadedBy("a.config.ts", typed)).toEqual({
    name: "ConfigurationError",
    message: expect.stringMatching(
      /^--config F cannot be loaded \(TypeScript needs Node 22\.18 or newer, or NODE_OPTIONS=--import=tsx\): /,
    ),
  });
});

reads("Node reads a file whose types can be left out", async () => {
  expect(loadedBy("b.config.ts", typed)).toEqual({ exported: { tableName: "Coagent-dev" } });
});

reads("an enum is said to need tsx", async () => {
  const { name, message } = loadedBy(
    "c.config.ts",
    'enum A { B = "x" } export const tableName = A.B;',
  );
  expect(name).toBe("ConfigurationError");
  expect(message).toContain(
    "(Node only leaves types out: enum, namespace and parameter properties",
  );
});

reads(
  "an import of ./entities.js for a TypeScript file is said to need its own name, or tsx",
  async () => {
    writeFileSync(join(folder, "entities.ts"), "export const entities = {};");
    const { message } = loadedBy("d.config.ts", 'export { entities } from "./entities.js";');
    expect(message).toContain("(Node finds a TypeScript file by its own name, ./entities.ts");
  },
);

test("with tsx, as the hint says, any of them is read", () => {
  const text = 'enum A { B = "x" } export const tableName: string = A.B;';
  expect(loadedBy("e.config.ts", text, "--import=tsx")).toEqual({ exported: { tableName: "x" } });
});

test("a file in JavaScript gets no hint about TypeScript", () => {
  const { message } = loadedBy("f.config.js", 'export * from "./missing.js";');
  expect(message).toMatch(/^--config F cannot be loaded: Cannot find module/);
});
