/** The explorer's page: one script, one style sheet, nothing from elsewhere. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { transform } from "esbuild";
import { rolldown } from "rolldown";

const source = "src/explorer/page";

/** What the page may weigh, compressed: it is served on this machine, and is a part of every install. */
const mostBytes = 250_000;

/**
 * Builds the page.
 * @returns the packages that are bundled in it
 * @throws Error if it weighs too much
 */
export async function buildExplorerPage(folder: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const bundle = await rolldown({
    input: join(source, "main.tsx"),
    platform: "browser",
    // Some dependencies have a directive for server components, of which there are none here.
    checks: { moduleLevelDirective: false },
    transform: { target: "es2022", define: { "process.env.NODE_ENV": '"production"' } },
  });
  const { output } = await bundle.write({
    dir: folder,
    format: "esm",
    minify: true,
    comments: { legal: true, annotation: false, jsdoc: false },
    entryFileNames: "explorer.js",
    codeSplitting: false,
  });
  await bundle.close();
  const styles = readFileSync(join(source, "explorer.css"), "utf8");
  const { code } = await transform(styles, { loader: "css", minify: true });
  writeFileSync(join(folder, "explorer.css"), code);
  for (const file of ["index.html", "icon.svg"])
    copyFileSync(join(source, file), join(folder, file));
  const bytes = ["explorer.js", "explorer.css", "index.html", "icon.svg"]
    .map((file) => gzipSync(readFileSync(join(folder, file))).length)
    .reduce((sum, length) => sum + length, 0);
  if (bytes > mostBytes) throw new Error(`the explorer's page has ${bytes} bytes, compressed`);
  console.log(`${folder}: ${(bytes / 1000).toFixed(0)} KB, compressed`);
  const modules = output.flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []));
  return [...new Set(modules.flatMap(packageOf))].sort();
}

/** The package of a module, if it is in one. */
function packageOf(id: string): string[] {
  const inside = id.replaceAll("\\", "/").split("/node_modules/").at(-1);
  if (inside === undefined || inside === id.replaceAll("\\", "/")) return [];
  return [
    inside
      .split("/")
      .slice(0, inside.startsWith("@") ? 2 : 1)
      .join("/"),
  ];
}
