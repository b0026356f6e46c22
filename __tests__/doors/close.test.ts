/** What `close` leaves: nothing. Sockets and timers are real here. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createDataLayer } from "../../src/data-layer.js";
import { AbortedError } from "../../src/errors/aborted-error.js";
import { built } from "../built.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import type { Outcome, Task } from "./close-process.js";

/** A server that takes every request and answers none. */
async function startSilence() {
  const sockets = new Set<Socket>();
  let requests = 0;
  const server = createServer((request) => {
    requests += 1;
    request.resume();
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => requests,
    sockets,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

let silence: Awaited<ReturnType<typeof startSilence>>;
beforeEach(async () => {
  silence = await startSilence();
});
afterEach(() => silence.stop());

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5);
}

/** Runs a process to its end, which it must find by itself. */
async function runToItsEnd(task: Task): Promise<Outcome> {
  const script = built(join(__dirname, "close-process.ts"));
  const child = spawn(process.execPath, [script, JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
  });
  try {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
    });
    const [code, signal] = await once(child, "close");
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    return JSON.parse(text) as Outcome;
  } finally {
    child.kill("SIGKILL");
  }
}

/** What keeps a process alive; the pipe of its output is its own. */
const own = (resources: string[]) => resources.filter((name) => name !== "PipeWrap");

describe("close in the middle of calls that hang", () => {
  test("ends all of them, those that wait for a socket too, and sends nothing more", async () => {
    const { endpoint } = silence;
    const data = createDataLayer({ environment: "local", endpoint });
    const calls = Array.from({ length: 300 }, (_, n) =>
      failureOf(
        data.project.create(
          { userId: "u1", projectId: `p${n}`, data: { name: "P" } },
          // Every other one has a signal of its own, and goes another way through the SDK.
          n % 2 === 0 ? {} : { timeoutMs: 60_000 },
        ),
        AbortedError,
      ),
    );
    await until(() => silence.requests() === 128);
    await data.close();
    for (const { message, operation } of await Promise.all(calls)) {
      expect(operation).toBe("create");
      expect(message).toContain("the data layer is closed");
    }
    await until(() => silence.sockets.size === 0);
    // The server has time to get what should not come (the 128 after the first 128).
    await sleep(100);
    expect(silence.sockets.size).toBe(0);
    expect(silence.requests()).toBe(128);
  });

  test("gives each call an error of its own, that names it", async () => {
    const data = createDataLayer({ environment: "local", endpoint: silence.endpoint });
    const first = failureOf(data.project.delete({ userId: "u1", projectId: "p" }), AbortedError);
    const second = failureOf(data.review.query({ agentId: "a1" }), AbortedError);
    await until(() => silence.requests() === 2);
    await data.close();
    expect(await first).toMatchObject({ operation: "delete", entity: "Project" });
    expect(await second).toMatchObject({ operation: "query", entity: "Review" });
  });

  test("ends calls over a client of the caller's own, which stays open", async () => {
    let sent = 0;
    const destroy = jest.fn();
    const send = () => {
      sent += 1;
      return new Promise(() => undefined);
    };
    const data = createDataLayer({ environment: "local", client: { send, destroy } as never });
    const failed = failureOf(data.project.query({ userId: "u1" }), AbortedError);
    await until(() => sent === 1);
    await data.close();
    await failed;
    expect(destroy).not.toHaveBeenCalled();
  });

  test("leaves a process with nothing, so that it ends by itself", async () => {
    const { before, after, ends } = await runToItsEnd({
      endpoint: silence.endpoint,
      region: "us-east-1",
      tableName: "table",
      callers: 200,
      calls: 200,
    });
    expect(before).toEqual(expect.arrayContaining(["Timeout"]));
    expect(own(after)).toEqual([]);
    expect(new Set(ends)).toEqual(new Set(["ended"]));
  });
});

describe.each(engines)("close under load on $name", (engine) => {
  const table = openTable(engine);

  test("leaves a process with nothing, so that it ends by itself", async () => {
    // Two pages, so that a list is left in its middle.
    const items = Array.from({ length: 14 }, (_, n) => ({
      userId: "u1",
      projectId: `seeded-${n}`,
      data: { name: "x".repeat(100_000) },
    }));
    await table.data.project.batchPut(items);
    const { endpoint, region } = table.data.engine;
    const { before, after, ends } = await runToItsEnd({
      endpoint,
      region,
      tableName: table.data.configuration.tableName,
      callers: 150,
      calls: 300,
    });
    expect(before).toEqual(expect.arrayContaining(["TCPSocketWrap"]));
    expect(own(after)).toEqual([]);
    expect(new Set(ends)).toEqual(new Set(["ended"]));
  });
});
