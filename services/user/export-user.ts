/** Reads everything of a user, item by item. */
import {
  type CallOptions,
  limitsOf,
  perform,
  reading,
  throwIfAborted,
} from "../../src/call/call.js";
import { optionNames } from "../../src/call/options.js";
import { secretsOf } from "../../src/entity/declared-payload.js";
import { itemOf } from "../../src/entity/item.js";
import { isOlder } from "../../src/entity/versions.js";
import type { CallContext } from "../../src/errors/context.js";
import { invalidAt } from "../../src/errors/validation-error.js";
import { wrapDynamoDBError } from "../../src/errors/wrap.js";
import { type PageRequest, pages } from "../../src/read/paging.js";
import { mask, showsMasked } from "../../src/secrets/masking.js";
import { attribute, type RawItem } from "../../src/table/table.js";
import { isPlainMap } from "../../src/values/payload.js";
import { onceFor } from "../registry.js";
import type { UserPartition } from "./partitions.js";
import { type Kind, kindsIn, type UserSource, wholePartition } from "./rows.js";
import type { UndeclaredItem, UserExportOptions } from "./types.js";

const exportOptionNames = optionNames<UserExportOptions>({
  secrets: true,
  consistent: true,
  signal: true,
  timeoutMs: true,
});

type AnyUserItem = UndeclaredItem | { readonly entity: string; readonly [member: string]: unknown };

/**
 * Checks the options at once; the loops over the result send requests.
 * @throws ValidationError
 */
export function exportUser(
  source: UserSource,
  partitions: readonly UserPartition[],
  context: CallContext,
  options: UserExportOptions | undefined,
): AsyncIterable<AnyUserItem> {
  const limits = limitsOf(context, options, exportOptionNames);
  const { secrets = "mask", consistent = false } = reading(context, () => ({
    secrets: options?.secrets,
    consistent: options?.consistent,
  }));
  if (secrets !== "mask" && secrets !== "reveal") {
    throw invalidAt(context, "secrets", 'must be "mask" or "reveal"');
  }
  if (typeof consistent !== "boolean") {
    throw invalidAt(context, "consistent", "must be true or false");
  }
  const loop = { source, partitions, context, limits, consistent, masks: secrets === "mask" };
  // Each loop over the result starts a new generator: a second loop over the same one would find nothing.
  return { [Symbol.asyncIterator]: () => itemsOf(loop) };
}

interface Loop {
  readonly source: UserSource;
  readonly partitions: readonly UserPartition[];
  readonly context: CallContext;
  readonly limits: CallOptions;
  readonly consistent: boolean;
  readonly masks: boolean;
}

async function* itemsOf(loop: Loop): AsyncGenerator<AnyUserItem, void, undefined> {
  const { source, partitions, context, limits, consistent } = loop;
  const { transport } = source.context;
  const send: PageRequest = (input) =>
    perform(context, limits, (call) => transport.send("Query", input, call));
  for (const partition of partitions) {
    const kindOf = kindsIn(source, partition);
    const input = wholePartition(source, partition, { keysOnly: false, consistent });
    for await (const page of pages(send, input)) {
      page.readAhead();
      for (const raw of page.items) {
        throwIfAborted(context, limits.signal);
        transport.throwIfClosed();
        yield exported(loop, kindOf(raw), raw);
      }
    }
  }
}

function exported(
  { source, masks, context }: Loop,
  kind: Kind | undefined,
  raw: RawItem,
): AnyUserItem {
  if (kind === undefined) return undeclared(raw, allSecrets(source.definitions), masks);
  const { name, model } = kind;
  // A masked secret need not be readable, unless an upgrade is to be made of it.
  const ifUnreadable = masks && !isOlder(model, raw) ? "leave" : "refuse";
  try {
    const item = itemOf(model, raw, ifUnreadable, context.operation);
    const data = masks ? withMasks(model.secrets, item.data) : item.data;
    return { entity: name, ...item, data };
  } catch (error) {
    throw wrapDynamoDBError(error, context);
  }
}

/** The secret fields of all entities: what a row of no entity may hold, too. */
const allSecrets = onceFor((definitions): readonly string[] => [
  ...new Set(Object.values(definitions).flatMap((one) => secretsOf(one))),
]);

/**
 * A row as it is stored. Which of its fields are secret, nobody declares: those are masked, however deep,
 * that have the name of an entity's secret, and a payload whose fields have no names.
 */
function undeclared(raw: RawItem, secrets: readonly string[], masks: boolean): UndeclaredItem {
  const { Data } = raw;
  const hasFields = isPlainMap(Data);
  if (!masks) {
    const attributes = hasFields ? { ...raw, Data: showsMasked(secrets, Data) } : { ...raw };
    return { entity: null, attributes };
  }
  const attributes = withMasksAnywhere(secrets, raw);
  if (Data == null || hasFields) return { entity: null, attributes };
  return { entity: null, attributes: maskedCopy([attribute.data], attributes, (value) => value) };
}

/** A copy with a mask in place of each secret, and a mask for a payload whose fields have no names. */
function withMasks(secrets: readonly string[], data: unknown): unknown {
  if (secrets.length === 0) return data;
  return isPlainMap(data) ? maskedCopy(secrets, data, (value) => value) : mask;
}

/** The same in all maps and lists within it. */
function withMasksAnywhere<T>(secrets: readonly string[], value: T): T {
  const below = <V>(part: V) => withMasksAnywhere(secrets, part);
  if (Array.isArray(value)) return value.map(below) as T;
  return isPlainMap(value) ? maskedCopy(secrets, value, below) : value;
}

function maskedCopy<T extends object>(
  secrets: readonly string[],
  data: T,
  other: (value: unknown) => unknown,
): T {
  const members = Object.entries(data).map(([name, value]) => [
    name,
    secrets.includes(name) && value != null ? mask : other(value),
  ]);
  // The mask stands for values of any type.
  return Object.fromEntries(members) as T;
}
