/** Keys that come late, or never: who waits for them can leave, and is told what was done. */
import { createDataLayer, type DataLayer } from "../../src/data-layer.js";
import { AbortedError } from "../../src/errors/aborted-error.js";
import { DecryptionError } from "../../src/errors/decryption-error.js";
import { TimeoutError } from "../../src/errors/timeout-error.js";
import type { KeyProvider } from "../../src/secrets/key-provider.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import { newKey, oldKey, oldOnly } from "./keys.js";

const token = { accessToken: "canary-access", refreshToken: "canary-refresh", expiryDate: 5 };
const never = () => new Promise<never>(() => undefined);
const refresh = async () => token;
const silent: KeyProvider = { currentKey: never, keyOf: never };
/** Seals by a new key, and does not get the old one. */
const withoutOld: KeyProvider = {
  currentKey: async () => ({ id: "key-2", key: newKey }),
  keyOf: async (id) => (id === "key-2" ? newKey : never()),
};

describe.each(engines)("on $name", (engine) => {
  const table = openTable(engine, { encryption: oldOnly });
  const key = { userId: "u1", provider: "GOOGLE_BUSINESS" };
  const layerOf = (encryption: KeyProvider, client?: { send(): Promise<unknown> }): DataLayer => {
    const { endpoint, region, credentials } = table.data.engine;
    const { tableName } = table.data.configuration;
    const place = { environment: "development", endpoint, region, credentials, tableName } as const;
    return createDataLayer({ ...place, encryption, client });
  };
  beforeEach(() => table.data.oauthToken.put({ ...key, data: token }));

  test.each([
    ["a write", silent, (data) => data.oauthToken.put({ ...key, data: token })],
    ["a read", silent, (data) => data.oauthToken.get(key)],
    ["a query", silent, (data) => data.oauthToken.query({ userId: key.userId })],
    ["validToken", silent, (data) => data.oauth.validToken("u1", undefined, { refresh })],
    [
      "validToken before it refreshes",
      { currentKey: never, keyOf: async () => oldKey },
      (data) => data.oauth.validToken("u1", undefined, { refresh }),
    ],
  ] as [string, KeyProvider, (data: DataLayer) => Promise<unknown>][])(
    "close ends what waits for a key: %s",
    async (_, provider, call) => {
      let asked = 0;
      const counted = <A extends unknown[], R>(ask: (...given: A) => R) => {
        return (...given: A): R => {
          asked += 1;
          return ask(...given);
        };
      };
      const data = layerOf({
        currentKey: counted(provider.currentKey),
        keyOf: counted(provider.keyOf),
      });
      const failed = failureOf(call(data), AbortedError);
      const wanted = provider === silent ? 1 : 2;
      while (asked < wanted) await new Promise((resolve) => setTimeout(resolve, 1));
      await data.close();
      expect((await failed).message).toContain("the data layer is closed");
    },
  );

  test("nothing is sent by a key that comes after close", async () => {
    let come = (): void => undefined;
    const coming = new Promise<void>((resolve) => {
      come = resolve;
    });
    const send = jest.fn(async () => ({}));
    const currentKey = async () => {
      await coming;
      return { id: "key-1", key: oldKey };
    };
    const data = layerOf({ currentKey, keyOf: never }, { send });
    const failed = failureOf(data.oauthToken.put({ ...key, data: token }), AbortedError);
    await data.close();
    come();
    await failed;
    expect(send).not.toHaveBeenCalled();
  });

  test("a write whose answer cannot be read in time says that it may have been done", async () => {
    const data = layerOf(withoutOld);
    const update = data.oauthToken.update(key, { expiryDate: 7 }, { timeoutMs: 300 });
    expect(await failureOf(update, TimeoutError)).toMatchObject({ mayHaveBeenDone: true });
    const stored = (await table.raw.get("OAUTH#u1", key.provider)) as { Data: object };
    expect(stored.Data).toMatchObject({ expiryDate: 7 });
    const get = data.oauthToken.get(key, { timeoutMs: 50 });
    expect(await failureOf(get, TimeoutError)).toMatchObject({ mayHaveBeenDone: false });
    await data.close();
  });

  test("a key that nobody knows is told as such to all who asked for it at once", async () => {
    const keys = ["u2", "u3", "u4"].map((userId) => ({ ...key, userId }));
    await table.data.oauthToken.batchPut(keys.map((one) => ({ ...one, data: token })));
    const keyOf = jest.fn(async () => new Promise<null>((resolve) => setTimeout(resolve, 5, null)));
    const data = layerOf({ ...withoutOld, keyOf });
    const failures = await Promise.all(
      keys.map((one) => failureOf(data.oauthToken.get(one), DecryptionError)),
    );
    for (const { message } of failures) {
      expect(message).toContain(
        'is encrypted with the key "key-1", which is not among the configured keys',
      );
    }
    expect(keyOf).toHaveBeenCalledTimes(1);
    await data.close();
  });
});
