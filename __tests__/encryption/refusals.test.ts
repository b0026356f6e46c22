/** What cannot be decrypted: moved, changed, without its key, in clear text where that is refused. */
import { inspect } from "node:util";
import fc from "fast-check";
import { createDataLayer, type DataLayer } from "../../src/data-layer.js";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { DecryptionError } from "../../src/errors/decryption-error.js";
import { ItemNotFoundError } from "../../src/errors/item-not-found-error.js";
import { DynamoDBRepository, resetClients } from "../../src/index.js";
import type { EncryptionKeys, KeyProvider } from "../../src/secrets/key-provider.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import { tries } from "../properties/arbitraries.js";
import { both, headerOf, isSealed, keyBytes, newOnly, oldOnly } from "./keys.js";

const provider = "GOOGLE_BUSINESS";
const token = { accessToken: "canary-access", refreshToken: "canary-refresh", expiryDate: 5 };

async function everyOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe.each(engines)("secrets that cannot be decrypted, on $name", (engine) => {
  const table = openTable(engine, { encryption: oldOnly });
  const layers: DataLayer[] = [];
  let users = 0;
  let key = { userId: "", provider };
  beforeEach(() => {
    users += 1;
    key = { userId: `u${users}`, provider };
  });
  afterAll(async () => {
    for (const layer of layers) await layer.close();
  });

  const layerOf = (encryption?: EncryptionKeys | KeyProvider): DataLayer => {
    const { endpoint, region, credentials } = table.data.engine;
    const { tableName } = table.data.configuration;
    const place = { environment: "development", endpoint, region, credentials, tableName } as const;
    const layer = createDataLayer({ ...place, encryption });
    layers.push(layer);
    return layer;
  };
  type Stored = Record<string, unknown> & { Data: Record<string, string> };
  const stored = async (name = provider, userId = key.userId) =>
    (await table.raw.get(`OAUTH#${userId}`, name)) as Stored;
  const seed = (name = provider, userId = key.userId) =>
    table.data.oauthToken.put({ userId, provider: name, data: token });
  /** Every call that hands out a token. */
  const reads = (layer: DataLayer): Record<string, () => Promise<unknown>> => ({
    get: () => layer.oauthToken.get(key, { consistent: true }),
    getOrThrow: () => layer.oauthToken.getOrThrow(key),
    query: () => layer.oauthToken.query({ userId: key.userId }),
    list: async () => {
      for await (const item of layer.oauthToken.list({ userId: key.userId }))
        expect(item).toBeUndefined();
    },
    batchGet: () => layer.oauthToken.batchGet([key]),
    "oauth.validToken": () =>
      layer.oauth.validToken(key.userId, provider, { refresh: async () => token }),
    ...(table.data.engine.capabilities.transactions && {
      "transaction.get": () => layer.transaction.get((tx) => [tx.oauthToken.get(key)]),
    }),
  });
  async function refused(layer: DataLayer, rule: string, keyId: string | undefined, field: string) {
    for (const [name, read] of Object.entries(reads(layer))) {
      const error = await failureOf(read(), DecryptionError);
      expect(error.message).toBe(
        `${name} OAuthToken (userId=${key.userId}, provider=${provider}): data.${field} ${rule}`,
      );
      expect(error).toMatchObject({
        ...{
          code: "DecryptionError",
          field,
          keyId,
          entity: "OAuthToken",
          retryable: false,
          mayHaveBeenDone: false,
        },
      });
      const shown = inspect(error, { depth: 9 }) + JSON.stringify(error);
      expect(shown).not.toMatch(/canary|eyJ/);
    }
    const { entity } = layer.oauthToken;
    await expect(entity.get(key).go()).rejects.toThrow(`data.${field} ${rule}`);
    await expect(entity.query.byKey(key).go()).rejects.toThrow(`data.${field} ${rule}`);
    await expect(entity.get([key]).go()).rejects.toThrow(`data.${field} ${rule}`);
  }

  test("without the key", async () => {
    await seed();
    const rule = 'is encrypted with the key "key-1", which is not among the configured keys';
    await refused(layerOf(newOnly), rule, "key-1", "accessToken");
  });

  test("with another key under the same id", async () => {
    await seed();
    const wrong = { keys: { "key-1": keyBytes("another") }, current: "key-1" };
    const rule =
      'cannot be decrypted with the key "key-1": this id has another key now, or the text was changed';
    await refused(layerOf(wrong), rule, "key-1", "accessToken");
  });

  test("without any keys: the text is not handed out as the token", async () => {
    await seed();
    const rule = "is encrypted, and no keys are configured (encryption)";
    await refused(layerOf(), rule, "key-1", "accessToken");
  });

  test("moved to another item of the same user's, or to another user's", async () => {
    await seed();
    await seed("OTHER");
    const mine = await stored();
    const rule = 'was encrypted with the key "key-1" for another item or field, and was moved here';
    const other = await stored("OTHER");
    await table.raw.put({ ...mine, Data: { ...mine.Data, accessToken: other.Data.accessToken } });
    await refused(table.data, rule, "key-1", "accessToken");

    await seed(provider, "thief");
    const { Data } = await stored(provider, "thief");
    await table.raw.put({ ...mine, Data: { ...mine.Data, refreshToken: Data.refreshToken } });
    await refused(table.data, rule, "key-1", "refreshToken");
    // It was the move alone: where it belongs it is read.
    expect(await table.data.oauthToken.get({ userId: "thief", provider })).toMatchObject({
      data: token,
    });
    await table.raw.put(mine);
    expect(await table.data.oauthToken.get(key)).toMatchObject({ data: token });
  });

  test("moved to another field of the same item", async () => {
    await seed();
    const mine = await stored();
    const { accessToken, refreshToken } = mine.Data;
    await table.raw.put({
      ...mine,
      Data: { accessToken: refreshToken, refreshToken: accessToken },
    });
    const rule = 'was encrypted with the key "key-1" for another item or field, and was moved here';
    await refused(table.data, rule, "key-1", "accessToken");
  });

  test("in clear text, where that is refused", async () => {
    await seed();
    const mine = await stored();
    await table.raw.put({ ...mine, Data: { ...mine.Data, refreshToken: "canary" } });
    expect((await table.data.oauthToken.get(key))?.data.refreshToken).toBe("canary");
    const strict = layerOf({ ...oldOnly, clearText: "refuse" });
    const rule = 'is in clear text, and clearText is "refuse"';
    await refused(strict, rule, undefined, "refreshToken");
    // Null is no secret, and a payload without secrets is none either.
    await table.raw.put({ ...mine, Data: { ...mine.Data, refreshToken: null } });
    expect((await strict.oauthToken.get(key))?.data.refreshToken).toBeNull();
    await strict.project.put({ userId: key.userId, projectId: "p", data: { name: "n" } });
    expect(await strict.project.get({ userId: key.userId, projectId: "p" })).not.toBeNull();
  });

  test("an item that says that it is another entity's is no token to any call", async () => {
    await seed();
    const mine = await stored();
    const strict = layerOf({ ...oldOnly, clearText: "refuse" });
    const Data = { ...mine.Data, accessToken: "canary" };
    await table.raw.put({ ...mine, EntityType: "Project", Data });
    expect(await strict.oauthToken.get(key)).toBeNull();
    const refresh = async () => token;
    const valid = strict.oauth.validToken(key.userId, provider, { refresh });
    await failureOf(valid, ItemNotFoundError);
  });

  test("a JWE of the provider's own is clear text", async () => {
    const { CompactEncrypt } = await import("jose");
    const theirs = await new CompactEncrypt(new TextEncoder().encode("theirs"))
      .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid: "key-1", typ: "at+jwt" })
      .encrypt(keyBytes("theirs"));
    const plain = layerOf();
    await plain.oauthToken.put({ ...key, data: { accessToken: theirs } });
    expect((await plain.oauthToken.get(key))?.data.accessToken).toBe(theirs);
    expect((await table.data.oauthToken.get(key))?.data.accessToken).toBe(theirs);
    await table.data.oauthToken.put({ ...key, data: { accessToken: theirs } });
    expect((await stored()).Data.accessToken).not.toBe(theirs);
    expect((await table.data.oauthToken.get(key))?.data.accessToken).toBe(theirs);
  });

  test("a text that looks like one of ours is encrypted as any other", async () => {
    await seed();
    const { accessToken } = (await stored()).Data;
    const given = { accessToken: accessToken as string };
    await table.data.oauthToken.put({ ...key, data: given });
    expect((await table.data.oauthToken.get(key))?.data).toEqual(given);
  });

  test("any byte that was changed", async () => {
    await seed();
    const mine = await stored();
    const text = mine.Data.accessToken as string;
    const strict = layerOf({ ...oldOnly, clearText: "refuse" });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(text.length - 1),
        fc.string({ minLength: 1, maxLength: 1, unit: "grapheme-ascii" }),
        async (at, character) => {
          fc.pre(text[at] !== character);
          const changed = text.slice(0, at) + character + text.slice(at + 1);
          await table.raw.put({ ...mine, Data: { ...mine.Data, accessToken: changed } });
          await failureOf(strict.oauthToken.get(key), DecryptionError);
        },
      ),
      tries(150),
    );
  });

  test("a failing key provider: the read fails, and says whose failure it is", async () => {
    await seed();
    const cause = Object.assign(new Error("slow down"), { name: "ThrottlingException" });
    const fails = async () => {
      throw cause;
    };
    const layer = layerOf({ currentKey: fails, keyOf: fails });
    const error = await failureOf(layer.oauthToken.get(key), DecryptionError);
    expect(error.message).toContain('cannot be decrypted: the request for the key "key-1" failed');
    expect(error.retryable).toBe(true);
    expect((error.cause as Error).cause).toBe(cause);
  });

  describe("what others are spared", () => {
    test("gets of the same turn fail by themselves, and each asker of the same item alike", async () => {
      await seed();
      const layer = layerOf(newOnly);
      const good = { userId: key.userId, provider: "GOOD" };
      const project = { userId: key.userId, projectId: "p", data: { name: "n" } };
      await layer.oauthToken.put({ ...good, data: token });
      await layer.project.put(project);
      const outcomes = await Promise.allSettled([
        layer.oauthToken.get(key),
        layer.oauthToken.get(good),
        layer.oauthToken.get(key),
        layer.project.get(project),
        layer.oauth.isConnected(key.userId, provider),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        ...["rejected", "fulfilled", "rejected", "fulfilled", "fulfilled"],
      ]);
      expect(outcomes[2]).toMatchObject({ reason: { name: "DecryptionError" } });
    });

    test("each of them is told by the call that it made itself", async () => {
      await seed();
      const layer = layerOf(newOnly);
      const [one, other] = await Promise.all([
        failureOf(layer.oauthToken.getOrThrow(key), DecryptionError),
        failureOf(layer.oauthToken.get(key), DecryptionError),
      ]);
      expect(one.message).toMatch(/^getOrThrow OAuthToken /);
      expect(one.operation).toBe("getOrThrow");
      expect(other.message).toMatch(/^get OAuthToken /);
      expect(other.operation).toBe("get");
    });

    test("fields that are not asked for are not decrypted", async () => {
      await seed();
      const layer = layerOf(newOnly);
      const item = await layer.oauthToken.get(key, { fields: ["expiryDate"] });
      expect(item?.data).toEqual({ expiryDate: 5 });
    });
  });

  describe("writes without the key of what is there", () => {
    test("delete gets rid of it, and gives what was there as it was stored", async () => {
      for (const layer of [layerOf(newOnly), layerOf()]) {
        await seed();
        const before = await stored();
        const item = await layer.oauthToken.delete(key);
        expect(item?.data).toEqual(before.Data);
        expect(isSealed(item?.data.accessToken)).toBe(true);
        expect(inspect(item, { depth: 9 })).not.toContain("eyJ");
        expect(await stored()).toBeUndefined();
        await seed();
        expect(await layer.oauth.remove(key.userId)).not.toBeNull();
        await seed();
        const native = await layer.oauthToken.entity.delete(key).go({ response: "all_old" });
        expect(native.data).toMatchObject({ userId: key.userId });
        expect(await stored()).toBeUndefined();
      }
    });

    test("put replaces it", async () => {
      await seed();
      const item = await layerOf(newOnly).oauthToken.put({ ...key, data: token });
      expect(item.data).toEqual(token);
      expect(headerOf((await stored()).Data.accessToken).kid).toBe("key-2");
    });

    test("update is carried out and says so, where its answer cannot be read", async () => {
      await seed();
      const layer = layerOf(newOnly);
      const update = layer.oauthToken.update(key, { expiryDate: 7 });
      const error = await failureOf(update, DecryptionError);
      expect(error.mayHaveBeenDone).toBe(true);
      expect(error.message).toBe(
        `update OAuthToken (userId=${key.userId}, provider=${provider}): the write was carried out, ` +
          'but data.accessToken is encrypted with the key "key-1", which is not among the configured keys',
      );
      expect((await stored()).Data.expiryDate).toBe(7);
      const whole = { accessToken: "a", refreshToken: "b" };
      expect((await layer.oauthToken.update(key, whole)).data).toEqual({ ...whole, expiryDate: 7 });
    });

    test("a condition that fails is still told as one, with the item as it is stored", async () => {
      await seed();
      const layer = layerOf(newOnly);
      const there = await stored();
      const calls = [
        () => layer.oauthToken.create({ ...key, data: token }),
        () => layer.oauthToken.update(key, { expiryDate: 1 }, { ifUpdatedAt: 1 }),
        () => layer.oauthToken.delete(key, { ifUpdatedAt: 1 }),
      ];
      for (const call of calls) {
        const error = await failureOf(call(), ConditionalCheckFailedError);
        expect((error.item as { data: object }).data).toEqual(there.Data);
        expect(inspect(error.item, { depth: 9 }) + JSON.stringify(error.item)).not.toMatch(/eyJ/);
      }
      await failureOf(
        layer.oauthToken.update({ ...key, provider: "GONE" }, { expiryDate: 1 }),
        ItemNotFoundError,
      );
    });
  });

  test("the generic repository does not hand the text out as the value", async () => {
    await seed();
    const { endpoint } = table.data.engine;
    const { tableName } = table.data.configuration;
    const variables = {
      USE_LOCAL_AWS: "true",
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      DYNAMODB_TABLE_NAME: tableName,
    };
    Object.assign(process.env, variables);
    resetClients();
    try {
      const repository = new DynamoDBRepository();
      const PK = `OAUTH#${key.userId}`;
      const calls = {
        get: () => repository.get(PK, provider),
        getItem: () => repository.getItem(PK, provider),
        query: () => repository.query(PK),
        queryBetween: () => repository.queryBetween(PK, provider, provider),
        scan: () => repository.scan(),
        scanAll: () => everyOf(repository.scanAll()),
        batchGet: () => repository.batchGet([{ PK, SK: provider }]),
      };
      for (const [name, call] of Object.entries(calls)) {
        const { message } = await failureOf(call(), DecryptionError);
        // A scan meets other users' items too.
        const where = name.startsWith("scan")
          ? `${name} (PK=OAUTH#`
          : `${name} (PK=${PK}, SK=${provider})`;
        expect(message).toMatch(/: data\.\w+Token is encrypted: read it through its store$/);
        expect(message.startsWith(where)).toBe(true);
        expect(message).not.toContain("eyJ");
      }
      await table.raw.put({ PK, SK: "CLEAR", Data: { accessToken: "a.b.c.d.e" } });
      expect(await repository.get(PK, "CLEAR")).toEqual({ accessToken: "a.b.c.d.e" });
    } finally {
      resetClients();
      for (const name of Object.keys(variables)) delete process.env[name];
    }
  });

  test("a token that is encrypted anew during its refresh loses nothing of it", async () => {
    const expired = { ...token, expiryDate: 1 };
    const layer = layerOf(both);
    await table.data.oauthToken.put({ ...key, data: expired });
    const before = await stored();
    const refresh = async () => {
      // As nobody should do it: without a look at the lease.
      const leased = await stored();
      await layer.oauthToken.put({ ...key, provider: "AWAY", data: expired });
      await layer.oauthToken.update(key, expired);
      const anew = await stored();
      expect(headerOf(anew.Data.accessToken).kid).toBe("key-2");
      await table.raw.put({ ...leased, Data: anew.Data });
      return { accessToken: "fresh", refreshToken: "rotated", expiryDate: Date.now() * 2 };
    };
    expect(headerOf(before.Data.accessToken).kid).toBe("key-1");
    const spy = jest.fn(refresh);
    const fresh = await layer.oauth.validToken(key.userId, provider, { refresh: spy });
    expect(fresh).toMatchObject({ accessToken: "fresh", refreshToken: "rotated" });
    expect(spy).toHaveBeenCalledTimes(1);
    expect((await layer.oauth.get(key.userId))?.data).toMatchObject({ refreshToken: "rotated" });
    expect(await stored()).not.toHaveProperty("LeaseHolder");
  });

  test.each([
    ["both tokens", { accessToken: "consent", refreshToken: "consent" }],
    ["another access token", { accessToken: "consent" }],
    ["another refresh token", { accessToken: token.accessToken, refreshToken: "consent" }],
  ])("a consent with %s that is stored during a refresh still counts", async (_, brought) => {
    const layer = layerOf(both);
    await table.data.oauthToken.put({ ...key, data: { ...token, expiryDate: 1 } });
    const consent = { ...brought, expiryDate: Date.now() * 2 };
    const refresh = async () => {
      await table.data.oauth.store(key.userId, provider, consent);
      return { accessToken: "late", refreshToken: "late", expiryDate: Date.now() * 2 };
    };
    const kept = { ...token, ...consent };
    expect(await layer.oauth.validToken(key.userId, provider, { refresh })).toEqual(kept);
    expect((await layer.oauth.get(key.userId))?.data).toEqual(kept);
  });
});
