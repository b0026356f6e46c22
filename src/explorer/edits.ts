/** The operations that write, if the explorer was started so. Each can be taken back. */
import { invalid, invalidAt, type ValidationIssue } from "../errors/validation-error.js";
import { isObject } from "../runtime/objects.js";
import { mask } from "../secrets/masking.js";
import { isPlainMap } from "../values/payload.js";
import type { Call } from "./call.js";
import type { Operation, Visit } from "./explorer.js";
import { keyIn, storeIn } from "./input.js";
import type { EditResult } from "./protocol.js";
import { withKeys } from "./reads.js";
import type { KnownStore, StoredItem } from "./sent-item.js";

const operation = "explore";

/** @throws ValidationError unless the explorer was started with `--write` */
function refuseUnlessWritable({ explorer }: Visit): void {
  if (explorer.about.writable) return;
  throw invalidAt({ operation }, "", "reads only: start it with --write to change items");
}

interface Edit {
  readonly changes: Readonly<Record<string, unknown>>;
  readonly remove: readonly string[];
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

/** Changes fields of an item that nobody has written since it was read. One request. */
export const save: Operation = async (visit): Promise<EditResult> => {
  refuseUnlessWritable(visit);
  const known = storeIn(visit);
  const key = keyIn(visit.input);
  const { changes, remove } = editIn(known, visit.input);
  const removed = remove.length === 0 ? undefined : remove;
  const ifUpdatedAt = timeIn(visit.input);
  const options = { remove: removed, ifUpdatedAt, returning: "both" };
  const { item, before } = (await visit.call({
    path: [known.store, "update"],
    args: [key, changes, options],
    result: "{ item, before }",
  })) as { readonly item: StoredItem; readonly before: StoredItem };
  const undo = visit.explorer.undos.keep(
    known.store,
    backTo(known, { changes, remove }, before, item),
  );
  return { ...withKeys(known, item), undo };
};

/** The update that gives the changed fields the values that they had. */
function backTo(
  { store, sent }: KnownStore,
  { changes, remove }: Edit,
  before: StoredItem,
  item: StoredItem,
): Call {
  const names = [...Object.keys(changes), ...remove];
  const had = names.filter((name) => Object.hasOwn(before.data, name));
  const lacked = names.filter((name) => !Object.hasOwn(before.data, name));
  return {
    path: [store, "update"],
    args: [
      sent(item).key,
      Object.fromEntries(had.map((name) => [name, before.data[name]])),
      { remove: lacked.length === 0 ? undefined : lacked, ifUpdatedAt: item.updatedAt },
    ],
    result: "item",
  };
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
  if (deleted === null) return { item: null };
  return { item: null, undo: visit.explorer.undos.keep(known.store, createOf(known, deleted)) };
};

/** The call that stores a deleted item again, unless there is another one by then. */
function createOf({ store, sent, model: { secrets } }: KnownStore, item: StoredItem): Call {
  const { key, createdAt } = sent(item);
  const input = { ...key, data: item.data, createdAt };
  const masked = Object.fromEntries(
    Object.entries(item.data).map(([name, value]) => [
      name,
      secrets.includes(name) && value !== null ? mask : value,
    ]),
  );
  return {
    path: [store, "create"],
    args: [input, {}],
    shownArgs: [{ ...input, data: masked }, {}],
    result: "item",
  };
}

/** Takes a write back, if nobody has written the item since. One request. */
export const undo: Operation = async (visit): Promise<EditResult> => {
  refuseUnlessWritable(visit);
  const { undos, stores } = visit.explorer;
  const found = undos.find(visit.input.id);
  const known = found && stores.get(found.store);
  if (found === undefined || known === undefined) {
    throw invalidAt({ operation }, "id", "is no write that can be taken back");
  }
  const item = await visit.call(found.call);
  undos.forget(found.id);
  return isObject(item) ? withKeys(known, item as unknown as StoredItem) : { item: null };
};

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
