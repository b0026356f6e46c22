/** Values of another realm, as happy-dom, jsdom and `node:vm` bring them: no `instanceof` knows them. */
import { runInNewContext } from "node:vm";
import { nativeAnswer, valueText } from "../../src/client/wire-format.js";
import { createDataLayer, ValidationError, withRetry } from "../../src/index.js";
import { copyOf } from "../../src/values/copy.js";
import { keyBytes, plainOf } from "../encryption/keys.js";
import { engines } from "../engines.js";
import { openTable } from "../open.js";

/** The same bytes in another realm's class. */
function foreignBytes(bytes: Uint8Array): Uint8Array {
  const foreign = runInNewContext("Uint8Array.from(bytes)", { bytes: [...bytes] }) as Uint8Array;
  expect(foreign instanceof Uint8Array).toBe(false);
  return foreign;
}

/** Another realm's AbortController, as a polyfill has it: without `throwIfAborted`. */
function foreignController(): AbortController {
  const controller = runInNewContext(`
    class Signal {
      aborted = false;
      reason = undefined;
      #listeners = new Set();
      addEventListener(type, listener) { this.#listeners.add(listener); } // each is added as a "once"
      removeEventListener(type, listener) { this.#listeners.delete(listener); }
      get listening() { return this.#listeners.size; }
      abort(reason) {
        this.aborted = true;
        this.reason = reason;
        const listeners = [...this.#listeners];
        this.#listeners.clear();
        for (const listener of listeners) listener({ type: "abort" });
      }
    }
    const signal = new Signal();
    ({ signal, abort: (reason) => signal.abort(reason) });
  `) as AbortController;
  expect(controller.signal instanceof AbortSignal).toBe(false);
  return controller;
}

const listening = ({ signal }: AbortController) =>
  (signal as unknown as { listening: number }).listening;

const key = { userId: "u1", provider: "GOOGLE_BUSINESS" } as const;
const token = { accessToken: "secret-1", expiryDate: 1, scope: "s", tokenType: "Bearer" };

describe.each(engines)("on $name", (setting) => {
  const table = openTable(setting);

  test("a signal of another realm limits a call, and nothing stays on it (it was refused)", async () => {
    const controller = foreignController();
    const { signal } = controller;
    expect(await table.data.project.get({ userId: "u1", projectId: "p1" }, { signal })).toBeNull();
    expect(listening(controller)).toBe(0);
    const reason = new Error("enough");
    controller.abort(reason);
    const ended = table.data.project.get({ userId: "u1", projectId: "p1" }, { signal });
    await expect(ended).rejects.toMatchObject({ name: "AbortedError", cause: reason });
  });

  test("what is no signal is refused still", async () => {
    for (const signal of [
      {},
      { aborted: true },
      { aborted: 1, addEventListener() {} },
      "x",
      null,
    ]) {
      const call = table.data.project.get(
        { userId: "u1", projectId: "p1" },
        { signal: signal as never },
      );
      await expect(call).rejects.toBeInstanceOf(ValidationError);
    }
  });

  test.each(["as keys", "from a provider"])(
    "keys and a cursor secret of another realm encrypt and decrypt, %s (they were refused)",
    async (how) => {
      const bytes = foreignBytes(keyBytes("new"));
      const encryption =
        how === "as keys"
          ? { keys: { k1: bytes }, current: "k1" }
          : { currentKey: async () => ({ id: "k1", key: bytes }), keyOf: async () => bytes };
      const { engine, configuration } = table.data;
      const { endpoint, region, credentials } = engine;
      const data = createDataLayer({
        tableName: configuration.tableName,
        endpoint,
        region,
        credentials,
        encryption,
        cursorSecret: foreignBytes(keyBytes("cursor")),
      });
      try {
        await data.oauthToken.put({ ...key, data: token as never });
        const stored = await table.raw.get("OAUTH#u1", "GOOGLE_BUSINESS");
        const sealed = (stored?.Data as { accessToken?: unknown } | undefined)?.accessToken;
        expect(await plainOf(sealed, keyBytes("new"))).toEqual({ S: "secret-1" });
        expect((await data.oauthToken.get(key))?.data.accessToken).toBe("secret-1");
        for (const projectId of ["p1", "p2"]) {
          await data.project.put({ userId: "u2", projectId, data: { name: "n" } as never });
        }
        const { cursor } = await data.project.query({ userId: "u2" }, { limit: 1 });
        const rest = await data.project.query({ userId: "u2" }, { cursor: cursor ?? "none" });
        expect(rest.items.map(({ projectId }) => projectId)).toEqual(["p2"]);
      } finally {
        await data.close();
      }
    },
  );

  test("encryption without Web Crypto, as in jsdom, says what to set (it was a TypeError of jose's)", async () => {
    const { engine, configuration } = table.data;
    const { endpoint, region, credentials } = engine;
    const { tableName } = configuration;
    const encryption = { keys: { k1: keyBytes("new") }, current: "k1" };
    const place = { tableName, endpoint, region, credentials };
    const data = createDataLayer({ ...place, encryption });
    await data.oauthToken.put({ ...key, userId: "u9", data: token as never });
    const own = Object.getOwnPropertyDescriptor(globalThis, "crypto");
    Object.defineProperty(globalThis, "crypto", { value: {}, configurable: true });
    try {
      const writing = data.oauthToken.put({ ...key, data: token as never });
      await expect(writing).rejects.toThrow("this environment has no crypto.subtle");
      const reading = data.oauthToken.get({ ...key, userId: "u9" });
      await expect(reading).rejects.toMatchObject({ name: "ConfigurationError" });
    } finally {
      if (own === undefined) Reflect.deleteProperty(globalThis, "crypto");
      else Object.defineProperty(globalThis, "crypto", own);
      await data.close();
    }
  });

  test("bytes of another realm in a payload are stored and come back", async () => {
    const data = { name: "n", thumbnail: foreignBytes(new Uint8Array([1, 2, 255])) } as never;
    await table.data.project.put({ userId: "u3", projectId: "p1", data });
    const item = await table.data.project.get({ userId: "u3", projectId: "p1" });
    expect(item?.data).toMatchObject({ thumbnail: new Uint8Array([1, 2, 255]) });
  });
});

describe("withRetry", () => {
  const failure = Object.assign(new Error("later"), { code: "ECONNRESET" });

  test("takes a signal of another realm, which ends its waiting (it was refused)", async () => {
    const controller = foreignController();
    const reason = new Error("enough");
    let calls = 0;
    const waiting = withRetry(
      () => {
        calls += 1;
        throw failure;
      },
      {
        signal: controller.signal,
        initialDelayMs: 60_000,
        maxDelayMs: 60_000,
        onRetry: () => queueMicrotask(() => controller.abort(reason)),
      },
    );
    await expect(waiting).rejects.toBe(reason);
    expect(calls).toBe(1);
    expect(listening(controller)).toBe(0);
  });

  test("is not begun by one that is aborted", async () => {
    const controller = foreignController();
    const reason = new Error("enough");
    controller.abort(reason);
    let calls = 0;
    const call = withRetry(() => (calls += 1), { signal: controller.signal });
    await expect(call).rejects.toBe(reason);
    expect(calls).toBe(0);
  });
});

describe("bytes of another realm", () => {
  const bytes = foreignBytes(new Uint8Array([1, 2, 255]));

  test("go out as base64, alone, in maps and in sets", () => {
    expect(valueText(bytes)).toBe('{"B":"AQL/"}');
    expect(valueText({ a: [bytes] })).toBe('{"M":{"a":{"L":[{"B":"AQL/"}]}}}');
    expect(valueText(new Set([bytes]))).toBe('{"BS":["AQL/"]}');
  });

  test("of an error's item stay bytes, and a copy of them is one of this realm", () => {
    const { Item } = nativeAnswer({ Item: { a: { B: bytes } } });
    expect(Item).toEqual({ a: bytes });
    const copy = copyOf(bytes);
    expect(copy).toBeInstanceOf(Uint8Array);
    expect([...copy]).toEqual([1, 2, 255]);
    const set = copyOf(runInNewContext("new Set(['x'])") as Set<string>);
    expect(set).toBeInstanceOf(Set);
    expect([...set]).toEqual(["x"]);
  });
});
