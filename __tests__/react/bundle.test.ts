/** What a page gets with the doors for React: little, and nothing of the server. */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = join(__dirname, "../..");

/** Of the minified bundles, without React and TanStack Query. */
const doors = [
  { door: "react", entry: "src/react/index.ts", mostBytes: 9.5 * 1024 },
  { door: "react/legacy", entry: "src/react/legacy/index.ts", mostBytes: 10.5 * 1024 },
];

test.each(doors)(
  "$door holds no byte of the SDK, ElectroDB, zod or Node.js",
  async ({ entry, mostBytes }) => {
    const { outputFiles, metafile } = await build({
      entryPoints: [join(root, entry)],
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      format: "esm",
      platform: "browser",
      external: ["react", "@tanstack/react-query"],
      absWorkingDir: root,
    });
    const text = outputFiles[0]?.text ?? "";
    expect(gzipSync(text, { level: 9 }).byteLength).toBeLessThanOrEqual(mostBytes);
    const inputs = Object.keys(metafile.inputs);
    expect(inputs).toContain(entry);
    const rooms = /^src\/(?:react|browser|call|errors|keys|runtime|table|values)\//;
    expect(inputs.filter((path) => !rooms.test(path))).toEqual([]);
    expect(text).not.toMatch(/node:|\bBuffer\b|\bprocess\b|\brequire\b|aws|electrodb|zod/i);
  },
);

test("the client is no larger for it: who imports no React pays nothing", async () => {
  const { metafile } = await build({
    entryPoints: [join(root, "src/browser/index.ts")],
    bundle: true,
    write: false,
    metafile: true,
    platform: "browser",
    absWorkingDir: root,
  });
  expect(Object.keys(metafile.inputs).filter((path) => path.includes("react"))).toEqual([]);
});
