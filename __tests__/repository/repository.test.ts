import { getDocumentClient, getTableName } from "../../src/client/client.js";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { ItemNotFoundError } from "../../src/errors/item-not-found-error.js";
import { ThroughputExceededError } from "../../src/errors/throughput-exceeded-error.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { getOAuthTokenKeys, getSavedContentKeys } from "../../src/keys/key-functions.js";
import {
  type BatchResult,
  type DynamoDBItem,
  type DynamoDBKey,
  DynamoDBRepository,
  type EntityType,
  getRepository,
  type QueryOptions,
  type QueryResult,
  resetRepository,
  type UpdateOptions,
} from "../../src/repository/repository.js";

// As the application's own tests do: every export is a mock, two of them are told what to answer.
jest.mock("../../src/client/client.js");

type Input = Record<string, unknown>;
type Answers = (input: Input, request: string) => unknown;

const send = jest.fn();
let repository: DynamoDBRepository;

beforeEach(() => {
  send.mockReset();
  resetRepository();
  jest.mocked(getDocumentClient).mockReturnValue({ send } as never);
  jest.mocked(getTableName).mockReturnValue("Table");
  repository = new DynamoDBRepository({ initialDelayMs: 1, jitter: false });
});

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

const requests = (): string[] =>
  send.mock.calls.map(([command]) => command.constructor.name.replace("Command", ""));
const inputs = (): Input[] => send.mock.calls.map(([command]) => command.input);

/** A request's expression in words: each of its placeholders as what it stands for. */
function spelled(input: Input | undefined, field: "Condition" | "KeyCondition" | "Update"): string {
  const { ExpressionAttributeNames: names, ExpressionAttributeValues: values } = input as {
    ExpressionAttributeNames: Record<string, string>;
    ExpressionAttributeValues?: Input;
  };
  return String(input?.[`${field}Expression`]).replace(/[#:]\w+/g, (placeholder) =>
    placeholder.startsWith("#")
      ? (names[placeholder] ?? placeholder)
      : (JSON.stringify(values?.[placeholder]) ?? placeholder),
  );
}

function answer(answers: Answers): void {
  send.mockImplementation(async (command) =>
    answers(command.input, command.constructor.name.replace("Command", "")),
  );
}

const awsError = (name: string, message = "no", more: object = {}) => ({ name, message, ...more });
const throttled = () => awsError("ProvisionedThroughputExceededException");
const conditionFailed = (Item?: object) =>
  awsError("ConditionalCheckFailedException", "The conditional request failed", { Item });

const failure = (promise: Promise<unknown>): Promise<DynamoDBError> =>
  promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error) => error,
  );

const stored = (sk: string, data: unknown = {}): DynamoDBItem => ({
  PK: "USER#u1",
  SK: sk,
  EntityType: "SavedContent",
  Data: data,
  CreatedAt: 1,
  UpdatedAt: 2,
});

describe("the process-wide repository", () => {
  test("is one until it is reset", () => {
    const first = getRepository();
    expect(getRepository()).toBe(first);
    resetRepository();
    expect(getRepository()).not.toBe(first);
    expect(getRepository()).toBeInstanceOf(DynamoDBRepository);
  });

  test("asks for client and table at each request, so that a reset of the clients reaches it", async () => {
    const kept = getRepository();
    await kept.get("USER#u1", "PROFILE");
    jest.mocked(getTableName).mockReturnValue("Other");
    await kept.get("USER#u1", "PROFILE");
    expect(inputs().map((input) => input.TableName)).toEqual(["Table", "Other"]);
  });

  test("refuses a retry option that is none", () => {
    expect(() => new DynamoDBRepository({ maxRetries: -1 })).toThrow(ConfigurationError);
  });
});

describe("reading one item", () => {
  test("get gives the payload, getItem all of the item", async () => {
    answer(() => ({ Item: stored("CONTENT#1", { content: "c" }) }));
    expect(await repository.get("USER#u1", "CONTENT#1")).toEqual({ content: "c" });
    expect(await repository.getItem("USER#u1", "CONTENT#1")).toEqual(
      stored("CONTENT#1", { content: "c" }),
    );
    expect(inputs()[0]).toEqual({ TableName: "Table", Key: { PK: "USER#u1", SK: "CONTENT#1" } });
  });

  test("gives null where there is no item, also from a mock that answers nothing", async () => {
    expect(await repository.get("USER#u1", "CONTENT#1")).toBeNull();
    expect(await repository.getItem("USER#u1", "CONTENT#1")).toBeNull();
  });

  test("gives an empty payload for an item without one", async () => {
    answer(() => ({ Item: { PK: "USER#u1", SK: "PROFILE" } }));
    expect(await repository.get("USER#u1", "PROFILE")).toEqual({});
  });
});

describe("retry", () => {
  test("sends again what was throttled, also when a plain object is thrown", async () => {
    send.mockRejectedValueOnce(throttled()).mockRejectedValueOnce(throttled());
    send.mockResolvedValueOnce({ Item: stored("PROFILE", { n: 1 }) });
    expect(await repository.get("USER#u1", "PROFILE")).toEqual({ n: 1 });
    expect(send).toHaveBeenCalledTimes(3);
  });

  test("gives up after maxRetries with the error's own class", async () => {
    send.mockImplementation(() => Promise.reject(throttled()));
    const error = await failure(
      new DynamoDBRepository({ maxRetries: 2, initialDelayMs: 1 }).get("USER#u1", "PROFILE"),
    );
    expect(error).toBeInstanceOf(ThroughputExceededError);
    expect(send).toHaveBeenCalledTimes(3);
  });

  test("does not repeat what cannot be cured", async () => {
    send.mockImplementation(() => Promise.reject(awsError("ValidationException")));
    expect(await failure(repository.delete("USER#u1", "PROFILE"))).toBeInstanceOf(ValidationError);
    expect(send).toHaveBeenCalledTimes(1);
  });
});

describe("errors", () => {
  test("any rejection becomes a DynamoDBError that names the call and keeps the cause", async () => {
    const cause = new Error("Network error");
    for (const [operation, call] of [
      ["get", () => repository.get("USER#u1", "PROFILE")],
      ["delete", () => repository.delete("USER#u1", "PROFILE")],
      ["query", () => repository.query("USER#u1")],
      ["batchGet", () => repository.batchGet([{ PK: "USER#u1", SK: "PROFILE" }])],
    ] as const) {
      send.mockRejectedValueOnce(cause);
      const error = await failure(call());
      expect(error).toBeInstanceOf(DynamoDBError);
      expect(error.operation).toBe(operation);
      expect(error.message).toContain(`${operation}`);
      expect(error.message).toContain("Network error");
      expect(error.cause).toBe(cause);
    }
  });

  test.each<[string, () => Promise<unknown>, string]>([
    [
      "an index that no table has (it was answered from the table)",
      () => repository.query("USER#u1", undefined, { indexName: "ByDate" }),
      "query (PK=USER#u1): indexName must be the name of an index: GSI1 to GSI20",
    ],
    [
      "a misspelt index",
      () => repository.queryItems("USER#u1", "A#", { index: "GSI1" } as object),
      'queryItems (PK=USER#u1, SK=A#): index is not an option; did you mean "indexName"?',
    ],
    [
      "an order of a scan, which has none",
      () => repository.scan({ scanIndexForward: false } as object),
      "scan: scanIndexForward is not an option: the options are limit,",
    ],
    [
      "a limit of everything",
      async () => repository.scanAll({ limit: 5 } as object),
      "scanAll: limit is not an option: the options are indexName,",
    ],
    [
      "a misspelt limit (the whole partition was read)",
      () => repository.query("USER#u1", undefined, { limitt: 5 } as object),
      'query (PK=USER#u1): limitt is not an option; did you mean "limit"?',
    ],
    [
      "an option of the SDK's",
      () => repository.query("USER#u1", undefined, { FilterExpression: "a = b" } as object),
      'FilterExpression is not an option; did you mean "filterExpression"?',
    ],
    [
      "a misspelt condition (it was written without one)",
      () => repository.update("USER#u1", "P", { a: 1 }, { condition: "a = b" } as object),
      "update (PK=USER#u1, SK=P): condition is not an option; did you mean",
    ],
    [
      "an option of update that query has",
      () => repository.update("USER#u1", "P", { a: 1 }, { limit: 1 } as object),
      "limit is not an option: the options are conditionExpression,",
    ],
  ])("an option that a call does not know is refused by name: %s", async (_, call, message) => {
    const error = await failure(call());
    expect(error).toBeInstanceOf(ValidationError);
    expect(error.message).toContain(message);
    expect(send).not.toHaveBeenCalled();
  });

  test("an option that is undefined is none", async () => {
    answer(() => ({ Items: [] }));
    const options = { indexName: undefined, limit: undefined } as object;
    expect((await repository.query("USER#u1", undefined, options)).items).toEqual([]);
    expect((await repository.query("USER#u1", undefined, null as never)).items).toEqual([]);
  });

  test("a client that cannot be had is a rejection, not a throw", async () => {
    jest.mocked(getDocumentClient).mockImplementation(() => {
      throw new ConfigurationError("AWS_REGION is wrong");
    });
    expect(await failure(repository.get("USER#u1", "PROFILE"))).toBeInstanceOf(ConfigurationError);
  });
});

describe("query", () => {
  test("asks for the partition and the prefix, in ascending order", async () => {
    answer(() => ({ Items: [stored("CONTENT#1", { n: 1 })], Count: 1 }));
    expect(await repository.query("USER#u1", "CONTENT#")).toEqual({ items: [{ n: 1 }], count: 1 });
    expect(inputs()).toEqual([
      {
        TableName: "Table",
        KeyConditionExpression: expect.any(String),
        FilterExpression: undefined,
        ExpressionAttributeNames: { "#0": "PK", "#1": "SK" },
        ExpressionAttributeValues: { ":0": "USER#u1", ":1": "CONTENT#" },
        ScanIndexForward: true,
      },
    ]);
    expect(spelled(inputs()[0], "KeyCondition")).toBe(
      'PK = "USER#u1" AND begins_with(SK, "CONTENT#")',
    );
  });

  test.each([undefined, ""])("takes the prefix %p for the whole partition", async (prefix) => {
    await repository.queryItems("USER#u1", prefix, { scanIndexForward: false });
    expect(inputs()[0]).toHaveProperty("ScanIndexForward", false);
    expect(spelled(inputs()[0], "KeyCondition")).toBe('PK = "USER#u1"');
  });

  test("sends the caller's filter as it is, and its own placeholders beside the caller's", async () => {
    await repository.query("USER#u1", "CONTENT#", {
      filterExpression: "#0 = :0 OR Data.#1 = :1",
      expressionAttributeNames: { "#0": "status", "#1": "name" },
      expressionAttributeValues: { ":0": "draft", ":1": "x" },
    });
    expect(inputs()[0]).toMatchObject({
      FilterExpression: "#0 = :0 OR Data.#1 = :1",
      KeyConditionExpression: "#2 = :2 AND begins_with(#3, :3)",
      ExpressionAttributeNames: { "#0": "status", "#1": "name", "#2": "PK", "#3": "SK" },
      ExpressionAttributeValues: {
        ":0": "draft",
        ":1": "x",
        ":2": "USER#u1",
        ":3": "CONTENT#",
      },
    });
  });

  test("leaves a placeholder alone that the filter uses and nobody defined", async () => {
    await repository.query("USER#u1", undefined, { filterExpression: "Owner = :0" });
    expect(inputs()[0]?.ExpressionAttributeValues).toEqual({ ":1": "USER#u1" });
  });

  test("leaves a placeholder alone that is defined and that no expression uses", async () => {
    await repository.query("USER#u1", undefined, {
      expressionAttributeNames: { "#0": "status" },
      expressionAttributeValues: { ":0": "draft" },
    });
    expect(inputs()[0]).toMatchObject({
      ExpressionAttributeNames: { "#0": "status", "#1": "PK" },
      ExpressionAttributeValues: { ":0": "draft", ":1": "USER#u1" },
    });
  });

  test("reads pages until the engine says that there are no more", async () => {
    const key = (sk: string) => ({ PK: "USER#u1", SK: sk });
    answer(({ ExclusiveStartKey: start }) => {
      if (start === undefined) return { Items: [], LastEvaluatedKey: key("C#1") };
      if ((start as DynamoDBKey).SK === "C#1") {
        return { Items: [stored("C#2", { n: 2 })], LastEvaluatedKey: key("C#2") };
      }
      return { Items: [stored("C#3", { n: 3 })] };
    });
    expect(await repository.query("USER#u1")).toEqual({ items: [{ n: 2 }, { n: 3 }], count: 2 });
    expect(requests()).toEqual(["Query", "Query", "Query"]);
  });

  test("sends a limit once, and hands the engine's key on even where nothing came", async () => {
    const lastEvaluatedKey = { PK: "USER#u1", SK: "CONTENT#5" };
    answer(() => ({ Items: [], Count: 0, LastEvaluatedKey: lastEvaluatedKey }));
    const result = await repository.query("USER#u1", "CONTENT#", {
      limit: 10,
      exclusiveStartKey: { PK: "USER#u1", SK: "CONTENT#4" },
    });
    expect(result).toEqual({ items: [], count: 0, lastEvaluatedKey });
    expect(inputs()).toEqual([
      expect.objectContaining({
        Limit: 10,
        ExclusiveStartKey: { PK: "USER#u1", SK: "CONTENT#4" },
      }),
    ]);
  });

  test("with a filter sends no limit, stops when enough are found and cuts the page there", async () => {
    answer(() => ({
      Items: ["CONTENT#1", "CONTENT#2", "CONTENT#3"].map((sk) => stored(sk)),
      LastEvaluatedKey: { PK: "USER#u1", SK: "CONTENT#9" },
    }));
    const options = { filterExpression: "attribute_exists(Flag)" };
    const cut = await repository.queryItems("USER#u1", "CONTENT#", { ...options, limit: 2 });
    expect(cut.items.map((item) => item.SK)).toEqual(["CONTENT#1", "CONTENT#2"]);
    expect(cut).toMatchObject({
      count: 2,
      lastEvaluatedKey: { PK: "USER#u1", SK: "CONTENT#2" },
    });
    const whole = await repository.queryItems("USER#u1", "CONTENT#", { ...options, limit: 3 });
    expect(whole.lastEvaluatedKey).toEqual({ PK: "USER#u1", SK: "CONTENT#9" });
    expect(requests()).toEqual(["Query", "Query"]);
    expect(inputs().some((input) => "Limit" in input)).toBe(false);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "3", null])(
    "refuses the limit %p before anything is sent",
    async (limit) => {
      const error = await failure(repository.query("USER#u1", "C#", { limit: limit as number }));
      expect(error).toBeInstanceOf(ValidationError);
      expect(error.message).toBe("query (PK=USER#u1, SK=C#): limit must be an integer > 0");
      expect(send).not.toHaveBeenCalled();
    },
  );

  test.each([
    ["of another partition", { PK: "USER#u2", SK: "C#1" }],
    ["of another prefix", { PK: "USER#u1", SK: "PROJECT#1" }],
    ["without a sort key", { PK: "USER#u1" }],
    ["that is none", "C#1"],
  ])("refuses a start key %s", async (_, exclusiveStartKey) => {
    const options = { exclusiveStartKey: exclusiveStartKey as DynamoDBKey };
    const error = await failure(repository.query("USER#u1", "C#", options));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error.message).toContain("exclusiveStartKey must be a key within this query");
    expect(send).not.toHaveBeenCalled();
  });

  test.each<[string, QueryOptions]>([
    ["filterExpression", { filterExpression: "" }],
    ["expressionAttributeNames.#a", { expressionAttributeNames: { "#a": undefined as never } }],
    ["expressionAttributeValues.:a", { expressionAttributeValues: { ":a": new Date() } }],
    ["expressionAttributeValues.:a", { expressionAttributeValues: { ":a": undefined } }],
  ])("refuses what cannot be sent: %s", async (path, options) => {
    const error = await failure(repository.query("USER#u1", "C#", options));
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as ValidationError).issues[0]?.path).toBe(path);
    expect(send).not.toHaveBeenCalled();
  });
});

describe("keys", () => {
  const tooLong = `USER#${"é".repeat(1022)}`;
  test.each([
    ["an empty one", "", "must not be empty"],
    ["a missing one", undefined, "is missing"],
    ["a number", 7, "must be a string, not number"],
    ["a lone surrogate", "USER#\ud800", "must not contain a lone surrogate"],
    ["more than 2048 bytes", tooLong, "makes a partition key of 2049 bytes: at most 2048"],
  ])("%s is refused by every call before anything is sent", async (_, pk, rule) => {
    const key = { PK: pk, SK: "S" } as DynamoDBKey;
    const calls = [
      repository.get(pk as string, "S"),
      repository.getItem(pk as string, "S"),
      repository.query(pk as string),
      repository.queryItems(pk as string),
      repository.put({ ...stored("S"), ...key }),
      repository.create(pk as string, "S", "Project", {}),
      repository.update(pk as string, "S", { n: 1 }),
      repository.delete(pk as string, "S"),
      repository.batchGet([key]),
      repository.batchWrite([{ ...stored("S"), ...key }]),
      repository.batchWrite([], [key]),
    ];
    for (const error of await Promise.all(calls.map(failure))) {
      expect(error).toBeInstanceOf(ValidationError);
      expect(error.message).toContain(`PK ${rule}`);
    }
    expect(send).not.toHaveBeenCalled();
  });

  test("a sort key may have 1024 bytes and not one more", async () => {
    await repository.get("USER#u1", "x".repeat(1024));
    const error = await failure(repository.get("USER#u1", "x".repeat(1025)));
    expect(error.message).toContain("SK makes a sort key of 1025 bytes: at most 1024");
    const prefix = await failure(repository.query("USER#u1", "x".repeat(1025)));
    expect(prefix.message).toContain("skPrefix makes a sort key of 1025 bytes");
  });

  test("all that is wrong with a list is told at once, to a limit", async () => {
    const keys = [{ PK: "", SK: "a" }, { PK: "a", SK: "" }, null] as DynamoDBKey[];
    const error = (await failure(repository.batchGet(keys))) as ValidationError;
    expect(error.issues.map((issue) => issue.path)).toEqual([
      "keys[0].PK",
      "keys[1].SK",
      "keys[2]",
    ]);
    const many = (await failure(
      repository.batchGet(new Array(1000).fill({ PK: "", SK: "a" })),
    )) as ValidationError;
    expect(many.issues).toHaveLength(20);
  });

  test("an entity's name of any length leaves the message of a refusal short", async () => {
    const name = "x".repeat(500_000);
    const create = new DynamoDBRepository().create("USER#u1", "PROJECT#p1", name, {});
    const error = await create.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as ValidationError).message.length).toBeLessThan(500);
  });

  test("an empty index key is refused: engines disagree on it", async () => {
    const error = await failure(
      repository.create("REVIEW#a", "REVIEW#r", "Review", {}, { GSI1PK: "" }),
    );
    expect(error.message).toBe(
      "create Review (PK=REVIEW#a, SK=REVIEW#r): GSI1PK must not be empty",
    );
  });
});

describe("index keys of create", () => {
  const keys = { GSI1PK: "a", GSI1SK: "b", GSI2PK: "c", GSI2SK: "d", GSI20PK: "e", GSI20SK: "f" };

  test("of any index are stored, and so is a TTL", async () => {
    const item = await repository.create("USER#u1", "P", "Draft", {}, { ...keys, TTL: 5 });
    expect(item).toMatchObject({ ...keys, TTL: 5 });
    expect(inputs()[0]?.Item).toEqual(item);
  });

  test("may come with the item's own key, as key functions return it, and with no other", async () => {
    const own = { PK: "USER#u1", SK: "P", ...keys };
    await repository.create("USER#u1", "P", "Draft", {}, own);
    expect(inputs()[0]?.Item).toMatchObject(own);
    const error = await failure(repository.create("USER#u1", "Q", "Draft", {}, own));
    expect(error.message).toContain("create Draft (PK=USER#u1, SK=Q): SK is not an index key");
  });

  test.each(["GSI0PK", "GSI21PK", "GSI1Pk", "GSI1", "LSI1SK", "ttl", "PK"])(
    "that no index has are refused by name: %s",
    async (name) => {
      const call = repository.create("USER#u1", "P", "Draft", {}, { ...keys, [name]: "x" });
      const error = await failure(call);
      expect(error).toBeInstanceOf(ValidationError);
      expect(error.message).toBe(
        `create Draft (PK=USER#u1, SK=P): ${name} is not an index key: those are GSI1PK and GSI1SK to GSI20PK and GSI20SK`,
      );
      expect(send).not.toHaveBeenCalled();
    },
  );

  test.each([
    ["a number", { GSI2SK: 5 }, "GSI2SK must be a string, not number"],
    ["an empty text", { GSI3PK: "" }, "GSI3PK must not be empty"],
    ["a long one", { GSI4SK: "x".repeat(1025) }, "GSI4SK makes a sort key of 1025 bytes"],
    ["a TTL in milliseconds", { TTL: Date.now() }, "TTL must be in epoch seconds"],
  ])("that cannot be one are refused by create, put and batchWrite: %s", async (_, own, rule) => {
    const item = { ...stored("P"), ...(own as object) };
    const calls = [
      repository.create("USER#u1", "P", "Draft", {}, own as object),
      repository.put(item),
      repository.batchWrite([item]),
    ];
    for (const error of await Promise.all(calls.map(failure))) {
      expect(error).toBeInstanceOf(ValidationError);
      expect(error.message).toContain(rule);
    }
    expect(send).not.toHaveBeenCalled();
  });

  test.each(["text", [1], 5])("must be an object: %p", async (gsi) => {
    const error = await failure(repository.create("USER#u1", "P", "Draft", {}, gsi as never));
    expect(error.message).toContain("gsi must be an object of index keys");
    expect(send).not.toHaveBeenCalled();
  });

  test("that are undefined or null are none", async () => {
    await repository.create("USER#u1", "P", "Draft", {}, {
      ...keys,
      GSI2PK: undefined,
      GSI2SK: undefined,
    } as object);
    await repository.create("USER#u1", "P", "Draft", {}, null as never);
    expect(send).toHaveBeenCalledTimes(2);
  });
});

describe("TTL", () => {
  const withTtl = (TTL: unknown): DynamoDBItem =>
    ({ ...stored("PROFILE", { n: 1 }), TTL }) as unknown as DynamoDBItem;

  test("is typed and stored in epoch seconds (it was not in the type)", async () => {
    const item: DynamoDBItem<{ n: number }> = {
      PK: "USER#u1",
      SK: "PROFILE",
      EntityType: "UserProfile",
      Data: { n: 1 },
      CreatedAt: 1,
      UpdatedAt: 1,
      TTL: 1_900_000_000,
    };
    await repository.put(item);
    await repository.batchWrite([item]);
    expect(inputs()[0]).toEqual({ TableName: "Table", Item: item });
    expect(JSON.stringify(inputs()[1])).toContain('"TTL":1900000000');
  });

  test.each([
    ["milliseconds", Date.now(), /TTL must be in epoch seconds: this one looks like milliseconds/],
    ["a text", "1900000000", /TTL must be a time in epoch seconds: an integer from 0/],
    ["a fraction", 1_900_000_000.5, /an integer from 0/],
    ["negative", -1, /an integer from 0/],
    ["null", null, /an integer from 0/],
  ])("that DynamoDB would not go by is refused: %s", async (_, TTL, rule) => {
    for (const write of [
      () => repository.put(withTtl(TTL)),
      () => repository.batchWrite([withTtl(TTL)]),
    ]) {
      const error = await failure(write());
      expect(error).toBeInstanceOf(ValidationError);
      expect(error.message).toMatch(rule);
    }
    expect(send).not.toHaveBeenCalled();
  });
});

describe("put", () => {
  test("sends the item exactly as it is given, without a condition", async () => {
    const item = { ...stored("PROFILE", { n: 1 }), GSI1PK: "lone", TTL: 7 };
    expect(await repository.put(item)).toBeUndefined();
    expect(inputs()).toEqual([{ TableName: "Table", Item: item }]);
  });

  test.each([
    ["a Date", new Date(), "must be a plain value, not a Date"],
    ["NaN", Number.NaN, "must be a finite number"],
    ["a function", () => 1, "must not be a function"],
    ["an integer beyond 2^53", 2 ** 60, "must be a bigint"],
    ["a class instance", new URL("https://example.com"), "must be a plain value, not a URL"],
  ])("refuses %s deep in a payload, naming the field", async (_, value, rule) => {
    const item = stored("PROFILE", { author: [{ joined: value }] });
    const create = () => repository.create("USER#u1", "S", "Project", item.Data);
    const update = () => repository.update("USER#u1", "S", item.Data as object);
    for (const [call, path] of [
      [() => repository.put(item), "Data.author[0].joined"],
      [create, "Data.author[0].joined"],
      [update, "updates.author[0].joined"],
      [() => repository.batchWrite([stored("S"), item]), "puts[1].Data.author[0].joined"],
    ] as const) {
      const error = await failure(call());
      expect(error).toBeInstanceOf(ValidationError);
      expect(error.message).toContain(`${path} ${rule}`);
    }
    expect(send).not.toHaveBeenCalled();
  });

  test("refuses a payload that holds itself and one over 32 levels", async () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    let deep: unknown = 1;
    for (let level = 0; level < 32; level += 1) deep = { deep };
    for (const data of [cycle, deep]) {
      expect(await failure(repository.put(stored("S", data)))).toBeInstanceOf(ValidationError);
    }
    expect(send).not.toHaveBeenCalled();
  });

  test("an error never tells what the payload holds", async () => {
    const error = await failure(repository.put(stored("S", { token: "s3cret", at: new Date() })));
    expect(`${error.message}${JSON.stringify(error)}`).not.toContain("s3cret");
  });
});

describe("create", () => {
  test("stores the payload with one time twice, under a condition, and returns the item", async () => {
    const item = await repository.create("USER#u1", "PROFILE", "UserProfile", { name: "Ada" });
    expect(item).toEqual({
      PK: "USER#u1",
      SK: "PROFILE",
      EntityType: "UserProfile",
      Data: { name: "Ada" },
      CreatedAt: expect.any(Number),
      UpdatedAt: item.CreatedAt,
    });
    expect(inputs()).toEqual([
      {
        TableName: "Table",
        Item: item,
        ConditionExpression: "attribute_not_exists(#0)",
        ExpressionAttributeNames: { "#0": "PK" },
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      },
    ]);
  });

  test("fails in one request where the item is already there, and shows it", async () => {
    send.mockRejectedValueOnce(
      conditionFailed({ PK: { S: "USER#u1" }, SK: { S: "P" }, UpdatedAt: { N: "5" } }),
    );
    const error = await failure(repository.create("USER#u1", "P", "Project", {}));
    expect(error).toBeInstanceOf(ConditionalCheckFailedError);
    expect(error).toHaveProperty("item", { PK: "USER#u1", SK: "P", UpdatedAt: 5 });
    expect(send).toHaveBeenCalledTimes(1);
  });

  test.each([
    ["GSI1PK", { GSI1PK: "REVIEW#r#1" }],
    ["GSI1SK", { GSI1SK: "AGENT#a#1" }],
  ])("completes the index keys of a review that was given %s alone", async (_, gsi) => {
    const item = await repository.create("REVIEW#a#1", "REVIEW#r#1", "Review", {}, gsi);
    expect(item).toMatchObject({ GSI1PK: "REVIEW#r#1", GSI1SK: "AGENT#a#1" });
  });

  test.each<[string, EntityType, string, object | undefined, object]>([
    ["both", "Review", "REVIEW#a", { GSI1PK: "x", GSI1SK: "y" }, { GSI1PK: "x", GSI1SK: "y" }],
    ["none", "Review", "REVIEW#a", undefined, {}],
    ["none but undefined", "Review", "REVIEW#a", { GSI1PK: undefined }, {}],
    [
      "a lone one of an entity whose key does not tell",
      "Project",
      "USER#u1",
      { GSI1PK: "x" },
      { GSI1PK: "x" },
    ],
    ["a lone one of no entity of ours", "RolePlay", "USER#u1", { GSI1PK: "x" }, { GSI1PK: "x" }],
    ["a lone one under another key", "Review", "USER#u1", { GSI1PK: "x" }, { GSI1PK: "x" }],
  ])("keeps index keys as they are given: %s", async (_, entityType, pk, gsi, expected) => {
    const item = await repository.create(pk, "REVIEW#r", entityType, {}, gsi);
    const { GSI1PK, GSI1SK } = { ...item };
    expect(JSON.parse(JSON.stringify({ GSI1PK, GSI1SK }))).toEqual(expected);
  });

  test.each([undefined, null, "text", [1]])(
    "refuses the payload %p: it could not be updated",
    async (data) => {
      const error = await failure(repository.create("USER#u1", "P", "Project", data));
      expect(error.message).toBe("create Project (PK=USER#u1, SK=P): Data must be an object");
      expect(send).not.toHaveBeenCalled();
    },
  );
});

describe("update", () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: 1_700_000_000_000, doNotFake: ["setTimeout", "nextTick"] });
  });

  test("sets the fields and the time in one request, if the item is there", async () => {
    expect(await repository.update("USER#u1", "PROFILE", { name: "n", old: null })).toBeUndefined();
    expect(inputs()).toEqual([
      {
        TableName: "Table",
        Key: { PK: "USER#u1", SK: "PROFILE" },
        ReturnValues: "UPDATED_NEW",
        UpdateExpression: expect.any(String),
        ConditionExpression: expect.any(String),
        ExpressionAttributeNames: expect.any(Object),
        ExpressionAttributeValues: expect.any(Object),
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      },
    ]);
    const [input] = inputs();
    expect(spelled(input, "Update")).toBe(
      'SET UpdatedAt = 1700000000000, Data.name = "n", Data.old = null',
    );
    expect(spelled(input, "Condition")).toBe(
      'attribute_exists(PK) AND (NOT attribute_type(UpdatedAt, "N") OR UpdatedAt > 9999999999999 OR UpdatedAt < 1700000000000) AND attribute_type(Data, "M")',
    );
    expect(Object.values(input?.ExpressionAttributeNames as Input).sort()).toEqual([
      "Data",
      "PK",
      "UpdatedAt",
      "name",
      "old",
    ]);
  });

  test.each([[{}], [{ a: undefined }], [{ a: undefined, b: undefined }]])(
    "refuses to change nothing: %p",
    async (updates) => {
      const error = await failure(repository.update("USER#u1", "PROFILE", updates));
      expect(error).toBeInstanceOf(ValidationError);
      expect(error.message).toContain("must change something");
      expect(send).not.toHaveBeenCalled();
    },
  );

  test.each([null, "text", [1], undefined])("refuses %p in place of fields", async (updates) => {
    const error = await failure(repository.update("USER#u1", "PROFILE", updates as object));
    expect(error.message).toBe("update (PK=USER#u1, SK=PROFILE): updates must be an object");
  });

  test("says that the item is not there when the condition fails and nothing is found", async () => {
    send.mockRejectedValueOnce(conditionFailed());
    const error = await failure(repository.update("USER#u1", "PROFILE", { n: 1 }));
    expect(error).toBeInstanceOf(ItemNotFoundError);
    expect(error.message).toBe("update (PK=USER#u1, SK=PROFILE): no such item");
    expect(error.operation).toBe("update");
  });

  test("steps on from the stored time where that is not older", async () => {
    const ahead = { ...stored("PROFILE"), UpdatedAt: 1_700_000_000_005 };
    const behind = { ...stored("PROFILE"), UpdatedAt: 1_699_999_999_990 };
    for (const [item, step] of [
      [ahead, 1],
      [behind, 10],
    ] as const) {
      send.mockReset();
      send.mockRejectedValueOnce(conditionFailed(item));
      await repository.update("USER#u1", "PROFILE", { n: 1 });
      expect(spelled(inputs()[1], "Update")).toBe(
        `SET UpdatedAt = UpdatedAt + ${step}, Data.n = 1`,
      );
      expect(spelled(inputs()[1], "Condition")).toBe(
        'attribute_exists(PK) AND attribute_type(UpdatedAt, "N") AND attribute_type(Data, "M")',
      );
      expect(requests()).toEqual(["Update", "Update"]);
    }
  });

  test("gives an item without Data its payload in a second request", async () => {
    send.mockRejectedValueOnce(
      conditionFailed({ PK: "USER#u1", SK: "PROFILE", EntityType: "UserProfile", UpdatedAt: 1 }),
    );
    await repository.update("USER#u1", "PROFILE", { name: "n", role: "r" });
    expect(spelled(inputs()[1], "Update")).toBe(
      'SET UpdatedAt = 1700000000000, Data = {"name":"n","role":"r"}',
    );
    expect(spelled(inputs()[1], "Condition")).toBe(
      'attribute_exists(PK) AND (NOT attribute_type(UpdatedAt, "N") OR UpdatedAt > 9999999999999 OR UpdatedAt < 1700000000000) AND (attribute_not_exists(Data) OR attribute_type(Data, "NULL"))',
    );
    expect(requests()).toEqual(["Update", "Update"]);
  });

  test("gives up where others write the item all the time", async () => {
    answer(() => {
      throw conditionFailed({ ...stored("PROFILE"), UpdatedAt: Date.now() + 1 });
    });
    const error = await failure(repository.update("USER#u1", "PROFILE", { n: 1 }));
    expect(error).toBeInstanceOf(DynamoDBError);
    expect(error.retryable).toBe(true);
    expect(send.mock.calls.length).toBeLessThan(20);
  });

  describe("with a condition of the caller's", () => {
    const lock = (seen: number): UpdateOptions => ({
      conditionExpression: "#0 = :0 AND #1.v = :1",
      expressionAttributeNames: { "#0": "UpdatedAt", "#1": "Data" },
      expressionAttributeValues: { ":0": seen, ":1": 1 },
    });

    test("sends it exactly as given", async () => {
      const conditionExpression = "attribute_exists(PK)";
      await repository.update("USER#u1", "PROFILE", { n: 1 }, { conditionExpression });
      expect(inputs()[0]?.ConditionExpression).toBe("attribute_exists(PK)");
      expect(spelled(inputs()[0], "Update")).toBe("SET UpdatedAt = 1700000000000, Data.n = 1");
    });

    test("chooses placeholders that the caller does not use", async () => {
      await repository.update("USER#u1", "PROFILE", { v: 2 }, lock(5));
      const [input] = inputs();
      expect(input).toMatchObject({
        ConditionExpression: "#0 = :0 AND #1.v = :1",
        ExpressionAttributeNames: { "#0": "UpdatedAt", "#1": "Data" },
        ExpressionAttributeValues: { ":0": 5, ":1": 1 },
      });
      expect(spelled(input, "Update")).toBe("SET UpdatedAt = 1700000000000, Data.v = 2");
      expect(input?.UpdateExpression).not.toMatch(/#[01]\b|:[01]\b/);
    });

    test("never writes the very time that the condition is a lock on", async () => {
      await repository.update("USER#u1", "PROFILE", { v: 2 }, lock(Date.now()));
      await repository.update("USER#u1", "PROFILE", { v: 2 }, lock(Date.now() + 10));
      // A date far ahead is no lock.
      await repository.update("USER#u1", "PROFILE", { v: 2 }, lock(Date.now() + 86_400_000));
      const updates = inputs().map((input) => spelled(input, "Update"));
      expect(updates).toEqual(
        [1_700_000_000_001, 1_700_000_000_011, 1_700_000_000_000].map(
          (time) => `SET UpdatedAt = ${time}, Data.v = 2`,
        ),
      );
    });

    test("fails with what was there, in one request", async () => {
      const item = stored("PROFILE", { v: 3 });
      send.mockRejectedValueOnce(conditionFailed(item));
      const error = await failure(repository.update("USER#u1", "PROFILE", { v: 2 }, lock(5)));
      expect(error).toBeInstanceOf(ConditionalCheckFailedError);
      expect(error).toHaveProperty("item", item);
      expect(error.code).toBe("ConditionalCheckFailedException");
      expect(send).toHaveBeenCalledTimes(1);
    });

    test("tries to make the missing payload under the same condition", async () => {
      send.mockRejectedValueOnce(
        awsError(
          "ValidationException",
          "The document path provided in the update expression is invalid for update",
        ),
      );
      await repository.update(
        "USER#u1",
        "PROFILE",
        { v: 2 },
        { conditionExpression: "A = B OR C = D" },
      );
      expect(spelled(inputs()[1], "Condition")).toBe(
        '(A = B OR C = D) AND attribute_exists(PK) AND (attribute_not_exists(Data) OR attribute_type(Data, "NULL"))',
      );
      expect(spelled(inputs()[1], "Update")).toBe('SET UpdatedAt = 1700000000000, Data = {"v":2}');
    });

    test.each([
      ["(A = B)", "(A = B)"],
      ["(A = B) OR (C = D)", "((A = B) OR (C = D))"],
      ["A = B", "(A = B)"],
    ])("puts no redundant parentheses around %s, which DynamoDB refuses", async (given, sent) => {
      send.mockRejectedValueOnce(
        awsError(
          "ValidationException",
          "The document path provided in the update expression is invalid for update",
        ),
      );
      await repository.update("USER#u1", "PROFILE", { v: 2 }, { conditionExpression: given });
      expect(spelled(inputs()[1], "Condition")).toBe(
        `${sent} AND attribute_exists(PK) AND (attribute_not_exists(Data) OR attribute_type(Data, "NULL"))`,
      );
    });
  });
});

describe("delete", () => {
  test("sends the key", async () => {
    expect(await repository.delete("USER#u1", "PROFILE")).toBeUndefined();
    expect(requests()).toEqual(["Delete"]);
    expect(inputs()[0]).toEqual({ TableName: "Table", Key: { PK: "USER#u1", SK: "PROFILE" } });
  });
});

describe("batchGet", () => {
  const key = (n: number): DynamoDBKey => ({ PK: "USER#u1", SK: `C#${n}` });
  const keysOf = (input: Input): DynamoDBKey[] =>
    (input.RequestItems as Record<string, { Keys: DynamoDBKey[] }>).Table?.Keys ?? [];

  test("asks for nothing where nothing is asked for", async () => {
    expect(await repository.batchGet([])).toEqual({ items: [] });
    expect(send).not.toHaveBeenCalled();
  });

  test("returns the payloads in the order of the keys, without the misses", async () => {
    answer(() => ({
      Responses: { Table: [3, 1, 2].map((n) => stored(`C#${n}`, { n })) },
    }));
    const result = await repository.batchGet([key(1), key(9), key(2), key(3), key(1)]);
    expect(result).toEqual({ items: [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 1 }] });
    expect(keysOf(inputs()[0] ?? {})).toEqual([key(1), key(9), key(2), key(3)]);
  });

  test("sends the keys alone, whatever else they carry", async () => {
    await repository.batchGet([{ ...key(1), GSI1PK: "x" } as DynamoDBKey]);
    expect(keysOf(inputs()[0] ?? {})).toEqual([key(1)]);
  });

  test.each([
    [100, 1],
    [101, 2],
    [150, 2],
    [1000, 10],
  ])("splits %i keys into %i requests", async (count, expected) => {
    let most = 0;
    let open = 0;
    send.mockImplementation(async () => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setTimeout(resolve, 1));
      open -= 1;
      return { Responses: { Table: [] } };
    });
    await repository.batchGet(Array.from({ length: count }, (_, n) => key(n)));
    expect(send).toHaveBeenCalledTimes(expected);
    expect(most).toBe(Math.min(expected, 8));
  });

  test("goes on with unprocessed keys", async () => {
    send.mockResolvedValueOnce({
      Responses: { Table: [stored("C#1", { n: 1 })] },
      UnprocessedKeys: { Table: { Keys: [key(2)] } },
    });
    send.mockResolvedValueOnce({ Responses: { Table: [stored("C#2", { n: 2 })] } });
    expect(await repository.batchGet([key(1), key(2)])).toEqual({ items: [{ n: 1 }, { n: 2 }] });
    expect(send).toHaveBeenCalledTimes(2);
  });

  test("tells which keys stay unprocessed after all retries", async () => {
    answer((input) => {
      const keys = keysOf(input);
      return {
        Responses: {
          Table: keys.filter(({ SK }) => SK === "C#1").map(({ SK }) => stored(SK, { n: 1 })),
        },
        UnprocessedKeys: { Table: { Keys: keys.filter(({ SK }) => SK !== "C#1") } },
      };
    });
    const result = await repository.batchGet([key(3), key(1), key(2), key(3)]);
    expect(result).toEqual({ items: [{ n: 1 }], unprocessedKeys: [key(3), key(2)] });
  });
});

describe("batchWrite", () => {
  const item = (n: number) => stored(`C#${n}`, { n });
  const key = (n: number): DynamoDBKey => ({ PK: "USER#u1", SK: `C#${n}` });
  const writesOf = (input: Input): { PutRequest?: { Item: DynamoDBItem } }[] =>
    (input.RequestItems as Record<string, []>).Table ?? [];

  test("writes nothing where nothing is given", async () => {
    await repository.batchWrite();
    await repository.batchWrite([], []);
    expect(send).not.toHaveBeenCalled();
  });

  test("sends puts and deletes together", async () => {
    expect(await repository.batchWrite([item(1)], [key(2)])).toBeUndefined();
    expect(inputs()).toEqual([
      {
        RequestItems: {
          Table: [{ PutRequest: { Item: item(1) } }, { DeleteRequest: { Key: key(2) } }],
        },
      },
    ]);
  });

  test.each([
    [25, 1],
    [26, 2],
    [30, 2],
  ])("splits %i items into %i requests", async (count, expected) => {
    await repository.batchWrite(Array.from({ length: count }, (_, n) => item(n)));
    expect(send).toHaveBeenCalledTimes(expected);
  });

  test("of two writes to one key sends the last, and a delete after a put", async () => {
    await repository.batchWrite([item(1), { ...item(1), UpdatedAt: 9 }, item(2)], [key(2), key(2)]);
    expect(writesOf(inputs()[0] ?? {})).toEqual([
      { PutRequest: { Item: { ...item(1), UpdatedAt: 9 } } },
      { DeleteRequest: { Key: key(2) } },
    ]);
  });

  test("sends unprocessed items again", async () => {
    send.mockResolvedValueOnce({
      UnprocessedItems: { Table: [{ PutRequest: { Item: item(1) } }] },
    });
    await repository.batchWrite([item(1), item(2)]);
    expect(inputs().map((input) => writesOf(input).length)).toEqual([2, 1]);
  });

  test("throws exactly what was not written after all retries, as it was given", async () => {
    answer((input) => ({
      UnprocessedItems: {
        Table: writesOf(input).filter((write) => {
          const { SK } =
            write.PutRequest?.Item ??
            (write as { DeleteRequest: { Key: DynamoDBKey } }).DeleteRequest.Key;
          return SK === "C#7" || SK === "C#29" || SK === "C#102";
        }),
      },
    }));
    const puts = Array.from({ length: 100 }, (_, n) => item(n));
    const deletes = [key(101), key(102)];
    const error = (await failure(repository.batchWrite(puts, deletes))) as UnprocessedItemsError;
    expect(error).toBeInstanceOf(UnprocessedItemsError);
    expect(error.items).toEqual([puts[7], puts[29], deletes[1]]);
    expect(error.items[0]).toBe(puts[7]);
    expect(error).toMatchObject({ written: 99, unprocessed: 3, retryable: true });
    expect(error.message).toBe("batchWrite: 3 of 102 were not written after all retries");
    expect(JSON.stringify(error)).not.toContain("C#7");
  });

  test("tells the part of a batch that was written before its retries were refused", async () => {
    send.mockResolvedValueOnce({
      UnprocessedItems: { Table: [{ PutRequest: { Item: item(2) } }] },
    });
    send.mockImplementation(() => Promise.reject(throttled()));
    const error = await failure(repository.batchWrite([item(1), item(2)]));
    expect(error).toHaveProperty("items", [item(2)]);
  });

  test("writes the other batches where one fails, and keeps why", async () => {
    const cause = awsError("AccessDeniedException", "not allowed");
    answer((input) => {
      if (writesOf(input).some((write) => write.PutRequest?.Item.SK === "C#30")) throw cause;
      return {};
    });
    const puts = Array.from({ length: 75 }, (_, n) => item(n));
    const error = (await failure(repository.batchWrite(puts))) as UnprocessedItemsError;
    expect(error.items).toEqual(puts.slice(25, 50));
    expect(error.written).toBe(50);
    expect(error.cause).toBe(cause);
    expect(error.code).toBe("AccessDeniedException");
    expect(error.retryable).toBe(false);
    expect(error.message).toBe("batchWrite: 25 of 75 were not written (AccessDeniedException)");
  });

  test("one item that DynamoDB refuses takes no neighbour with it", async () => {
    answer((input) => {
      if (writesOf(input).some((write) => write.PutRequest?.Item.SK === "C#3")) {
        throw awsError("ValidationException", "refused");
      }
      return {};
    });
    const puts = Array.from({ length: 25 }, (_, n) => item(n));
    const error = await failure(repository.batchWrite(puts));
    expect(error).toHaveProperty("items", [puts[3]]);
    expect(error).toHaveProperty("written", 24);
  });
});

test("call sites of the earlier layer compile as they are", async () => {
  interface TokenData {
    accessToken: string;
    expiryDate: number;
    provider?: string;
  }
  const keys = getOAuthTokenKeys("u1");
  const item: DynamoDBItem<TokenData> = {
    ...keys,
    EntityType: "OAuthToken",
    Data: { accessToken: "a", expiryDate: 1 },
    CreatedAt: Date.now(),
    UpdatedAt: Date.now(),
  };
  await repository.put(item);
  const updates: Partial<TokenData> = { accessToken: "b" };
  await repository.update<TokenData>(keys.PK, keys.SK, updates);
  const token: TokenData | null = await repository.get<TokenData>(keys.PK, keys.SK);
  expect(token).toBeNull();
  const content = getSavedContentKeys("u1", "c1");
  await repository.update(content.PK, content.SK, { projectId: null });
  await repository.put({
    ...content,
    EntityType: "RolePlaySession",
    Data: { messages: [] },
    CreatedAt: 1,
    UpdatedAt: 1,
  });
  const options: QueryOptions = {};
  options.limit = 20;
  options.filterExpression = "CreatedAt >= :start";
  options.expressionAttributeValues = { ":start": 1 };
  const page: QueryResult<TokenData> = await repository.query<TokenData>(
    keys.PK,
    undefined,
    options,
  );
  const startKey: DynamoDBKey | undefined = page.lastEvaluatedKey;
  expect(startKey).toBeUndefined();
  const batch: BatchResult<TokenData> = await repository.batchGet<TokenData>([keys]);
  expect(batch.items).toEqual([]);
});

describe("what is more than any request holds is refused before it is gone through", () => {
  const refusal = async (call: Promise<unknown>) => {
    const error = await failure(call);
    expect(error).toBeInstanceOf(ValidationError);
    expect(send).not.toHaveBeenCalled();
    return error.message;
  };
  const update = (changes: object, options?: object) =>
    repository.update("USER#u1", "PROJECT#p1", changes, options as never);
  const some = { a: 1 };

  test("bytes and lists in place of placeholders", async () => {
    const names = { expressionAttributeNames: new Uint8Array(9) };
    const values = { expressionAttributeValues: [1] };
    expect(await refusal(update(some, names))).toMatch(
      /expressionAttributeNames must be an object$/,
    );
    expect(await refusal(update(some, values))).toMatch(/expressionAttributeValues must be an obj/);
  });

  test("more placeholders than an expression has room for, of which no value is read", async () => {
    const get = jest.fn();
    const many = Object.defineProperties(
      {},
      Object.fromEntries(
        Array.from({ length: 2_049 }, (_, at) => [`:v${at}`, { enumerable: true, get }]),
      ),
    );
    const message = await refusal(update(some, { expressionAttributeValues: many }));
    expect(message).toMatch(/expressionAttributeValues must have at most 2048 placeholders$/);
    expect(get).not.toHaveBeenCalled();
  });

  test("values of more than 2 MB in all", async () => {
    const expressionAttributeValues = Object.fromEntries(
      Array.from({ length: 8 }, (_, at) => [`:v${at}`, "x".repeat(300_000)]),
    );
    expect(await refusal(update(some, { expressionAttributeValues }))).toMatch(
      /expressionAttributeValues take more than 2097152 bytes/,
    );
  });

  test("an expression of more than 4 KB", async () => {
    const filterExpression = `#a = :a${" ".repeat(4_096)}`;
    expect(await refusal(repository.query("USER#u1", undefined, { filterExpression }))).toMatch(
      /filterExpression is an expression of more than 4096 bytes/,
    );
  });

  test("a text or bytes in place of an item or of a payload", async () => {
    expect(await refusal(repository.put("abc" as never))).toMatch(/PK is missing/);
    expect(await refusal(repository.put(new Uint8Array(3) as never))).toMatch(/PK is missing/);
    const created = repository.create("USER#u1", "PROJECT#p1", "Project", new Uint8Array(3));
    expect(await refusal(created)).toMatch(/Data must be an object$/);
    expect(await refusal(repository.batchWrite([new Uint8Array(3) as never]))).toMatch(
      /puts\[0\] must be an object$/,
    );
  });

  test("an update of more fields than an expression holds", async () => {
    const fields = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}`, at]));
    expect(await refusal(update(fields(342)))).toMatch(
      /updates make an expression of 342 assignments/,
    );
    expect(await refusal(update(fields(300)))).toMatch(
      /updates makes an expression of 4\d\d\d bytes: DynamoDB takes at most 4096/,
    );
    await update(fields(290));
    expect(requests()).toEqual(["Update"]);
  });
});
