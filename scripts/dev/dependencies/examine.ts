/**
 * What the lockfile and the installed packages say about the dependencies, and what is wrong with
 * them.
 */
import { satisfies, subset } from "semver";

/** The parts of package.json that are read. */
export interface Manifest {
  readonly engines: { readonly node: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** The parts of an entry of package-lock.json that are read. */
export interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly engines?: { readonly node?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** The entries of package-lock.json, by folder. */
export type Lock = Readonly<Record<string, Locked>>;

/** The parts of an installed package's own package.json that are read. */
export interface Installed {
  readonly version: string;
  readonly license?: unknown;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** A package that users get, along with this one or inside it. */
export interface Shipped {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

/** Licences that require only attribution, by their SPDX names. */
const permissive: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "ISC",
  "MIT",
  "Unlicense",
]);

/** Scripts that npm runs on a user's machine during installation. */
const installScripts = ["preinstall", "install", "postinstall"];

const registry = "https://registry.npmjs.org/";

/** Whether a licence permits everyone to use the package: `MIT`, `(MIT OR Apache-2.0)`. */
export function isPermissive(licence: string): boolean {
  const choices = licence.replaceAll(/[()]/g, " ").split(/\sOR\s/);
  return choices.some((choice) =>
    choice.split(/\sAND\s/).every((name) => permissive.has(name.trim())),
  );
}

/**
 * Examines everything.
 * @param roots the packages that the published sources import
 * @param bundled those of them that users get inside of this package, even if they are peers
 */
export function examine(
  manifest: Manifest,
  lock: Lock,
  roots: readonly string[],
  installedAt: (folder: string) => Installed | undefined,
  bundled: readonly string[] = [],
): { findings: string[]; shipped: Shipped[] } {
  const findings = [
    ...entries(lock).flatMap(([folder, locked]) => problemsOfEntry(folder, locked)),
    ...problemsOfManifest(manifest, roots),
  ];
  const shipped: Shipped[] = [];
  for (const folder of closure(manifest, lock, roots, bundled)) {
    const locked = lock[folder] ?? {};
    const name = nameAt(folder);
    const installed = installedAt(folder);
    const licence = String(installed?.license ?? locked.license ?? "none");
    shipped.push({ name, version: locked.version ?? "", licence });
    findings.push(...problemsOfShipped(name, locked, installed, manifest.engines.node));
    if (!isPermissive(licence)) findings.push(`${name}: the licence ${licence} is not permissive`);
  }
  return { findings, shipped: shipped.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

function entries(lock: Lock): [string, Locked][] {
  return Object.entries(lock).filter(([folder, { link }]) => folder !== "" && link !== true);
}

/** The packages that npm would install without checking that they are the locked ones. */
function problemsOfEntry(folder: string, { integrity, resolved }: Locked): string[] {
  const problems: string[] = [];
  if (!integrity?.startsWith("sha512-")) problems.push(`${folder}: no sha512 in package-lock.json`);
  if (resolved !== undefined && !resolved.startsWith(registry)) {
    problems.push(`${folder}: comes from ${resolved}`);
  }
  return problems;
}

function problemsOfManifest(manifest: Manifest, roots: readonly string[]): string[] {
  const { dependencies = {}, optionalDependencies = {}, devDependencies = {} } = manifest;
  const { peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
  const problems: string[] = [];
  for (const [name, range] of Object.entries({ ...devDependencies, ...optionalDependencies })) {
    if (!/^(?:npm:(?:@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(range))
      problems.push(`${name}: ${range} pins no version`);
  }
  for (const [name, range] of Object.entries(dependencies)) {
    // The SDK's packages require each other by caret ranges: a limit on some of them causes a second
    // copy.
    if (/^@(?:aws-sdk|smithy)\//.test(name) && !/^\^\d+\.\d+\.\d+$/.test(range)) {
      problems.push(`${name}: ${range} is no caret range, as the FAQ promises`);
    }
  }
  for (const name of Object.keys(peerDependencies)) {
    if (peerDependenciesMeta[name]?.optional !== true)
      problems.push(`${name}: a peer that is not optional`);
    if (name in dependencies) problems.push(`${name}: a peer and a dependency`);
  }
  const declared = { ...dependencies, ...optionalDependencies, ...devDependencies };
  for (const name of roots) {
    if (!(name in declared)) problems.push(`${name}: used, but in no list of package.json`);
  }
  return problems;
}

function problemsOfShipped(
  name: string,
  locked: Locked,
  installed: Installed | undefined,
  ownNode: string,
): string[] {
  const problems: string[] = [];
  const scripts = installScripts.filter((script) => installed?.scripts?.[script] !== undefined);
  if (locked.hasInstallScript === true) scripts.unshift("one that the lockfile knows");
  if (scripts.length > 0) problems.push(`${name}: runs scripts at the user's (${scripts.join()})`);
  const { node } = locked.engines ?? {};
  if (node !== undefined && !subset(ownNode, node)) {
    problems.push(`${name}: wants Node ${node}, and this package promises ${ownNode}`);
  }
  if (installed !== undefined && !satisfies(installed.version, locked.version ?? "")) {
    problems.push(`${name}: ${installed.version} is installed, not ${locked.version}`);
  }
  return problems;
}

/**
 * The folders of what users get: what is declared for them and imported, with all of its
 * dependencies.
 */
function closure(
  manifest: Manifest,
  lock: Lock,
  roots: readonly string[],
  bundled: readonly string[],
): Set<string> {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = manifest;
  const wanted = new Set([...Object.keys({ ...dependencies, ...optionalDependencies }), ...roots]);
  // A peer dependency is the user's own: it is not installed with the package.
  for (const name of Object.keys(peerDependencies)) wanted.delete(name);
  for (const name of bundled) wanted.add(name);
  const found = new Set<string>();
  const visit = (name: string, from: string) => {
    const folder = folderOf(lock, name, from);
    if (folder === undefined || found.has(folder)) return;
    found.add(folder);
    const { dependencies: below = {}, optionalDependencies: optional = {} } = lock[folder] ?? {};
    for (const next of Object.keys({ ...below, ...optional })) visit(next, folder);
  };
  for (const name of wanted) visit(name, "");
  return found;
}

/**
 * Where Node finds a package from a folder: in its own node_modules, or in those of the folders
 * above.
 */
function folderOf(lock: Lock, name: string, from: string): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const folder = at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (lock[folder] !== undefined) return folder;
    if (at === "") return undefined;
  }
}

function nameAt(folder: string): string {
  return folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
}
