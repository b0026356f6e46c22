/**
 * Limits the time to connect. The SDK's own limit (@smithy/node-http-handler 4.14) ends with the TCP
 * connection: a TLS handshake that is never answered would take as long as a response may.
 */
import type { ClientRequest } from "node:http";
import type { Socket } from "node:net";
import timers from "node:timers";

// Node's own, so that fake timers neither stop the limit nor see it.
const { setTimeout, clearTimeout } = timers;

/** What Node's HTTP client calls of an agent, whoever made it. */
interface Connecting {
  addRequest(request: ClientRequest, ...given: unknown[]): unknown;
}

/**
 * The same agent, whose requests end with a TimeoutError if they have no connection in time, over which
 * they can be sent at once. The agent itself is not changed: it may be the application's.
 */
export function limitingConnect<A extends object>(agent: A, limitMs: number): A {
  const { addRequest } = agent as unknown as Connecting;
  // Something that Node's client does not call this way.
  if (typeof addRequest !== "function") return agent;
  const adding: typeof addRequest = (request, ...given) => {
    limitConnect(request, limitMs);
    return addRequest.call(agent, request, ...given);
  };
  return new Proxy(agent, {
    get: (_, name) => {
      if (name === "addRequest") return adding;
      const member: unknown = Reflect.get(agent, name);
      // A class may have private members, so its methods need the agent itself as `this`.
      return typeof member === "function" ? member.bind(agent) : member;
    },
  });
}

/** Ends a request that has no connection in time. */
export function limitConnect(request: ClientRequest, limitMs: number): void {
  const timer = setTimeout(() => {
    const error = tooLate(limitMs);
    request.destroy(error);
    // Without a socket Node says nothing until there is one, and an agent with a tunnel may have none.
    if (!request.socket) request.emit("error", error);
  }, limitMs);
  const end = () => clearTimeout(timer);
  request.once("close", end);
  request.once("socket", (socket: Socket & { readonly secureConnecting?: boolean }) => {
    if (socket.secureConnecting === true) socket.once("secureConnect", end);
    else if (socket.connecting) socket.once("connect", end);
    else end();
  });
}

/** In the form of Node's own time-out of a connection, from which it is known that nothing was sent. */
function tooLate(limitMs: number): Error {
  const message = `the server did not accept a connection within ${limitMs} ms`;
  const own = { name: "TimeoutError", code: "ETIMEDOUT", syscall: "connect" };
  return Object.assign(new Error(message), own);
}
