/**
 * A process that is frozen between two calls, as Lambda freezes one between two invocations, while the
 * connections end that it keeps: it learns of that only when it goes on, or when it sends into them.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createTestDataLayer } from "../../src/testing/index.js";
import { built } from "../built.js";
import { engines } from "../engines.js";
import type { Outcome } from "./frozen-process.js";

const [{ engine }] = engines as [(typeof engines)[number]];

/** What becomes of the connections that a frozen process keeps. */
const ends = {
  "has closed": (socket: Socket) => socket.destroy(),
  // Something between the two has: nobody tells the process, and what it sends is answered with a reset.
  "has forgotten": (socket: Socket) => {
    socket.unpipe();
    socket.removeAllListeners("data");
    socket.on("data", () => socket.resetAndDestroy()).resume();
  },
} as const;

/** Passes bytes on to an engine, and tells what was asked for. */
async function startFront(target: URL) {
  const operations: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const engine = connect(Number(target.port), target.hostname);
    sockets.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
      engine.destroy();
    });
    for (const one of [socket, engine]) one.on("error", () => undefined);
    socket.on("data", (bytes) => {
      const [, operation] = /x-amz-target: \w+\.(\w+)/i.exec(bytes.toString("latin1")) ?? [];
      if (operation !== undefined) operations.push(operation);
    });
    socket.pipe(engine).pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { server, sockets, operations, endpoint: `http://127.0.0.1:${port}` };
}

// Windows has no signal that freezes a process.
const onPosix = process.platform === "win32" ? test.skip : test;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

onPosix.each(Object.keys(ends) as (keyof typeof ends)[])(
  "each call after it was frozen is carried out once, if the other end %s its connections",
  async (how) => {
    await using data = await createTestDataLayer({ engine });
    const front = await startFront(new URL(data.engine.endpoint));
    const { sockets, operations, endpoint } = front;
    const options = {
      environment: "development",
      endpoint,
      region: data.engine.region,
      tableName: data.configuration.tableName,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    };
    const script = built(join(__dirname, "frozen-process.ts"));
    const stdio = ["pipe", "pipe", "inherit"] as ["pipe", "pipe", "inherit"];
    const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio });
    children.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const outcome = async () => JSON.parse((await lines.next()).value as string) as Outcome;
    const call = (line: string) => child.stdin.write(`${line}\n`);
    for (const line of ["put first", "get", "update second"]) {
      call(line);
      await outcome();
    }
    const before = operations.length;
    const rounds = ["put", "get", "update", "put", "get", "update"];
    let sent = { direct: 0, sdk: 0 };
    for (const [round, operation] of rounds.entries()) {
      child.kill("SIGSTOP");
      const line = `${operation} n${round}`;
      expect(sockets.size).toBeGreaterThan(0);
      for (const socket of sockets) ends[how](socket);
      call(line);
      child.kill("SIGCONT");
      const { result, sent: now } = await outcome();
      const name = operation === "get" ? `n${round - 1}` : `n${round}`;
      expect([line, result]).toEqual([line, name]);
      sent = now;
    }
    // What is sent into a closed connection never arrives: it is sent once more.
    expect(operations.slice(before)).toEqual(
      rounds.map((operation) => (operation === "get" ? "GetItem" : "UpdateItem")),
    );
    // The first of both operations is the SDK's, and the update before the freezing was direct.
    const direct = 1 + rounds.length;
    expect(sent.sdk).toBe(2);
    if (how === "has forgotten") expect(sent.direct).toBe(direct + rounds.length);
    // Where the process learns first that a connection was closed, it sends nothing into it.
    else expect(sent.direct - direct).toBeLessThanOrEqual(rounds.length);
    child.stdin.end();
    await once(child, "exit");
    expect(child.exitCode).toBe(0);
    front.server.close();
    await once(front.server, "close");
  },
);
