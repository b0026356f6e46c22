import { createDataLayer, type DataLayer, type UserScope } from "bayon-coagent-data";
import { type ChangeHub, createChangeHub } from "bayon-coagent-data/server";
import { watch } from "bayon-coagent-data/streams";
import { userOfPage } from "./session";

/** Next.js loads this module more than once: for pages, for routes, and in development after each change. */
const shared = globalThis as typeof globalThis & { dataLayer?: DataLayer; changes?: ChangeHub };

/** What was written, for the pages that are open. */
shared.changes ??= createChangeHub();
export const changes: ChangeHub = shared.changes;

/** One data layer per process, made when it is first used: `next build` has no table to talk to. */
export function dataLayer(): DataLayer {
  if (shared.dataLayer === undefined) {
    shared.dataLayer = createDataLayer({ cursorSecret: process.env.CURSOR_SECRET });
    publish(shared.dataLayer).catch((error) => console.error("no live updates:", error.message));
  }
  return shared.dataLayer;
}

/** The data of the user who is signed in, and nobody else's: for pages and server actions. */
export async function myData(): Promise<UserScope> {
  return dataLayer().forUser(await userOfPage());
}

/** Reads the table's stream in this process. Where there are many, a Lambda function would publish. */
async function publish(data: DataLayer): Promise<void> {
  for await (const change of watch(data, { idleMs: 250 })) changes.publish(change);
}
