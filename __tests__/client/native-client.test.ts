/**
 * The layer's own document client against lib-dynamodb's: what goes over the wire and what comes
 * back is the same, in all operations, for any payload, and where things go wrong.
 */
import { Readable } from "node:stream";
import { createContext, runInContext } from "node:vm";
import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  ExecuteStatementCommand,
  ExecuteTransactionCommand,
  GetCommand,
  NumberValue,
  PutCommand,
  QueryCommand,
  ScanCommand,
  TransactGetCommand,
  TransactWriteCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { mockClient } from "aws-sdk-client-mock";
import fc from "fast-check";
import { createTableAdmin } from "../../src/admin/table-admin.js";
import { createTableInput } from "../../src/admin/table-input.js";
import { createClients, createDocumentClient } from "../../src/client/client.js";
import { resolveConfiguration } from "../../src/client/config.js";
import { NativeDocumentClient } from "../../src/client/native-client.js";
import { wrapDynamoDBError } from "../../src/index.js";
import { startEngine } from "../../src/testing/index.js";
import { createTransport } from "../../src/transport/transport.js";
import { anyText } from "../any-text.js";
import { engines } from "../engines.js";
import { tries } from "../properties/arbitraries.js";

type Fields = Record<string, unknown>;

interface WireRequest {
  readonly hostname: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array;
}

/** What the other end of the wire says. */
interface Reply {
  readonly statusCode: number;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

const empty: Reply = { statusCode: 200, body: "{}" };

/** What DynamoDB answers with where there is nothing: some members are always there. */
const nothing: Readonly<Record<string, string>> = {
  Query: '{"Items":[],"Count":0,"ScannedCount":0}',
  Scan: '{"Items":[],"Count":0,"ScannedCount":0}',
  BatchGetItem: `{"Responses":{"the-table":[]},"UnprocessedKeys":{}}`,
  BatchWriteItem: '{"UnprocessedItems":{}}',
  TransactGetItems: `{"Responses":[{},{}]}`,
};

/** Keeps what is sent, and answers as it is told. */
class Wire {
  readonly metadata = { handlerProtocol: "http/1.1" };
  readonly requests: WireRequest[] = [];
  reply: Reply | Error = empty;

  async handle(request: WireRequest) {
    this.requests.push(request);
    const { reply } = this;
    if (reply instanceof Error) throw reply;
    const { statusCode } = reply;
    const operation = request.headers["x-amz-target"]?.split(".").at(-1) ?? "";
    const body = reply === empty ? (nothing[operation] ?? empty.body) : reply.body;
    const headers = { "x-amzn-requestid": "the-request", ...reply.headers };
    return { response: { statusCode, headers, body: Readable.from([Buffer.from(body)]) } };
  }

  destroy(): void {}
}

const translateConfig = {
  marshallOptions: {
    removeUndefinedValues: true,
    convertEmptyValues: false,
    convertClassInstanceToMap: false,
  },
  unmarshallOptions: { wrapNumbers: false },
};

const place: DynamoDBClientConfig = {
  region: "us-east-1",
  endpoint: "http://127.0.0.1:1",
  credentials: { accessKeyId: "a", secretAccessKey: "b" },
  maxAttempts: 1,
  // As this package's clients have it. The SDK's own gives each request an id, which is signed.
  retryStrategy: { retry: (next, args) => next(args) },
};

function nativeClient(config: DynamoDBClientConfig, way?: "direct" | "sdk"): NativeDocumentClient {
  return new NativeDocumentClient(new DynamoDBClient(config), config, translateConfig, way);
}

/** Both clients with a wire each. */
function openBoth(config: DynamoDBClientConfig = place, way?: "direct" | "sdk") {
  const wires = { stock: new Wire(), native: new Wire() };
  const configOf = (wire: Wire) => ({ ...config, requestHandler: wire as never });
  return {
    wires,
    stock: createDocumentClient(new DynamoDBClient(configOf(wires.stock))),
    native: nativeClient(configOf(wires.native), way),
  };
}

/** Sends a request of each operation, which the direct path learns from, and forgets it. */
async function prime({ native, wires }: ReturnType<typeof openBoth>): Promise<void> {
  for (const make of Object.values(commandsWith({ PK: "a" }, "a"))) await outcome(native, make);
  wires.native.requests.splice(0);
}

/** Each way that a request may go, with a check that those since the last check went it. */
const ways = describe.each(["direct", "sdk"] as const);

function checkerOf(native: NativeDocumentClient, way: "direct" | "sdk") {
  let before = { ...native.sent };
  return (requests: number): void => {
    const { direct, sdk } = native.sent;
    const sent = { direct: direct - before.direct, sdk: sdk - before.sdk };
    before = { direct, sdk };
    expect(sent).toEqual({ direct: 0, sdk: 0, [way]: requests });
  };
}

/** A command anew for each client: the stock one leaves its middleware on it. */
type MakeCommand = () => object;

async function outcome(client: DynamoDBDocumentClient, make: MakeCommand, options?: object) {
  try {
    const send = client.send as (command: object, options?: object) => Promise<object>;
    return {
      answer: await (options ? send.call(client, make(), options) : send.call(client, make())),
    };
  } catch (error) {
    const { name, message } = error as Error;
    // Everything else that can be seen of it, hidden members too.
    const {
      $response: _,
      stack: __,
      ...rest
    } = Object.fromEntries(
      Object.entries(Object.getOwnPropertyDescriptors(error)).map(([key, { value }]) => [
        key,
        value,
      ]),
    );
    return { error: { name, message, ...rest } };
  }
}

/** Headers of one moment, and what tells the clients apart to AWS's statistics. */
const fleeting =
  /^(authorization|x-amz-date|amz-sdk-invocation-id|x-amz-content-sha256|user-agent)$/;

function sentBy({ requests }: Wire) {
  return requests.splice(0).map(({ hostname, path, headers, body }) => {
    const bytes =
      typeof body === "string"
        ? Buffer.from(body)
        : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    expect(headers["content-length"]).toBe(String(bytes.byteLength));
    const kept = Object.entries(headers).filter(
      ([name]) => !fleeting.test(name) && name !== "content-length",
    );
    return {
      hostname,
      path,
      headers: Object.fromEntries(kept),
      body: JSON.parse(bytes.toString()),
    };
  });
}

const TableName = "the-table";

/** A command of every kind with the values wherever it takes any. */
function commandsWith(map: Fields, value: unknown): Record<string, MakeCommand> {
  const ExpressionAttributeValues = { ":v": value, ":m": map };
  const expressions = {
    ConditionExpression: "#a = :v",
    ExpressionAttributeNames: { "#a": "a" },
    ExpressionAttributeValues,
  };
  const at = { TableName, Key: { PK: "a", SK: value } };
  return {
    get: () => new GetCommand({ ...at, ConsistentRead: true, ProjectionExpression: "a" }),
    put: () => new PutCommand({ TableName, Item: map, ...expressions, ReturnValues: "ALL_OLD" }),
    update: () =>
      new UpdateCommand({
        ...at,
        ...expressions,
        UpdateExpression: "SET #a = :m",
        ReturnValues: "UPDATED_OLD",
      }),
    delete: () => new DeleteCommand({ ...at, ...expressions, ReturnValues: "ALL_OLD" }),
    query: () =>
      new QueryCommand({
        TableName,
        KeyConditionExpression: "PK = :v",
        ExpressionAttributeValues,
        ExclusiveStartKey: map as never,
        Limit: 5,
        ScanIndexForward: false,
      }),
    scan: () => new ScanCommand({ TableName, ExclusiveStartKey: map as never, Segment: 0 }),
    batchGet: () =>
      new BatchGetCommand({
        RequestItems: { [TableName]: { Keys: [map as never, { a: value }], ConsistentRead: true } },
        ReturnConsumedCapacity: "TOTAL",
      }),
    batchWrite: () =>
      new BatchWriteCommand({
        RequestItems: {
          [TableName]: [
            { PutRequest: { Item: map as never } },
            { DeleteRequest: { Key: { a: value } } },
          ],
        },
      }),
    transactGet: () =>
      new TransactGetCommand({ TransactItems: [{ Get: at }, { Get: { TableName, Key: map } }] }),
    transactWrite: () =>
      new TransactWriteCommand({
        ClientRequestToken: "the-token",
        TransactItems: [
          { Put: { TableName, Item: map, ...expressions } },
          { Update: { ...at, ...expressions, UpdateExpression: "SET #a = :m" } },
          { Delete: { ...at, ...expressions } },
          { ConditionCheck: { ...at, ...expressions } },
        ],
      }),
  };
}

const kinds = Object.keys(commandsWith({}, ""));

// What the two do apart, on purpose: a field named `constructor`, which lib-dynamodb takes for the
// class of the map, and `__proto__`, which it loses.
const fieldName = fc
  .oneof(fc.string(), anyText(), fc.constantFrom("S", "M", "length", "toJSON"))
  .filter((name) => name !== "__proto__" && name !== "constructor");

class Instance {
  field = 1;
}

const elsewhere = createContext({});

/** Values that DynamoDB holds, and values that it does not. */
const { anyValue } = fc.letrec((tie) => ({
  anyValue: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    anyText(),
    fc.string(),
    fc.integer(),
    fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
    fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }),
    fc.boolean(),
    fc.constantFrom<unknown>(null, undefined, -0, 1e-7, 5e-130, () => 1),
    fc.uint8Array(),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.uniqueArray(fc.string(), { minLength: 1 }).map((members) => new Set(members)),
    fc.uniqueArray(fc.integer(), { minLength: 1 }).map((members) => new Set(members)),
    fc.uniqueArray(fc.bigInt(), { minLength: 1 }).map((members) => new Set(members)),
    fc.array(fc.uint8Array(), { minLength: 1 }).map((members) => new Set(members)),
    fc
      .constantFrom("12345678901234567890123456789012345678", "1.5", "-0.1e-20")
      .map(NumberValue.from),
    tie("list"),
    tie("map"),
    tie("map").map((map) => new Map(Object.entries(map as object))),
    tie("map").map((map) => Object.assign(Object.create(null), map) as unknown),
    tie("map").map((map) => Object.assign(runInContext("({})", elsewhere) as object, map)),
    tie("map").map((map) => Object.assign(Object.create({ inherited: "too" }) as object, map)),
  ),
  list: fc.array(tie("anyValue"), { maxLength: 4 }),
  map: fc.dictionary(fieldName, tie("anyValue"), { maxKeys: 4 }),
}));

const anyMap = fc.dictionary(fieldName, anyValue, { maxKeys: 5 });

/** What util-dynamodb refuses. */
const refused: [string, unknown][] = [
  ["a Date", new Date(0)],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["a number that is not exact", 2 ** 60],
  ["a negative number that is not exact", -(2 ** 60)],
  ["an empty set", new Set()],
  ["a set of booleans", new Set([true])],
  ["an instance of a class", new Instance()],
  ["a regular expression", /x/],
  ["a WeakMap", new WeakMap()],
  ["a promise", Promise.resolve()],
];

ways("a request that goes the way %s", (way) => {
  const both = openBoth(place, way);
  let checkWay: (requests: number) => void;
  beforeAll(async () => {
    await prime(both);
    checkWay = checkerOf(both.native, way);
  });

  async function expectSame(make: MakeCommand, isItems = true): Promise<void> {
    const stock = await outcome(both.stock, make);
    const native = await outcome(both.native, make);
    expect(native).toEqual(stock);
    const sent = sentBy(both.wires.native);
    expect(sent).toEqual(sentBy(both.wires.stock));
    // What is refused before it is sent goes no way; the SDK counts it when it is asked.
    if (sent.length > 0) checkWay(isItems ? sent.length : 0);
    else checkWay = checkerOf(both.native, way);
  }

  test.each(kinds)("of %s is the stock client's for any values", async (kind) => {
    await fc.assert(
      fc.asyncProperty(anyMap, anyValue, async (map, value) => {
        await expectSame(commandsWith(map, value)[kind]!);
      }),
      tries(20),
    );
  });

  test.each(refused)("with %s is refused in the same words, at any depth", async (_, value) => {
    for (const map of [{ value }, { in: { a: [value] } }]) {
      for (const make of Object.values(commandsWith(map, value))) await expectSame(make);
    }
    expect(both.wires.native.requests).toEqual([]);
  });

  test("has what was given under other types", async () => {
    const odd = {
      number: new Number(5),
      text: new String("text"),
      flag: new Boolean(false),
      buffer: new Uint8Array([1, 2, 3]).subarray(1),
      none: [undefined, () => 1, null],
    };
    await expectSame(commandsWith(odd, odd.text).put!);
  });

  test("leaves out what is not given", async () => {
    await expectSame(
      () =>
        new QueryCommand({
          TableName,
          KeyConditionExpression: "PK = :v",
          ExpressionAttributeValues: { ":v": "x", ":unused": undefined },
          ExclusiveStartKey: undefined,
          Limit: undefined,
        }),
    );
  });

  test("of an operation's first years goes the stock way", async () => {
    await expectSame(
      () =>
        new UpdateCommand({
          TableName,
          Key: { PK: "a" },
          AttributeUpdates: { a: { Value: { deep: [1] }, Action: "PUT" } },
          Expected: { b: { Value: 1 } },
        }),
      false,
    );
  });

  const ofBytes: Readonly<Record<string, (bytes: unknown) => object>> = {
    Key: (PK) => new GetCommand({ TableName, Key: { PK } }),
    "Key of a delete": (PK) => new DeleteCommand({ TableName, Key: { PK } }),
    "Keys of a batch": (PK) =>
      new BatchGetCommand({ RequestItems: { [TableName]: { Keys: [{ PK }] } } }),
    "Key in a transaction": (PK) =>
      new TransactGetCommand({ TransactItems: [{ Get: { TableName, Key: { PK } } }] }),
    "Key of a write in a batch": (PK) =>
      new BatchWriteCommand({
        RequestItems: { [TableName]: [{ DeleteRequest: { Key: { PK } } }] },
      }),
    ExclusiveStartKey: (PK) => new ScanCommand({ TableName, ExclusiveStartKey: { PK } }),
    AttributeUpdates: (Value) =>
      new UpdateCommand({ TableName, Key: { PK: "a" }, AttributeUpdates: { a: { Value } } }),
    Expected: (Value) =>
      new PutCommand({ TableName, Item: { PK: "a" }, Expected: { a: { Value } } }),
    KeyConditions: (value) =>
      new QueryCommand({
        TableName,
        KeyConditions: { PK: { ComparisonOperator: "EQ", AttributeValueList: [value] } },
      }),
    QueryFilter: (value) =>
      new QueryCommand({
        TableName,
        QueryFilter: { a: { ComparisonOperator: "EQ", AttributeValueList: [value] } },
      }),
    ScanFilter: (value) =>
      new ScanCommand({
        TableName,
        ScanFilter: { a: { ComparisonOperator: "EQ", AttributeValueList: [value] } },
      }),
  };

  const passing = (next: (given: never) => Promise<never>) => (given: never) => next(given);
  const beside: Readonly<
    Record<string, (client: DynamoDBDocumentClient, make: MakeCommand) => MakeCommand>
  > = {
    "without middleware": (_, make) => make,
    "beside middleware of the client": (client, make) => {
      client.middlewareStack.add(passing as never, { step: "initialize" });
      return make;
    },
    "beside middleware of the command": (_, make) => () => {
      const command = make() as GetCommand;
      command.middlewareStack.add(passing as never, { step: "build" });
      return command;
    },
  };

  describe.each(Object.keys(beside))("%s", (how) => {
    const among = beside[how] as (typeof beside)[string];

    test.each(Object.keys(ofBytes))(
      "has the bytes of binary of any class, and no Blob: in %s (they went out as none)",
      async (where) => {
        const make = ofBytes[where] as (bytes: unknown) => object;
        const { stock, native, wires } = openBoth();
        const send = (client: DynamoDBDocumentClient, bytes: unknown) =>
          outcome(
            client,
            among(client, () => make(bytes)),
          );
        await outcome(stock, () => make(Uint8Array.from([1, 2])));
        await send(native, Uint8Array.from([1, 2]).buffer);
        await send(native, new DataView(Uint8Array.from([0, 1, 2]).buffer, 1));
        const bodies = wires.native.requests.map(({ body }) => JSON.parse(String(body)));
        const [expected] = wires.stock.requests.map(({ body }) => JSON.parse(String(body)));
        expect(JSON.stringify(expected)).toContain('"B":"AQI="');
        expect(bodies).toEqual([expected, expected]);
        const refused = await send(native, new Blob(["abc"]));
        expect(refused).toHaveProperty("error.message", expect.stringContaining("a Blob cannot"));
        expect(wires.native.requests).toHaveLength(2);
      },
    );

    test("has the inherited fields of an item (they were left out beside middleware)", async () => {
      const { native, wires } = openBoth();
      const Item = Object.assign(Object.create({ kind: "x", bytes: new ArrayBuffer(1) }), {
        PK: "a",
      }) as Fields;
      await outcome(
        native,
        among(native, () => new PutCommand({ TableName, Item })),
      );
      expect(JSON.parse(String(wires.native.requests[0]?.body)).Item).toEqual({
        PK: { S: "a" },
        kind: { S: "x" },
        bytes: { B: "AA==" },
      });
    });

    test("loses no field named __proto__: it is stored, or refused", async () => {
      const proto = JSON.parse('{"PK":"a","__proto__":{"a":"z"}}') as Fields;
      const holders: Fields[] = [proto, { PK: "a", deep: [proto] }];
      for (const Item of [...holders, { PK: "a", map: new Map([["__proto__", "z"]]) }]) {
        const { native, wires } = openBoth();
        const put = among(native, () => new PutCommand({ TableName, Item }));
        const sent = await outcome(native, put);
        const [request] = wires.native.requests;
        if (request === undefined) {
          expect(sent).toHaveProperty("error.message", expect.stringContaining("named __proto__"));
        } else expect(String(request.body)).toContain('"__proto__":{"M":{"a":{"S":"z"}}}');
      }
    });

    test("without an input ends as the stock client's, by its promise (it threw)", async () => {
      const { native, stock } = openBoth();
      for (const input of [undefined, null]) {
        const make = () => new GetCommand(input as never);
        const sending = native.send(among(native, make)() as GetCommand);
        expect(sending).toBeInstanceOf(Promise);
        expect(await sending).toEqual(await stock.send(make()));
      }
    });
  });

  test("stores a field named constructor, which the stock client takes for a class", async () => {
    const Item = { PK: "a", Data: { constructor: { name: "x" }, n: 1 } };
    await both.native.send(new PutCommand({ TableName, Item }));
    expect(sentBy(both.wires.native)[0]?.body.Item).toEqual({
      PK: { S: "a" },
      Data: { M: { constructor: { M: { name: { S: "x" } } }, n: { N: "1" } } },
    });
  });

  test("stores a field named __proto__, which the stock client loses", async () => {
    const Data = JSON.parse('{"__proto__": "x"}') as object;
    await both.native.send(new PutCommand({ TableName, Item: { PK: "a", Data } }));
    const [request] = both.wires.native.requests.splice(0);
    expect(String(request?.body)).toContain('"Data":{"M":{"__proto__":{"S":"x"}}}');
  });

  test("of a transaction has a token where none is given", async () => {
    const TransactItems = [{ Put: { TableName, Item: { PK: "a" } } }];
    await both.native.send(new TransactWriteCommand({ TransactItems }));
    await both.native.send(new TransactWriteCommand({ TransactItems }));
    const tokens = sentBy(both.wires.native).map(({ body }) => body.ClientRequestToken as string);
    expect(tokens).toEqual([
      expect.stringMatching(/^[\w-]{36}$/),
      expect.stringMatching(/^[\w-]{36}$/),
    ]);
    expect(tokens[0]).not.toBe(tokens[1]);
  });
});

describe("an endpoint", () => {
  const accountId = "123456789012";
  const { endpoint: _, ...regional } = place;
  const configs: [string, DynamoDBClientConfig][] = [
    ["of a region", regional],
    ["of one's own, with a path", { ...place, endpoint: "http://localhost:4566/base" }],
    ["for FIPS", { ...regional, useFipsEndpoint: true }],
    ["for IPv6 as well", { ...regional, useDualstackEndpoint: true }],
    [
      "of an account",
      {
        ...regional,
        credentials: { accessKeyId: "a", secretAccessKey: "b", accountId },
        accountIdEndpointMode: "required",
      },
    ],
    ["in China", { ...regional, region: "cn-north-1" }],
  ];
  const arn = `arn:aws:dynamodb:us-east-1:${accountId}:table/x`;

  afterEach(() => jest.restoreAllMocks());

  test.each(configs)("%s is the stock client's", async (_name, config) => {
    const both = openBoth(config);
    for (const table of [TableName, arn]) {
      const make = () => new GetCommand({ TableName: table, Key: { PK: "a", SK: "b" } });
      expect(await outcome(both.native, make)).toEqual(await outcome(both.stock, make));
    }
    const sent = sentBy(both.wires.native);
    expect(sent).toHaveLength(2);
    expect(sent).toEqual(sentBy(both.wires.stock));
  });

  test("signs with the credentials and the region of its own", async () => {
    const both = openBoth({
      ...place,
      region: "eu-west-1",
      credentials: { accessKeyId: "ID", secretAccessKey: "s", sessionToken: "token" },
    });
    await both.native.send(new GetCommand({ TableName, Key: { PK: "a" } }));
    const { headers } = both.wires.native.requests[0]!;
    expect(headers.authorization).toMatch(
      /Credential=ID\/\d{8}\/eu-west-1\/dynamodb\/aws4_request/,
    );
    expect(headers["x-amz-security-token"]).toBe("token");
  });

  test("signs for the region that an endpoint's rules name", async () => {
    const both = openBoth({ ...regional, region: "local" });
    for (const [end, wire] of Object.entries(both.wires)) {
      await both[end as keyof typeof both.wires].send(new GetCommand({ TableName, Key: {} }));
      expect(wire.requests[0]?.hostname).toBe("localhost");
      expect(wire.requests[0]?.headers.authorization).toContain("/us-east-1/dynamodb/");
    }
  });

  test("signs each request with the credentials and the time that it then has", async () => {
    let accessKeyId = "FIRST";
    let now = Date.parse("2026-01-01T12:00:00Z");
    jest.spyOn(Date, "now").mockImplementation(() => now);
    const both = openBoth({
      ...place,
      credentials: async () => ({
        accessKeyId,
        secretAccessKey: `secret of ${accessKeyId}`,
        expiration: new Date(now + 1_000),
      }),
      // The SDK's own gives each request an id, which is signed.
      retryStrategy: { retry: (next, args) => next(args) },
    });
    const signatures = async () => {
      const ends = Object.keys(both.wires) as (keyof typeof both.wires)[];
      return Promise.all(
        ends.map(async (end) => {
          await both[end].send(new GetCommand({ TableName, Key: { PK: "a" } }));
          const { headers } = both.wires[end].requests.pop()!;
          return `${headers["x-amz-date"]} ${headers.authorization}`;
        }),
      );
    };

    const [stock, native] = await signatures();
    expect(stock).toMatch(/^20260101T120000Z .*Credential=FIRST\//);
    expect(native).toBe(stock);

    accessKeyId = "SECOND";
    now += 24 * 3_600_000;
    const [laterStock, laterNative] = await signatures();
    expect(laterStock).toMatch(/^20260102T120000Z .*Credential=SECOND\/20260102\//);
    expect(laterNative).toBe(laterStock);

    // The service's clock is an hour ahead: the answer tells it.
    const date = new Date(now + 3_600_000).toUTCString();
    for (const wire of Object.values(both.wires)) wire.reply = { ...empty, headers: { date } };
    await signatures();
    const [mendedStock, mendedNative] = await signatures();
    expect(mendedStock).toMatch(/^20260102T130000Z /);
    expect(mendedNative).toBe(mendedStock);
  });
});

/** Values as DynamoDB sends them. */
const { attributeValue } = fc.letrec((tie) => ({
  attributeValue: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ S: anyText() }),
    fc.record({ N: numberText() }),
    fc.record({ B: fc.base64String() }),
    fc.record({ BOOL: fc.boolean() }),
    fc.constant({ NULL: true }),
    fc.record({ SS: fc.uniqueArray(fc.string(), { minLength: 1 }) }),
    fc.record({ NS: fc.uniqueArray(numberText(), { minLength: 1 }) }),
    fc.record({ BS: fc.uniqueArray(fc.base64String(), { minLength: 1 }) }),
    fc.record({ L: fc.array(tie("attributeValue"), { maxLength: 4 }) }),
    fc.record({ M: fc.dictionary(fieldName, tie("attributeValue"), { maxKeys: 4 }) }),
  ),
}));

function numberText() {
  return fc.oneof(
    fc.integer().map(String),
    fc.double({ noNaN: true, min: -1e15, max: 1e15 }).map(String),
    fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }).map(String),
    fc.constantFrom("1E+10", "-1.5E-130", "0"),
  );
}

const attributeMap = fc.dictionary(fieldName, attributeValue, { maxKeys: 5 });

const capacity = {
  TableName,
  CapacityUnits: 1.5,
  Table: { CapacityUnits: 1 },
  GlobalSecondaryIndexes: { GSI1: { CapacityUnits: 0.5 } },
};

/** An answer of every kind with the values wherever it holds any. */
function answersWith(map: object): Record<string, object> {
  const metrics = { ItemCollectionKey: map, SizeEstimateRangeGB: [0.5, 1] };
  // As the commands ask for it.
  const item = { ...map, PK: { S: "a" }, SK: { S: "b" }, a: { S: "b" } };
  const keyless = { ...item, PK: { NULL: true }, SK: { NULL: true } };
  const unprocessed = [{ PutRequest: { Item: keyless } }, { DeleteRequest: { Key: keyless } }];
  const written = { Attributes: map, ConsumedCapacity: capacity, ItemCollectionMetrics: metrics };
  const own = { ...item, PK: { S: "b" } };
  const paged = { Items: [own, own], Count: 2, ScannedCount: 7, LastEvaluatedKey: item };
  return {
    get: { Item: map, ConsumedCapacity: capacity },
    put: written,
    update: written,
    delete: { ...written, Attributes: item },
    query: paged,
    scan: { ...paged, ConsumedCapacity: capacity },
    batchGet: {
      Responses: { [TableName]: [item] },
      UnprocessedKeys: {
        [TableName]: { Keys: [{ ...item, a: { N: "1" } }], ConsistentRead: true },
      },
      ConsumedCapacity: [capacity],
    },
    batchWrite: {
      UnprocessedItems: { [TableName]: unprocessed },
      ItemCollectionMetrics: { [TableName]: [metrics] },
      ConsumedCapacity: [capacity],
    },
    transactGet: { Responses: [{ Item: item }, {}], ConsumedCapacity: [capacity] },
    transactWrite: { ItemCollectionMetrics: { [TableName]: [metrics] } },
  };
}

ways("an answer to a request that went the way %s", (way) => {
  const both = openBoth(place, way);
  const commands = commandsWith({ a: 1 }, "b");
  let checkWay: (requests: number) => void;
  beforeAll(async () => {
    await prime(both);
    checkWay = checkerOf(both.native, way);
  });

  async function outcomes(kind: string, reply: Reply | Error) {
    both.wires.stock.reply = reply;
    both.wires.native.reply = reply;
    const make = commands[kind]!;
    checkWay = checkerOf(both.native, way);
    const native = await outcome(both.native, make);
    checkWay(1);
    return [native, await outcome(both.stock, make)] as const;
  }

  test.each(kinds)("to %s is the stock client's for any values", async (kind) => {
    await fc.assert(
      fc.asyncProperty(attributeMap, async (map) => {
        const body = JSON.stringify(answersWith(map)[kind]);
        const [native, stock] = await outcomes(kind, { statusCode: 200, body });
        expect(native).toHaveProperty("answer");
        expect(native).toStrictEqual(stock);
      }),
      tries(20),
    );
  });

  test("batches of a table whose keys are numbers, or have other names, are compared by their number", async () => {
    const Keys = [{ id: 1 }, { id: 2 }, { id: 3 }];
    const item = (id: number) => ({ id: { N: String(id) } });
    const get = () => new BatchGetCommand({ RequestItems: { [TableName]: { Keys } } });
    const reply = (responses: object[], left: object[]): Reply => ({
      statusCode: 200,
      body: JSON.stringify({
        Responses: { [TableName]: responses },
        UnprocessedKeys: left.length === 0 ? {} : { [TableName]: { Keys: left } },
      }),
    });
    both.wires.native.reply = reply([item(1), item(2)], [item(3)]);
    expect(await outcome(both.native, get)).toHaveProperty("answer");
    both.wires.native.reply = reply([item(1), item(2)], [item(3), item(4)]);
    expect(await outcome(both.native, get)).toHaveProperty("error.name", "UnreadableAnswer");

    const puts = Keys.map((Item) => ({ PutRequest: { Item } }));
    const write = () => new BatchWriteCommand({ RequestItems: { [TableName]: puts } });
    const left = (...ids: number[]): Reply => ({
      statusCode: 200,
      body: JSON.stringify({
        UnprocessedItems: { [TableName]: ids.map((id) => ({ PutRequest: { Item: item(id) } })) },
      }),
    });
    both.wires.native.reply = left(2, 3);
    expect(await outcome(both.native, write)).toHaveProperty("answer");
    both.wires.native.reply = left(1, 2, 3, 4);
    expect(await outcome(both.native, write)).toHaveProperty("error.name", "UnreadableAnswer");
  });

  const mayBeEmpty = ["get", "put", "update", "delete", "transactWrite"];

  test.each(mayBeEmpty)("to %s may be empty, and hold null", async (kind) => {
    const nulls = Object.fromEntries(
      Object.keys(answersWith({})[kind]!).map((name) => [name, null]),
    );
    for (const body of ["{}", JSON.stringify(nulls)]) {
      const [native, stock] = await outcomes(kind, { statusCode: 200, body });
      expect(native).toStrictEqual(stock);
    }
  });

  test.each(kinds.filter((kind) => !mayBeEmpty.includes(kind)))(
    "to %s without the members that DynamoDB always gives is none",
    async (kind) => {
      for (const body of ["{}", '{"ConsumedCapacity":null}', '{"Count":null,"Responses":null}']) {
        const [native, stock] = await outcomes(kind, { statusCode: 200, body });
        expect(stock).toHaveProperty("answer");
        expect(native).toHaveProperty("error.name", "UnreadableAnswer");
      }
    },
  );

  const foreign: [string, Reply][] = [
    ["of no bytes at all", { statusCode: 200, body: "" }],
    ["that is cut off", { statusCode: 200, body: '{"Item":{"PK":{"S":"secret' }],
    ["that is a page", { statusCode: 200, body: "<html>secret</html>" }],
    ["that is JSON of somebody else's", { statusCode: 200, body: '{"error":"secret"}' }],
    ["that is null", { statusCode: 200, body: "null" }],
    ["that is a list", { statusCode: 200, body: "[]" }],
    ["that is a text", { statusCode: 200, body: '"secret"' }],
    ["that is empty and has no request id", { ...empty, headers: { "x-amzn-requestid": "" } }],
    ["that is a redirect", { statusCode: 302, body: "" }],
    ["that is a redirect in JSON", { statusCode: 301, body: "{}" }],
    ["of a gateway's 403", { statusCode: 403, body: "<html>secret</html>" }],
    ["of a gateway's 403 in JSON", { statusCode: 403, body: '{"message":"secret"}' }],
    ["of a 404 without a body", { statusCode: 404, body: "" }],
    ["of a 408 without a body", { statusCode: 408, body: "" }],
    ["of a 499", { statusCode: 499, body: "" }],
    ["of a gateway's 502", { statusCode: 502, body: "<html>secret</html>" }],
    ["of a 503 without a body", { statusCode: 503, body: "" }],
  ];

  test.each(foreign)("%s is unreadable, and acknowledges nothing", async (_, reply) => {
    for (const kind of ["get", "put", "transactWrite"]) {
      const [native] = await outcomes(kind, reply);
      expect(native).toMatchObject({
        error: { name: "UnreadableAnswer", $metadata: { httpStatusCode: reply.statusCode } },
      });
      expect(JSON.stringify(native)).not.toContain("secret");
    }
  });

  test("tells its request's id under any spelling of the header", async () => {
    for (const name of ["X-Amzn-RequestId", "x-amz-request-id", "X-Amz-Id-2", "X-Amz-Cf-Id"]) {
      const headers = { [name]: "other" };
      const body = '{"Item":{"PK":{"S":"a"}}}';
      const [native, stock] = await outcomes("get", { statusCode: 200, body, headers });
      expect(native).toStrictEqual(stock);
    }
  });

  const error = (code: string, more: Fields = {}): Reply => ({
    statusCode: 400,
    body: JSON.stringify({
      __type: `com.amazonaws.dynamodb.v20120810#${code}`,
      message: "Why",
      ...more,
    }),
  });
  const Item = { PK: { S: "a" }, SK: { S: "b" }, Data: { M: { B: { B: "AQI=" }, n: { N: "1" } } } };
  const conditional = ["put", "update", "delete"];
  const failures: [string, Reply | Error, (readonly string[])?][] = [
    ["a failed condition", error("ConditionalCheckFailedException"), conditional],
    [
      "a failed condition with the item",
      error("ConditionalCheckFailedException", { Item }),
      conditional,
    ],
    [
      "a cancelled transaction",
      error("TransactionCanceledException", {
        CancellationReasons: [
          { Code: "None" },
          { Code: "ConditionalCheckFailed", Message: "The conditional request failed", Item },
        ],
      }),
      ["transactGet", "transactWrite"],
    ],
    ["a validation error", error("ValidationException")],
    ["a missing table", error("ResourceNotFoundException", { Message: "Requested" })],
    ["throttling", error("ProvisionedThroughputExceededException")],
    ["an error that nobody knows", error("NewException", { detail: 1 })],
    ["an internal error", { statusCode: 500, body: '{"__type":"InternalServerError"}' }],
    [
      "a connection that breaks",
      Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }),
    ],
  ];

  const any = ["get", "put", "batchGet", "transactWrite"];
  // Jest would give a callback for what a row lacks.
  const rows = failures.map(([what, reply, those = any]) => [what, reply, those] as const);
  test.each(rows)("of %s throws the stock client's error", async (_, reply, those) => {
    for (const kind of those) {
      const [native, stock] = await outcomes(kind, reply);
      expect(native).toHaveProperty("error");
      expect(native).toEqual(stock);
    }
  });

  test.each(rows.slice(0, 3))(
    "of %s is unreadable to an operation that has no such error (a write that was done was told not to be)",
    async (_, reply, those) => {
      for (const kind of kinds.filter((one) => !those.includes(one))) {
        const [native] = await outcomes(kind, reply);
        expect([kind, native]).toMatchObject([
          kind,
          { error: { name: "UnreadableAnswer", $metadata: { httpStatusCode: 400 } } },
        ]);
      }
    },
  );

  test.each([
    ["a failed condition", new ExecuteStatementCommand({ Statement: "DELETE" }), 0],
    ["a cancelled transaction", new ExecuteTransactionCommand({ TransactStatements: [] }), 2],
  ] as const)("of %s to PartiQL stays one", async (_, command, at) => {
    const { native, wires } = openBoth();
    wires.native.reply = failures[at]?.[1] as Reply;
    const code = JSON.parse((wires.native.reply as Reply).body).__type.split("#")[1];
    await expect(native.send(command as never)).rejects.toHaveProperty("name", code);
  });

  test.each([
    ["of an unknown type", { new: "x" }],
    ["of no type", {}],
    ["that is no number", { N: "1", S: undefined, M: null }],
  ])("with a value %s is refused where the stock client refuses it", async (_, value) => {
    const body = JSON.stringify({ Item: { PK: value } });
    const [native, stock] = await outcomes("get", { statusCode: 200, body });
    expect(Object.keys(native)).toEqual(Object.keys(stock));
    expect(native.answer).toEqual(stock.answer);
  });

  test("is read whole wherever it is cut, within a character too", async () => {
    const wire = new Wire();
    const client = nativeClient({ ...place, requestHandler: wire as never });
    const item = { PK: "ä€😀", naïve: "\ufeffçà" };
    const bytes = Buffer.from(
      JSON.stringify({ Item: { PK: { S: item.PK }, naïve: { S: item.naïve } } }),
    );
    expect(bytes.length).toBeGreaterThan(bytes.toString().length);
    for (let size = 1; size <= 5; size += 1) {
      const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      wire.handle = async () => ({
        response: {
          statusCode: 200,
          headers: { "x-amzn-requestid": "" },
          body: Readable.from(parts),
        },
      });
      const answer = await client.send(commands.get!() as GetCommand);
      expect(answer.Item).toEqual(item);
    }
  });

  test("that ends early is an error, not a call without end", async () => {
    const wire = new Wire();
    const client = nativeClient({ ...place, requestHandler: wire as never });
    wire.handle = async () => {
      const body = new Readable({ read() {} });
      body.push('{"Item":');
      setImmediate(() => body.destroy());
      return { response: { statusCode: 200, headers: { "x-amzn-requestid": "" }, body } };
    };
    await expect(client.send(commands.get!() as GetCommand)).rejects.toThrow("cut off");
  });
});

describe("the client", () => {
  const get = () => new GetCommand({ TableName, Key: { PK: "a" } });

  test("is one of lib-dynamodb's, with the configuration of the client that it was given", () => {
    const client = new DynamoDBClient(place);
    const native = new NativeDocumentClient(client, place, translateConfig);
    expect(native).toBeInstanceOf(DynamoDBDocumentClient);
    expect(native.config).toBe(client.config);
    expect(native.config.translateConfig).toEqual(translateConfig);
  });

  test("is intercepted by a mock of all document clients", async () => {
    const { native, wires } = openBoth();
    const mock = mockClient(DynamoDBDocumentClient);
    try {
      mock.on(GetCommand).resolves({ Item: { PK: "mocked" } });
      expect(await native.send(get())).toEqual({ Item: { PK: "mocked" } });
      expect(mock.commandCalls(GetCommand)).toHaveLength(1);
    } finally {
      mock.restore();
    }
    expect(wires.native.requests).toHaveLength(0);
    await native.send(get());
    expect(wires.native.requests).toHaveLength(1);
  });

  test("is intercepted by a mock of its own", async () => {
    const { native, wires } = openBoth();
    const mock = mockClient(native);
    mock.on(GetCommand).resolves({ Item: { PK: "mocked" } });
    expect(await native.send(get())).toEqual({ Item: { PK: "mocked" } });
    mock.restore();
    await native.send(get());
    expect(wires.native.requests).toHaveLength(1);
  });

  test("takes what a mock of all plain clients returns as it is (it was judged as a response)", async () => {
    const mock = mockClient(DynamoDBClient);
    const { documentClient } = createClients(resolveConfiguration({ environment: "local" }));
    try {
      mock.onAnyCommand().resolves({});
      const Key = { PK: "a" };
      const expressions = { UpdateExpression: "SET a = b", ReturnValues: "ALL_NEW" } as const;
      for (const command of [
        new QueryCommand({ TableName }),
        new UpdateCommand({ TableName, Key, ...expressions }),
        new BatchGetCommand({ RequestItems: { [TableName]: { Keys: [Key] } } }),
        new BatchWriteCommand({ RequestItems: { [TableName]: [{ DeleteRequest: { Key } }] } }),
        new TransactGetCommand({ TransactItems: [{ Get: { TableName, Key } }] }),
      ]) {
        expect(await documentClient.send(command as never)).toEqual({});
      }
      expect(mock.calls()).toHaveLength(5);
    } finally {
      mock.restore();
      documentClient.destroy();
    }
  });

  test("runs middleware of the application's, from the moment it is added", async () => {
    const both = openBoth();
    const seen: string[] = [];
    await both.native.send(get());
    both.native.middlewareStack.add(
      (next) => async (args) => {
        seen.push("middleware");
        return next(args);
      },
      { step: "build", name: "application" },
    );
    both.wires.native.reply = { statusCode: 200, body: '{"Item":{"PK":{"S":"a"}}}' };
    expect((await both.native.send(get())).Item).toEqual({ PK: "a" });
    expect(seen).toEqual(["middleware"]);
  });

  test("runs middleware of a command's own", async () => {
    const { native } = openBoth();
    const seen: string[] = [];
    const command = get();
    command.middlewareStack.add(
      (next) => async (args) => {
        seen.push("middleware");
        return next(args);
      },
      // A name would be taken twice: lib-dynamodb adds the command's middleware two times.
      { step: "build" },
    );
    await native.send(command);
    expect(seen).toContain("middleware");
  });

  test("takes a callback", async () => {
    const { native, wires } = openBoth();
    wires.native.reply = { statusCode: 200, body: '{"Item":{"PK":{"S":"a"}}}' };
    const answer = await new Promise((resolve) =>
      native.send(get(), (_error: unknown, data: unknown) => resolve(data)),
    );
    expect(answer).toMatchObject({ Item: { PK: "a" } });
    const withOptions = await new Promise((resolve) =>
      native.send(get(), {}, (_error: unknown, data: unknown) => resolve(data)),
    );
    expect(withOptions).toMatchObject({ Item: { PK: "a" } });
  });

  test("hands the abort signal on", async () => {
    const both = openBoth();
    const signals: unknown[] = [];
    for (const wire of Object.values(both.wires)) {
      const handle = wire.handle.bind(wire);
      wire.handle = (async (request: WireRequest, options: { abortSignal?: AbortSignal }) => {
        signals.push(options.abortSignal);
        return handle(request);
      }) as never;
    }
    const { signal } = new AbortController();
    await both.native.send(get(), { abortSignal: signal });
    await both.stock.send(get(), { abortSignal: signal });
    expect(signals).toEqual([signal, signal]);
  });

  test("hands it on beside the SDK's options, which would resolve its stack anew for each request", async () => {
    const { native, wires } = openBoth();
    const sent = jest.spyOn(DynamoDBClient.prototype, "send");
    const seen: unknown[] = [];
    const handle = wires.native.handle.bind(wires.native);
    wires.native.handle = (async (
      request: WireRequest,
      options?: { abortSignal?: AbortSignal },
    ) => {
      seen.push(options?.abortSignal);
      return handle(request);
    }) as never;
    try {
      await native.send(get());
      await native.send(get(), { abortSignal: new AbortController().signal });
      expect(sent.mock.calls.map(([, options]) => options)).toEqual([undefined, undefined]);
      // Other options are the SDK's matter.
      const more = { abortSignal: new AbortController().signal, requestTimeout: 5_000 };
      await native.send(get(), more);
      expect(sent.mock.calls[2]?.[1]).toBe(more);
      expect(seen.map((signal) => signal !== undefined)).toEqual([false, true, true]);
      expect(seen[2]).toBe(more.abortSignal);
    } finally {
      sent.mockRestore();
    }
  });

  test("gives each sending of one input its own abort signal", async () => {
    const { native, wires } = openBoth();
    const seen = new Set<unknown>();
    const handle = wires.native.handle.bind(wires.native);
    wires.native.handle = (async (request: WireRequest, options: { abortSignal?: AbortSignal }) => {
      seen.add(options.abortSignal);
      return handle(request);
    }) as never;
    const { input } = get() as GetCommand;
    const signals = Array.from({ length: 3 }, () => new AbortController().signal);
    await Promise.all(
      signals.map((abortSignal) => native.send(new GetCommand(input), { abortSignal })),
    );
    expect(seen).toEqual(new Set(signals));
  });

  test("answers requests that are under way at once each with its own", async () => {
    const { native, wires } = openBoth();
    wires.native.handle = async ({ body }) => {
      const { Key } = JSON.parse(String(body)) as { Key: { PK: { S: string } } };
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      const answer = JSON.stringify({ Item: Key });
      const response = { statusCode: 200, headers: { "x-amzn-requestid": Key.PK.S } };
      return { response: { ...response, body: Readable.from([Buffer.from(answer)]) } };
    };
    const ids = Array.from({ length: 50 }, (_, index) => `id-${index}`);
    const answers = await Promise.all(
      ids.map((PK) => native.send(new GetCommand({ TableName, Key: { PK } }))),
    );
    expect(answers.map(({ Item }) => Item?.PK as string)).toEqual(ids);
    expect(answers.map(({ $metadata }) => $metadata.requestId)).toEqual(ids);
  });
});

describe.each(engines)("on $name", ({ name, engine: which }) => {
  const tables = { stock: "stock-table", native: "native-table" };
  const opened: { close(): Promise<void> | void }[] = [];
  let clients: Record<keyof typeof tables, DynamoDBDocumentClient>;

  beforeAll(async () => {
    const engine = await startEngine({ engine: which });
    const { endpoint, region, credentials } = engine;
    const config = { endpoint, region, credentials, maxAttempts: 1 };
    const client = new DynamoDBClient(config);
    clients = { stock: createDocumentClient(client), native: nativeClient(config) };
    opened.push(
      { close: () => clients.native.destroy() },
      { close: () => client.destroy() },
      engine,
    );
    for (const table of Object.values(tables)) {
      expect(createTableInput(table).TableName).toBe(table);
      await createTableAdmin(table, ["GSI1"], () => client, createTransport({ client })).create();
    }
  });
  afterAll(async () => {
    for (const one of opened) await one.close();
  });

  /** The same on both tables; the answers without what differs from request to request. */
  async function compare(make: (TableName: string) => object): Promise<void> {
    const [native, stock] = await Promise.all(
      (["native", "stock"] as const).map(async (side) => {
        const result = await outcome(clients[side], () => make(tables[side]));
        const { answer = {}, error = {} } = result as { answer?: Fields; error?: Fields };
        for (const one of [answer, error]) {
          if (one.$metadata) one.$metadata = { ...one.$metadata, requestId: undefined };
        }
        return renamed({ answer, error }, tables[side]);
      }),
    );
    expect(native).toEqual(stock);
  }

  /** A copy with one name for both tables. */
  function renamed(value: unknown, table: string): unknown {
    if (typeof value === "string") return value.replaceAll(table, "TABLE");
    if (Array.isArray(value)) return value.map((member) => renamed(member, table));
    if (typeof value !== "object" || value === null) return value;
    if (Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [renamed(key, table), renamed(member, table)]),
    );
  }

  const item = (SK: string, more: Fields = {}) => ({
    PK: "p",
    SK,
    n: 12345678901234567890123456789012345678n,
    small: 1.5e-20,
    text: 'naïve \u{1F3E1} "quoted" \\ \n',
    none: null,
    blank: "",
    tags: new Set(["b", "a"]),
    numbers: new Set([1, 2]),
    bytes: new Uint8Array([0, 255]),
    chunks: new Set([new Uint8Array([1])]),
    deep: { list: [1, [2, { three: 3 }]], map: {} },
    ...more,
  });
  const everything = {
    ReturnConsumedCapacity: "INDEXES",
    ReturnItemCollectionMetrics: "SIZE",
  } as const;

  const steps: [string, (TableName: string) => object][] = [
    ["put", (TableName) => new PutCommand({ TableName, Item: item("1"), ...everything })],
    [
      "put over it",
      (TableName) =>
        new PutCommand({ TableName, Item: item("1"), ReturnValues: "ALL_OLD", ...everything }),
    ],
    [
      "put that a condition refuses",
      (TableName) =>
        new PutCommand({
          TableName,
          Item: item("1"),
          ConditionExpression: "attribute_not_exists(PK)",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
    ],
    ["get", (TableName) => new GetCommand({ TableName, Key: { PK: "p", SK: "1" } })],
    ["get of nothing", (TableName) => new GetCommand({ TableName, Key: { PK: "p", SK: "0" } })],
    [
      "update",
      (TableName) =>
        new UpdateCommand({
          TableName,
          Key: { PK: "p", SK: "1" },
          UpdateExpression: "SET deep.#m = :v ADD hits :one",
          ExpressionAttributeNames: { "#m": "map" },
          ExpressionAttributeValues: { ":v": { new: [new Uint8Array([7])] }, ":one": 1 },
          ReturnValues: "ALL_NEW",
          ...everything,
        }),
    ],
    [
      "batch of puts and deletes",
      (TableName) =>
        new BatchWriteCommand({
          RequestItems: {
            [TableName]: [
              ...["2", "3", "4", "5"].map((SK) => ({ PutRequest: { Item: item(SK) } })),
              { DeleteRequest: { Key: { PK: "p", SK: "0" } } },
            ],
          },
          ...everything,
        }),
    ],
    [
      "batch of gets",
      (TableName) =>
        new BatchGetCommand({
          RequestItems: { [TableName]: { Keys: ["2", "0"].map((SK) => ({ PK: "p", SK })) } },
          ReturnConsumedCapacity: "TOTAL",
        }),
    ],
    [
      "query, first page",
      (TableName) =>
        new QueryCommand({
          TableName,
          KeyConditionExpression: "PK = :p",
          ExpressionAttributeValues: { ":p": "p" },
          Limit: 2,
          ReturnConsumedCapacity: "TOTAL",
        }),
    ],
    [
      "query, from a key, with a filter",
      (TableName) =>
        new QueryCommand({
          TableName,
          KeyConditionExpression: "PK = :p",
          FilterExpression: "contains(tags, :a)",
          ExpressionAttributeValues: { ":p": "p", ":a": "a" },
          ExclusiveStartKey: { PK: "p", SK: "2" },
          ScanIndexForward: false,
        }),
    ],
    ["scan", (TableName) => new ScanCommand({ TableName, Limit: 3, ConsistentRead: true })],
    [
      "transaction of gets",
      (TableName) =>
        new TransactGetCommand({
          TransactItems: ["1", "0"].map((SK) => ({ Get: { TableName, Key: { PK: "p", SK } } })),
        }),
    ],
    [
      "transaction of writes",
      (TableName) =>
        new TransactWriteCommand({
          TransactItems: [
            { Put: { TableName, Item: item("6") } },
            { Delete: { TableName, Key: { PK: "p", SK: "5" } } },
          ],
          ...everything,
        }),
    ],
    [
      "transaction that is cancelled",
      (TableName) =>
        new TransactWriteCommand({
          TransactItems: [
            { Put: { TableName, Item: item("7") } },
            {
              Put: {
                TableName,
                Item: item("1"),
                ConditionExpression: "attribute_not_exists(PK)",
                ReturnValuesOnConditionCheckFailure: "ALL_OLD",
              },
            },
          ],
        }),
    ],
    [
      "delete",
      (TableName) =>
        new DeleteCommand({ TableName, Key: { PK: "p", SK: "1" }, ReturnValues: "ALL_OLD" }),
    ],
    ["bad key", (TableName) => new GetCommand({ TableName, Key: { PK: 5, SK: "1" } })],
    [
      "bad expression",
      (TableName) =>
        new UpdateCommand({ TableName, Key: { PK: "p", SK: "1" }, UpdateExpression: "SET" }),
    ],
    [
      "missing table",
      (TableName) => new GetCommand({ TableName: `no-${TableName}`, Key: { PK: "p", SK: "1" } }),
    ],
  ];

  test.each(steps)("%s gives the same", async (step, make) => {
    // dynalite 4.0.0 has no transactions, and says so to both.
    await compare(make);
    if (name !== "dynalite" && step === "transaction of gets") {
      const { answer } = (await outcome(clients.native, () => make(tables.native))) as {
        answer: { Responses: object[] };
      };
      expect(answer.Responses[0]).toEqual({ Item: expect.objectContaining({ SK: "1" }) });
    }
  });

  test("any item that is put is got back by both", async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(storable, async (Data) => {
        count += 1;
        const Key = { PK: "any", SK: String(count) };
        await clients.native.send(
          new PutCommand({ TableName: tables.native, Item: { ...Key, Data } }),
        );
        await clients.stock.send(
          new PutCommand({ TableName: tables.stock, Item: { ...Key, Data } }),
        );
        const read = async (by: keyof typeof tables, table: string) =>
          (await clients[by].send(new GetCommand({ TableName: table, Key }))).Item?.Data;
        const stock = await read("stock", tables.stock);
        expect(await read("native", tables.native)).toStrictEqual(stock);
        expect(await read("stock", tables.native)).toStrictEqual(stock);
      }),
      tries(20),
    );
  });
});

describe.each(engines)("binary of all classes, on $name", ({ engine: which }) => {
  const foreignBytes = runInContext("Uint8Array.from([1, 2])", createContext()) as Uint8Array;
  const buffer = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
  const kinds: readonly [string, object, readonly number[]][] = [
    ["an ArrayBuffer", buffer, [1, 2, 3, 4, 5, 6, 7, 8]],
    ["a DataView", new DataView(buffer, 2, 3), [3, 4, 5]],
    ["an Int8Array", new Int8Array(buffer, 6), [7, 8]],
    ["a Uint8ClampedArray", new Uint8ClampedArray(buffer, 0, 1), [1]],
    ["an Int16Array", new Int16Array(buffer, 2, 1), [3, 4]],
    ["a BigInt64Array", new BigInt64Array(buffer), [1, 2, 3, 4, 5, 6, 7, 8]],
    ["an empty ArrayBuffer", new ArrayBuffer(0), []],
    ["a Uint8Array of another realm", foreignBytes, [1, 2]],
  ];

  test("is stored as the bytes that it holds, whichever client sends it", async () => {
    await using engine = await startEngine({ engine: which });
    const { endpoint, region, credentials } = engine;
    const config = { endpoint, region, credentials, maxAttempts: 1 };
    const client = new DynamoDBClient(config);
    const table = "binary";
    await createTableAdmin(table, ["GSI1"], () => client, createTransport({ client })).create();
    const given = createTransport({ client: createDocumentClient(client) });
    const native = nativeClient(config);
    const bytes = new Set([buffer, new Int8Array([-1]), new Uint8Array([0])]);
    const map = new Map<string, unknown>([
      ["bytes", buffer],
      ["deep", new Map([["view", new DataView(buffer, 7)]])],
    ]);
    /** With an inherited field beside one that is converted. */
    const heir: unknown = Object.assign(Object.create({ inherited: 1 }), { own: buffer });
    const Item = {
      PK: "p",
      map,
      heir,
      ...Object.fromEntries(kinds.map(([kind, value]) => [kind, value])),
      bytes,
    };
    await native.send(new PutCommand({ TableName: table, Item: { ...Item, SK: "native" } }));
    const call = { context: { operation: "test" } };
    await given.send("Put", { TableName: table, Item: { ...Item, SK: "given" } }, call);
    for (const SK of ["native", "given"]) {
      const { Item: read = {} } = await native.send(
        new GetCommand({ TableName: table, Key: { PK: "p", SK } }),
      );
      for (const [kind, , expected] of kinds)
        expect([kind, read[kind]]).toEqual([kind, Uint8Array.from(expected)]);
      expect(read.map).toEqual({
        bytes: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]),
        deep: { view: Uint8Array.from([8]) },
      });
      expect(read.heir).toEqual({
        inherited: 1,
        own: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]),
      });
      const members = [...(read.bytes as Set<Uint8Array>)].map((member) => [...member]);
      expect(members.sort()).toEqual([[0], [1, 2, 3, 4, 5, 6, 7, 8], [255]]);
    }
    native.destroy();
    client.destroy();
  });
});

/** An object of a class of the application's. */
class Holder {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

/** Its field hides one that can only be read. */
class Reading {
  constructor(value: unknown) {
    Object.defineProperty(this, "value", { value, enumerable: true });
  }
  get value(): unknown {
    return 1;
  }
}

/** The same bytes, once their buffer was given to another thread. */
function transferred<View extends ArrayBufferView<ArrayBuffer>>(view: View): View {
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

/** A view behind the end of its buffer, which was made smaller. */
function shrunk<View>(Kind: new (buffer: ArrayBuffer, at: number) => View): View {
  type Resizable = ArrayBuffer & { resize(bytes: number): void };
  const Buffers = ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable;
  const buffer = new Buffers(32, { maxByteLength: 32 });
  const view = new Kind(buffer, 16);
  buffer.resize(4);
  return view;
}

test("objects of a class are maps to a client that was told so, with their bytes and exact numbers", async () => {
  const wire = new Wire();
  const client = new DynamoDBClient({ ...place, requestHandler: wire as never });
  const marshallOptions = { ...translateConfig.marshallOptions, convertClassInstanceToMap: true };
  const given = createTransport({
    client: DynamoDBDocumentClient.from(client, { marshallOptions }),
  });
  const Item = {
    PK: "p",
    SK: "s",
    data: new Holder({ bytes: new ArrayBuffer(1), n: 12345678901234567890n }),
  };
  await given.send("Put", { TableName: "t", Item }, { context: { operation: "test" } });
  expect(JSON.parse(String(wire.requests[0]?.body)).Item.data).toEqual({
    M: { value: { M: { bytes: { B: "AA==" }, n: { N: "12345678901234567890" } } } },
  });
  client.destroy();
});

describe("what cannot be stored is refused before anything is sent", () => {
  const gone = "binary cannot be stored once its bytes are gone";
  const unsupported = "Unsupported type passed";
  const laterBytes = "a Blob cannot be stored, because its bytes come later";
  const severalTypes = "a set holds values of one type";
  const refused: readonly [string, unknown, string][] = [
    ["a Blob", new Blob(["abc"]), laterBytes],
    ["a Blob in a Map", new Map([["blob", new Blob(["abc"])]]), laterBytes],
    ["a set of a text and bytes", new Set<unknown>(["a", new Uint8Array([1])]), severalTypes],
    ["a set of bytes and a text", new Set<unknown>([new ArrayBuffer(1), "a"]), severalTypes],
    ["a set of a number and a text", new Set<unknown>([1, "1"]), severalTypes],
    ["bytes that a worker was given", transferred(new Uint8Array([1])), gone],
    ["a Buffer that a worker was given", transferred(Buffer.from(new ArrayBuffer(2))), gone],
    ["an ArrayBuffer that a worker was given", transferred(new Uint8Array([1])).buffer, gone],
    ["a set of bytes that a worker was given", new Set([transferred(new Int8Array([1]))]), gone],
    ["bytes of a buffer that was made smaller", shrunk(Uint8Array), gone],
    ["larger numbers of one", shrunk(BigInt64Array), gone],
    ["a DataView of one", shrunk(DataView), gone],
    ["an object of a class", new Holder(1), unsupported],
    ["an object of a class with bytes", new Holder(new ArrayBuffer(1)), unsupported],
    ["an object of a class that reads a field", new Reading(new ArrayBuffer(1)), unsupported],
    ["an object of a class with an exact number", new Holder(NumberValue.from("1")), unsupported],
  ];

  test.each(refused)("%s", async (_, value, why) => {
    const config = { ...place, endpoint: "http://127.0.0.1:1" };
    const Item = { PK: "p", SK: "s", data: { value } };
    const native = nativeClient(config);
    await expect(native.send(new PutCommand({ TableName: "t", Item }))).rejects.toThrow(why);
    native.destroy();
    const client = new DynamoDBClient(config);
    const given = createTransport({ client: createDocumentClient(client) });
    const call = { context: { operation: "test" } };
    const error = await given.send("Put", { TableName: "t", Item }, call).catch((thrown) => thrown);
    expect(String(error)).toContain(why);
    expect(wrapDynamoDBError(error).mayHaveBeenDone).toBe(false);
    client.destroy();
  });
});

/** Payloads that an engine takes. */
const { storable } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string(),
    fc.integer(),
    fc
      .double({ noNaN: true, min: -1e15, max: 1e15 })
      .filter((n) => n === 0 || Math.abs(n) > 1e-100),
    fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
    fc
      .uniqueArray(fc.string({ minLength: 1 }), { minLength: 1 })
      .map((members) => new Set(members)),
    fc.uniqueArray(fc.integer(), { minLength: 1 }).map((members) => new Set(members)),
    fc.array(tie("value"), { maxLength: 4 }),
    tie("storable"),
  ),
  storable: fc.dictionary(
    fieldName.filter((field) => field !== ""),
    tie("value"),
    { maxKeys: 4 },
  ),
}));
