// Next is installed a folder above; each bundler's output has a folder of its own.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

export default {
  distDir: process.env.FLOW_NEXT_OUTPUT,
  outputFileTracingRoot: root,
  turbopack: { root },
};
