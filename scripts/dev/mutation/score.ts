/** The score of each room: the share of noticed mutants, among those that change its behaviour. */
import type { Examined, Fate } from "./examine.js";
import { roomOf } from "./subjects.js";

export interface Score {
  readonly room: string;
  readonly killed: number;
  readonly timeout: number;
  readonly survived: number;
  readonly unreached: number;
  readonly compiler: number;
  readonly equivalent: number;
  /** In per cent, or null if no mutant counts. */
  readonly score: number | null;
}

/** One score per room, and a last one for all rooms together, named "all". */
export function scoresOf(examined: readonly Examined[]): Score[] {
  const rooms = [...new Set(examined.map(({ mutant }) => roomOf(mutant.file)))].sort();
  const scores = rooms.map((room) =>
    scoreOf(
      room,
      examined.filter(({ mutant }) => roomOf(mutant.file) === room),
    ),
  );
  return [...scores, scoreOf("all", examined)];
}

function scoreOf(room: string, examined: readonly Examined[]): Score {
  const count = (fate: Fate) => examined.filter((one) => one.fate === fate).length;
  const noticed = count("killed") + count("timeout");
  const unnoticed = count("survived") + count("unreached");
  return {
    room,
    killed: count("killed"),
    timeout: count("timeout"),
    survived: count("survived"),
    unreached: count("unreached"),
    compiler: count("compiler"),
    equivalent: count("equivalent"),
    score: noticed + unnoticed === 0 ? null : (100 * noticed) / (noticed + unnoticed),
  };
}
