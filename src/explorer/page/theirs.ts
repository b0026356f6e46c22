/** Conflicts, as the server reports them. */
import type { EditResult } from "../protocol.js";
import { CallError } from "./api.js";

/** What somebody else has stored meanwhile, if that is why nothing was written; no item if they deleted it. */
export function theirsOf(error: Error | null): EditResult | undefined {
  if (!(error instanceof CallError)) return undefined;
  const { name, item = null, keys } = error.failure;
  if (name !== "ConditionalCheckFailedError" && name !== "ItemNotFoundError") return undefined;
  return { item, ...(keys !== undefined && { keys }) };
}
