/** The operations that read: the table as a whole, an entity's items, one item. */

import { perform } from "../call/call.js";
import { indexKeyOf } from "../entity/indexes.js";
import { keyValues, rawKeyOf, readParts, refuseIssues } from "../entity/model.js";
import { DecryptionError } from "../errors/decryption-error.js";
import { isDynamoDBError } from "../errors/dynamodb-error.js";
import { keyPartsOf } from "../keys/template.js";
import type { Described } from "../streams/watch.js";
import { attribute, type RawKey } from "../table/table.js";
import { checkValue, isPlainMap } from "../values/payload.js";
import { callTimeoutMs, type Operation, type Visit } from "./explorer.js";
import { filtersOf } from "./filters.js";
import { countIn, flagIn, keyIn, partsIn, storeIn, textIn } from "./input.js";
import { literalOf } from "./literal.js";
import { orderedMap } from "./ordered.js";
import type { About, BrowsePage, RawAttribute } from "./protocol.js";
import type { KnownStore, StoredItem } from "./sent-item.js";

/** Items of a page, and the most that a page may ask for. */
const usualLimit = 100;
const mostLimit = 1_000;

/** After so many items of all entities, a search for those of one ends, and can be continued. */
const mostScanned = 5_000;

/** One request. */
export const about: Operation = async ({ explorer, signal }): Promise<About> => ({
  ...explorer.about,
  stream: await hasStream(explorer.data as Described, signal),
});

async function hasStream({ table }: Described, signal: AbortSignal): Promise<boolean> {
  try {
    return (await table.describe({ signal }))?.stream !== undefined;
  } catch (error) {
    // Who may not describe the table may read items all the same.
    if (!isDynamoDBError(error) || signal.aborted) throw error;
    return true;
  }
}

/** Looks at the table, or at a sample of it: one request per MB. */
export const survey: Operation = async ({ explorer: { survey }, shown, signal }) =>
  shown(`// ${survey.command}`, () => survey.look(signal));

/**
 * Reads items, and if the keys of their secrets are not configured, reads them without these.
 * @param read is given the fields to ask for; none for all of them
 */
export async function readable<T>(
  { explorer }: Pick<Visit, "explorer">,
  { store }: Pick<KnownStore, "store">,
  read: (fields?: readonly string[]) => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DecryptionError)) throw error;
    const entity = explorer.about.entities.find((one) => one.store === store);
    return read(entity?.fields.filter(({ secret }) => !secret).map(({ name }) => name));
  }
}

/** A page of an entity's items: of a partition, of an index, or of the whole table. */
export const browse: Operation = async (visit): Promise<BrowsePage> => {
  const known = storeIn(visit);
  return readable(visit, known, (fields) => browsePage(visit, known, fields));
};

async function browsePage(
  visit: Visit,
  known: KnownStore,
  fields: readonly string[] | undefined,
): Promise<BrowsePage> {
  const { input } = visit;
  const where = filtersOf("explore", input.filters, known.model.secrets);
  const limit = countIn(input, "limit", usualLimit, mostLimit);
  const cursor = textIn(input, "cursor");
  const user = textIn(input, "user");
  const parts = partsIn(input, "parts");
  if (parts === undefined && user === undefined) {
    const options = { limit, segments: 1, where, cursor, fields };
    const { items, ...rest } = await visit.scan({ store: known.store, options, mostScanned });
    return { items: sentAll(known, items, fields), ...rest };
  }
  const index = textIn(input, "index") ?? "byKey";
  const order = flagIn(input, "descending") ? "desc" : undefined;
  const by = flagIn(input, "byCreation") ? "createdAt" : undefined;
  const isTable = index === "byKey";
  const options = { ...(isTable && { by }), order, limit, where, cursor, fields };
  const found = await visit.call({
    user,
    path: [known.store, isTable ? "query" : "queryBy"],
    args: [...(isTable ? [] : [index]), parts ?? {}, options],
    result: "{ items, cursor }",
  });
  const page = found as { readonly items: readonly unknown[]; readonly cursor: string | null };
  return { items: sentAll(known, page.items, fields), cursor: page.cursor };
}

/** @param fields those that were read. @default all */
export function sentAll(
  { sent }: KnownStore,
  items: readonly unknown[],
  fields?: readonly string[],
) {
  return items.map((item) => sent(item as StoredItem, fields));
}

/** One item and the keys that it has; `null` if there is none. One request. */
export const item: Operation = async (visit) => {
  const known = storeIn(visit);
  const key = keyIn(visit.input);
  const path = [known.store, "get"];
  return readable(visit, known, async (fields) => {
    const found = await visit.call({ path, args: [key, { fields }], result: "item" });
    return found === null ? null : withKeys(known, found as StoredItem, fields);
  });
};

export function withKeys(known: KnownStore, found: StoredItem, fields?: readonly string[]) {
  return { item: known.sent(found, fields), keys: keysOf(known, found) };
}

/** The keys of an item, with the templates that they are made of. */
function keysOf({ model, rawKey, sent }: KnownStore, found: StoredItem): RawAttribute[] {
  const { key } = sent(found);
  const raw = rawKey(key);
  const keys: Readonly<Record<string, string>> = {
    ...raw,
    ...indexKeyOf(model, keyPartsOf(model, raw), found.createdAt, found.data),
  };
  return Object.entries(keys).map(([name, value]) => ({
    name,
    value,
    bytes: Buffer.byteLength(name) + Buffer.byteLength(value),
  }));
}

/** The attributes of an item as the table has them. One request. Secrets are not sent. */
export const raw: Operation = async (visit) => {
  const known = storeIn(visit);
  const key = keyIn(visit.input);
  const { parts, issues } = readParts(known.model, "key", key);
  refuseIssues({ operation: "explore" }, issues);
  const shown = literalOf(keyValues(known.model, parts));
  const code = `await data.${known.store}.entity.get(${shown}).go({ data: "raw" });`;
  visit.explorer.meter.refuseIfSpent();
  const stored = await visit.shown(code, () => storedItem(visit, rawKeyOf(known.model, parts)));
  if (stored === undefined) return null;
  return Object.entries(orderedMap(stored)).map(([name, value]): RawAttribute => {
    const shown = name === attribute.data ? withoutSecrets(known, value) : value;
    const { bytes } = checkValue(value, "", 1);
    return { name, value: shown, bytes: Buffer.byteLength(name) + bytes };
  });
};

/** The same request without the entity, which opens secrets, and so needs their keys. */
function storedItem({ explorer: { source }, signal }: Visit, key: RawKey) {
  const { transport, configuration } = source;
  const limits = { signal, timeoutMs: callTimeoutMs };
  return perform({ operation: "explore" }, limits, async (call) => {
    const input = { TableName: configuration.tableName, Key: key };
    const { Item: stored } = await transport.send("Get", input, call);
    return stored;
  });
}

function withoutSecrets({ model: { secrets } }: KnownStore, data: unknown): unknown {
  return isPlainMap(data) ? orderedMap(data, secrets) : data;
}
