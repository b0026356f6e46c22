/** `npm run docs:access-patterns`: counts the access patterns' requests and writes them into README.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTestDataLayer } from "../src/testing/index.js";
import { accessPatterns } from "./access-patterns/rows.js";
import { type Counted, countRequests, markdownTable, withTable } from "./access-patterns/table.js";
import { createWorld } from "./access-patterns/world.js";
import { createTerminal } from "./terminal.js";

const folder = import.meta.dirname;
const readme = join(folder, "..", "README.md");
const terminal = createTerminal();

await using data = await createTestDataLayer({ engine: "dynoxide" });
const small = await createWorld(data, "small");
const large = await createWorld(data, "large");
const counted: Counted[] = [];
for (const pattern of accessPatterns) {
  const onePage = await countRequests(pattern, small);
  counted.push({ pattern, onePage, large: await countRequests(pattern, large) });
}
const source = readFileSync(join(folder, "access-patterns", "rows.ts"), "utf8");
const before = readFileSync(readme, "utf8");
const after = withTable(before, markdownTable(counted, source));
writeFileSync(readme, after);
terminal.line(
  after === before ? "README.md is as counted" : "README.md now has the table as counted",
);
