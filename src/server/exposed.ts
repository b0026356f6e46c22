/** The calls that a handler exposes: those that the application names, and nothing else of what there is. */

import { type CallRule, collectionRule, storeCalls, useCases } from "../browser/calls.js";
import { nearestName } from "../call/options.js";
import { ConfigurationError, readSettings } from "../errors/configuration-error.js";
import { isObject } from "../runtime/objects.js";
import { isPlainMap } from "../values/payload.js";

/** What `data.forUser(userId)` gives, of whatever entities. */
export type AnyScope = Readonly<Record<string, unknown>>;

/** A call that is exposed. */
export interface ExposedCall {
  readonly store: string;
  readonly call: string;
  readonly rule: CallRule;
  /** Whose calls it is one of: of an entity's store, or of what spans entities. */
  readonly of: "store" | "useCases" | "collections";
}

/** Looks up an exposed call by two names that anybody may have sent. */
export type Exposed = (store: string, call: string) => ExposedCall | undefined;

export interface ExposedCalls {
  readonly exposed: Exposed;
  /** The entities' stores that are named, even with no call. */
  readonly exposedStores: readonly string[];
}

/**
 * Reads what the application exposes.
 * @param scope the scope of any user: it shows what there is
 * @param stores the names of the stores
 * @throws ConfigurationError for a store or a call that is none
 */
export function exposedCalls(
  name: string,
  expose: unknown,
  scope: AnyScope,
  stores: readonly string[],
): ExposedCalls {
  return readSettings(`${name}: expose`, () => {
    if (expose !== undefined && !isPlainMap(expose)) {
      throw new ConfigurationError(`${name}: expose must be an object of stores and their calls`);
    }
    const all = new Map<string, ReadonlyMap<string, ExposedCall>>();
    for (const [store, given] of Object.entries(expose ?? {})) {
      if (given === undefined || given === false) continue;
      const known = callsOf(store, scope, stores);
      if (known === undefined) {
        const names = [...stores, ...Object.keys(useCases), "collections"].filter((one) =>
          Object.hasOwn(scope, one),
        );
        throw new ConfigurationError(
          `${name}: expose: ${unknown(store, "a store or a use case of a user's", names)}`,
        );
      }
      all.set(store, chosen(`${name}: expose.${store}`, given, known));
    }
    return {
      exposed: (store, call) => all.get(store)?.get(call),
      exposedStores: stores.filter((store) => all.has(store)),
    };
  });
}

/** The calls that can be exposed under a name; `undefined` if there is nothing of that name. */
function callsOf(
  store: string,
  scope: AnyScope,
  stores: readonly string[],
): ReadonlyMap<string, ExposedCall> | undefined {
  if (!Object.hasOwn(scope, store)) return undefined;
  const made = (of: ExposedCall["of"], rules: Readonly<Record<string, CallRule>>) =>
    new Map(
      Object.entries(rules).map(([call, rule]): [string, ExposedCall] => [
        call,
        { store, call, rule, of },
      ]),
    );
  if (stores.includes(store)) return made("store", storeCalls);
  if (store === "collections") {
    const names = Object.keys(scope.collections as object);
    return made(
      "collections",
      Object.fromEntries(names.map((name) => [name, collectionRule(name)])),
    );
  }
  return Object.hasOwn(useCases, store) ? made("useCases", useCases[store] ?? {}) : undefined;
}

function chosen(
  place: string,
  given: unknown,
  known: ReadonlyMap<string, ExposedCall>,
): ReadonlyMap<string, ExposedCall> {
  if (given === true) return known;
  if (!Array.isArray(given)) {
    throw new ConfigurationError(`${place} must be true, or a list of its calls`);
  }
  return new Map(
    given.map((call: unknown) => {
      const found = typeof call === "string" ? known.get(call) : undefined;
      if (found === undefined) {
        throw new ConfigurationError(
          `${place}: ${unknown(call, "a call that can be exposed", [...known.keys()])}`,
        );
      }
      return [found.call, found];
    }),
  );
}

function unknown(given: unknown, what: string, known: readonly string[]): string {
  const name = typeof given === "string" ? given : typeof given;
  const near = nearestName(name, known);
  const hint = near === undefined ? `: there are ${known.join(", ")}` : `; did you mean "${near}"?`;
  return `${JSON.stringify(name.slice(0, 80))} is not ${what}${hint}`;
}

/** Carries out an exposed call in a user's scope. */
export function callIn(
  scope: AnyScope,
  { store, call, rule }: ExposedCall,
  input: readonly unknown[],
) {
  const owner: unknown = scope[store];
  const name = rule.as ?? call;
  const run: unknown = isObject(owner) ? owner[name] : owner;
  if (typeof run !== "function") throw new TypeError(`${store}.${name} is no function`);
  return Reflect.apply(run, owner, input) as unknown;
}
