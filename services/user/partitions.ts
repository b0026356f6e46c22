/** The partitions of a user, derived from the declarations, and the keys elsewhere that hold a user's id. */
import { declaredKeys } from "../../src/entity/model.js";
import type { CallContext } from "../../src/errors/context.js";
import { invalidAt } from "../../src/errors/validation-error.js";
import {
  fieldOf,
  keyLengthRule,
  keyPartRule,
  partsFrom,
  separator,
} from "../../src/keys/template.js";
import { type AnyDefinition, type Definitions, onceFor, ownedBy } from "../registry.js";

/** The parts of keys that hold a user's id. An agent is a user, too. */
export type UserParts = "userId" | "agentId";

export const userParts: readonly string[] = ["userId", "agentId"] satisfies UserParts[];

/** A user, as the keys of users and of agents name them. */
export type UserOwner = Readonly<Record<UserParts, string>>;

/** A partition of a user's, and the stores whose items lie in it. */
export interface UserPartition {
  readonly key: string;
  readonly stores: readonly string[];
}

/** A key that holds a user's id, of items that are not in the user's partitions. */
export interface UncoveredKey {
  /** The store of these items. */
  readonly entity: string;
  /** The index with the key, by its name in the declaration; `byKey` is the table's own key. */
  readonly index: string;
}

/**
 * The id of a user, checked for the keys of all entities whose partitions are the user's.
 * @throws ValidationError for an id that is no key
 */
export function userOf(definitions: Definitions, operation: string, userId: string): UserOwner {
  const owner = { userId, agentId: userId };
  const rule = keyPartRule(userId) ?? longestRule(definitions, owner);
  if (rule !== undefined) throw invalidAt({ operation }, "userId", rule);
  return owner;
}

/** The rule of length that one of the user's partition keys breaks. */
function longestRule(definitions: Definitions, owner: UserOwner): string | undefined {
  return Object.values(definitions)
    .filter(isOfUser)
    .map((definition) => keyLengthRule("partition", declaredKeys(definition).pk.build(owner)))
    .find((rule) => rule !== undefined);
}

/** Whether an entity's partition keys are made of a user's id alone. */
function isOfUser(definition: AnyDefinition): boolean {
  const { parts } = declaredKeys(definition).pk;
  return parts.length > 0 && parts.every((part) => userParts.includes(part));
}

/**
 * The partitions of a user: those of the entities that `forUser` has. An entity that it leaves out
 * because of its sort key is in them all the same if its partition is one of them.
 * @throws ValidationError for an id that makes the partition key of somebody else
 */
export function partitionsOf(
  definitions: Definitions,
  owner: UserOwner,
  context: CallContext,
): UserPartition[] {
  const storesOf = new Map<string, string[]>();
  for (const definition of Object.values(ownedBy(definitions, userParts))) {
    const { pk, words } = declaredKeys(definition);
    // No store writes such a key, and it may be the key of another user's partition.
    const isWord = pk.parts.some((part) => words.has(part));
    if (!(isWord && owner.userId.includes(separator))) storesOf.set(pk.build(owner), []);
  }
  for (const [name, definition] of Object.entries(definitions)) {
    refuseOthers(name, definition, owner, [...storesOf.keys()], context);
    if (isOfUser(definition)) storesOf.get(declaredKeys(definition).pk.build(owner))?.push(name);
  }
  return [...storesOf].map(([key, stores]) => ({ key, stores }));
}

/**
 * Refuses an id that makes the partition key of another owner: with `USER#${userId}` and
 * `USER#${userId}#TEAM#${teamId}`, the id `a#TEAM#b`. Of two ways to read a key, the one without a `#` in
 * its parts counts: else nobody could have a partition `USER#${userId}#ROOMS`.
 */
function refuseOthers(
  name: string,
  definition: AnyDefinition,
  owner: UserOwner,
  keys: readonly string[],
  context: CallContext,
): void {
  for (const key of keys) {
    const parts = partsFrom(declaredKeys(definition).pk, key);
    if (parts === null || !isOther(parts, owner)) continue;
    const message = `makes a partition key of ${name}, which is not this user's`;
    throw invalidAt(context, "userId", message);
  }
}

/** Whether the parts of a partition key, none of which holds a `#`, are not those of this user. */
function isOther(parts: Readonly<Record<string, string>>, { userId }: UserOwner): boolean {
  const all = Object.entries(parts);
  const isOwn = all.every(([part, id]) => userParts.includes(part) && id === userId);
  return !(all.length > 0 && isOwn) && all.every(([, text]) => !text.includes(separator));
}

/**
 * The keys of which a part names a user, of items that may lie in others' partitions: a member of a
 * team by the member's id, leads by the agent in their payload.
 */
export const uncoveredKeysOf = onceFor((definitions): readonly UncoveredKey[] => {
  const anyone: UserOwner = { userId: "u", agentId: "u" };
  const owned = Object.values(ownedBy(definitions, userParts));
  const covered = new Set(owned.map((definition) => declaredKeys(definition).pk.build(anyone)));
  const uncovered = Object.entries(definitions).flatMap(([entity, definition]) => {
    const { pk, sk, indexes } = declaredKeys(definition);
    const isCovered = isOfUser(definition) && covered.has(pk.build(anyone));
    // A partition of a user and an agent is the user's own only if both are the same.
    const own = isCovered && new Set(pk.parts).size === 1 ? pk.parts : [];
    const names = (part: string) =>
      !own.includes(part) && userParts.includes(fieldOf(part) ?? part);
    const keys = [
      { name: "byKey", parts: [...pk.parts, ...sk.parts] },
      ...indexes.map((one) => ({
        name: one.name,
        parts: [...one.pk.template.parts, ...one.sk.template.parts],
      })),
    ];
    return keys
      .filter(({ parts }) => parts.some(names))
      .map(({ name }) => Object.freeze({ entity, index: name }));
  });
  // Every caller gets the same list.
  return Object.freeze(uncovered);
});
