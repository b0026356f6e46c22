/** The size of an item, as DynamoDB counts it. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Item } from "./raw-table.js";

/** Bytes of an item: names and values; numbers by their digits, as DynamoDB's developer guide says. */
export function itemSize(item: Item): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item))
    bytes += Buffer.byteLength(name) + sizeOf(value);
  return bytes;
}

function sizeOf(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return numberSize(value.N);
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + itemSize(value.M);
  if (value.L !== undefined) {
    return value.L.reduce((sum, member) => sum + 1 + sizeOf(member), 3);
  }
  if (value.B !== undefined) return value.B.length;
  if (value.SS !== undefined) return sum(value.SS, (text) => Buffer.byteLength(text));
  if (value.NS !== undefined) return sum(value.NS, numberSize);
  if (value.BS !== undefined) return sum(value.BS, (bytes) => bytes.length);
  return 1;
}

function sum<T>(members: readonly T[], size: (member: T) => number): number {
  return members.reduce((total, member) => total + size(member), 0);
}

/** One byte, one for every two significant digits, and one for a minus sign: exact for most numbers. */
function numberSize(text: string): number {
  const [digits = ""] = text.replace("-", "").split(/[eE]/);
  const matter = digits.replace(".", "").replace(/^0+|0+$/g, "").length;
  return 1 + Math.ceil(matter / 2) + (text.startsWith("-") ? 1 : 0);
}
