/** The changes of a test's table, and the removal of what has expired. */
import { isDeepStrictEqual } from "node:util";
import { nativeImageOf } from "../../client/wire-format.js";
import { ConfigurationError } from "../../errors/configuration-error.js";
import { invalidAt } from "../../errors/validation-error.js";
import type { LayerSource, Sourced } from "../../store/layer-source.js";
import { changeOf } from "../../streams/change-of.js";
import type { Change, Unreadable } from "../../streams/changes.js";
import type { RawItem } from "../../table/table.js";
import { isTime } from "../../values/timestamps.js";
import type { Engine } from "../engines/contract.js";
import { deleteExpired } from "./expire.js";
import { asExpired, type LambdaRecord } from "./lambda-event.js";
import { StreamReader } from "./stream-reader.js";

/** The record that each change of a test's table was made of. */
const recordOf = new WeakMap<object, LambdaRecord>();

/** The record of a change that `changes()` returned. */
export function knownRecord(change: object): LambdaRecord | undefined {
  return recordOf.get(change);
}

/** Where a test's table is, and how to reach it without the faults that are for the calls under test. */
export interface TestTable<L> {
  readonly engine: Engine;
  readonly data: L;
  readonly admin: LayerSource;
  /** The ARN of the table's stream; `undefined` if it has none. */
  readonly stream: () => Promise<string | undefined>;
}

/** The changes of a test's table. */
export class TableChanges<L extends Sourced<unknown>> {
  readonly #table: TestTable<L>;
  #reader: StreamReader | undefined;
  /** Records that no call has returned yet. */
  #unread: LambdaRecord[] = [];
  /** The end of the calls so far. Each begins after it, so that none takes another's records. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(table: TestTable<L>) {
    this.#table = table;
  }

  /** The changes since the last call. */
  async changes(): Promise<(Change<L> | Unreadable<L>)[]> {
    const { engine, data } = this.#table;
    if (!engine.capabilities.streams) {
      throw new ConfigurationError(
        `changes: ${engine.name} has no streams: run the test on dynoxide or on DynamoDB Local`,
      );
    }
    const records = await this.#inTurn(async () => {
      await this.#fetch(await this.#neededReader());
      return this.#unread.splice(0);
    });
    const found = await Promise.all(
      records.map(async (record) => {
        const change = await changeOf(data, record);
        if (change !== null) recordOf.set(change, record);
        return change;
      }),
    );
    return found.filter((change) => change !== null);
  }

  /** Removes what has expired. @returns how many items that were */
  async expire(now: number): Promise<number> {
    if (!isTime(now)) {
      const message = "must be a time in epoch milliseconds";
      throw invalidAt({ operation: "expire" }, "now", message);
    }
    return this.#inTurn(async () => {
      const { admin, engine } = this.#table;
      const reader = engine.capabilities.streams ? await this.#readerIfAny() : undefined;
      // What is in the stream by now is no removal of this call's.
      if (reader !== undefined) await this.#fetch(reader);
      const before = this.#unread.length;
      const removed = await deleteExpired(admin, now);
      if (reader !== undefined) {
        await this.#fetch(reader);
        markExpired(this.#unread, before, removed);
      }
      return removed.length;
    });
  }

  async #fetch(reader: StreamReader): Promise<void> {
    this.#unread.push(...(await reader.read()));
  }

  async #neededReader(): Promise<StreamReader> {
    const reader = await this.#readerIfAny();
    if (reader !== undefined) return reader;
    throw new ConfigurationError(
      "changes: the table has no stream: createTestDataLayer({ stream: true }) creates it with one",
    );
  }

  async #readerIfAny(): Promise<StreamReader | undefined> {
    if (this.#reader === undefined) {
      const arn = await this.#table.stream();
      if (arn !== undefined) this.#reader = new StreamReader(this.#table.engine, arn);
    }
    return this.#reader;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn;
    return turn;
  }
}

/** Gives the records of removed items the principal that DynamoDB's have. */
function markExpired(records: LambdaRecord[], from: number, removed: readonly RawItem[]): void {
  const idOf = ({ PK, SK }: RawItem) => JSON.stringify([PK, SK]);
  const left = new Map(removed.map((item) => [idOf(item), item]));
  for (let index = from; index < records.length; index += 1) {
    const record = records[index] as LambdaRecord;
    const { Keys, OldImage } = record.dynamodb;
    if (record.eventName !== "REMOVE" || OldImage === undefined) continue;
    const image = nativeImageOf({ ...Keys, ...OldImage } as never) as RawItem;
    // A deletion by somebody else, just before, was of an item that was written at another time.
    if (!isDeepStrictEqual(left.get(idOf(image)), image)) continue;
    left.delete(idOf(image));
    records[index] = asExpired(record);
  }
}
