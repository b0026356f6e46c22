/** A request that is refused as a whole, before any of its calls. */
import type { DynamoDBError } from "../errors/dynamodb-error.js";
import { TimeoutError } from "../errors/timeout-error.js";
import { invalidAt } from "../errors/validation-error.js";
import { refusal } from "./told-error.js";

/** Thrown inside the handler alone. */
export class Refused {
  readonly error: DynamoDBError;
  readonly status: number;
  /** Headers that the status asks for. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    error: DynamoDBError,
    status: number,
    headers: Readonly<Record<string, string>> = {},
  ) {
    this.error = error;
    this.status = status;
    this.headers = headers;
  }
}

/** What is wrong with a request, and the HTTP status of that. */
export function wrong(
  path: string,
  message: string,
  status = 400,
  headers: Readonly<Record<string, string>> = {},
): Refused {
  return new Refused(invalidAt({ operation: "request" }, path, message), status, headers);
}

/** The end of a request that took too long, or whose browser has gone. */
export function ended(error: DynamoDBError): Refused {
  return new Refused(error, error instanceof TimeoutError ? 504 : 499);
}

export function notAllowed(): Refused {
  return new Refused(refusal("AccessDenied", { operation: "request" }), 403);
}

export function notSignedIn(): Refused {
  return new Refused(refusal("MissingAuthenticationToken", { operation: "request" }), 401);
}
