/** The types of changes: told apart by entity and kind, of the twelve and of entities of one's own. */
import { createDataLayer } from "bayon-coagent-data";
import {
  type Change,
  changedPaths,
  type Unreadable,
  type Watched,
  watch,
} from "bayon-coagent-data/streams";

const data = createDataLayer({ environment: "local" });
type Data = typeof data;

export function told(change: Change<Data> | Unreadable<Data>): string | undefined {
  if (change.kind === "unreadable") return change.error.message;
  if (change.entity === "savedContent" && change.kind === "created") {
    change.before satisfies null;
    // @ts-expect-error: an item that was created has no reviewId
    void change.key.reviewId;
    return change.after.data.content;
  }
  if (change.entity === "review" && change.kind === "deleted") {
    change.after satisfies null;
    return change.key.agentId;
  }
  // @ts-expect-error: no store has this name
  if (change.entity === "nothing") return undefined;
  return changedPaths(change)[0]?.path.join(".");
}

export async function watched(signal: AbortSignal): Promise<string[]> {
  const checkpoints: string[] = [];
  for await (const change of watch(data, { from: "start", signal })) {
    change satisfies Watched<Data>;
    checkpoints.push(change.checkpoint);
    if (change.entity === "project" && change.kind === "updated") {
      checkpoints.push(change.before.data.name, change.after.projectId);
    }
  }
  // @ts-expect-error: an option that there is not
  watch(data, { form: "start" });
  // @ts-expect-error: a place is text
  watch(data, { from: 5 });
  return checkpoints;
}
