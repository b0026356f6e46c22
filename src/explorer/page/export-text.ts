/** Items as files: for other programs, for a test, for a table. Secrets are in none of them. */
import { encode } from "../../browser/values.js";
import { literalOf } from "../literal.js";
import type { SentItem } from "../protocol.js";

interface Format {
  readonly label: string;
  /** The ending of its file's name. */
  readonly file: string;
  opening(store: string, imports: string): string;
  item(item: SentItem, index: number): string;
  readonly closing: string;
}

export const exportFormats = {
  json: {
    label: "JSON",
    file: "json",
    opening: () => "[",
    item: (item, index) => {
      const all = encode([{ ...inputOf(item), updatedAt: item.updatedAt }], "export", "items");
      return `${index === 0 ? "" : ","}${JSON.stringify(all, null, 2).slice("[".length, -"\n]".length)}`;
    },
    closing: "\n]\n",
  },
  fixture: {
    label: "Fixtures for a test",
    file: "ts",
    opening: (store, imports) =>
      `import { make } from "bayon-coagent-data/testing";\n${imports}\nexport const ${store}Items = [\n`,
    item: (item) => `  make.${item.store}(${literalOf(inputOf(item), "  ")}),\n`,
    closing: "];\n",
  },
  seed: {
    label: "A program that stores them",
    file: "ts",
    opening: (store, imports) =>
      `import { createDataLayer } from "bayon-coagent-data";\n${imports}\nconst data = createDataLayer();\nawait data.${store}.batchPut([\n`,
    item: (item) => `  ${literalOf(inputOf(item), "  ")},\n`,
    closing: "]);\nawait data.close();\n",
  },
} as const satisfies Readonly<Record<string, Format>>;

export type ExportFormat = keyof typeof exportFormats;

/** An item as `put` takes it. A creation time that is a part of the key is in the key. */
function inputOf({ key, data, createdAt }: SentItem): object {
  return { ...key, data, createdAt };
}

/** So many items are made text in a step. */
const itemsInStep = 20;

/** A file of the items, in parts. A step is over at each `yield`. */
export function* exporting(
  format: ExportFormat,
  items: readonly SentItem[],
): Generator<void, readonly string[], void> {
  const { opening, item: textOf, closing }: Format = exportFormats[format];
  const parts: string[] = [];
  let imports = "";
  for (let from = 0; from < items.length; from += itemsInStep) {
    const texts = items
      .slice(from, from + itemsInStep)
      .map((item, index) => textOf(item, from + index));
    const part = texts.join("");
    if (imports === "") imports = exactImport(part);
    parts.push(part);
    yield;
  }
  return [opening(items[0]?.store ?? "", imports), ...parts, closing];
}

/** Numbers of more digits than JavaScript's have a class of their own. */
const exactImport = (text: string): string =>
  text.includes("ExactNumber.from(") ? 'import { ExactNumber } from "bayon-coagent-data";\n' : "";
