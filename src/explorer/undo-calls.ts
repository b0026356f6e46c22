/** The calls that take writes back. */
import { sealedKeyId } from "../secrets/encryption.js";
import { mask } from "../secrets/masking.js";
import type { Call } from "./call.js";
import type { Visit } from "./explorer.js";
import type { Parts } from "./input.js";
import type { KnownStore, StoredItem } from "./sent-item.js";

/** What a save is to change. */
export interface Edit {
  readonly changes: Readonly<Record<string, unknown>>;
  readonly remove: readonly string[];
}

/** The update that gives the changed fields the values that they had. */
export function backTo(
  { store }: KnownStore,
  key: Parts,
  { changes, remove }: Edit,
  before: StoredItem["data"],
  updatedAt: number,
): Call {
  const names = [...Object.keys(changes), ...remove];
  const had = names.filter((name) => Object.hasOwn(before, name));
  const lacked = names.filter((name) => !Object.hasOwn(before, name));
  return {
    path: [store, "update"],
    args: [
      key,
      Object.fromEntries(had.map((name) => [name, before[name]])),
      { remove: lacked.length === 0 ? undefined : lacked, ifUpdatedAt: updatedAt },
    ],
    result: "item",
  };
}

/** Whether a create stores the secrets as they were: a sealed one would be sealed once more by other keys. */
export function isCreatable(
  { explorer }: Pick<Visit, "explorer">,
  { model }: KnownStore,
  { data }: StoredItem,
): boolean {
  const isSealed = (name: string) => sealedKeyId(data[name]) !== undefined;
  return !(explorer.about.reveals && model.secrets.some(isSealed));
}

/** The call that stores a deleted item again, unless there is another one by then. */
export function createOf({ store, sent, model: { secrets } }: KnownStore, item: StoredItem): Call {
  const { key, createdAt } = sent(item);
  const input = { ...key, data: item.data, createdAt };
  const masked = Object.fromEntries(
    Object.entries(item.data).map(([name, value]) => [
      name,
      secrets.includes(name) && value !== null ? mask : value,
    ]),
  );
  const isShown = secrets.every((name) => item.data[name] == null);
  return {
    path: [store, "create"],
    args: [input, {}],
    ...(!isShown && {
      shownArgs: [{ ...input, data: masked }, {}],
      note: `Put the secrets in the place of ${JSON.stringify(mask)}: run as it is, this would store that text.`,
    }),
    result: "item",
  };
}
