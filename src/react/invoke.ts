/** The calls of an API: of a client in a browser, or of a user's scope on the server. */
import { type CallRule, ruleOf, useCases } from "../browser/calls.js";
import { wrongCall } from "../browser/errors.js";
import { type SecretsOf, secretsKey } from "../call/scope-secrets.js";
import { shownOf } from "../call/shown.js";

/** A call, by its names, and what it is called on. */
export interface Source {
  readonly api: object;
  /** The name of the store, or of the group of use cases. */
  readonly store: string;
  readonly call: string;
  readonly rule: CallRule;
}

/** @throws ValidationError for a call that no API has */
export function sourceOf(api: object, store: string, call: string): Source {
  const rule = ruleOf(store, call);
  if (rule === undefined) {
    throw wrongCall(`createQueries: ${store}.${call}`, "call", "is none that a handler has");
  }
  return { api, store, call, rule };
}

/** Whether the call is one of a use case or a collection, and not of an entity's store. */
export function isUseCase(store: string): boolean {
  return store === "collections" || Object.hasOwn(useCases, store);
}

/** Carries out a call. */
export async function invoke(
  { api, store, call }: Source,
  input: readonly unknown[],
): Promise<unknown> {
  const owner: unknown = Reflect.get(api, store);
  // A use case that is in no group is a function itself.
  const isAlone = isUseCase(store) && store === call;
  const run: unknown = isAlone ? owner : Reflect.get(Object(owner) as object, call);
  if (typeof run !== "function") {
    throw wrongCall(`createQueries: ${store}.${call}`, "call", "is not in this API");
  }
  const result: unknown = await Reflect.apply(run, owner, input);
  // On the server: what a query reads is sent to the browser with the page.
  const secretsOf = secretsIn(Object(owner) as object) ?? secretsIn(api);
  return secretsOf === undefined ? result : shownOf(secretsOf, store, call, result);
}

/** Of a scope, of its collections, or of one of its stores, which may be in an object of the caller's. */
const secretsIn = (of: object) => Reflect.get(of, secretsKey) as SecretsOf | undefined;
