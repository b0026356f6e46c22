/**
 * Refuses a request that is larger than any that DynamoDB takes, before it is written. ElectroDB does not
 * look at sizes, and lists that share their members may be far larger written than in memory.
 */
import { types } from "node:util";
import { invalidAt } from "../errors/validation-error.js";
import { limits } from "../table/table.js";
import { mostBytes } from "../values/payload.js";
import type { Input } from "./requests.js";

// Looked up once. In a node:vm context, such as Jest's, looking up a global takes longer than all the
// other work for a member.
const { isArray } = Array;
const { isView } = ArrayBuffer;
const { isSet } = types;

/** What a list or a map takes beside its members. */
const mapBytes = 3;

/** @throws ValidationError that says which part is too large */
export function refuseTooLarge({
  Item,
  ExpressionAttributeNames,
  ExpressionAttributeValues,
  RequestItems,
  TransactItems,
}: Input): void {
  if (isHeavier([Item], mostBytes)) {
    refuse(`the item takes more than ${mostBytes} bytes: an item has at most ${limits.itemBytes}`);
  }
  const most = limits.expressionValueBytes;
  if (isHeavier([ExpressionAttributeNames, ExpressionAttributeValues], most)) {
    refuse(`the names and values of the expressions take more than ${most} bytes`);
  }
  for (const operations of [RequestItems, TransactItems]) refuseEach(operations);
}

/** The requests of a batch, by their tables, or the operations of a transaction. */
function refuseEach(operations: unknown): void {
  for (const members of Object.values(operations ?? {}) as unknown[]) {
    // The keys of a batch of reads stand below the table, and were built from parts of limited length.
    for (const member of Array.isArray(members) ? members : [members]) {
      for (const request of Object.values(member as object)) refuseTooLarge(request as Input);
    }
  }
}

function refuse(message: string): never {
  throw invalidAt({}, "", message);
}

/**
 * Whether values take more bytes than that in an item, by an estimate that is never too high. It goes
 * through no more of them than it takes to know.
 */
function isHeavier(values: readonly unknown[], most: number): boolean {
  let bytes = 0;
  // No recursion: what is nested too deeply is for others to refuse.
  const left: unknown[] = [...values];
  const add = (member: unknown) => {
    bytes += 1;
    if (typeof member === "string") bytes += member.length - 1;
    else if (typeof member === "object" && member !== null) left.push(member);
  };
  while (left.length > 0 && bytes <= most) {
    const value = left.pop();
    if (typeof value !== "object" || value === null) continue;
    if (isArray(value)) {
      bytes += mapBytes;
      if (value.length > most) return true;
      for (let index = 0; index < value.length && bytes <= most; index += 1) add(value[index]);
    } else if (isView(value)) bytes += value.byteLength;
    else if (isSet(value)) {
      for (const member of value) {
        add(member);
        if (bytes > most) break;
      }
    } else {
      bytes += mapBytes;
      for (const name in value) {
        const member = (value as Record<string, unknown>)[name];
        // Left out when it is written.
        if (member === undefined || typeof member === "function") continue;
        bytes += name.length;
        add(member);
        if (bytes > most) break;
      }
    }
  }
  return bytes > most;
}
