/** Requests that no client sends: forged, foreign, oversized, malformed. None of them reaches the engine. */

import { createDataLayer } from "../../src/index.js";
import { createDataHandler } from "../../src/server/index.js";
import { decode } from "../../src/server/wire-values.js";
import { FaultyRequestHandler } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { openTable } from "../open.js";
import {
  address,
  called,
  cursorSecret,
  errorOf,
  handlerOf,
  requestOf,
  sent,
  session,
  textOf,
  valueFrom,
} from "./serving.js";

const query = { store: "project", call: "query", input: [{}, { limit: 1 }] };
const create = { store: "project", call: "create", input: [{ data: { name: "x" } }] };
const text = textOf([query]);

describe.each(engines)("a handler on $name", ({ engine }) => {
  const table = openTable({ name: engine, engine, cursorSecret });
  beforeEach(() => table.data.wire.clear());
  const open = (options?: object) => handlerOf(table.data, options);
  const nothingWasSent = () => expect(table.data.wire.requests).toEqual([]);

  test("answers what a client sends, so that what follows is refused for its own reason", async () => {
    const { status, results, headers } = await sent(open(), requestOf(text));
    expect([status, results]).toEqual([
      200,
      [{ value: { items: [], cursor: null, previous: null } }],
    ]);
    expect(Object.fromEntries(headers)).toEqual({
      "cache-control": "no-store",
      "content-type": "application/json; charset=utf-8",
      "cross-origin-resource-policy": "same-origin",
      vary: "origin",
      "x-content-type-options": "nosniff",
    });
    expect(table.data.wire.requests).toHaveLength(1);
  });

  test("says when to try again what DynamoDB was too busy for", async () => {
    const { endpoint, region, credentials } = table.data.engine;
    const { tableName } = table.data.configuration;
    await using busy = createDataLayer({
      ...{ environment: "development", endpoint, region, credentials, tableName },
      requestHandler: new FaultyRequestHandler().inject({ fault: "throttle", times: 3 }),
      retry: { maxRetries: 0 },
      cursorSecret,
    });
    const one = await sent(handlerOf(busy), requestOf(text));
    expect([one.status, one.headers.get("retry-after")]).toEqual([503, "1"]);
    // Of several calls each has its own error.
    const two = await sent(handlerOf(busy), requestOf(textOf([query, query])));
    expect([two.status, two.headers.get("retry-after")]).toEqual([200, null]);
  });

  describe("of another origin", () => {
    test.each([
      "https://evil.example.com",
      "http://app.example.com",
      "https://app.example.com:8443",
      "https://app.example.com.evil.com",
      "https://app.example.com/",
      "https://app.example.com@evil.com",
      "null",
      "",
      "not an origin",
    ])("%j is refused", async (origin) => {
      for (const method of ["GET", "POST"] as const) {
        const { status, error } = await sent(
          open(),
          requestOf(text, { method, headers: { origin } }),
        );
        expect([status, error?.code]).toEqual([403, "AccessDenied"]);
      }
      nothingWasSent();
    });

    test.each(["cross-site", "same-site"])("a GET that is %s is refused", async (site) => {
      const headers = { "sec-fetch-site": site };
      const { status } = await sent(open(), requestOf(text, { method: "GET", headers }));
      expect(status).toBe(403);
      nothingWasSent();
    });

    test("a listed one is answered, and its pages may read the response", async () => {
      const origin = "https://other.example.com";
      const handler = open({ origins: [origin] });
      const { status, headers } = await sent(handler, requestOf(text, { headers: { origin } }));
      expect([status, headers.get("access-control-allow-origin")]).toEqual([200, origin]);
    });

    test("a preflight of a listed one allows every header that it asks for (only content-type was)", async () => {
      const origin = "https://other.example.com";
      const handler = open({ origins: [origin] });
      const preflight = async (from: string, asked: string) => {
        const headers = { origin: from, "access-control-request-headers": asked };
        const response = await handler.OPTIONS(
          new Request(address, { method: "OPTIONS", headers }),
        );
        const allowed = (name: string) => response.headers.get(`access-control-allow-${name}`);
        return [response.status, allowed("origin"), allowed("headers"), allowed("methods")];
      };
      expect(await preflight(origin, "Authorization,content-type, x-test-user")).toEqual([
        204,
        origin,
        "content-type, authorization, x-test-user",
        "GET, POST",
      ]);
      for (const odd of ["", "x y, (), a:b", "{}, =", "é"]) {
        expect((await preflight(origin, odd))[2]).toBe("content-type");
      }
      const refused = await preflight("https://evil.example.com", "authorization");
      expect(refused).toEqual([403, null, null, null]);
    });

    test("behind a proxy that ends TLS, the page's host is that of the request", async () => {
      const inside = (origin: string) =>
        new Request("http://app.example.com/api/data", {
          method: "POST",
          body: text,
          headers: { "content-type": "application/json", "x-test-user": "me", origin },
        });
      expect((await sent(open(), inside("https://app.example.com"))).status).toBe(200);
      expect((await sent(open(), inside("https://evil.example.com"))).status).toBe(403);
    });
  });

  test.each([
    undefined,
    "text/plain",
    "text/plain;application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json-seq",
    "application/json; charset=utf-16",
  ])("a POST of content type %j is refused", async (type) => {
    const headers = new Headers(requestOf(text).headers);
    if (type === undefined) headers.delete("content-type");
    else headers.set("content-type", type);
    const body = new TextEncoder().encode(text);
    const { status } = await sent(open(), new Request(address, { method: "POST", headers, body }));
    expect(status).toBe(415);
    nothingWasSent();
  });

  test("a compressed body is refused, so that none unfolds", async () => {
    const request = requestOf(text, { headers: { "content-encoding": "gzip" } });
    expect((await sent(open(), request)).status).toBe(415);
  });

  test.each(["PUT", "DELETE", "PATCH", "HEAD"])("%s is refused", async (method) => {
    const { headers } = requestOf(text);
    const response = await open().POST(new Request(address, { method, headers }));
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, POST, OPTIONS"]);
    nothingWasSent();
  });

  test("a GET with a mutation is refused, and so are the reads beside it", async () => {
    const both = textOf([query, create]);
    const { status, error } = await sent(open(), requestOf(both, { method: "GET" }));
    expect([status, error?.issues]).toEqual([
      405,
      [{ path: "calls.1", message: "is a mutation: it is sent by POST" }],
    ]);
    nothingWasSent();
    expect((await table.data.project.query({ userId: "me" })).items).toEqual([]);
  });

  test("a character that arrives in parts is that character", async () => {
    const name = "Ü🏡 é";
    const projectId = "parts";
    const put = { store: "project", call: "put", input: [{ projectId, data: { name } }] };
    const parts = [...new TextEncoder().encode(textOf([put]))].map((one) => new Uint8Array([one]));
    const body = new ReadableStream({
      pull: (controller) => {
        const part = parts.shift();
        if (part === undefined) controller.close();
        else controller.enqueue(part);
      },
    });
    const { headers } = requestOf(text);
    const init = { method: "POST", headers, body, duplex: "half" as const };
    const { status } = await sent(open(), new Request(address, init));
    const stored = await table.data.project.get({ userId: "me", projectId });
    expect([status, stored?.data.name]).toEqual([200, name]);
    await table.data.project.delete({ userId: "me", projectId });
  });

  describe("a body that is too large", () => {
    test("is refused by its announced length, before any of it is read", async () => {
      const request = requestOf(text, { headers: { "content-length": "100000000" } });
      expect((await sent(open(), request)).status).toBe(413);
      expect(request.bodyUsed).toBe(false);
    });

    test("is refused while it is read, if its length is not announced", async () => {
      let pulled = 0;
      let cancelled = false;
      const body = new ReadableStream({
        pull: (controller) => {
          pulled += 1;
          controller.enqueue(new Uint8Array(10_000).fill(32));
        },
        cancel: () => {
          cancelled = true;
        },
      });
      const { headers } = requestOf(text);
      const init = { method: "POST", headers, body, duplex: "half" as const };
      const { status } = await sent(open({ bodyLimit: 50_000 }), new Request(address, init));
      expect([status, cancelled]).toEqual([413, true]);
      expect(pulled).toBeLessThan(10);
      nothingWasSent();
    });

    test("is refused in the query of a GET, too", async () => {
      const long = textOf([{ ...query, input: [{}, { startsWith: "x".repeat(2_000) }] }]);
      const request = requestOf(long, { method: "GET" });
      expect((await sent(open({ bodyLimit: 1_000 }), request)).status).toBe(413);
    });
  });

  test("a body that does not arrive is given up", async () => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"v":1,')),
    });
    const { headers } = requestOf(text);
    const init = { method: "POST", headers, body, duplex: "half" as const };
    const { status } = await sent(open({ timeoutMs: 50 }), new Request(address, init));
    expect(status).toBe(408);
    nothingWasSent();
  });

  describe("the application's code that does not end (it held the request for ever)", () => {
    const never = () => new Promise<never>(() => undefined);

    test("a session that is not found in time is given up, before the body is read", async () => {
      const failures: unknown[] = [];
      const onError = (error: unknown) => failures.push(error);
      const request = requestOf(text);
      const handler = open({ authenticate: never, timeoutMs: 30, onError });
      const { status, error } = await sent(handler, request);
      expect([status, error?.name, error?.code]).toEqual([504, "TimeoutError", "TimeoutError"]);
      expect(error?.message).toBe("authenticate: no response in time");
      expect(request.bodyUsed).toBe(false);
      expect(failures).toMatchObject([{ code: "TimeoutError" }]);
      nothingWasSent();
    });

    test("a call whose authorization does not come in time is refused, and never begun", async () => {
      let allow: (answer: boolean) => void = () => undefined;
      const authorize = ({ call }: { call: string }) =>
        call === "query" ||
        new Promise<boolean>((resolve) => {
          allow = resolve;
        });
      const handler = open({ authorize, timeoutMs: 500 });
      const [one, other] = await called(handler, [query, create]);
      expect(one).toMatchObject({ value: { items: [] } });
      expect(other).toMatchObject({ code: "TimeoutError", status: 504, operation: "authorize" });
      allow(true);
      await new Promise(setImmediate);
      expect(table.data.wire.requests).toHaveLength(1);
    });

    test("a browser that has gone waits for neither", async () => {
      const aborting = new AbortController();
      const answer = sent(
        open({ authenticate: never }),
        requestOf(text, { signal: aborting.signal }),
      );
      aborting.abort();
      expect(await answer).toMatchObject({ status: 499, error: { code: "AbortError" } });
      nothingWasSent();
    });
  });

  test("an operand of any kind is refused with its place, or means nothing (some were failures of the server)", async () => {
    const odd: readonly unknown[] = [
      { toString: 1 },
      { valueOf: 1, toString: 1 },
      [[]],
      new Set(["a"]),
      new Date(0),
      { $: "x" },
      null,
      "",
      -1,
    ];
    const conditions = odd.flatMap((one) => [
      ["eq", { p: [one] }, { v: "x" }],
      ["eq", { p: ["name", one] }, { v: "x" }],
      ["gt", { s: { p: [one] } }, { v: 1 }],
      ["in", { p: ["name"] }, { l: [{ p: [one] }] }],
      ["begins", { p: ["name"] }, { v: one }],
      ["type", { p: ["name"] }, { v: one }],
      ["between", { p: ["name"] }, { v: one }],
      ["between", { p: ["name"] }, { v: "z" }, { v: "a" }],
      ["between", { p: ["name"] }, { v: 1 }, { v: "a" }],
      ["contains", { p: ["name"] }, { v: one }],
      ["lt", { p: ["name"] }, { v: one }],
      ["eq", { p: ["name"] }, one],
    ]);
    const options = [
      ...conditions.map((condition) => ({ condition: { text: "{0}", conditions: [condition] } })),
      ...odd.map((one) => ({ condition: { text: one, conditions: [] } })),
      ...odd.map((one) => ({ where: { name: { in: [one] } } })),
      ...odd.flatMap((one) => [{ fields: [one] }, { fields: [[one]] }, { fields: one }]),
    ];
    let refused = 0;
    for (const store of ["oauthToken", "project"]) {
      for (const option of options) {
        const body = textOf([{ store, call: "query", input: [{}, option] }]);
        const { status, results } = await sent(open(), requestOf(body));
        if (status === 200) continue;
        refused += 1;
        const [result] = results;
        const error = result !== undefined && "error" in result ? result.error : undefined;
        expect([body, status, error?.issues?.length]).toEqual([body, 400, 1]);
        expect(error?.issues?.[0]?.path).toMatch(/^(?:where|fields)/);
      }
    }
    expect(refused).toBeGreaterThan(options.length);
  });

  test.each([
    ["of lists", "[".repeat(100_000)],
    ["of objects", '{"a":'.repeat(100_000)],
    ["that closes", `{"v":1,"calls":${"[".repeat(500)}${"]".repeat(500)}}`],
    ["of texts that look like lists", undefined],
  ])("a body %s of many levels is refused before it is parsed", async (_, given) => {
    const deep = given ?? textOf([{ ...query, input: [{}, { startsWith: "[".repeat(500) }] }]);
    const { status, error } = await sent(open(), requestOf(deep));
    const expected = given === undefined ? [200, undefined] : [400, "body is nested too deeply"];
    expect([status, error?.message.replace("request: ", "")]).toEqual(expected);
    if (given !== undefined) nothingWasSent();
  });

  test.each([
    ["no JSON", "{"],
    ["no object", "[]"],
    ["null", "null"],
    ["a text", '"x"'],
    ["no version", '{"calls":[]}'],
    ["another version", '{"v":2,"calls":[]}'],
    ["no calls", '{"v":1}'],
    ["an empty list", '{"v":1,"calls":[]}'],
    ["too many calls", textOf(Array.from({ length: 21 }, () => query))],
    ["a call that is none", '{"v":1,"calls":[null]}'],
    ["a name that is no text", '{"v":1,"calls":[{"store":{"x":1},"call":"get","input":[]}]}'],
    ["a store's name of 101 characters", textOf([{ ...query, store: "s".repeat(101) }])],
    ["a call's name of 101 characters", textOf([{ ...query, call: "c".repeat(101) }])],
    ["an input that is no list", '{"v":1,"calls":[{"store":"project","call":"get","input":{}}]}'],
    ["an id that is no UUID", textOf([{ ...create, id: "x\r\nset-cookie: a=b" }])],
    [
      "a user in the call",
      '{"v":1,"calls":[{"store":"project","call":"get","input":[],"userId":"v"}]}',
    ],
  ])("%s is refused as a whole", async (_, body) => {
    const { status, error } = await sent(open(), requestOf(body));
    expect([status, error?.code]).toEqual([400, "ValidationException"]);
    nothingWasSent();
  });

  test("a body that is no UTF-8 is refused", async () => {
    const { headers } = requestOf(text);
    const body = new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]);
    const { status } = await sent(open(), new Request(address, { method: "POST", headers, body }));
    expect(status).toBe(400);
  });

  describe("a call that is not exposed", () => {
    const names = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "then", ""];
    const expose = { project: ["get"], dashboard: true };

    test.each([
      ...names.map((store) => ({ store, call: "get" })),
      ...names.map((call) => ({ store: "project", call })),
      ...names.map((call) => ({ store: "dashboard", call })),
      { store: "s".repeat(100), call: "c".repeat(100) },
      { store: "project", call: "delete" },
      { store: "project", call: "check" },
      { store: "project", call: "entity" },
      { store: "savedContent", call: "get" },
      { store: "user", call: "erase" },
      { store: "transaction", call: "write" },
      { store: "oauth", call: "get" },
      { store: "table", call: "delete" },
      { store: "forUser", call: "forUser" },
    ])("%j is answered as one that does not exist", async ({ store, call }) => {
      const seen: unknown[] = [];
      const handler = open({ expose, authorize: (one: unknown) => seen.push(one) > 0 });
      const { code, status, message } = await errorOf(handler, { store, call, input: [{}] });
      expect([code, status]).toEqual(["UnknownOperationException", 404]);
      expect(message).toBe(`${store}.${call}: there is no such call`);
      expect(seen).toEqual([]);
      nothingWasSent();
    });

    test("is every call, if nothing is exposed", async () => {
      const handler = createDataHandler({ data: table.data, authenticate: session });
      const { code } = await errorOf(handler, query);
      expect(code).toBe("UnknownOperationException");
      nothingWasSent();
    });

    test("is one of oauth's that gives a token, even if all of oauth is exposed", async () => {
      for (const call of ["get", "store", "validToken"]) {
        const { code } = await errorOf(open(), { store: "oauth", call, input: ["google"] });
        expect(code).toBe("UnknownOperationException");
      }
    });
  });

  test("a call that is not authorized is refused, and those beside it are not", async () => {
    const seen: unknown[] = [];
    const handler = open({
      authorize: ({ userId, store, call, input }: Record<string, unknown>) => {
        seen.push([userId, store, call, input]);
        return call === "query" ? true : "yes";
      },
    });
    const [one, other] = await called(handler, [query, { ...query, call: "count" }]);
    expect(one).toMatchObject({ value: { items: [] } });
    expect(other).toMatchObject({ code: "AccessDenied", status: 403 });
    expect(seen).toEqual([
      ["me", "project", "query", [{}, { limit: 1 }]],
      ["me", "project", "count", [{}, { limit: 1 }]],
    ]);
    expect(table.data.wire.requests).toHaveLength(1);
  });

  test("limits are the handler's: pages and batches are capped, and neither signal nor time is given", async () => {
    for (let index = 0; index < 5; index += 1) {
      await table.data.competitor.put({
        userId: "many",
        competitorId: `c${index}`,
        data: { name: "x" },
      });
    }
    const handler = open({ maxLimit: 3 });
    const send = (call: string, ...input: unknown[]) =>
      valueFrom(handler, { store: "competitor", call, input }, { user: "many" });
    for (const input of [[], [{}], [{}, null], [{}, { limit: 5 }], [{ limit: 1e9 }]]) {
      const page = (await send("query", ...input)) as { items: unknown[]; cursor: unknown };
      expect([page.items.length, typeof page.cursor]).toEqual([3, "string"]);
    }
    const keys = Array.from({ length: 4 }, (_, index) => ({ competitorId: `c${index}` }));
    const { issues } = await errorOf(handler, {
      store: "competitor",
      call: "batchGet",
      input: [keys],
    });
    expect(issues).toEqual([
      { path: "input.0", message: "has 4 elements: at most 3 are taken at a time" },
    ]);
    for (const option of ["signal", "timeoutMs"]) {
      const input = [{ competitorId: "c1" }, { [option]: 1 }];
      const refused = await errorOf(handler, { store: "competitor", call: "get", input });
      expect(refused.issues).toEqual([{ path: option, message: "is the handler's to set" }]);
    }
  });

  describe("of a user with 3 MB", () => {
    const user = "large";
    const size = 390_000;
    beforeAll(async () => {
      const items = Array.from({ length: 8 }, (_, index) => ({
        userId: user,
        contentId: `c${index}`,
        data: { type: "x", content: "x".repeat(size), status: "draft" },
      }));
      await table.data.savedContent.batchPut(items);
    });
    const where = { status: "published" };
    const hungry = [
      { store: "savedContent", call: "count", input: [] },
      { store: "savedContent", call: "query", input: [{}, { where, limit: 1 }] },
      { store: "savedContent", call: "list", input: [{}, { where }] },
      { store: "collections", call: "workspace", input: [] },
    ];

    test.each(hungry)("$store: $call reads no more than it may, at the wire", async (call) => {
      await called(open(), [call], { user });
      // One per MB, and the engines count differently.
      const needed = table.data.wire.requests.splice(0).length;
      expect(needed).toBeGreaterThanOrEqual(3);
      const [enough] = await called(open({ maxReads: needed }), [call], { user });
      expect(enough).toHaveProperty("value");
      table.data.wire.clear();
      const failed: unknown[] = [];
      const onError = (error: unknown) => failed.push(error);
      const handler = open({ maxReads: needed - 1, onError });
      const small = { ...query, input: [{}, { limit: 1 }] };
      const [refused, beside] = await called(handler, [call, small], { user });
      expect(refused).toMatchObject({
        code: "TooManyReads",
        status: 422,
        retryable: false,
        message: expect.stringMatching(/reads more than a call may/),
      });
      expect(failed).toEqual([expect.objectContaining({ code: "TooManyReads" })]);
      // The call beside it has a limit of its own, and nothing follows later.
      expect(beside).toMatchObject({ value: { items: [] } });
      expect(table.data.wire.requests.splice(0)).toHaveLength(needed - 1 + 1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(table.data.wire.requests).toEqual([]);
    });

    test("a get that shares a request with a call that is ended is answered", async () => {
      const handler = open({ maxReads: 1 });
      const get = { store: "savedContent", call: "get", input: [{ contentId: "none" }] };
      const [count, ...gets] = await called(
        handler,
        [{ store: "savedContent", call: "count", input: [] }, get, get, get],
        { user },
      );
      expect(count).toMatchObject({ code: "TooManyReads" });
      expect(gets).toEqual([{ value: null }, { value: null }, { value: null }]);
    });
  });

  test("values of any kind stay values: nothing of a browser's becomes a prototype or code", async () => {
    const hostile = {
      __proto__: null,
      name: "x",
      constructor: { prototype: { polluted: true } },
      toJSON: "x",
      $: "set",
      v: ["a"],
      nested: { $: "where", text: "1 = 1" },
    };
    const input = [{ projectId: "hostile", data: hostile }];
    await valueFrom(open(), { store: "project", call: "put", input });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    const item = await table.data.project.get({ userId: "me", projectId: "hostile" });
    expect({ ...item?.data, id: undefined }).toEqual({ ...hostile, id: undefined });
    const forged = [
      { $: "number", v: "1e999" },
      { $: "bigint", v: "1;2" },
      { $: "bigint", v: "9".repeat(1e5) },
      { $: "date", v: 1e300 },
      { $: "bytes", v: "%%%" },
      { $: "function", v: "() => 1" },
      { $: "set", v: { length: 1e9 } },
      { $: "map", v: [["a"]] },
      { $: "undefined", v: 1 },
      { $: { toString: 1 }, v: 1 },
      { $: "set", v: [], extra: 1 },
    ];
    for (const one of forged) {
      expect(() => decode(one, "test", "x")).toThrow(
        expect.objectContaining({ code: "ValidationException" }),
      );
      const body = JSON.stringify({
        v: 1,
        calls: [{ store: "project", call: "get", input: [one] }],
      });
      const { status } = await sent(open(), requestOf(body));
      expect(status).toBe(400);
    }
  });

  test("nothing of a call gets into the response's headers", async () => {
    const name = "x\r\nset-cookie: session=stolen";
    const { headers, status } = await sent(
      open(),
      requestOf(textOf([{ store: name, call: name, input: [name] }])),
    );
    expect([status, headers.get("set-cookie")]).toEqual([404, null]);
  });
});
