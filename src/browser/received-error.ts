/** The errors of a server's response. */
import type { DynamoDBError } from "../errors/dynamodb-error.js";
import { errorOf, hide } from "./errors.js";
import type { WireError } from "./protocol.js";
import { decode } from "./values.js";

/** The error that a server told. @param input the arguments of its call */
export function receivedError(told: WireError, input: readonly unknown[]): DynamoDBError {
  const { name, code, message, status, more, issues, ...options } = told;
  const error = errorOf(name, code ?? undefined, message, { ...options, statusCode: status });
  if (name === "ValidationError") Object.assign(error, { issues: issues ?? [] });
  if (more === undefined) return error;
  const { left, ...members } = decode(more, "error", "more") as {
    readonly left?: readonly number[];
  };
  // Items reach no log.
  for (const [member, value] of Object.entries(members)) hide(error, member, value);
  const [given] = input;
  if (left !== undefined && Array.isArray(given)) {
    hide(
      error,
      "items",
      left.map((index): unknown => given[index]),
    );
    Object.assign(error, { unprocessed: left.length });
  }
  return error;
}
