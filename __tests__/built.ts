/**
 * What the tests start as processes of their own, bundled once before them (Jest's `globalSetup`): a
 * process then begins in a quarter of the CPU time that it takes to transform each of its sources.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const folder = resolve("node_modules/.cache/test-processes");

/**
 * The bundle of a process, for Node to run.
 * @param source its file: the command's `scripts/cli.ts`, the demonstration, the soak, a `*-process.ts` of the tests, or a
 * `*-config.ts` of theirs, which then shares the package's modules with the command
 */
export const built = (source: string): string =>
  join(folder, relative(resolve("."), resolve(source)).replace(/\.ts$/, ".js"));

/** A file that others may be reading is replaced at once, and only by another text. */
function replace(path: string, text: Uint8Array): void {
  if (existsSync(path) && readFileSync(path).equals(text)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
}

export default async function buildProcesses(): Promise<void> {
  const processes = readdirSync("__tests__", { recursive: true, encoding: "utf8" })
    .filter((file) => /-(?:process|config)\.ts$/.test(file))
    .map((file) => join("__tests__", file));
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: ["scripts/cli.ts", "scripts/demo/start.ts", "scripts/soak/run.ts", ...processes],
    ...{ outbase: ".", outdir: folder, write: false },
    ...{ bundle: true, splitting: true, packages: "external" },
    ...{ platform: "node", format: "esm", target: "node20.19" },
    // What is CommonJS asks for packages by a require of its own.
    banner: {
      js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
    },
  });
  for (const { path, contents } of outputFiles) replace(path, contents);
  // The command reads its version from it.
  replace(join(folder, "package.json"), readFileSync("package.json"));
}
