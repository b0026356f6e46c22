/** The settings of a client, for what else the door does with it. */
import type { ClientSettings } from "./client-options.js";

const known = new WeakMap<object, ClientSettings>();

export function noteSettings(api: object, settings: ClientSettings): void {
  known.set(api, settings);
}

/** The settings of a client; `undefined` for anything else. */
export function settingsOf(api: unknown): ClientSettings | undefined {
  return known.get(api as object);
}
