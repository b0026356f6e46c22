/** Entities whose keys can meet, found from their templates before anything is stored. */
import { shown } from "../errors/key-text.js";
import type { RawKey } from "../table/table.js";
import { type KeyDeclaration, keysOf, meetingOf } from "./meeting.js";
import { commonKey } from "./pattern.js";
import { compileTemplate, type KeyTemplate, keyLengthRule, separator } from "./template.js";

/** Two entities of which an item of one can have the key of an item of the other, and would replace it. */
export interface Collision {
  /** The names of both. */
  readonly entities: readonly [string, string];
  /** An example: a key that both can have. */
  readonly key: RawKey;
  /** The same as a sentence, with both names and the example. */
  readonly message: string;
}

/**
 * Finds each pair of entities that can have the same key.
 *
 * The templates must be valid (`templateProblems`). The collisions are then exact, with one exception. A
 * part that stands in both keys of an entity has one value, and no pattern can say so. Such keys are looked
 * for among values that are made of the words of the templates. If two entities only meet where a value
 * holds more than these words, or is one of many thousand, they are not found. Every collision is right
 * even then: its example is a key that both can have.
 */
export function collisionsOf(declarations: readonly KeyDeclaration[]): Collision[] {
  const all = declarations.map(keysOf);
  const collisions: Collision[] = [];
  for (const [index, one] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      // Most pairs already differ in what their keys begin with, which is much faster to compare.
      if (!beginAlike(one.pk, other.pk) || !beginAlike(one.sk, other.sk)) continue;
      const partition = commonKey(one.patterns.pk, other.patterns.pk);
      const key = partition === undefined ? undefined : meetingOf(one, other, partition);
      if (key === undefined) continue;
      const message = `${one.name} and ${other.name} can have the same key: ${keyText(key)}`;
      collisions.push({ entities: [one.name, other.name], key, message });
    }
  }
  return collisions;
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
