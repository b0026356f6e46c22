/** Items as files: for other programs, for a test, for a table. Secrets are in none of them. */
import { encode } from "../../browser/values.js";
import { hasExact, literalOf } from "../literal.js";
import type { EntityDescription, SentItem } from "../protocol.js";

/** What an export is of. */
export interface Exported {
  readonly entity: Pick<EntityDescription, "store" | "fields">;
  /** The module that declares the entity, if the application does. */
  readonly module: string | undefined;
}

/** What some of the exported items have. */
interface Has {
  /** Numbers of more digits than JavaScript's have. */
  exact: boolean;
  /** Values that are left out: secrets, or what was not read without their keys. */
  missing: boolean;
}

interface Format {
  readonly label: string;
  /** The ending of its file's name. */
  readonly file: string;
  opening(of: Exported, has: Has): string;
  item(item: SentItem, index: number, of: Exported): string;
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
    opening: ({ entity: { store }, module }, { exact }) => {
      const lines = [
        `import { ${module === undefined ? "make" : "factories"} } from "bayon-coagent-data/testing";`,
        ...(exact ? ['import { ExactNumber } from "bayon-coagent-data";'] : []),
        ...(module === undefined
          ? []
          : [entitiesOf(module), "", "const make = factories(entities);"]),
      ];
      return `${lines.join("\n")}\n\nexport const ${store}Items = [\n`;
    },
    item: (item) => `  make.${item.store}(${literalOf(inputOf(item), "  ")}),\n`,
    closing: "];\n",
  },
  seed: {
    label: "A program that stores them",
    // An ES module in any package, which may await.
    file: "mts",
    opening: ({ entity, module }, { exact, missing }) => {
      const names = exact ? "createDataLayer, ExactNumber" : "createDataLayer";
      const lines = [
        `import { ${names} } from "bayon-coagent-data";`,
        ...(module === undefined ? [] : [entitiesOf(module)]),
        "",
        ...(requiredSecrets(entity).length === 0 ? [] : [replaceThem]),
        ...(missing ? [replacesItems] : []),
        `const data = createDataLayer(${module === undefined ? "" : "{ entities }"});`,
      ];
      return `${lines.join("\n")}\nawait data.${entity.store}.batchPut([\n`;
    },
    item: (item, _, { entity }) => {
      const missing = requiredSecrets(entity).filter((name) => item.hidden.includes(name));
      const replaced = Object.fromEntries(missing.map((name) => [name, placeholder]));
      const data = { ...item.data, ...replaced };
      return `  ${literalOf(inputOf({ ...item, data }), "  ")},\n`;
    },
    closing: "]);\nawait data.close();\n",
  },
} as const satisfies Readonly<Record<string, Format>>;

export type ExportFormat = keyof typeof exportFormats;

const entitiesOf = (module: string) => `import { entities } from ${JSON.stringify(module)};`;

/** Without these, the store would refuse the items. */
const requiredSecrets = ({ fields }: Exported["entity"]): string[] =>
  fields.filter(({ secret, required }) => secret && required).map(({ name }) => name);

const placeholder = "replace-me";
const replacesItems =
  "// It lacks fields that the items have: run on their table, it would delete these.";
const replaceThem = `// Secrets are not exported: put them where it says ${JSON.stringify(placeholder)}.`;

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
  of: Exported,
): Generator<void, readonly string[], void> {
  const { opening, item: textOf, closing }: Format = exportFormats[format];
  const parts: string[] = [];
  const has: Has = { exact: false, missing: false };
  for (let from = 0; from < items.length; from += itemsInStep) {
    const some = items.slice(from, from + itemsInStep);
    const texts = some.map((item, index) => textOf(item, from + index, of));
    has.missing ||= some.some(({ hidden, partial }) => partial || hidden.length > 0);
    const part = texts.join("");
    has.exact ||= hasExact(part);
    parts.push(part);
    yield;
  }
  return [opening(of, has), ...parts, closing];
}
