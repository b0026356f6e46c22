/**
 * Who carries out updates that count. Each data layer is a writer, and signs such an update with a serial
 * number of its own in the item. A writer's updates of one item follow each other, so that the item shows
 * of each whether it was carried out, whatever others have written since.
 *
 * The mark of other updates (`WriteMark`) shows only the last one. That is enough where another write
 * changes the answer anyway, as it does under a lock, and it takes no room for each writer.
 */
import { randomBytes } from "node:crypto";
import type { Call } from "../call/call.js";
import { atom, type Compiled, joined } from "../conditions/condition-logic.js";
import { Placeholders } from "../conditions/placeholders.js";
import type { Table } from "../read/reader.js";
import { orAborted } from "../runtime/signals.js";
import { attribute, type RawItem, type RawKey, writerPrefix } from "../table/table.js";
import { assigned } from "./expressions.js";

/** A writer's name, which is an attribute, and the number of one update. */
export interface Signature {
  readonly writer: string;
  readonly serial: number;
}

/** One writer, and the items whose updates have to wait for each other. */
export class Writer {
  readonly #name = `${writerPrefix}${randomBytes(6).toString("base64url")}`;
  readonly #turns = new Map<string, Promise<void>>();
  #last = 0;

  /** Each number is larger than those before it, and about the time in ms. */
  sign(): Signature {
    this.#last = Math.max(Date.now(), this.#last + 1);
    return { writer: this.#name, serial: this.#last };
  }

  /**
   * Runs something when the updates of the same item that began before it have ended.
   * @throws the signal's reason, if it is aborted meanwhile
   */
  inTurn<R>(
    { PK, SK }: RawKey,
    signal: AbortSignal | undefined,
    run: () => Promise<R>,
  ): Promise<R> {
    const id = JSON.stringify([PK, SK]);
    const before = this.#turns.get(id);
    const running = (async () => {
      if (before !== undefined) await orAborted(before, signal);
      return run();
    })();
    // Whoever gives up waiting still has to let the next one wait.
    const turn = Promise.allSettled([before, running]).then(() => {
      if (this.#turns.get(id) === turn) this.#turns.delete(id);
    });
    this.#turns.set(id, turn);
    return running;
  }
}

/** The assignments of a signature, and of the time from which on the item shows them all. */
export function signed(own: Placeholders, { writer, serial }: Signature): string[] {
  const [since, updatedAt] = [own.name(attribute.writersSince), own.name(attribute.updatedAt)];
  // What the item had before: whoever counts later may have begun since then.
  const before = `if_not_exists(${updatedAt}, ${own.value(0)})`;
  return [assigned(own, writer, serial), `${since} = if_not_exists(${since}, ${before})`];
}

/** A condition that an update was not carried out yet, nor a later one of the same writer. */
export function isUnsigned(own: Placeholders, { writer, serial }: Signature): Compiled {
  const name = own.name(writer);
  return joined("OR", [
    atom(`attribute_not_exists(${name})`),
    atom(`${name} < ${own.value(serial)}`),
  ]);
}

/** A writer that has not counted for this many ms may be forgotten. */
const idleMs = 600_000;

/** So many idle writers are worth a request. */
const mostIdle = 16;

/** An item has at most this many writers; then half of them are forgotten. */
const mostWriters = 64;

/** The writers that are to be forgotten: idle ones, or the oldest of too many. */
export function forgettable(item: RawItem, { writer, serial }: Signature): string[] {
  const names = Object.keys(item).filter((name) => name.startsWith(writerPrefix));
  if (names.length <= mostIdle) return [];
  const lastOf = (name: string) => Number(item[name]);
  const others = names.filter((name) => name !== writer).sort((a, b) => lastOf(a) - lastOf(b));
  const idle = others.filter((name) => !(lastOf(name) > serial - idleMs));
  if (names.length > mostWriters) return others.slice(0, Math.max(idle.length, mostWriters / 2));
  return idle.length < mostIdle ? [] : idle;
}

/**
 * Removes writers from an item, and notes until when updates were signed that it no longer shows. A writer
 * that counts meanwhile prevents it; then a later update does it.
 */
export async function forgetWriters(
  { transport, tableName }: Table,
  { PK, SK }: RawKey,
  item: RawItem,
  writers: readonly string[],
  call: Call,
): Promise<void> {
  const own = new Placeholders();
  const removed = writers.map((name) => own.name(name));
  const unchanged = writers.map((name) => `${own.name(name)} = ${own.value(item[name])}`);
  const since = `${own.name(attribute.writersSince)} = ${own.value(item[attribute.updatedAt])}`;
  try {
    await transport.send(
      "Update",
      {
        TableName: tableName,
        Key: { PK, SK },
        UpdateExpression: `SET ${since} REMOVE ${removed.join(", ")}`,
        ConditionExpression: unchanged.join(" AND "),
        ExpressionAttributeNames: own.names,
        ExpressionAttributeValues: own.values,
      },
      call,
    );
  } catch {
    // The update itself was carried out.
  }
}
