/**
 * Checks the import directions of .dependency-cruiser.cjs, and that there is no import cycle.
 *
 * Exits 1 on a violation, and also if the parser saw fewer files than there are: without \@swc/core
 * dependency-cruiser cannot read TypeScript, and reports nothing.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ICruiseResult } from "dependency-cruiser";

const ignored = /(?:^|\/)(?:node_modules|dynamodb-local|check-package)(?:\/|$)/;

const folders = ["src", "entities", "services", "scripts", "__tests__", "__browser__"].filter(
  (folder) => existsSync(folder),
);
const files = folders.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => join(folder, file).replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts") && !ignored.test(file)),
);

// In a separate process, because its parser does not load under tsx.
const cruiser = spawnSync(
  process.execPath,
  ["node_modules/dependency-cruiser/bin/dependency-cruise.mjs", ...folders, "--output-type=json"],
  { encoding: "utf8", maxBuffer: 256 * 1024 * 1024 },
);
if (cruiser.stdout === "") throw new Error(`dependency-cruiser printed nothing: ${cruiser.stderr}`);
const { modules, summary } = JSON.parse(cruiser.stdout) as ICruiseResult;

const rules = summary.ruleSetUsed?.forbidden ?? [];
for (const { rule, from, to, cycle } of summary.violations) {
  const route = cycle ? [from, ...cycle.map((step) => step.name)] : [from, to];
  console.error(`${rule.name}: ${route.join(" → ")}`);
  console.error(`    ${rules.find((known) => known.name === rule.name)?.comment ?? ""}`);
}

const seen = new Set(modules.map((module) => module.source));
const unseen = files.filter((file) => !seen.has(file));
for (const file of unseen) console.error(`not read: ${file}`);

const imports = modules.reduce((sum, module) => sum + module.dependencies.length, 0);
if (imports === 0) console.error("no import was found: is @swc/core installed?");

console.log(`${files.length} files, ${imports} imports, ${summary.violations.length} violations`);
process.exitCode = summary.violations.length + unseen.length > 0 || imports === 0 ? 1 : 0;
