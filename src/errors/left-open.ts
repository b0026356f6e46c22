/** Whether what failed may have been carried out all the same. */
import { isObject } from "../runtime/objects.js";
import { isOwnError } from "./brand.js";
import { credentialsNames, refusalNames, unreachedNames } from "./codes.js";
import { lacksRegion } from "./missing-setup.js";
import { unsent } from "./notes.js";
import { legible, metadataOf, namesOf } from "./thrown.js";

/**
 * Whether a request that failed so may have been carried out all the same. This alone decides it: a
 * request that was never sent was not carried out, nor was one that DynamoDB itself refused, by a 4xx
 * and a name of its own. Everything else leaves it open.
 * @param signal what may have ended the request: its reason is the caller's, and says nothing about the
 * request, whatever it looks like
 */
export function leavesOpen(thrown: unknown, signal?: AbortSignal): boolean {
  if (signal?.aborted === true && thrown === signal.reason) return true;
  const error = legible(thrown);
  if (!isObject(error)) return true;
  if (unsent.has(error) || lacksRegion(error)) return false;
  // An error of this package's is no answer, whoever threw it.
  if (isOwnError(error)) return true;
  const { attempts = 1, httpStatusCode: status } = metadataOf(error) ?? {};
  // The client below sent it before, by a retry of its own: nobody knows what became of that attempt.
  if (attempts > 1) return true;
  const names = namesOf(error);
  if (status === undefined && isUnreached(error, names)) return false;
  if (status !== undefined && (status < 400 || status >= 500)) return true;
  return !names.some((name) => refusalNames.has(name));
}

/** Whether the request found no host, or no credentials. A connection that stood is lost in other calls. */
function isUnreached({ syscall }: Record<string, unknown>, names: readonly string[]): boolean {
  if (syscall === "read" || syscall === "write") return false;
  return names.some((name) => unreachedNames.has(name) || credentialsNames.has(name));
}

/** Says on an error that the call may have been carried out all the same. */
export function asOpen<E extends Error & { mayHaveBeenDone: boolean }>(error: E): E {
  if (error.mayHaveBeenDone) return error;
  error.mayHaveBeenDone = true;
  error.message += "; it may have been carried out all the same";
  return error;
}
