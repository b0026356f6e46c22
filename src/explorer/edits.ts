/** The operations that write, if the explorer was started so. Each can be taken back. */
import { DecryptionError } from "../errors/decryption-error.js";
import { invalid, invalidAt, type ValidationIssue } from "../errors/validation-error.js";
import { isObject } from "../runtime/objects.js";
import { isPlainMap } from "../values/payload.js";
import type { Operation, Visit } from "./explorer.js";
import { keyIn, type Parts, storeIn } from "./input.js";
import type { EditResult } from "./protocol.js";
import { readable, withKeys } from "./reads.js";
import type { KnownStore, StoredItem } from "./sent-item.js";
import type { Undo } from "./undo.js";
import { backTo, createOf, type Edit, isCreatable } from "./undo-calls.js";

const operation = "explore";

/** @throws ValidationError unless the explorer was started with `--write` */
function refuseUnlessWritable({ explorer }: Visit): void {
  if (explorer.about.writable) return;
  throw invalidAt({ operation }, "", "reads only: start it with --write to change items");
}

/** The fields to change. Secrets are not among them: a page that does not have them cannot save them. */
function editIn({ model: { secrets } }: KnownStore, input: Visit["input"]): Edit {
  const { changes = {}, remove = [] } = input;
  const areNames = (names: unknown): names is string[] =>
    Array.isArray(names) && names.every((name) => typeof name === "string");
  if (!isPlainMap(changes)) throw invalidAt({ operation }, "changes", "must be an object");
  if (!areNames(remove)) throw invalidAt({ operation }, "remove", "must be a list of fields");
  const issues: ValidationIssue[] = [...Object.keys(changes), ...remove]
    .filter((name) => secrets.includes(name))
    .map((name) => ({ path: `data.${name}`, message: "is a secret: it is not changed here" }));
  if (Object.keys(changes).length + remove.length === 0) {
    issues.push({ path: "changes", message: "must name a field: nothing was changed" });
  }
  if (issues.length > 0) throw invalid({ operation }, issues);
  return { changes: changes as Edit["changes"], remove };
}

/** The time of the item as the page has it: it must not have been written since. */
function timeIn({ updatedAt }: Visit["input"]): number {
  if (typeof updatedAt === "number") return updatedAt;
  throw invalidAt({ operation }, "updatedAt", "must be the time at which the item was read");
}

/**
 * Changes fields of an item that nobody has written since it was read. One request; of an item with secrets
 * two, and two more if they cannot be decrypted.
 */
export const save: Operation = async (visit): Promise<EditResult> => {
  refuseUnlessWritable(visit);
  const known = storeIn(visit);
  const key = keyIn(visit.input);
  const edit = editIn(known, visit.input);
  const ifUpdatedAt = timeIn(visit.input);
  const before = await fieldsBefore(visit, known, key, edit, ifUpdatedAt);
  const removed = edit.remove.length === 0 ? undefined : edit.remove;
  const options = { remove: removed, ifUpdatedAt, returning: "both" };
  const call = {
    path: [known.store, "update"],
    args: [key, edit.changes, options],
    result: "{ item, before }",
  };
  const undoOf = (had: StoredItem["data"], updatedAt: number) =>
    visit.explorer.undos.keep(known.store, key, backTo(known, key, edit, had, updatedAt));
  try {
    const both = (await visit.call(call)) as Record<"item" | "before", StoredItem>;
    const undo = undoOf(both.before.data, both.item.updatedAt);
    return { ...withKeys(known, both.item), undo };
  } catch (error) {
    if (!isWrittenUnread(error)) throw error;
    const result = await readAgain(visit, known, key);
    if (before === null || result.item === null) return result;
    // The lock held, so that the update has found what was read before it.
    return { ...result, undo: undoOf(before.data, result.item.updatedAt) };
  }
};

/**
 * What the changed fields have before an update whose response may not be readable: it returns the secrets
 * as well. Of an entity without secrets nothing is read; `null` if the update will be refused.
 */
async function fieldsBefore(
  visit: Visit,
  { store, model: { secrets } }: KnownStore,
  key: Parts,
  { changes, remove }: Edit,
  updatedAt: number,
): Promise<StoredItem | null> {
  if (secrets.length === 0) return null;
  const fields = [...Object.keys(changes), ...remove];
  const call = {
    path: [store, "get"],
    args: [key, { fields, consistent: true }],
    result: "before",
  };
  const before = (await visit.call(call)) as StoredItem | null;
  return before?.updatedAt === updatedAt ? before : null;
}

/** Whether a write was carried out, and the item that it returned has secrets that cannot be decrypted. */
const isWrittenUnread = (error: unknown): boolean =>
  error instanceof DecryptionError && error.mayHaveBeenDone;

/** The item that a write left, without the secrets that cannot be decrypted. Two requests. */
function readAgain(visit: Visit, known: KnownStore, key: Parts): Promise<EditResult> {
  const path = [known.store, "get"];
  return readable(visit, known, async (fields) => {
    const args = [key, { fields, consistent: true }];
    const found = (await visit.call({ path, args, result: "item" })) as StoredItem | null;
    return found === null ? { item: null } : withKeys(known, found, fields);
  });
}

/** Deletes an item that nobody has written since it was read. One request. */
export const remove: Operation = async (visit): Promise<EditResult> => {
  refuseUnlessWritable(visit);
  const known = storeIn(visit);
  const key = keyIn(visit.input);
  const deleted = (await visit.call({
    path: [known.store, "delete"],
    args: [key, { ifUpdatedAt: timeIn(visit.input) }],
    result: "deleted",
  })) as StoredItem | null;
  if (deleted === null || !isCreatable(visit, known, deleted)) return { item: null };
  const undo = visit.explorer.undos.keep(known.store, key, createOf(known, deleted));
  return { item: null, undo };
};

/** Takes a write back, if nobody has written the item since. One request; three without the keys of its secrets. */
export const undo: Operation = async (visit): Promise<EditResult> => {
  refuseUnlessWritable(visit);
  const { undos, stores } = visit.explorer;
  const found = undos.find(visit.input.id);
  const known = found && stores.get(found.store);
  if (found === undefined || known === undefined) {
    throw invalidAt({ operation }, "id", "is no write that can be taken back");
  }
  const result = await takenBack(visit, known, found);
  undos.forget(found.id);
  return result;
};

async function takenBack(
  visit: Visit,
  known: KnownStore,
  { key, call }: Undo,
): Promise<EditResult> {
  try {
    const item = await visit.call(call);
    return isObject(item) ? withKeys(known, item as unknown as StoredItem) : { item: null };
  } catch (error) {
    if (!isWrittenUnread(error)) throw error;
    return readAgain(visit, known, key);
  }
}

/** Shows one secret of an item, if keys are configured: without them nothing says that it is one's to see. */
export const reveal: Operation = async (visit) => {
  const known = storeIn(visit);
  const { field } = visit.input;
  if (!visit.explorer.about.reveals) {
    throw invalidAt({ operation }, "field", "is shown only where encryption keys are configured");
  }
  if (typeof field !== "string" || !known.model.secrets.includes(field)) {
    throw invalidAt({ operation }, "field", "is no secret of this entity");
  }
  const path = [known.store, "get"];
  const args = [keyIn(visit.input), { fields: [field] }];
  const item = (await visit.call({ path, args, result: "item" })) as StoredItem | null;
  return item?.data[field];
};
