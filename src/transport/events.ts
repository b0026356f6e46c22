/** What listeners hear of requests: an event of each, and lines in the log. */
import type { CallContext } from "../errors/context.js";
import { budgetSpentText, nameOf } from "../errors/words.js";

/** One request as the table's engine saw it. It holds no payload and no key. */
export interface RequestEvent {
  /** DynamoDB's operation, for instance `Query`. */
  readonly request: string;
  /**
   * The layer's method that needed it, for instance `query`; `undefined` for native chains. For a
   * BatchGet that several gets share, each different one: `get,getOrThrow`.
   */
  readonly operation: string | undefined;
  /** The entity that it was for. For a BatchGet that several gets share, each different one. */
  readonly entity: string | undefined;
  readonly table: string;
  /** The index that was read; `undefined` for the table itself. */
  readonly index: string | undefined;
  /** The number of items that a batch or a transaction names; `undefined` for other requests. */
  readonly batchSize: number | undefined;
  /** HTTP attempts, including the first and a hedge. */
  readonly attempts: number;
  /** How many of the attempts DynamoDB refused because of throttling. */
  readonly throttles: number;
  /** Whether it is a read that was sent a second time because its response was late. */
  readonly hedged: boolean;
  /** From the first attempt to the last response, waiting included, in ms. */
  readonly durationMs: number;
  /**
   * Read or write units of all tables and indexes, if the engine reports them. For a hedged read they
   * are those of the response that was used: if DynamoDB carried out the other request, it bills that
   * too and reports it nowhere.
   */
  readonly consumedCapacity: number | undefined;
  /** The error's code, if the request failed. */
  readonly error: string | undefined;
  /** Whether it was not sent again, although that might have helped: the retry budget was spent. */
  readonly budgetSpent: boolean;
}

/** The part of an event that is known before the request is sent. */
type Beginning = Pick<
  RequestEvent,
  "request" | "operation" | "entity" | "table" | "index" | "batchSize"
>;

/** What a diagnostics channel is told of a request, all of its attempts included. */
export interface RequestMessage extends Beginning {
  /** Everything that is known of it at its end; from `asyncEnd` on. */
  event: RequestEvent | undefined;
}

/** Receives an event per request. What it throws is logged, and affects no request. */
export type RequestListener = (event: RequestEvent) => void;

/** A pino-compatible logger. Payloads and keys never reach it. */
export interface Logger {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** The request that a line in the log is about. */
export interface LoggedRequest {
  readonly name: string;
  readonly context: CallContext;
  /** How often it has been sent. */
  readonly attempts: number;
}

/** The listeners of one transport. What they throw affects no request. */
export class Listeners {
  readonly #events: RequestListener | undefined;
  readonly #logger: Logger | undefined;

  constructor(events: RequestListener | undefined, logger: Logger | undefined) {
    this.#events = events;
    this.#logger = logger && guarded(logger);
  }

  /** Whether anybody listens: an event that nobody gets need not be made. */
  get areThere(): boolean {
    return this.#events !== undefined || this.#logger !== undefined;
  }

  /** Whether events are listened to, which report the consumed capacity. */
  get wantCapacity(): boolean {
    return this.#events !== undefined;
  }

  /** Logs that a request is sent again. */
  warnOfRetry(request: LoggedRequest, error: unknown): void {
    this.#logger?.warn(fieldsOf(request, error), "DynamoDB request is sent again");
  }

  /** Logs that a request is not sent again because the retry budget is spent. */
  warnOfBudget(request: LoggedRequest, error: unknown): void {
    this.#logger?.warn(fieldsOf(request, error), `DynamoDB request is ${budgetSpentText}`);
  }

  announce(event: RequestEvent): void {
    this.#logger?.debug(event, "DynamoDB request");
    try {
      this.#events?.(event);
    } catch (error) {
      this.#logger?.warn({ error: nameOf(error) }, "the events listener threw");
    }
  }
}

function fieldsOf({ name, context, attempts }: LoggedRequest, error: unknown): object {
  const { operation, entity } = context;
  return { request: name, operation, entity, attempt: attempts, error: nameOf(error) };
}

/** The same logger; what it throws affects no request. */
function guarded(logger: Logger): Logger {
  const attempt = (write: () => void) => {
    try {
      write();
    } catch {
      // It can be reported nowhere else, and the caller waits for the request's own outcome.
    }
  };
  return {
    debug: (fields, message) => attempt(() => logger.debug(fields, message)),
    warn: (fields, message) => attempt(() => logger.warn(fields, message)),
  };
}
