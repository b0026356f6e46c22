/** Reads whatever was thrown: its names, its metadata, its reasons. */
import { isObject } from "../runtime/objects.js";
import type { RawItem } from "../table/table.js";
import { isOwnError } from "./brand.js";

const fieldsOfErrors = ["name", "message", "stack", "code", "Code", "cause", "$retryable"];

/** What was thrown; or an error in its place, if it is a proxy that throws when it is read. */
export function legible(thrown: unknown): unknown {
  if ((typeof thrown !== "object" && typeof thrown !== "function") || thrown === null)
    return thrown;
  try {
    if (isOwnError(thrown)) return thrown;
    for (const field of fieldsOfErrors) Reflect.get(thrown, field);
    for (const part of [metadataOf(thrown), ...cancellationReasonsOf(thrown)]) {
      Object.entries(part ?? {});
    }
    return thrown;
  } catch {
    return new Error("the thrown value cannot be read");
  }
}

/** DynamoDB's longest names have 40; another sender may give one of any length. */
const mostNameCharacters = 100;

/** Its names: `name` and `code`, in this order. Node's own errors are all named "Error". */
export function namesOf(error: Record<string, unknown>): string[] {
  const names = [error.name, error.code, error.Code].filter(
    (name): name is string =>
      typeof name === "string" && name !== "" && name.length <= mostNameCharacters,
  );
  // The SDK's handler names a torn connection "TimeoutError" and leaves Node's code on it.
  const torn = names.find((name) => name === "ECONNRESET" || name === "EPIPE");
  return torn === undefined ? names : [torn];
}

/**
 * The name that says most. Node's own errors are all named "Error", or "AggregateError" if a host has
 * several addresses: only their code says what happened.
 */
export function specificOf(names: readonly string[]): string | undefined {
  return names.find((name) => name !== "Error" && name !== "AggregateError") ?? names[0];
}

interface ResponseMetadata {
  readonly requestId?: string;
  readonly httpStatusCode?: number;
  /** HTTP attempts that the SDK's own retry made. */
  readonly attempts?: number;
  /** The SDK's signer has adopted the service's time from this response. */
  readonly clockSkewCorrected?: boolean;
}

export function metadataOf(error: unknown): ResponseMetadata | undefined {
  if (isOwnError(error)) {
    return {
      ...(error.requestId !== undefined && { requestId: error.requestId }),
      ...(error.statusCode !== undefined && { httpStatusCode: error.statusCode }),
    };
  }
  const metadata = isObject(error) ? error.$metadata : undefined;
  return isObject(metadata) ? (metadata as ResponseMetadata) : undefined;
}

/** The reasons of a cancelled transaction, as the SDK reports them. */
export function cancellationReasonsOf(
  error: unknown,
): readonly { readonly Code?: string; readonly Message?: string; readonly Item?: RawItem }[] {
  const reasons = isObject(error) ? error.CancellationReasons : undefined;
  return Array.isArray(reasons) ? Array.from(reasons, (one: unknown) => one ?? {}) : [];
}

export function isNamedElectroError(error: unknown): error is Error & { cause?: unknown } {
  return isObject(error) && error.name === "ElectroError";
}
