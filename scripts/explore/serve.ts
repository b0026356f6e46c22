/** The explorer's server, on the loopback interface. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createExplorer, type ExplorerOptions } from "../../src/explorer/handler.js";
import { readPageFiles } from "../../src/explorer/page-files.js";
import { toNodeListener } from "../../src/server/node-listener.js";

/** Nobody else reaches it, by whatever network. */
const host = "127.0.0.1";

export interface ServeOptions
  extends Pick<
    ExplorerOptions,
    "data" | "meter" | "survey" | "ownEntities" | "writable" | "onError"
  > {
  /** 0 for a free one. */
  readonly port: number;
  /** The folder of the built page. */
  readonly page: URL;
}

export interface RunningExplorer {
  /** The address with the token. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the explorer, under a new token.
 * @throws ConfigurationError if the page was not built
 * @throws Error with the code EADDRINUSE if the port is in use
 */
export async function serveExplorer({
  page,
  port,
  ...rest
}: ServeOptions): Promise<RunningExplorer> {
  const files = await readPageFiles(page);
  const token = randomBytes(32).toString("base64url");
  const server = createServer();
  server.listen(port, host);
  await once(server, "listening");
  const { port: taken } = server.address() as AddressInfo;
  const explorer = createExplorer({ ...rest, files, token, port: taken });
  server.on("request", toNodeListener(explorer, { origin: `http://${host}:${taken}` }));
  return {
    url: `http://${host}:${taken}/?token=${token}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, "close");
    },
  };
}
