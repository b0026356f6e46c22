/** What was changed of a listing, to read. */
import type { Data } from "./data.js";

/** The changes from the first on, each with a line for every field that it touched. */
export async function trailOf(data: Data, listingId: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const { createdAt, data: entry } of data.auditEntry.list({ listingId })) {
    lines.push(`${new Date(createdAt).toISOString()} ${entry.kind} by ${entry.by}`);
    for (const { path, before, after } of entry.changes) {
      lines.push(`    ${path}: ${shown(before)} -> ${shown(after)}`);
    }
  }
  return lines;
}

function shown(value: unknown): string {
  return value === undefined ? "(none)" : JSON.stringify(value);
}
