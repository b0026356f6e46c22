// The same as react.cjs, with ES modules.
import * as query from "@tanstack/react-query";
import * as react from "bayon-coagent-data/react";
import * as legacy from "bayon-coagent-data/react/legacy";
import { useDoors } from "./react.js";

await useDoors({ query, react, legacy });
process.exit(0);
