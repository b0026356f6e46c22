/**
 * What the client and the handler say to each other: a request holds calls, and the response a result for
 * each of them, in their order. Reads travel in the query of a GET or in a POST, mutations in a POST alone.
 */

/** Of another version neither side understands the other. */
export const version = 1;

/** The calls of one request. */
export const mostCalls = 20;

/** The parameter of a GET that holds the request. */
export const parameter = "q";

/** The parameter of a GET that asks for changes, as an event stream. */
export const liveParameter = "live";

/** The kinds of its events: a change of an item, and that changes may have been missed. */
export const liveEvents = { change: "change", reset: "reset" } as const;

/** One call of a store, or of a use case. */
export interface WireCall {
  /** The name of the store, or of the group of use cases: `savedContent`, `projects`, `dashboard`. */
  readonly store: string;
  /** The name of the call: `get`. A use case that is in no group has one name: `dashboard`. */
  readonly call: string;
  /** The arguments, encoded. */
  readonly input: readonly unknown[];
  /** Of a mutation: a UUID of the client's, the same whenever it is repeated. */
  readonly id?: string;
}

export interface WireRequest {
  readonly v: typeof version;
  readonly calls: readonly WireCall[];
}

/** An error without its cause. */
export interface WireError {
  readonly name: string;
  readonly code: string | null;
  readonly message: string;
  readonly status: number;
  readonly retryable: boolean;
  readonly issues?: readonly { readonly path: string; readonly message: string }[];
  readonly operation?: string;
  readonly entity?: string;
  readonly key?: Readonly<Record<string, string | number>>;
  readonly mayHaveBeenDone?: boolean;
  /** Further members of the error's class, encoded: `item`, `items`, `written`, `reasons`. */
  readonly more?: unknown;
}

/** The result of one call. */
export type WireResult = { readonly value: unknown } | { readonly error: WireError };

/** A response: a result for each call, or one error for the request as a whole. */
export type WireResponse =
  | { readonly v: typeof version; readonly results: readonly WireResult[] }
  | { readonly error: WireError };
