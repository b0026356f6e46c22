/**
 * The errors of a client: those of the package by name, code, fields and `instanceof`, and without their code,
 * which a browser does not need.
 */
import { brand, isOwnError } from "../errors/brand.js";
import type { ErrorCode, UnlistedCode } from "../errors/codes.js";
import type { DynamoDBError, DynamoDBErrorOptions } from "../errors/dynamodb-error.js";

/** What a log may contain: the name, the message and the fields, but no cause and no items. */
const base = branded(
  Object.create(Error.prototype, {
    toJSON: {
      value: function toJSON(this: Error) {
        return { ...this, name: this.name, message: this.message };
      },
    },
  }) as object,
  "DynamoDBError",
);

/** One prototype for each class. Its brand is that of the class, so that `instanceof` holds for every copy. */
const prototypes = new Map<string, object>([["DynamoDBError", base]]);

function branded(prototype: object, name: string): object {
  brand({ prototype }, name);
  return prototype;
}

function prototypeOf(name: string): object {
  let prototype = prototypes.get(name);
  if (prototype === undefined) {
    prototype = branded(Object.create(base) as object, name);
    prototypes.set(name, prototype);
  }
  return prototype;
}

/** Whether a value is an error of this package, of this copy or another one. */
export function isDynamoDBError(value: unknown): value is DynamoDBError {
  try {
    return isOwnError(value);
  } catch {
    // A proxy that throws when it is asked is none.
    return false;
  }
}

/** Reads what a caller gave. @throws ValidationError in place of what their getters and proxies throw */
export function reading<R>(operation: string, read: () => R): R {
  try {
    return read();
  } catch (error) {
    throw isDynamoDBError(error) ? error : wrongCall(operation, "input", "cannot be read");
  }
}

/** An error of one of the package's classes, by its name. */
export function errorOf(
  name: string,
  code: string | undefined,
  message: string,
  options: Omit<DynamoDBErrorOptions, "message" | "code"> = {},
): DynamoDBError {
  const { cause, ...given } = options;
  const error = new Error(message, cause === undefined ? undefined : { cause });
  Object.setPrototypeOf(error, prototypeOf(name));
  hide(error, "name", name);
  hide(error, "originalError", cause);
  const fields = {
    code: code as ErrorCode | UnlistedCode | undefined,
    statusCode: undefined,
    retryable: false,
    requestId: undefined,
    operation: undefined,
    entity: undefined,
    key: undefined,
    mayHaveBeenDone: false,
    ...given,
  };
  // It has the fields and the brand of the class, and none of its code.
  return Object.assign(error, fields) as DynamoDBError;
}

/** A property that no log shows. */
export function hide(error: object, name: string, value: unknown): void {
  Object.defineProperty(error, name, { value, configurable: true, writable: true });
}

/** The error of a call or a setting that is wrong in itself: nothing was sent. */
export function wrongCall(call: string, path: string, message: string): DynamoDBError {
  // The name of a call may be any text.
  const operation = call.slice(0, 200);
  const text = `${operation}: ${path} ${message}`;
  const error = errorOf("ValidationError", "ValidationException", text, {
    statusCode: 400,
    operation,
  });
  return Object.assign(error, { issues: [{ path, message }] });
}

export function abortedError(operation: string, signal: AbortSignal, isOpen: boolean) {
  return errorOf("AbortedError", "AbortError", `${operation}: aborted`, {
    operation,
    cause: signal.reason,
    mayHaveBeenDone: isOpen,
  });
}
