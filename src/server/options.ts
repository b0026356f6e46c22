/** What `createDataHandler` takes. */
import { optionNames, settingsOf } from "../call/options.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { longestTimerMs } from "../runtime/signals.js";
import { type ChangeHub, type HubInside, insideOf } from "./change-hub.js";
import { checkedOrigins } from "./origin.js";
import type { Expose, ScopeOf } from "./types.js";

/** A call that is about to be carried out. */
export interface ExposedRequest {
  readonly userId: string;
  /** The name of the store, or of the group of use cases. */
  readonly store: string;
  /** The name of the call; of a use case in no group, the same as `store`. */
  readonly call: string;
  /** Its arguments, options last. */
  readonly input: readonly unknown[];
  readonly request: Request;
}

/** What failed, for a log. */
export interface HandlerFailure extends Partial<Omit<ExposedRequest, "input">> {
  readonly request: Request;
}

type Answer<T> = T | Promise<T>;

/** The options of `createDataHandler`. */
export interface DataHandlerOptions<D, E extends Expose<ScopeOf<D>> = Expose<ScopeOf<D>>> {
  /**
   * The data layer, or a function that returns it, which the first request calls. It needs a
   * `cursorSecret`: no cursor leaves the server unsealed.
   */
  readonly data: D | (() => D);
  /**
   * The id of the user whose session a request has, or `null`. It must come from what the server itself
   * has checked, never from an argument.
   */
  readonly authenticate: (request: Request) => Answer<string | null | undefined>;
  /** The stores and use cases that a browser may call. @default nothing */
  readonly expose?: E | undefined;
  /** Whether a call may be carried out: anything but `true` refuses it. @default all that is exposed */
  readonly authorize?: ((call: ExposedRequest) => Answer<boolean>) | undefined;
  /** The most items of a page, and the most elements of a batch. @default 100 */
  readonly maxLimit?: number | undefined;
  /**
   * The most requests to the table by which one call may read, each of at most 1 MB: a count, a collection, or
   * a `where` that matches little. One that needs more fails with `TooManyReads` (422). @default 50
   */
  readonly maxReads?: number | undefined;
  /**
   * Origins besides the handler's own whose pages may send requests and read the responses, such as
   * `https://app.example.com`. @default none
   */
  readonly origins?: readonly string[] | undefined;
  /** The most bytes of a request's body, of which no more are read. @default 1000000 */
  readonly bodyLimit?: number | undefined;
  /** How long a request may take, in ms: with its body, `authenticate` and `authorize`. @default 20000 */
  readonly timeoutMs?: number | undefined;
  /**
   * How long a mutation is remembered, in ms: for so long it is carried out once, however often it is sent.
   * @default 86400000, a day
   */
  readonly rememberMs?: number | undefined;
  /**
   * Where changes are published: `GET ?live` tells them to the user whose they are, of the stores that `expose`
   * names. `authorize` is asked for each store, as for a call `live`. @default no changes are told
   */
  readonly live?: ChangeHub | undefined;
  /**
   * Gets what failed, with its cause, for a log. Without it, what `authenticate` or `authorize` throws
   * rejects the handler's promise; with it, the response has status 500. @default nothing is reported
   */
  readonly onError?: ((error: unknown, about: HandlerFailure) => void) | undefined;
}

const handlerOptionNames = optionNames<DataHandlerOptions<never, never>>({
  data: true,
  authenticate: true,
  expose: true,
  authorize: true,
  maxLimit: true,
  maxReads: true,
  origins: true,
  bodyLimit: true,
  timeoutMs: true,
  rememberMs: true,
  live: true,
  onError: true,
});

/** The options with every default filled in. */
export interface HandlerSettings {
  readonly data: unknown;
  readonly authenticate: (request: Request) => unknown;
  readonly expose: unknown;
  readonly authorize: ((call: ExposedRequest) => unknown) | undefined;
  readonly maxLimit: number;
  readonly maxReads: number;
  readonly origins: readonly string[];
  readonly bodyLimit: number;
  readonly timeoutMs: number;
  readonly rememberMs: number;
  readonly live: HubInside | undefined;
  readonly onError: ((error: unknown, about: HandlerFailure) => void) | undefined;
}

export const handlerCall = "createDataHandler";

/** @throws ConfigurationError for an option that is unknown, missing or wrong */
export function handlerSettings(given: object): HandlerSettings {
  const options = settingsOf(
    handlerCall,
    given as DataHandlerOptions<unknown, never>,
    handlerOptionNames,
  );
  const { data, authenticate, expose, authorize, origins = [], onError } = options;
  needFunction("authenticate", authenticate);
  if (authorize !== undefined) needFunction("authorize", authorize);
  if (onError !== undefined) needFunction("onError", onError);
  return {
    data,
    authenticate,
    expose,
    authorize,
    onError,
    maxLimit: numberOf("maxLimit", options.maxLimit, 100, 100_000),
    maxReads: numberOf("maxReads", options.maxReads, 50, 1_000_000),
    bodyLimit: numberOf("bodyLimit", options.bodyLimit, 1_000_000, 100_000_000),
    timeoutMs: numberOf("timeoutMs", options.timeoutMs, 20_000, longestTimerMs),
    rememberMs: numberOf("rememberMs", options.rememberMs, 86_400_000, Number.MAX_SAFE_INTEGER / 2),
    origins: checkedOrigins(handlerCall, origins),
    live: hubOf(options.live),
  };
}

function hubOf(given: unknown): HubInside | undefined {
  const inside = insideOf(given);
  if (given === undefined || inside !== undefined) return inside;
  throw new ConfigurationError(`${handlerCall}: live must be what createChangeHub returns`);
}

function needFunction(name: string, given: unknown): void {
  if (typeof given === "function") return;
  throw new ConfigurationError(`${handlerCall}: ${name} must be a function`);
}

function numberOf(name: string, given: unknown, byDefault: number, most: number): number {
  if (given === undefined) return byDefault;
  if (typeof given === "number" && Number.isInteger(given) && given >= 1 && given <= most) {
    return given;
  }
  throw new ConfigurationError(`${handlerCall}: ${name} must be an integer from 1 to ${most}`);
}
