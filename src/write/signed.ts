/** Runs a write that counts, signed by its writer, when its turn has come. */
import type { Call } from "../call/call.js";
import type { Table } from "../read/reader.js";
import type { Write } from "./plan.js";
import { runWrite } from "./run.js";
import { forgettable, forgetWriters, type Writer } from "./writers.js";

/** A table, and who writes to it. */
export interface WrittenTable extends Table {
  readonly writer: Writer;
}

/**
 * Runs any write. One that counts waits for those of the same item that this writer has begun, and may take
 * one more request, if too many writers have counted in the item.
 */
export function runInTurn<R>(table: WrittenTable, write: Write<R>, call: Call): Promise<R> {
  const { sign, key } = write;
  if (sign === undefined) return runWrite(table, write, call);
  return table.writer.inTurn(key, call.signal, () => {
    const signature = table.writer.sign();
    sign(signature);
    return runWrite(table, write, call, async (item) => {
      // With `returning`, it is the item before the update, which does not show when that was written.
      if (item[signature.writer] !== signature.serial) return;
      const writers = forgettable(item, signature);
      if (writers.length > 0) await forgetWriters(table, key, item, writers, call);
    });
  });
}
