/** The handler of a browser's requests: one user's data, and of it what the application exposes. */
import type { WireCall } from "../browser/protocol.js";
import { secretsIn } from "../entity/declared-payload.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { type Sourced, sourceOf } from "../store/layer-source.js";
import { callsIn, checkContentType, textOf } from "./body.js";
import { type Deadline, deadlineIn } from "./deadline.js";
import { type AnyScope, exposedCalls } from "./exposed.js";
import { isLive, type LiveContext, liveChanges } from "./live-route.js";
import {
  type DataHandlerOptions,
  type HandlerFailure,
  type HandlerSettings,
  handlerCall,
  handlerSettings,
} from "./options.js";
import { checkOrigin } from "./origin.js";
import { createReceipts } from "./receipts.js";
import { ended, notSignedIn, Refused, wrong } from "./refused.js";
import {
  failedResponse,
  preflightResponse,
  readableFor,
  refusedResponse,
  resultsResponse,
  streamResponse,
} from "./response.js";
import { type CallsContext, runCalls } from "./run-calls.js";
import type { DataRoute, Expose, Exposed, ScopeOf } from "./types.js";

/** A handler's routes. */
export interface DataHandler<Api> {
  /** Reads alone; with `?live`, the changes of the user's data as an event stream. */
  readonly GET: DataRoute<Api>;
  /** Reads and mutations. */
  readonly POST: DataRoute<Api>;
  /** What a browser asks before a page of a listed origin sends JSON. */
  readonly OPTIONS: (request: Request) => Promise<Response>;
}

/** A data layer of whatever entities. */
type AnyData = Sourced<unknown> & { forUser(userId: string): object };

/**
 * Makes the routes by which a browser reaches the data of its user. Nothing is exposed but what `expose`
 * names. A mutation is carried out once in `rememberMs`, for two requests more.
 * @throws ConfigurationError for a wrong option, or a data layer without `cursorSecret`; if `data` is a
 * function, the first request is what fails
 * @example
 * export const { GET, POST, OPTIONS } = createDataHandler({ data, authenticate, expose: { project: true } });
 */
export function createDataHandler<
  D extends AnyData,
  const E extends Expose<ScopeOf<D>> = Record<never, never>,
>(options: DataHandlerOptions<D, E>): DataHandler<Exposed<ScopeOf<D>, E>> {
  const settings = handlerSettings(options);
  const { data } = settings;
  let made: HandlerContext | undefined;
  const context = () => {
    made ??= contextOf(settings, typeof data === "function" ? (data as () => unknown)() : data);
    return made;
  };
  // Where the layer is at hand, what is wrong is told at once.
  if (typeof data !== "function") context();
  const route = (request: Request) => answer(settings, context, request);
  const preflight = async (request: Request) => {
    try {
      return preflightResponse(request, checkOrigin(request, settings.origins));
    } catch (error) {
      if (error instanceof Refused) return refusedResponse(error, readableFor(undefined));
      throw error;
    }
  };
  return { GET: route, POST: route, OPTIONS: preflight };
}

interface HandlerContext {
  readonly calls: Omit<CallsContext, "mutations"> & {
    readonly mutations: Omit<CallsContext["mutations"], "onError">;
  };
  readonly live: LiveContext | undefined;
  scopeOf(userId: string): AnyScope;
}

function contextOf(settings: HandlerSettings, data: unknown): HandlerContext {
  const { expose, maxLimit, maxReads, timeoutMs, rememberMs, authorize, live: hub } = settings;
  const source = sourceOf(data);
  if (source === undefined) {
    throw new ConfigurationError(`${handlerCall}: data must be what createDataLayer returns`);
  }
  if (source.cursorSeal === undefined) {
    throw new ConfigurationError(
      `${handlerCall}: data needs a cursorSecret: without one, a cursor shows keys and can be made up`,
    );
  }
  const { definitions, clock, userParts, meter } = source;
  const scopeOf = (userId: string) => (data as AnyData).forUser(userId) as AnyScope;
  // The scope of anybody shows what there is. Nothing is sent.
  const { exposed, exposedStores: stores } = exposedCalls(
    handlerCall,
    expose,
    scopeOf("anybody"),
    Object.keys(definitions),
  );
  const secretsOf = secretsIn(definitions);
  const receipts = createReceipts(source, source.cursorSeal, rememberMs);
  const mutations = { receipts, definitions, owner: userParts, clock, timeoutMs };
  const owner = userParts;
  const log = hub?.begin(owner, clock);
  const live = hub && log && { hub, log, stores, definitions, owner, authorize };
  const readLimit = { meter, maxReads };
  const calls = { exposed, maxLimit, readLimit, secretsOf, authorize, mutations };
  return { calls, live, scopeOf };
}

/** Answers one request. */
async function answer(
  settings: HandlerSettings,
  context: () => HandlerContext,
  request: Request,
): Promise<Response> {
  let origin: string | undefined;
  try {
    origin = checkOrigin(request, settings.origins);
    const deadline = deadlineIn(settings.timeoutMs, request.signal);
    const made = context();
    if (isLive(request)) {
      const userId = await userOf(settings.authenticate, request, deadline);
      const changes = await liveChanges(made.live, request, userId, deadline);
      return streamResponse(changes, readableFor(origin));
    }
    const results = await resultsOf(settings, made, request, deadline);
    return resultsResponse(results, readableFor(origin));
  } catch (error) {
    if (error instanceof Refused) {
      if (error.status >= 500) settings.onError?.(error.error, { request });
      return refusedResponse(error, readableFor(origin));
    }
    if (settings.onError === undefined) throw error;
    settings.onError(error, { request });
    return failedResponse(readableFor(origin));
  }
}

async function resultsOf(
  { authenticate, bodyLimit, onError }: HandlerSettings,
  { calls: { mutations, ...rest }, scopeOf }: HandlerContext,
  request: Request,
  deadline: Deadline,
) {
  const isGet = request.method === "GET";
  if (!isGet && request.method !== "POST") {
    throw wrong("method", "must be GET or POST", 405, { allow: "GET, POST, OPTIONS" });
  }
  if (!isGet) checkContentType(request);
  const userId = await userOf(authenticate, request, deadline);
  const calls = callsIn(await received(request, bodyLimit, deadline.leftMs()));
  if (isGet) refuseMutations(calls, rest.exposed);
  const report = (error: unknown, about: Omit<HandlerFailure, "request">) =>
    onError?.(error, { ...about, request });
  const own = { ...mutations, onError: (error: unknown) => report(error, { userId }) };
  return runCalls({ ...rest, mutations: own }, calls, {
    userId,
    scope: scopeOf(userId),
    request,
    deadline,
    onError: (error, store, call) => report(error, { userId, store, call }),
  });
}

async function userOf(
  authenticate: HandlerSettings["authenticate"],
  request: Request,
  { within, endedBy }: Deadline,
): Promise<string> {
  const userId: unknown = await within("authenticate", () => authenticate(request)).catch(
    (error: unknown) => {
      const end = endedBy(error);
      throw end === undefined ? error : ended(end);
    },
  );
  if (userId === null || userId === undefined || userId === "") throw notSignedIn();
  if (typeof userId === "string") return userId;
  throw new ConfigurationError(`${handlerCall}: authenticate must return a user's id, or null`);
}

/** The request's text, unless it takes too long to arrive. */
async function received(request: Request, bodyLimit: number, mostMs: number): Promise<string> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), mostMs);
  try {
    return await textOf(request, bodyLimit, late.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** A GET changes nothing: a link, an image or a prefetch of a page can send one. */
function refuseMutations(calls: readonly WireCall[], exposed: CallsContext["exposed"]): void {
  for (const [index, { store, call }] of calls.entries()) {
    if (exposed(store, call)?.rule.outcome === undefined) continue;
    throw wrong(`calls.${index}`, "is a mutation: it is sent by POST", 405, { allow: "POST" });
  }
}
