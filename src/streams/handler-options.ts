/** What `createStreamHandler` takes. */
import { nearestName, optionNames } from "../call/options.js";
import { ConfigurationError, readSettings } from "../errors/configuration-error.js";
import { isObject } from "../runtime/objects.js";
import type { Change, ChangeKind, EntityIn, PlainChange, Unreadable } from "./changes.js";
import type { StreamRecord } from "./records.js";

/** What a function for changes gets besides the change. */
export interface HandlingContext {
  /** Aborted when the time of the invocation is nearly up: whatever is not done by then is delivered again. */
  readonly signal: AbortSignal;
}

/** Handles a change. If it throws, or its promise is rejected, the change is delivered again. */
export type ChangeHandler<C> = (change: C, context: HandlingContext) => unknown;

/** The functions for the changes of one entity, by kind. A kind without one is not handled. */
export type EntityHandlers<L, F extends EntityIn<L>> = {
  readonly [K in ChangeKind]?: ChangeHandler<Change<L, F, K>> | undefined;
};

/** The functions for changes: those of each store under its name, and `any` for every change. */
export type Handlers<L> = {
  readonly [F in EntityIn<L>]?: EntityHandlers<L, F> | undefined;
} & { readonly any?: ChangeHandler<Change<L>> | undefined };

/** A record whose change was not handled. */
export interface HandlingFailure<L> {
  /** The change; `null` if the record is of no entity, or could not be read. */
  readonly change: Change<L> | Unreadable<L> | null;
  readonly record: StreamRecord;
  /** What it failed with. */
  readonly error: unknown;
  /** How often it has failed in this process. */
  readonly tries: number;
}

/** The options of `createStreamHandler`. */
export interface HandlerOptions<L> {
  /** Gets the records of rows that no entity of the data layer owns. @default they are passed over */
  readonly onUnowned?: ChangeHandler<StreamRecord> | undefined;
  /**
   * Gets changes of which an item cannot be read.
   * @default they fail, with the error of the change
   */
  readonly onUnreadable?: ChangeHandler<Unreadable<L>> | undefined;
  /** Gets each failure of a record, for a log. @default a warning of the process (stderr), without the items */
  readonly onFailure?: ChangeHandler<HandlingFailure<L>> | undefined;
  /**
   * Takes over a record that has failed `tries` times: it then counts as handled. If it throws, the record
   * has failed once more. @default records fail until Lambda gives them up
   */
  readonly onPoison?: ChangeHandler<HandlingFailure<L>> | undefined;
  /**
   * After how many failures `onPoison` gets a record. They are counted in the process, and anew in another
   * one. @default 5
   */
  readonly tries?: number | undefined;
  /** How many items are in hand at a time. @default 10 */
  readonly parallel?: number | undefined;
  /**
   * How many ms before Lambda's deadline the changes must be done; with less than twice as much time left,
   * half of it. What is under way then has failed once more, and the rest counts as not tried.
   * @default 1000
   */
  readonly spareMs?: number | undefined;
}

export const handlerOptionNames = optionNames<HandlerOptions<never>>({
  onUnowned: true,
  onUnreadable: true,
  onFailure: true,
  onPoison: true,
  tries: true,
  parallel: true,
  spareMs: true,
});

export type PlainHandler = ChangeHandler<PlainChange>;

/** The same without the types of stores. */
export interface PlainHandlers {
  readonly any?: PlainHandler;
  readonly [entity: string]: (PlainHandler & PlainEntityHandlers) | PlainEntityHandlers | undefined;
}

type PlainEntityHandlers = { readonly [K in ChangeKind]?: PlainHandler };

export interface PlainOptions
  extends Pick<HandlerOptions<never>, "onUnowned" | "tries" | "parallel" | "spareMs"> {
  readonly onUnreadable?: PlainHandler;
  readonly onFailure?: ChangeHandler<PlainFailure>;
  readonly onPoison?: ChangeHandler<PlainFailure>;
}

export interface PlainFailure extends Omit<HandlingFailure<never>, "change"> {
  readonly change: PlainChange | null;
}

const kinds = Object.keys({
  created: true,
  updated: true,
  deleted: true,
  expired: true,
} satisfies Record<ChangeKind, true>);

/**
 * The functions that were given, each read once.
 * @throws ConfigurationError for a store or a kind that is not known, and for what is no function
 */
export function checkedHandlers(
  call: string,
  stores: readonly string[],
  given: PlainHandlers,
): PlainHandlers {
  return readSettings(`${call}: handlers`, () => {
    if (stores.includes("any")) {
      throw new ConfigurationError(
        `${call}: a store is called any, as the function for every change is: give it another name`,
      );
    }
    const known = [...stores, "any"];
    const entries = Object.entries(checkedNames(call, "a store", known, given)).map(
      ([name, own]) => [name, name === "any" ? own : checkedKinds(`${call}: ${name}`, own)],
    );
    const checked = Object.fromEntries(entries) as PlainHandlers;
    checkFunction(`${call}: any`, checked.any);
    return checked;
  });
}

function checkedKinds(place: string, given: unknown): object {
  const own = { ...checkedNames(place, "a kind of change", kinds, given) };
  for (const [kind, handler] of Object.entries(own)) checkFunction(`${place}.${kind}`, handler);
  return own;
}

function checkedNames(
  place: string,
  what: string,
  known: readonly string[],
  given: unknown,
): object {
  if (!isObject(given)) throw new ConfigurationError(`${place}: handlers must be an object`);
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    const hint =
      near === undefined ? `: there are ${known.join(", ")}` : `; did you mean "${near}"?`;
    throw new ConfigurationError(`${place}: ${JSON.stringify(name)} is not ${what}${hint}`);
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function checkFunction(place: string, given: unknown): void {
  if (given === undefined || typeof given === "function") return;
  throw new ConfigurationError(`${place} must be a function`);
}
