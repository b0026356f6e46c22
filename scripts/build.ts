/**
 * Builds dist/: ESM and CommonJS of both entry points, the command, and the declarations.
 *
 * Rolldown shares chunks between entry points, so that `instanceof` holds across `.` and
 * `./testing`. Dependencies stay imports, except those that are ESM only: they are bundled into
 * the CommonJS output, with their licences beside it.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { build, type OutputOptions, type RolldownOptions } from "rolldown";

const esmOnly = ["jose", "p-retry", "is-network-error"];

/** The oldest Node of package.json's engines; newer syntax (`using`) is lowered. */
const transform = { target: "node20.19" };

const isRelative = (id: string): boolean => id.startsWith(".") || id.startsWith("/");
const packageOf = (id: string): string =>
  id
    .split("/")
    .slice(0, id.startsWith("@") ? 2 : 1)
    .join("/");

const output = {
  dir: "dist",
  comments: { legal: true, annotation: true, jsdoc: true },
} satisfies OutputOptions;

const library = { index: "src/index.ts", testing: "src/testing/index.ts" };

const esm: RolldownOptions & { output: OutputOptions } = {
  input: { ...library, cli: "scripts/cli.ts" },
  platform: "node",
  transform,
  external: (id) => isBuiltin(id) || (!isRelative(id) && !id.startsWith("\0")),
  output: {
    ...output,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name]-[hash].js",
  },
};

const cjs: RolldownOptions & { output: OutputOptions } = {
  input: library,
  platform: "node",
  transform,
  external: (id) =>
    isBuiltin(id) || (!isRelative(id) && !id.startsWith("\0") && !esmOnly.includes(packageOf(id))),
  output: {
    ...output,
    format: "cjs",
    // Jest without --experimental-vm-modules has require and no import().
    dynamicImportInCjs: false,
    entryFileNames: "[name].cjs",
    chunkFileNames: "chunks/[name]-[hash].cjs",
  },
};

/** Runs the type checker as declared in package.json; its findings go to the terminal. */
function emitDeclarations(): void {
  const { status } = spawnSync(
    process.execPath,
    ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"],
    { stdio: "inherit" },
  );
  if (status !== 0) throw new Error("build: tsc refused the sources");
}

/** A `.d.cts` beside each `.d.ts`, whose relative imports name `.cjs`; returns how many. */
function copyDeclarationsForRequire(folder: string): number {
  const declarations = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".d.ts"),
  );
  for (const file of declarations) {
    const text = readFileSync(join(folder, file), "utf8");
    const forRequire = text.replaceAll(
      /((?:\bfrom|\bimport)\s*\(?\s*)(["'])(\.{1,2}\/[^"']*)\.js\2/g,
      "$1$2$3.cjs$2",
    );
    writeFileSync(join(folder, file.replace(/\.d\.ts$/, ".d.cts")), forRequire);
  }
  return declarations.length;
}

/** The licences of what is bundled into the CommonJS output. */
function copyLicences(): void {
  const texts = esmOnly.map((name) => {
    const folder = join("node_modules", name);
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`build: ${name} has no licence file`);
    return `${name}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  writeFileSync("dist/third-party-licenses.txt", texts.join("\n---\n\n"));
}

const startedAt = performance.now();
rmSync("dist", { recursive: true, force: true });
await build([esm, cjs]);
chmodSync("dist/cli.js", 0o755);
copyLicences();
emitDeclarations();
const declarations = copyDeclarationsForRequire("dist/types");
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(`dist/: ESM, CommonJS and ${declarations} declarations twice, in ${seconds} s`);
