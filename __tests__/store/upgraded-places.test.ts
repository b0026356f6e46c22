/** Updates of an older payload find the places of their changes in the upgraded one, or are refused. */

import { inspect } from "node:util";
import { PutCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { z } from "zod";
import {
  byKey,
  configure,
  DecryptionError,
  DynamoDBError,
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
import { engines } from "../engines.js";
import { bareClient, failureOf, requestsOf } from "../open.js";
import type { AnyStore } from "../registry.js";

const payload = z.looseObject({ status: z.string().optional(), kind: z.string().optional() });
const upgrades: unknown[] = [];

interface Choice {
  readonly indexes?: object;
  readonly upgrade?: (old: never) => unknown;
  readonly token?: z.ZodType;
}

/** A layer with an entity of version 2, and its store. */
async function opened(engine: (typeof engines)[number]["engine"], choice: Choice = {}) {
  const { indexes = {}, upgrade = (old: object) => old, token } = choice;
  const own = token === undefined ? payload : payload.extend({ token });
  const schema = () => ({
    model: model("Note"),
    attributes: {
      teamId: keyPart,
      noteId: keyPart,
      data: dataOf(own),
      ...fields("status", "kind"),
      ...times,
    },
    indexes: { byKey: byKey("TEAM#${teamId}", "NOTE#${noteId}"), ...indexes },
  });
  const note = {
    payload: own,
    schema,
    version: 2,
    upgrade: {
      1: (old: never) => {
        upgrades.push(old);
        return upgrade(old);
      },
    },
    entity: (config: EntityConfig) => new Entity(schema() as never, configure(config)),
  };
  const layer = await createTestDataLayer({ engine, entities: { note }, builtIn: false } as object);
  return layer as unknown as TestDataLayer & { readonly note: AnyStore };
}

const key = { teamId: "t", noteId: "n" };
const created = 1_600_000_000_000;

/** Stores an item of version 1, as an earlier program did. */
async function putOld(layer: TestDataLayer, Data: object, more: object = {}) {
  const client = bareClient(layer);
  const parts = { PK: "TEAM#t", SK: "NOTE#n", EntityType: "Note", ...key };
  const Item = { ...parts, Data, CreatedAt: created, UpdatedAt: created, ...more };
  await client.send(new PutCommand({ TableName: layer.configuration.tableName, Item }));
  client.destroy();
  layer.wire.clear();
  upgrades.length = 0;
}

describe.each(engines)("on $name", ({ engine }) => {
  const old = { tags: ["a", "b"], meta: { x: 1 }, status: "new" };

  test.each([
    ["a name in a list", { set: [[["tags", "x"], "Z"]] }, "data.tags.x is in a list"],
    ["a name of digits in a list", { remove: [["tags", "0"]] }, "data.tags.0 is in a list"],
    ["a position in a map", { set: [[["meta", 0], "Z"]] }, "data.meta[0] is in a map"],
    ["a place in nothing", { set: [[["none", "x"], 1]] }, "data.none does not exist"],
    ["a place below a text", { remove: [["status", "x"]] }, "data.status does not exist"],
  ])("%s is refused, and nothing is changed", async (_, options, message) => {
    await using layer = await opened(engine);
    await putOld(layer, old);
    const refused = layer.note.update(key, {}, options as never);
    expect((await failureOf(refused, ValidationError)).message).toContain(message);
    expect((await layer.note.get(key))?.data).toEqual(old);
  });

  test("a place in nothing is refused by an update that reads first, too", async () => {
    const indexes = { byBoth: index("GSI2", "S#${data.status}#${data.kind}", "${noteId}") };
    await using layer = await opened(engine, { indexes });
    await putOld(layer, old);
    const both = { set: [[["none", "x"], 1]] } as never;
    const refused = layer.note.update(key, { status: "won" }, both);
    expect((await failureOf(refused, ValidationError)).issues).toEqual([
      { path: "data.none", message: "does not exist: nothing can be set or removed inside it" },
    ]);
  });

  test("places that are there are changed, and the payload is upgraded once for each request", async () => {
    await using layer = await opened(engine);
    await putOld(layer, old);
    const { data } = await layer.note.update(key, {}, {
      set: [
        [["tags", 0], "A"],
        [["meta", "y"], 2],
      ],
      remove: [["meta", "x"]],
    } as never);
    expect(data).toEqual({ tags: ["A", "b"], meta: { y: 2 }, status: "new" });
    expect(requestsOf(layer)).toEqual(["UpdateItem", "UpdateItem"]);
    expect(upgrades).toHaveLength(1);
  });

  test("an item whose creation was stored as a text gets its place in a new index", async () => {
    const indexes = { byType: index("GSI2", "TYPE#Note", "${createdAt}") };
    await using layer = await opened(engine, { indexes });
    await putOld(layer, old, { CreatedAt: new Date(created).toISOString() });
    await layer.note.update(key, { status: "won" });
    const queries = layer.note as unknown as {
      queryBy(name: string, parts: object): Promise<{ items: object[] }>;
    };
    const { items } = await queries.queryBy("byType", {});
    expect(items).toMatchObject([{ ...key, createdAt: created }]);
  });

  test.each<[string, (old: never) => unknown]>([
    [
      "throws an error that is named after it",
      ({ token }: { token: string }) => {
        throw Object.assign(new Error("x"), { name: `Bad ${token}` });
      },
    ],
    [
      "throws words that look like frames",
      ({ token }: { token: string }) => {
        throw new Error(`wrong:\n    at ${token}`);
      },
    ],
    [
      "returns a field that is named after it",
      ({ token }: { token: string }) => ({
        [token]: Symbol("x"),
      }),
    ],
  ])("an upgrade that %s tells no secret", async (_, upgrade) => {
    await using layer = await opened(engine, { upgrade, token: secret(z.string()).optional() });
    await putOld(layer, { token: "topsecret" });
    const error = await failureOf(layer.note.get(key), DynamoDBError);
    expect(error.code).toBe("UpgradeFailed");
    expect(inspect(error, { depth: 9 })).not.toContain("topsecret");
  });
});

test("an index over the id of the payload has an item that had no payload", async () => {
  const withId = payload.extend({ id: z.string().optional() });
  const schema = () => ({
    model: model("Note"),
    attributes: {
      teamId: keyPart,
      noteId: keyPart,
      data: dataOf(withId),
      ...fields("id"),
      ...times,
    },
    indexes: {
      byKey: byKey("TEAM#${teamId}", "NOTE#${noteId}"),
      byId: index("GSI2", "ID#${data.id}", "${teamId}"),
    },
  });
  const entity = (config: EntityConfig) => new Entity(schema(), configure(config));
  const entities = { note: { payload: withId, schema, entity } };
  await using layer = await createTestDataLayer({ entities, builtIn: false });
  const data = layer as unknown as TestDataLayer;
  await putOld(data, {}, { Data: undefined });
  await layer.note.update(key, { status: "won" });
  expect((await layer.note.queryBy("byId", { id: "n" })).items).toMatchObject([key]);
});

test("a secret that cannot be read, and is not asked for, does not stop a read of other fields", async () => {
  const keysOf = (name: string) => ({
    keys: { [name]: new Uint8Array(32).fill(name.length) },
    current: name,
  });
  const own = payload.extend({ token: secret(z.string()).optional() });
  const schema = () => ({
    model: model("Note"),
    attributes: { teamId: keyPart, noteId: keyPart, data: dataOf(own), ...times },
    indexes: { byKey: byKey("TEAM#${teamId}", "NOTE#${noteId}") },
  });
  const entity = (config: EntityConfig) => new Entity(schema(), configure(config));
  const upgrade = { 1: (old: { status: string }) => old };
  const entities = { note: { payload: own, schema, version: 2, upgrade, entity } };
  const [first] = engines as [(typeof engines)[number]];
  const options = { engine: first.engine, entities, builtIn: false } as const;
  await using writer = await createTestDataLayer({ ...options, encryption: keysOf("one") });
  await writer.note.put({ ...key, data: { status: "new", token: "topsecret" } });
  const client = bareClient(writer);
  const { tableName } = writer.configuration;
  const { Items = [] } = await client.send(new ScanCommand({ TableName: tableName }));
  client.destroy();
  await using reader = await createTestDataLayer({ ...options, encryption: keysOf("three") });
  const other = bareClient(reader);
  for (const Item of Items) {
    await other.send(new PutCommand({ TableName: reader.configuration.tableName, Item }));
  }
  other.destroy();
  expect((await reader.note.get(key, { fields: ["status"] }))?.data).toEqual({ status: "new" });
  await failureOf(reader.note.get(key), DecryptionError);
});
