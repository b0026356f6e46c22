/** The type tests as an application has them: those that look at the sources are left out. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(__dirname, "../types");

export const typeTests = Object.fromEntries(
  readdirSync(folder)
    .map((name): [string, string] => [`types/${name}`, readFileSync(join(folder, name), "utf8")])
    .filter(([, text]) => !text.includes("../src/")),
);

/** What they import beside the package. */
export const typeTestEntities = Object.fromEntries(
  ["indexed-entities.ts", "own-entities.ts", "people-entities.ts"].map((name): [string, string] => [
    name,
    readFileSync(join(folder, "..", name), "utf8").replace("../src/index.js", "bayon-coagent-data"),
  ]),
);
