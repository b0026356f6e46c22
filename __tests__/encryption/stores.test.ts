/** Encrypted fields through everything that reads and writes: what is in the table, what callers see. */
import { createHash } from "node:crypto";
import { inspect } from "node:util";
import { createDataLayer } from "../../src/data-layer.js";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { TransactionCanceledError } from "../../src/errors/transaction-canceled-error.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { createCipher } from "../../src/secrets/encryption.js";
import type { KeyProvider } from "../../src/secrets/key-provider.js";
import type { TestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import { Recorder } from "../services/recorder.js";
import { both, headerOf, isSealed, newKey, oldKey, oldOnly, plainOf } from "./keys.js";

const provider = "GOOGLE_BUSINESS";
const token = {
  accessToken: "canary-access",
  refreshToken: "canary-refresh",
  expiryDate: 1_600_000_000_005,
};

describe.each(engines)("encrypted fields on $name", (engine) => {
  const wire = new Recorder();
  const table = openTable(engine, {
    encryption: oldOnly,
    requestHandler: wire,
    retry: { initialDelayMs: 1, maxDelayMs: 2 },
  });
  let data: TestDataLayer;
  let users = 0;
  let key = { userId: "", provider };
  beforeEach(() => {
    data = table.data;
    wire.clear();
    users += 1;
    key = { userId: `u${users}`, provider };
  });
  const stored = async () =>
    (await table.raw.get(`OAUTH#${key.userId}`, provider)) as { Data: Record<string, unknown> };

  test("are compact JWE in the table, bound to their item and field", async () => {
    await data.oauthToken.create({ ...key, data: token });
    const { Data } = await stored();
    expect(JSON.stringify(Data)).not.toContain("canary");
    expect(Data.expiryDate).toBe(token.expiryDate);
    const ctx = (field: string) =>
      createHash("sha256")
        .update(`["OAUTH#${key.userId}","GOOGLE_BUSINESS","${field}"]`)
        .digest("base64url");
    expect(headerOf(Data.accessToken)).toEqual({
      typ: "bayon-field",
      alg: "dir",
      enc: "A256GCM",
      kid: "key-1",
      ctx: ctx("accessToken"),
    });
    expect(headerOf(Data.refreshToken)).toMatchObject({ ctx: ctx("refreshToken") });
    expect(await plainOf(Data.accessToken, oldKey)).toEqual({ S: "canary-access" });
    await expect(plainOf(Data.accessToken, newKey)).rejects.toThrow("decryption");
  });

  const writes: Record<string, () => Promise<unknown>> = {
    create: () => data.oauthToken.create({ ...key, data: token }),
    put: () => data.oauthToken.put({ ...key, data: token }),
    "put in place of another": async () => {
      await data.oauthToken.create({ ...key, data: { accessToken: "before" } });
      return data.oauthToken.put({ ...key, data: token });
    },
    update: async () => {
      await data.oauthToken.create({ ...key, data: { accessToken: "before" } });
      return data.oauthToken.update(key, token);
    },
    "update of single fields by their paths": async () => {
      await data.oauthToken.create({ ...key, data: { ...token, accessToken: "before" } });
      const set = [[["accessToken"], token.accessToken]] as never;
      return data.oauthToken.update(key, {}, { set });
    },
    "update of an item without a payload": async () => {
      const times = { CreatedAt: 1, UpdatedAt: 1, EntityType: "OAuthToken" };
      await table.raw.put({ PK: `OAUTH#${key.userId}`, SK: provider, ...times });
      return data.oauthToken.update(key, token);
    },
    batchPut: () => data.oauthToken.batchPut([{ ...key, data: token }]),
    "a batch whose half comes back unprocessed": () => {
      wire.inject({ fault: "partialUnprocessed", operation: "BatchWriteItem" });
      const other = { ...key, provider: "OTHER", data: token };
      return data.oauthToken.batchPut([{ ...key, data: token }, other]);
    },
    "oauth.store": () => data.oauth.store(key.userId, provider, token),
    "oauth.validToken": async () => {
      const before = { accessToken: "before", refreshToken: "before" };
      await data.oauth.store(key.userId, provider, before);
      const refresh = async (refreshToken: string) => {
        expect(refreshToken).toBe("before");
        return token;
      };
      return data.oauth.validToken(key.userId, provider, { refresh });
    },
    "a scope's put": () => data.forUser(key.userId).oauthToken.put({ provider, data: token }),
  };

  test.each(Object.keys(writes))("%s never sends a secret in clear text", async (name) => {
    await writes[name]?.();
    const { Data } = await stored();
    expect(await plainOf(Data.accessToken, oldKey)).toEqual({ S: "canary-access" });
    expect(await plainOf(Data.refreshToken, oldKey)).toEqual({ S: "canary-refresh" });
    expect(wire.asked.length).toBeGreaterThan(0);
    expect(JSON.stringify(wire.asked)).not.toMatch(/canary|"before"/);
    expect((await data.oauthToken.get(key))?.data).toMatchObject(token);
  });

  test("transactions neither, and they read and check as without", async () => {
    if (!data.engine.capabilities.transactions) return;
    const at = (name: string) => ({ userId: key.userId, provider: name });
    await data.oauthToken.create({ ...at("B"), data: { accessToken: "before" } });
    const [created] = await data.transaction.write((tx) => [
      tx.oauthToken.create({ ...at("A"), data: token }),
      tx.oauthToken.update(at("B"), token),
      tx.oauthToken.put({ ...at("C"), data: token }),
    ]);
    expect(created.data).toEqual(token);
    expect(JSON.stringify(wire.asked)).not.toContain("canary");
    const read = await data.transaction.get((tx) => [
      tx.oauthToken.get(at("A")),
      tx.oauthToken.get(at("B")),
      tx.oauthToken.get(at("C")),
      tx.oauthToken.get(at("D")),
    ]);
    expect(read.map((item) => item?.data)).toEqual([token, token, token, undefined]);
    const error = await failureOf(
      data.transaction.write((tx) => [tx.oauthToken.create({ ...at("A"), data: token })]),
      TransactionCanceledError,
    );
    const item = error.reasons[0]?.item;
    expect(item).toMatchObject({ data: token });
    expect(inspect(item)).not.toContain("canary");
  });

  test("null and missing stay what they are, and an empty text is encrypted", async () => {
    await data.oauthToken.put({ ...key, data: { accessToken: "", refreshToken: null } });
    const { Data } = await stored();
    expect(Data.refreshToken).toBeNull();
    expect(await plainOf(Data.accessToken, oldKey)).toEqual({ S: "" });
    await data.oauthToken.update(key, {}, { remove: ["refreshToken"] });
    expect((await stored()).Data).not.toHaveProperty("refreshToken");
    expect((await data.oauthToken.get(key))?.data).toEqual({ accessToken: "" });
  });

  test("come back by every read, projections and native chains included", async () => {
    await data.oauthToken.put({ ...key, data: token });
    const partition = { userId: key.userId };
    const listed = [];
    for await (const item of data.oauthToken.list(partition)) listed.push(item.data);
    const { oauthToken } = data;
    const native = await oauthToken.entity.get(key).go();
    const queried = await oauthToken.entity.query.byKey(partition).go();
    const batch = await oauthToken.entity.get([key]).go();
    for (const found of [
      (await oauthToken.getOrThrow(key)).data,
      (await oauthToken.get(key, { consistent: true }))?.data,
      (await oauthToken.batchGet([key, key]))[0]?.data,
      (await oauthToken.batchGet([key, key]))[1]?.data,
      ...(await Promise.all([oauthToken.get(key), oauthToken.get(key)])).map((one) => one?.data),
      (await oauthToken.query(partition)).items[0]?.data,
      listed[0],
      (await data.oauth.get(key.userId))?.data,
      native.data?.data,
      queried.data[0]?.data,
      batch.data[0]?.data,
    ]) {
      expect(found).toEqual(token);
    }
    const { data: some } = await oauthToken.getOrThrow(key, { fields: ["refreshToken"] });
    expect(some).toEqual({ refreshToken: "canary-refresh" });
    const projected = await oauthToken.entity.get(key).go({ attributes: ["data"] });
    expect(projected.data).toEqual({ data: token });
    expect(await oauthToken.delete(key)).toMatchObject({ data: token });
  });

  test("are not read where they are not wanted", async () => {
    await data.oauthToken.put({ ...key, data: token });
    wire.clear();
    expect(await data.oauth.isConnected(key.userId)).toBe(true);
    expect(wire.answers.join()).not.toContain("eyJ");
  });

  test("a repeated request sends the same bytes", async () => {
    wire.inject({ fault: "serverError", operation: "PutItem", times: 2 });
    await data.oauthToken.create({ ...key, data: token });
    const sent = wire.asked.map(({ input }) => JSON.stringify(input));
    expect(sent).toHaveLength(3);
    expect(new Set(sent).size).toBe(1);
  });

  test("a create whose answer was lost is known by what it wrote", async () => {
    let lost = 0;
    wire.intercept = ({ operation, send }) => {
      if (operation !== "PutItem" || lost > 0) return undefined;
      lost += 1;
      return send().then(() => {
        throw Object.assign(new Error("reset"), { code: "ECONNRESET" });
      });
    };
    expect(await data.oauthToken.create({ ...key, data: token })).toMatchObject({ data: token });
    expect(wire.names.filter((name) => name === "PutItem")).toHaveLength(2);
  });

  test("the same value is stored otherwise each time", async () => {
    await data.oauthToken.put({ ...key, data: token });
    const first = (await stored()).Data.accessToken;
    await data.oauthToken.put({ ...key, data: token });
    expect((await stored()).Data.accessToken).not.toBe(first);
  });

  describe("cannot be compared", () => {
    const rule = { path: "where.accessToken", message: "is encrypted: it cannot be compared" };
    type Where = (data: never, operators: never) => string;
    const callback: Where = (data: { accessToken: never }, { eq }: { eq: never }) =>
      (eq as (path: unknown, value: unknown) => string)(data.accessToken, "x");
    const byPath: Where = (_: never, { path, exists }: Record<string, never>) =>
      (exists as unknown as (path: unknown) => string)(
        (path as unknown as (...names: string[]) => unknown)("accessToken", "inside"),
      );
    const compared: Where = (data: Record<string, never>, { eq }: { eq: never }) =>
      (eq as (path: unknown, value: unknown) => string)(data.provider, data.accessToken);

    test.each([
      ["fields", { accessToken: "x" }],
      ["null", { accessToken: null }],
      ["a callback", callback],
      ["a path of the callback's", byPath],
      ["a second operand", compared],
    ])("by %s: nothing is sent", async (_, where) => {
      const given = where as never;
      const calls = [
        () => data.oauthToken.query({ userId: key.userId }, { where: given }),
        () => data.oauthToken.update(key, { expiryDate: 1 }, { where: given }),
        () => data.transaction.write((tx) => [tx.oauthToken.check(key, { where: given })]),
        async () => data.oauthToken.list({ userId: key.userId }, { where: given }),
      ];
      for (const call of calls) {
        expect((await failureOf(call(), ValidationError)).issues).toEqual([rule]);
      }
      expect(wire.asked).toEqual([]);
    });

    test("and the other fields can", async () => {
      await data.oauthToken.put({ ...key, data: token });
      const { items } = await data.oauthToken.query(
        { userId: key.userId },
        {
          where: { expiryDate: token.expiryDate },
        },
      );
      expect(items).toHaveLength(1);
    });
  });

  test("nothing inside one can be set or removed", async () => {
    await data.oauthToken.put({ ...key, data: token });
    wire.clear();
    const message = "is inside an encrypted field: set or remove the whole field";
    const set = data.oauthToken.update(key, {}, { set: [[["accessToken", "x"], 1]] });
    expect((await failureOf(set, ValidationError)).issues).toContainEqual({
      path: "data.accessToken.x",
      message,
    });
    const remove = data.oauthToken.update(key, {}, { remove: [["refreshToken", 0]] });
    expect((await failureOf(remove, ValidationError)).issues).toContainEqual({
      path: "data.refreshToken[0]",
      message,
    });
    expect(wire.asked).toEqual([]);
  });

  test("count in the item's size as they are stored", async () => {
    const long = "x".repeat(300 * 1024);
    const error = await failureOf(
      data.oauthToken.put({ ...key, data: { accessToken: long } }),
      ValidationError,
    );
    // 4 characters for 3 bytes.
    expect(error.issues[0]?.message).toMatch(/makes an item of 4[01]\d{4} bytes: at most 409600/);
    const { message } = await failureOf(
      data.oauthToken.update(key, { accessToken: long }),
      ValidationError,
    );
    expect(message).toContain("an item has at most 409600");
    expect(wire.asked).toEqual([]);
    const fits = "x".repeat(306_000);
    await data.oauthToken.put({ ...key, data: { accessToken: fits } });
    expect((await data.oauthToken.get(key))?.data.accessToken).toBe(fits);
  });

  describe("native writes of an entity that has them", () => {
    const refused = async (write: { go(): Promise<unknown> }) => {
      const error = await failureOf<Error>(write.go(), Error);
      expect(error.message).toContain("would store accessToken and refreshToken in clear text");
      expect(error.message).not.toContain("canary");
      expect(await stored()).toBeUndefined();
      expect(wire.asked).toEqual([]);
    };

    test("are refused: put, create, upsert, update, patch, batch, transaction", async () => {
      const { entity } = data.oauthToken;
      const item = { ...key, data: token };
      await refused(entity.put(item));
      await refused(entity.create(item));
      await refused(entity.upsert(item));
      await refused(entity.update(key).set({ data: token }));
      await refused(entity.patch(key).set({ data: token }));
      await refused(entity.put([item]));
      const transaction = data.service.transaction
        .write(({ oauthToken }) => [oauthToken.put(item).commit()])
        .go();
      await expect(transaction).rejects.toThrow("in clear text");
      expect(wire.asked).toEqual([]);
    });

    test("pass for deletes, and for other entities", async () => {
      await data.oauthToken.put({ ...key, data: token });
      const all = { response: "all_old" } as const;
      expect((await data.oauthToken.entity.delete(key).go(all)).data).toMatchObject({
        data: token,
      });
      const audit = { userId: key.userId, auditId: "a", data: { results: [] } };
      await data.brandAudit.entity.put(audit as never).go();
      expect(await data.brandAudit.get(audit)).toMatchObject({ data: { results: [] } });
    });
  });

  describe("are shown to nobody who did not ask", () => {
    test("a returned item: masked on a console, whole in JSON and in its fields", async () => {
      const created = await data.oauthToken.create({ ...key, data: token });
      const read = await data.oauthToken.getOrThrow(key);
      const put = await data.oauthToken.put({ ...key, data: token });
      const refresh = async () => ({ accessToken: "canary-new", expiryDate: Date.now() * 2 });
      const valid = { data: await data.oauth.validToken(key.userId, provider, { refresh }) };
      const again = { data: await data.oauth.validToken(key.userId, provider, { refresh }) };
      for (const item of [created, read, put, valid, again]) {
        expect(inspect(item, { depth: 9 })).not.toContain("canary");
        expect(inspect(item, { depth: 9 })).toContain("accessToken: '[secret]'");
        expect(JSON.stringify(item)).toContain("canary");
        expect(item.data.accessToken).toMatch(/^canary/);
      }
    });

    test("errors and what they carry", async () => {
      await data.oauthToken.create({ ...key, data: token });
      const there = await failureOf(
        data.oauthToken.create({ ...key, data: token }),
        ConditionalCheckFailedError,
      );
      expect((there.item as { data: object }).data).toEqual(token);
      wire.inject({ fault: "throttle", operation: "BatchWriteItem", times: 99 });
      const left = await failureOf(
        data.oauthToken.batchPut([{ ...key, data: token }]),
        UnprocessedItemsError,
      );
      expect((left.items[0] as { data: object }).data).toEqual(token);
      for (const shown of [there, there.item, left, left.items]) {
        expect(inspect(shown, { depth: 9 }) + JSON.stringify(shown)).not.toContain("canary");
      }
    });
  });
});

describe("the key provider", () => {
  const wire = new Recorder();
  const [engine] = engines as [(typeof engines)[number]];
  const given = {
    id: "key-1" as unknown,
    key: oldKey as unknown,
    failure: undefined as Error | undefined,
    answers: undefined as (() => unknown) | undefined,
    asked: [] as string[],
  };
  const provided: KeyProvider = {
    currentKey: async () => {
      given.asked.push("current");
      if (given.failure) throw given.failure;
      if (given.answers) return given.answers() as never;
      return { id: given.id, key: given.key } as never;
    },
    keyOf: async (id) => {
      given.asked.push(id);
      if (given.failure) throw given.failure;
      return id === "key-1" ? (given.key as Uint8Array) : null;
    },
  };
  const table = openTable(engine, { requestHandler: wire, encryption: provided });
  beforeEach(() => {
    wire.clear();
    const usual = { id: "key-1", key: oldKey, failure: undefined, answers: undefined };
    Object.assign(given, { ...usual, asked: [] });
  });
  const key = { userId: "u1", provider };

  test("is asked once for a request that writes, and once for each key that reads", async () => {
    await table.data.oauthToken.put({ ...key, data: token });
    await table.data.oauthToken.batchPut([{ ...key, provider: "B", data: token }]);
    expect(given.asked.filter((one) => one === "current")).toHaveLength(2);
    const { endpoint, region, credentials } = table.data.engine;
    const { tableName } = table.data.configuration;
    const reader = createDataLayer({
      ...{ environment: "development", endpoint, region, credentials, tableName },
      encryption: provided,
    });
    given.asked = [];
    await Promise.all([reader.oauthToken.get(key), reader.oauthToken.query({ userId: "u1" })]);
    await reader.oauthToken.get(key);
    expect(given.asked).toEqual(["key-1"]);
    await reader.close();
    given.asked = [];
    await table.data.project.put({ userId: "u1", projectId: "p", data: { name: "n" } });
    await table.data.oauthToken.update(key, { expiryDate: 7 });
    await table.data.oauth.isConnected("u1");
    expect(given.asked).toEqual([]);
  });

  test.each([
    ["a failure", { failure: new Error("canary") }, "KeyProviderError"],
    ["no key", { key: undefined }, "ConfigurationError"],
    ["half a key", { key: oldKey.slice(16) }, "ConfigurationError"],
    ["a text", { key: "canary" }, "ConfigurationError"],
    ["no id", { id: undefined }, "ConfigurationError"],
    ["an id that is none", { id: "canary canary" }, "ConfigurationError"],
    ["null (which nothing tested)", { answers: () => null }, "ConfigurationError"],
    ["undefined", { answers: () => undefined }, "ConfigurationError"],
    ["a text for all", { answers: () => "canary canary" }, "ConfigurationError"],
    [
      "what cannot be read (whose own error came out)",
      {
        answers: () => ({
          get id() {
            throw new TypeError("no id");
          },
        }),
      },
      "KeyProviderError",
    ],
  ])("that gives %s fails a write before anything is sent", async (_, wrong, code) => {
    Object.assign(given, wrong);
    const item = { ...key, data: token };
    const calls = {
      put: () => table.data.oauthToken.put(item),
      create: () => table.data.oauthToken.create(item),
      update: () => table.data.oauthToken.update(key, token),
      "transaction.write": () => table.data.transaction.write((tx) => [tx.oauthToken.put(item)]),
    };
    for (const [name, call] of Object.entries(calls)) {
      const error = await failureOf(call(), DynamoDBError);
      expect(error.code).toBe(code);
      expect(error instanceof ConfigurationError).toBe(code === "ConfigurationError");
      expect(error.message).toMatch(new RegExp(`^${name}.*encryption.currentKey\\(\\)`));
      expect(inspect(error) + JSON.stringify(error)).not.toContain("canary canary");
    }
    const left = await failureOf(table.data.oauthToken.batchPut([item]), UnprocessedItemsError);
    expect(left.items).toHaveLength(1);
    expect(wire.asked).toEqual([]);
  });

  test("that fails keeps a token from being refreshed: what came could not be stored", async () => {
    await table.data.oauth.store("u2", provider, token);
    given.failure = new Error("down");
    const refresh = jest.fn(async () => token);
    // It was read before, so its key is known.
    const error = await failureOf(
      table.data.oauth.validToken("u2", provider, { refresh }),
      DynamoDBError,
    );
    expect(error.code).toBe("KeyProviderError");
    expect(error.message).toMatch(/^oauth.validToken OAuthToken \(userId=u2, provider=\w+\): /);
    expect(refresh).not.toHaveBeenCalled();
    expect(await table.raw.get("OAUTH#u2", provider)).not.toHaveProperty("LeaseHolder");
  });

  test("that is throttled makes an error that is worth a retry", async () => {
    given.failure = Object.assign(new Error("slow"), { name: "ThrottlingException" });
    const error = await failureOf(
      table.data.oauthToken.put({ ...key, data: token }),
      DynamoDBError,
    );
    expect(error).toMatchObject({ code: "KeyProviderError", retryable: true });
    expect(error.cause).toBe(given.failure);
  });

  test("that does not answer holds nobody up past the deadline", async () => {
    const data = createDataLayer({
      ...{ environment: "local", client: { send: async () => ({}) } },
      encryption: { currentKey: () => new Promise(() => {}), keyOf: async () => null },
    });
    const put = data.oauthToken.put({ ...key, data: token }, { timeoutMs: 20 });
    await expect(put).rejects.toMatchObject({ code: "TimeoutError" });
    await data.close();
  });
});

test("a secret on its way into a client that does not seal is refused, and shows nothing", async () => {
  const { SecretValue } = await import("../../src/secrets/secret-value.js");
  const { createTransport } = await import("../../src/transport/transport.js");
  const { createClients } = await import("../../src/client/client.js");
  const { resolveConfiguration } = await import("../../src/client/config.js");
  const place = { key: { PK: "p", SK: "s" }, field: "f" };
  const secret = new SecretValue("canary", place);
  expect(inspect({ secret }) + JSON.stringify({ secret }) + String(secret)).not.toContain("canary");
  const clients = createClients(resolveConfiguration({ environment: "local" }, {}));
  for (const client of [clients.documentClient, { send: async () => ({}) }]) {
    const { createFieldGuard } = await import("../../src/secrets/field-guard.js");
    for (const guard of [undefined, createFieldGuard([], undefined)]) {
      if (guard === undefined && client !== clients.documentClient) continue;
      const transport = createTransport({ client, guard });
      const input = { TableName: "none", Item: { PK: "p", SK: "s", Data: { f: secret } } };
      const error = await failureOf<Error>(transport.send("Put", input, { context: {} }), Error);
      expect(error.message).not.toMatch(/canary|ECONNREFUSED/);
      expect(error.message).toMatch(/no keys|no encryption keys|Unsupported type/);
    }
  }
  clients.client.destroy();
});

test("an item that a client gives twice is decrypted once", async () => {
  const cipher = createCipher({ ...oldOnly, clearText: "refuse" });
  const PK = "OAUTH#u1";
  const place = { key: { PK, SK: provider }, field: "accessToken" };
  const accessToken = await cipher.seal('{"S":"canary"}', place, await cipher.currentKey());
  const Item = { PK, SK: provider, EntityType: "OAuthToken", Data: { accessToken } };
  const data = createDataLayer({
    ...{ environment: "local", client: { send: async () => ({ Item }) } },
    encryption: { ...oldOnly, clearText: "refuse" },
  });
  for (let turn = 0; turn < 2; turn += 1) {
    const item = await data.oauthToken.get({ userId: "u1", provider });
    expect(item?.data).toEqual({ accessToken: "canary" });
  }
  await data.close();
});

test("both keys read, and the current one writes", async () => {
  const { createTestDataLayer } = await import("../../src/testing/index.js");
  const data = await createTestDataLayer({ encryption: oldOnly });
  const { endpoint, region, credentials } = data.engine;
  const { tableName } = data.configuration;
  const place = { environment: "development", endpoint, region, credentials, tableName } as const;
  const plain = createDataLayer(place);
  const newer = createDataLayer({ ...place, encryption: both });
  const userId = "u1";
  await plain.oauthToken.put({ userId, provider: "CLEAR", data: token });
  await data.oauthToken.put({ userId, provider: "OLD", data: token });
  await newer.oauthToken.put({ userId, provider: "NEW", data: token });
  const { items } = await newer.oauthToken.query({ userId });
  expect(items.map((item) => [item.provider, item.data])).toEqual([
    ["CLEAR", token],
    ["NEW", token],
    ["OLD", token],
  ]);
  // A write encrypts what it writes with the current key, and nothing else.
  await newer.oauthToken.update({ userId, provider: "OLD" }, { accessToken: "next" });
  const { entity } = newer.oauthToken;
  const { data: native } = await entity.get({ userId, provider: "OLD" }).go();
  expect(native).toMatchObject({ data: { ...token, accessToken: "next" } });
  const { GetCommand } = await import("@aws-sdk/lib-dynamodb");
  const { bareClient } = await import("../open.js");
  const client = bareClient(data);
  const { Item } = await client.send(
    new GetCommand({ TableName: tableName, Key: { PK: "OAUTH#u1", SK: "OLD" } }),
  );
  expect([headerOf(Item?.Data.accessToken).kid, headerOf(Item?.Data.refreshToken).kid]).toEqual([
    "key-2",
    "key-1",
  ]);
  expect(isSealed(Item?.Data.expiryDate)).toBe(false);
  client.destroy();
  await plain.close();
  await newer.close();
  await data.close();
});
