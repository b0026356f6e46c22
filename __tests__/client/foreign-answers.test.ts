/** HTTP 200 by somebody who is not DynamoDB: no body of theirs is an item, a page, or an acknowledgement. */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { createClients } from "../../src/client/client.js";
import { resolveConfiguration } from "../../src/client/config.js";
import { createDataLayer, type DataLayer } from "../../src/data-layer.js";
import { wrapDynamoDBError } from "../../src/errors/wrap.js";
import { KeyCycle } from "../../src/read/cycles.js";
import { failureOf } from "../open.js";

let body = "";
/** Whether its responses have DynamoDB's request id, another one each. */
let hasId = false;
/** Sent again and again, without an end. */
let isEndless: Uint8Array | undefined;
/** How many bytes of each of these were sent, and how many each says that it has. */
let sent: number[] = [];
let announced: number | undefined;
let isCut = false;
let status = 200;
let requests = 0;
const server = createServer((request, response) => {
  requests += 1;
  response.statusCode = status;
  if (hasId) response.setHeader("x-amzn-requestid", randomUUID());
  request.resume().once("end", () => {
    const endless = isEndless;
    if (endless !== undefined) {
      const { socket } = response;
      const before = socket?.bytesWritten ?? 0;
      response.once("close", () => sent.push((socket?.bytesWritten ?? 0) - before));
      if (announced !== undefined) response.setHeader("content-length", announced);
      const more = () => {
        while (!response.destroyed && response.write(endless));
      };
      response.on("drain", more);
      return more();
    }
    if (!isCut) return void response.end(String(body));
    response.setHeader("content-length", body.length + 10);
    response.write(body, () => response.destroy());
  });
});
const place = { environment: "development", region: "us-east-1", tableName: "table" } as const;
const credentials = { accessKeyId: "a", secretAccessKey: "b" };
/** The layer's client, and one of the application's own. */
let layers: readonly [own: DataLayer, given: DataLayer];

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  layers = layersOf(1);
});
beforeEach(() => {
  requests = 0;
  hasId = false;
  isEndless = undefined;
  announced = undefined;
  sent = [];
  isCut = false;
  status = 200;
});
afterAll(async () => {
  for (const data of layers) await data.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function layersOf(maxRetries: number): readonly [own: DataLayer, given: DataLayer] {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const retry = { maxRetries, initialDelayMs: 1, budget: false as const };
  const client = new DynamoDBClient({ endpoint, region: "us-east-1", credentials, maxAttempts: 1 });
  return [
    createDataLayer({ ...place, endpoint, credentials, retry }),
    createDataLayer({ ...place, client, retry }),
  ];
}

const layer = (isOwnClient: boolean): DataLayer => layers[isOwnClient ? 1 : 0];

const key = { userId: "u", projectId: "p" };
const calls: Record<string, (data: DataLayer) => Promise<unknown>> = {
  get: (data) => data.project.get(key, { consistent: true }),
  "get of some fields": (data) => data.project.get(key, { fields: ["name"] }),
  "query of the native entity": (data) => data.project.entity.query.byKey({ userId: "u" }).go(),
  "get of the native entity": (data) => data.project.entity.get(key).go(),
  query: (data) => data.project.query({ userId: "u" }),
  count: (data) => data.project.count({ userId: "u" }),
  batchGet: (data) => data.project.batchGet([key]),
  "batchGet of a user's two": (data) => data.project.batchGet([key, { ...key, projectId: "q" }]),
  "batchGet of two users": (data) => data.project.batchGet([key, { ...key, userId: "v" }]),
  "batchGet of two that differ in both": (data) =>
    data.project.batchGet([key, { userId: "v", projectId: "q" }]),
  put: (data) => data.project.put({ ...key, data: { name: "n" } }),
  update: (data) => data.project.update(key, { name: "n" }),
  create: (data) => data.project.create({ ...key, data: { name: "n" } }),
  delete: (data) => data.project.delete(key),
  batchPut: (data) => data.project.batchPut([{ ...key, data: { name: "n" } }]),
  "transaction.get": (data) => data.transaction.get((t) => [t.project.get(key)]),
  "transaction.write": (data) =>
    data.transaction.write((t) => [t.project.put({ ...key, data: { name: "n" } })]),
};

describe.each(Object.keys(calls))("%s", (name) => {
  const call = calls[name] as (data: DataLayer) => Promise<unknown>;

  test.each(['"login required"', '"x"', "null", "[]", "5", "", '{"error":"login required"}'])(
    "takes %s for nothing, by the layer's client and by one of the application's own",
    async (text) => {
      body = text;
      for (const isOwn of [false, true]) {
        const error = await failureOf(call(layer(isOwn)), Error);
        expect(wrapDynamoDBError(error).code).toBe("UnreadableAnswer");
      }
      expect(requests).toBe(4);
    },
  );
});

/** Items of another key than the one that is asked for. */
const [otherUser, otherProject] = [
  '{"PK":{"S":"USER#other"},"SK":{"S":"PROJECT#p"}}',
  '{"PK":{"S":"USER#u"},"SK":{"S":"PROJECT#other"}}',
];
const asked = '{"PK":{"S":"USER#u"},"SK":{"S":"PROJECT#p"}}';
/** Its sort key is a map, whose field has the name of a type. */
const mapKey = '{"PK":{"S":"USER#u"},"SK":{"M":{"S":{"S":"PROJECT#p"}}}}';
const [ofV, q, qOfV] = [
  '{"PK":{"S":"USER#v"},"SK":{"S":"PROJECT#p"}}',
  '{"PK":{"S":"USER#u"},"SK":{"S":"PROJECT#q"}}',
  '{"PK":{"S":"USER#v"},"SK":{"S":"PROJECT#q"}}',
];
const found = (...items: readonly string[]) =>
  `{"Responses":{"table":[${items.join(",")}]},"UnprocessedKeys":{}}`;
const left = (...keys: readonly string[]) =>
  `{"Responses":{"table":[]},"UnprocessedKeys":{"table":{"Keys":[${keys.join(",")}]}}}`;
const two = "[{},{}]";
const manyKeys = `{"table":{"Keys":[${otherUser},${otherProject}]}}`;

const wrong: Record<string, readonly string[]> = {
  get: [
    ...['{"Item":5}', '{"Item":[]}', '{"Item":{"PK":5}}', '{"Item":{"PK":{"X":"1"}}}'],
    ...['{"Item":{}}', `{"Item":${otherUser}}`, `{"Item":${otherProject}}`, '{"Attributes":{}}'],
    `{"Item":${mapKey}}`,
  ],
  "get of some fields": ['{"Item":{}}', `{"Item":${otherUser}}`, `{"Item":${mapKey}}`],
  "get of the native entity": [
    ...['{"Item":5}', '{"Item":"x"}', '{"Item":{"PK":5}}', '{"Item":{}}', `{"Item":${otherUser}}`],
  ],
  // Its condition is ElectroDB's, whose placeholders have several letters.
  "query of the native entity": [...["{}", `{"Items":[${otherUser}],"Count":1,"ScannedCount":1}`]],
  query: [
    "{}",
    '{"Items":[]}',
    '{"Items":[],"Count":0}',
    '{"Items":[],"ScannedCount":0}',
    '{"Count":0,"ScannedCount":0}',
    '{"Count":2,"ScannedCount":2}',
    '{"Items":[],"Count":1,"ScannedCount":1}',
    '{"Items":{},"Count":0,"ScannedCount":0}',
    '{"Items":"","Count":0,"ScannedCount":0}',
    '{"Items":"x","Count":1,"ScannedCount":1}',
    '{"Items":[5],"Count":1,"ScannedCount":1}',
    '{"Items":[],"Count":"0","ScannedCount":0}',
    '{"Items":[],"Count":-1,"ScannedCount":0}',
    '{"Items":[],"Count":0,"ScannedCount":0,"LastEvaluatedKey":5}',
    '{"Items":[],"Count":0,"ScannedCount":0,"LastEvaluatedKey":{}}',
    '{"Items":[{}],"Count":1,"ScannedCount":1}',
    `{"Items":[${otherUser}],"Count":1,"ScannedCount":1}`,
    `{"Items":[${otherProject},${otherUser}],"Count":2,"ScannedCount":2}`,
  ],
  count: [
    ...["{}", '{"ScannedCount":0}', '{"Count":0}', '{"Count":"0","ScannedCount":0}'],
    ...['{"Count":1,"ScannedCount":1,"LastEvaluatedKey":{}}'],
  ],
  batchGet: [
    "{}",
    '{"UnprocessedKeys":{}}',
    '{"Responses":5}',
    '{"Responses":{"table":5}}',
    '{"Responses":{"table":[5]}}',
    '{"Responses":{"table":[]}}',
    '{"Responses":{},"UnprocessedKeys":{}}',
    '{"Responses":[],"UnprocessedKeys":{}}',
    '{"Responses":{"other":[]},"UnprocessedKeys":{}}',
    '{"Responses":{"valueOf":[]},"UnprocessedKeys":{}}',
    `{"Responses":{"table":[]},"UnprocessedKeys":{"constructor":{"Keys":[${asked}]}}}`,
    '{"Responses":{"table":[{}]},"UnprocessedKeys":{}}',
    `{"Responses":{"table":${two}},"UnprocessedKeys":{}}`,
    '{"Responses":{"table":[]},"UnprocessedKeys":{"table":5}}',
    '{"Responses":{"table":[]},"UnprocessedKeys":{"table":{}}}',
    `{"Responses":{"table":[]},"UnprocessedKeys":${manyKeys}}`,
    '{"Responses":{"table":[]},"UnprocessedKeys":{"other":{"Keys":[]}}}',
    `{"Responses":{"table":[${otherUser}]},"UnprocessedKeys":{}}`,
    ...[found(mapKey), left(mapKey)],
    `{"Responses":{"table":[]},"UnprocessedKeys":{"table":{"Keys":[${otherProject}]}}}`,
    `{"Responses":{"table":[${asked}]},"UnprocessedKeys":{"table":{"Keys":[${asked}]}}}`,
  ],
  // Each has another key than the two that are asked for, or one of them twice.
  "batchGet of a user's two": [
    ...[found(otherProject), found(asked, otherUser), found(asked, qOfV), found(q, q)],
    ...[left(otherProject), left(asked, ofV), left(asked, asked), found(mapKey, q), left(mapKey)],
  ],
  "batchGet of two users": [
    ...[found(otherUser), found(asked, otherProject), found(asked, qOfV), found(ofV, ofV)],
    ...[left(otherUser), left(asked, q), left(ofV, ofV)],
  ],
  "batchGet of two that differ in both": [
    ...[found(asked, q), found(ofV, qOfV), found(asked, otherUser), found(qOfV, qOfV)],
    ...[left(q), left(ofV)],
  ],
  put: [
    ...["{}", '{"Attributes":5}', '{"Attributes":[]}', '{"Attributes":{}}', '{"Item":{}}'],
    `{"Attributes":${otherUser}}`,
  ],
  update: ["{}", '{"Attributes":{}}', `{"Attributes":${otherUser}}`],
  create: ['{"Attributes":5}'],
  delete: ['{"Attributes":5}', '{"Attributes":{"PK":5}}', `{"Attributes":${otherUser}}`],
  "transaction.get": [
    ...["{}", '{"Responses":[]}', '{"Responses":{}}', `{"Responses":${two}}`],
    ...['{"Responses":[5]}', '{"Responses":[{"Item":5}]}', '{"Responses":[{"Item":{}}]}'],
    ...[`{"Responses":[{"Item":${otherUser}}]}`, `{"Responses":[{"Item":${mapKey}}]}`],
  ],
  "transaction.write": ['{"ConsumedCapacity":5}', '{"Responses":[]}'],
  batchPut: [
    "{}",
    '{"UnprocessedItems":5}',
    '{"UnprocessedItems":[]}',
    '{"UnprocessedItems":{"table":5}}',
    '{"UnprocessedItems":{"table":[{}]}}',
    `{"UnprocessedItems":{"other":[{"DeleteRequest":{"Key":${otherUser}}}]}}`,
    `{"UnprocessedItems":{"constructor":[{"DeleteRequest":{"Key":${asked}}}]}}`,
    // What it leaves is sent again: another user's item would be deleted, and ours counted as written.
    `{"UnprocessedItems":{"table":[{"DeleteRequest":{"Key":${otherUser}}}]}}`,
    `{"UnprocessedItems":{"table":[{"PutRequest":{"Item":${otherUser}}}]}}`,
    `{"UnprocessedItems":{"table":[{"DeleteRequest":{"Key":${asked}}}]}}`,
  ],
};
/**
 * What a client of the application's hides before anybody sees it: the SDK looks into no member of
 * another kind, and drops those of another operation. What is left is empty, with DynamoDB's request id.
 */
const emptiedBySdk: ReadonlySet<string> = new Set([
  'get {"Attributes":{}}',
  'create {"Attributes":5}',
  'transaction.get {"Responses":[5]}',
  'transaction.write {"Responses":[]}',
  'batchPut {"UnprocessedItems":5}',
]);
const wrongOnes = Object.entries(wrong).flatMap(([name, texts]) =>
  texts.flatMap((text) =>
    (emptiedBySdk.has(`${name} ${text}`) ? [false] : [false, true]).map(
      (isOwn) => [name, text, isOwn] as const,
    ),
  ),
);

describe("with DynamoDB's request id", () => {
  beforeEach(() => {
    hasId = true;
  });

  test.each(wrongOnes)(
    "%s takes a member that is missing or of another kind for nothing: %s (a client of the application's: %s)",
    async (name, text, isOwn) => {
      body = text;
      const error = await failureOf((calls[name] as (typeof calls)[string])(layer(isOwn)), Error);
      expect(wrapDynamoDBError(error).code).toBe("UnreadableAnswer");
      expect(error.message).not.toContain("TypeError");
      expect(requests).toBe(2);
    },
  );
});

const deep = (kind: "L" | "M", levels: number): string => {
  const [open, close] = kind === "L" ? ['{"L":[', "]}"] : ['{"M":{"a":', "}}"];
  return `${open.repeat(levels)}{"S":"x"}${close.repeat(levels)}`;
};
/** Values that DynamoDB does not have, by what is wrong with them. */
const foreignValues: Readonly<Record<string, readonly string[]>> = {
  "of another kind": [
    ...['{"S":5}', '{"S":{}}', '{"S":null}', '{"N":5}', '{"BOOL":"yes"}', '{"BOOL":1}'],
    ...['{"NULL":false}', '{"NULL":"true"}', '{"M":[]}', '{"M":"x"}', '{"L":{}}', '{"L":"x"}'],
    ...['{"B":5}', '{"SS":"abc"}', '{"SS":{}}', '{"SS":[5]}', '{"NS":[5]}', '{"BS":[5]}'],
  ],
  "that is no number": [
    '""',
    '" 1"',
    '"1 "',
    '"abc"',
    '"0x1F"',
    '"1_0"',
    '"NaN"',
    '"Infinity"',
  ].flatMap((text) => [`{"N":${text}}`, `{"NS":[${text}]}`]),
  "that is not base64": [
    ...['{"B":"!!!!"}', '{"B":"AQ I="}', '{"BS":["!!!!"]}', '{"B":"A"}', '{"B":"AA"}'],
    ...['{"B":"AAA"}', '{"B":"A==="}', '{"B":"AA=A"}', '{"B":"AA-_"}', '{"BS":["AAA"]}'],
  ],
  "of two types": ['{"S":"a","N":"1"}', '{"M":{},"L":[]}', '{"S":"a","X":"1"}'],
  "of no type": ["{}", "5", "null", '"x"', "[]", '{"X":"1"}', '{"constructor":"x"}'],
  "within another": ['{"L":[{"S":5}]}', '{"M":{"a":{"S":5}}}', '{"L":[null]}', '{"M":{"a":5}}'],
  "nested too deeply": [deep("L", 70), deep("M", 70), deep("L", 5_000), deep("M", 5_000)],
};
const withValue = (value: string) => `${asked.slice(0, -1)},"v":${value}}`;
/** Responses to each call that holds an item, with this item. */
const holding: Readonly<Record<string, (item: string) => string>> = {
  get: (item) => `{"Item":${item}}`,
  "get of the native entity": (item) => `{"Item":${item}}`,
  query: (item) => `{"Items":[${item}],"Count":1,"ScannedCount":1}`,
  batchGet: (item) => `{"Responses":{"table":[${item}]},"UnprocessedKeys":{}}`,
  "transaction.get": (item) => `{"Responses":[{"Item":${item}}]}`,
  update: (item) => `{"Attributes":${item}}`,
  delete: (item) => `{"Attributes":${item}}`,
};
const refusals: Readonly<Record<string, (item: string) => string>> = {
  create: (Item) => `{"__type":"ConditionalCheckFailedException","Item":${Item}}`,
  put: (Item) => `{"__type":"ConditionalCheckFailedException","Item":${Item}}`,
  "transaction.write": (Item) =>
    `{"__type":"TransactionCanceledException","CancellationReasons":[{"Code":"ConditionalCheckFailed","Item":${Item}}]}`,
};

describe("a value that DynamoDB does not have", () => {
  beforeEach(() => {
    hasId = true;
  });

  async function isUnreadable(name: string, data: DataLayer): Promise<void> {
    requests = 0;
    const error = await failureOf((calls[name] as (typeof calls)[string])(data), Error);
    const wrapped = wrapDynamoDBError(error);
    expect({ body: body.slice(0, 100), code: wrapped.code, requests }).toEqual({
      body: body.slice(0, 100),
      code: "UnreadableAnswer",
      requests: 2,
    });
    expect(wrapped.retryable).toBe(true);
  }

  describe.each(Object.keys(holding))("in a response to %s", (name) => {
    test.each(Object.keys(foreignValues))("%s is unreadable by every client", async (what) => {
      const all = foreignValues[what] ?? [];
      // All are read by one function: one call meets each.
      for (const value of name === "get" ? all : all.slice(-2)) {
        body = holding[name]?.(withValue(value)) ?? "";
        for (const data of layers) await isUnreadable(name, data);
      }
    });
  });

  test.each(Object.keys(refusals))(
    "in the item of a refused %s makes the refusal unreadable",
    async (name) => {
      status = 400;
      for (const value of ['{"S":5}', '{"N":""}', '{"SS":"abc"}', "null", deep("M", 5_000)]) {
        body = refusals[name]?.(withValue(value)) ?? "";
        for (const data of layers) await isUnreadable(name, data);
      }
      for (const item of ["5", '"x"', "[]"]) {
        body = refusals[name]?.(item) ?? "";
        for (const data of layers) await isUnreadable(name, data);
      }
    },
  );

  test("reasons of another kind make a cancelled transaction unreadable", async () => {
    status = 400;
    for (const reasons of ["5", "{}", "[5]", '[{"Code":5}]', '[{"Code":"None","Item":5}]']) {
      body = `{"__type":"TransactionCanceledException","CancellationReasons":${reasons}}`;
      for (const data of layers) await isUnreadable("transaction.write", data);
    }
  });
});

describe("a refusal under another name than DynamoDB's", () => {
  const gateways = [
    [400, '{"__type":"GatewayTimeout","message":"x"}'],
    [504, '{"__type":"GatewayTimeout"}'],
    [403, '{"code":"Forbidden","message":"no"}'],
    [429, '{"__type":"QuotaExceeded"}'],
    // Names of this package's, and of Node's.
    [400, '{"__type":"AbortError"}'],
    [400, '{"__type":"com.amazonaws.dynamodb.v20120810#AbortError"}'],
    [400, '{"__type":"TimeoutError"}'],
    [400, '{"__type":"WrongTable"}'],
    [400, '{"__type":"com.example.gateway#ForbiddenException"}'],
    [403, "<html>forbidden</html>"],
  ] as const;

  test.each(["get", "get of the native entity", "put", "transaction.write", "batchPut"])(
    "is a response to %s that cannot be read",
    async (name) => {
      for (const [code, text] of gateways) {
        for (const data of layers) {
          [status, body, requests] = [code, text, 0];
          const error = await failureOf((calls[name] as (typeof calls)[string])(data), Error);
          const { code: told, retryable, mayHaveBeenDone } = wrapDynamoDBError(error);
          expect({ text, told, retryable, mayHaveBeenDone, requests }).toEqual({
            ...{ text, told: "UnreadableAnswer", retryable: true, requests: 2 },
            mayHaveBeenDone: !name.startsWith("get"),
          });
        }
      }
    },
  );

  test("DynamoDB's names remain, those that this version does not know too", async () => {
    status = 400;
    for (const [type, code] of [
      ["com.amazonaws.dynamodb.v20120810#NewException", "NewException"],
      ["com.amazon.coral.service#AccessDeniedException", "AccessDeniedException"],
      ["ValidationException", "ValidationException"],
    ] as const) {
      for (const isOwn of [false, true]) {
        [body, requests] = [JSON.stringify({ __type: type, message: "no" }), 0];
        const error = await failureOf(layer(isOwn).project.get(key, { consistent: true }), Error);
        expect(wrapDynamoDBError(error).code).toBe(code);
        expect(requests).toBe(1);
      }
    }
  });
});

test("a document client with middleware of the application's checks its responses too", async () => {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { documentClient } = createClients(
    resolveConfiguration({ ...place, endpoint, credentials }),
  );
  documentClient.middlewareStack.add((next) => (given) => next(given), { step: "initialize" });
  const get = () =>
    documentClient.send(
      new GetCommand({ TableName: "table", Key: { PK: "USER#u", SK: "PROJECT#p" } }),
    );
  for (const [id, text] of [
    [false, "{}"],
    [true, `{"Item":${otherUser}}`],
    [true, `{"Item":${withValue('{"S":5}')}}`],
  ] as const) {
    hasId = id;
    body = text;
    expect(await failureOf(get(), Error)).toMatchObject({ name: "UnreadableAnswer" });
  }
  hasId = true;
  body = `{"Item":${asked}}`;
  expect(await get()).toMatchObject({ Item: { PK: "USER#u", SK: "PROJECT#p" } });
  documentClient.destroy();
});

test("a member that is null is none, before the value's type or after it, whoever sent the request", async () => {
  hasId = true;
  const fields = [
    ...['"a":{"BOOL":null,"S":"a"}', '"b":{"S":"b","N":null}', '"c":{"NULL":null,"N":"5"}'],
    ...[
      '"d":{"S":null,"M":{"e":{"B":null,"SS":["s"]}}}',
      '"f":{"N":null,"L":[{"S":null,"N":"1"}]}',
    ],
  ].join(",");
  body = `{"Item":${withValue('{"S":"x"}').slice(0, -1)},"EntityType":{"S":"Project"},"Data":{"M":{${fields}}}}}`;
  for (const isOwn of [false, true]) {
    const item = await layer(isOwn).project.get(key, { consistent: true });
    expect(item?.data).toEqual({ a: "a", b: "b", c: 5, d: { e: new Set(["s"]) }, f: [1] });
  }
});

test("what DynamoDB has is read: 32 levels, numbers in each form, empty texts and binary", async () => {
  hasId = true;
  const data = [
    ...[`"deep":${deep("L", 29)}`, '"empty":{"S":""}', '"none":{"B":""}', '"bytes":{"B":"AQI="}'],
    ...['"one":{"N":"1"}', '"small":{"N":"-.5"}', '"large":{"N":"1E+3"}', '"exact":{"N":"0.10"}'],
    ...['"nothing":{"NULL":true}', '"no":{"BOOL":false}', '"tags":{"SS":["a"]}'],
  ].join(",");
  const times = '"CreatedAt":{"N":"5"},"UpdatedAt":{"N":"5"}';
  const item = `${asked.slice(0, -1)},"EntityType":{"S":"Project"},${times},"Data":{"M":{${data}}}}`;
  body = `{"Item":${item}}`;
  for (const isOwn of [false, true]) {
    const found = await layer(isOwn).project.get(key, { consistent: true });
    expect(found?.data).toMatchObject({
      ...{ empty: "", none: new Uint8Array(), bytes: new Uint8Array([1, 2]), one: 1, small: -0.5 },
      ...{ large: 1000, exact: 0.1, nothing: null, no: false, tags: new Set(["a"]) },
    });
  }
});

describe.each(Object.keys(calls))("a response to %s", (name) => {
  test.each([0, 12])(
    "that is cut off after %s bytes is unreadable by every client",
    async (length) => {
      isCut = true;
      hasId = true;
      body = '{"Item":{"PK'.slice(0, length);
      for (const isOwn of [false, true]) {
        requests = 0;
        const error = await failureOf((calls[name] as (typeof calls)[string])(layer(isOwn)), Error);
        expect(wrapDynamoDBError(error)).toMatchObject({
          code: "UnreadableAnswer",
          retryable: true,
        });
        expect(requests).toBe(2);
      }
    },
  );
});

test.each([false, true])(
  "a page that ends where it began ends the query (own client: %s)",
  async (isOwn) => {
    body = `{"Items":[],"Count":0,"ScannedCount":0,"LastEvaluatedKey":${otherProject}}`;
    const error = await failureOf(layer(isOwn).project.query({ userId: "u" }), Error);
    expect(wrapDynamoDBError(error).code).toBe("UnreadableAnswer");
    expect(requests).toBe(3);
  },
);

test.each([false, true])(
  "consumed capacity acknowledges no write (own client: %s)",
  async (isOwn) => {
    body = '{"ConsumedCapacity":[]}';
    const write = (calls["transaction.write"] as (typeof calls)[string])(layer(isOwn));
    expect(wrapDynamoDBError(await failureOf(write, Error)).code).toBe("UnreadableAnswer");
    expect(requests).toBe(2);
  },
);

function repeats(cycle: KeyCycle, key: object): boolean {
  try {
    cycle.refuseRepeated(key);
    return false;
  } catch (error) {
    expect(error).toHaveProperty("name", "UnreadableAnswer");
    return true;
  }
}

test("pages whose keys go round end with an error, whatever the length of the round", () => {
  for (const length of [1, 2, 3, 7, 40]) {
    const cycle = new KeyCycle();
    const keys = Array.from({ length: 500 }, (_, at) => ({
      PK: "u",
      SK: String(at < 9 ? -at : at % length),
    }));
    const closed = keys.findIndex((key) => repeats(cycle, key));
    expect(closed).toBeGreaterThanOrEqual(9 + length - 1);
    expect(closed).toBeLessThan(3 * (9 + length));
  }
  const straight = new KeyCycle();
  const keys = Array.from({ length: 5_000 }, (_, at) => ({ PK: "u", SK: String(at) }));
  expect(keys.some((key) => repeats(straight, key))).toBe(false);
});

test("a query that is answered with one page and another, again and again, ends", async () => {
  hasId = true;
  let page = 0;
  const next = () => {
    page += 1;
    return `{"PK":{"S":"USER#u"},"SK":{"S":"PROJECT#${page % 2}"}}`;
  };
  const bodies = {
    toString: () => `{"Items":[],"Count":0,"ScannedCount":0,"LastEvaluatedKey":${next()}}`,
  };
  body = bodies as never;
  const error = await failureOf(layer(false).project.query({ userId: "u" }), Error);
  expect(wrapDynamoDBError(error).code).toBe("UnreadableAnswer");
  expect(requests).toBeLessThan(10);
});

const mb = 1024 * 1024;
type Layers = typeof layers;
const reading = (data: DataLayer) => data.project.get(key, { consistent: true });
/** How many bytes of each response the server has sent, once it knows that nobody reads it. */
async function sentOfAll(): Promise<number[]> {
  while (sent.length < requests) await new Promise((resolve) => setTimeout(resolve, 5));
  return sent;
}
const endless: [string, (among: Layers) => Promise<unknown>][] = [
  ["a read", ([own]) => reading(own)],
  // By the SDK's own reader of bodies.
  ["a call of the table", ([own]) => own.table.describe()],
  ["a read with an application's client", ([, given]) => reading(given)],
];

test.each(endless)(
  "%s: a response without end is given up at 128 MB, and takes nothing down with it",
  async (_, call) => {
    hasId = true;
    isEndless = Buffer.alloc(4 * mb, "x");
    // Sent once: 128 MB take a while.
    const among = layersOf(0);
    const error = await failureOf(call(among), Error);
    expect(wrapDynamoDBError(error)).toMatchObject({ code: "UnreadableAnswer", retryable: true });
    expect(error.message).toContain("128 MB");
    expect(requests).toBe(1);
    // As it comes, not some time later; a part is on its way in the buffers of both ends.
    for (const bytes of await sentOfAll()) expect(bytes).toBeLessThan(160 * mb);
    for (const data of among) await data.close();
  },
  60_000,
);

test.each(endless)(
  "%s: a response that announces more than 128 MB is not read",
  async (_, call) => {
    hasId = true;
    isEndless = Buffer.from("x");
    announced = 129 * mb;
    const error = await failureOf(call(layers), Error);
    expect(error.message).toContain("128 MB");
    expect(requests).toBe(2);
    for (const bytes of await sentOfAll()) expect(bytes).toBeLessThan(64 * mb);
  },
);

test("the capacity of a write may have the name of DynamoDB's first API, as moto sends it (it was refused)", async () => {
  body = '{"ConsumedCapacityUnits":0.5}';
  for (const isOwn of [false, true]) {
    hasId = true;
    expect(await layer(isOwn).project.delete(key)).toBeNull();
    // It acknowledges nothing by itself.
    hasId = false;
    const error = await failureOf(layer(isOwn).project.delete(key), Error);
    expect(wrapDynamoDBError(error).code).toBe("UnreadableAnswer");
  }
});
