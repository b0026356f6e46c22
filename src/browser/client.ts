/** The client of a handler: the calls that it exposes, as functions. */
import { isAbortSignal } from "../runtime/realms.js";
import { type CallRule, ruleOf } from "./calls.js";
import { type ClientSettings, clientSettings, type DataClientOptions } from "./client-options.js";
import { noteSettings } from "./client-settings.js";
import { reading, wrongCall } from "./errors.js";
import { createMutationQueue } from "./mutation-queue.js";
import { named } from "./named.js";
import { type PendingCall, pendingCall } from "./pending.js";
import { createReads } from "./reads.js";
import { sentWhereOf, sentWhereOption } from "./sent-where.js";

/** Takes a call that is ready to be sent. */
interface Lanes {
  readonly read: (call: PendingCall) => void;
  readonly mutate: (call: PendingCall) => void;
  readonly settings: ClientSettings;
}

type Options = Readonly<Record<string, unknown>> & {
  readonly signal?: AbortSignal;
  readonly limit?: number;
  readonly cursor?: string | null;
};

/**
 * Makes a client. Nothing is sent before the first call.
 *
 * The calls of one tick travel as one request, up to 20. A read without a response is sent again for
 * `retryMs`. Mutations are sent one request after the other, in their order; offline they wait for `keepMs`,
 * in memory. Each has an id, by which the handler carries it out once.
 * @throws ConfigurationError for an option that is unknown, missing or wrong
 * @example
 * const api = createDataClient<Api>({ url: "/api/data" });
 * await api.savedContent.query({ by: "createdAt", order: "desc", limit: 20 });
 */
export function createDataClient<Api extends object>(options: DataClientOptions): Api {
  const settings = clientSettings(options);
  const lanes: Lanes = {
    settings,
    read: createReads(settings),
    mutate: createMutationQueue(settings),
  };
  const api = named((store) =>
    named(
      (call) =>
        (...given: unknown[]) =>
          made(lanes, store, call, given),
      (...given) => made(lanes, store, store, given),
    ),
  );
  noteSettings(api, settings);
  return api as Api;
}

/** What a call returns: a promise; for a list, its items one after the other. */
function made(lanes: Lanes, store: string, call: string, given: readonly unknown[]): unknown {
  const rule = ruleOf(store, call);
  if (rule === undefined) {
    return Promise.reject(wrongCall(`${store}.${call}`, "call", "is none that a handler has"));
  }
  if (call !== "list" && call !== "listBy") return send(lanes, rule, { store, call, given });
  return { [Symbol.asyncIterator]: () => items(lanes, rule, { store, call, given }) };
}

interface Given {
  readonly store: string;
  readonly call: string;
  readonly given: readonly unknown[];
}

async function send(lanes: Lanes, rule: CallRule, { store, call, given }: Given): Promise<unknown> {
  const { input, signal } = reading(`${store}.${call}`, () => prepared(rule, given));
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw wrongCall(`${store}.${call}`, "signal", "must be an AbortSignal");
  }
  const isMutation = rule.outcome !== undefined;
  const id = isMutation ? newId() : undefined;
  const { pending, result } = pendingCall({ store, call, input, signal, id }, () => undefined);
  if (!pending.isSettled) (isMutation ? lanes.mutate : lanes.read)(pending);
  return result;
}

/** Where the options of a call stand. One argument of a call of a partition is the options. */
function optionsAt({ before, partition }: CallRule, given: readonly unknown[]): number {
  return partition === true && given.length === 1 ? 0 : before;
}

/** A signal stays here, a condition is sent as data, and the arguments travel as they are. */
function prepared(rule: CallRule, given: readonly unknown[]) {
  const at = optionsAt(rule, given);
  const options = given[at] as Options | null | undefined;
  if (typeof options !== "object" || options === null) return { input: given, signal: undefined };
  const { signal, where, ...rest } = options;
  const condition =
    typeof where === "function"
      ? { [sentWhereOption]: sentWhereOf(where as Parameters<typeof sentWhereOf>[0]) }
      : "where" in options && { where };
  const own = { ...rest, ...condition };
  return { input: [...given.slice(0, at), own, ...given.slice(at + 1)], signal };
}

interface Page {
  readonly items: readonly unknown[];
  readonly cursor: string | null;
}

/** The items of a list, page by page: at most one page is in memory. */
async function* items(lanes: Lanes, rule: CallRule, { store, call, given }: Given) {
  const at = optionsAt(rule, given);
  const options = (given[at] ?? {}) as Options;
  let left = options.limit;
  let { cursor } = options;
  do {
    const own = { ...options, ...(left !== undefined && { limit: left }), cursor };
    const input = [...given.slice(0, at), own];
    const page = (await send(lanes, rule, { store, call, given: input })) as Page;
    yield* page.items;
    if (left !== undefined) left -= page.items.length;
    cursor = page.cursor;
  } while (cursor !== null && left !== 0);
}

/** A UUID. `crypto.randomUUID` is there in secure contexts alone. */
function newId(): string {
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.*)$/, "$1-$2-4$3-8$4-$5");
}
