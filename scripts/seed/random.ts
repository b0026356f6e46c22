/** Random choices that are the same in every run, for data that is made up. */

export interface Random {
  /** From 0 to under 1. */
  next(): number;
  /** An integer, both ends included. */
  integer(from: number, to: number): number;
  pick<T>(choices: readonly [T, ...T[]]): T;
  /** This many different ones, or all there are, in random order. */
  sample<T>(choices: readonly T[], count: number): T[];
  /** True with this probability, from 0 to 1. */
  chance(probability: number): boolean;
  /** Letters and digits, as Firestore makes its ids. */
  id(length?: number): string;
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** The sequence of a seed (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    integer,
    pick: (choices) => choices[integer(0, choices.length - 1)] ?? choices[0],
    sample: (choices, count) => {
      const left = [...choices];
      const length = Math.min(count, left.length);
      return Array.from({ length }, () => left.splice(integer(0, left.length - 1), 1)).flat();
    },
    chance: (probability) => next() < probability,
    id: (length = 20) =>
      Array.from({ length }, () => alphabet[integer(0, alphabet.length - 1)]).join(""),
  };
}
