/** Batches of which a round leaves a part: what the next one sends, and what each caller is told. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { createDataLayer, type DataLayer, type DataLayerOptions } from "../../src/data-layer.js";
import {
  AbortedError,
  ConfigurationError,
  DynamoDBError,
  UnprocessedItemsError,
  ValidationError,
} from "../../src/index.js";
import { failureOf } from "../open.js";

interface Key {
  readonly PK: { readonly S: string };
  readonly SK: { readonly S: string };
}

interface Put {
  readonly PutRequest: { readonly Item: Key };
}

interface Tables<T> {
  readonly table: T;
}

interface Body {
  readonly RequestItems: Tables<{ readonly Keys: readonly Key[] } | readonly Put[]>;
}

type Answer = object | "silence";

/** The requests of items, and the responses to them in turn; the last one is given again and again. */
let requests: Body[] = [];
let answers: ((body: Body) => Answer)[] = [];
const silent: ServerResponse[] = [];
const server: Server = createServer(async (request, response) => {
  const body = (await json(request)) as Body;
  const answer = answers[Math.min(requests.length, answers.length - 1)]?.(body) ?? {};
  requests.push(body);
  if (answer === "silence") return void silent.push(response);
  response.statusCode = "__type" in (answer as object) ? 400 : 200;
  response.setHeader("x-amzn-requestid", randomUUID());
  response.end(JSON.stringify(answer));
});

let open: DataLayer[] = [];
function layer(options: Partial<DataLayerOptions> = {}): DataLayer {
  const data = createDataLayer({
    environment: "development",
    region: "us-east-1",
    tableName: "table",
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    retry: { maxRetries: 1, initialDelayMs: 1 },
    ...options,
  });
  open.push(data);
  return data;
}

beforeAll(() => once(server.listen(0, "127.0.0.1"), "listening"));
beforeEach(() => {
  requests = [];
});
afterEach(async () => {
  for (const data of open) await data.close();
  open = [];
  for (const response of silent.splice(0)) response.destroy();
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const keysOf = ({ RequestItems: { table } }: Body) => (table as { Keys: readonly Key[] }).Keys;
const putsOf = ({ RequestItems: { table } }: Body) => table as readonly Put[];
const denied = () => ({ __type: "AccessDeniedException", message: "no" });
const throttled = () => ({ __type: "ThrottlingException", message: "slow" });

const stored = (key: Key) => ({
  ...key,
  EntityType: { S: "Project" },
  CreatedAt: { N: "1" },
  UpdatedAt: { N: "1" },
  Data: { M: { name: { S: "stored" } } },
});
/** The first of the keys is there, the second is not, and the others are left. */
const firstTwo = (body: Body) => ({
  Responses: { table: keysOf(body).slice(0, 1).map(stored) },
  UnprocessedKeys: { table: { Keys: keysOf(body).slice(2) } },
});
/** The first of the writes is done, the others are left. */
const firstPut = (body: Body) => ({ UnprocessedItems: { table: putsOf(body).slice(1) } });

const keyOf = (projectId: string) => ({ userId: "u", projectId });
const inputs = ["a", "b", "c"].map((id) => ({ ...keyOf(id), data: { name: id } }));

describe("gets of one turn", () => {
  test("resolve once their keys were read, whatever becomes of the others (they waited for them)", async () => {
    answers = [firstTwo, () => "silence"];
    const data = layer();
    const [first, second, third] = ["a", "b", "c"].map((id) =>
      data.project.get(keyOf(id), { timeoutMs: 3_000 }),
    );
    const ended = failureOf(third as Promise<unknown>, DynamoDBError);
    expect((await first)?.data).toEqual({ name: "stored" });
    expect(await second).toBeNull();
    expect((await ended).code).toBe("TimeoutError");
    expect(requests.map((body) => keysOf(body).length)).toEqual([3, 1]);
  });

  test.each([
    ["a refusal", denied, "AccessDeniedException", false],
    ["throttling", throttled, "ThrottlingException", true],
  ] as const)("whose keys were not read are told of %s", async (_, answer, code, retryable) => {
    answers = [firstTwo, answer];
    const data = layer();
    const [first, , third] = ["a", "b", "c"].map((id) => data.project.get(keyOf(id)));
    const error = await failureOf(third as Promise<unknown>, DynamoDBError);
    expect(error).toMatchObject({ code, retryable });
    expect((await first)?.data).toEqual({ name: "stored" });
  });
});

describe("what a round of writes leaves", () => {
  test("is sent again as the caller gave it, whatever a response says of it", async () => {
    const forged = (body: Body) => ({
      UnprocessedItems: {
        table: putsOf(body)
          .slice(1)
          .map(({ PutRequest: { Item } }) => ({
            PutRequest: { Item: { PK: Item.PK, SK: Item.SK } },
          })),
      },
    });
    answers = [forged, () => ({ UnprocessedItems: {} })];
    expect(await layer().project.batchPut(inputs)).toEqual({ written: 3 });
    const [all, rest] = requests.map(putsOf);
    expect(rest).toEqual(all?.slice(1));
  });

  test.each([
    ["a refusal", denied, "AccessDeniedException", false],
    ["throttling", throttled, "ThrottlingException", true],
  ] as const)("has %s that ended it as its cause", async (_, answer, code, retryable) => {
    answers = [firstPut, answer];
    const error = await failureOf(layer().project.batchPut(inputs), UnprocessedItemsError);
    expect(error).toMatchObject({ code, retryable, written: 1, items: inputs.slice(1) });
    expect(error.cause).toHaveProperty("name", code);
  });

  test("has no cause if it was left each time", async () => {
    answers = [(body) => ({ UnprocessedItems: { table: putsOf(body).slice(-2) } })];
    const error = await failureOf(layer().project.batchPut(inputs), UnprocessedItemsError);
    expect(error).toMatchObject({ code: "UnprocessedItems", retryable: true, written: 1 });
    expect(error.cause).toBeUndefined();
  });

  test("is told to each of several gets by an error of its own if the layer is closed", async () => {
    answers = [
      (body) => ({ Responses: { table: [] }, UnprocessedKeys: { table: { Keys: keysOf(body) } } }),
    ];
    const data = layer({ retry: { maxRetries: 1, initialDelayMs: 60_000 } });
    const getting = [
      failureOf(data.project.get(keyOf("a")), AbortedError),
      failureOf(data.savedContent.get({ userId: "u", contentId: "c" }), AbortedError),
    ];
    while (requests.length < 1) await new Promise(setImmediate);
    await data.close();
    const errors = await Promise.all(getting);
    expect(errors.map(({ entity }) => entity)).toEqual(["Project", "SavedContent"]);
  });

  test("is told to each of several native batches by an error of its own if the layer is closed", async () => {
    answers = [firstPut];
    const data = layer({ retry: { maxRetries: 1, initialDelayMs: 60_000 } });
    const some = inputs.map((input) => ({ ...input, createdAt: 1, updatedAt: 1 }));
    const writing = [
      failureOf(data.project.entity.put(some).go(), AbortedError),
      failureOf(data.project.entity.put(some.slice(0, 2)).go(), AbortedError),
    ];
    while (requests.length < 2) await new Promise(setImmediate);
    // Both responses have come, and their rest waits.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await data.close();
    expect(await Promise.all(writing)).toMatchObject([
      { written: 1, items: some.slice(1), mayHaveBeenDone: true },
      { written: 1, items: some.slice(1, 2), mayHaveBeenDone: true },
    ]);
  });

  test("is told by an AbortedError if the layer is closed meanwhile", async () => {
    answers = [firstPut, () => "silence"];
    const data = layer();
    const writing = failureOf(data.project.batchPut(inputs), AbortedError);
    while (requests.length < 2) await new Promise(setImmediate);
    await data.close();
    expect(await writing).toMatchObject({
      written: 1,
      unprocessed: 2,
      items: inputs.slice(1),
      mayHaveBeenDone: true,
    });
  });
});

describe("a native batch", () => {
  const native = (data: DataLayer, signal?: AbortSignal) =>
    data.project.entity
      .put(inputs.map((input) => ({ ...input, createdAt: 1, updatedAt: 1 })))
      .go(signal ? { abortSignal: signal } : {});

  test("throws what refused its rest, and counts each round (it was told as throttled)", async () => {
    answers = [firstPut, denied];
    const error = await failureOf(native(layer()), DynamoDBError);
    expect(error).toMatchObject({
      code: "AccessDeniedException",
      retryable: false,
      written: 1,
      unprocessed: 2,
      mayHaveBeenDone: true,
    });
  });

  test("of which nothing was done before it was refused was not done", async () => {
    answers = [(body) => ({ UnprocessedItems: { table: putsOf(body) } }), denied];
    const error = await failureOf(native(layer()), DynamoDBError);
    expect(error).toMatchObject({ code: "AccessDeniedException", written: 0, unprocessed: 3 });
    expect(error.mayHaveBeenDone).toBe(false);
  });

  test("that is throttled returns its rest", async () => {
    answers = [firstPut, throttled];
    const { unprocessed } = await native(layer());
    expect(unprocessed).toHaveLength(2);
  });

  test("that is aborted counts what was done in each round (it forgot that)", async () => {
    answers = [firstPut, () => "silence"];
    const aborter = new AbortController();
    const writing = failureOf(native(layer(), aborter.signal), AbortedError);
    while (requests.length < 2) await new Promise(setImmediate);
    aborter.abort();
    expect(await writing).toMatchObject({ written: 1, unprocessed: 2, mayHaveBeenDone: true });
  });
});

test("a batch of keys says why the first of its requests that ended did", async () => {
  const ids = Array.from({ length: 150 }, (_, at) => keyOf(`k${at}`));
  const leaving = (body: Body) => ({
    Responses: { table: [] },
    UnprocessedKeys: { table: { Keys: keysOf(body).slice(-1) } },
  });
  // Those of one key are the second rounds.
  const answer = (body: Body) =>
    keysOf(body).length > 1
      ? leaving(body)
      : JSON.stringify(body).includes("k99")
        ? denied()
        : leaving(body);
  answers = [answer];
  const error = await failureOf(layer().project.batchGet(ids), UnprocessedItemsError);
  expect(error).toMatchObject({ unprocessed: 2, items: [ids[99], ids[149]] });
  if (error.cause === undefined) expect(error.message).toContain("after all retries");
  else
    expect(error).toMatchObject({
      code: "AccessDeniedException",
      message: expect.stringContaining(": no"),
    });
});

test("a transaction whose earlier result could not be read says so (it took unread items for missing)", async () => {
  answers = [
    () => ({ __type: "IdempotentParameterMismatchException", message: "no" }),
    (body) => ({ Responses: { table: [] }, UnprocessedKeys: { table: { Keys: keysOf(body) } } }),
    denied,
  ];
  const writing = layer().transaction.write(
    (tx) => ["a", "b"].map((id) => tx.project.create({ ...keyOf(id), data: { name: id } })),
    { token: "the-token" },
  );
  expect(await failureOf(writing, DynamoDBError)).toMatchObject({
    code: "AccessDeniedException",
    mayHaveBeenDone: true,
  });
});

test("values that cannot be read or stored are bad input of a native chain", async () => {
  const data = layer();
  const unreadable = {
    get name(): string {
      throw new Error("secret");
    },
  };
  for (const value of [unreadable, { name: new Set([{}]) }]) {
    const put = data.project.entity.put({
      ...keyOf("a"),
      createdAt: 1,
      updatedAt: 1,
      data: value as never,
    });
    const error = await failureOf(put.go(), ValidationError);
    expect(error.message).not.toContain("secret");
    expect(error.mayHaveBeenDone).toBe(false);
  }
  expect(requests).toEqual([]);
});

test("an abort of a credentials provider's own call aborts no batch of this layer", async () => {
  const credentials = async () => {
    throw new AbortedError("the provider's own layer is closed");
  };
  const error = await failureOf(
    layer({ credentials }).project.batchPut(inputs),
    UnprocessedItemsError,
  );
  expect(error).toMatchObject({ written: 0, items: inputs, mayHaveBeenDone: false });
});

test.each([undefined, null, "none"])("credentials that are %p are no credentials", async (none) => {
  const data = layer({ credentials: async () => none as never });
  for (const call of [
    () => data.project.get(keyOf("a")),
    () => data.project.entity.get(keyOf("a")).go(),
  ]) {
    const error = await failureOf(call(), ConfigurationError);
    expect(error.message).toContain("the credentials provider failed: the provider returned none");
  }
  expect(requests).toEqual([]);
});
