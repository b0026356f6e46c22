/** What a test's changes are, and what `changeRecords` takes. */
import type { SavedContent } from "bayon-coagent-data";
import type { Change, StreamEvent } from "bayon-coagent-data/streams";
import {
  changeRecords,
  createTestDataLayer,
  type LambdaEvent,
  make,
} from "bayon-coagent-data/testing";
import { ownEntities } from "../own-entities.js";

const { lead, team } = ownEntities;

export async function changesAreThoseOfTheDataLayer() {
  const data = await createTestDataLayer({ stream: true });
  const [change] = await data.changes();
  if (change?.entity === "savedContent" && change.kind === "updated") {
    const { before, after }: { before: SavedContent; after: SavedContent } = change;
    const id: string = change.key.contentId;
    return { before, after, id };
  }
  const readable: Change<typeof data>[] = [];
  for (const one of await data.changes()) if (one.kind !== "unreadable") readable.push(one);
  // @ts-expect-error An unreadable change has no items.
  const all: Change<typeof data>[] = await data.changes();
  return { readable, all };
}

export async function ownEntitiesHaveTheirs() {
  const data = await createTestDataLayer({ entities: { lead, team }, builtIn: false });
  const [change] = await data.changes();
  // @ts-expect-error The twelve are not there.
  if (change?.entity === "savedContent") return;
  if (change?.entity === "lead" && change.kind === "created") return change.after.data.status;
  return change?.kind;
}

export async function changeRecordsTakesWhatItIsGiven() {
  const data = await createTestDataLayer({ entities: { lead } });
  const event: LambdaEvent & StreamEvent = await changeRecords(data, await data.changes());
  const after = make.savedContent();
  await changeRecords(data, { entity: "savedContent", kind: "created", after });
  await changeRecords(data, [
    { entity: "savedContent", kind: "updated", before: after, after, at: 1, id: "x" },
    { entity: "review", kind: "expired", before: make.review() },
  ]);
  const stored = await data.savedContent.getOrThrow(after as never);
  await changeRecords(data, {
    entity: "savedContent",
    kind: "deleted",
    before: stored,
    after: null,
  });
  // @ts-expect-error An update has an item before.
  await changeRecords(data, { entity: "savedContent", kind: "updated", after });
  // @ts-expect-error The item is another entity's.
  await changeRecords(data, { entity: "review", kind: "created", after });
  // @ts-expect-error There is no such store.
  await changeRecords(data, { entity: "reviews", kind: "created", after });
  return event;
}
