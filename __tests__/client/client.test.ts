import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import {
  createClients,
  getConfiguration,
  getDocumentClient,
  getDynamoDBClient,
  getTableName,
  resetClients,
} from "../../src/client/client.js";
import { type Configuration, resolveConfiguration } from "../../src/client/config.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";

const variables = ["COAGENT_ENV", "NODE_ENV", "DYNAMODB_TABLE_NAME", "AWS_ENDPOINT_URL_DYNAMODB"];
const before = new Map(variables.map((variable) => [variable, process.env[variable]]));

afterEach(() => {
  for (const [variable, value] of before) {
    if (value === undefined) delete process.env[variable];
    else process.env[variable] = value;
  }
  resetClients();
});

const local: Configuration = resolveConfiguration({ environment: "local" }, {});

describe("the process-wide clients", () => {
  test("are made once, when they are first asked for", () => {
    process.env.COAGENT_ENV = "local";
    expect(getDynamoDBClient()).toBe(getDynamoDBClient());
    expect(getDocumentClient()).toBe(getDocumentClient());
    expect(getConfiguration()).toBe(getConfiguration());
    expect(getDocumentClient()).toBeInstanceOf(DynamoDBDocumentClient);
  });

  test("keep their first answer until they are reset", () => {
    process.env.COAGENT_ENV = "local";
    const first = getDynamoDBClient();
    expect(getTableName()).toBe("BayonCoAgent-local");
    process.env.DYNAMODB_TABLE_NAME = "Other-table";
    expect(getTableName()).toBe("BayonCoAgent-local");
    resetClients();
    expect(getTableName()).toBe("Other-table");
    expect(getDynamoDBClient()).not.toBe(first);
  });

  test("may be reset when there are none, and more than once", () => {
    resetClients();
    resetClients();
    expect(getTableName()).toBe("BayonCoAgent-development");
  });

  test("a wrong environment is told at the first use and is no state", () => {
    process.env.COAGENT_ENV = "staging";
    expect(() => getDocumentClient()).toThrow(ConfigurationError);
    process.env.COAGENT_ENV = "local";
    expect(getTableName()).toBe("BayonCoAgent-local");
  });
});

describe("a client", () => {
  test("takes endpoint, region and credentials from the configuration", async () => {
    const client = createClients(local).client;
    expect(await client.config.region()).toBe("us-east-1");
    expect(await client.config.credentials()).toMatchObject({ accessKeyId: "test" });
    expect(await client.config.endpoint?.()).toMatchObject({
      hostname: "localhost",
      port: 4566,
      protocol: "http:",
    });
  });

  test("leaves the SDK's own retry off: requests are retried in one place", async () => {
    expect(await createClients(local).client.config.maxAttempts()).toBe(1);
  });

  test("leaves credentials to the SDK's chain where the configuration has none", () => {
    const client = createClients({ ...local, credentials: undefined, endpoint: undefined }).client;
    expect(client.config.credentials).toEqual(expect.any(Function));
  });

  test("keeps its connections open, has many of them and gives a silent request up", async () => {
    const sockets = new Set<Socket>();
    const server = createServer((request, response) => {
      sockets.add(request.socket);
      request.resume().on("end", () => response.end("{}"));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const client = createClients({ ...local, endpoint: `http://127.0.0.1:${port}` }).client;
    try {
      for (let n = 0; n < 3; n += 1) await client.send(new ListTablesCommand({}));
      expect(sockets.size).toBe(1);
      const handler = client.config.requestHandler as unknown as { httpHandlerConfigs(): object };
      expect(handler.httpHandlerConfigs()).toMatchObject({
        connectionTimeout: 3_000,
        requestTimeout: 15_000,
        throwOnRequestTimeout: true,
        httpAgent: { keepAlive: true, maxSockets: 128 },
        httpsAgent: { keepAlive: true, maxSockets: 128 },
      });
    } finally {
      client.destroy();
      server.close();
    }
  });

  test("takes a request handler as it is", () => {
    const handler = { handle: jest.fn(), destroy: jest.fn() };
    expect(createClients(local, handler as never).client.config.requestHandler).toBe(handler);
  });

  test("is refused in a browser, where its secrets would be in the bundle", () => {
    const node = globalThis.process;
    try {
      Object.defineProperty(globalThis, "process", { value: undefined, configurable: true });
      expect(() => createClients(local).client).toThrow("runs on servers only");
    } finally {
      Object.defineProperty(globalThis, "process", { value: node, configurable: true });
    }
  });
});

describe("the document client", () => {
  /** What a request holds when it goes out. */
  async function sent(item: Record<string, unknown>): Promise<unknown> {
    const { documentClient } = createClients(local, {
      handle: async ({ body }: { body: Uint8Array }) => {
        throw Object.assign(new Error("seen"), {
          body: JSON.parse(Buffer.from(body).toString()),
        });
      },
    } as never);
    const error = await documentClient
      .send(new PutCommand({ TableName: "Table", Item: item }))
      .catch((thrown: unknown) => thrown);
    return (error as { body: { Item: unknown } }).body.Item;
  }

  test("leaves undefined out, keeps empty strings and null", async () => {
    expect(await sent({ a: "", b: null, c: undefined, d: { e: undefined, f: [] } })).toEqual({
      a: { S: "" },
      b: { NULL: true },
      d: { M: { f: { L: [] } } },
    });
  });

  test("refuses class instances: they would be stored as what they are not", async () => {
    const client = createClients(local).documentClient;
    await expect(
      client.send(new PutCommand({ TableName: "Table", Item: { at: new Date() } })),
    ).rejects.toThrow();
  });
});
