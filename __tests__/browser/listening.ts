/** Listeners of changes, and changes for them. */
import { setTimeout as sleep } from "node:timers/promises";
import { type LiveEvent, type LiveState, live } from "../../src/browser/index.js";
import type { Api } from "./serving.js";

/** What a listener of a test has heard. */
export interface Heard {
  readonly events: LiveEvent<Api>[];
  readonly states: LiveState[];
  stop(): void;
}

export function listen(api: Api, options: { signal?: AbortSignal } = {}): Heard {
  const events: LiveEvent<Api>[] = [];
  const states: LiveState[] = [];
  const stop = live(api, (event) => events.push(event), {
    ...options,
    onState: (state) => states.push(state),
  });
  return { events, states, stop };
}

/** Waits until something holds; the test's own time limit ends it. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5);
}

let counted = 0;

/** A change as `watch` gives it. */
export function changeOf(userId: string, contentId: string, updatedAt = 1) {
  counted += 1;
  const key = { userId, contentId };
  const after = { ...key, data: { title: "canary-of-the-payload" }, updatedAt };
  return { entity: "savedContent", kind: "updated" as const, key, id: `change-${counted}`, after };
}
