/** `npm run docs:access-patterns`: counts the access patterns' requests and units and writes them into docs/access-patterns.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTestDataLayer } from "../../src/testing/index.js";
import { createTerminal } from "../run/terminal.js";
import { accessPatterns } from "./access-patterns/rows.js";
import { type Counted, markdownTable, measure, withTable } from "./access-patterns/table.js";
import { steadyClock } from "./access-patterns/units.js";
import { createWorld } from "./access-patterns/world.js";

const folder = import.meta.dirname;
const page = join(folder, "../..", "docs", "access-patterns.md");
const terminal = createTerminal();

await using data = await createTestDataLayer({ engine: "dynoxide", clock: steadyClock() });
const small = await createWorld(data, "small");
const large = await createWorld(data, "large");
const counted: Counted[] = [];
for (const pattern of accessPatterns) {
  const onePage = await measure(pattern, small);
  counted.push({ pattern, onePage, large: await measure(pattern, large) });
}
const source = readFileSync(join(folder, "access-patterns", "rows.ts"), "utf8");
const before = readFileSync(page, "utf8");
const after = withTable(before, markdownTable(counted, source));
writeFileSync(page, after);
terminal.line(
  after === before ? "the page is as counted" : "the page now has the table as counted",
);
