/** The types of what a handler exposes, from which those of its client are made. */
import type { OfStore, ShownMember, SpecIn } from "../store/shown-types.js";

/** What a user's scope has that is no store and no use case. */
type NotExposed = "userId" | "user" | "transaction";

/** The calls of a store that send nothing, and those of `oauth` that give or take tokens. */
type LocalCall = "check";
type TokenCall = "store" | "get" | "validToken";

/** The calls of a store or of a group of use cases that a handler can expose. */
export type ExposableCall<S, F extends keyof S> = F extends "oauth"
  ? Exclude<keyof S[F] & string, TokenCall>
  : Exclude<keyof S[F] & string, LocalCall>;

type AnyCall = (...given: never[]) => unknown;

/**
 * What a handler exposes of a user's scope: all calls of a store or of a group of use cases (`true`), or
 * those in a list. What is not named is not there.
 */
export type Expose<S> = {
  readonly [F in Exclude<keyof S & string, NotExposed>]?:
    | true
    | (S[F] extends AnyCall ? never : readonly ExposableCall<S, F>[])
    | undefined;
};

/** The scope of one user of a data layer. */
export type ScopeOf<D> = D extends { forUser(userId: string): infer S } ? S : never;

/** A partition has no parts left in a user's scope, so that a client may leave it out. */
type OptionsAlone<M> = M extends (partition: infer _P, options?: infer O) => infer R
  ? (options?: O) => R
  : unknown;

/** Some calls of a store, as a client has them. */
type ClientCalls<T, Names> = {
  readonly [C in keyof Pick<T, Extract<Names, keyof T>>]: C extends "query" | "list" | "count"
    ? T[C] & OptionsAlone<T[C]>
    : C extends "queryBy" | "countBy"
      ? T[C] & OfStore<SpecIn<T>>
      : T[C];
};

/** The part of a user's scope that is exposed, without what is secret. */
export type Exposed<S, E> = {
  readonly [F in Extract<keyof E, Exclude<keyof S, NotExposed>>]: S[F] extends AnyCall
    ? S[F]
    : E[F] extends readonly (infer C)[]
      ? ClientCalls<ShownMember<S, F>, C>
      : ClientCalls<ShownMember<S, F>, ExposableCall<S, F>>;
};

/** Stands in the type of a handler for what it exposes; no value has it. */
declare const exposes: unique symbol;

/** Answers requests, as routes of Next.js, Hono and others of the Fetch API do. */
export interface DataRoute<Api> {
  (request: Request): Promise<Response>;
  readonly [exposes]?: { readonly api: Api } | undefined;
}

/** The API of a handler, for `createDataClient`: `export type Api = ApiOf<typeof GET>`. */
export type ApiOf<Route> = Route extends DataRoute<infer Api> ? Api : never;
