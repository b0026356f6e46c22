/**
 * `npm run docs`: builds the manual as a site that works offline, with a search and the API reference.
 *
 * Fails on a dead link or anchor. The site is in docs/.vitepress/dist; `npm run docs:serve` shows it.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { apiPages } from "./api.js";
import { deadLinks } from "./dead-links.js";
import { llmsFullText, llmsText } from "./llms.js";

const root = join(import.meta.dirname, "..", "..", "..");
const docs = join(root, "docs");
const site = join(docs, ".vitepress", "dist");

const api = apiPages(root);
rmSync(join(docs, "api"), { recursive: true, force: true });
mkdirSync(join(docs, "api"));
for (const [name, text] of api) writeFileSync(join(docs, "api", `${name}.md`), text);

const { status } = spawnSync(
  process.execPath,
  [join(root, "node_modules", "vitepress", "bin", "vitepress.js"), "build", "docs"],
  { cwd: root, stdio: "inherit" },
);
if (status !== 0) throw new Error("the site could not be built");

// For language models: the pages as written, a list of them, and all of them in one file.
for (const file of readdirSync(docs, { recursive: true, encoding: "utf8" })) {
  if (!file.endsWith(".md") || file.startsWith(".vitepress")) continue;
  mkdirSync(dirname(join(site, file)), { recursive: true });
  copyFileSync(join(docs, file), join(site, file));
}
writeFileSync(
  join(site, "llms.txt"),
  llmsText(root, (name) => `${name}.md`),
);
writeFileSync(join(site, "llms-full.txt"), llmsFullText(root, [...api.values()]));

const pages = readdirSync(site, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".html"),
);
const dead = deadLinks(
  new Map(pages.map((file) => [file, readFileSync(join(site, file), "utf8")])),
);
for (const link of dead) console.error(`dead link: ${link}`);
console.log(`${pages.length} pages, ${api.size} of them the API, ${dead.length} dead links`);
process.exitCode = dead.length === 0 ? 0 : 1;
