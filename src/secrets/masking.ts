/** Secrets of a payload: there for who asks for them, and in nothing that is printed or logged. */
import { inspect } from "node:util";

/** What is shown in place of a secret. */
export const mask = "[secret]";

/** What a console shows of a payload. */
function maskedBy(secrets: readonly string[], data: object): () => object {
  return () => {
    const shown = Object.entries(data).map(([name, value]) => [
      name,
      secrets.includes(name) && value != null ? mask : value,
    ]);
    return Object.fromEntries(shown) as object;
  };
}

/**
 * Makes a console show a payload with its secrets masked. JSON has them: it is how data is passed
 * on, and a mask in place of a token would be stored as one.
 */
export function showsMasked<T>(secrets: readonly string[], data: T): T {
  if (typeof data !== "object" || data === null) return data;
  Object.defineProperty(data, inspect.custom, {
    value: maskedBy(secrets, data),
    configurable: true,
    writable: true,
  });
  return data;
}

/**
 * A copy of an item whose secret fields are masked by `util.inspect` and `JSON.stringify`. Its
 * fields hold what they held.
 */
export function withMaskedSecrets<T>(secrets: readonly string[], item: T): T {
  const { data } = (item ?? {}) as { data?: unknown };
  if (secrets.length === 0 || typeof data !== "object" || data === null) return item;
  const masked = maskedBy(secrets, data);
  const copy = Object.defineProperties(
    { ...data },
    { toJSON: { value: masked }, [inspect.custom]: { value: masked } },
  );
  return { ...item, data: copy };
}
