/** What a transport is made of: the client below it, and what takes part in each request. */
import type { CallContext } from "../errors/context.js";
import type { Clock } from "../runtime/clock.js";
import type { RawItem } from "../table/table.js";
import type { Logger, RequestListener } from "./events.js";
import type { HedgedReadsOptions } from "./hedged-reads.js";
import type { RequestRetryOptions } from "./repeats.js";

/** Anything with a `send` like the document client's, mocks too. */
export interface CommandClient {
  send(command: never, options?: never): Promise<unknown>;
  /** Whether it converts values itself, and exactly; lib-dynamodb must be given them in its own form. */
  readonly marshalsRight?: true | undefined;
}

/**
 * Seals what goes out and opens what comes in. Its calls return nothing to wait for if there is nothing
 * to do, which is nearly always.
 */
export interface FieldGuard {
  /** The request with its secret values sealed. @throws DynamoDBError if there is no key */
  sealed(input: Record<string, unknown>, context: CallContext): Promise<object> | undefined;
  /** Opens the secrets of items in place. For a secret that cannot be opened, the reason is noted. */
  opened(items: readonly RawItem[], context: CallContext): Promise<unknown> | undefined;
  /**
   * @throws ValidationError for a native write that would store a secret in clear text, or a payload
   * without its version
   */
  refuseNative(input: Record<string, unknown>): void;
  /**
   * @param written whether the items come from a write that was carried out
   * @throws DecryptionError if a secret of an item could not be opened
   */
  refuseUnreadable(items: readonly RawItem[], written: boolean): void;
}

export interface TransportOptions {
  /** The client below. A function is called for each request, so that the client may be replaced. */
  readonly client: CommandClient | (() => CommandClient);
  readonly retry?: RequestRetryOptions | undefined;
  readonly logger?: Logger | undefined;
  readonly events?: RequestListener | undefined;
  /** Whether requests are added up. @default false */
  readonly stats?: boolean | undefined;
  readonly clock?: Clock | undefined;
  /** @default none: nothing is sealed or opened */
  readonly guard?: FieldGuard | undefined;
  /** @default false */
  readonly hedgedReads?: boolean | HedgedReadsOptions | undefined;
  /** @default 75 s */
  readonly attemptLimitMs?: number | undefined;
  /** What a person can do about a failure, for its message. */
  readonly advice?: ((error: unknown, tableName?: unknown) => string | undefined) | undefined;
}
