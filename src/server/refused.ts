/** A request that is refused as a whole, before any of its calls. */
import type { DynamoDBError } from "../errors/dynamodb-error.js";
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

export function notAllowed(): Refused {
  return new Refused(refusal("AccessDenied", { operation: "request" }), 403);
}

export function notSignedIn(): Refused {
  return new Refused(refusal("MissingAuthenticationToken", { operation: "request" }), 401);
}
