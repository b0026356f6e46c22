/** Keeps the secret fields of payloads on the server: none is asked for, compared or sent. */
import { secretsOf } from "../entity/declared-payload.js";
import type { Declaration } from "../entity/model.js";
import type { ValidationIssue } from "../errors/validation-error.js";
import { isObject } from "../runtime/objects.js";
import { isPlainMap } from "../values/payload.js";
import type { ExposedCall } from "./exposed.js";

/** The secret fields of the entity with this store. */
export type SecretsOf = (store: string) => readonly string[];

export function secretsIn(definitions: Readonly<Record<string, Declaration>>): SecretsOf {
  return (store) => {
    const definition = Object.hasOwn(definitions, store) ? definitions[store] : undefined;
    return definition === undefined ? [] : secretsOf(definition);
  };
}

/** The store whose items a use case returns, if these have secrets. */
const storeOfUseCase: Readonly<Record<string, string>> = { oauth: "oauthToken" };

/**
 * Whether a path leads into a secret field. Lists are read to the bottom, because a list is as good a name as
 * the text in it; what is neither a list nor a text names no field, and is the store's to refuse.
 */
export function isSecretField(path: unknown, secrets: readonly string[]): boolean {
  const [first] = [path].flat(Number.POSITIVE_INFINITY);
  return typeof first === "string" && secrets.includes(first);
}

/** The issues of options that ask for secret fields, or compare them. */
export function secretIssues(
  options: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
): ValidationIssue[] {
  if (secrets.length === 0) return [];
  const { where, fields } = options;
  const compared = isObject(where) ? Object.keys(where) : [];
  const asked: readonly unknown[] = Array.isArray(fields) ? fields : [];
  const told = (path: string, field: unknown, message: string) =>
    isSecretField(field, secrets) ? [{ path, message }] : [];
  return [
    ...compared.flatMap((name) =>
      told(`where.${name}`, name, "is secret: it cannot be compared from outside"),
    ),
    ...asked.flatMap((name, index) =>
      told(`fields.${index}`, name, "is secret: it never leaves the server"),
    ),
  ];
}

/** What a call returned, without the secret fields of any item in it. */
export function withoutSecrets(
  { store, call, of }: ExposedCall,
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
export function itemsWithout(secrets: readonly string[], result: unknown): unknown {
  if (secrets.length === 0 || typeof result !== "object" || result === null) return result;
  if (Array.isArray(result)) return result.map((one) => itemsWithout(secrets, one));
  const { data } = result as { readonly data?: unknown };
  if (isPlainMap(data)) {
    const left = Object.entries(data).filter(([name]) => !secrets.includes(name));
    return { ...result, data: Object.fromEntries(left) };
  }
  const members = Object.entries(result).map(([name, one]) => [name, itemsWithout(secrets, one)]);
  return Object.fromEntries(members);
}
