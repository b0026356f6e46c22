/** Which call failed, and how a message names it. */
import { type ErrorKey, errorKey, keyText } from "./key-text.js";

/** What a call was doing when it failed. */
export interface CallContext {
  /** The method that was called, for instance `update`. */
  readonly operation?: string | undefined;
  /** The entity's name, for instance `SavedContent`. */
  readonly entity?: string | undefined;
  /**
   * The key's parts, which the message names and the error has as its `key`. A text, for instance
   * `userId=u1, contentId=c9`, is only in the message.
   */
  readonly key?: string | Readonly<Record<string, unknown>> | undefined;
}

/** An error that can name its call. */
interface Named {
  operation: string | undefined;
  entity: string | undefined;
  key: ErrorKey | undefined;
}

/** Builds a message: `update SavedContent (userId=u1, contentId=c9): no such item`. */
export function describe(context: CallContext, rule: string): string {
  const key = keyTextOf(context);
  const call = [context.operation, context.entity, key && `(${key})`];
  const where = call.filter(Boolean).join(" ");
  return where === "" ? rule : `${where}: ${rule}`;
}

/** The key as a message names it; empty if the call has none. */
export function keyTextOf({ key = "" }: CallContext): string {
  return typeof key === "string" ? key : keyText(key);
}

/** Names the call on an error, unless the error already names one. */
export function withContext<E extends Named>(error: E, context: CallContext): E {
  // The key belongs to the operation: another call's key would mislead.
  if (error.operation === undefined) error.key ??= errorKey(context.key);
  error.operation ??= context.operation;
  error.entity ??= context.entity;
  return error;
}
