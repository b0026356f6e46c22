/** Entities whose keys can meet, found from their templates before anything is stored. */
import type { RawKey } from "../table/table.js";
import { type KeyDeclaration, type Keys, keysOf, meetingOf } from "./meeting.js";
import { commonKey, prefixPattern } from "./pattern.js";
import { compileTemplate, type KeyTemplate, keyLengthRule, separator } from "./template.js";

/** Two entities whose keys can meet. */
export interface Finding {
  /**
   * `same`: an item of one can have the key of an item of the other, and would replace it. `query`: no key
   * is the same, but queries of the first entity read items of the second one as well, and leave them out.
   */
  readonly kind: "same" | "query";
  /** The names of both. Where one reads items of the other, it is the first. */
  readonly entities: readonly [string, string];
  /** An example: a key that both can have, or one of the second entity that the first one reads. */
  readonly key: RawKey;
  /** The finding as a sentence, with both names and the example. */
  readonly message: string;
}

/**
 * Finds the pairs of entities of which an item of one can have the key of an item of the other, and the
 * pairs of which queries of one read items of the other as well: both can have the same partition, and what
 * all sort keys of the one begin with, a sort key of the other can begin with, too. A pair of the first
 * kind is not named again for the second. An entity whose sort key has no part asks for this one key, so
 * it reads no other entity's items.
 *
 * The templates must be valid (`templateProblems`). The findings are exact, with one exception: a part
 * that both keys of an entity hold has one value. Keys with such a part are looked for among values that
 * are made of the words of the templates. Keys that only meet where a value holds more than these words,
 * or where more than some thousand partitions must be tried, are not found. No finding is wrong for that.
 */
export function collisionsOf(declarations: readonly KeyDeclaration[]): Finding[] {
  const all = declarations.map(keysOf);
  const findings: Finding[] = [];
  for (const [index, one] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      // Most pairs differ in what their keys begin with, and this is a hundred times as fast to see.
      if (!beginAlike(one.pk, other.pk) || !beginAlike(one.sk, other.sk)) continue;
      const partition = commonKey(one.partitions, other.partitions);
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
  // Of the reader's keys, its query needs the partition and what the sort keys begin with.
  const query = { ...reader, sortKeys: prefixPattern(prefix), tied: [] };
  const key = meetingOf(query, other, partition);
  if (key === undefined) return [];
  const range = prefix === "" ? "all sort keys" : `sort keys that begin with "${prefix}"`;
  const message = `A query of ${reader.name} reads ${range}, and so also ${other.name}: ${keyText(key)}`;
  return [{ kind: "query", entities: [reader.name, other.name], key, message }];
}

function beginAlike({ prefix: one }: KeyTemplate, { prefix: other }: KeyTemplate): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

function keyText({ PK, SK }: RawKey): string {
  return `PK ${JSON.stringify(PK)}, SK ${JSON.stringify(SK)}`;
}

/**
 * What is wrong with the template of a key: each problem as a sentence that names the key and the template.
 * A valid template builds another key of other parts, and each key can be read back.
 */
export function templateProblems(template: string, kind: "partition" | "sort"): string[] {
  const key = `the ${kind} key ${JSON.stringify(template)}`;
  if (template === "") return [`the ${kind} key has no template, or an empty one`];
  const { parts, literals, build } = compileTemplate(template);
  const problems: string[] = [];
  if (literals.some((literal) => literal.includes("${"))) {
    problems.push(`${key} holds a "\${" that names no part: a part is written \${name}`);
  }
  for (const [index, part] of parts.entries()) {
    const next = literals[index + 1] ?? "";
    const isLast = index === parts.length - 1;
    const follows = isLast ? `"${next}"` : next === "" ? `\${${parts[index + 1]}}` : `"${next}"`;
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
