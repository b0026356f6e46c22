/** What may leave the server of what a call returns: routes send it, and pages that are rendered there. */
import { isObject } from "../runtime/objects.js";
import type { SecretsOf } from "./scope-secrets.js";

interface ReadCall {
  readonly store: string;
  readonly call: string;
  readonly of: "store" | "useCases" | "collections";
}

/** The store whose items a use case returns, if these have secrets. */
const storeOfUseCase: Readonly<Record<string, string>> = { oauth: "oauthToken" };

/** What a call returned, without the secret fields of any item in it. */
export function withoutSecrets(
  { store, call, of }: ReadCall,
  result: unknown,
  secretsOf: SecretsOf,
): unknown {
  if (of === "store") return itemsWithout(secretsOf(store), result);
  if (of === "useCases") return itemsWithout(secretsOf(storeOfUseCase[store] ?? ""), result);
  if (call === "recent" && Array.isArray(result)) {
    return result.map((item: { readonly entity: string }) =>
      itemsWithout(secretsOf(item.entity), item),
    );
  }
  const lists = Object.entries(result as object).map(([name, items]) => [
    name,
    itemsWithout(secretsOf(name), items),
  ]);
  return Object.fromEntries(lists);
}

/** An item, a list of items, a page of them, or an item and what was there before. */
export function itemsWithout(secrets: readonly string[] = [], result: unknown): unknown {
  if (secrets.length === 0 || typeof result !== "object" || result === null) return result;
  if (Array.isArray(result)) return result.map((one) => itemsWithout(secrets, one));
  const { data } = result as { readonly data?: unknown };
  if (isObject(data) && !Array.isArray(data)) {
    const left = Object.entries(data).filter(([name]) => !secrets.includes(name));
    return { ...result, data: Object.fromEntries(left) };
  }
  const members = Object.entries(result).map(([name, one]) => [name, itemsWithout(secrets, one)]);
  return Object.fromEntries(members);
}

/** What of a scope's result may be sent to a browser, in a page that is rendered on the server. */
export function shownOf(
  secretsOf: SecretsOf,
  store: string,
  call: string,
  result: unknown,
): unknown {
  const isStore = secretsOf(store) !== undefined;
  const of = isStore ? "store" : store === "collections" ? store : "useCases";
  return withoutSecrets({ store, call, of }, result, secretsOf);
}
