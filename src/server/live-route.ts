/** Answers `GET ?live`: the changes of the request's user, of the stores that are exposed. */
import { liveParameter } from "../browser/protocol.js";
import { type Declaration, declaredKeys } from "../entity/model.js";
import type { HubInside } from "./change-hub.js";
import type { ChangeLog } from "./change-log.js";
import type { ChangeMessage } from "./change-message.js";
import type { Deadline } from "./deadline.js";
import { liveStream } from "./live-stream.js";
import type { ExposedRequest } from "./options.js";
import { ended, notAllowed, Refused, wrong } from "./refused.js";
import { refusal } from "./told-error.js";

/** What is needed of a handler to tell changes. */
export interface LiveContext {
  readonly hub: HubInside;
  readonly log: ChangeLog;
  /** The stores that the application has named. */
  readonly stores: readonly string[];
  readonly definitions: Readonly<Record<string, Declaration>>;
  /** The parts of keys that name the user, which stay on the server. */
  readonly owner: readonly string[];
  readonly authorize: ((call: ExposedRequest) => unknown) | undefined;
}

export function isLive({ method, url }: Request): boolean {
  return method === "GET" && new URL(url).searchParams.has(liveParameter);
}

/** @throws Refused */
export async function liveChanges(
  context: LiveContext | undefined,
  request: Request,
  userId: string,
  deadline: Deadline,
): Promise<ReadableStream<Uint8Array>> {
  if (context === undefined) throw noChanges();
  const { hub, log, definitions, owner } = context;
  if (hub.isClosed) throw wrong(liveParameter, "is being shut down", 503, { "retry-after": "1" });
  const stores = await allowedStores(context, request, userId, deadline);
  const shown = ({ entity, kind, key, updatedAt, id }: ChangeMessage) => {
    const definition = stores.has(entity) ? definitions[entity] : undefined;
    if (definition === undefined) return undefined;
    // What a publisher may have put among the parts of the key stays here.
    const parts = declaredKeys(definition).parts.filter((part) => !owner.includes(part));
    const own = Object.fromEntries(parts.map((part) => [part, key[part]]));
    return { entity, kind, key: own, updatedAt, id };
  };
  const { signal, headers } = request;
  const lastId = headers.get("last-event-id");
  const stream = liveStream({ hub, log, user: userId, lastId, signal, shown });
  if (stream !== undefined) return stream;
  throw wrong(liveParameter, "has too many connections of this user's", 429, {
    "retry-after": "5",
  });
}

/** The stores whose changes the user may see. */
async function allowedStores(
  { stores, authorize }: LiveContext,
  request: Request,
  userId: string,
  { within, endedBy }: Deadline,
): Promise<ReadonlySet<string>> {
  if (authorize === undefined) return new Set(stores);
  const asked = (store: string) =>
    within("authorize", () => authorize({ userId, store, call: "live", input: [], request }));
  const answers = await Promise.all(stores.map(asked)).catch((error: unknown) => {
    const end = endedBy(error);
    throw end === undefined ? error : ended(end);
  });
  const allowed = stores.filter((_, index) => answers[index] === true);
  if (allowed.length === 0) throw notAllowed();
  return new Set(allowed);
}

function noChanges(): Refused {
  return new Refused(refusal("UnknownOperationException", { operation: liveParameter }), 404);
}
