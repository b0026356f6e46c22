/** The contents of the tarball and of dist/, read without running any of it. */
import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { rolldown } from "rolldown";
import { importedIn } from "../dependencies/imports.js";
import { readManual } from "../docs/pages.js";
import { root } from "./commands.js";
import { manifest, type Packed } from "./packed.js";

export function checkContents({ files }: Packed): void {
  const paths = files.map((file) => file.path);
  const missing = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "THIRD-PARTY.md",
    "LICENSE",
    "dist/index.js",
    "dist/index.cjs",
    "llms.txt",
    // The README links to them.
    ...readManual(root).map(({ path }) => path),
    "docs/growth.svg",
    "examples/next/app/page.tsx",
    "examples/lambda/src/handler.ts",
  ].filter((path) => !paths.includes(path));
  if (missing.length > 0) throw new Error(`missing: ${missing.join(", ")}`);
  const strange = paths.filter(
    (path) =>
      !/^(?:(?:dist|examples)\/|docs\/[\w-]+\.(?:md|svg)$|(?:README|CHANGELOG|CONTRIBUTING|SECURITY|THIRD-PARTY)\.md$|llms\.txt$|LICENSE$|package\.json$)/.test(
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

export function checkNoMachinePaths(): void {
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

/** Each imported package must be declared; otherwise it is installed only by luck. */
export function checkDependencies(): void {
  const { name, dependencies, peerDependencies } = manifest;
  const declared = [name, ...Object.keys({ ...dependencies, ...peerDependencies })];
  let imports = 0;
  for (const file of distFiles().filter((path) => !/\.(?:txt|map)$/.test(path))) {
    for (const id of importedIn(readFileSync(join(root, "dist", file), "utf8"))) {
      imports += 1;
      // What webpack is to refuse is a sentence, and no name of a package.
      if (id.includes(" ")) continue;
      const known = declared.some((other) => id === other || id.startsWith(`${other}/`));
      if (!known) throw new Error(`${file} imports ${id}`);
    }
  }
  if (imports < declared.length) throw new Error(`only ${imports} imports were found`);
}

/** ElectroDB's types accept no narrower bound than this. It has one name, and is the only exception. */
const electrodbBound = "export type AnyEntity = Entity<any, any, any, any>;";

/** Finds `any` as a type in a declaration, outside comments and string literals. A member may have the name. */
export function checkNoAny(): void {
  const found = distFiles()
    .filter((file) => file.endsWith(".d.ts"))
    .flatMap((file) =>
      withoutComments(readFileSync(join(root, "dist", file), "utf8"))
        .replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""')
        .replace(electrodbBound, "")
        .split("\n")
        .flatMap((line, index) =>
          /\bany\b(?!\??:)/.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [],
        ),
    );
  if (found.length > 0) throw new Error(found.join("\n"));
}

/**
 * Bundles like an application: nothing that is reachable from `../check-package` may load an engine.
 */
export async function checkProductionBundle(entry: string): Promise<void> {
  const bundle = await rolldown({
    input: join(root, "dist", entry),
    platform: "node",
    external: (id) => !id.startsWith("./") && !id.startsWith("/"),
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

/**
 * What an import loads besides the package's own files: each further package makes every start
 * slower.
 */
const loadedPackages = [
  "@aws-sdk/client-dynamodb",
  "@aws-sdk/lib-dynamodb",
  "@aws-sdk/util-dynamodb",
  "@smithy/node-http-handler",
  "electrodb",
];

/**
 * Follows an entry point's imports, or calls of require, except those that are loaded only when
 * needed.
 */
export function checkLoadedPackages(entry: string): void {
  const files = new Set([join(root, "dist", entry)]);
  const packages = new Set<string>();
  for (const file of files) {
    const code = withoutComments(readFileSync(file, "utf8"));
    for (const [, id = ""] of code.matchAll(/(?:\bfrom |\bimport |\brequire\()"([^"]+)"/g)) {
      if (id.startsWith("./")) files.add(resolve(dirname(file), id));
      else if (!isBuiltin(id)) packages.add(id);
    }
  }
  const loaded = [...packages].sort();
  if (loaded.join() !== loadedPackages.join()) {
    throw new Error(`${entry} loads ${loaded.join(", ")}`);
  }
}
