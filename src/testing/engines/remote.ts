/** An endpoint that is run elsewhere. */
import { ConfigurationError } from "../../errors/configuration-error.js";
import { type Engine, engineAt } from "./contract.js";
import { unreachable } from "./ports.js";

/** Wraps a running endpoint as an engine; closing it does nothing. */
export async function useRemote(url: URL): Promise<Engine> {
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  // A URL has brackets around an IPv6 address. Nothing else does.
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const reason = await unreachable(host, port);
  if (reason !== null) {
    throw new ConfigurationError({
      message: `startEngine: nothing answers at ${url.host} (${reason.message})`,
      cause: reason,
    });
  }
  return engineAt(
    "remote",
    `${url.origin}${url.pathname}`.replace(/\/+$/, ""),
    {
      transactions: true,
      timeToLive: true,
      streams: true,
      oldItemOnConditionFailure: true,
      durable: true,
    },
    () => Promise.resolve(),
  );
}
