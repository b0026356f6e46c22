/** Requests that fail before they are sent: nothing was done, and the error says what to set. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { createDataLayer, type DataLayer, type DataLayerOptions } from "../../src/data-layer.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import { wrapDynamoDBError } from "../../src/errors/wrap.js";
import { getRepository, resetClients, resetRepository } from "../../src/index.js";
import { failureOf } from "../open.js";

const key = { userId: "u1", projectId: "p1" };
const input = { ...key, data: { name: "n" } as never };

const writes: Readonly<Record<string, (data: DataLayer) => Promise<unknown>>> = {
  create: (data) => data.project.create(input),
  put: (data) => data.project.put(input),
  update: (data) => data.project.update(key, { name: "n" } as never),
  delete: (data) => data.project.delete(key),
  "a native put": (data) => data.project.entity.put({ ...input, createdAt: 1 } as never).go(),
  batchPut: (data) => data.project.batchPut([input]),
  batchDelete: (data) => data.project.batchDelete([key]),
  "transaction.write": (data) => data.transaction.write((tx) => [tx.project.put(input)]),
};

const variables = [
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
  "AWS_EC2_METADATA_DISABLED",
  "AWS_CONFIG_FILE",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_PROFILE",
  "COAGENT_ENV",
  "NODE_ENV",
] as const;
const before = variables.map((name) => process.env[name]);

/** A machine on which nothing is configured. */
beforeEach(() => {
  for (const name of variables) delete process.env[name];
  process.env.AWS_EC2_METADATA_DISABLED = "true";
  process.env.AWS_CONFIG_FILE = "/nowhere/config";
  process.env.AWS_SHARED_CREDENTIALS_FILE = "/nowhere/credentials";
});
afterEach(async () => {
  variables.forEach((name, index) => {
    const value = before[index];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  });
  for (const one of opened.splice(0)) await one.close();
});

const opened: DataLayer[] = [];

/** Takes requests and tears their connection: what became of them nobody knows. */
class Tearing {
  requests = 0;

  handle(): Promise<never> {
    this.requests += 1;
    return Promise.reject(Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }));
  }
}

function layer(options: DataLayerOptions): DataLayer {
  const data = createDataLayer({
    environment: "development",
    retry: { maxRetries: 1, initialDelayMs: 1 },
    ...options,
  });
  opened.push(data);
  return data;
}

/** What a write fails with; of a batch the failure that is its cause. */
async function failure(name: string, data: DataLayer): Promise<DynamoDBError> {
  const error = await failureOf(writes[name]?.(data) ?? Promise.resolve(), DynamoDBError);
  expect(error.mayHaveBeenDone).toBe(false);
  expect(error.message).not.toContain("may have been carried out");
  if (!(error instanceof UnprocessedItemsError)) return error;
  expect(error).toMatchObject({ unprocessed: 1, written: 0 });
  return error;
}

const names = Object.keys(writes);

describe.each(names)("%s", (name) => {
  test("that is torn was sent: it may have been done", async () => {
    const credentials = { accessKeyId: "a", secretAccessKey: "b" };
    const requestHandler = new Tearing();
    const data = layer({ credentials, requestHandler: requestHandler as never });
    const error = await failureOf(writes[name]?.(data) ?? Promise.resolve(), DynamoDBError);
    expect(error).toMatchObject({ mayHaveBeenDone: true, code: "ECONNRESET" });
    expect(requestHandler.requests).toBe(2);
  });

  test.each<[string, unknown]>([
    ["an Error", new Error("the vault is sealed")],
    ["a torn connection", Object.assign(new Error("hang up"), { code: "ECONNRESET" })],
    [
      "an answer of another service",
      { name: "InternalServerError", $metadata: { httpStatusCode: 500 }, message: "vault" },
    ],
    ["a text", "the vault is sealed"],
    ["nothing", undefined],
    ["a frozen Error", Object.freeze(new Error("the vault is sealed"))],
    [
      "an error of this package",
      Object.assign(new DynamoDBError("vault", "X"), { mayHaveBeenDone: true }),
    ],
    ["JSON that cannot be read", new SyntaxError("Unexpected token s3cret")],
  ])(
    "whose credentials provider throws %s was not done (mayHaveBeenDone was true)",
    async (_what, thrown) => {
      const requestHandler = new Tearing();
      const credentials = () => Promise.reject(thrown);
      const data = layer({ credentials, requestHandler: requestHandler as never });
      const error = await failure(name, data);
      expect(error.message).toContain("the credentials provider failed: ");
      expect(error.message).not.toContain("s3cret");
      if (!(error instanceof UnprocessedItemsError)) {
        expect(error).toBeInstanceOf(ConfigurationError);
      }
      expect(requestHandler.requests).toBe(0);
    },
  );

  test.each(["a plain client", "a document client"])(
    "over %s of the application's, whose provider throws, was not done",
    async (kind) => {
      const requestHandler = new Tearing();
      const client = new DynamoDBClient({
        region: "us-east-1",
        maxAttempts: 1,
        credentials: () => Promise.reject(new Error("the vault is sealed")),
        requestHandler: requestHandler as never,
      });
      const given = kind === "a plain client" ? client : DynamoDBDocumentClient.from(client);
      const error = await failure(name, layer({ client: given }));
      expect(error.message).toContain("the vault is sealed");
      expect(error.mayHaveBeenDone).toBe(false);
      expect(requestHandler.requests).toBe(0);
      expect(client.middlewareStack.identify().join()).not.toContain("bayon");
    },
  );

  test("whose provider fails once and then gives credentials is sent", async () => {
    let asked = 0;
    const requestHandler = new Tearing();
    const credentials = async () => {
      asked += 1;
      if (asked === 1) throw Object.assign(new Error("later"), { code: "ETIMEDOUT" });
      return { accessKeyId: "a", secretAccessKey: "b" };
    };
    const data = layer({ credentials, requestHandler: requestHandler as never });
    const error = await failureOf(writes[name]?.(data) ?? Promise.resolve(), DynamoDBError);
    expect(error.mayHaveBeenDone).toBe(true);
    expect(requestHandler.requests).toBe(1);
  });

  test("without credentials was not done, and the error names what to set", async () => {
    const requestHandler = new Tearing();
    const data = layer({ requestHandler: requestHandler as never });
    const error = await failure(name, data);
    for (const part of [
      "no credentials were found",
      "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
      "BayonCoAgent-development at AWS in us-east-1",
      "USE_LOCAL_AWS=true",
    ]) {
      expect(error.message).toContain(part);
    }
    expect(error.code).toMatch(/^(ConfigurationError|CredentialsProviderError)$/);
    expect(requestHandler.requests).toBe(0);
  });

  test.each(["own", "plain", "document"])(
    "without a region was not done, and the error names AWS_REGION (it was true, code Error): %s client",
    async (kind) => {
      const credentials = { accessKeyId: "a", secretAccessKey: "b" };
      const requestHandler = new Tearing();
      const given = () =>
        new DynamoDBClient({
          credentials,
          requestHandler: requestHandler as never,
          maxAttempts: 1,
        });
      const data =
        kind === "own"
          ? layer({
              environment: "production",
              credentials,
              requestHandler: requestHandler as never,
            })
          : layer({ client: kind === "plain" ? given() : DynamoDBDocumentClient.from(given()) });
      const error = await failure(name, data);
      expect(error.message).toContain("no AWS region is set: set AWS_REGION or the option region");
      expect(error.code).toBe("ConfigurationError");
      if (!(error instanceof UnprocessedItemsError)) {
        expect(error).toBeInstanceOf(ConfigurationError);
      }
      expect(requestHandler.requests).toBe(0);
    },
  );

  test("without credentials by a client of the application's was not done", async () => {
    const requestHandler = new Tearing();
    const client = new DynamoDBClient({
      region: "us-east-1",
      requestHandler: requestHandler as never,
    });
    const error = await failure(name, layer({ client }));
    expect(error.message).toContain("no credentials were found");
    // Where that client sends its requests, this layer does not know.
    expect(error.message).not.toContain("AWS in us-east-1");
  });
});

test("the same error thrown again, by the handler, was sent", async () => {
  const same = new Error("the same");
  let asked = 0;
  const credentials = async () => {
    asked += 1;
    if (asked === 1) throw same;
    return { accessKeyId: "a", secretAccessKey: "b" };
  };
  const requestHandler = { handle: () => Promise.reject(same) };
  const data = layer({ credentials, requestHandler: requestHandler as never });
  expect(await failureOf(data.project.put(input), DynamoDBError)).toMatchObject({
    mayHaveBeenDone: false,
  });
  expect(await failureOf(data.project.put(input), DynamoDBError)).toMatchObject({
    mayHaveBeenDone: true,
  });
});

test("where a middleware drops what tells the two apart, nothing is taken for not sent", async () => {
  let door: typeof import("../../src/index.js") | undefined;
  // What is known of one request of a process then holds for all: a copy of its own.
  jest.isolateModules(() => {
    door = jest.requireActual<typeof import("../../src/index.js")>("../../src/index.js");
  });
  if (door === undefined) throw new Error("no copy");
  process.env.COAGENT_ENV = "development";
  process.env.AWS_ACCESS_KEY_ID = "a";
  process.env.AWS_SECRET_ACCESS_KEY = "b";
  process.env.AWS_ENDPOINT_URL_DYNAMODB = "http://127.0.0.1:1";
  try {
    const client = door.getDynamoDBClient();
    client.middlewareStack.add(
      (next) => (given) => next({ input: given.input, request: given.request }),
      { step: "build", name: "dropping" },
    );
    client.config.requestHandler = new Tearing() as never;
    const repository = new door.DynamoDBRepository({ maxRetries: 0 });
    const item = { PK: "USER#u1", SK: "X#1", EntityType: "UserProfile", Data: {} } as never;
    const error = await failureOf(repository.put(item), DynamoDBError);
    expect(error).toMatchObject({ code: "ECONNRESET", mayHaveBeenDone: true });
  } finally {
    delete process.env.AWS_ENDPOINT_URL_DYNAMODB;
    door.resetClients();
  }
});

test("the generic repository says the same, and so does the table's administration", async () => {
  process.env.NODE_ENV = "production";
  process.env.AWS_ACCESS_KEY_ID = "a";
  process.env.AWS_SECRET_ACCESS_KEY = "b";
  process.env.AWS_DEFAULT_REGION = "us-east-1";
  try {
    resetClients();
    resetRepository();
    const item = { PK: "USER#u1", SK: "X#1", EntityType: "UserProfile", Data: {} } as never;
    const error = await failureOf(getRepository().put(item), ConfigurationError);
    expect(error).toMatchObject({ mayHaveBeenDone: false, operation: "put" });
    expect(error.message).toContain("set AWS_REGION");
    expect(error.message).toContain("does not read AWS_DEFAULT_REGION");
    const data = layer({ environment: "production" });
    const failed = await failureOf(data.table.create(), ConfigurationError);
    expect(failed).toMatchObject({ operation: "table.create", mayHaveBeenDone: false });
    expect(failed.message).toContain("set AWS_REGION");
  } finally {
    resetClients();
    resetRepository();
  }
});

test("an answer of DynamoDB's that speaks of a region is none of it", () => {
  const answer = Object.assign(new Error("Region is missing"), {
    name: "ValidationException",
    $metadata: { httpStatusCode: 400 },
  });
  expect(wrapDynamoDBError(answer)).toMatchObject({ name: "ValidationError" });
});
