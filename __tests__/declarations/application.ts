/** An application that has the package installed: its declarations as they are published, and no sources. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const repository = resolve(__dirname, "../..");
const packageName = "bayon-coagent-data";

/** The compilers that the package's types are for; the first one has a language service to ask. */
export const compilers = {
  "5.9": "typescript-5.9",
  "6": "typescript-6",
  "7": "typescript",
} as const;

export type Compiler = keyof typeof compilers;

/**
 * Where the package's dependencies lie. npm: beside it, so that the application reaches them too.
 * pnpm: beside the package in a store of its own, where the application reaches the package alone.
 */
export type Layout = "npm" | "pnpm";

export interface Application {
  readonly folder: string;
  /** Compiles files of the application. @returns what the compiler says of them */
  compile(files: Readonly<Record<string, string>>, options?: CompileOptions): string;
  remove(): void;
}

export interface CompileOptions {
  readonly compiler?: Compiler;
  /** Options beside those of a strict application that emits its declarations. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

export function createApplication(layout: Layout): Application {
  // A symlinked temporary folder would make each path another one than the compiler sees.
  const folder = mkdtempSync(join(realpathSync(tmpdir()), `coagent-${layout}-`));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  const modules = join(folder, "node_modules");
  const beside = layout === "npm" ? modules : join(modules, ".pnpm", packageName, "node_modules");
  const installed = join(beside, packageName);
  mkdirSync(installed, { recursive: true });
  cpSync(join(repository, "package.json"), join(installed, "package.json"));
  cpSync(declarations(), join(installed, "dist/types"), { recursive: true });
  linkDependencies(beside);
  if (layout === "pnpm") {
    symlinkSync(installed, join(modules, packageName), "dir");
    mkdirSync(join(modules, "@types"), { recursive: true });
    link("@types/node", modules);
    // What declares its payloads has it of its own, and so has what renders pages.
    mkdirSync(join(modules, "@tanstack"), { recursive: true });
    for (const name of ["zod", "valibot", "react", "@types/react", "@tanstack/react-query"])
      link(name, modules);
  }
  return {
    folder,
    compile: (files, options) => compile(folder, layout, files, options),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The package's declarations, which are made once as long as no source changes. @returns their folder */
function declarations(): string {
  const made = join(repository, "node_modules/.cache/declarations", sourcesHash());
  if (existsSync(made)) return made;
  mkdirSync(dirname(made), { recursive: true });
  const outDir = mkdtempSync(`${made}-`);
  const said = runCompiler("7", ["-p", "tsconfig.build.json", "--outDir", outDir], repository);
  if (said !== "") throw new Error(`the package does not compile:\n${said}`);
  // Written by hand, so that the compiler does not copy them; the build does.
  const byHand = "src/runtime/packages.d.cts";
  cpSync(join(repository, byHand), join(outDir, byHand));
  try {
    renameSync(outDir, made);
  } catch (error) {
    // Another worker was faster.
    if (!existsSync(made)) throw error;
    rmSync(outDir, { recursive: true });
  }
  return made;
}

function sourcesHash(): string {
  const hash = createHash("sha256");
  const add = (file: string) =>
    hash.update(`${file}\0`).update(readFileSync(join(repository, file)));
  for (const file of ["package-lock.json", "tsconfig.json", "tsconfig.build.json"]) add(file);
  for (const room of ["src", "entities", "services"]) {
    const files = readdirSync(join(repository, room), { recursive: true, encoding: "utf8" });
    for (const file of files.sort()) if (/\.(?:c?ts|tsx)$/.test(file)) add(join(room, file));
  }
  return hash.digest("hex").slice(0, 16);
}

/** Everything that this repository has installed, but for the package itself. */
function linkDependencies(modules: string): void {
  for (const name of readdirSync(join(repository, "node_modules"))) {
    if (!name.startsWith(".") && name !== packageName) link(name, modules);
  }
}

function link(name: string, modules: string): void {
  const target = join(repository, "node_modules", name);
  symlinkSync(target, join(modules, name), "junction");
}

function compile(
  folder: string,
  layout: Layout,
  files: Readonly<Record<string, string>>,
  { compiler = "5.9", flags = {} }: CompileOptions = {},
): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const compilerOptions = {
    target: "es2022",
    lib: ["es2024"],
    module: "nodenext",
    types: ["node"],
    strict: true,
    // npm's dependencies are linked here for want of a copy: with this they lie where they are linked.
    preserveSymlinks: layout === "npm",
    declaration: true,
    emitDeclarationOnly: true,
    outDir: "out",
    skipLibCheck: true,
    ...flags,
  };
  const project = { compilerOptions, files: Object.keys(files) };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
  // Several checkers would each make the same types: a third more of CPU time.
  const threads = compiler === "7" ? ["--singleThreaded"] : [];
  return runCompiler(compiler, [...threads, "-p", "tsconfig.json", "--pretty", "false"], folder);
}

function runCompiler(compiler: Compiler, args: readonly string[], cwd: string): string {
  const tsc = join(repository, "node_modules", compilers[compiler], "bin/tsc");
  const { stdout, stderr, error } = spawnSync(process.execPath, [tsc, ...args], {
    cwd,
    encoding: "utf8",
  });
  if (error !== undefined) throw error;
  return `${stdout}${stderr}`.trim();
}
