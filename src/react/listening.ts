/** Changes that the handler tells, as queries that are out of date. One listener for each cache and client. */
import type { Query, QueryClient } from "@tanstack/react-query";
import { settingsOf } from "../browser/client-settings.js";
import { live } from "../browser/live.js";
import type { LiveChange, LiveEvent, LiveState } from "../browser/live-event.js";
import { renderedAt } from "./rendered.js";
import { isItem } from "./shown-items.js";
import { isSame, isTouched, itemsIn } from "./touched.js";

/** For how long changes are collected before they are read, in ms: a batch of writes is read once. */
const collectMs = 50;

/** A connection that is open. */
export interface Opened {
  /** When it opened, in epoch ms. */
  readonly at: number;
  /** From when on it tells changes, by the server's clock, if it was opened for what the server has rendered. */
  readonly since: number | undefined;
}

interface Listening {
  readonly states: Set<(opened: Opened | undefined) => void>;
  /** `undefined` while there is no connection. */
  opened: Opened | undefined;
  readonly stop: () => void;
}

const all = new WeakMap<QueryClient, Map<object, Listening>>();

/**
 * Listens for a cache.
 * @param onState gets the connection; `undefined` while there is none, and a page has to poll
 * @returns ends the listening
 */
export function listen(
  client: QueryClient,
  api: object,
  onState: (opened: Opened | undefined) => void,
): () => void {
  // A user's scope on the server, or calls that an application has put together itself.
  if (settingsOf(api) === undefined) return () => undefined;
  const ofClient = all.get(client) ?? new Map<object, Listening>();
  all.set(client, ofClient);
  const listening = ofClient.get(api) ?? begun(client, api);
  ofClient.set(api, listening);
  listening.states.add(onState);
  onState(listening.opened);
  return () => {
    listening.states.delete(onState);
    if (listening.states.size > 0) return;
    ofClient.delete(api);
    listening.stop();
  };
}

function begun(client: QueryClient, api: object): Listening {
  let collected: LiveEvent<object>[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    timer = undefined;
    const events = collected;
    collected = [];
    void client.invalidateQueries({
      predicate: (query) => events.some((event) => isNews(query, event)),
    });
  };
  const stopLive = live(
    api,
    (event) => {
      collected.push(event);
      timer ??= setTimeout(flush, collectMs);
    },
    {
      since: earliestRendered(client),
      // Another listener may have opened it, from another time on.
      onState: (state: LiveState, since?: number) => {
        if (state === "open" && listening.opened !== undefined) return;
        listening.opened = state === "open" ? { at: Date.now(), since } : undefined;
        for (const tell of listening.states) tell(listening.opened);
      },
    },
  );
  const stop = () => {
    clearTimeout(timer);
    stopLive();
  };
  const listening: Listening = { states: new Set(), opened: undefined, stop };
  return listening;
}

/** When the server had rendered the oldest of what came with the page. */
function earliestRendered(client: QueryClient): number | undefined {
  const times = client
    .getQueryCache()
    .findAll({ queryKey: ["data"] })
    .flatMap(({ state }) => renderedAt(state.data) ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Whether a query may show something else after a change, of which it does not show the result already. */
function isNews({ queryKey, state: { data } }: Query, event: LiveEvent<object>): boolean {
  if (event.kind === "reset") return queryKey[0] === "data";
  const change: LiveChange = event;
  const { entity: store, key, updatedAt } = change;
  const item = { ...key, ...(updatedAt !== null && { updatedAt }) };
  if (!isTouched({ queryKey, data }, { store, items: [item] })) return false;
  const isList = queryKey[1] === store && queryKey[2] === "list" && itemsIn(data).length > 0;
  if (!isList) return true;
  const listed = itemsIn(data).find((one) => isSame(one, item));
  // A page's own write comes back as a change.
  return updatedAt === null
    ? listed !== undefined
    : !(isItem(listed) && Number(listed.updatedAt) >= updatedAt);
}
