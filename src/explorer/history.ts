/** The operation that shows what happened to an item, where the table has a stream. */
import type { _Record } from "@aws-sdk/client-dynamodb-streams";
import { rawKeyOf, readParts, refuseIssues } from "../entity/model.js";
import { DecryptionError } from "../errors/decryption-error.js";
import type { LayerSource } from "../store/layer-source.js";
import { changeTold, type Told, told } from "../streams/change-of.js";
import { changedPaths } from "../streams/changed-paths.js";
import type { PlainChange } from "../streams/changes.js";
import { readRecord } from "../streams/records.js";
import { attribute, type RawItem } from "../table/table.js";
import { isPlainMap } from "../values/payload.js";
import type { Operation } from "./explorer.js";
import { keyIn, type Parts, storeIn } from "./input.js";
import { type ItemRecords, readItemStream } from "./item-stream.js";
import { literalOf } from "./literal.js";
import type { History, HistoryChange, HistoryPath } from "./protocol.js";
import type { KnownStore } from "./sent-item.js";

const operation = "explore";

/** Of a value that is longer, the beginning is shown. */
const mostCharacters = 2_000;
/** Of a change of more paths, the first are shown. */
const mostPaths = 200;

/** The changes of an item that the stream still has, the newest first. One request for each page of a shard. */
export const history: Operation = async (visit): Promise<History> => {
  const { explorer, signal } = visit;
  const { source, data, meter } = explorer;
  const known = storeIn(visit);
  const key = keyIn(visit.input);
  const { parts, issues } = readParts(known.model, "key", key);
  refuseIssues({ operation }, issues);
  let found: ItemRecords | undefined;
  const code = () => watchCode(known, key, found?.records.length ?? 0);
  found = await visit.shown(code, async () => {
    // Reads of a stream take no capacity of the table's.
    const onRequest = (request: string) => meter.add({ request, consumedCapacity: 0 });
    found = await readItemStream(source, data, rawKeyOf(known.model, parts), { signal, onRequest });
    return found;
  });
  const changes: HistoryChange[] = [];
  for (const record of found.records) {
    const change = await changeIn(source, known, record);
    if (change !== null) changes.push(change);
  }
  const { read, stopped, older } = found;
  // Times are of whole seconds: what happened in one stays in its order.
  const newest = changes.reverse().sort((a, b) => b.at - a.at);
  return { changes: newest, read, stopped, older };
};

/** The loop of an application; of an item that has changed, one that ends. */
function watchCode({ store, model }: KnownStore, key: Parts, found: number): string {
  const members = model.parts
    .filter((name) => key[name] !== undefined)
    .map((name) => `change.key.${name} === ${literalOf(key[name])}`);
  const is = [`change.entity === ${literalOf(store)}`, ...members].join(" && ");
  return [
    'import { watch } from "bayon-coagent-data/streams";',
    ...(found === 0 ? ["// The stream has no change of this item: the loop waits for one."] : []),
    "const changes = [];",
    'for await (const change of watch(data, { from: "start" })) {',
    `  if (${is}) changes.push(change);`,
    ...(found === 0 ? [] : [`  if (changes.length === ${found}) break;`]),
    "}",
  ].join("\n");
}

/** `null` for a row that no entity owns, as one that was written by something else. */
async function changeIn(
  source: LayerSource,
  { model: { secrets } }: KnownStore,
  record: _Record,
): Promise<HistoryChange | null> {
  const of = told(source, readRecord(operation, record));
  if (of === null) return null;
  let change = await changeTold(source, of, operation);
  if (change.kind === "unreadable" && change.error instanceof DecryptionError) {
    change = await changeTold(source, withoutSecrets(of, secrets), operation);
  }
  const { at, id } = change;
  const paths = change.kind === "unreadable" ? null : pathsOf(change, secrets);
  return { at, id, kind: of.kind, paths };
}

/** Without the keys, whether a secret has changed is not known: it is sealed anew with each write. */
function withoutSecrets({ owner, kind, record }: Told, secrets: readonly string[]): Told {
  const bare = (raw: RawItem | null): RawItem | null => {
    const data = raw?.[attribute.data];
    if (raw === null || !isPlainMap(data)) return raw;
    const fields = Object.entries(data).filter(([name]) => !secrets.includes(name));
    return { ...raw, [attribute.data]: Object.fromEntries(fields) };
  };
  const { before, after } = record;
  return { owner, kind, record: { ...record, before: bare(before), after: bare(after) } };
}

function pathsOf(
  change: Exclude<PlainChange, { readonly kind: "unreadable" }>,
  secrets: readonly string[],
): HistoryPath[] {
  const paths = changedPaths(change as Parameters<typeof changedPaths>[0]);
  const masked = new Set<string>();
  return paths.slice(0, mostPaths).flatMap(({ path, before, after }): HistoryPath[] => {
    const [field = ""] = path.map(String);
    if (!secrets.includes(field)) {
      return [{ path: path.join("."), before: shortText(before), after: shortText(after) }];
    }
    // What is in a secret is a secret, too.
    if (masked.has(field)) return [];
    masked.add(field);
    return [{ path: field, secret: true }];
  });
}

function shortText(value: unknown): string | null {
  if (value === undefined) return null;
  const text = literalOf(value);
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)} …` : text;
}
