/** What an import of the package costs: time of a cold process, and bytes of a bundle. */
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import type { Line } from "./engine-cells.js";
import { quantile } from "./measure.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** In the order of the table; the package is the built one, as its users get it. */
const entries = {
  "lib-dynamodb alone":
    'export * from "@aws-sdk/lib-dynamodb"; export * from "@aws-sdk/client-dynamodb";',
  "lib-dynamodb + ElectroDB":
    'export * from "@aws-sdk/lib-dynamodb"; export * from "@aws-sdk/client-dynamodb"; export * as e from "electrodb";',
  "this package": 'export * from "./dist/index.js";',
};

export async function importCost(rounds: number): Promise<Line[]> {
  const built = spawnSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: "inherit" });
  if (built.status !== 0) throw new Error("bench: npm run build failed");
  const files = Object.entries(entries).map(([what, source], index) => {
    const file = `${root}.cache-bench-${index}.mjs`;
    writeFileSync(file, source);
    return { what, file, ms: [] as number[] };
  });
  try {
    for (const { file } of files) coldMs(file);
    for (let round = 0; round < rounds; round += 1) {
      for (const { file, ms } of files) ms.push(coldMs(file));
    }
    const lines: Line[] = [];
    let base = 0;
    for (const { what, file, ms } of files) {
      const time = quantile(ms, 0.5);
      base ||= time;
      const size = Math.round((await gzippedBytes(file)) / 1024);
      const ratio = (time / base).toFixed(2);
      lines.push({
        what: `cold import of ${what}`,
        took: `${Math.round(time)} ms (${ratio}), ${size} KB bundled, minified and gzipped`,
      });
    }
    return lines;
  } finally {
    for (const { file } of files) rmSync(file);
  }
}

/** From a process's start to the end of the import, less what an empty one takes to start. */
function coldMs(file: string): number {
  const code = `const s = performance.now(); await import(${JSON.stringify(file)}); console.log(performance.now() - s)`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    encoding: "utf8",
  });
  return Number(stdout);
}

async function gzippedBytes(input: string): Promise<number> {
  const bundle = await rolldown({ input, platform: "node", external: (id) => isBuiltin(id) });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  await bundle.close();
  const code = output.map((part) => (part.type === "chunk" ? part.code : "")).join("");
  return gzipSync(code).byteLength;
}
