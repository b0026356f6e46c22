/** What a page gets with the client: little, and nothing of the server. */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Of the minified bundle with all that the door has. */
const mostBytes = 6 * 1024;

const root = join(__dirname, "../..");

test("is at most 6 KB, and holds no byte of the SDK, ElectroDB, zod or Node.js", async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(root, "src/browser/index.ts")],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    absWorkingDir: root,
  });
  const text = outputFiles[0]?.text ?? "";
  expect(gzipSync(text, { level: 9 }).byteLength).toBeLessThanOrEqual(mostBytes);
  const inputs = Object.keys(metafile.inputs);
  expect(inputs).toContain("src/browser/client.ts");
  expect(inputs.filter((path) => !/^src\/(?:browser|errors|runtime|values)\//.test(path))).toEqual(
    [],
  );
  expect(text).not.toMatch(/node:|\bBuffer\b|\bprocess\b|\brequire\b|aws|electro|zod/i);
});
