/** The keys that items of two entities can both have. */
import { createdAtDigits, type RawKey } from "../table/table.js";
import {
  commonKey,
  matches,
  type PartKind,
  type Pattern,
  patternOf,
  prefixPattern,
} from "./pattern.js";
import { compileTemplate, innerParts, type KeyTemplate, partsFrom, separator } from "./template.js";

/** The templates of an entity's keys, in the table or in an index of it. */
export interface KeyDeclaration {
  readonly name: string;
  readonly pk: string;
  readonly sk: string;
  /**
   * What its parts may hold, by name. `createdAt` always has 13 digits.
   * @default "text" for a part that each of its keys ends with, else "word"
   */
  readonly kinds?: Readonly<Record<string, PartKind>> | undefined;
}

/** An entity's keys, prepared for comparison. */
export interface Keys {
  readonly name: string;
  readonly pk: KeyTemplate;
  readonly sk: KeyTemplate;
  readonly patterns: { readonly pk: Pattern; readonly sk: Pattern };
  readonly kindOf: (part: string) => PartKind;
  /** The parts that both keys hold. They have one value. */
  readonly tied: readonly string[];
}

export function keysOf({ name, pk, sk, kinds = {} }: KeyDeclaration): Keys {
  const templates = { pk: compileTemplate(pk), sk: compileTemplate(sk) };
  const inner = [...innerParts(templates.pk), ...innerParts(templates.sk)];
  const kindOf = (part: string): PartKind => {
    const kind = kinds[part] ?? "text";
    return kind === "text" && inner.includes(part) ? "word" : kind;
  };
  return {
    name,
    ...templates,
    patterns: { pk: patternOf(templates.pk, kindOf), sk: patternOf(templates.sk, kindOf) },
    kindOf,
    tied: templates.pk.parts.filter((part) => templates.sk.parts.includes(part)),
  };
}

/**
 * A key that both can have; `undefined` if there is none.
 * @param partition one that both can have
 */
export function meetingOf(one: Keys, other: Keys, partition: string): RawKey | undefined {
  const sortKey = commonKey(one.patterns.sk, other.patterns.sk);
  if (sortKey === undefined) return undefined;
  const key = { PK: partition, SK: sortKey };
  return agrees(one, key) && agrees(other, key) ? key : tiedMeetingOf(one, other);
}

/** Whether each part that both keys hold has one value. */
function agrees({ pk, sk, tied }: Keys, { PK, SK }: RawKey): boolean {
  return tied.every((part) => partsFrom(pk, PK)?.[part] === partsFrom(sk, SK)?.[part]);
}

/** At most this many beginnings of keys are tried for two entities, of each of their keys. */
const mostTries = 2000;

/**
 * A key that both can have, if at least one of them has a part in both of its keys: no pattern can say that
 * two parts have the same value. So partition keys that both can have are tried, the shortest first, and
 * then sort keys. A key gives its parts their values, and with these the other keys are compared. The keys
 * that are tried are made of the words that stand between the separators of the templates. They have at
 * most as many words as the longest partition key and the longest sort key together, since a part of one
 * can be all of the other.
 */
function tiedMeetingOf(one: Keys, other: Keys): RawKey | undefined {
  const ofDates = [one, other].some(({ tied, kindOf }) =>
    tied.some((part) => kindOf(part) === "date"),
  );
  const { words, most } = wordsOf(
    [one.pk, other.pk],
    [one.sk, other.sk],
    ofDates ? [someDate] : [],
  );
  for (const [tried, rest] of [
    ["pk", "sk"],
    ["sk", "pk"],
  ] as const) {
    const patterns = [one.patterns[tried], other.patterns[tried]];
    const canBegin = (text: string) =>
      patterns.every((pattern) => commonKey(prefixPattern(text), pattern) !== undefined);
    for (const key of beginnings(words, most, canBegin)) {
      if (!patterns.every((pattern) => matches(pattern, key))) continue;
      const found = commonKey(restOf(one, rest, tried, key), restOf(other, rest, tried, key));
      if (found !== undefined) {
        return tried === "pk" ? { PK: key, SK: found } : { PK: found, SK: key };
      }
    }
  }
  return undefined;
}

/** The pattern of one key of an entity whose other key is known. */
function restOf(keys: Keys, rest: "pk" | "sk", known: "pk" | "sk", key: string): Pattern {
  if (keys.tied.length === 0) return keys.patterns[rest];
  return patternOf(keys[rest], keys.kindOf, partsFrom(keys[known], key) ?? {});
}

/** The texts of words with separators between them that a key can begin with: the shortest first. */
function* beginnings(
  words: readonly string[],
  most: number,
  canBegin: (text: string) => boolean,
): Generator<string> {
  let tries = 0;
  let texts = [""];
  for (let length = 1; length <= most; length += 1) {
    const longer: string[] = [];
    for (const text of texts) {
      for (const word of words) {
        tries += 1;
        if (tries > mostTries) return;
        const next = `${text}${word}`;
        if (!canBegin(next)) continue;
        yield next;
        longer.push(`${next}${separator}`);
      }
    }
    texts = longer;
  }
}

/** The words between the separators of the templates, and how many a partition may have. */
function wordsOf(
  pks: readonly KeyTemplate[],
  sks: readonly KeyTemplate[],
  more: readonly string[],
): { words: string[]; most: number } {
  const templates = [...pks, ...sks];
  const whole = [...new Set([...templates.flatMap(filledWords), ...more, "x", "1"])];
  const words = new Set(whole);
  // If a part follows a text without a separator, its value may be the rest of a word.
  for (const start of templates.flatMap(({ literals }) => literals.slice(0, -1).map(lastWord))) {
    for (const word of start === "" ? [] : whole) {
      words.add(`${start}${word}`);
      if (word.startsWith(start)) words.add(word.slice(start.length));
    }
  }
  // In an order of their own, so that the order of the entities makes no difference.
  return { words: [...words].sort(), most: longest(pks) + longest(sks) - 1 };
}

function lastWord(literal: string): string {
  return literal.slice(literal.lastIndexOf(separator) + 1);
}

function longest(templates: readonly KeyTemplate[]): number {
  return Math.max(...templates.map((template) => filledWords(template).length));
}

function filledWords(template: KeyTemplate): string[] {
  const values = template.parts.map((part) => [part, part === "createdAt" ? someTime : "x"]);
  return template.build(Object.fromEntries(values)).split(separator);
}

const someDate = "1111-11-11";
const someTime = "1".repeat(createdAtDigits);
