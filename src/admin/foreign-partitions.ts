/** Partitions of an index that an owner's policy would allow, and that hold items of other owners, too. */
import { type EntityIndex, isOwnIndex } from "../entity/indexes.js";
import type { DeclaredKeys } from "../entity/model.js";
import { shown } from "../errors/key-text.js";
import { commonKey, type Pattern, patternOf } from "../keys/pattern.js";
import { innerParts } from "../keys/template.js";

/** An index of an entity whose partition can be one of an owner's, with an example of it. */
interface Meeting {
  readonly entity: DeclaredKeys;
  readonly index: EntityIndex;
  readonly partition: string;
}

/**
 * Why a policy over the index partitions of these entities would allow items of other owners; `undefined` if
 * it does not. IAM allows whole partitions, whichever entity's items are in them.
 * @param owned the entities of the owner
 * @param all the entities of the table
 */
export function foreignPartitionRule(
  owned: readonly DeclaredKeys[],
  all: readonly DeclaredKeys[],
): string | undefined {
  for (const entity of owned) {
    for (const index of entity.indexes.filter((one) => isOwnIndex(entity.pk, one))) {
      const other = meetingOf(entity, index, all);
      if (other === undefined) continue;
      const text = JSON.stringify(shown(other.partition));
      const named = `${other.entity.name} (${other.index.name}) can have the partition ${text} of ${index.index}`;
      return `${named}, as ${entity.name} (${index.name}) has, and its items are not the owner's: begin the partition key of one of them with another text`;
    }
  }
  return undefined;
}

/** The first index of another entity that can have the partition of an owner's. */
function meetingOf(
  entity: DeclaredKeys,
  own: EntityIndex,
  all: readonly DeclaredKeys[],
): Meeting | undefined {
  for (const other of all.filter((one) => one !== entity)) {
    const index = other.indexes.find((one) => one.index === own.index);
    if (index === undefined || isOfSameOwner(own, other, index)) continue;
    const partition = commonKey(partitionsOf(entity, own), partitionsOf(other, index));
    if (partition !== undefined) return { entity: other, index, partition };
  }
  return undefined;
}

/** Whether the items of another entity in a partition are those of the partition's owner. */
function isOfSameOwner(own: EntityIndex, other: DeclaredKeys, index: EntityIndex): boolean {
  return isOwnIndex(other.pk, index) && templateOf(own) === templateOf(index);
}

/** The template of a partition: an agent is a user. */
function templateOf({ pk: { template } }: EntityIndex): string {
  const parts = template.parts.map((part) => (part === "agentId" ? "userId" : part));
  return JSON.stringify([template.literals, parts]);
}

/** The partition keys of an index, as a pattern. */
function partitionsOf({ words, forms }: DeclaredKeys, { pk: { template } }: EntityIndex): Pattern {
  const inner = innerParts(template);
  const isWord = (part: string) => words.has(part) || inner.includes(part);
  return patternOf(template, (part) => forms[part] ?? (isWord(part) ? "word" : "text"));
}
