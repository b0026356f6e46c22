/** A client and a handler with real HTTP between them. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createDataClient, type DataClientOptions } from "../../src/browser/index.js";
import type { UserScope } from "../../src/index.js";
import { type DataHandler, toNodeListener } from "../../src/server/index.js";
import { type Opened, openTable } from "../open.js";
import { cursorSecret, handlerOf } from "../server/serving.js";

/** What the tests' handler exposes, as a client sees it: everything but what never travels. */
export type Api = Omit<UserScope, "userId" | "user" | "transaction">;

/** One HTTP request as the client made it. */
export interface Seen {
  readonly method: string;
  readonly calls: readonly {
    readonly store: string;
    readonly call: string;
    readonly id?: string;
  }[];
}

export interface Served {
  readonly table: Opened;
  readonly url: string;
  /** The requests since the last look. */
  seen(): Seen[];
  /** Makes a client of this user's; `fetch` may fail around the real one. */
  client(options?: Partial<DataClientOptions> & { readonly user?: string }): Api;
}

/** Serves a table to the tests of a `describe`. */
export function serveTable(engine: string, options: object = {}): Served {
  const table = openTable({ name: engine, engine, cursorSecret });
  let server: Server | undefined;
  let url = "";
  const requests: Seen[] = [];
  beforeAll(async () => {
    const handler: DataHandler<unknown> = handlerOf(table.data, options);
    server = createServer(toNodeListener(handler)).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/data`;
  });
  afterAll(async () => {
    server?.closeAllConnections();
    server?.close();
  });
  const noting = (inner: typeof fetch): typeof fetch => {
    return (input, init) => {
      const text = init?.body ?? new URL(String(input)).searchParams.get("q") ?? `{"calls":[]}`;
      const { calls } = JSON.parse(String(text)) as Pick<Seen, "calls">;
      requests.push({
        method: init?.method ?? "GET",
        calls: calls.map(({ store, call, id }) => ({
          store,
          call,
          ...(id !== undefined && { id }),
        })),
      });
      return inner(input, init);
    };
  };
  return {
    get table() {
      return table;
    },
    get url() {
      return url;
    },
    seen: () => requests.splice(0),
    client: ({ user = "me", ...given } = {}) =>
      createDataClient<Api>({
        url,
        headers: { "x-test-user": user },
        ...given,
        fetch: noting(given.fetch ?? fetch),
      }),
  };
}

type Fetch = typeof fetch;

/** A network that loses the first so many requests: before they arrive, or their answers. */
export function losing(times: number, what: "request" | "answer"): Fetch {
  let left = times;
  return async (input, init) => {
    const isLost = left > 0;
    left -= 1;
    if (isLost && what === "request") throw new TypeError("fetch failed");
    const response = await fetch(input, init);
    if (!isLost) return response;
    await response.arrayBuffer();
    throw new TypeError("fetch failed");
  };
}
