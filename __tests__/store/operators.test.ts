/** `add`, `append`, `prepend`, `addToSet` and `removeFromSet`: computed by DynamoDB in the update's own request. */

import { z } from "zod";
import {
  byKey,
  ConditionalCheckFailedError,
  configure,
  createDataLayer,
  DynamoDBError,
  data as dataOf,
  Entity,
  type EntityConfig,
  ExactNumber,
  fields,
  index,
  keyPart,
  model,
  secret,
  times,
  ValidationError,
} from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { bareClient, failureOf, rawTable, requestsOf } from "../open.js";

const payload = z.looseObject({
  views: z.number().optional(),
  stars: z.number().int().min(1).max(5).optional(),
  whole: z.int().optional(),
  big: z.bigint().optional(),
  three: z.array(z.string()).length(3).optional(),
  two: z
    .set(z.enum(["a", "b", "c"]))
    .min(2)
    .optional(),
  filled: z.array(z.string()).nonempty().optional(),
  year: z.number().min(2020).max(2030).optional(),
  price: z.number().nullish(),
  title: z.string().optional(),
  tags: z.array(z.string()).optional(),
  pair: z.array(z.string()).min(2).max(3).optional(),
  labels: z.set(z.string()).optional(),
  numbers: z.set(z.number()).optional(),
  bytes: z.set(z.instanceof(Uint8Array)).optional(),
  stats: z.looseObject({ views: z.number(), by: z.array(z.string()).optional() }).optional(),
  token: secret(z.string()).optional(),
  status: z.string().optional(),
});

const schema = () => ({
  model: model("Note"),
  attributes: {
    userId: keyPart,
    noteId: keyPart,
    data: dataOf(payload),
    ...fields("status"),
    ...times,
  },
  indexes: {
    byKey: byKey("USER#${userId}", "NOTE#${noteId}"),
    byStatus: index("GSI2", "STATUS#${data.status}", "${noteId}"),
  },
});
const note = {
  payload,
  schema,
  entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
};

const texts = z.object({ name: z.string() });
const textSchema = () => ({
  model: model("Text"),
  attributes: { userId: keyPart, noteId: keyPart, data: dataOf(texts), ...times },
  indexes: { byKey: byKey("USER#${userId}", "TEXT#${noteId}") },
});
/** It has neither a number nor a list nor a set. */
const other = {
  payload: texts,
  schema: textSchema,
  entity: (config: EntityConfig) => new Entity(textSchema(), configure(config)),
};

const key = { userId: "u", noteId: "n" };

async function opened(engine: (typeof engines)[number]["engine"], data?: object) {
  const layer = await createTestDataLayer({ engine, entities: { note, other }, builtIn: false });
  if (data !== undefined) await layer.note.put({ ...key, data });
  layer.wire.clear();
  return layer;
}

describe.each(engines)("on $name", ({ engine }) => {
  test("each operator changes what is there, in one request together", async () => {
    const labels = new Set(["a", "b"]);
    await using layer = await opened(engine, { views: 1, price: 0.1, tags: ["b"], labels });
    const { data } = await layer.note.update(
      key,
      { title: "T" },
      {
        add: { views: 5, price: 0.2 },
        append: { tags: ["c", "d"] },
        addToSet: { labels: ["b", "c"], numbers: new Set([1, 2]) },
        removeFromSet: { bytes: [new Uint8Array([1])] },
      },
    );
    expect(data).toEqual({
      title: "T",
      views: 6,
      price: 0.3,
      tags: ["b", "c", "d"],
      labels: new Set(["a", "b", "c"]),
      numbers: new Set([1, 2]),
    });
    expect(requestsOf(layer)).toEqual(["UpdateItem"]);
    layer.wire.clear();
    const changed = await layer.note.update(
      key,
      {},
      { prepend: { tags: ["x", "y"] }, removeFromSet: { labels: ["a", "z"], numbers: [1, 2] } },
    );
    expect(changed.data).toMatchObject({
      tags: ["x", "y", "b", "c", "d"],
      labels: new Set(["b", "c"]),
    });
    expect(changed.data).not.toHaveProperty("numbers");
    expect(requestsOf(layer)).toEqual(["UpdateItem"]);
    expect((await layer.note.get(key))?.data).toEqual(changed.data);
  });

  test("a missing number counts from 0, a missing list or set is made, and nothing is removed from none", async () => {
    await using layer = await opened(engine, {});
    const { data } = await layer.note.update(
      key,
      {},
      {
        add: { views: -2 },
        append: { tags: [] },
        prepend: { pair: ["a"] },
        addToSet: { labels: ["a"], numbers: [] },
        removeFromSet: { bytes: [new Uint8Array([1])] },
      },
    );
    expect(data).toEqual({ views: -2, pair: ["a"], labels: new Set(["a"]) });
  });

  test("numbers are added with all their digits", async () => {
    await using layer = await opened(engine, { views: 9_007_199_254_740_991n as never });
    const { data } = await layer.note.update(
      key,
      {},
      { add: { views: 10n, price: ExactNumber.from("0.10000000000000000001") } },
    );
    expect(data.views).toBe(9_007_199_254_741_001n);
    expect(String(data.price)).toBe("0.10000000000000000001");
  });

  test("paths reach inside a field, beside set and remove, under a lock and a where", async () => {
    await using layer = await opened(engine, {
      stats: { views: 1, old: true },
      views: 1,
      title: "a",
    });
    const { updatedAt } = await layer.note.getOrThrow(key);
    layer.wire.clear();
    const { data } = await layer.note.update(
      key,
      {},
      {
        set: [[["stats", "name"], "N"]],
        remove: [["stats", "old"]],
        add: [[["stats", "views"], 2]],
        append: [[["stats", "by"], ["me"]]],
        ifUpdatedAt: updatedAt,
        where: { title: "a" },
      },
    );
    expect(data).toEqual({ stats: { views: 3, name: "N", by: ["me"] }, views: 1, title: "a" });
    const locked = { add: { views: 1 }, ifUpdatedAt: updatedAt };
    await failureOf(layer.note.update(key, {}, locked), ConditionalCheckFailedError);
    const conditional = { add: { views: 1 }, where: { title: "b" } };
    await failureOf(layer.note.update(key, {}, conditional), ConditionalCheckFailedError);
    expect((await layer.note.getOrThrow(key)).data.views).toBe(1);
  });

  test.each<[string, object, string]>([
    ["null", { add: { price: 1 } }, "data.price is no number: nothing can be added to it"],
    ["a text", { append: { tags: ["x"] } }, "data.tags is no list: no elements can be added to it"],
    [
      "a list",
      { addToSet: { labels: ["x"] } },
      "data.labels is no set of texts: no member can be added to it",
    ],
    [
      "a set of another kind",
      { removeFromSet: { numbers: [1] } },
      "data.numbers is no set of numbers: no member can be removed from it",
    ],
    ["a missing parent", { add: [[["stats", "views"], 1]] }, "data.stats does not exist"],
  ])(
    "%s that is stored is refused by name, and nothing is changed",
    async (_, options, message) => {
      await using layer = await opened(engine);
      const raw = { price: null, tags: "text", labels: ["a"], numbers: new Set(["a"]) };
      const client = bareClient(layer);
      const times = { CreatedAt: 1, UpdatedAt: 2 };
      const Item = { PK: "USER#u", SK: "NOTE#n", EntityType: "Note", ...key, Data: raw, ...times };
      await rawTable(client, layer.configuration.tableName).put(Item);
      client.destroy();
      const refused = layer.note.update(key, { title: "new" }, options);
      expect((await failureOf(refused, ValidationError)).message).toContain(message);
      expect(await layer.note.get(key)).toMatchObject({ data: raw, updatedAt: 2 });
    },
  );

  test("an item without a payload gets one with what is computed", async () => {
    await using layer = await opened(engine);
    const client = bareClient(layer);
    const Item = { PK: "USER#u", SK: "NOTE#n", EntityType: "Note", CreatedAt: 1, UpdatedAt: 2 };
    await rawTable(client, layer.configuration.tableName).put(Item);
    client.destroy();
    const options = {
      add: { views: 3 },
      append: { tags: ["a"] },
      removeFromSet: { labels: ["a"] },
    };
    const { data } = await layer.note.update(key, {}, options);
    expect(data).toEqual({ views: 3, tags: ["a"] });
  });

  test("beside more fields than an expression holds, the payload is read, computed and replaced", async () => {
    await using layer = await opened(engine, {
      views: 4,
      tags: ["a"],
      kept: 1,
      labels: new Set(["a"]),
    });
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`f${n}`, n]));
    const { data } = await layer.note.update(key, many as never, {
      add: { views: 1 },
      prepend: { tags: ["b"] },
      removeFromSet: { labels: ["a"] },
    });
    expect(data).toEqual({ ...many, views: 5, tags: ["b", "a"], kept: 1 });
  });

  test("a transaction counts", async () => {
    await using layer = await opened(engine, { views: 1 });
    const done = layer.transaction.write((tx) => [
      tx.note.update(key, {}, { add: { views: 2 }, append: { tags: ["t"] } }),
    ]);
    if (engine === "dynalite") await failureOf(done, DynamoDBError);
    else {
      await done;
      expect((await layer.note.getOrThrow(key)).data).toEqual({ views: 3, tags: ["t"] });
    }
  });

  test("an owner's scope counts in their own items", async () => {
    await using layer = await opened(engine, { views: 1 });
    const scoped = layer.forUser("u").note;
    const { data } = await scoped.update({ noteId: "n" }, {}, { add: { views: 2 } });
    expect(data.views).toBe(3);
  });
});

describe("bad input is refused before anything is sent", () => {
  const layer = createDataLayer({
    entities: { note },
    builtIn: false,
    tableName: "table",
    region: "eu-west-1",
    encryption: { keys: { k: new Uint8Array(32).fill(1) }, current: "k" },
    client: { send: () => Promise.reject(new Error("sent")) } as never,
  });

  test.each<[string, object, string]>([
    ["no number", { add: { views: "1" } }, "data.views must be a number to add"],
    ["no finite number", { add: { views: Number.NaN } }, "data.views must be a finite number"],
    ["a number for a text", { add: { title: 1 } }, "data.title must be"],
    ["a fraction for a field of integers", { add: { stars: 0.5 } }, "data.stars must be"],
    ["a fraction for safe integers", { add: { whole: 0.5 } }, "data.whole must be"],
    ["a member of another set", { addToSet: { two: ["d"] } }, "data.two"],
    ["no list", { append: { tags: "a" } }, "data.tags must be a list of elements"],
    ["an element of another kind", { append: { tags: ["a", 1] } }, "data.tags[1] must be"],
    ["elements for a field that is no list", { append: { title: ["a"] } }, "data.title must be"],
    ["undefined as an element", { append: { tags: [undefined] } }, "data.tags[0] must not be"],
    ["no members", { addToSet: { labels: "a" } }, "data.labels must be a list or a set of members"],
    ["members of two kinds", { addToSet: { labels: ["a", 1] } }, "data.labels must be a set of"],
    ["members of another kind", { addToSet: { labels: [1] } }, "data.labels"],
    ["a secret", { add: { token: 1 } }, "data.token is encrypted: set the whole field"],
    ["an index key", { append: { status: ["a"] } }, "data.status is in the key of an index"],
    [
      "what is set",
      { add: { views: 1 }, set: [[["views"], 2]] },
      "data.views is named more than once",
    ],
    ["two operators", { append: { tags: ["a"] }, prepend: { tags: ["b"] } }, "data.tags is named"],
    ["a path that is none", { add: [[[], 1]] }, "add[0] must be a path"],
    ["no pair", { add: [["views"]] }, "add[0] must be a pair of a path and a value"],
    ["a number of operations", { add: 1 }, "add must be an object of fields, or an array"],
    ["a misspelt operator", { addtoset: { labels: ["a"] } }, "addtoset"],
    [
      "another returning",
      { add: { views: 1 }, returning: "all" },
      'returning must be "item" or "both"',
    ],
    ["nothing", { add: {} }, "changes must change something"],
  ])("%s", async (_, options, message) => {
    const refused = layer.note.update(key, {}, options);
    const error = await failureOf(refused, ValidationError);
    expect(error.message).toContain(message);
    expect(error.operation).toBe("update");
  });

  test.each([
    ["a number below a minimum", { add: { stars: -1 } }],
    ["one far from the bounds", { add: { year: 1 } }],
    ["a fraction of a number with bounds", { add: { year: 0.25 } }],
    ["fewer elements than a list has at least", { append: { pair: ["a"] } }],
    ["one element of a list of three", { append: { three: ["a"] } }],
    ["one member of a set of at least two", { addToSet: { two: ["a"] } }],
    ["a small number for a field of bigints", { add: { big: 1n } }],
    [
      "no element at all (it never came to an end)",
      { append: { filled: [] }, prepend: { title: [] } },
    ],
    ["a field in no schema", { add: { other: 1 }, append: { more: [1] } }],
  ])("%s is not", async (_, options) => {
    expect(
      (await failureOf(layer.note.update(key, {}, options as never), Error)).message,
    ).toContain("sent");
  });
});

test("the types allow each operator only on fields of its kind", () => {
  const check = (layer: Awaited<ReturnType<typeof opened>>) => [
    layer.note.update(key, {}, { add: { views: 1, price: 2n } }),
    layer.note.update(key, {}, { append: { tags: ["a"] as const }, addToSet: { labels: ["a"] } }),
    layer.note.update(key, {}, { add: [[["stats", "views"], 1]] }),
    // @ts-expect-error a text is no number
    layer.note.update(key, {}, { add: { title: 1 } }),
    // @ts-expect-error a text cannot be added
    layer.note.update(key, {}, { add: { views: "1" } }),
    // @ts-expect-error a list of other elements
    layer.note.update(key, {}, { append: { tags: [1] } }),
    // @ts-expect-error a set is no list
    layer.note.update(key, {}, { append: { labels: ["a"] } }),
    // @ts-expect-error a list is no set
    layer.note.update(key, {}, { addToSet: { tags: ["a"] } }),
    // @ts-expect-error it has no number
    layer.other.update(key, {}, { add: { name: 1 } }),
    // @ts-expect-error nor is this one
    layer.other.update(key, {}, { add: 42 }),
    // @ts-expect-error it has no set
    layer.other.update(key, {}, { addToSet: { name: ["a"] } }),
    layer.other.update(key, {}, { add: [[["name", "inner"], 1]] }),
    // @ts-expect-error a misspelt operator
    layer.note.update(key, {}, { increment: { views: 1 } }),
  ];
  expect(check).toBeInstanceOf(Function);
});
