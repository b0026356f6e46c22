/** A percentile of the response times of one operation. */

/**
 * The response times of one operation, as counts in 72 bins from 0.25 ms to 55 s. Each bin is a fifth
 * wider than the one before, so that a percentile is exact to within 19 %, and never too low.
 */
export class ResponseTimes {
  readonly #counts = new Uint32Array(72);
  readonly #share: number;
  readonly #least: number;
  readonly #most: number;
  #total = 0;

  /** @param percentile the one to measure, from 50 to 99.9 */
  constructor(percentile: number) {
    this.#share = percentile / 100;
    // At least one time lies beyond the percentile.
    this.#least = Math.ceil(100 / (100 - percentile) - 1e-6);
    this.#most = Math.max(512, 4 * this.#least);
  }

  note(ms: number): void {
    const bin = Math.ceil(4 * Math.log2(ms * 4));
    const index = Math.min(this.#counts.length - 1, Math.max(0, bin));
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total += 1;
    if (this.#total >= this.#most) this.#forgetHalf();
  }

  /** The percentile in ms; `undefined` until enough times are known. */
  get percentile(): number | undefined {
    if (this.#total < this.#least) return undefined;
    const rank = this.#total * this.#share;
    let below = 0;
    let index = 0;
    for (; index < this.#counts.length - 1; index += 1) {
      below += this.#counts[index] ?? 0;
      if (below >= rank) break;
    }
    return 2 ** (index / 4) / 4;
  }

  /** Halves all counts, so that recent times count most. */
  #forgetHalf(): void {
    this.#total = 0;
    for (let index = 0; index < this.#counts.length; index += 1) {
      const half = (this.#counts[index] ?? 0) >>> 1;
      this.#counts[index] = half;
      this.#total += half;
    }
  }
}
