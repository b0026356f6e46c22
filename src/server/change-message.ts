/** A change as it is published: which item it is of and what happened, and nothing of what the item holds. */
import { reading } from "../call/call.js";
import { refuseIssues } from "../entity/model.js";
import type { ValidationIssue } from "../errors/validation-error.js";
import { isObject } from "../runtime/objects.js";
import type { ChangeKind } from "../streams/changes.js";

/**
 * What can be published: a change of `watch` or of a stream handler, or a message made of one. Of an item it
 * holds, `updatedAt` alone is read.
 */
export interface PublishedChange {
  /** The name of the store, for instance `savedContent`. */
  readonly entity: string;
  /** What happened; `unreadable` if the item cannot be read, and `change` says it. */
  readonly kind: ChangeKind | "unreadable";
  readonly change?: ChangeKind | undefined;
  /** Every part of the item's key. */
  readonly key: object;
  /** The same each time the change is delivered, and of no other change of the table. */
  readonly id: string;
  readonly after?: { readonly updatedAt: number } | null | undefined;
  readonly updatedAt?: number | null | undefined;
}

/** A change as a message: JSON keeps it as it is, so that it can travel over Redis, SNS or the like. */
export interface ChangeMessage {
  readonly entity: string;
  readonly kind: ChangeKind;
  /** Every part of the item's key, the user's id too. */
  readonly key: Readonly<Record<string, string | number>>;
  readonly id: string;
  /** Of the item as it is now; `null` if it is gone, or cannot be read. */
  readonly updatedAt: number | null;
}

const kinds: Readonly<Record<ChangeKind, true>> = {
  created: true,
  updated: true,
  deleted: true,
  expired: true,
};

/** The most characters of names and values: those of keys have at most 2,048 bytes. */
const mostCharacters = 2_048;

/** The most parts of a key. */
const mostParts = 32;

const isText = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= mostCharacters;

/**
 * The message of a change, for the other instances of a server. It holds no payload.
 * @throws ValidationError for anything but a change
 * @example
 * await redis.publish("changes", JSON.stringify(changeMessage(change)));
 */
export function changeMessage(change: PublishedChange): ChangeMessage {
  return readChange("changeMessage", change);
}

/** @throws ValidationError that names the member that is none of a change's, or says that it cannot be read */
export function readChange(operation: string, given: unknown): ChangeMessage {
  return reading({ operation }, () => messageOf(operation, given));
}

function messageOf(operation: string, given: unknown): ChangeMessage {
  const refuse = (path: string, message: string) => ({ path, message });
  if (!isObject(given)) {
    return refuseIssues({ operation }, [refuse("change", "must be a change")]) as never;
  }
  const { entity, kind, change, key, id, after, updatedAt } = given as Partial<PublishedChange>;
  const happened = kind === "unreadable" ? change : kind;
  const at = updatedAt ?? (isObject(after) ? after.updatedAt : undefined) ?? null;
  const parts = isObject(key) ? Object.entries(key) : [];
  const isPart = ([name, value]: [string, unknown]) =>
    isText(name) && (isText(value) || Number.isFinite(value));
  const isKey = parts.length > 0 && parts.length <= mostParts && parts.every(isPart);
  const issues: ValidationIssue[] = [
    ...(isText(entity) ? [] : [refuse("entity", "must be the name of a store")]),
    ...(typeof happened === "string" && Object.hasOwn(kinds, happened)
      ? []
      : [refuse("kind", `must be ${Object.keys(kinds).join(", ")}`)]),
    ...(isKey ? [] : [refuse("key", "must have the parts of an item's key")]),
    ...(isText(id) ? [] : [refuse("id", "must be the id of a change")]),
    ...(at === null || Number.isFinite(at) ? [] : [refuse("updatedAt", "must be a time in ms")]),
  ];
  refuseIssues({ operation }, issues);
  return {
    entity: entity as string,
    kind: happened as ChangeKind,
    key: Object.fromEntries(parts) as ChangeMessage["key"],
    id: id as string,
    updatedAt: at as number | null,
  };
}
