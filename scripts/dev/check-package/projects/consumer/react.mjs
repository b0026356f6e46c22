// The same as react.cjs, with ES modules.
import { createRequire } from "node:module";
import * as query from "@tanstack/react-query";
import * as react from "bayon-coagent-data/react";
import * as legacy from "bayon-coagent-data/react/legacy";

const { useDoors } = createRequire(import.meta.url)("./react.cjs");
await useDoors({ query, react, legacy });
process.exit(0);
