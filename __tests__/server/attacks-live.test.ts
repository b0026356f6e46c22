/** Attacks on the event stream: another user's changes, forged places, held connections; judged by the bytes that arrive. */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ChangeHub,
  type ChangeHubOptions,
  changeMessage,
  createChangeHub,
} from "../../src/server/index.js";
import { engines } from "../engines.js";
import { openTable } from "../open.js";
import { address, cursorSecret, handlerOf } from "./serving.js";

let counted = 0;

/** A change, with all that a publisher may leave in it. */
function change(key: object, more: object = {}) {
  counted += 1;
  const data = { title: "canary-payload" };
  return {
    ...{ entity: "savedContent", kind: "updated" as const, key, id: `id-${counted}` },
    ...{ before: { ...key, data, updatedAt: 1 }, after: { ...key, data, updatedAt: 2 } },
    ...more,
  };
}

/** The texts of a stream as they arrive. */
class Reader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  text = "";

  constructor(response: Response) {
    if (response.body === null) throw new Error("there is no stream");
    this.#reader = response.body.getReader();
  }

  /** Reads until a text is there, or to the end. */
  async until(wanted: string): Promise<string> {
    while (!this.text.includes(wanted)) {
      const { done, value } = await this.#reader.read();
      if (done) break;
      this.text += new TextDecoder().decode(value);
    }
    return this.text;
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

const [{ engine } = { engine: "" }] = engines;

describe("the event stream", () => {
  const table = openTable({ name: engine, engine, cursorSecret });
  const opened: Reader[] = [];
  afterEach(() => Promise.all(opened.splice(0).map((one) => one.cancel())));

  const open = (options: object = {}, ofHub: ChangeHubOptions = {}) => {
    const hub = createChangeHub(ofHub);
    const handler = handlerOf(table.data, { live: hub, ...options });
    const get = (user: string, headers: Record<string, string> = {}, query = "live") =>
      handler.GET(
        new Request(`${address}?${query}`, { headers: { "x-test-user": user, ...headers } }),
      );
    const read = async (...given: Parameters<typeof get>) => {
      const response = await get(...given);
      expect(response.status).toBe(200);
      const reader = new Reader(response);
      opened.push(reader);
      await reader.until("\n\n");
      return reader;
    };
    return { hub, handler, get, read };
  };
  const mine = { userId: "me", contentId: "mine" };
  /** What is read once an own change has come after the others. */
  const rest = async (hub: ChangeHub, reader: Reader) => {
    const last = change(mine);
    hub.publish(last);
    return reader.until(last.id);
  };

  test.each<[string, object, object]>([
    ["of another user", { userId: "victim", contentId: "secret-id" }, {}],
    ["of an agent", { agentId: "victim", reviewId: "secret-id" }, { entity: "review" }],
    ["whose key names two users", { userId: "me", agentId: "victim", contentId: "secret-id" }, {}],
    [
      "whose key names the user last",
      { agentId: "victim", contentId: "secret-id", userId: "me" },
      {},
    ],
    ["of nobody", { contentId: "secret-id" }, {}],
    ["of a user whose id is a number", { userId: 7, contentId: "secret-id" }, {}],
    ["of a user with a similar id", { userId: "me ", contentId: "secret-id" }, {}],
    ["of a user with another case", { userId: "ME", contentId: "secret-id" }, {}],
    [
      "whose key says __proto__",
      JSON.parse('{"__proto__":"me","contentId":"secret-id"}') as object,
      {},
    ],
    ["of an entity that there is not", { ...mine, contentId: "secret-id" }, { entity: "vault" }],
    [
      "of an entity named constructor",
      { ...mine, contentId: "secret-id" },
      { entity: "constructor" },
    ],
  ])("tells no change %s", async (_, key, more) => {
    const { hub, read } = open();
    const reader = await read("me");
    hub.publish(change(key, more));
    const text = await rest(hub, reader);
    expect(text).not.toMatch(/secret-id|victim|canary/);
    expect(text.match(/event:/g)).toHaveLength(1);
  });

  test("tells none of a store that is not exposed, and those of one that is exposed without a call", async () => {
    const { hub, read } = open({ expose: { savedContent: [], project: false } });
    const reader = await read("me");
    hub.publish(change({ userId: "me", projectId: "hidden" }, { entity: "project" }));
    hub.publish(change({ userId: "me", competitorId: "hidden" }, { entity: "competitor" }));
    expect(await rest(hub, reader)).not.toContain("hidden");
  });

  test("tells none of a store that authorize refuses, and nothing at all if it refuses each", async () => {
    const asked: unknown[] = [];
    const authorize = ({ userId, store, call, input }: Record<string, unknown>) => {
      asked.push([userId, call, input]);
      return store === "savedContent" ? true : "yes";
    };
    const { hub, read } = open({ authorize });
    const reader = await read("me");
    hub.publish(change({ userId: "me", projectId: "hidden" }, { entity: "project" }));
    expect(await rest(hub, reader)).not.toContain("hidden");
    expect(asked[0]).toEqual(["me", "live", []]);
    const { get } = open({ authorize: () => false });
    expect((await get("me")).status).toBe(403);
  });

  test("says every ten seconds that it is there, although changes come that it does not tell", async () => {
    const expose = { savedContent: [], project: false };
    const { hub, read } = open({ expose }, { connectionMs: 600_000 });
    const hidden = { userId: "me", projectId: "hidden" };
    jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
    try {
      const reader = await read("me");
      void reader.until("the end");
      for (let seconds = 0; seconds < 30; seconds += 6) {
        hub.publish(change(hidden, { entity: "project" }));
        await jest.advanceTimersByTimeAsync(6_000);
      }
      expect(reader.text.match(/^:$/gm)).toHaveLength(3);
      expect(reader.text).not.toContain("hidden");
    } finally {
      jest.useRealTimers();
    }
  });

  test("tells of a change nothing but its item's key, kind, time and id, whatever was published", async () => {
    const { hub, read } = open();
    const reader = await read("me");
    hub.publish(change({ ...mine, pin: "canary", extra: "canary" }));
    hub.publish(
      change(mine, { kind: "unreadable", change: "created", error: new Error("canary") }),
    );
    const text = await rest(hub, reader);
    const told = [...text.matchAll(/^data: (.*)$/gm)].map(([, json = ""]) => JSON.parse(json));
    expect(told.map((one) => Object.keys(one).sort())).toEqual(
      told.map(() => ["entity", "id", "key", "kind", "updatedAt"]),
    );
    expect(told.map((one) => one.key)).toEqual(told.map(() => ({ contentId: "mine" })));
    expect(told.map((one) => one.kind)).toEqual(["updated", "created", "updated"]);
    expect(text).not.toContain("canary");
  });

  test("keeps a hostile key inside of its line", async () => {
    const { hub, read } = open();
    const reader = await read("me");
    hub.publish(change({ ...mine, contentId: "x\n\nevent: reset\ndata: {}\n\n\r\u2028" }));
    const text = await rest(hub, reader);
    const lines = text.split(/\r\n|\r|\n/).filter((line) => line.startsWith("event: "));
    expect(lines).toEqual(["event: change", "event: change"]);
  });

  test.each([
    "",
    "x",
    "0.0",
    "AAAAAAAA.1",
    "AAAAAAAA.99999999999999999999",
    "../../etc",
    "a".repeat(10_000),
  ])("a forged place is no way to other changes: %#", async (place) => {
    const { hub, read } = open();
    await read("victim");
    hub.publish(change({ userId: "victim", contentId: "secret-id" }));
    const reader = await read("me", { "last-event-id": place });
    expect(reader.text).toContain("event: reset");
    expect(await rest(hub, reader)).not.toMatch(/secret-id|victim/);
  });

  test("the place of another user leads to the own changes alone", async () => {
    const { hub, read } = open();
    const victim = await read("victim");
    const [, place = ""] = /^id: (.*)$/m.exec(victim.text) ?? [];
    hub.publish(change({ userId: "victim", contentId: "secret-id" }));
    hub.publish(change(mine));
    const reader = await read("me", { "last-event-id": place });
    const text = await rest(hub, reader);
    expect(text).not.toMatch(/secret-id|reset/);
    expect(text.match(/event: change/g)).toHaveLength(2);
  });

  test("is refused to pages of other origins, to nobody, by POST, and where there are no changes", async () => {
    const { get, handler } = open();
    expect((await get("me", { origin: "https://evil.example.com" })).status).toBe(403);
    expect((await get("me", { "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await get("")).status).toBe(401);
    expect((await get("", {}, "live&userId=me&x-test-user=me")).status).toBe(401);
    const headers = { "x-test-user": "me", "content-type": "application/json" };
    const post = new Request(`${address}?live`, { method: "POST", headers, body: "{}" });
    expect((await handler.POST(post)).status).toBe(400);
    const without = handlerOf(table.data);
    const request = new Request(`${address}?live`, { headers });
    expect((await without.GET(request)).status).toBe(404);
  });

  test("is not kept by a cache, nor gathered or compressed by a proxy", async () => {
    const { get } = open();
    const { headers, body } = await get("me");
    await body?.cancel();
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
    });
  });

  test("a user has so many connections at a time and no more, and others have theirs", async () => {
    const { get, read } = open({}, { connectionsPerUser: 2 });
    const first = await read("me");
    await read("me");
    const refused = await get("me");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
    await read("victim");
    await first.cancel();
    await read("me");
    expect((await get("me")).status).toBe(429);
  });

  test("a connection that ends takes no other one of its user along", async () => {
    const { hub, read } = open({}, { connectionsPerUser: 2 });
    const first = await read("me");
    const second = await read("me");
    await first.cancel();
    void second.until("event: change");
    hub.publish(change(mine));
    // At once: a connection that nothing wakes looks into the log only when it has been quiet for long.
    await new Promise(setImmediate);
    expect(second.text).toContain("event: change");
  });

  test("a connection whose browser has gone, or that has had its time, holds no place", async () => {
    const { handler, get, hub } = open({}, { connectionsPerUser: 1, connectionMs: 50 });
    const aborting = new AbortController();
    const headers = { "x-test-user": "me" };
    const request = new Request(`${address}?live`, { headers, signal: aborting.signal });
    await handler.GET(request);
    aborting.abort();
    // Nobody reads this one, and nobody says so.
    const unread = await get("me");
    expect(unread.status).toBe(200);
    await sleep(80);
    const next = await get("me");
    expect(next.status).toBe(200);
    await next.body?.cancel();
    hub.close();
    expect((await get("me")).status).toBe(503);
  });

  test("a reader that takes nothing fills no memory, and is told what it has missed", async () => {
    const { hub, get } = open({}, { mostPerUser: 10 });
    const reader = new Reader(await get("me"));
    opened.push(reader);
    for (let index = 0; index < 10_000; index += 1) hub.publish(change(mine));
    expect(await reader.until("event: reset")).not.toContain("event: change");
    expect((await rest(hub, reader)).match(/event: change/g)).toHaveLength(1);
  });

  test.each([
    [undefined, /change must be a change/],
    [{}, /entity must be the name of a store/],
    [{ ...change(mine), entity: "x".repeat(3_000) }, /entity/],
    [{ ...change(mine), kind: "toString" }, /kind must be created, updated/],
    [{ ...change(mine), kind: "unreadable" }, /kind must be/],
    [{ ...change(mine), key: {} }, /key must have the parts/],
    [{ ...change(mine), key: { userId: { $ne: 1 } } }, /key must have the parts/],
    [{ ...change(mine), id: "" }, /id must be the id/],
    [{ ...change(mine), after: { updatedAt: "now" } }, /updatedAt must be a time/],
  ])("what is no change is refused: %#", (given, message) => {
    const { hub } = open();
    for (const call of [hub.publish, changeMessage]) {
      expect(() => call(given as never)).toThrow(
        expect.objectContaining({ code: "ValidationException" }),
      );
      expect(() => call(given as never)).toThrow(message);
    }
  });

  test("a message of a change is JSON without its payload, and is published as the change is", async () => {
    const { hub, read } = open();
    const reader = await read("me");
    const text = JSON.stringify(changeMessage(change(mine)));
    expect(text).not.toContain("canary");
    hub.publish(JSON.parse(text) as ReturnType<typeof changeMessage>);
    hub.publish(JSON.parse(text) as ReturnType<typeof changeMessage>);
    expect((await rest(hub, reader)).match(/event: change/g)).toHaveLength(2);
  });

  test.each([
    [{ mostPerUser: 0 }, /mostPerUser must be an integer from 1/],
    [{ connectionMs: Number.POSITIVE_INFINITY }, /connectionMs must be an integer/],
    [{ most: 1 }, /"most" is not an option/],
  ])("createChangeHub(%j) is refused", (options, message) => {
    expect(() => createChangeHub(options as never)).toThrow(message);
    expect(() => handlerOf(table.data, { live: options })).toThrow(
      /live must be what createChangeHub/,
    );
  });
});
