/** The property `key` of errors: the parts of the key as the call was given them, and nothing else. */
import {
  DynamoDBError,
  DynamoDBRepository,
  ItemNotFoundError,
  wrapDynamoDBError,
} from "../../src/index.js";
import { FaultyRequestHandler, type TestDataLayer } from "../../src/testing/index.js";
import { describeEach, engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import { inputOf, keyOf, registry, storeOf } from "../registry.js";

const content = { type: "Blog Post", content: "Text" };

/** A call as JavaScript makes it: what the types refuse. */
const untyped = (store: object) =>
  store as Record<"get" | "update" | "batchDelete", (...given: unknown[]) => Promise<unknown>>;

/** Whether any property of the error, or its message, holds the text. */
const shows = (error: Error, text: string) =>
  `${JSON.stringify(error)} ${error.message} ${JSON.stringify((error as DynamoDBError).key)}`.includes(
    text,
  );

describeEach(engines, ({ name }) => name !== "dynalite")("on $name", (engine) => {
  const wire = new FaultyRequestHandler();
  const table = openTable(engine, { requestHandler: wire, retry: { maxRetries: 0 } });
  let data: TestDataLayer;
  beforeAll(() => {
    data = table.data;
  });

  test.each(registry)("$name: an error about an item has its key", async (row) => {
    const store = storeOf(data, row);
    const input = inputOf(row, "keys", "id-1");
    const key = keyOf(row, input);
    const missing = await failureOf(store.getOrThrow(key), DynamoDBError);
    expect(missing).toMatchObject({ code: "ItemNotFound", operation: "getOrThrow" });
    expect(missing.key).toEqual(key);
    await store.create(input);
    const twice = await failureOf(store.create(input), DynamoDBError);
    expect(twice).toMatchObject({ code: "ConditionalCheckFailedException", operation: "create" });
    expect(twice.key).toEqual(key);
    const stale = await failureOf(store.delete(key, { ifUpdatedAt: 1 }), DynamoDBError);
    expect(stale.key).toEqual(key);
    const unknown = await failureOf(store.get(key, { nonsense: 1 } as never), DynamoDBError);
    expect(unknown).toMatchObject({ name: "ValidationError" });
    expect(unknown.key).toEqual(key);
  });

  test("is frozen, and is shown in JSON", async () => {
    const key = { userId: "u", contentId: "none" };
    const error = await failureOf(data.savedContent.getOrThrow(key), ItemNotFoundError);
    expect(Object.isFrozen(error.key)).toBe(true);
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ key });
  });

  test("has no payload, even if an item is passed as the key", async () => {
    const item = { userId: "u", contentId: "whole", data: { ...content, title: "canary" } };
    const created = await data.savedContent.create(item);
    const error = await failureOf(
      data.savedContent.update(created, { title: "new" }, { ifUpdatedAt: 1 }),
      DynamoDBError,
    );
    expect(error.key).toEqual({ userId: "u", contentId: "whole" });
    expect(shows(error, "canary")).toBe(false);
  });

  test.each<[string, object, object]>([
    ["a number", { userId: "u", contentId: 5 }, { userId: "u" }],
    ["a missing one", { userId: "u" }, { userId: "u" }],
    ["an object", { userId: "u", contentId: { text: "canary" } }, { userId: "u" }],
    ["too long", { userId: "u", contentId: "x".repeat(2_049) }, { userId: "u" }],
    [
      "not one of the entity",
      { userId: "u", contentId: "c", token: "canary" },
      { userId: "u", contentId: "c" },
    ],
  ])("a part that is %s is not in it", async (_, given, key) => {
    const error = await failureOf(untyped(data.savedContent).get(given), DynamoDBError);
    expect(error).toMatchObject({ name: "ValidationError", operation: "get" });
    expect(error.key).toEqual(key);
    expect(shows(error, "canary")).toBe(false);
  });

  test("of a key without any valid part there is none", async () => {
    const error = await failureOf(untyped(data.savedContent).get({}), DynamoDBError);
    expect(error).toMatchObject({ name: "ValidationError", key: undefined });
  });

  test("has the default provider of a token, and never the token", async () => {
    const token = { userId: "u", data: { accessToken: "canary", refreshToken: "canary" } };
    const error = await failureOf(
      untyped(data.oauthToken).update({ userId: "none" }, token.data),
      DynamoDBError,
    );
    expect(error.key).toEqual({ userId: "none", provider: "GOOGLE_BUSINESS" });
    expect(shows(error, "canary")).toBe(false);
  });

  test("has the owner that forUser fixes", async () => {
    const error = await failureOf(
      data.forUser("ana").savedContent.getOrThrow({ contentId: "none" }),
      ItemNotFoundError,
    );
    expect(error.key).toEqual({ userId: "ana", contentId: "none" });
  });

  test("of a query is that of the partition", async () => {
    const partition = { userId: "u" };
    const error = await failureOf(
      data.savedContent.query(partition, { cursor: "forged" }),
      DynamoDBError,
    );
    expect(error).toMatchObject({ operation: "query", entity: "SavedContent" });
    expect(error.key).toEqual(partition);
  });

  test("a failed request has the key of its call, also among calls that share it", async () => {
    wire.clear();
    wire.inject({ fault: "serverError", times: 1 });
    const keys = ["c1", "c2", "c3"].map((contentId) => ({ userId: "u", contentId }));
    const errors = await Promise.all(
      keys.map((key) => failureOf(data.savedContent.get(key), DynamoDBError)),
    );
    expect(wire.operations).toEqual(["BatchGetItem"]);
    expect(errors.map(({ code }) => code)).toEqual(keys.map(() => "InternalServerError"));
    expect(errors.map(({ key }) => key)).toEqual(keys);
  });

  test("a batch has none", async () => {
    const error = await failureOf(
      untyped(data.savedContent).batchDelete([{ userId: "u", contentId: "" }]),
      DynamoDBError,
    );
    expect(error).toMatchObject({ operation: "batchDelete", key: undefined });
  });

  test("of the repository is the table's key", async () => {
    const repository = new DynamoDBRepository();
    const error = await failureOf(
      repository.update("USER#u", "CONTENT#none", undefined as never),
      DynamoDBError,
    );
    expect(error.key).toEqual({ PK: "USER#u", SK: "CONTENT#none" });
  });

  describe("in a transaction", () => {
    const kept = { userId: "tx", projectId: "kept" };
    beforeAll(() => data.project.create({ ...kept, data: { name: "n" } }));

    test("each reason has the parts of its key, and the error has none", async () => {
      const gone = { userId: "tx", contentId: "gone" };
      const error = await failureOf(
        data.transaction.write((tx) => [
          tx.project.create({ ...kept, data: { name: "again" } }),
          tx.savedContent.update(gone, { title: "t" }),
        ]),
        DynamoDBError,
      );
      expect(error).toMatchObject({
        name: "TransactionCanceledError",
        key: undefined,
        reasons: [
          { entity: "Project", key: "userId=tx, projectId=kept", parts: kept },
          { entity: "SavedContent", key: "userId=tx, contentId=gone", parts: gone },
        ],
      });
    });

    test("what one operation is refused for has the operation's key", async () => {
      const error = await failureOf(
        data.transaction.write((tx) => [tx.project.update(kept, { name: 5 } as never)]),
        DynamoDBError,
      );
      expect(error).toMatchObject({ name: "ValidationError", entity: "Project" });
      expect(error.key).toEqual(kept);
    });
  });
});

describe("wrapDynamoDBError", () => {
  const key = { userId: "u1" };
  const context = { operation: "update", entity: "Project", key };

  test("puts the key of its context on the error and into the message", () => {
    const error = wrapDynamoDBError(new Error("no"), context);
    expect(error.key).toEqual(key);
    expect(error.message).toBe("update Project (userId=u1): no");
  });

  test("takes a text for the message alone, as it always did", () => {
    const error = wrapDynamoDBError(new Error("no"), { ...context, key: "userId=u1" });
    expect(error.key).toBeUndefined();
    expect(error.message).toBe("update Project (userId=u1): no");
  });

  test("leaves an error alone that names another call", () => {
    const inner = new DynamoDBError({ message: "m", operation: "batchGet" });
    expect(wrapDynamoDBError(inner, context)).toMatchObject({
      operation: "batchGet",
      key: undefined,
    });
    const own = new DynamoDBError({ message: "m", key: { userId: "own" } });
    expect(wrapDynamoDBError(own, context)).toMatchObject({
      operation: "update",
      key: { userId: "own" },
    });
  });
});

test("an ItemNotFoundError that is made by position has the table's key", () => {
  expect(new ItemNotFoundError("USER#u", "P#1").key).toEqual({ PK: "USER#u", SK: "P#1" });
  expect(new ItemNotFoundError({ pk: "USER#u", sk: "P#1", key: { userId: "u" } }).key).toEqual({
    userId: "u",
  });
  expect(new ItemNotFoundError({ message: "gone" }).key).toBeUndefined();
});
