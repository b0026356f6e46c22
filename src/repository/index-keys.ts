/** The index keys of items that the generic repository creates. */
import { unknownOptions } from "../call/options.js";
import { refuseIssues } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import { invalidAt } from "../errors/validation-error.js";
import { oldKeys } from "../keys/key-functions.js";
import { compileTemplate } from "../keys/template.js";
import { attribute, type KeyTemplates, type RawKey } from "../table/table.js";
import { isRecord } from "./input.js";
import { type IndexKeys, indexKeyNames } from "./types.js";

const names: readonly string[] = [...indexKeyNames, attribute.timeToLive];

/**
 * The index keys, and the time to live, with which an item is created. What a key function returns is
 * taken as a whole, the item's own key in it too.
 * @throws ValidationError for anything else: a misspelt key would keep the item out of its index
 */
export function checkedIndexKeys(context: CallContext, key: RawKey, gsi: unknown): IndexKeys {
  if (gsi === undefined || gsi === null) return {};
  if (!isRecord(gsi)) {
    throw invalidAt(context, "gsi", "must be an object of index keys");
  }
  const message = "is not an index key: those are GSI1PK and GSI1SK to GSI20PK and GSI20SK";
  refuseIssues(
    context,
    unknownOptions(gsi, names)
      .filter(({ path }) => !isOwn(path, gsi[path], key))
      .map(({ path }) => ({ path, message })),
  );
  return Object.fromEntries(
    names.flatMap((name) => (gsi[name] === undefined ? [] : [[name, gsi[name]]])),
  );
}

function isOwn(name: string, value: unknown, key: RawKey): boolean {
  const isPart = name === attribute.partitionKey || name === attribute.sortKey;
  return isPart && value === key[name];
}

/**
 * The same members, and the missing key of GSI1's pair if it follows from the entity's primary key.
 */
export function completed<Members extends Readonly<Record<string, unknown>> | IndexKeys>(
  entityType: string,
  key: RawKey,
  given: Members,
): Members {
  const { GSI1PK, GSI1SK } = given;
  if ((GSI1PK === undefined) === (GSI1SK === undefined)) return given;
  return {
    ...given,
    ...indexKeysOfEntity(entityType, key),
    ...(GSI1PK === undefined ? { GSI1SK } : { GSI1PK }),
  };
}

function indexKeysOfEntity(entityType: string, key: RawKey): Record<string, string> {
  const all: Readonly<Record<string, KeyTemplates>> = oldKeys;
  const templates = Object.hasOwn(all, entityType) ? all[entityType] : undefined;
  if (templates?.gsi1pk === undefined || templates.gsi1sk === undefined) return {};
  const parts: Record<string, string> = {};
  for (const [text, template] of [
    [key[attribute.partitionKey], compileTemplate(templates.pk)],
    [key[attribute.sortKey], compileTemplate(templates.sk)],
  ] as const) {
    const [name] = template.parts;
    if (name === undefined || !text.startsWith(template.prefix)) return {};
    parts[name] = text.slice(template.prefix.length);
  }
  const indexPartitionKey = compileTemplate(templates.gsi1pk);
  const indexSortKey = compileTemplate(templates.gsi1sk);
  const known = [...indexPartitionKey.parts, ...indexSortKey.parts].every((name) => name in parts);
  if (!known) return {};
  return {
    [attribute.indexPartitionKey]: indexPartitionKey.build(parts),
    [attribute.indexSortKey]: indexSortKey.build(parts),
  };
}
