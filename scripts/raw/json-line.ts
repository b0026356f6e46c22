/** An item as a line of plain JSON, for people and for programs that know nothing of DynamoDB. */

/**
 * The line of an item, with its line end. JSON has no sets and no bytes: a set becomes a list, and bytes
 * base64 text. A number that JSON readers would round is a text with all its digits.
 */
export function jsonLine(item: object): string {
  return `${JSON.stringify(item, plain)}\n`;
}

function plain(this: unknown, name: string, value: unknown): unknown {
  // The member itself: a Buffer has been made an object of its own by now.
  const own: unknown = (this as Record<string, unknown>)[name];
  if (own instanceof Uint8Array) return Buffer.from(own).toString("base64");
  if (typeof own === "bigint") return String(own);
  return own instanceof Set ? [...own] : value;
}
