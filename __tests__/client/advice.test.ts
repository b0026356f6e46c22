/** What messages say where the table cannot be reached: where it should be, and what to run. */
import { type AddressInfo, createServer } from "node:net";
import { adviceOn, type Place, placeOf } from "../../src/client/advice.js";
import { createClients } from "../../src/client/client.js";
import { createDataLayer, type DataLayer, type DataLayerOptions } from "../../src/data-layer.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { TimeoutError } from "../../src/errors/timeout-error.js";
import { getRepository, resetClients, resetRepository } from "../../src/index.js";
import { type Engine, startEngine } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf } from "../open.js";
import { bayonData } from "../scripts/run.js";

const key = { userId: "u1", projectId: "p1" };
const retry = { maxRetries: 0 } as const;

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const opened: DataLayer[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});
function layer(options: DataLayerOptions): DataLayer {
  const data = createDataLayer({ retry, ...options });
  opened.push(data);
  return data;
}

const calls: Readonly<Record<string, (data: DataLayer) => Promise<unknown>>> = {
  get: (data) => data.project.get(key),
  query: (data) => data.project.query({ userId: "u1" }),
  put: (data) => data.project.put({ ...key, data: { name: "n" } as never }),
  update: (data) => data.project.update(key, { name: "n" } as never),
  batchPut: (data) => data.project.batchPut([{ ...key, data: { name: "n" } as never }]),
  "collections.workspace": (data) => data.collections.workspace({ userId: "u1" }),
};

async function messageOf(promise: Promise<unknown>): Promise<string> {
  return (await failureOf(promise, DynamoDBError)).message;
}

describe.each(Object.entries(calls))("%s", (_name, call) => {
  test("where no engine runs names endpoint, table and what to run (it said ECONNREFUSED alone)", async () => {
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}`;
    const error = await failureOf(call(layer({ environment: "local", endpoint })), DynamoDBError);
    expect(error.code).toBe("ECONNREFUSED");
    expect(error.message).toContain(
      `nothing answers for BayonCoAgent-local at ${endpoint}; start the engine with: npx bayon-data db --port ${port}`,
    );
  });

  test("where a name has several addresses, of which none answers, has the same code", async () => {
    const port = await freePort();
    // Node tries ::1 and 127.0.0.1, and throws an AggregateError without a message.
    const lookup = (_host: string, _options: object, done: (...found: unknown[]) => void) =>
      done(null, [
        { address: "127.0.0.1", family: 4 },
        { address: "127.0.0.2", family: 4 },
      ]);
    const data = layer({
      environment: "local",
      endpoint: `http://localhost:${port}`,
      requestHandler: { httpAgent: { lookup, autoSelectFamily: true } } as never,
    });
    const error = await failureOf(call(data), DynamoDBError);
    expect(error.code).toBe("ECONNREFUSED");
    expect(error.message).toContain(`BayonCoAgent-local at http://localhost:${port}`);
  });
});

describe.each(engines)("without a table, on $name", ({ engine: name }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine({ engine: name });
  });
  afterAll(() => engine.close());
  const place = () => {
    const { endpoint, region } = engine;
    return { endpoint, region, credentials: engine.credentials, environment: "local" } as const;
  };

  test.each(Object.entries(calls))(
    "%s names it and the command that creates it (it said: requested resource not found)",
    async (_name, call) => {
      const data = layer({ ...place(), tableName: "Not-There" });
      const error = await failureOf(call(data), DynamoDBError);
      expect(error.code).toBe("ResourceNotFoundException");
      expect(error.message).toContain(
        `there is no table Not-There at ${engine.endpoint}; create it with: npx bayon-data table create --environment local --table Not-There --endpoint ${engine.endpoint}`,
      );
    },
  );

  test("the command that the message names creates it", async () => {
    const data = layer({ ...place(), tableName: "Advised" });
    const message = await messageOf(data.project.get(key));
    const [, flags = ""] = /npx bayon-data (table create .*)$/.exec(message) ?? [];
    const { code } = await bayonData(flags.split(" "));
    expect(code).toBe(0);
    expect(await data.project.get(key)).toBeNull();
  });

  test("table.wait says so when its time is over (it said that there was no answer)", async () => {
    const data = layer({ ...place(), tableName: "Not-There" });
    const error = await failureOf(data.table.wait({ timeoutMs: 400 }), TimeoutError);
    expect(error).toMatchObject({ operation: "table.wait", code: "TimeoutError" });
    expect(error.message).toContain("there is no table Not-There at ");
    expect(error.message).toContain("npx bayon-data table create");
  });

  test("native chains say it too", async () => {
    const data = layer({ ...place(), tableName: "Not-There" });
    const reading = data.project.entity.get(key).go();
    await expect(reading).rejects.toThrow("npx bayon-data table create");
  });

  test("a client of the application's own is not said to be anywhere", async () => {
    const { client } = createClients({ ...place(), tableName: "Not-There" });
    try {
      const message = await messageOf(layer({ client, tableName: "Not-There" }).project.get(key));
      expect(message).toMatch(/^get Project .*(?:resource|table)/i);
      expect(message).not.toContain("bayon-data");
    } finally {
      client.destroy();
    }
  });
});

describe("table.* where no engine runs", () => {
  test.each(["create", "describe", "delete", "wait"] as const)(
    "%s says what to run",
    async (name) => {
      const port = await freePort();
      const data = layer({ environment: "local", endpoint: `http://127.0.0.1:${port}` });
      const error = await failureOf(data.table[name](), DynamoDBError);
      expect(error).toMatchObject({ code: "ECONNREFUSED", operation: `table.${name}` });
      expect(error.message).toContain(`npx bayon-data db --port ${port}`);
    },
  );
});

test("the generic repository says what to run", async () => {
  const names = ["COAGENT_ENV", "AWS_ENDPOINT_URL_DYNAMODB"] as const;
  const before = names.map((name) => process.env[name]);
  const port = await freePort();
  try {
    process.env.COAGENT_ENV = "local";
    process.env.AWS_ENDPOINT_URL_DYNAMODB = `http://127.0.0.1:${port}`;
    resetClients();
    resetRepository();
    const repository = getRepository();
    const item = { PK: "USER#u1", SK: "X#1", EntityType: "UserProfile", Data: {} } as never;
    const calls = [
      repository.get("USER#u1", "PROFILE"),
      repository.query("USER#u1"),
      repository.put(item),
      repository.batchGet([{ PK: "USER#u1", SK: "PROFILE" }]),
      repository.batchWrite([item]),
    ];
    for (const message of await Promise.all(calls.map(messageOf))) {
      expect(message).toContain(
        `nothing answers for BayonCoAgent-local at http://127.0.0.1:${port} (AWS_ENDPOINT_URL_DYNAMODB); start the engine with: npx bayon-data db --port ${port}`,
      );
    }
  } finally {
    names.forEach((name, index) => {
      const value = before[index];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    });
    resetClients();
    resetRepository();
  }
});

test.each(["local", "development"])(
  "a command names the endpoint of AWS_ENDPOINT_URL in %s (it said AWS, or went elsewhere)",
  async (environment) => {
    await using engine = await startEngine();
    const given = {
      COAGENT_ENV: environment,
      AWS_ENDPOINT_URL: engine.endpoint,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    };
    const before = { ...process.env };
    try {
      Object.assign(process.env, given);
      delete process.env.AWS_ENDPOINT_URL_DYNAMODB;
      delete process.env.DYNAMODB_TABLE_NAME;
      const { code, out } = await bayonData(["table", "create"]);
      expect(code).toBe(0);
      expect(out).toContain(`BayonCoAgent-${environment} at ${engine.endpoint}`);
    } finally {
      for (const name of Object.keys(given)) delete process.env[name];
      Object.assign(process.env, before);
    }
  },
);

describe("advice", () => {
  const aws: Place = {
    environment: "development",
    tableName: "BayonCoAgent-development",
    region: "us-east-1",
    endpoint: undefined,
  };
  const local: Place = {
    environment: "local",
    tableName: "BayonCoAgent-local",
    region: "us-east-1",
    endpoint: "http://localhost:4566",
  };
  const refused = { code: "ECONNREFUSED" };
  const missing = { name: "ResourceNotFoundException" };

  test("takes the defaults as the commands have them", () => {
    expect(adviceOn(refused, local)).toBe(
      "nothing answers for BayonCoAgent-local at http://localhost:4566; start the engine with: npx bayon-data db",
    );
    expect(adviceOn(missing, local)).toMatch(/npx bayon-data table create --environment local$/);
    expect(adviceOn(missing, aws)).toMatch(/npx bayon-data table create --region us-east-1$/);
  });

  test("of an engine on another host names no command of this machine", () => {
    const place = { ...aws, endpoint: "http://dynamodb:8000", endpointSource: "AWS_ENDPOINT_URL" };
    expect(adviceOn(refused, place)).toBe(
      "nothing answers for BayonCoAgent-development at http://dynamodb:8000 (AWS_ENDPOINT_URL); is the engine running there?",
    );
  });

  test("of AWS names the variable for the table on this machine, in production none", () => {
    expect(adviceOn({ code: "ENOTFOUND" }, aws)).toContain("set USE_LOCAL_AWS=true");
    const production = { ...aws, environment: "production", region: undefined } as const;
    expect(adviceOn({ code: "ENOTFOUND" }, production)).toBe(
      "nothing answers for BayonCoAgent-development at AWS",
    );
    expect(adviceOn(missing, production)).toContain("look at its name and region, or create it");
  });

  test("is none for what no command mends", () => {
    for (const error of [{ name: "ValidationException" }, new Error("x"), "x", undefined]) {
      expect(adviceOn(error, local)).toBeUndefined();
    }
  });

  test("and place show no secret of an endpoint", () => {
    const place = { ...local, endpoint: "http://user:s3cret@localhost:4566/path?token=s3cret" };
    expect(placeOf(place)).toBe("BayonCoAgent-local at http://localhost:4566/path");
    expect(`${adviceOn(refused, place)} ${adviceOn(missing, place)}`).not.toContain("s3cret");
  });
});

test("a password in the endpoint is in no message, and neither are credentials", async () => {
  const port = await freePort();
  const data = layer({
    environment: "local",
    endpoint: `http://user:s3cret@127.0.0.1:${port}`,
    credentials: { accessKeyId: "AKIAs3cret", secretAccessKey: "s3cret" },
  });
  const error = await failureOf(data.project.get(key), DynamoDBError);
  expect(error.message).toContain("npx bayon-data db");
  expect(`${error.message}${JSON.stringify(error)}`).not.toContain("s3cret");
});
