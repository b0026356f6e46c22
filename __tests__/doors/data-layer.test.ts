import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { createDataLayer } from "../../src/data-layer.js";
import { AbortedError } from "../../src/errors/aborted-error.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { createTestDataLayer, faults, type TestDataLayer } from "../../src/testing/index.js";
import type { RequestEvent } from "../../src/transport/events.js";
import { failureOf } from "../open.js";

const key = { userId: "user of the layer", projectId: "p" };

describe("createDataLayer", () => {
  test.each([
    ["an endpoint that is none", { endpoint: "localhost:8000" }, "endpoint"],
    ["a retry that is none", { retry: { maxRetries: -1 } }, "retry.maxRetries"],
    ["a client that cannot send", { client: {} as never }, "client"],
    [
      "half a pair of keys",
      { credentials: { accessKeyId: "a" } as never },
      "credentials.secretAccessKey",
    ],
    // It would otherwise store in clear text what was asked to be encrypted.
    ["an encryption that this version has not", { encryption: {} } as never, "encryption"],
  ])("refuses %s, and names it", (_, options, named) => {
    expect(() => createDataLayer(options)).toThrow(ConfigurationError);
    expect(() => createDataLayer(options)).toThrow(named);
  });

  test("sends nothing before the first call, and refuses what comes after close", async () => {
    const wire = faults();
    const data = createDataLayer({ endpoint: "http://127.0.0.1:9", requestHandler: wire });
    expect(data.configuration).toMatchObject({ endpoint: "http://127.0.0.1:9" });
    expect(data.configuration).not.toHaveProperty("credentials");
    await data.close();
    await failureOf(data.project.get(key), AbortedError);
    expect(wire.requests).toEqual([]);
  });
});

test("a store is made once for a data layer, and once for a scope of it", async () => {
  const data = createDataLayer({ environment: "local" });
  const [scope, other] = [data.forUser("u1"), data.forUser("u2")];
  for (const owner of [data, scope, other]) {
    const { project } = owner;
    expect(owner.project).toBe(project);
    expect(owner.savedContent).not.toBe(project);
  }
  const stores = [data.project, scope.project, other.project];
  expect(new Set<unknown>(stores).size).toBe(3);
  await data.close();
});

describe("a data layer", () => {
  let table: TestDataLayer;
  beforeAll(async () => {
    table = await createTestDataLayer();
    await table.project.put({ ...key, data: { name: "canary" } });
  });
  afterAll(() => table.close());

  const ownClient = () =>
    new DynamoDBClient({
      endpoint: table.engine.endpoint,
      region: table.engine.region,
      credentials: table.engine.credentials,
    });

  test.each([
    ["client", (client: DynamoDBClient) => client],
    ["document client", (client: DynamoDBClient) => DynamoDBDocumentClient.from(client)],
  ])("works over a %s of the caller's, and leaves it open", async (_, over) => {
    const client = ownClient();
    const options = { client: over(client), tableName: table.configuration.tableName };
    const first = createDataLayer(options);
    expect(await first.project.get(key)).toMatchObject(key);
    expect(await first.table.describe()).toMatchObject({ status: "ACTIVE" });
    await first.close();
    const second = createDataLayer(options);
    expect(await second.project.get(key)).toMatchObject(key);
    client.destroy();
  });

  test("tells of each request, of its attempts and its cost, and of no payload", async () => {
    const seen: RequestEvent[] = [];
    const wire = faults({ fault: "throttle", operation: "GetItem" });
    const { endpoint, region, credentials } = table.engine;
    const data = createDataLayer({
      endpoint,
      region,
      credentials,
      tableName: table.configuration.tableName,
      requestHandler: wire,
      retry: { initialDelayMs: 1 },
      events: (event) => seen.push(event),
    });
    await data.project.get(key);
    await data.close();
    expect(seen).toEqual([
      {
        request: "Get",
        operation: "get",
        entity: "Project",
        table: table.configuration.tableName,
        index: undefined,
        batchSize: undefined,
        attempts: 2,
        throttles: 1,
        durationMs: expect.any(Number),
        consumedCapacity: 0.5,
        error: undefined,
        hedged: false,
        budgetSpent: false,
      },
    ]);
    expect(JSON.stringify(seen)).not.toContain("canary");
  });

  test("sends each get by itself where it is told to", async () => {
    const { endpoint, region, credentials } = table.engine;
    const wire = faults();
    const { tableName } = table.configuration;
    const options = { endpoint, region, credentials, tableName, requestHandler: wire };
    const data = createDataLayer({ ...options, coalesce: false });
    await Promise.all([1, 2, 3].map((n) => data.project.get({ ...key, projectId: `p${n}` })));
    expect(wire.operations).toEqual(["GetItem", "GetItem", "GetItem"]);
    await data.close();
  });
});
