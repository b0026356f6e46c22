/**
 * What an application's bundle includes through each of the package's entry points: only the key
 * functions, the part for browsers, the part for an edge runtime, and source maps. Each check takes a
 * project in which the package is installed, and throws what it found.
 */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { type BuildOptions, build } from "esbuild";
import { rolldown } from "rolldown";

const exec = promisify(execFile);

/**
 * The size that importing one key function may add, minified: keys, their checks and ValidationError.
 */
const mostKeyBytes = 9 * 1024;

const useKeys = `
  import { getProjectKeys } from "bayon-coagent-data";
  console.log(JSON.stringify(getProjectKeys("u", "p")));`;
const useDataLayer = `
  import { createDataLayer } from "bayon-coagent-data";
  console.log(createDataLayer());`;

type Target = Pick<BuildOptions, "platform" | "conditions">;

/** esbuild's bundle of a text, as if it were a file of the project. */
async function bundled(project: string, contents: string, options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: project },
    bundle: true,
    format: "esm",
    write: false,
    logLevel: "silent",
    ...options,
  });
  const [file] = outputFiles ?? [];
  if (file === undefined) throw new Error("esbuild made no file");
  return file.text;
}

/** The same with rolldown, with which Vite bundles. */
async function rolled(
  project: string,
  contents: string,
  platform: "node" | "browser",
): Promise<string> {
  const entry = join(project, "rolled-entry.mjs");
  writeFileSync(entry, contents);
  const bundle = await rolldown({ input: entry, platform, logLevel: "silent" });
  try {
    const { output } = await bundle.generate({ format: "esm", minify: true });
    return output.map((part) => (part.type === "chunk" ? part.code : "")).join("\n");
  } finally {
    await bundle.close();
    rmSync(entry);
  }
}

/** Importing one key function costs a few KB with each bundler, and needs nothing of Node.js. */
export async function checkKeysAlone(project: string): Promise<void> {
  for (const platform of ["node", "browser"] as const) {
    const texts = {
      esbuild: await bundled(project, useKeys, { platform, minify: true }),
      rolldown: await rolled(project, useKeys, platform),
    };
    for (const [bundler, text] of Object.entries(texts)) {
      const bytes = Buffer.byteLength(text);
      if (!text.includes("PROJECT#")) throw new Error(`${bundler}, ${platform}: no key templates`);
      if (bytes > mostKeyBytes) throw new Error(`${bundler}, ${platform}: ${bytes} bytes`);
      const word = /node:|\bBuffer\b|\bprocess\b/.exec(text)?.[0];
      if (word !== undefined) throw new Error(`${bundler}, ${platform}: it uses ${word}`);
    }
  }
}

/** The size that all of the client may have in a page, minified and compressed. */
const mostClientBytes = 6 * 1024;
/** With what listens to changes, which a bundle of CommonJS always holds. */
const mostDoorBytes = 7.5 * 1024;

const useClient = `
  import { createDataClient } from "bayon-coagent-data/client";
  console.log(createDataClient({ url: "/api/data" }));`;

/** The client costs a page a few KB, and needs nothing of Node.js, as an ES module and in CommonJS. */
export async function checkClientAlone(project: string): Promise<void> {
  const required = useClient.replace(/import (.*) from (.*);/, "const $1 = require($2);");
  const texts = {
    "as an ES module": await bundled(project, useClient, { platform: "browser", minify: true }),
    "in CommonJS": await bundled(project, required, { platform: "browser", minify: true }),
    rolldown: await rolled(project, useClient, "browser"),
  };
  for (const [how, text] of Object.entries(texts)) {
    const bytes = gzipSync(text, { level: 9 }).byteLength;
    if (!text.includes("application/json")) throw new Error(`${how}: it sends no JSON`);
    if (bytes > (how === "in CommonJS" ? mostDoorBytes : mostClientBytes))
      throw new Error(`${how}: ${bytes} bytes`);
    const word = /node:|\bBuffer\b|\bprocess\b|aws|electro|zod/i.exec(text)?.[0];
    if (word !== undefined) throw new Error(`${how}: it uses ${word}`);
  }
}

const useServer = `
  import { createDataHandler } from "bayon-coagent-data/server";
  console.log(createDataHandler({}));`;

/** The routes are refused where there is no Node.js, as the data layer is. */
export async function checkServerDoor(project: string): Promise<void> {
  const edge: Target = { platform: "browser", conditions: ["edge-light", "worker"] };
  await checkReports(project, edge, /export const runtime = "nodejs"/, useServer);
  const message = await messageOf(bundled(project, useServer, { platform: "browser" }));
  if (!/server.only/.test(message)) throw new Error(`esbuild says: ${message}`);
}

async function messageOf(run: Promise<unknown>): Promise<string> {
  return run.then(
    () => "it was built",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

/** Code that uses a server-only value does not build for a browser, and the message says so. */
export async function checkServerOnly(project: string): Promise<void> {
  const webpack: Target = { platform: "browser", conditions: ["webpack", "module"] };
  const messages = {
    esbuild: await messageOf(bundled(project, useDataLayer, { platform: "browser" })),
    rolldown: await messageOf(rolled(project, useDataLayer, "browser")),
    "webpack's conditions": await messageOf(bundled(project, useDataLayer, webpack)),
  };
  for (const [bundler, message] of Object.entries(messages)) {
    if (!/server.only/.test(message)) throw new Error(`${bundler} says: ${message}`);
  }
  const keys = useKeys.replace("bayon-coagent-data", "bayon-coagent-data/keys");
  await bundled(project, keys, webpack);
}

/** An edge runtime gets no module of Node.js, and createDataLayer reports what it needs. */
export async function checkEdge(project: string): Promise<void> {
  const edge: Target = { platform: "browser", conditions: ["edge-light", "worker"] };
  await checkReports(project, edge, /export const runtime = "nodejs"/);
}

/** So does an ES module in Jest's jsdom, which has the condition of browsers but bundles nothing. */
export async function checkJsdom(project: string): Promise<void> {
  await checkReports(
    project,
    { platform: "neutral", conditions: ["browser"] },
    /@jest-environment node/,
  );
}

/** @throws if the bundle reaches a module of Node.js, or the call in it gives no such advice */
async function checkReports(
  project: string,
  target: Target,
  advice: RegExp,
  use = useDataLayer,
): Promise<void> {
  const text = await bundled(project, use, target);
  if (/node:/.test(text)) throw new Error("it imports a module of Node.js");
  const file = join(project, "edge-bundle.mjs");
  writeFileSync(file, text);
  const message = await messageOf(exec(process.execPath, [file]));
  rmSync(file);
  if (!message.includes("which needs the Node.js runtime") || !advice.test(message)) {
    throw new Error(message);
  }
}

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly (string | null)[];
}

/** Each map names files of this tree by relative paths, and contains their text. */
export function checkMaps(root: string): void {
  const dist = join(root, "dist");
  const maps = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".map"),
  );
  const seen = new Set<string>();
  for (const map of maps) {
    const { sources, sourcesContent = [] } = JSON.parse(
      readFileSync(join(dist, map), "utf8"),
    ) as SourceMap;
    for (const [index, source] of sources.entries()) {
      const file = resolve(dist, dirname(map), source);
      const path = relative(root, file);
      seen.add(path);
      if (!source.startsWith("../") || path.startsWith("..") || !existsSync(file)) {
        throw new Error(`${map} names ${source}`);
      }
      if (sourcesContent[index] !== readFileSync(file, "utf8")) {
        throw new Error(`${map} does not hold ${path}`);
      }
    }
  }
  for (const path of [
    "src/data-layer.ts",
    "src/keys/key-functions.ts",
    "services/oauth/oauth-tokens.ts",
    "entities/project.ts",
  ]) {
    if (!seen.has(path)) throw new Error(`no map names ${path}`);
  }
}

/** A stack trace in a minified bundle with a source map points to this package's sources. */
export async function checkTraces(project: string): Promise<void> {
  const file = join(project, "traced-bundle.mjs");
  const failing = `
    import { createDataLayer } from "bayon-coagent-data";
    const data = createDataLayer({ environment: "local" });
    data.project.get({ userId: "", projectId: "p" }).catch((error) => console.log(error.stack));`;
  const text = await bundled(project, failing, {
    platform: "node",
    minify: true,
    sourcemap: "inline",
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  });
  writeFileSync(file, text);
  const { stdout } = await exec(process.execPath, ["--enable-source-maps", file]);
  rmSync(file);
  const places = [...stdout.matchAll(/^ +at .*$/gm)].map(([line]) => line);
  if (
    places.length === 0 ||
    !places.some((line) => /src\/store\/entity-store\.ts:\d+/.test(line))
  ) {
    throw new Error(`no place in src/store/entity-store.ts:\n${stdout}`);
  }
  const foreign = places.find((line) => line.includes("dist/"));
  if (foreign !== undefined) throw new Error(`ends in dist/: ${foreign}`);
}
