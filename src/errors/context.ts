/** Which call failed, and how a message names it. */

/** What a call was doing when it failed. */
export interface CallContext {
  /** The method that was called, for instance `update`. */
  readonly operation?: string | undefined;
  /** The entity's name, for instance `SavedContent`. */
  readonly entity?: string | undefined;
  /** The key's parts as text, for instance `userId=u1, contentId=c9`. */
  readonly key?: string | undefined;
}

/** An error that can name its call. */
interface Named {
  operation: string | undefined;
  entity: string | undefined;
}

/** Builds a message: `update SavedContent (userId=u1, contentId=c9): no such item`. */
export function describe(context: CallContext, rule: string): string {
  const call = [context.operation, context.entity, context.key && `(${context.key})`];
  const where = call.filter(Boolean).join(" ");
  return where === "" ? rule : `${where}: ${rule}`;
}

/** Names the call on an error, unless the error already names one. */
export function withContext<E extends Named>(error: E, context: CallContext): E {
  error.operation ??= context.operation;
  error.entity ??= context.entity;
  return error;
}
