/** Runtimes and copies that are not this package's own: what it meets there, it must not rely on. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import type * as Client from "@aws-sdk/client-dynamodb";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
import { mockClient } from "aws-sdk-client-mock";
import { createDataLayer, type DataLayer, type DataLayerOptions } from "../../src/data-layer.js";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import { lost, Recorder } from "../services/recorder.js";

const key = { userId: "u1", projectId: "p1" };
const place: DataLayerOptions = {
  environment: "development",
  endpoint: "http://127.0.0.1:1",
  credentials: { accessKeyId: "a", secretAccessKey: "b" },
};
const stored = {
  PK: { S: "USER#u1" },
  SK: { S: "PROJECT#p1" },
  EntityType: { S: "Project" },
  Data: { M: { name: { S: "Größe 🏠" } } },
  CreatedAt: { N: "1" },
  UpdatedAt: { N: "2" },
};
const body = Buffer.from(JSON.stringify({ Item: stored }));

describe("a mocked get", () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  test("settles under Jest's fake timers (it waited for a faked process.nextTick for ever)", async () => {
    const mock = mockClient(DynamoDBDocumentClient);
    mock.on(GetCommand).resolves({});
    const data = createDataLayer(place);
    jest.useFakeTimers();
    expect(await data.project.get(key)).toBeNull();
    expect(mock.calls()).toHaveLength(1);
    mock.restore();
    await data.close();
  });
});

describe("a request handler of the application's own", () => {
  const bodies: [string, () => unknown][] = [
    ["a Uint8Array", () => new Uint8Array(body)],
    ["a Buffer", () => body],
    ["a string", () => body.toString()],
    ["an ArrayBuffer", () => new Uint8Array(body).buffer],
    ["a Blob", () => new Blob([body])],
    [
      "an async generator",
      async function* parts() {
        yield body.subarray(0, 7);
        yield body.subarray(7);
      },
    ],
    ["a web stream", () => new Response(body).body],
    [
      "a web stream in small parts",
      () => Readable.toWeb(Readable.from([...body].map((byte) => Buffer.from([byte])))),
    ],
    [
      "a stream of Node's in small parts",
      () => Readable.from([...body].map((byte) => Buffer.from([byte]))),
    ],
  ];
  test.each(bodies)("may answer with %s", async (_, make) => {
    const handle = async () => ({
      response: { statusCode: 200, headers: {}, reason: "", body: make() },
    });
    const requestHandler = { handle, metadata: { handlerProtocol: "http/1.1" } };
    const data = createDataLayer({ ...place, requestHandler: requestHandler as never });
    expect((await data.project.get(key))?.data.name).toBe("Größe 🏠");
    await data.close();
  });
});

/** The SDK once more, as an application has it whose package manager installed a second copy. */
function secondCopy(): {
  client: typeof Client;
  lib: { DynamoDBDocumentClient: typeof DynamoDBDocumentClient };
} {
  let copy: ReturnType<typeof secondCopy> | undefined;
  jest.isolateModules(() => {
    copy = { client: require("@aws-sdk/client-dynamodb"), lib: require("@aws-sdk/lib-dynamodb") };
  });
  if (copy === undefined) throw new Error("no copy was loaded");
  return copy;
}

describe.each(engines)("a client of a second copy of the SDK, on $name", (engine) => {
  const table = openTable(engine);
  const copy = secondCopy();
  const configuration = () => {
    const { endpoint, region, credentials } = table.data.engine;
    return { endpoint, region, credentials, maxAttempts: 1 };
  };

  test("is one although it is an instance of another class", () => {
    expect(new copy.client.DynamoDBClient({})).not.toBeInstanceOf(DynamoDBClient);
  });

  test.each(["a plain client", "the aggregated client", "a document client"])(
    "%s works",
    async (kind) => {
      const client =
        kind === "the aggregated client"
          ? new copy.client.DynamoDB(configuration())
          : new copy.client.DynamoDBClient(configuration());
      const given =
        kind === "a document client" ? copy.lib.DynamoDBDocumentClient.from(client) : client;
      const { tableName } = table.data.configuration;
      const data = createDataLayer({ ...place, tableName, client: given });
      await data.project.put({ ...key, data: { name: kind } });
      expect((await data.project.get(key))?.data.name).toBe(kind);
      expect((await data.project.entity.get(key).go()).data?.data?.name).toBe(kind);
      await data.project.batchPut([{ ...key, data: { name: "batch" } }]);
      expect((await data.table.describe())?.status).toBe("ACTIVE");
      await data.close();
      client.destroy();
    },
  );
});

describe.each(engines)(
  "a client of the application's with the SDK's own retry, on $name",
  (engine) => {
    const wire = new Recorder();
    const table = openTable(engine);
    let client: DynamoDBClient;
    let data: DataLayer;
    beforeAll(() => {
      const { endpoint, region, credentials } = table.data.engine;
      client = new DynamoDBClient({ endpoint, region, credentials, requestHandler: wire });
      const { tableName } = table.data.configuration;
      data = createDataLayer({ ...place, tableName, client });
    });
    afterAll(async () => {
      await data.close();
      client.destroy();
    });
    const loseFirst = () => {
      wire.clear();
      wire.intercept = (request) => {
        wire.intercept = () => undefined;
        return lost(request);
      };
    };

    test("knows its own work, which the SDK sent twice (it was refused by it)", async () => {
      loseFirst();
      const created = await data.project.create({ ...key, data: { name: "a" } });
      expect(wire.names).toEqual(["PutItem", "PutItem"]);
      expect(await data.project.get(key)).toEqual(created);
      loseFirst();
      const options = { ifUpdatedAt: created.updatedAt };
      const updated = await data.project.update(key, { name: "b" }, options);
      expect(updated.data.name).toBe("b");
      loseFirst();
      expect(
        (await data.project.update(key, { name: "c" }, { where: { name: "b" } })).data.name,
      ).toBe("c");
    });

    test("leaves open what it cannot know", async () => {
      const first = await data.project.put({ ...key, data: { name: "a" } });
      loseFirst();
      const deleted = data.project.delete(key, { ifUpdatedAt: first.updatedAt - 1 });
      expect(await failureOf(deleted, ConditionalCheckFailedError)).toMatchObject({
        mayHaveBeenDone: true,
      });
    });

    test("may have a send of the application's: it is asked", async () => {
      const replaced = new DynamoDBClient({ region: "us-east-1" });
      const send = jest.fn(async () => ({
        Item: { PK: "USER#u1", SK: "PROJECT#p1", EntityType: "Project", Data: { name: "mine" } },
      }));
      replaced.send = send as never;
      const own = createDataLayer({ ...place, client: replaced });
      expect((await own.project.get(key))?.data.name).toBe("mine");
      expect(send).toHaveBeenCalledTimes(1);
      await own.close();
    });
  },
);

test("a client of a release without a protocol is refused by what it is, not by a TypeError", () => {
  const client = new DynamoDBClient({});
  Reflect.deleteProperty(client.config, "protocol");
  const create = () => createDataLayer({ ...place, client });
  expect(create).toThrow(ConfigurationError);
  expect(create).toThrow(/a release of @aws-sdk\/client-dynamodb before 3\.\d+/);
});

describe("a client of the application's own, under Jest", () => {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    if (requests === 1) response.destroy();
    else response.setHeader("x-amzn-requestid", "r2").end(`{"UnprocessedItems":{}}`);
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test("is asked again where the answer was lost (the SDK's own strategy took name and code from Node's error)", async () => {
    const { port } = server.address() as AddressInfo;
    const endpoint = `http://127.0.0.1:${port}`;
    const client = new DynamoDBClient({
      ...{ endpoint, region: "us-east-1", maxAttempts: 1 },
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    });
    const data = createDataLayer({ ...place, client, retry: { initialDelayMs: 1 } });
    await data.project.batchPut([{ ...key, data: { name: "Spring" } }]);
    expect(requests).toBe(2);
    await data.close();
    client.destroy();
  });
});
