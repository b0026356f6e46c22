/** The arithmetic of the benchmark: from the rounds of all contestants to what the tables show. */

/** What one round of one contestant took. */
export interface Round {
  /** CPU time of the process with all its threads, in µs per operation. */
  readonly micros: number;
  /** Operations per second of a clock on the wall. */
  readonly perSecond: number;
  /** Requests that went through the SDK's pipeline although the library has a path of its own. */
  readonly bySdk: number;
}

/** What one contestant needed in one cell. */
export interface Measured {
  /** CPU time in µs per operation: median of the rounds. */
  readonly micros: number;
  /** The same in its tenth part of least rounds, in which the machine was quietest. */
  readonly quietMicros: number;
  /** Operations that a second of one core is enough for, by the median. */
  readonly perCoreSecond: number;
  /** Operations per second of a clock on the wall: median. */
  readonly perSecond: number;
  /**
   * The ratio to the first contestant's CPU time in the same round: median, and the quartiles around it.
   */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  /** The ratio of the quiet times. */
  readonly quietRatio: number;
  /** Requests of all rounds that went through the SDK although the library has a path of its own. */
  readonly bySdk: number;
}

/** The number below which the share `at` of the numbers lies. */
export function quantile(numbers: readonly number[], at: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN;
}

const quietPart = 0.1;

/**
 * Compares contestants whose rounds were interleaved: the rounds of one index were measured one after
 * the other.
 * @param base the name of the one that the others are compared with
 */
export function compared(
  rounds: ReadonlyMap<string, readonly Round[]>,
  base: string,
): Map<string, Measured> {
  const microsOf = (name: string) => (rounds.get(name) ?? []).map(({ micros }) => micros);
  const baseMicros = microsOf(base);
  const measured = ([name, all]: readonly [string, readonly Round[]]) => {
    const micros = microsOf(name);
    const ratios = micros.map((one, round) => one / (baseMicros[round] ?? Number.NaN));
    const median = quantile(micros, 0.5);
    const quietMicros = quantile(micros, quietPart);
    return {
      micros: median,
      quietMicros,
      perCoreSecond: 1e6 / median,
      perSecond: quantile(
        all.map(({ perSecond }) => perSecond),
        0.5,
      ),
      ratio: quantile(ratios, 0.5),
      low: quantile(ratios, 0.25),
      high: quantile(ratios, 0.75),
      quietRatio: quietMicros / quantile(baseMicros, quietPart),
      bySdk: all.reduce((sum, { bySdk }) => sum + bySdk, 0),
    };
  };
  return new Map([...rounds].map((one) => [one[0], measured(one)] as const));
}
