/** What must be in the table, written down beside it, and what was found to be otherwise. */
import { DynamoDBError, UnprocessedItemsError } from "../../src/index.js";

/** What an item's place may hold: one write's mark, or nothing. */
export type Mark = string | null;

/** Marks as a finding names them. */
export function inWords(possible: ReadonlySet<Mark>): string {
  return [...possible].map(String).join(" or ");
}

/** A write of a mark to a place. */
export interface Writing {
  readonly place: string;
  readonly mark: Mark;
  /** What a batch was given for it, and names in its error. */
  readonly input?: unknown;
}

/** Findings that are kept in words; all are counted. */
const mostFindings = 20;

/**
 * Each place of an item holds one of few marks: exactly one after a write that was acknowledged, and
 * after one that says it may have been carried out, the old one or the new one. A place belongs to
 * one worker, so that nothing else comes in between.
 */
export class Ledger {
  readonly findings: string[] = [];
  violations = 0;
  /** Errors by class and code. */
  readonly errors = new Map<string, number>();
  /** Places where a write was left open, since it was. */
  left = 0;
  readonly #places = new Map<string, ReadonlySet<Mark>>();
  #marks = 0;

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

  wrote(place: string, mark: Mark): void {
    this.#places.set(place, new Set([mark]));
  }

  mayHaveWritten(place: string, mark: Mark): void {
    this.left += 1;
    this.#places.set(place, new Set([...this.possible(place), mark]));
  }

  forget(place: string): void {
    this.#places.delete(place);
  }

  /** What a read found must be one of the possible marks, and is the only one from now on. */
  saw(place: string, mark: Mark | undefined, how: string): void {
    const found = mark ?? null;
    const possible = this.possible(place);
    if (!possible.has(found)) {
      this.violation(`${how} of ${place} found ${found}, and not ${inWords(possible)}`);
    }
    this.#places.set(place, new Set([found]));
  }

  violation(text: string): void {
    this.violations += 1;
    if (this.findings.length < mostFindings) this.findings.push(text);
  }

  /** Counts an error; one that nothing here explains is a violation. */
  failed(error: unknown, expected: readonly string[] = []): void {
    const known = error instanceof DynamoDBError;
    const name = known ? `${error.name} ${error.code}` : String(error);
    this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
    if (known && (error.retryable || error.mayHaveBeenDone || expected.includes(error.name)))
      return;
    this.violation(`unexpected: ${name}: ${known ? error.message : (error as Error)?.stack}`);
  }

  /**
   * Runs a write of marks to places, and writes down what it came to.
   * @returns its result, or `undefined` where it failed
   */
  async write<T>(
    marks: readonly Writing[],
    run: () => Promise<T>,
    expected: readonly string[] = [],
  ): Promise<T | undefined> {
    try {
      const result = await run();
      for (const { place, mark } of marks) this.wrote(place, mark);
      return result;
    } catch (error) {
      this.failed(error, expected);
      const open = !(error instanceof DynamoDBError) || error.mayHaveBeenDone;
      // Of a batch, what the error does not name is written; what it names may be.
      const named = error instanceof UnprocessedItemsError ? new Set(error.items) : undefined;
      for (const { place, mark, input } of marks) {
        if (named !== undefined && !named.has(input)) this.wrote(place, mark);
        else if (open || named !== undefined) this.mayHaveWritten(place, mark);
      }
      return undefined;
    }
  }
}
