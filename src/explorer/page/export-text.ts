/** Items as files: for other programs, for a test, for a table. Secrets are in none of them. */
import { encode } from "../../browser/values.js";
import { literalOf } from "../literal.js";
import type { SentItem } from "../protocol.js";

export const exportFormats = {
  json: { label: "JSON", file: "json" },
  fixture: { label: "Fixtures for a test", file: "ts" },
  seed: { label: "A program that stores them", file: "ts" },
} as const;

export type ExportFormat = keyof typeof exportFormats;

/** An item as `put` takes it. A creation time that is a part of the key is in the key. */
function inputOf({ key, data, createdAt }: SentItem): object {
  return { ...key, data, createdAt };
}

export function exportText(format: ExportFormat, items: readonly SentItem[]): string {
  const store = items[0]?.store ?? "";
  switch (format) {
    case "json": {
      const all = items.map((item) => ({ ...inputOf(item), updatedAt: item.updatedAt }));
      return `${JSON.stringify(encode(all, "export", "items"), null, 2)}\n`;
    }
    case "fixture": {
      const made = items.map((item) => `  make.${store}(${literalOf(inputOf(item), "  ")}),\n`);
      return `import { make } from "bayon-coagent-data/testing";\n${exactImport(made.join(""))}\nexport const ${store}Items = [\n${made.join("")}];\n`;
    }
    case "seed": {
      const inputs = items.map((item) => `  ${literalOf(inputOf(item), "  ")},\n`).join("");
      return `import { createDataLayer } from "bayon-coagent-data";\n${exactImport(inputs)}\nconst data = createDataLayer();\nawait data.${store}.batchPut([\n${inputs}]);\nawait data.close();\n`;
    }
  }
}

/** Numbers of more digits than JavaScript's have a class of their own. */
const exactImport = (text: string): string =>
  text.includes("ExactNumber.from(") ? 'import { ExactNumber } from "bayon-coagent-data";\n' : "";
