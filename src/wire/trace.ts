/** The trace that a request belongs to. Lambda gives each invocation one, and the SDK sends its id. */

/** Sent, but not signed. */
export const traceHeader = "X-Amzn-Trace-Id";

/** Where Lambda's runtime and the SDK keep what belongs to one invocation (@aws/lambda-invoke-store 0.2). */
interface InvokeStore {
  getXRayTraceId?(): string | undefined;
  getTraceparent?(): string | undefined;
}

interface Lambda {
  readonly awslambda?: { readonly InvokeStore?: InvokeStore | undefined } | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The headers by which a request's trace is known, as the SDK sets them.
 * @returns `undefined` if only the SDK knows them
 */
export function traceHeaders(
  isLambda: boolean,
  variables: Variables,
): Readonly<Record<string, string>> | undefined {
  const store = (globalThis as Lambda).awslambda?.InvokeStore;
  // These are signed headers, which a template may not have.
  if (store?.getTraceparent?.()) return undefined;
  if (!isLambda) return none;
  if (store === undefined) return undefined;
  const id = store.getXRayTraceId?.() ?? variables._X_AMZN_TRACE_ID;
  return id ? { [traceHeader]: id } : none;
}

const none = {};
