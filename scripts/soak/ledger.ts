/** A record of what must be in the table, and of what was found to differ from it. */
import { DynamoDBError, UnprocessedItemsError } from "../../src/index.js";
import type { LateWrite } from "./late.js";
import { inWords, type Mark } from "./mark.js";

/** A write of a mark to a place. */
export interface Writing {
  readonly place: string;
  readonly mark: Mark;
  /** The input that a batch was given for it, and names in its error. */
  readonly input?: unknown;
}

/** The number of findings that are kept as text; all are counted. */
const mostFindings = 20;

/**
 * Each place of an item holds one of few marks. After an acknowledged write it is exactly one; after
 * a write that may have been carried out, it is the old one or the new one. A place belongs to one
 * worker, so that nothing else changes it.
 *
 * On a wire, one thing does: a request that its call gave up, repeated and got acknowledged, and that
 * the engine carries out after later calls have ended. No layer can undo it (see lost responses in
 * the manual). It is forgiven for exactly its place and its mark, if the wire saw it arrive too late
 * to have been overwritten, and if a call meant it.
 */
export class Ledger {
  readonly findings: string[] = [];
  violations = 0;
  /** Errors by class and code. */
  readonly errors = new Map<string, number>();
  /** The number of places where a write was left open, at any time. */
  left = 0;
  /** The number of differences that a late write explained. */
  forgiven = 0;
  readonly #late: () => Iterable<LateWrite>;
  readonly #places = new Map<string, ReadonlySet<Mark>>();
  /**
   * When the call began from which a place's marks are known. Anything carried out earlier no longer
   * matters.
   */
  readonly #since = new Map<string, number>();
  /**
   * Places and marks of calls that may have requests on their way: since the last settling, and
   * before it.
   */
  #meant = new Set<string>();
  #meantBefore: ReadonlySet<string> = new Set();
  readonly #forgotten = new Set<string>();
  #marks = 0;

  /**
   * @param late the writes since the last settling that arrived when their calls were no longer
   * waiting
   */
  constructor(late: () => Iterable<LateWrite> = () => []) {
    this.#late = late;
  }

  /** A mark that no other write has. */
  mark(): string {
    this.#marks += 1;
    return `m${this.#marks}`;
  }

  possible(place: string): ReadonlySet<Mark> {
    return this.#places.get(place) ?? new Set([null]);
  }

  places(): Iterable<string> {
    return this.#places.keys();
  }

  /** @param since when its call began */
  wrote(place: string, mark: Mark, since = performance.now()): void {
    this.#meant.add(meaning(place, mark));
    this.#knows(place, mark, since);
  }

  mayHaveWritten(place: string, mark: Mark): void {
    this.left += 1;
    this.#meant.add(meaning(place, mark));
    this.#places.set(place, new Set([...this.possible(place), mark]));
  }

  /** A place that will not be written again. */
  forget(place: string): void {
    this.#forgotten.add(place);
  }

  /**
   * What a read found must be one of the possible marks, and is from now on the only possible one.
   * @param since when the read began
   */
  saw(place: string, mark: Mark | undefined, how: string, since = performance.now()): void {
    const found = mark ?? null;
    if (!this.mayHold(place, found)) {
      this.violation(`${how} of ${place} found ${found}, and not ${inWords(this.possible(place))}`);
    }
    this.#knows(place, found, since);
  }

  /** Whether a place may hold a mark, considering what was acknowledged, left open, or arrived late. */
  mayHold(place: string, mark: Mark): boolean {
    if (this.possible(place).has(mark)) return true;
    for (const late of this.#late()) {
      if (late.place !== place || late.mark !== mark || !this.#isForgiven(late)) continue;
      this.forgiven += 1;
      return true;
    }
    return false;
  }

  /** Whether anything was written to a place late, after a given moment, whatever its mark. */
  wasWrittenLate(place: string, since = this.#since.get(place) ?? 0): boolean {
    for (const late of this.#late()) {
      if (late.place === place && late.mark !== null && late.before > since) return true;
    }
    return false;
  }

  /**
   * To be called when nothing is on its way any more: until now, what arrived late is still possible.
   */
  settle(): void {
    for (const late of this.#late()) {
      const { place, mark } = late;
      if (mark === undefined || !this.#places.has(place) || !this.#isForgiven(late)) continue;
      this.#places.set(place, new Set([...this.possible(place), mark]));
    }
    for (const place of this.#forgotten) {
      const possible = this.possible(place);
      if (possible.size > 1 || !possible.has(null)) continue;
      this.#places.delete(place);
      this.#since.delete(place);
      this.#forgotten.delete(place);
    }
    this.#meantBefore = this.#meant;
    this.#meant = new Set();
  }

  #isForgiven({ place, mark, before }: LateWrite): boolean {
    if (mark === undefined || before <= (this.#since.get(place) ?? 0)) return false;
    const meant = meaning(place, mark);
    return this.#meant.has(meant) || this.#meantBefore.has(meant);
  }

  #knows(place: string, mark: Mark, since: number): void {
    this.#places.set(place, new Set([mark]));
    this.#since.set(place, since);
  }

  violation(text: string): void {
    this.violations += 1;
    if (this.findings.length < mostFindings) this.findings.push(text);
  }

  /** Counts an error. An error that nothing here explains is a violation. */
  failed(error: unknown, expected: readonly string[] = []): void {
    const known = error instanceof DynamoDBError;
    const name = known ? `${error.name} ${error.code}` : String(error);
    this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
    if (known && (error.retryable || error.mayHaveBeenDone || expected.includes(error.name)))
      return;
    this.violation(`unexpected: ${name}: ${known ? error.message : (error as Error)?.stack}`);
  }

  /**
   * Runs a write of marks to places, and records its outcome.
   * @returns its result, or `undefined` if it failed
   */
  async write<T>(
    marks: readonly Writing[],
    run: () => Promise<T>,
    expected: readonly string[] = [],
  ): Promise<T | undefined> {
    const since = performance.now();
    try {
      const result = await run();
      for (const { place, mark } of marks) this.wrote(place, mark, since);
      return result;
    } catch (error) {
      this.failed(error, expected);
      const open = !(error instanceof DynamoDBError) || error.mayHaveBeenDone;
      // In a batch, what the error does not name is written; what it names may be.
      const named = error instanceof UnprocessedItemsError ? new Set(error.items) : undefined;
      // If the existing item refused it, its first request may still be on its way.
      const refused = expected.includes((error as Error).name);
      for (const { place, mark, input } of marks) {
        if (named !== undefined && !named.has(input)) this.wrote(place, mark, since);
        else if (open || named !== undefined) this.mayHaveWritten(place, mark);
        else if (refused) this.#meant.add(meaning(place, mark));
      }
      return undefined;
    }
  }
}

function meaning(place: string, mark: Mark): string {
  return `${place} ${mark}`;
}
