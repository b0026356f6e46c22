/** Entities whose keys can meet, found from their templates before anything is stored. */
import { shown } from "../errors/key-text.js";
import type { RawKey } from "../table/table.js";
import { type KeyDeclaration, type Keys, keysOf, meetingOf } from "./meeting.js";
import { commonKey, prefixPattern } from "./pattern.js";
import { compileTemplate, type KeyTemplate, keyLengthRule, separator } from "./template.js";

/** Two entities whose keys can meet. */
export interface Finding {
  /**
   * `same`: an item of one entity can have the key of an item of the other, and would replace it. `query`:
   * they have no key in common, but queries of the first entity also read items of the second one, which
   * are then left out of the result.
   */
  readonly kind: "same" | "query";
  /** The names of both: for `query`, the one that reads comes first. */
  readonly entities: readonly [string, string];
  /** An example: a key that both can have, or a key of the second entity that the first one reads. */
  readonly key: RawKey;
  /** The finding as a sentence, with both names and the example. */
  readonly message: string;
}

/**
 * Finds each pair of entities of which an item of one can have the key of an item of the other, and each
 * pair of which queries of one also read items of the other: both can have the same partition, and a sort
 * key of the other can begin with what all sort keys of the one begin with. A pair with a key in common has
 * no second finding for its queries. An entity whose sort key has no part asks for that one key, so its
 * queries read no other entity's items.
 *
 * The templates must be valid (`templateProblems`). The findings are then exact, with one exception. A part
 * that stands in both keys of an entity has one value, and no pattern can say so. Such keys are looked for
 * among values that are made of the words of the templates. If two entities only meet where a value holds
 * more than these words, or is one of many thousand, they are not found. Every finding is right even then:
 * its example is a key that both can have.
 */
export function collisionsOf(declarations: readonly KeyDeclaration[]): Finding[] {
  const all = declarations.map(keysOf);
  const findings: Finding[] = [];
  for (const [index, one] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      // Most pairs already differ in what their keys begin with, which is much faster to compare.
      if (!beginAlike(one.pk, other.pk) || !beginAlike(one.sk, other.sk)) continue;
      const partition = commonKey(one.patterns.pk, other.patterns.pk);
      if (partition !== undefined) findings.push(...findingsOf(one, other, partition));
    }
  }
  return findings;
}

function findingsOf(one: Keys, other: Keys, partition: string): Finding[] {
  const key = meetingOf(one, other, partition);
  if (key === undefined)
    return [...queryOf(one, other, partition), ...queryOf(other, one, partition)];
  const text = `${one.name} and ${other.name} can have the same key: ${keyText(key)}`;
  return [{ kind: "same", entities: [one.name, other.name], key, message: text }];
}

/** The finding that queries of the reader read items of the other entity, if they do. */
function queryOf(reader: Keys, other: Keys, partition: string): Finding[] {
  const { prefix, parts } = reader.sk;
  if (parts.length === 0) return [];
  // A query names the partition and what the sort keys begin with, and nothing else of the key.
  const patterns = { ...reader.patterns, sk: prefixPattern(prefix) };
  const query = { ...reader, patterns, tied: [] };
  const key = meetingOf(query, other, partition);
  if (key === undefined) return [];
  const range = prefix === "" ? "all sort keys" : `sort keys that begin with ${quoted(prefix)}`;
  const message = `A query of ${reader.name} reads ${range}, and so also ${other.name}: ${keyText(key)}`;
  return [{ kind: "query", entities: [reader.name, other.name], key, message }];
}

function beginAlike({ prefix: one }: KeyTemplate, { prefix: other }: KeyTemplate): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

function keyText({ PK, SK }: RawKey): string {
  return `PK ${quoted(PK)}, SK ${quoted(SK)}`;
}

/** A text in quotation marks; a long one is cut. */
function quoted(text: string): string {
  return JSON.stringify(shown(text));
}

/**
 * What is wrong with the template of a key: each problem as a sentence that names the kind of key and the
 * template. A valid template never builds the same key of different parts, so each key can be read back.
 */
export function templateProblems(template: string, kind: "partition" | "sort"): string[] {
  const key = `the ${kind} key ${quoted(template)}`;
  if (template === "") return [`the ${kind} key has no template, or an empty one`];
  const { parts, literals, build } = compileTemplate(template);
  const problems: string[] = [];
  if (literals.some((literal) => literal.includes("${"))) {
    problems.push(`${key} holds a "\${" that names no part: a part is written \${name}`);
  }
  for (const [index, part] of parts.entries()) {
    const next = literals[index + 1] ?? "";
    const isLast = index === parts.length - 1;
    const follows = next === "" ? `\${${parts[index + 1]}}` : quoted(next);
    if (!(isLast && next === "") && !next.startsWith(separator)) {
      problems.push(
        `${key} needs a "${separator}" between \${${part}} and ${follows}: where a part ends is found by it`,
      );
    }
    if (parts.indexOf(part) < index) problems.push(`${key} holds \${${part}} twice`);
  }
  if (!template.isWellFormed()) problems.push(`${key} holds a lone surrogate`);
  const shortest = build(
    Object.fromEntries(parts.map((part) => [part, part === "createdAt" ? 0 : "x"])),
  );
  const rule = keyLengthRule(kind, shortest);
  if (rule !== undefined) problems.push(`${key} ${rule}`);
  return problems;
}
