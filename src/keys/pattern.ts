/** The keys that a template can build, as a pattern, and the shortest key that two patterns share. */
import { createdAtDigits } from "../table/table.js";
import type { PartForm } from "./part-forms.js";
import { type KeyTemplate, separator } from "./template.js";

/**
 * What a part of a key may hold: any text, a text without `#`, digits, or what its form says. A part that
 * something follows in its key holds no `#` in any case.
 */
export type PartKind = "text" | "word" | "digits" | PartForm;

/** What one step of a pattern takes: a character, or any character of the class with this name. */
type Letters = string;
const anything: Letters = "anything";
const noSeparator: Letters = "no separator";
const digit: Letters = "digit";

/** Takes one character; if it repeats, one or more. */
interface Step {
  readonly letters: Letters;
  readonly repeats: boolean;
}

/** The keys that take these steps, from the first to the last. */
export interface Pattern {
  readonly steps: readonly Step[];
  /** Whether anything may follow the last step. */
  readonly open: boolean;
}

/**
 * The pattern of a template's keys.
 * @param bound the parts whose value is known
 */
export function patternOf(
  { literals, parts }: KeyTemplate,
  kindOf: (part: string) => PartKind,
  bound: Readonly<Record<string, string>> = {},
): Pattern {
  const steps = literals.flatMap((literal, index) => {
    const part = parts[index];
    const own = literalSteps(literal);
    if (part === undefined) return own;
    const value = bound[part];
    return own.concat(value === undefined ? partSteps(part, kindOf(part)) : literalSteps(value));
  });
  return { steps, open: false };
}

/** The pattern of all keys that begin with a prefix. */
export function prefixPattern(prefix: string): Pattern {
  return { steps: literalSteps(prefix), open: true };
}

function literalSteps(literal: string): Step[] {
  return Array.from({ length: literal.length }, (_, index) => ({
    letters: literal.charAt(index),
    repeats: false,
  }));
}

function partSteps(part: string, kind: PartKind): Step[] {
  if (part === "createdAt") return digitSteps(createdAtDigits);
  if (typeof kind === "number") return digitSteps(kind);
  if (kind === "date") {
    const [dash] = literalSteps("-") as [Step];
    return [...digitSteps(4), dash, ...digitSteps(2), dash, ...digitSteps(2)];
  }
  const classes = { text: anything, word: noSeparator, digits: digit };
  return [{ letters: classes[kind], repeats: true }];
}

function digitSteps(length: number): Step[] {
  return Array.from({ length }, () => ({ letters: digit, repeats: false }));
}

/** A pair of places, one in each pattern, and how it was reached. */
interface Arrival {
  readonly from: Arrival | undefined;
  readonly letter: string;
  readonly one: number;
  readonly other: number;
}

/**
 * A shortest key of both patterns; `undefined` if they have none in common. The search follows both patterns
 * with the same characters, breadth first, and ends where both are at their end. Where two classes meet,
 * one character stands for all that are in both: which one makes no difference to what follows.
 */
export function commonKey(one: Pattern, other: Pattern): string | undefined {
  const width = other.steps.length + 1;
  const seen = new Set<number>([0]);
  const queue: Arrival[] = [{ from: undefined, letter: "", one: 0, other: 0 }];
  // The queue grows while it is read.
  for (const arrival of queue) {
    if (arrival.one === one.steps.length && arrival.other === other.steps.length) {
      return pathTo(arrival);
    }
    for (const [oneLetters, onePlace] of movesFrom(one, arrival.one)) {
      for (const [otherLetters, otherPlace] of movesFrom(other, arrival.other)) {
        const letter = commonLetter(oneLetters, otherLetters);
        const places = onePlace * width + otherPlace;
        if (letter === undefined || seen.has(places)) continue;
        seen.add(places);
        queue.push({ from: arrival, letter, one: onePlace, other: otherPlace });
      }
    }
  }
  return undefined;
}

/** Whether a key is one of the pattern's. */
export function matches(pattern: Pattern, key: string): boolean {
  return commonKey({ steps: literalSteps(key), open: false }, pattern) !== undefined;
}

/** What a pattern takes at a place, and the place after it. A place is a number of steps taken. */
function movesFrom({ steps, open }: Pattern, place: number): [Letters, number][] {
  const moves: [Letters, number][] = [];
  const next = steps[place];
  const last = steps[place - 1];
  if (next !== undefined) moves.push([next.letters, place + 1]);
  else if (open) moves.push([anything, place]);
  if (last?.repeats === true) moves.push([last.letters, place]);
  return moves;
}

/** A character that both take. */
function commonLetter(one: Letters, other: Letters): string | undefined {
  if (one.length === 1) return takes(other, one) ? one : undefined;
  if (other.length === 1) return takes(one, other) ? other : undefined;
  return one === digit || other === digit ? "1" : "x";
}

function takes(letters: Letters, letter: string): boolean {
  if (letters === anything) return true;
  if (letters === noSeparator) return letter !== separator;
  if (letters === digit) return letter >= "0" && letter <= "9";
  return letters === letter;
}

function pathTo(end: Arrival): string {
  let path = "";
  for (let at: Arrival | undefined = end; at !== undefined; at = at.from) path = at.letter + path;
  return path;
}
