/**
 * Builds dist/: ESM and CommonJS of both entry points, the command, and the declarations.
 *
 * Rolldown shares chunks between entry points, so that `instanceof` holds across `.` and
 * `./testing`. Dependencies stay imports, except the few that are bundled, with their licences
 * beside them.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { build, type OutputOptions, type RolldownOptions } from "rolldown";

/**
 * Dependencies that no caller ever sees a value of. As imports they are 90 files, 80 of them zod's,
 * half with texts in languages that are never asked for: a third of the time that an import of the
 * package took. p-retry and is-network-error are ESM only besides, which CommonJS could not require.
 * They stay in package.json's dependencies: audits see them, and the declarations name zod's types.
 */
const bundled = ["zod", "dataloader", "ulid", "p-retry", "is-network-error"];

/** jose is ESM only as well, but loaded only once something is sealed: where it can, it stays an import. */
const bundledForRequire = [...bundled, "jose"];

/**
 * Newer syntax (`using`) is lowered. That is an older Node than package.json promises: applications
 * that hold the AWS SDK back still run on it, and the tests do.
 */
const transform = { target: "node20.19" };

const isRelative = (id: string): boolean => id.startsWith(".") || id.startsWith("/");
const packageOf = (id: string): string =>
  id
    .split("/")
    .slice(0, id.startsWith("@") ? 2 : 1)
    .join("/");

const isExternal =
  (inside: readonly string[]) =>
  (id: string): boolean =>
    isBuiltin(id) || (!isRelative(id) && !id.startsWith("\0") && !inside.includes(packageOf(id)));

/** A chunk of its own for one of our rooms, or files of one, and what they alone import. */
const alone = (name: string, place: string, priority: number) => ({
  name,
  test: new RegExp(`[\\\\/]src[\\\\/]${place.replaceAll("/", "[\\\\/]")}`),
  priority,
});

/**
 * Dependencies that an import loads, apart from our sources: their code needs no map. What is loaded
 * only when it is needed stays where rolldown puts it.
 */
const atStart = new RegExp(`[\\\\/]node_modules[\\\\/](?:${bundled.join("|")})[\\\\/]`);

const output = {
  dir: "dist",
  comments: { legal: true, annotation: true, jsdoc: true },
  codeSplitting: {
    // An application that imports a key function or an error class alone bundles no more than these.
    // A bundler leaves out a whole chunk that nothing is used of, but not every class of one: key
    // functions throw a ValidationError, so it and what it needs are apart from the other errors.
    groups: [
      alone("validation-error", "errors/validation-error.ts$", 6),
      alone("errors", "errors/", 5),
      alone("table", "table/", 4),
      alone("keys", "keys/", 3),
      alone("exact-number", "values/exact-number.ts$", 2),
      { name: "dependencies", test: atStart, priority: 1 },
    ],
  },
  sourcemap: true,
} satisfies OutputOptions;

const library = {
  index: "src/index.ts",
  "server-only": "src/server-only.ts",
  testing: "src/testing/index.ts",
};

const esm: RolldownOptions & { output: OutputOptions } = {
  input: { ...library, edge: "src/edge.ts", cli: "scripts/cli.ts" },
  platform: "node",
  transform,
  external: isExternal(bundled),
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

/**
 * The door for a browser's bundle by webpack. Other bundlers refuse a name that server-only.js does
 * not export. In most applications webpack only warns of that, but it refuses an import that leads
 * nowhere.
 */
function writeServerOnlyForWebpack({ name }: { name: string }): void {
  const text = `${name} is server only; key functions and error classes are in ${name}/keys`;
  writeFileSync("dist/server-only-webpack.js", `import "${text.replace(":", ",")}";\n`);
}

/**
 * Keeps the maps of our own code, with the sources in them: a stack trace in an application's bundle
 * then ends in them. Those of dependencies and of the command would double the package's size.
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
function copyLicences(): void {
  const texts = bundledForRequire.map((name) => {
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
dropForeignMaps();
chmodSync("dist/cli.js", 0o755);
writeServerOnlyForWebpack(JSON.parse(readFileSync("package.json", "utf8")) as { name: string });
copyLicences();
emitDeclarations();
const declarations = copyDeclarationsForRequire("dist/types");
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(`dist/: ESM, CommonJS and ${declarations} declarations twice, in ${seconds} s`);
