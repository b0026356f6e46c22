/** The base of every error of this package. */
import { brand, isInstance } from "./brand.js";
import type { ErrorCode, UnlistedCode } from "./codes.js";
import { inspected } from "./console.js";
import { hide, hidePayload } from "./hidden.js";
import { type ErrorKey, errorKey } from "./key-text.js";
import { type CommonErrorOptions, optionsOf } from "./options.js";
import { legible, metadataOf } from "./thrown.js";

export interface DynamoDBErrorOptions extends CommonErrorOptions {
  readonly message: string;
  readonly code?: ErrorCode | UnlistedCode | undefined;
  /** The HTTP status, if there was a response. */
  readonly statusCode?: number | undefined;
  /** @default false */
  readonly retryable?: boolean | undefined;
}

/**
 * The base of every error of this package. It is thrown itself for any failure that has no class of
 * its own, with the AWS name or the Node.js code as its `code`.
 *
 * `instanceof` also holds for errors of another copy of the package. `cause`, also under the name
 * `originalError`, is what was thrown below. The message and the enumerable properties contain no
 * payload values.
 */
export class DynamoDBError extends Error {
  static {
    brand(DynamoDBError, "DynamoDBError");
    hide(DynamoDBError, Symbol.hasInstance, isInstance);
  }

  /** The AWS name of the error, a Node.js code such as `ECONNRESET`, or a code of this package. */
  readonly code: ErrorCode | UnlistedCode | undefined;
  /** The HTTP status, if there was a response. */
  readonly statusCode: number | undefined;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** The AWS request id, if there was a response. */
  readonly requestId: string | undefined;
  /** The method that failed, for instance `update`. */
  operation: string | undefined;
  /** The entity it was called for, for instance `SavedContent`. */
  entity: string | undefined;
  /**
   * The parts of the key that the call was given, for instance `{ userId, contentId }`; for a query
   * those of the partition. A batch or a transaction has none.
   */
  key: ErrorKey | undefined;
  /**
   * Whether the call may have been carried out nevertheless, wholly or in part: the response to one of
   * its writes was lost, or it ended between two writes. If it is false, the call changed nothing
   * except what the error reports as written.
   *
   * @default false
   */
  mayHaveBeenDone: boolean;
  /** The same as `cause`. */
  declare readonly originalError: unknown;

  constructor(options: DynamoDBErrorOptions);
  constructor(message: string, options: Omit<DynamoDBErrorOptions, "message">);
  constructor(
    message: string,
    code?: string,
    statusCode?: number,
    retryable?: boolean,
    originalError?: unknown,
  );
  constructor(...given: readonly unknown[]) {
    const options = optionsOf<DynamoDBErrorOptions>(
      given,
      "message",
      "code",
      "statusCode",
      "retryable",
      "cause",
    );
    const cause = legible(options.cause);
    super(options.message, cause === undefined ? undefined : { cause });
    this.name = "DynamoDBError";
    this.code = options.code;
    this.statusCode = options.statusCode;
    this.retryable = options.retryable ?? false;
    this.requestId = metadataOf(cause)?.requestId;
    this.operation = options.operation;
    this.entity = options.entity;
    this.key = errorKey(options.key);
    this.mayHaveBeenDone = options.mayHaveBeenDone ?? false;
    hide(this, "originalError", cause);
    hide(this, Symbol.for("nodejs.util.inspect.custom"), inspected);
    hidePayload(cause);
  }

  /** What a log may contain: the name, the message and the fields, but no cause and no items. */
  toJSON(): Record<string, unknown> {
    return { ...(this as object), name: this.name, message: this.message };
  }
}

/**
 * Whether a value is an error of this package, of this copy or another one. Accepts anything and never
 * throws.
 */
export function isDynamoDBError(value: unknown): value is DynamoDBError {
  // What is not legible is a proxy that throws when it is asked.
  return legible(value) === value && value instanceof DynamoDBError;
}
