/** Bundles the function into one file, `dist/lambda.mjs`, and prints its size. */
import { build } from "esbuild";

const { metafile } = await build({
  entryPoints: ["src/lambda.ts"],
  outfile: "dist/lambda.mjs",
  bundle: true,
  minify: true,
  format: "esm",
  platform: "node",
  target: "node22",
  // The SDK's ES modules: without this esbuild takes its CommonJS, which is larger and slower.
  mainFields: ["module", "main"],
  conditions: ["module"],
  // Some dependencies are CommonJS and call require for Node's own modules.
  banner: {
    js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
  },
  sourcemap: true,
  // Maps without the sources: file names and lines in a stack trace are all that a log needs.
  sourcesContent: false,
  metafile: true,
});

const { bytes } = metafile.outputs["dist/lambda.mjs"];
console.log(`dist/lambda.mjs: ${(bytes / 1024).toFixed(0)} KB`);
