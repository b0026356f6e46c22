/** Changes of the user's data, as the handler tells them. */

import { isAbortSignal } from "../runtime/realms.js";
import { settingsOf } from "./client-settings.js";
import { errorOf } from "./errors.js";
import { LiveConnection } from "./live-connection.js";
import type { LiveEvent, LiveState } from "./live-event.js";

export interface LiveOptions {
  /** Ends the listening. */
  readonly signal?: AbortSignal | undefined;
  /** Gets the state whenever it changes, and at the beginning. Without `open`, a page polls. */
  readonly onState?: ((state: LiveState) => void) | undefined;
  /**
   * What has changed since then is told first, or a `reset`: for a page that was rendered on a server. In epoch
   * ms, of the server's clock. It counts when the connection opens, and not for one that is open already.
   */
  readonly since?: number | undefined;
}

const connections = new WeakMap<object, LiveConnection>();

/**
 * Listens to changes of the user's data. All listeners of a client share one connection, which opens with the
 * first and closes with the last. One that is cut is opened again, and goes on where it ended: the changes of
 * an item come in order, none of them twice.
 * @returns ends the listening
 * @throws ConfigurationError for anything but a client, a listener and known options
 * @example
 * const stop = live(api, (event) => console.log(event.kind), { onState: console.log });
 */
export function live<Api extends object>(
  api: Api,
  listener: (event: LiveEvent<Api>) => void,
  options: LiveOptions = {},
): () => void {
  const settings = settingsOf(api);
  const { signal, onState, since, ...rest } = options;
  const [unknown] = Object.keys(rest);
  const wrong =
    settings === undefined
      ? "takes what createDataClient returns"
      : typeof listener !== "function" || (onState !== undefined && typeof onState !== "function")
        ? "takes functions as listener and onState"
        : signal !== undefined && !isAbortSignal(signal)
          ? "signal must be an AbortSignal"
          : since !== undefined && !(Number.isSafeInteger(since) && since >= 0)
            ? "since must be a time in epoch ms"
            : unknown === undefined
              ? undefined
              : `"${unknown}" is not an option: there are signal, onState, since`;
  if (settings === undefined || wrong !== undefined) {
    throw errorOf("ConfigurationError", "ConfigurationError", `live: ${wrong}`);
  }
  const connection = connections.get(api) ?? new LiveConnection(settings);
  connections.set(api, connection);
  if (signal?.aborted) return () => undefined;
  // The types of the stores are those of the client.
  const onEvent = listener as (event: LiveEvent<object>) => void;
  const stop = connection.add({ onEvent, onState }, since);
  signal?.addEventListener("abort", stop);
  return () => {
    signal?.removeEventListener("abort", stop);
    stop();
  };
}
