/** The cost of importing the package: time of a cold process, and bytes of a bundle. */
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import type { Line } from "./engine-cells.js";
import { quantile } from "./statistics.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** In the order of the table. The package is the built one, as users get it. */
const entries = {
  "lib-dynamodb alone":
    'export * from "@aws-sdk/lib-dynamodb"; export * from "@aws-sdk/client-dynamodb";',
  "lib-dynamodb + ElectroDB":
    'export * from "@aws-sdk/lib-dynamodb"; export * from "@aws-sdk/client-dynamodb"; export * as e from "electrodb";',
  "this package": 'export * from "./dist/index.js";',
};

interface Import {
  readonly ms: number;
  readonly cpuMs: number;
}

/**
 * Interleaved rounds, so that a noisy moment affects all alike. Reports medians, and ratios to the
 * previous row.
 */
export async function importCost(rounds: number): Promise<Line[]> {
  const built = spawnSync("npm", ["run", "--silent", "build"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (built.status !== 0) throw new Error("bench: npm run build failed");
  console.error("cold imports …");
  const files = Object.entries(entries).map(([what, source], index) => {
    const file = `${root}.cache-bench-${index}.mjs`;
    writeFileSync(file, source);
    return { what, file, all: [] as Import[] };
  });
  try {
    for (const { file } of files) coldImport(file);
    for (let round = 0; round < rounds; round += 1) {
      for (const { file, all } of files) all.push(coldImport(file));
    }
    const lines: Line[] = [];
    const before: Import[] = [];
    for (const { what, file, all } of files) {
      const ms = quantile(
        all.map((one) => one.ms),
        0.5,
      );
      const cpuMs = quantile(
        all.map((one) => one.cpuMs),
        0.5,
      );
      const ratios = (of: keyof Import, value: number) =>
        before.length === 0
          ? ""
          : ` (${before.map((other) => (value / other[of]).toFixed(2)).join(", ")})`;
      const { loaded, later } = await gzippedBytes(file);
      const kilobytes = (bytes: number) => `${Math.round(bytes / 1024)} KB`;
      lines.push({
        what: `cold import of ${what}`,
        took: `${Math.round(ms)} ms${ratios("ms", ms)}, ${Math.round(cpuMs)} ms CPU${ratios("cpuMs", cpuMs)}, ${kilobytes(loaded)} bundled, minified and gzipped, ${kilobytes(later)} more when needed`,
      });
      before.push({ ms, cpuMs });
    }
    return lines;
  } finally {
    for (const { file } of files) rmSync(file);
  }
}

/** From an empty process that has started to the end of the import. */
function coldImport(file: string): Import {
  const code = `
    const cpu = process.cpuUsage();
    const start = performance.now();
    await import(${JSON.stringify(file)});
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    console.log(JSON.stringify({ ms, cpuMs: (user + system) / 1000 }));`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    encoding: "utf8",
  });
  return JSON.parse(stdout) as Import;
}

/** What the import loads; what is imported only when needed is counted separately. */
async function gzippedBytes(input: string): Promise<{ loaded: number; later: number }> {
  const bundle = await rolldown({ input, platform: "node", external: (id) => isBuiltin(id) });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  await bundle.close();
  const chunks = output.filter((part) => part.type === "chunk");
  const loaded = new Set(chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
  for (const name of loaded) {
    const chunk = chunks.find(({ fileName }) => fileName === name);
    for (const imported of chunk?.imports ?? []) loaded.add(imported);
  }
  const gzipped = (parts: typeof chunks) =>
    gzipSync(parts.map(({ code }) => code).join("")).byteLength;
  return {
    loaded: gzipped(chunks.filter(({ fileName }) => loaded.has(fileName))),
    later: gzipped(chunks.filter(({ fileName }) => !loaded.has(fileName))),
  };
}
