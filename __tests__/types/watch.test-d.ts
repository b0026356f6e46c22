/** The types of changes: told apart by entity and kind, of the twelve and of entities of one's own. */
import { createDataLayer } from "bayon-coagent-data";
import {
  type Change,
  changedPaths,
  type Unreadable,
  type Watched,
  watch,
} from "bayon-coagent-data/streams";
import { ownEntities } from "../own-entities.js";

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

const own = createDataLayer({ environment: "local", entities: ownEntities, builtIn: false });

/** The changes of an application's own entities have their payloads and keys, and the twelve are none. */
export async function ownWatched(): Promise<void> {
  for await (const change of watch(own)) {
    change satisfies Watched<typeof own>;
    change.checkpoint satisfies string;
    if (change.entity === "team" && change.kind === "created") {
      change.before satisfies null;
      change.after.data.name satisfies string;
      change.key.teamId satisfies string;
      // @ts-expect-error: a team has no such field
      void change.after.data.content;
    }
    // @ts-expect-error: the data layer does not have the twelve
    if (change.entity === "savedContent") return;
  }
}
