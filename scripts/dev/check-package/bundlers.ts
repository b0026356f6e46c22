/** Ways to bundle the flow with the SDK included, each as its users call it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bin, node, run } from "./commands.js";

export interface Bundler {
  readonly name: string;
  /** Bundles `flow/main.js` of a project into a folder, and returns the file to run. */
  bundle(project: string, out: string): Promise<string>;
  /** The runtime, by its npm package. @default Node */
  readonly runtime?: "bun";
}

const entry = "flow/main.js";

/** A bundle of ES modules that contains CommonJS needs a require; esbuild's users write this line. */
const requireBanner =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

interface EsbuildOptions {
  readonly format: "esm" | "cjs";
  readonly minify?: boolean;
  readonly external?: string;
}

function esbuild(name: string, { format, minify = false, external }: EsbuildOptions): Bundler {
  return {
    name,
    bundle: async (project, out) => {
      const file = join(out, format === "esm" ? "main.mjs" : "main.cjs");
      const args = [
        ...["--bundle", "--platform=node", "--target=node20", "--log-level=error"],
        ...[`--format=${format}`, `--outfile=${file}`],
        ...(minify ? ["--minify"] : []),
        ...(external === undefined ? [] : [`--external:${external}`]),
        ...(format === "esm" ? [`--banner:js=${requireBanner}`] : []),
      ];
      await run(bin(project, "esbuild"), [entry, ...args], { cwd: project });
      return file;
    },
  };
}

/** Writes a configuration for a bundler that needs a file, and returns its path. */
function configured(out: string, file: string, text: string): string {
  const path = join(out, file);
  writeFileSync(path, text);
  return path;
}

const rolldown: Bundler = {
  name: "rolldown, minified",
  bundle: async (project, out) => {
    const command = bin(project, "rolldown");
    const options = ["--platform", "node", "--format", "esm", "--minify", "--log-level", "silent"];
    const names = ["--dir", out, "--entry-file-names", "main.mjs"];
    await node([command, entry, ...options, ...names], { cwd: project });
    return join(out, "main.mjs");
  },
};

/**
 * Rollup itself, as Nuxt, SvelteKit and Vite before 8 use it: it drops branches that it considers
 * unreachable.
 */
const rollup: Bundler = {
  name: "Rollup",
  bundle: async (project, out) => {
    const config = configured(
      project,
      "rollup.config.mjs",
      `import commonjs from "@rollup/plugin-commonjs";
      import json from "@rollup/plugin-json";
      import { nodeResolve } from "@rollup/plugin-node-resolve";
      export default {
        input: ${JSON.stringify(entry)},
        output: { file: ${JSON.stringify(join(out, "main.mjs"))}, inlineDynamicImports: true },
        plugins: [
          nodeResolve({ preferBuiltins: true, exportConditions: ["node"] }),
          commonjs(),
          json(),
        ],
      };`,
    );
    const options = ["--config", config, "--silent"];
    await node([bin(project, "rollup"), ...options], { cwd: project });
    return join(out, "main.mjs");
  },
};

const vite: Bundler = {
  name: "Vite for a server, everything inlined, minified",
  bundle: async (project, out) => {
    const config = configured(
      out,
      "vite.config.mjs",
      `export default {
        logLevel: "error",
        ssr: { noExternal: true, target: "node" },
        build: {
          ssr: ${JSON.stringify(entry)},
          outDir: ${JSON.stringify(join(out, "dist"))},
          minify: true,
          rolldownOptions: { output: { entryFileNames: "main.mjs" } },
        },
      };`,
    );
    await node([bin(project, "vite"), "build", "--config", config], { cwd: project });
    return join(out, "dist", "main.mjs");
  },
};

const webpack: Bundler = {
  name: "webpack for production",
  bundle: async (project, out) => {
    // The command needs a package of its own, webpack-cli; the configuration is the same.
    const script = configured(
      out,
      "build.cjs",
      `const webpack = require(${JSON.stringify(join(project, "node_modules/webpack"))});
      webpack(
        {
          mode: "production",
          target: "node20",
          context: ${JSON.stringify(project)},
          entry: ${JSON.stringify(`./${entry}`)},
          output: { path: ${JSON.stringify(out)}, filename: "main.cjs" },
        },
        (error, stats) => {
          if (error === null && !stats.hasErrors()) return;
          console.error(error ?? stats.toString("errors-only"));
          process.exitCode = 1;
        },
      );`,
    );
    await node([script], { cwd: project });
    return join(out, "main.cjs");
  },
};

function bun(target: "node" | "bun"): Bundler {
  return {
    name: `bun build --minify --target=${target}`,
    ...(target === "bun" && { runtime: "bun" }),
    bundle: async (project, out) => {
      const file = join(out, "main.mjs");
      const args = ["build", entry, "--minify", `--target=${target}`, `--outfile=${file}`];
      await run(bin(project, "bun"), args, { cwd: project });
      return file;
    },
  };
}

export const bundlers: readonly Bundler[] = [
  esbuild("esbuild, ESM", { format: "esm" }),
  esbuild("esbuild, ESM, minified", { format: "esm", minify: true }),
  esbuild("esbuild, CommonJS", { format: "cjs" }),
  esbuild("esbuild, CommonJS, minified", { format: "cjs", minify: true }),
  esbuild("esbuild, CommonJS, minified, the SDK outside as in a Lambda", {
    format: "cjs",
    minify: true,
    external: "@aws-sdk/*",
  }),
  rolldown,
  rollup,
  vite,
  webpack,
  bun("node"),
  bun("bun"),
];
