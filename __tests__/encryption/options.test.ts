/** The options and the variable: what is wrong is named, and no key is ever shown. */
import { inspect } from "node:util";
import { definitions } from "../../services/entities.js";
import { secretEntities } from "../../services/registry.js";
import { createDataLayer, type DataLayerOptions } from "../../src/data-layer.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { registry } from "../registry.js";
import { keyBytes, variableOf } from "./keys.js";

const canary = "canary-77b0-canary-77b0-canary-77b0-canary";
const key = keyBytes("one");
const variable = "COAGENT_ENCRYPTION_KEYS";
const options = (encryption: unknown) => ({ environment: "local", encryption }) as DataLayerOptions;

afterEach(() => {
  delete process.env[variable];
});

function failure(make: () => unknown): ConfigurationError {
  try {
    make();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(inspect(error) + JSON.stringify(error)).not.toContain(canary.slice(0, 11));
    return error as ConfigurationError;
  }
  throw new Error("it was taken");
}

test("keys are bytes or base64url", () => {
  const text = Buffer.from(key).toString("base64url");
  for (const keys of [
    { a: key },
    { a: Buffer.from(key) },
    { a: text },
    { a: key, "b:/@.-_": text },
  ])
    expect(() => createDataLayer(options({ keys, current: "a" }))).not.toThrow();
});

test.each([
  ["null", null, "encryption must be an object"],
  ["a text", canary, "encryption must be an object"],
  ["no keys", { current: canary }, "encryption.keys must be an object"],
  ["no current key", { keys: { a: key } }, "encryption.current must be the id"],
  ["another current key", { keys: { a: key }, current: canary }, "encryption.current must be"],
  ["an inherited id", { keys: { a: key }, current: "toString" }, "encryption.current must be"],
  ["a short key", { keys: { a: key.slice(1) }, current: "a" }, "key 1 of encryption.keys must be"],
  ["a long key", { keys: { a: canary.repeat(2) }, current: "a" }, "key 1 of encryption.keys"],
  ["base64 with padding", { keys: { a: `${canary}=` }, current: "a" }, "key 1 of encryption.keys"],
  ["hex", { keys: { a: Buffer.from(key).toString("hex") }, current: "a" }, "32 bytes"],
  ["no key", { keys: { b: key, a: undefined }, current: "b" }, "key 2 of encryption.keys"],
  ["key and id mixed up", { keys: { [`${canary}=`]: "a" }, current: "a" }, "the id of key 1"],
  ["an empty id", { keys: { "": key }, current: "" }, "the id of key 1 of encryption.keys must be"],
  ["an unknown member", { keys: { a: key }, current: "a", [canary]: 1 }, "unknown member"],
  ["a wrong clearText", { keys: { a: key }, current: "a", clearText: canary }, "clearText must be"],
  ["half a provider", { currentKey: async () => key }, "encryption has an unknown member"],
])("%s is refused by name", (_, encryption, message) => {
  expect(failure(() => createDataLayer(options(encryption))).message).toContain(message);
});

test.each([
  ["no JSON", canary, "must be JSON"],
  ["JSON of a text", JSON.stringify(canary), "must be JSON"],
  ["a cut one", variableOf({ keys: { a: key }, current: "a" }).slice(0, -5), "must be JSON"],
  [
    "a short key",
    JSON.stringify({ keys: { a: canary }, current: "a" }),
    "KEYS.keys must be 32 bytes",
  ],
  ["no current key", JSON.stringify({ keys: {} }), "COAGENT_ENCRYPTION_KEYS.current must be"],
])("%s in the variable is refused by name", (_, text, message) => {
  process.env[variable] = text;
  const error = failure(() => createDataLayer({ environment: "local" }));
  expect(error.message).toContain("COAGENT_ENCRYPTION_KEYS");
  expect(error.message).toContain(message);
});

test("the option wins over the variable", () => {
  process.env[variable] = "no JSON";
  expect(() => createDataLayer(options({ keys: { a: key }, current: "a" }))).not.toThrow();
});

test("a data layer shows no key, wherever it is looked at", () => {
  process.env[variable] = variableOf({ keys: { a: key }, current: "a" });
  const text = Buffer.from(key).toString("base64url");
  const secret = "a-cursor-secret-of-thirty-two-bytes-canary";
  const layer = createDataLayer({ environment: "local", cursorSecret: secret });
  const shown =
    inspect(layer, { depth: 20, showHidden: true }) + JSON.stringify(layer.configuration);
  expect(shown).not.toContain(text);
  expect(shown).not.toContain(secret);
  expect(shown).not.toMatch(new RegExp([...key.slice(0, 4)].join(",\\s+")));
});

test("the entities with secrets are known by their names", () => {
  expect(secretEntities(definitions).map(({ name, fields }) => [name, fields])).toEqual([
    ["OAuthToken", ["accessToken", "refreshToken"]],
  ]);
  // What they are found by.
  for (const { name, entity } of registry) expect(name.toLowerCase()).toBe(entity.toLowerCase());
});

test("bytes that are overwritten after use are still the key", async () => {
  const { createCipher } = await import("../../src/secrets/encryption.js");
  const own = keyBytes("own");
  const cipher = createCipher({ keys: { a: own }, current: "a" });
  const place = { key: { PK: "p", SK: "s" }, field: "f" };
  own.fill(0);
  const sealed = await cipher.seal('{"S":"x"}', place, await cipher.currentKey());
  const same = createCipher({ keys: { a: keyBytes("own") }, current: "a" });
  expect(await same.open(sealed, place)).toEqual({ text: '{"S":"x"}' });
});
