/**
 * Direct requests over TLS, and through a proxy by the agents that applications give: on the
 * application's own connection settings, with certificates checked, on connections that are kept.
 */
import { once } from "node:events";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { Agent, type AgentOptions, createServer } from "node:https";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { HttpsProxyAgent as HpagentProxy, HttpProxyAgent } from "hpagent";
import { HttpsProxyAgent } from "https-proxy-agent";
import { generate } from "selfsigned";
import { createClients } from "../../src/client/client.js";
import { resolveConfiguration } from "../../src/client/config.js";
import type { NativeDocumentClient } from "../../src/client/native-client.js";
import { createDataLayer } from "../../src/data-layer.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { leavesOpen } from "../../src/errors/left-open.js";
import { failureOf } from "../open.js";

const place = { credentials: { accessKeyId: "a", secretAccessKey: "b" } };
const get = () => new GetCommand({ TableName: "table", Key: { PK: "a" } });
let certificate: { readonly key: string; readonly cert: string };
let endpoint: string;
let plainEndpoint: string;
let proxyUrl: string;
/** The connections that each server accepted. */
let connected: { tls: number; proxy: number };
/** What the servers saw: the `host` header and the name in the TLS handshake. */
let seen: { host: string | undefined; servername: unknown; proxied: string | undefined }[];
let refuseTunnels: boolean;
const open = new Set<Socket>();
const servers: Server[] = [];

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

let ids = 0;
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { host, "proxy-connection": proxied } = request.headers;
  const { servername } = request.socket as Socket & { readonly servername?: unknown };
  seen.push({ host, servername, proxied: proxied as string | undefined });
  request.resume().on("end", () => {
    ids += 1;
    response.writeHead(200, { "x-amzn-requestid": `request-${ids}` });
    response.end('{"Item":{"PK":{"S":"a"}}}');
  });
}

beforeAll(async () => {
  const made = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] },
    ],
  });
  certificate = { key: made.private, cert: made.cert };
  const secure = createServer(certificate, answer);
  secure.on("secureConnection", () => {
    connected.tls += 1;
  });
  endpoint = `https://localhost:${await listen(secure)}`;
  plainEndpoint = `http://127.0.0.1:${await listen(createHttpServer(answer))}`;
  const proxy = createHttpServer(answer);
  proxy.on("connection", () => {
    connected.proxy += 1;
  });
  proxy.on("connect", ({ url = "" }: IncomingMessage, socket: Socket) => {
    if (refuseTunnels) return void socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    const [, port] = url.split(":");
    const target = connect(Number(port), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      pipeline(socket, target, socket).catch(() => socket.destroy());
    });
    socket.once("close", () => target.destroy());
  });
  proxyUrl = `http://127.0.0.1:${await listen(proxy)}`;
});
afterAll(() => {
  for (const socket of open) socket.destroy();
  for (const server of servers) server.close();
});
beforeEach(() => {
  connected = { tls: 0, proxy: 0 };
  seen = [];
  refuseTunnels = false;
});

function clientsOver(handler: object, at = endpoint) {
  const configuration = resolveConfiguration({ endpoint: at, ...place }, {});
  const clients = createClients(configuration, handler);
  const document = clients.documentClient as NativeDocumentClient;
  return { document, close: () => clients.client.destroy() };
}

async function send(handler: object, times: number, at?: string) {
  const { document, close } = clientsOver(handler, at);
  try {
    for (let n = 0; n < times; n += 1) {
      expect((await document.send(get())).Item).toEqual({ PK: "a" });
    }
    expect(document.sent).toEqual({ direct: times - 1, sdk: 1 });
  } finally {
    close();
  }
}

describe("over TLS", () => {
  test("all requests take one connection, checked by the certificates of the given agent", async () => {
    await send({ httpsAgent: { keepAlive: true, ca: certificate.cert } }, 5);
    expect(connected.tls).toBe(1);
    expect(seen).toEqual(
      Array.from({ length: 5 }, () => ({ host: new URL(endpoint).host, servername: "localhost" })),
    );
  });

  test("a given agent is used as it is", async () => {
    const httpsAgent = new Agent({ ca: certificate.cert, keepAlive: true });
    await send({ httpsAgent }, 3);
    expect(connected.tls).toBe(1);
  });

  test("a certificate that nobody vouches for ends a direct request as the SDK's, unsent", async () => {
    const options: AgentOptions = { ca: certificate.cert };
    const httpsAgent = new Agent(options);
    const { document, close } = clientsOver({ httpsAgent });
    try {
      await document.send(get());
      // The next connection is made without the authority.
      Object.assign(httpsAgent.options, { ca: [] });
      httpsAgent.destroy();
      // Node's own error, which is of another realm than the test.
      const error: unknown = await document.send(get()).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
      expect(leavesOpen(error)).toBe(false);
      expect(document.sent).toEqual({ direct: 1, sdk: 1 });
      expect(seen).toHaveLength(1);
    } finally {
      close();
    }
  });

  test("a write that met such a certificate was not carried out, and its error says what to do", async () => {
    const data = createDataLayer({ endpoint, tableName: "table", ...place });
    const agent = { userId: "u", data: { name: "n" } };
    const error = await failureOf(data.userProfile.put(agent as never), DynamoDBError);
    data.close();
    expect(error).toMatchObject({ mayHaveBeenDone: false, retryable: false });
    expect(error.message).toContain(
      `self-signed certificate: the certificate of table at ${endpoint} is not trusted; behind a proxy`,
    );
    expect(seen).toEqual([]);
  });
});

describe("through a proxy", () => {
  /** With how many connections five requests are sent. */
  const agents: [string, number, () => object][] = [
    [
      "https-proxy-agent",
      // It makes one for each request (7.0), as it does without this package.
      5,
      () => {
        const agent = new HttpsProxyAgent(proxyUrl, { keepAlive: true });
        // Its constructor (7.0) drops the options of the inner connection.
        return Object.assign(agent, { options: { ...agent.options, ca: certificate.cert } });
      },
    ],
    [
      "hpagent",
      1,
      () => new HpagentProxy({ proxy: proxyUrl, keepAlive: true, ca: certificate.cert }),
    ],
  ];

  test.each(agents)(
    "%s tunnels all requests, over %d connections",
    async (_name, connections, agent) => {
      await send({ httpsAgent: agent() }, 5);
      expect(connected).toEqual({ tls: connections, proxy: connections });
      expect(new Set(seen.map(({ host }) => host))).toEqual(new Set([new URL(endpoint).host]));
    },
  );

  test.each(agents)(
    "a tunnel of %s that is refused is an error, and nothing was sent",
    async (_name, _, agent) => {
      const httpsAgent = agent() as Agent;
      const { document, close } = clientsOver({ httpsAgent });
      try {
        await document.send(get());
        httpsAgent.destroy();
        for (const socket of open) socket.destroy();
        refuseTunnels = true;
        const error: unknown = await document.send(get()).catch((thrown: unknown) => thrown);
        expect(Object.prototype.toString.call(error)).toBe("[object Error]");
        expect(document.sent).toEqual({ direct: 1, sdk: 1 });
        expect(seen).toHaveLength(1);
      } finally {
        close();
      }
    },
  );

  test("a tunnel for plain HTTP as well", async () => {
    const httpAgent = new HttpProxyAgent({ proxy: proxyUrl, keepAlive: true });
    await send({ httpAgent }, 3, plainEndpoint);
    expect(connected.proxy).toBe(1);
    expect(seen).toHaveLength(3);
  });
});
