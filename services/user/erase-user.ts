/** Deletes everything of a user, and looks again until nothing is left. */
import { type Call, limitsOf, perform, reading } from "../../src/call/call.js";
import { optionNames } from "../../src/call/options.js";
import { type CallContext, describe, withContext } from "../../src/errors/context.js";
import { leftOver } from "../../src/errors/left-over.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import { invalidAt } from "../../src/errors/validation-error.js";
import { messageOf } from "../../src/errors/words.js";
import { pagesOf } from "../../src/read/paging.js";
import { limits as engineLimits, type RawKey } from "../../src/table/table.js";
import { writeBatch } from "../../src/write/batch.js";
import { type UserPartition, uncoveredKeysOf } from "./partitions.js";
import { kindsIn, type UserSource, wholePartition } from "./rows.js";
import type { UserEraseOptions, UserErasure } from "./types.js";

const eraseOptionNames = optionNames<UserEraseOptions>({
  dryRun: true,
  signal: true,
  timeoutMs: true,
});

/** How often what a look found is erased. A writer that never stops is not waited for. */
const mostRounds = 5;

/** @throws ValidationError */
export async function eraseUser(
  source: UserSource,
  partitions: readonly UserPartition[],
  context: CallContext,
  options: UserEraseOptions | undefined,
): Promise<UserErasure> {
  const limits = limitsOf(context, options, eraseOptionNames);
  const { dryRun = false } = reading(context, () => ({ dryRun: options?.dryRun }));
  if (typeof dryRun !== "boolean") {
    throw invalidAt(context, "dryRun", "must be true or false");
  }
  return perform(context, limits, async (call) => {
    const erasure = new Erasure(source, partitions, call);
    return dryRun ? erasure.counted() : erasure.done();
  });
}

/** A row of one of the partitions. */
interface Row {
  readonly key: RawKey;
  /** The name of its store; `undefined` if no entity declares it. */
  readonly store: string | undefined;
}

class Erasure {
  readonly #source: UserSource;
  readonly #partitions: readonly UserPartition[];
  readonly #call: Call;
  readonly #entities = new Map<string, number>();
  #found = 0;
  #erased = 0;
  #undeclared = 0;

  constructor(source: UserSource, partitions: readonly UserPartition[], call: Call) {
    this.#source = source;
    this.#partitions = partitions;
    this.#call = call;
  }

  /** Erases in rounds, each with a look of its own: what is written behind a look is found by the next. */
  async done(): Promise<UserErasure> {
    try {
      for (let round = 1; round <= mostRounds; round += 1) {
        if ((await this.#eraseOnce()) === 0) return this.#report(0);
      }
      let left = 0;
      for await (const rows of this.#rows()) left += rows.length;
      return this.#report(left);
    } catch (error) {
      if (this.#erased === 0 || error instanceof UnprocessedItemsError) throw error;
      throw this.#afterLook(error);
    }
  }

  /** The error of a look that failed after some rows were erased: it says how many. */
  #afterLook(cause: unknown): UnprocessedItemsError {
    const { context } = this.#call;
    const written = this.#erased;
    const rule = `${written} were erased, and the look for more failed: ${messageOf(cause)}`;
    return withContext(
      new UnprocessedItemsError({ message: describe(context, rule), written, cause }),
      context,
    );
  }

  /** Counts what is there as if it were erased. */
  async counted(): Promise<UserErasure> {
    for await (const rows of this.#rows()) this.#count(rows);
    return this.#report(0);
  }

  /** Looks once, and erases what it finds, in whole batches over all partitions. @returns how many rows */
  async #eraseOnce(): Promise<number> {
    let found = 0;
    const waiting: Row[] = [];
    for await (const rows of this.#rows()) {
      found += rows.length;
      for (const row of rows) waiting.push(row);
      const whole = waiting.length - (waiting.length % engineLimits.batchWriteItems);
      await this.#erase(waiting.splice(0, whole));
    }
    await this.#erase(waiting);
    return found;
  }

  /** The rows of all partitions, page by page: their keys, as every earlier write left them. */
  async *#rows(): AsyncGenerator<Row[], void, undefined> {
    for (const partition of this.#partitions) {
      const kindOf = kindsIn(this.#source, partition);
      const input = wholePartition(this.#source, partition, { keysOnly: true, consistent: true });
      for await (const { items } of pagesOf(this.#source.context.transport, input, this.#call)) {
        yield items.map((raw) => ({
          key: { PK: raw.PK, SK: raw.SK },
          store: kindOf(raw)?.name,
        }));
      }
    }
  }

  /** @throws UnprocessedItemsError if some were not erased */
  async #erase(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    this.#found += rows.length;
    const writes = rows.map((row) => ({ key: row.key, input: row }));
    const outcome = await writeBatch(this.#source.context, writes, this.#call);
    const failed = new Set(outcome.items);
    this.#count(rows.filter((row) => !failed.has(row)));
    // Part of the work is done, whatever ends it from here on.
    if (outcome.written > 0) this.#call.onAnswerLost?.();
    if (failed.size === 0) return;
    throw leftOver(this.#call.context, "were not erased", {
      ...outcome,
      items: outcome.items.map(({ key }) => key),
      of: this.#found,
      written: this.#erased,
    });
  }

  #count(rows: readonly Row[]): void {
    this.#erased += rows.length;
    for (const { store } of rows) {
      if (store === undefined) this.#undeclared += 1;
      else this.#entities.set(store, (this.#entities.get(store) ?? 0) + 1);
    }
  }

  #report(left: number): UserErasure {
    return {
      erased: this.#erased,
      entities: Object.fromEntries(this.#entities),
      undeclared: this.#undeclared,
      left,
      notCovered: uncoveredKeysOf(this.#source.definitions),
    };
  }
}
