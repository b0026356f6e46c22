/** The text of a cursor, which callers keep and give back. */

/** Makes the text of a cursor's fields. */
export function cursorOf(fields: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(fields)).toString("base64url");
}

/** The fields of a cursor, of any form; `undefined` for what is no cursor's text. */
export function fieldsOf(cursor: unknown): unknown {
  if (typeof cursor !== "string" || !/^[\w-]+$/.test(cursor)) return undefined;
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    // Not JSON. The check of the fields reports it.
    return undefined;
  }
}
