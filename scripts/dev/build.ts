/**
 * Builds dist/: ESM and CommonJS of all entry points, the command, and the declarations.
 *
 * Rolldown shares chunks between entry points, so that `instanceof` holds across all of them.
 * Dependencies stay imports, except the few that are bundled, with their licences beside them.
 *
 * With `COAGENT_DIST=built` it does nothing: `npm test` builds once, for checks that run beside each other.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { build, type OutputOptions, type Plugin, type RolldownOptions } from "rolldown";
import { buildExplorerPage } from "./explorer-page.js";

/**
 * Dependencies whose values no caller ever sees. As imports they are 90 files, 80 of them zod's, of
 * which half are texts in languages that are never used. zod is a file of its own, which is loaded when a
 * payload is first checked ({@link writePackages}). Besides, p-retry and is-network-error are ESM only, so CommonJS could not require
 * them. They stay in package.json's dependencies, because audits look there and the declarations name
 * zod's types.
 */
const bundled = ["zod", "ulid", "p-retry", "is-network-error"];

/**
 * jose is ESM only as well. It is loaded only when something is encrypted, so it stays an import
 * where possible.
 */
const bundledForRequire = [...bundled, "jose"];

/**
 * Newer syntax (`using`) is lowered to an older Node than package.json promises: applications that
 * pin an older AWS SDK still run on that Node, and so do the tests.
 */
const transform = { target: "node20.19" };

const isRelative = (id: string): boolean => id.startsWith(".") || id.startsWith("/");
const packageOf = (id: string): string =>
  id
    .split("/")
    .slice(0, id.startsWith("@") ? 2 : 1)
    .join("/");

/** What loads ElectroDB and zod. Both builds share it, and it stays CommonJS: its own comment says why. */
const packages = "packages.cjs";

/** It is put among the chunks ({@link writePackages}). */
const keepPackages: Plugin = {
  name: "keep-packages",
  resolveId: (id) => (id.endsWith(`/${packages}`) ? { id: `./${packages}`, external: true } : null),
};

const isExternal =
  (inside: readonly string[]) =>
  (id: string): boolean =>
    isBuiltin(id) || (!isRelative(id) && !id.startsWith("\0") && !inside.includes(packageOf(id)));

/**
 * A separate chunk for one of this package's rooms, or for some of its files, and for what only they
 * import.
 */
const alone = (name: string, place: string, priority: number) => ({
  name,
  test: new RegExp(`[\\\\/]src[\\\\/]${place.replaceAll("/", "[\\\\/]")}`),
  priority,
});

/**
 * Dependencies that an import loads are kept apart from this package's sources, because their code
 * needs no map. What is loaded only when it is needed stays where rolldown puts it.
 */
const atStart = new RegExp(`[\\\\/]node_modules[\\\\/](?:${bundled.join("|")})[\\\\/]`);

const output = {
  dir: "dist",
  comments: { legal: true, annotation: true, jsdoc: true },
  codeSplitting: {
    // An application that imports only a key function or an error class bundles no more than these
    // chunks. A bundler leaves out a chunk if nothing in it is used, but it does not leave out every
    // unused class of a chunk. Key functions throw a ValidationError, so that class and its
    // dependencies are kept apart from the other errors.
    groups: [
      alone("lazy", "runtime/lazy.ts$", 7),
      alone("validation-error", "errors/validation-error.ts$", 6),
      alone("errors", "errors/", 5),
      alone("table", "table/", 4),
      alone("keys", "keys/", 3),
      alone("exact-number", "values/exact-number.ts$", 2),
      // Of zod, only what makes a JSON schema is imported, by the test kit and the explorer.
      { name: "json-schema", test: /[\\/]node_modules[\\/]zod[\\/]/, priority: 2 },
      { name: "dependencies", test: atStart, priority: 1 },
    ],
  },
  sourcemap: true,
} satisfies OutputOptions;

const library = {
  index: "src/index.ts",
  "server-only": "src/server-only.ts",
  testing: "src/testing/index.ts",
  "global-setup": "src/testing/global-setup.ts",
  streams: "src/streams/index.ts",
  telemetry: "src/telemetry/index.ts",
  server: "src/server/index.ts",
  infrastructure: "services/infrastructure.ts",
};

const esm: RolldownOptions & { output: OutputOptions } = {
  input: {
    ...library,
    edge: "src/edge.ts",
    "server-edge": "src/server-edge.ts",
    cli: "scripts/cli.ts",
  },
  platform: "node",
  transform,
  external: isExternal(bundled),
  plugins: [keepPackages],
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
  external: isExternal(bundledForRequire),
  plugins: [keepPackages],
  output: {
    ...output,
    format: "cjs",
    // For the set-up of test runners, whose default export is beside a named one.
    exports: "named",
    // Jest without --experimental-vm-modules has require, but no import().
    dynamicImportInCjs: false,
    entryFileNames: "[name].cjs",
    chunkFileNames: "chunks/[name]-[hash].cjs",
  },
};

/** The files of hooks: what a server component imports with them must say that it is for clients. */
const hooks = ["/react/live.ts", "/react/legacy/index.ts", "/react/legacy/use-item.ts"];

/** What a server calls: in such a file it would be a mere name to it. */
const forServers = [
  "/react/hydration.ts",
  "/react/queries.ts",
  "/react/keys.ts",
  "/browser/values.ts",
];

function bannerOf({ moduleIds }: { moduleIds: readonly string[] }): string {
  const has = (files: readonly string[]) =>
    moduleIds.find((id) => files.some((file) => id.endsWith(file)));
  if (has(hooks) === undefined) return "";
  const strange = has(forServers);
  if (strange !== undefined) throw new Error(`build: ${strange} would be in a file for clients`);
  return '"use client";';
}

/**
 * The doors for browsers, which share no chunk with the others: a browser gets no byte more than it needs.
 * `instanceof` holds for their errors all the same, by their brands.
 */
const browser = (format: "esm" | "cjs"): RolldownOptions & { output: OutputOptions } => ({
  input: {
    client: "src/browser/index.ts",
    react: "src/react/index.ts",
    "react-live": "src/react/live.ts",
    "react-legacy": "src/react/legacy/index.ts",
  },
  platform: "browser",
  transform: { target: "es2022" },
  external: ["react", "@tanstack/react-query"],
  output: {
    dir: "dist",
    format,
    comments: output.comments,
    sourcemap: true,
    entryFileNames: format === "esm" ? "[name].js" : "[name].cjs",
    banner: bannerOf,
    chunkFileNames: `chunks/browser-[hash].${format === "esm" ? "js" : "cjs"}`,
    // Bundlers keep all names of CommonJS.
    minifyInternalExports: true,
  },
});

/**
 * The parts of zod that this package uses. With all of them in one CommonJS file, `require` loads them at
 * once and late, in bundles too.
 */
const zodParts: RolldownOptions & { output: OutputOptions } = {
  input: { zod: "src/runtime/zod-parts.ts" },
  platform: "node",
  transform,
  output: {
    dir: "dist",
    format: "cjs",
    comments: output.comments,
    entryFileNames: "chunks/[name].cjs",
  },
};

/** Copies what loads ElectroDB and zod; the published package has its own parts of zod. */
function writePackages(): void {
  const source = readFileSync(`src/runtime/${packages}`, "utf8");
  const built = source.replace('require("zod")', 'require("./zod.cjs")');
  if (built === source) throw new Error(`build: ${packages} does not load zod`);
  writeFileSync(`dist/chunks/${packages}`, built);
  // Chunks import it from beside them; doors, which re-export some of it, from below.
  for (const door of readdirSync("dist").filter((file) => /\.c?js$/.test(file))) {
    const code = readFileSync(join("dist", door), "utf8");
    writeFileSync(join("dist", door), code.replaceAll(`"./${packages}"`, `"./chunks/${packages}"`));
  }
  // Its declarations are written by hand, so that the compiler does not copy them.
  cpSync(
    `src/runtime/${packages.replace(".cjs", ".d.cts")}`,
    "dist/types/src/runtime/packages.d.cts",
  );
}

/** Runs the type checker as declared in package.json; its findings are printed. */
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

/**
 * The entry point for a webpack bundle for browsers. Other bundlers refuse a name that server-only.js
 * does not export. webpack only warns about that in most applications, but it refuses an import that
 * cannot be resolved.
 */
function writeServerOnlyForWebpack({ name }: { name: string }): void {
  const text = `${name} is server only; key functions and error classes are in ${name}/keys`;
  writeFileSync("dist/server-only-webpack.js", `import "${text.replace(":", ",")}";\n`);
}

/**
 * Keeps the maps of this package's code, with the sources in them: with them, a stack trace in an
 * application's bundle shows these sources. The maps of dependencies and of the command would double
 * the package's size.
 */
function dropForeignMaps(): void {
  for (const map of readdirSync("dist", { recursive: true, encoding: "utf8" })) {
    if (!map.endsWith(".map")) continue;
    const { sources } = JSON.parse(readFileSync(join("dist", map), "utf8")) as {
      sources: string[];
    };
    const isOurs = sources.some((source) => !source.includes("/node_modules/"));
    if (isOurs && map !== "cli.js.map") continue;
    const code = join("dist", map.replace(/\.map$/, ""));
    writeFileSync(
      code,
      readFileSync(code, "utf8").replace(/\n\/\/# sourceMappingURL=.*\n?$/, "\n"),
    );
    rmSync(join("dist", map));
  }
}

/** The licences of what is bundled. */
function copyLicences(ofPage: readonly string[]): void {
  const texts = [...new Set([...bundledForRequire, ...ofPage])].map((name) => {
    const folder = join("node_modules", name);
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`build: ${name} has no licence file`);
    return `${name}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  writeFileSync("dist/third-party-licenses.txt", texts.join("\n---\n\n"));
}

if (process.env.COAGENT_DIST === "built") {
  console.log("dist/: was built before");
  process.exit(0);
}
const startedAt = performance.now();
rmSync("dist", { recursive: true, force: true });
await build([esm, cjs, browser("esm"), browser("cjs"), zodParts]);
const ofPage = await buildExplorerPage("dist/explorer");
writePackages();
dropForeignMaps();
chmodSync("dist/cli.js", 0o755);
writeServerOnlyForWebpack(JSON.parse(readFileSync("package.json", "utf8")) as { name: string });
copyLicences(ofPage);
emitDeclarations();
const declarations = copyDeclarationsForRequire("dist/types");
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(`dist/: ESM, CommonJS and ${declarations} declarations twice, in ${seconds} s`);
