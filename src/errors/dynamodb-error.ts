/** The base of every error of this package. */
import { brand, isInstance } from "./brand.js";
import { inspected } from "./console.js";
import { hide, hidePayload } from "./hidden.js";
import { legible, metadataOf } from "./thrown.js";

/**
 * The base of every error of this package. `instanceof` of this class, and of each below it, holds for
 * errors of other copies of the package too.
 *
 * `cause` (also `originalError`) is what was thrown below. No message and no other property holds
 * values of a payload.
 */
export class DynamoDBError extends Error {
  static {
    brand(DynamoDBError, "DynamoDBError");
    hide(DynamoDBError, Symbol.hasInstance, isInstance);
  }

  /** The AWS name of the error, a Node code such as `ECONNRESET`, or a name of this package. */
  readonly code: string | undefined;
  /** HTTP status, where there was an answer. */
  readonly statusCode: number | undefined;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** AWS request id, where there was an answer. */
  readonly requestId: string | undefined;
  /** The method that failed. */
  operation: string | undefined;
  /** The entity it was called for. */
  entity: string | undefined;
  /**
   * Whether the call may have been carried out all the same, wholly or in part: it writes, and the
   * answer to a request of it was lost, or it ended between two writes. Where it is false the call
   * has changed nothing but what the error names as written.
   *
   * @default false
   */
  mayHaveBeenDone: boolean;
  declare readonly originalError: unknown;

  constructor(
    message: string,
    code?: string,
    statusCode?: number,
    retryable = false,
    originalError?: unknown,
  ) {
    const cause = legible(originalError);
    super(message, cause === undefined ? undefined : { cause });
    this.name = "DynamoDBError";
    this.code = code;
    this.statusCode = statusCode;
    this.retryable = retryable;
    this.requestId = metadataOf(cause)?.requestId;
    this.operation = undefined;
    this.entity = undefined;
    this.mayHaveBeenDone = false;
    hide(this, "originalError", cause);
    hide(this, Symbol.for("nodejs.util.inspect.custom"), inspected);
    hidePayload(cause);
  }

  /** What a log may hold: no cause, no item. */
  toJSON(): Record<string, unknown> {
    return { ...(this as object), name: this.name, message: this.message };
  }
}

/**
 * Whether it is one of this package's errors, of this copy or another. Takes anything, and never
 * throws: a proxy cannot always be asked.
 */
export function isDynamoDBError(value: unknown): value is DynamoDBError {
  return legible(value) === value && value instanceof DynamoDBError;
}
