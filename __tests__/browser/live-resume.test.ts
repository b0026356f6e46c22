/** Connections that are cut, end in their time, meet another instance or a stopped server: nothing lost, nothing twice. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createDataClient, type LiveEvent } from "../../src/browser/index.js";
import {
  type ChangeHub,
  type ChangeHubOptions,
  createChangeHub,
  toNodeListener,
} from "../../src/server/index.js";
import { engines } from "../engines.js";
import { openTable } from "../open.js";
import { cursorSecret, handlerOf } from "../server/serving.js";
import { cuttingProxy } from "./cutting-proxy.js";
import { changeOf, listen, until } from "./listening.js";
import type { Api } from "./serving.js";

interface Instance {
  readonly hub: ChangeHub;
  readonly port: number;
  readonly server: Server;
}

const idsOf = (events: readonly LiveEvent<Api>[]) =>
  events.map((event) => (event.kind === "reset" ? "reset" : event.id));

/** Numbers of a seed: mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("a connection", () => {
  const [{ engine } = { engine: "" }] = engines;
  const table = openTable({ name: engine, engine, cursorSecret });
  const instances: Instance[] = [];
  const instance = async (options: ChangeHubOptions = {}): Promise<Instance> => {
    const hub = createChangeHub(options);
    const server = createServer(toNodeListener(handlerOf(table.data, { live: hub })));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const made = { hub, server, port: (server.address() as AddressInfo).port };
    instances.push(made);
    return made;
  };
  afterEach(() => {
    for (const { hub, server } of instances.splice(0)) {
      hub.close();
      server.closeAllConnections();
      server.close();
    }
  });
  const clientOf = (url: string, user = "me") =>
    createDataClient<Api>({ url, headers: { "x-test-user": user } });
  const urlOf = ({ port }: Instance) => `http://127.0.0.1:${port}/api/data`;

  const seed = Number(process.env.COAGENT_TEST_SEED ?? Date.now() % 1_000_000);
  test.each([
    ["cut at any byte", 1, {}],
    ["cut, and ended every 60 ms", 1, { connectionMs: 60 }],
    ["cut, and opened again at another instance each time", 3, {}],
  ] as const)(
    `that is %s tells every change once, in order (seed ${seed})`,
    async (_, count, options) => {
      const random = randomOf(seed);
      const all: Instance[] = [];
      for (let index = 0; index < count; index += 1) all.push(await instance(options));
      const ports = all.map(({ port }) => port);
      const proxy = await cuttingProxy(ports, () => 300 + Math.floor(random() * 600));
      // An instance keeps changes from its first request on.
      for (const one of all) {
        const response = await fetch(`${urlOf(one)}?live`, { headers: { "x-test-user": "me" } });
        await response.body?.cancel();
      }
      // What another instance tells is what it got since ten seconds before it was left.
      const ahead = shifted(11_000);
      if (count > 1) jest.spyOn(Date, "now").mockImplementation(ahead);
      const heard = listen(clientOf(proxy.url));
      try {
        await until(() => heard.states.includes("open"));
        const published: string[] = [];
        for (let index = 0; index < 60; index += 1) {
          const own = changeOf("me", `c${index % 5}`, index);
          published.push(own.id);
          const batch = [own, changeOf("other", "theirs")];
          for (const { hub } of all) {
            const order = random() < 0.5 ? batch : [...batch].reverse();
            for (const change of order) hub.publish(change);
            // A stream delivers at least once.
            if (random() < 0.3) hub.publish(own);
          }
          if (random() < 0.7) await sleep(random() * 25);
        }
        proxy.spare();
        await until(() => heard.events.length >= published.length);
        await sleep(100);
        expect(proxy.cuts).toBeGreaterThan(0);
        expect(idsOf(heard.events)).toEqual(published);
        expect(JSON.stringify(heard.events)).not.toMatch(/theirs|canary|"me"/);
      } finally {
        jest.restoreAllMocks();
        heard.stop();
        await proxy.close();
      }
    },
    60_000,
  );

  test("that ends in its time is opened again without a word", async () => {
    const one = await instance({ connectionMs: 50 });
    let connections = 0;
    one.server.on("request", () => {
      connections += 1;
    });
    const heard = listen(clientOf(urlOf(one)));
    await until(() => connections >= 4);
    one.hub.publish(changeOf("me", "late"));
    await until(() => heard.events.length === 1);
    expect(heard.states).toEqual(["open"]);
    heard.stop();
  });

  test("that works nowhere is opened again ever more slowly (ten times a second)", async () => {
    let connections = 0;
    const server = createServer((_, response) => {
      connections += 1;
      response.setHeader("content-type", "text/event-stream");
      response.end(": nothing\n\n");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const warnings: string[] = [];
    const onWarning = ({ name }: Error) => warnings.push(name);
    process.on("warning", onWarning);
    const pauses: number[] = [];
    const timers = jest.spyOn(globalThis, "setTimeout");
    const { port } = server.address() as AddressInfo;
    // Its pauses are taken at once.
    timers.mockImplementation(((run: () => void, ms = 0) => {
      if (ms < 30_000) pauses.push(ms);
      return ms < 30_000 ? setImmediate(run) : setInterval(() => undefined, 1e6).unref();
    }) as never);
    const heard = listen(clientOf(`http://127.0.0.1:${port}/`));
    try {
      while (connections < 16) await new Promise((resolve) => setImmediate(resolve));
    } finally {
      timers.mockRestore();
      heard.stop();
      process.off("warning", onWarning);
      server.closeAllConnections();
      server.close();
    }
    expect(Math.max(...pauses)).toBeGreaterThan(2_000);
    // Each pause listened to the signal for ever.
    expect(warnings).toEqual([]);
  });

  test("whose reader was away for longer than changes are kept is told so, and goes on", async () => {
    const one = await instance({ mostPerUser: 5, connectionMs: 50 });
    let isAway = false;
    const api = createDataClient<Api>({
      url: urlOf(one),
      headers: { "x-test-user": "me" },
      fetch: (input, init) =>
        isAway ? Promise.reject(new TypeError("fetch failed")) : fetch(input, init),
    });
    const heard = listen(api);
    await until(() => heard.states.includes("open"));
    isAway = true;
    await until(() => heard.states.includes("lost"));
    for (let index = 0; index < 6; index += 1) one.hub.publish(changeOf("me", "c"));
    isAway = false;
    await until(() => heard.states.at(-1) === "open");
    const change = changeOf("me", "c");
    one.hub.publish(change);
    await until(() => heard.events.length >= 2);
    expect(idsOf(heard.events)).toEqual(["reset", change.id]);
    expect(heard.states).toEqual(["open", "lost", "open"]);
    heard.stop();
  });

  test("that goes on at an instance that has just begun is told that changes may be missing", async () => {
    const first = await instance();
    const second = await instance();
    const proxy = await cuttingProxy([first.port, second.port], () => 10_000);
    const heard = listen(clientOf(proxy.url));
    await until(() => heard.states.includes("open"));
    first.hub.close();
    first.server.closeAllConnections();
    await until(() => heard.events.length > 0);
    expect(idsOf(heard.events)).toEqual(["reset"]);
    const change = changeOf("me", "c");
    second.hub.publish(change);
    await until(() => heard.events.length > 1);
    expect(idsOf(heard.events)).toEqual(["reset", change.id]);
    heard.stop();
    await proxy.close();
  });

  test("of a hub that is closed ends, so that its server can stop, and no new one opens", async () => {
    const one = await instance();
    const heard = listen(clientOf(urlOf(one)));
    await until(() => heard.states.includes("open"));
    const closed = once(one.server, "close");
    one.server.close();
    one.hub.close();
    await until(() => heard.states.includes("lost"));
    one.server.closeIdleConnections();
    await closed;
    const states = [...heard.states];
    expect(states).toEqual(["open", "lost"]);
    heard.stop();
  });
});

/** A clock so many ms ahead of the real one. */
function shifted(ms: number): () => number {
  const { now } = Date;
  return () => now() + ms;
}
