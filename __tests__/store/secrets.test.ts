/** What errors, events and logs show: never a value of a payload, never a token. */
import { inspect } from "node:util";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import type { RequestEvent } from "../../src/transport/events.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";

const canary = "canary-77b0";
const token = { accessToken: `${canary}-access`, refreshToken: `${canary}-refresh` };

/** Everything that a log, a console or an error tracker makes of an error. */
function shownBy(error: Error): string[] {
  const causes: unknown[] = [];
  for (let cause: unknown = error.cause; cause instanceof Object; cause = (cause as Error).cause) {
    causes.push(cause);
  }
  return [error, ...causes].flatMap((one) => [
    String(one),
    (one as Error).stack ?? "",
    JSON.stringify(one),
    JSON.stringify({ ...(one as object) }),
    inspect(one),
    inspect(one, { depth: Number.POSITIVE_INFINITY, maxArrayLength: null, maxStringLength: null }),
  ]);
}

describe.each(engines)("secrets on $name", (engine) => {
  const events: RequestEvent[] = [];
  const lines: unknown[] = [];
  const logger = {
    debug: (...line: unknown[]) => void lines.push(line),
    warn: (...line: unknown[]) => void lines.push(line),
  };
  const table = openTable(engine, {
    retry: { initialDelayMs: 1, maxDelayMs: 2 },
    events: (event) => void events.push(event),
    logger,
  });
  afterEach(() => table.data.wire.clear());

  type Failing = (typeof failing)[number];
  const key = { userId: "u1", provider: "GOOGLE_BUSINESS" };
  const constant = { times: Number.POSITIVE_INFINITY } as const;
  const tokens = () => table.data.oauthToken;
  const failing = [
    {
      name: "create of what is there",
      run: () => tokens().create({ ...key, data: token }),
      type: ConditionalCheckFailedError,
    },
    {
      name: "update with a stale lock",
      run: () => tokens().update(key, token, { ifUpdatedAt: 1 }),
      type: ConditionalCheckFailedError,
    },
    {
      name: "update whose condition does not hold",
      run: () => tokens().update(key, token, { where: { accessToken: canary } }),
      type: ConditionalCheckFailedError,
    },
    {
      name: "update below a text",
      run: () => tokens().update(key, {}, { set: [[["accessToken", "inside"], canary]] }),
      type: DynamoDBError,
    },
    {
      name: "delete with a stale lock",
      run: () => tokens().delete(key, { ifUpdatedAt: 1 }),
      type: ConditionalCheckFailedError,
    },
    {
      name: "put that is throttled",
      run: () => {
        table.data.wire.inject({ fault: "throttle", ...constant });
        return tokens().put({ ...key, data: token });
      },
      type: DynamoDBError,
    },
    {
      name: "put that is reset",
      run: () => {
        table.data.wire.inject({ fault: "connectionReset", ...constant });
        return tokens().put({ ...key, data: token });
      },
      type: DynamoDBError,
    },
    {
      name: "batchPut that is left unprocessed",
      run: () => {
        table.data.wire.inject({ fault: "partialUnprocessed", ...constant });
        return tokens().batchPut([
          { ...key, data: token },
          { ...key, provider: "B", data: token },
        ]);
      },
      type: UnprocessedItemsError,
    },
    {
      name: "put of a wrong payload",
      run: () =>
        tokens().put({ ...key, data: { ...token, expiryDate: { [canary]: canary } as never } }),
      type: DynamoDBError,
    },
    {
      name: "a native chain whose condition fails",
      run: () =>
        tokens()
          .entity.create({ ...key, data: token })
          .go(),
      type: Error,
    },
  ];

  beforeAll(async () => {
    await table.data.oauthToken.put({ ...key, data: token });
  });

  test.each(failing.map((one) => [one.name, one] as const))(
    "%s shows none",
    async (_, { run, type }: Failing) => {
      const error = await failureOf<Error>(run(), type);
      for (const text of shownBy(error)) expect(text ?? "").not.toContain(canary);
    },
  );

  test("the item that stopped a call is there for the caller, and is not enumerable", async () => {
    const stored = await tokens().getOrThrow(key);
    const error = await failureOf(
      tokens().create({ ...key, data: token }),
      ConditionalCheckFailedError,
    );
    expect(error.item).toStrictEqual(stored);
    expect(Object.keys(error)).not.toContain("item");
    expect({ ...error }).not.toHaveProperty("item");
  });

  test("events tell what was asked and what it cost, and neither keys nor values", async () => {
    events.splice(0);
    const contentId = `${canary}-id`;
    const data = { type: canary, content: canary };
    await table.data.savedContent.put({ userId: canary, contentId, data });
    await table.data.savedContent.query({ userId: canary }, { where: { type: canary } });
    table.data.wire.inject({ fault: "throttle", times: 2 });
    await table.data.savedContent.get({ userId: canary, contentId });
    expect(events).toMatchObject([
      { request: "Update", operation: "put", entity: "SavedContent", attempts: 1 },
      { request: "Query", operation: "query", entity: "SavedContent", attempts: 1 },
      { request: "Get", operation: "get", attempts: 3 },
    ]);
    for (const event of events) {
      expect(event).toMatchObject({
        table: table.data.configuration.tableName,
        durationMs: expect.any(Number),
        consumedCapacity: expect.any(Number),
        error: undefined,
      });
    }
    expect(JSON.stringify(events)).not.toContain(canary);
  });

  test("logs hold neither keys nor values", () => {
    expect(lines.length).toBeGreaterThan(0);
    expect(inspect(lines, { depth: Number.POSITIVE_INFINITY })).not.toContain(canary);
  });
});

test("a data layer without a logger writes nothing to the console", async () => {
  const spies = (["log", "info", "warn", "error", "debug"] as const).map((method) =>
    jest.spyOn(console, method).mockImplementation(() => {}),
  );
  const { createDataLayer } = await import("../../src/data-layer.js");
  const client = {
    send: async () => {
      throw Object.assign(new Error("slow down"), { name: "ThrottlingException" });
    },
  };
  const data = createDataLayer({ client, retry: { initialDelayMs: 1, maxDelayMs: 1 } });
  await failureOf(
    data.project.put({ userId: "u", projectId: "p", data: { name: "n" } }),
    DynamoDBError,
  );
  await failureOf(
    data.project.batchPut([{ userId: "u", projectId: "p", data: { name: "n" } }]),
    DynamoDBError,
  );
  for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  jest.restoreAllMocks();
});
