/** The sizes of items, and of a table, as `bayon-data doctor --json` reported them. */
import { readFile } from "node:fs/promises";
import { ConfigurationError } from "../../src/index.js";
import { entitiesByType } from "../move/placement.js";
import type { Sizes } from "./estimate.js";
import { isRecord, parsedJson } from "./json.js";

export interface Measured {
  readonly sizes: Sizes;
  /** What the table stores, in GB; `undefined` if a sample was read. */
  readonly storageGB: number | undefined;
}

/** DynamoDB stores so many bytes beside each item, and beside each copy in an index. */
const besideItem = 100;

/** @throws ConfigurationError that names the file */
export async function readSizes(file: string | undefined): Promise<Measured> {
  if (file === undefined) return { sizes: new Map(), storageGB: undefined };
  const name = `--sizes ${file}`;
  const given = parsedJson(await readFile(file, "utf8"), name);
  const entities = isRecord(given) ? given.entities : undefined;
  if (!isRecord(given) || !isRecord(entities)) {
    throw new ConfigurationError(`${name} must be what bayon-data doctor --json printed`);
  }
  const sizes = new Map<string, number>();
  let stored = 0;
  for (const [entity, summary] of Object.entries(entities)) {
    const { items, bytes } = isRecord(summary) ? summary : {};
    if (typeof items !== "number" || typeof bytes !== "number" || items <= 0 || bytes < 0) {
      throw new ConfigurationError(`${name}: entities.${entity} must have items and bytes`);
    }
    sizes.set(entity, bytes / items);
    const copies = 1 + (entitiesByType().get(entity)?.model.indexes.length ?? 0);
    stored += copies * (bytes + besideItem * items);
  }
  return { sizes, storageGB: given.wholeTable === true ? stored / 1e9 : undefined };
}
