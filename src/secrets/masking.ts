/**
 * Masks a payload's secrets. The fields still contain them, but printed or logged output shows a mask.
 */
import { inspect } from "node:util";

/** The text that is shown in place of a secret. */
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
 * Makes a console show a payload with its secrets masked. JSON still contains them, because data is
 * passed on as JSON, and a mask in place of a token would be stored as the token.
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
 * A copy of an item whose secret fields are masked by `util.inspect` and `JSON.stringify`. The fields
 * themselves are unchanged.
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
