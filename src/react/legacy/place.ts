/** Where a raw key leads: to the store and the item that it names. */
import { wrongCall } from "../../browser/errors.js";
import { oldKeys } from "../../keys/key-functions.js";

/** What raw keys lead to. */
export interface Place {
  /** The name of the store; `undefined` for everything in a user's partition. */
  readonly store: string | undefined;
  /** The part of the key that is an item's id; `undefined` for an entity with one item. */
  readonly part: string | undefined;
  /** The id, or what ids begin with. */
  readonly id: string;
}

interface Keys {
  readonly store: string;
  readonly pk: string;
  readonly sk: string;
  readonly part: string | undefined;
}

/** The keys of the twelve, as far as they are the same for all items. */
const all: readonly Keys[] = Object.entries(oldKeys).map(([entity, { pk, sk }]) => {
  const [prefix = "", name] = sk.split("${");
  const store = entity.replace(/^(?:OAuth|[A-Z])/, (start) => start.toLowerCase());
  return { store, pk: pk.split("${")[0] ?? "", sk: prefix, part: name?.slice(0, -1) };
});

/** The item of a raw key. @throws ValidationError for a key of nobody, or of another user */
export function itemPlace(userId: string, pk: string, sk: string): Place {
  const found = inPartition("useItem", userId, pk).find(({ sk: prefix, part }) =>
    part === undefined ? sk === prefix : sk.startsWith(prefix) && sk.length > prefix.length,
  );
  if (found === undefined) throw wrongCall("useItem", "sk", "is no sort key of this partition");
  const { store, sk: prefix, part } = found;
  return { store, part, id: part === undefined ? sk : sk.slice(prefix.length) };
}

/** The items whose sort keys begin with a text. @throws ValidationError as {@link itemPlace} does */
export function listPlace(userId: string, pk: string, skPrefix: string): Place {
  const keys = inPartition("useQuery", userId, pk);
  const found = keys.find(({ sk, part }) =>
    part === undefined ? skPrefix === sk : skPrefix !== "" && skPrefix.startsWith(sk),
  );
  // A partition of one entity.
  const [only, ...others] = keys;
  const alone = others.length === 0 && only?.sk.startsWith(skPrefix) ? only : undefined;
  const { store, part, sk = "" } = found ?? alone ?? { store: undefined, part: undefined };
  return { store, part, id: skPrefix.slice(sk.length) };
}

/** The entities of a partition, which must be one of the user's own. */
function inPartition(call: string, userId: string, pk: string): readonly Keys[] {
  const found = all.filter((keys) => pk === `${keys.pk}${userId}`);
  if (found.length > 0) return found;
  // Whose it is stays unsaid: the message may reach a log.
  throw wrongCall(call, "pk", "is no partition of the user who is signed in");
}

/** The sort key of an item of a collection. */
export function sortKeyOf(store: string, item: Readonly<Record<string, unknown>>): string {
  const keys = all.find((one) => one.store === store);
  return `${keys?.sk ?? ""}${keys?.part === undefined ? "" : String(item[keys.part])}`;
}

/** The id that the hooks give: what follows the first `#` of the sort key, else all of it. */
export function idOf(sk: string): string {
  return sk.includes("#") ? sk.slice(sk.indexOf("#") + 1) : sk;
}
