/** Whether something that failed may have been carried out nevertheless. */
import { isObject } from "../runtime/objects.js";
import { isOwnError } from "./brand.js";
import { credentialsNames, isCertificateName, refusalNames, unreachedNames } from "./codes.js";
import { lacksRegion } from "./missing-setup.js";
import { isUnsent } from "./notes.js";
import { legible, metadataOf, namesOf } from "./thrown.js";

/**
 * Whether a request that failed with this may have been carried out nevertheless. It is decided here
 * alone. A request that was never sent was not carried out, nor was one that DynamoDB itself refused,
 * by a 4xx with one of its error names. Everything else leaves it open.
 * @param signal the signal that may have ended the request. Its reason is the caller's and says nothing
 * about the request, whatever it looks like
 */
export function leavesOpen(thrown: unknown, signal?: AbortSignal): boolean {
  if (signal?.aborted === true && thrown === signal.reason) return true;
  const error = legible(thrown);
  if (!isObject(error)) return true;
  if (isUnsent(error) || lacksRegion(error)) return false;
  // An error of this package is not a response, whoever threw it.
  if (isOwnError(error)) return true;
  const { attempts = 1, httpStatusCode: status } = metadataOf(error) ?? {};
  // The client below retried by itself: nobody knows what became of its earlier attempts.
  if (attempts > 1) return true;
  const names = namesOf(error);
  if (status === undefined && isUnreached(error, names)) return false;
  if (status !== undefined && (status < 400 || status >= 500)) return true;
  return !names.some((name) => refusalNames.has(name));
}

/**
 * Whether there was no host, no connection in time, no trust in the server or no credentials. An open
 * connection is lost during read or write.
 */
function isUnreached({ syscall }: Record<string, unknown>, names: readonly string[]): boolean {
  if (syscall === "read" || syscall === "write") return false;
  if (syscall === "connect") return true;
  return names.some(
    (name) => unreachedNames.has(name) || credentialsNames.has(name) || isCertificateName(name),
  );
}

/** Marks an error: the call may have been carried out nevertheless. */
export function asOpen<E extends Error & { mayHaveBeenDone: boolean }>(error: E): E {
  if (error.mayHaveBeenDone) return error;
  error.mayHaveBeenDone = true;
  error.message += "; it may have been carried out nevertheless";
  return error;
}
