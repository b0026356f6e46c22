/** The packed package, and projects that install it. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npm, root } from "./commands.js";

/** Node majors that users may run; the current one is not installed. */
export const nodeMajors = [20, 22, 24, 26];

export interface Packed {
  readonly filename: string;
  /** The tarball's path. */
  readonly tarball: string;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

export const readJson = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

export const writeJson = (file: string, value: unknown): void =>
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);

export const manifest = readJson(join(root, "package.json")) as Manifest;

/** The package's folder of projects, whose files stand in for users. */
export const projects = join(import.meta.dirname, "projects");

/** Packs dist/, which must be built already. */
export async function pack(work: string): Promise<Packed> {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", work];
  const [packed] = JSON.parse(await npm(args, { cwd: root })) as Packed[];
  if (packed === undefined) throw new Error("npm pack reported no tarball");
  return { ...packed, tarball: join(work, packed.filename) };
}

/** The version with which this tree is tested, so that a new release of a dependency breaks no run. */
export function testedVersion(name: string): string {
  const file = join(root, "node_modules", name, "package.json");
  return (readJson(file) as { version: string }).version;
}

/** The package and what it needs, as a project's dependencies. */
export function dependenciesOn(tarball: string): Record<string, string> {
  const tested = Object.keys(manifest.dependencies).map((name) => [name, testedVersion(name)]);
  return { [manifest.name]: `file:${tarball}`, ...Object.fromEntries(tested) };
}

const install = ["install", "--prefer-offline", "--no-audit", "--no-fund"];

/**
 * Installs a project with those dependencies. If it is installed already, only the package is
 * installed again.
 */
export async function installProject(
  folder: string,
  dependencies: Readonly<Record<string, string>>,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeJson(join(folder, "package.json"), { name: "consumer", private: true, dependencies });
  const packages = join(folder, "node_modules");
  if (existsSync(packages)) {
    const tarball = dependencies[manifest.name];
    if (tarball === undefined) return;
    rmSync(join(packages, manifest.name), { recursive: true, force: true });
    await npm([...install, "--no-save", tarball], { cwd: folder });
    return;
  }
  await npm(install, { cwd: folder });
}

/** Installs pinned tools, a folder of `tools/`, with further dependencies. */
export async function installTools(
  name: string,
  folder: string,
  further: Readonly<Record<string, string>> = {},
): Promise<void> {
  const tools = join(import.meta.dirname, "tools", name);
  mkdirSync(folder, { recursive: true });
  const lockfile = join(folder, "package-lock.json");
  if (!existsSync(lockfile)) cpSync(join(tools, "package-lock.json"), lockfile);
  const { dependencies } = readJson(join(tools, "package.json")) as Pick<Manifest, "dependencies">;
  await installProject(folder, { ...dependencies, ...further });
}
