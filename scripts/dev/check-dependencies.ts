/**
 * Checks the dependencies: each entry of the lockfile has a hash, and development tools are pinned.
 * What users get has permissive licences, runs no script when it is installed, and runs on each Node
 * that the package promises. THIRD-PARTY.md lists it.
 *
 * `--write` writes THIRD-PARTY.md again. Exits 1 on a finding. Makes no request to a registry: `npm
 * audit` is a separate job.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { examine, type Installed, type Lock, type Manifest } from "./dependencies/examine.js";
import { importedIn } from "./dependencies/imports.js";

const listFile = "THIRD-PARTY.md";

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));
const manifest = readJson("package.json") as Manifest;
const { packages } = readJson("package-lock.json") as { packages: Lock };

/** The packages that the sources in folders import at run time: they are shipped or bundled. */
function importedPackages(folders: readonly string[]): string[] {
  const names = new Set<string>();
  for (const folder of folders) {
    for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (!/\.tsx?$/.test(file)) continue;
      const text = readFileSync(join(folder, file), "utf8").replaceAll(/^import type .*$/gm, "");
      for (const id of importedIn(text)) {
        names.add(
          id
            .split("/")
            .slice(0, id.startsWith("@") ? 2 : 1)
            .join("/"),
        );
      }
    }
  }
  return [...names].sort();
}

function installedAt(folder: string): Installed | undefined {
  const file = join(folder, "package.json");
  // An optional package for another platform is not installed.
  return existsSync(file) ? (readJson(file) as Installed) : undefined;
}

const roots = importedPackages(["src", "entities", "services"]);
// The explorer's page has all that it imports in it, peers too.
const bundled = importedPackages(["src/explorer/page"]);
const { findings, shipped } = examine(manifest, packages, roots, installedAt, bundled);

const list = `# Third-party packages

What a user of this package gets with it, as the lockfile has it: direct and transitive dependencies,
and what is bundled. Made by \`npm run docs:licences\`, checked by \`npm test\`.

| package | version | licence |
|---|---|---|
${shipped.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`).join("\n")}
`;
if (process.argv.includes("--write")) writeFileSync(listFile, list);
else if (!existsSync(listFile) || readFileSync(listFile, "utf8") !== list) {
  findings.push(`${listFile} is out of date: npm run docs:licences`);
}

const oldestNode = manifest.engines.node.replace(/^>=/, "");
if (!readFileSync("README.md", "utf8").includes(`\nNode ${oldestNode} or newer`)) {
  findings.push(`README.md does not say "Node ${oldestNode} or newer", as package.json does`);
}

for (const finding of findings) console.error(finding);
const tools = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript);
console.log(
  `${Object.keys(packages).length - 1} packages locked, ${shipped.length} of them for users, ` +
    `${findings.length} findings`,
);
console.log(
  `install scripts, of development tools alone: ${tools.map(([folder]) => folder.replace(/^.*node_modules\//, "")).join(", ")}`,
);
process.exitCode = findings.length === 0 ? 0 : 1;
