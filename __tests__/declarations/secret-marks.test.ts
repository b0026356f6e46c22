/** Secret fields of own entities: wherever in a field the mark is, the field is protected. */
import { inspect } from "node:util";
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { z } from "zod";
import { z as z3 } from "zod/v3";
import {
  byKey,
  configure,
  createDataLayer,
  data as dataOf,
  Entity,
  type EntityConfig,
  fields,
  index,
  keyPart,
  model,
  secret,
  times,
  ValidationError,
} from "../../src/index.js";
import { createTestDataLayer, type TestDataLayer } from "../../src/testing/index.js";
import { bareClient, failureOf } from "../open.js";
import type { AnyStore } from "../registry.js";

/** An entity with this payload. */
function noteOf(payload: z.ZodType, indexes: object = {}) {
  const schema = () => ({
    model: model("Note"),
    attributes: {
      teamId: keyPart,
      noteId: keyPart,
      data: dataOf(payload as never),
      ...fields("token"),
      ...times,
    },
    indexes: { byKey: byKey("TEAM#${teamId}", "NOTE#${noteId}"), ...indexes },
  });
  const entity = (config: EntityConfig) => new Entity(schema() as never, configure(config));
  return { note: { payload, schema, entity } };
}

const key = { teamId: "t", noteId: "n" };
const encryption = { keys: { "key-1": new Uint8Array(32).fill(1) }, current: "key-1" };
const open = async (payload: z.ZodType) => {
  const entities = noteOf(payload);
  const layer = await createTestDataLayer({ entities, builtIn: false, encryption } as object);
  return layer as unknown as TestDataLayer & { readonly note: AnyStore };
};

const text = z.string();
const loose = (token: z.ZodType) => z.looseObject({ token, name: z.string().optional() });

test.each<[string, z.ZodType, unknown]>([
  ["optional", loose(secret(text).optional()), "topsecret"],
  ["nullish", loose(secret(text).nullish()), "topsecret"],
  ["readonly", loose(secret(text).readonly()), "topsecret"],
  ["in a union", loose(z.union([secret(text), z.null()])), "topsecret"],
  ["lazy", loose(z.lazy(() => secret(text))), "topsecret"],
  ["in a nested object", loose(z.looseObject({ inner: secret(text) })), { inner: "topsecret" }],
  ["in a list", loose(z.array(secret(text))), ["topsecret"]],
  ["in a record", loose(z.record(z.string(), secret(text))), { a: "topsecret" }],
  ["of a partial object", loose(secret(text)).partial(), "topsecret"],
  [
    "of an intersection",
    loose(secret(text)).and(z.looseObject({ more: text.optional() })),
    "topsecret",
  ],
  ["of a readonly object", loose(secret(text)).readonly(), "topsecret"],
  ["of a union of objects", z.union([loose(secret(text)), loose(z.number())]), "topsecret"],
])("a secret that is %s is encrypted and masked", async (_, payload, token) => {
  const layer = await open(payload);
  const { note } = layer;
  const stored = await note.put({ ...key, data: { token } });
  expect(inspect(stored, { depth: 9 })).not.toContain("topsecret");
  expect(JSON.stringify(await note.get(key))).toContain("topsecret");
  const client = bareClient(layer);
  const { Items } = await client.send(
    new ScanCommand({ TableName: layer.configuration.tableName }),
  );
  client.destroy();
  expect(Items?.[0]?.Data.token).toMatch(/^eyJ/);
  expect(JSON.stringify(Items)).not.toContain("topsecret");
  await layer.close();
});

test("a field that has a secret in it is in no index", () => {
  const indexes = { byToken: index("GSI2", "T#${data.token}", "${noteId}") };
  const entities = noteOf(loose(secret(text).optional()), indexes);
  expect(() => createDataLayer({ environment: "local", entities } as object)).toThrow(
    "has ${data.token} in an index, which is secret",
  );
});

const quoting = (words: string) => ({
  error: ({ input }: { input: unknown }) => `${words} ${input}`,
});

test.each<[string, z.ZodType, object]>([
  [
    "a rule of the field",
    loose(secret(text.refine(() => false, quoting("not"))).optional()),
    { token: "topsecret" },
  ],
  ["the type of the field", loose(secret(z.number(quoting("not")))), { token: "topsecret" }],
  [
    "a rule of the whole",
    loose(secret(text)).refine(() => false, {
      error: ({ input }) => JSON.stringify(input),
    }),
    { token: "topsecret" },
  ],
  [
    "a rule that blames another field",
    loose(secret(text)).superRefine(({ token }, context) => {
      context.addIssue({
        code: "custom",
        path: ["name"],
        message: `not like ${String(token).toUpperCase()}`,
      });
    }),
    { token: "topsecret", name: "x" },
  ],
  [
    "a rule that quotes a member of a set",
    loose(secret(z.set(text))).superRefine(({ token }, context) => {
      const [first] = token as Set<string>;
      context.addIssue({ code: "custom", path: ["name"], message: `clashes with ${first}` });
    }),
    { token: new Set(["topsecret"]), name: "x" },
  ],
  ["a name inside", loose(secret(z.record(text, z.number()))), { token: { topsecret: "x" } }],
])("%s tells nothing of a secret", async (_, payload, data) => {
  const layer = await open(payload);
  const { note } = layer;
  for (const refused of [
    note.put({ ...key, data } as never),
    Promise.reject(new ValidationError({ issues: note.check({ ...key, data }) } as never)),
  ]) {
    const error = await failureOf(refused, ValidationError);
    expect(error.issues.length).toBeGreaterThan(0);
    expect(inspect(error, { depth: 9 }).toLowerCase()).not.toContain("topsecret");
  }
  await layer.close();
});

test.each<[string, unknown]>([
  ["a value that its schema refuses", { topsecret: "x" }],
  ["a value that cannot be stored", { topsecret: Number.NaN }],
  ["another library's", { topsecret: "x" }],
])(
  "no name from inside a secret field is told, of a put or an update: %s",
  async (which, token) => {
    const isOther = which.startsWith("another");
    const other = z3.object({ token: z3.record(z3.string(), z3.number()) }).passthrough();
    const { note: declared } = noteOf(
      isOther ? (other as never) : loose(secret(z.record(text, z.number()))),
    );
    const entities = { note: { ...declared, ...(isOther && { secrets: ["token"] }) } };
    const layer = await createTestDataLayer({ entities, builtIn: false } as object);
    const { note } = layer as unknown as { readonly note: AnyStore };
    await note.put({ ...key, data: { token: { a: 1 } } });
    for (const refused of [
      note.put({ ...key, data: { token } } as never),
      note.update(key, { token } as never),
      note.update(key, {}, { set: [[["token"], token]] } as never),
    ]) {
      const error = await failureOf(refused, ValidationError);
      expect(error.issues.map(({ path }) => path)).toEqual(["data.token"]);
      expect(inspect(error, { depth: 9 })).not.toContain("topsecret");
    }
    await layer.close();
  },
);

test("a schema's own words about another field are shown", async () => {
  const layer = await open(
    z.looseObject({
      token: secret(text).optional(),
      name: text.refine(() => false, "take another"),
    }),
  );
  const error = await failureOf(
    layer.note.put({ ...key, data: { token: "topsecret", name: "x" } }),
    ValidationError,
  );
  expect(error.issues).toEqual([{ path: "data.name", message: "take another" }]);
  await layer.close();
});

test("a secret catchall is refused: only named fields are encrypted", () => {
  const entities = noteOf(z.object({ name: text }).catchall(secret(text)));
  expect(() => createDataLayer({ environment: "local", entities } as object)).toThrow(
    "entities.note has a payload that has a secret catchall: name the fields that are secret",
  );
});

test("what is no schema of zod 4 is refused by secret", () => {
  expect(() => secret({} as never)).toThrow("name the field in the secrets of its declaration");
});
