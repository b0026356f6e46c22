/** The handler behind `node:http`, with real sockets: slow, aborted, oversized and malformed requests. */

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { toNodeListener } from "../../src/server/index.js";
import { engines } from "../engines.js";
import { openTable } from "../open.js";
import { cursorSecret, handlerOf, textOf } from "./serving.js";

const query = { store: "project", call: "query", input: [] };

describe.each(engines)("a server on $name", ({ engine }) => {
  const table = openTable({ name: engine, engine, cursorSecret });
  let server: Server;
  let origin: string;
  const failures: unknown[] = [];
  beforeAll(async () => {
    server = createServer(
      toNodeListener(
        handlerOf(table.data, {
          bodyLimit: 100_000,
          onError: (error: unknown) => failures.push(error),
        }),
      ),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const post = (body: string, init: RequestInit = {}) =>
    fetch(`${origin}/api/data`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", "x-test-user": "me", origin },
      ...init,
    });
  /** What comes back for bytes as they are. */
  const raw = async (text: string): Promise<string> => {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => {
      answer += String(chunk);
    });
    socket.end(text);
    await once(socket, "close");
    return answer;
  };

  test("answers a POST and a GET", async () => {
    expect((await post(textOf([query]))).status).toBe(200);
    const address = `${origin}/api/data?q=${encodeURIComponent(textOf([query]))}`;
    const response = await fetch(address, { headers: { "x-test-user": "me" } });
    expect([response.status, await response.json()]).toEqual([
      200,
      { v: 1, results: [{ value: { items: [], cursor: null, previous: null } }] },
    ]);
  });

  test("refuses a large body without waiting for its end", async () => {
    const headers = `POST /api/data HTTP/1.1\r\nhost: x\r\nx-test-user: me\r\ncontent-type: application/json\r\n`;
    const answer = await raw(`${headers}content-length: 999999999\r\n\r\n{`);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
  });

  test("takes no user, host or origin from the request's target", async () => {
    for (const target of ["//evil.example.com/api?q=1", "http://evil.example.com/api", "*"]) {
      const answer = await raw(`GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    }
  });

  test("an abort of the browser ends the reads that it waits for", async () => {
    table.data.wire.clear();
    table.data.wire.inject({ fault: "slow", operation: "Query", delayMs: 5_000 });
    failures.length = 0;
    const aborting = new AbortController();
    const response = post(textOf([query]), { signal: aborting.signal });
    while (table.data.wire.requests.length === 0) await new Promise(setImmediate);
    aborting.abort();
    await expect(response).rejects.toThrow();
    while (failures.length === 0) await new Promise(setImmediate);
    expect(failures).toMatchObject([{ code: "AbortError", operation: "query" }]);
    // The server goes on.
    expect((await post(textOf([query]))).status).toBe(200);
    table.data.wire.clear();
  });

  test("a method that the Fetch API refuses is answered (it ended the process)", async () => {
    for (const method of ["TRACE", "TRACK"]) {
      const answer = await raw(`${method} / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      // Node's parser refuses what it does not know.
      expect(answer).toMatch(/^HTTP\/1\.1 40[05] /);
    }
    expect((await post(textOf([query]))).status).toBe(200);
  });

  test("what authenticate throws ends no process of which nobody listens to the response", async () => {
    const warned = jest.spyOn(process, "emitWarning").mockReturnValue();
    const authenticate = () => {
      throw new Error("canary");
    };
    const failing = createServer(toNodeListener(handlerOf(table.data, { authenticate })));
    await once(failing.listen(0, "127.0.0.1"), "listening");
    const { port } = failing.address() as AddressInfo;
    try {
      for (let n = 0; n < 2; n += 1) {
        expect((await fetch(`http://127.0.0.1:${port}/?q=x`)).status).toBe(500);
      }
      expect(warned.mock.calls).toEqual(
        Array.from({ length: 2 }, () => ["toNodeListener: a request failed: Error"]),
      );
    } finally {
      warned.mockRestore();
      failing.closeAllConnections();
      failing.close();
    }
  });

  test("what authenticate throws ends in a 500 without a word, and in an error of the response", async () => {
    const failure = new Error("canary");
    const failing = createServer((message, response) => {
      response.on("error", (error) => seen.push(error));
      const authenticate = async () => {
        throw failure;
      };
      toNodeListener(handlerOf(table.data, { authenticate }))(message, response);
    });
    const seen: unknown[] = [];
    failing.listen(0, "127.0.0.1");
    await once(failing, "listening");
    const { port } = failing.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/?q=x`);
    expect([response.status, await response.text(), seen]).toEqual([500, "", [failure]]);
    failing.closeAllConnections();
    failing.close();
  });
});
