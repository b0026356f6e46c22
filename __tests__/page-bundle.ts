import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = join(__dirname, "..");

/**
 * The minified bundle of a page, and the size that it has when it is sent.
 * @param contents what the page imports, from the root of the repository
 * @param external packages that are left out
 */
export async function pageBundle(contents: string, external: readonly string[] = []) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    external: [...external],
    absWorkingDir: root,
  });
  const text = outputFiles[0]?.text ?? "";
  const inputs = Object.keys(metafile.inputs).filter((path) => path !== "<stdin>");
  return { text, inputs, bytes: gzipSync(text, { level: 9 }).byteLength };
}
