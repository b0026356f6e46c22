/** Writes down what each change of a listing did, and who made it. */
import { ConditionalCheckFailedError } from "bayon-coagent-data";
import { type Change, changedPaths, createStreamHandler } from "bayon-coagent-data/streams";
import type { Data } from "./data.js";

type ListingChange = Change<Data, "listing">;

/**
 * The handler of the table's stream. It names the entity that it handles: what it writes is in the stream,
 * too, and a handler that took every change would write an entry of each of its entries, without end.
 */
export function createAuditHandler(data: Data) {
  const record = (change: ListingChange) => write(data, change);
  return createStreamHandler(data, {
    listing: { created: record, updated: record, deleted: record, expired: record },
  });
}

async function write(data: Data, change: ListingChange): Promise<void> {
  const { id, kind, key } = change;
  const changes = changedPaths(change)
    .map(({ path, before, after }) => ({ path: path.join("."), before, after }))
    .filter(({ path }) => path !== "changedBy");
  // Whoever withdraws a listing signs it first: that alone is no news.
  if (kind === "updated" && changes.length === 0) return;
  try {
    await data.auditEntry.create({
      listingId: key.listingId,
      changeId: id,
      createdAt: timeOf(change),
      data: { by: authorOf(change), kind, changes },
    });
  } catch (error) {
    // A stream delivers at least once. The entry has the change's own key, so it is there already.
    if (!(error instanceof ConditionalCheckFailedError)) throw error;
  }
}

function authorOf({ kind, before, after }: ListingChange): string {
  if (kind === "expired") return "DynamoDB";
  return (after ?? before).data.changedBy;
}

/** A time that grows with each change of an item; the stream's own has whole seconds. */
function timeOf({ before, after, at }: ListingChange): number {
  return after === null ? Math.max(at, before.updatedAt + 1) : after.updatedAt;
}
