/**
 * The proxy that the environment names: `HTTPS_PROXY`, `HTTP_PROXY`, and `NO_PROXY` for hosts that are
 * reached without it. Node has that built in (`proxyEnv`) only since 22.21 and 24.5, and this package runs
 * on 22.12: so the tunnels are hpagent's, which keeps its connections.
 */
import { type AgentOptions, Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { HttpProxyAgent, HttpsProxyAgent } from "hpagent";
import { ConfigurationError } from "../../src/index.js";
import { OrderlyHandler } from "../../src/wire/request-handler.js";
import type { Sending } from "./connection.js";

type Variables = Readonly<Record<string, string | undefined>>;

/** As many sockets as without a proxy. */
const sockets: AgentOptions = { keepAlive: true, maxSockets: 128 };

/**
 * How requests to DynamoDB are sent if the environment names a proxy; `undefined` if it names none.
 * @throws ConfigurationError for a proxy that is no URL; its text, which may have a password, is not told
 */
export function proxiedBy(variables: Variables): Sending | undefined {
  const https = proxyIn(variables, "HTTPS_PROXY");
  const http = proxyIn(variables, "HTTP_PROXY");
  if (https === undefined && http === undefined) return undefined;
  const isDirect = directBy(variableOf(variables, "NO_PROXY") ?? "");
  return {
    requestHandler: () =>
      new OrderlyHandler({
        ...(http !== undefined && { httpAgent: new HttpTunnels(http, isDirect) }),
        ...(https !== undefined && { httpsAgent: new HttpsTunnels(https, isDirect) }),
      }),
    initialDelayMs: 100,
    isProxied: ({ protocol, hostname, port }) => {
      const [proxy, usual] = protocol === "https:" ? [https, "443"] : [http, "80"];
      return proxy !== undefined && !isDirect(hostname.toLowerCase(), port || usual);
    },
  };
}

type IsDirect = (host: string, port: string) => boolean;
type Created = Parameters<HttpAgent["createConnection"]>;

class HttpTunnels extends HttpProxyAgent {
  readonly #isDirect: IsDirect;

  constructor(proxy: string, isDirect: IsDirect) {
    super({ ...sockets, proxy });
    this.#isDirect = isDirect;
  }

  override createConnection(...given: Created): ReturnType<HttpAgent["createConnection"]> {
    if (!isDirectTo(given, this.#isDirect)) return super.createConnection(...given);
    return HttpAgent.prototype.createConnection.apply(this, given);
  }
}

class HttpsTunnels extends HttpsProxyAgent {
  readonly #isDirect: IsDirect;

  constructor(proxy: string, isDirect: IsDirect) {
    super({ ...sockets, proxy });
    this.#isDirect = isDirect;
  }

  override createConnection(...given: Created): ReturnType<HttpAgent["createConnection"]> {
    if (!isDirectTo(given, this.#isDirect)) return super.createConnection(...given);
    return HttpsAgent.prototype.createConnection.apply(this, given);
  }
}

function isDirectTo([{ host, port }]: Created, isDirect: IsDirect): boolean {
  return isDirect(String(host ?? "localhost").toLowerCase(), String(port));
}

/** The variable in small letters wins, as with curl. An empty one is none. */
function variableOf(variables: Variables, name: string): string | undefined {
  const [small, large] = [variables[name.toLowerCase()], variables[name]];
  return [small, large]
    .map((text) => text?.trim())
    .find((text) => text !== undefined && text !== "");
}

function proxyIn(variables: Variables, name: string): string | undefined {
  const text = variableOf(variables, name);
  if (text === undefined) return undefined;
  const url = text.includes("://") ? text : `http://${text}`;
  // None of it is told: it may hold a password.
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new ConfigurationError(`${name} must be the http or https URL of a proxy`);
  }
  refuseStrayPercent(name, new URL(url));
  return url;
}

/** A `%` that encodes nothing would end the process at the first tunnel. */
function refuseStrayPercent(name: string, { username, password }: URL): void {
  try {
    for (const text of [username, password]) decodeURIComponent(text);
  } catch {
    throw new ConfigurationError(
      `${name} has a % in its name or password that encodes nothing: write it as %25`,
    );
  }
}

/**
 * Whether a host is reached without the proxy: this machine, and the names of `NO_PROXY`, each with what is
 * below it, and with a port or without. `*` stands for all.
 */
function directBy(list: string): IsDirect {
  const names = list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((name) => name !== "")
    .map((name) => /^(?:\*?\.)?(?<host>.+?)(?::(?<port>\d+))?$/.exec(name)?.groups ?? {});
  return (host, port) =>
    host === "localhost" ||
    host === "::1" ||
    /^127\./.test(host) ||
    names.some((name) => {
      const isPort = name.port === undefined || name.port === port;
      return isPort && (name.host === "*" || name.host === host || host.endsWith(`.${name.host}`));
    });
}
