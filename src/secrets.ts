/** Secrets of a payload: there for who asks for them, and in nothing that is printed or logged. */
import { inspect } from "node:util";

const mask = "[secret]";

/**
 * A copy of an item whose secret fields are masked by `util.inspect` and `JSON.stringify`. Its
 * fields hold what they held.
 */
export function withMaskedSecrets<T>(secrets: readonly string[], item: T): T {
  const { data } = (item ?? {}) as { data?: unknown };
  if (secrets.length === 0 || typeof data !== "object" || data === null) return item;
  const masked = () => {
    const shown = Object.entries(data).map(([name, value]) => [
      name,
      secrets.includes(name) && value != null ? mask : value,
    ]);
    return Object.fromEntries(shown) as object;
  };
  const copy = Object.defineProperties(
    { ...data },
    { toJSON: { value: masked }, [inspect.custom]: { value: masked } },
  );
  return { ...item, data: copy };
}
