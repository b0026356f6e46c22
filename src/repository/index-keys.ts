/** The index keys of items that the generic repository creates. */
import { unknownOptions } from "../call/options.js";
import { refuseIssues } from "../entity/model.js";
import type { CallContext } from "../errors/context.js";
import { invalid } from "../errors/validation-error.js";
import { oldKeys } from "../keys/key-functions.js";
import { compileTemplate } from "../keys/template.js";
import { attribute, type KeyTemplates, type RawKey } from "../table/table.js";
import { isRecord } from "./input.js";
import { type IndexKeys, indexKeyNames } from "./types.js";

/**
 * The index keys with which an item is created.
 * @throws ValidationError for keys of an index that the table does not have: the item would not be
 * found by them
 */
export function checkedIndexKeys(context: CallContext, gsi: unknown): IndexKeys {
  if (gsi === undefined || gsi === null) return {};
  if (!isRecord(gsi)) {
    throw invalid(context, [{ path: "gsi", message: "must be an object of index keys" }]);
  }
  const message = `is not an index key: the table has ${indexKeyNames.join(" and ")}`;
  refuseIssues(
    context,
    unknownOptions(gsi, indexKeyNames).map(({ path }) => ({ path, message })),
  );
  const { GSI1PK, GSI1SK } = gsi as IndexKeys;
  return { GSI1PK, GSI1SK };
}

/** The given index keys, and the missing one of a pair if it follows from the entity's primary key. */
export function indexKeysOf(
  entityType: string,
  key: RawKey,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const names = [attribute.indexPartitionKey, attribute.indexSortKey];
  const keys = names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]]));
  const own = keys.length === 1 ? indexKeysOfEntity(entityType, key) : {};
  return { ...own, ...Object.fromEntries(keys) };
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
