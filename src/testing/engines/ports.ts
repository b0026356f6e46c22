/** Ports of the loopback interface. */
import { get } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { ConfigurationError } from "../../errors/configuration-error.js";

/** Engines listen only here. */
export const loopback = "127.0.0.1";

/** A port on which nothing listens. Another program may take it before it is used. */
export function freePort(): Promise<number> {
  return probe(0);
}

/**
 * Refuses a port on which nothing can listen.
 *
 * @throws ConfigurationError that names the port and the reason.
 */
export async function requireFreePort(port: number): Promise<void> {
  await probe(port).catch((error: unknown) => {
    throw portError(port, error);
  });
}

/** The error for a port on which listening failed. */
export function portError(port: number, cause?: unknown): ConfigurationError {
  const code = (cause as { code?: unknown } | undefined)?.code ?? "EADDRINUSE";
  const reason =
    code === "EADDRINUSE"
      ? "is already in use; stop what listens there or leave `port` out for a free one"
      : `cannot be listened on (${String(code)})`;
  return new ConfigurationError({
    message: `startEngine: port ${port} on ${loopback} ${reason}`,
    cause,
  });
}

function probe(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port, host: loopback, exclusive: true }, () => {
      const taken = (server.address() as AddressInfo).port;
      server.close(() => resolve(taken));
    });
  });
}

/** Whether an HTTP server responds on the port, whatever the response. */
export function answersHttp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: loopback, port, agent: false, timeout: 1_000 }, (response) => {
      response.resume();
      resolve(true);
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(false));
  });
}

/** Why a host and port cannot be reached; `null` if they can. Waits at most 5 s. */
export function unreachable(host: string, port: number): Promise<Error | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (error: Error | null): void => {
      socket.destroy();
      resolve(error);
    };
    socket.setTimeout(5_000, () => done(new Error("no response within 5 s")));
    socket.once("connect", () => done(null));
    socket.once("error", done);
  });
}
