import { Agent } from "node:http";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { resolveConfiguration } from "../../src/client/config.js";
import { createDataLayer } from "../../src/data-layer.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { startEngine } from "../../src/testing/index.js";

const none = {};

describe("the environment", () => {
  test.each([
    [{}, "development"],
    [{ NODE_ENV: "test" }, "development"],
    [{ NODE_ENV: "production" }, "production"],
    [{ USE_LOCAL_AWS: "true" }, "local"],
    [{ USE_LOCAL_AWS: "false" }, "development"],
    [{ USE_LOCAL_AWS: "" }, "development"],
    [{ NODE_ENV: "production", USE_LOCAL_AWS: "false" }, "production"],
    [{ NODE_ENV: "production", USE_LOCAL_AWS: "true", COAGENT_ENV: "local" }, "local"],
    [{ NODE_ENV: "production", USE_LOCAL_AWS: "true", COAGENT_ENV: "production" }, "production"],
    [{ NODE_ENV: "production", COAGENT_ENV: "local" }, "local"],
    [{ USE_LOCAL_AWS: "true", COAGENT_ENV: "development" }, "development"],
    [{ COAGENT_ENV: " production " }, "production"],
  ])("with %p is %s", (variables, expected) => {
    expect(resolveConfiguration(none, variables).environment).toBe(expected);
  });

  test("is not guessed where NODE_ENV and USE_LOCAL_AWS contradict each other, as `next start` with .env.local has them (it was production's table, silently)", () => {
    const variables = { NODE_ENV: "production", USE_LOCAL_AWS: "true" };
    const resolve = () => resolveConfiguration(none, variables);
    expect(resolve).toThrow(ConfigurationError);
    for (const name of ["NODE_ENV", "USE_LOCAL_AWS", "COAGENT_ENV"]) expect(resolve).toThrow(name);
    expect(resolveConfiguration({ environment: "local" }, variables)).toMatchObject({
      tableName: "BayonCoAgent-local",
    });
    expect(resolveConfiguration({ environment: "production" }, variables)).toMatchObject({
      tableName: "BayonCoAgent-prod",
    });
  });

  test("is not asked of a USE_LOCAL_AWS that is neither true nor false, in production either", () => {
    const variables = { NODE_ENV: "production", USE_LOCAL_AWS: "yes" };
    expect(() => resolveConfiguration(none, variables)).toThrow(/^USE_LOCAL_AWS is "yes": must be/);
  });

  test("is the option's where one is given", () => {
    const variables = { COAGENT_ENV: "production", NODE_ENV: "production" };
    expect(resolveConfiguration({ environment: "local" }, variables).environment).toBe("local");
  });

  test("is read from process.env by default, at each call", () => {
    const before = process.env.COAGENT_ENV;
    try {
      process.env.COAGENT_ENV = "local";
      expect(resolveConfiguration().environment).toBe("local");
      process.env.COAGENT_ENV = "production";
      expect(resolveConfiguration().environment).toBe("production");
    } finally {
      if (before === undefined) delete process.env.COAGENT_ENV;
      else process.env.COAGENT_ENV = before;
    }
  });
});

describe("what an environment means", () => {
  test("local is the endpoint and credentials of LocalStack, and needs one variable alone", () => {
    expect(resolveConfiguration(none, { USE_LOCAL_AWS: "true" })).toEqual({
      environment: "local",
      tableName: "BayonCoAgent-local",
      region: "us-east-1",
      endpoint: "http://localhost:4566",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
  });

  test("development is a table of its own", () => {
    expect(resolveConfiguration(none, none)).toEqual({
      environment: "development",
      tableName: "BayonCoAgent-development",
      region: "us-east-1",
      endpoint: undefined,
      credentials: undefined,
    });
  });

  test("production leaves endpoint, region and credentials to the SDK", () => {
    expect(resolveConfiguration(none, { NODE_ENV: "production" })).toEqual({
      environment: "production",
      tableName: "BayonCoAgent-prod",
      region: undefined,
      endpoint: undefined,
      credentials: undefined,
    });
  });

  test("each variable overrides its part, and each option overrides its variable", () => {
    const variables = {
      COAGENT_ENV: "local",
      DYNAMODB_TABLE_NAME: "Own.table-1",
      AWS_REGION: "eu-central-1",
      AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:8000/",
    };
    expect(resolveConfiguration(none, variables)).toMatchObject({
      tableName: "Own.table-1",
      region: "eu-central-1",
      endpoint: "http://127.0.0.1:8000",
    });
    const credentials = { accessKeyId: "a", secretAccessKey: "b", sessionToken: "c" };
    const options = {
      tableName: "Other",
      region: "us-gov-west-1",
      endpoint: "http://[::1]:9000",
      credentials,
    };
    expect(resolveConfiguration(options, variables)).toEqual({
      environment: "local",
      endpointSource: "endpoint",
      ...options,
    });
  });

  test("an option given as undefined is one that is not given", () => {
    const variables = { DYNAMODB_TABLE_NAME: "Own", AWS_REGION: "eu-west-1" };
    const options = {
      environment: undefined,
      tableName: undefined,
      region: undefined,
      endpoint: undefined,
      credentials: undefined,
    };
    expect(resolveConfiguration(options, variables)).toMatchObject({
      tableName: "Own",
      region: "eu-west-1",
    });
  });

  test("a variable that is empty is one that is not set", () => {
    const variables = {
      COAGENT_ENV: "",
      DYNAMODB_TABLE_NAME: "  ",
      AWS_REGION: "",
      AWS_ENDPOINT_URL_DYNAMODB: "",
      AWS_ACCESS_KEY_ID: "",
      AWS_SECRET_ACCESS_KEY: "",
    };
    expect(resolveConfiguration(none, variables)).toEqual(resolveConfiguration(none, none));
  });

  test("a table may be named by its ARN", () => {
    const tableName = "arn:aws:dynamodb:us-east-1:123456789012:table/BayonCoAgent-prod";
    expect(resolveConfiguration({ tableName }, none).tableName).toBe(tableName);
  });
});

describe("the endpoint", () => {
  const own = "http://127.0.0.1:8001";
  const common = "http://127.0.0.1:8002";
  const endpointOf = (variables: Record<string, string>, options = {}) => {
    const { endpoint, endpointSource } = resolveConfiguration(options, variables);
    return [endpoint, endpointSource];
  };

  test.each(["local", "development", "production"] as const)(
    "is AWS_ENDPOINT_URL in %s, unless DynamoDB's own variable or the option is set (it was ignored in local)",
    (environment) => {
      const variables = { COAGENT_ENV: environment, AWS_ENDPOINT_URL: common };
      expect(endpointOf(variables)).toEqual([common, "AWS_ENDPOINT_URL"]);
      expect(endpointOf({ ...variables, AWS_ENDPOINT_URL_DYNAMODB: own })).toEqual([
        own,
        "AWS_ENDPOINT_URL_DYNAMODB",
      ]);
      expect(endpointOf({ ...variables, AWS_ENDPOINT_URL_DYNAMODB: "" })).toEqual([
        common,
        "AWS_ENDPOINT_URL",
      ]);
      expect(endpointOf(variables, { endpoint: own })).toEqual([own, "endpoint"]);
    },
  );

  test.each(["local", "development", "production"] as const)(
    "is of no variable in %s where AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true, as the SDK has it",
    (environment) => {
      const variables = {
        COAGENT_ENV: environment,
        AWS_ENDPOINT_URL: common,
        AWS_ENDPOINT_URL_DYNAMODB: own,
        AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true",
      };
      const standard = environment === "local" ? "http://localhost:4566" : undefined;
      expect(endpointOf(variables)).toEqual([standard, undefined]);
      expect(endpointOf(variables, { endpoint: own })).toEqual([own, "endpoint"]);
      expect(endpointOf({ ...variables, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "false" })).toEqual([
        own,
        "AWS_ENDPOINT_URL_DYNAMODB",
      ]);
    },
  );

  test("is where the SDK itself sends what its own client is asked", async () => {
    // Precondition of the two above: the rules are the SDK's, in the release that is installed.
    const names = [
      "AWS_ENDPOINT_URL",
      "AWS_ENDPOINT_URL_DYNAMODB",
      "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    ] as const;
    const before = names.map((name) => process.env[name]);
    const hostOf = async (values: readonly (string | undefined)[]) => {
      names.forEach((name, index) => {
        const value = values[index];
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      });
      let host = "";
      const client = new DynamoDBClient({
        region: "us-east-1",
        credentials: { accessKeyId: "a", secretAccessKey: "b" },
        maxAttempts: 1,
        requestHandler: {
          handle: async ({ hostname, port }: { hostname: string; port?: number }) => {
            host = port === undefined ? hostname : `http://${hostname}:${port}`;
            throw new Error("seen");
          },
        } as never,
      });
      await client.send(new ListTablesCommand({})).catch(() => undefined);
      client.destroy();
      return host;
    };
    try {
      expect(await hostOf([common, own, undefined])).toBe(own);
      expect(await hostOf([common, undefined, undefined])).toBe(common);
      expect(await hostOf([common, own, "true"])).toBe("dynamodb.us-east-1.amazonaws.com");
    } finally {
      names.forEach((name, index) => {
        const value = before[index];
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      });
    }
  });
});

describe("credentials", () => {
  const pair = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };

  test("a pair in the environment is left to the SDK's own chain, with its session token", () => {
    expect(resolveConfiguration(none, pair).credentials).toBeUndefined();
  });

  test("a provider function is taken as it is", () => {
    const provider = async () => ({ accessKeyId: "a", secretAccessKey: "b" });
    expect(resolveConfiguration({ credentials: provider }, none).credentials).toBe(provider);
  });

  test("a pair of undefined is none: it would break the SDK's own chain", () => {
    const credentials = { accessKeyId: undefined, secretAccessKey: undefined } as never;
    expect(resolveConfiguration({ credentials }, none).credentials).toBeUndefined();
  });

  test.each([
    [{ AWS_ACCESS_KEY_ID: "a" }, "AWS_SECRET_ACCESS_KEY is not set although AWS_ACCESS_KEY_ID is"],
    [
      { AWS_SECRET_ACCESS_KEY: "b" },
      "AWS_ACCESS_KEY_ID is not set although AWS_SECRET_ACCESS_KEY is",
    ],
  ])("half a pair in the environment is refused: %p", (variables, message) => {
    for (const environment of ["production", "development", "local"] as const) {
      expect(() => resolveConfiguration({ environment }, variables)).toThrow(message);
    }
  });

  test("half a pair of options is refused, without showing the other half", () => {
    const resolve = () =>
      resolveConfiguration({ credentials: { secretAccessKey: "s3cret" } as never }, none);
    expect(resolve).toThrow(
      "credentials.accessKeyId is not set although credentials.secretAccessKey is",
    );
    expect(resolve).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("s3cret") }),
    );
  });
});

describe("a wrong value", () => {
  test.each<[string, Record<string, string>]>([
    ["COAGENT_ENV", { COAGENT_ENV: "staging" }],
    ["USE_LOCAL_AWS", { USE_LOCAL_AWS: "yes" }],
    ["DYNAMODB_TABLE_NAME", { DYNAMODB_TABLE_NAME: "a" }],
    ["DYNAMODB_TABLE_NAME", { DYNAMODB_TABLE_NAME: "no spaces please" }],
    ["DYNAMODB_TABLE_NAME", { DYNAMODB_TABLE_NAME: "x".repeat(256) }],
    ["AWS_REGION", { AWS_REGION: "Frankfurt" }],
    ["AWS_ENDPOINT_URL", { AWS_ENDPOINT_URL: "localhost" }],
    ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "1" }],
    ["AWS_ENDPOINT_URL_DYNAMODB", { AWS_ENDPOINT_URL_DYNAMODB: "localhost:4566" }],
    ["AWS_ENDPOINT_URL_DYNAMODB", { AWS_ENDPOINT_URL_DYNAMODB: "ftp://localhost" }],
    ["AWS_ENDPOINT_URL_DYNAMODB", { AWS_ENDPOINT_URL_DYNAMODB: "not a url" }],
  ])("of %s is a ConfigurationError that names it: %p", (variable, variables) => {
    const resolve = () => resolveConfiguration(none, variables);
    expect(resolve).toThrow(ConfigurationError);
    expect(resolve).toThrow(new RegExp(`^${variable} is ".+": must be `));
  });

  test.each<[string, object]>([
    ["environment", { environment: "test" }],
    ["environment", { environment: null }],
    ["tableName", { tableName: 7 }],
    ["tableName", { tableName: "" }],
    ["region", { region: "nowhere" }],
    ["endpoint", { endpoint: "localhost" }],
    ["endpoint", { endpoint: new URL("http://localhost") }],
  ])("of the option %s is named by the option: %p", (option, options) => {
    const resolve = () => resolveConfiguration(options, none);
    expect(resolve).toThrow(ConfigurationError);
    expect(resolve).toThrow(new RegExp(`^${option} is .+: must be `));
  });

  test.each([
    "https://dynamodb.us-east-1.amazonaws.com",
    "http://10.0.0.5:4566",
    "http://localhost.evil.com",
  ])("of the endpoint in local is one that is not loopback: %s", (endpoint) => {
    for (const resolve of [
      () => resolveConfiguration({ environment: "local", endpoint }, none),
      () =>
        resolveConfiguration(none, { COAGENT_ENV: "local", AWS_ENDPOINT_URL_DYNAMODB: endpoint }),
    ]) {
      expect(resolve).toThrow("must be a loopback address in the environment local");
    }
    expect(resolveConfiguration({ endpoint }, none).endpoint).toBe(endpoint);
  });

  test.each([
    "http://localhost:4566",
    "http://127.0.0.1:4566",
    "http://127.1.2.3",
    "http://[::1]:1",
    "http://db.localhost:2",
  ])("is not the loopback endpoint %s", (endpoint) => {
    expect(resolveConfiguration({ environment: "local", endpoint }, none).endpoint).toBe(endpoint);
  });

  test("does not show the credentials of an endpoint's URL", () => {
    const endpoint = "http://user:s3cret@example.com";
    expect(() => resolveConfiguration({ environment: "local", endpoint }, none)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("s3cret") }),
    );
  });
});

describe("an engine on another host, such as a container named dynamodb", () => {
  const variables = [
    "COAGENT_ENV",
    "USE_LOCAL_AWS",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
  ] as const;
  const before = variables.map((name) => process.env[name]);
  afterEach(() => {
    variables.forEach((name, index) => {
      const value = before[index];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    });
  });

  test("is refused in local with a message that names the way out (it named none)", () => {
    const given = { USE_LOCAL_AWS: "true", AWS_ENDPOINT_URL_DYNAMODB: "http://dynamodb:8000" };
    const resolve = () => resolveConfiguration(none, given);
    for (const part of [
      "must be a loopback address in the environment local",
      "COAGENT_ENV=development",
      "AWS_ENDPOINT_URL_DYNAMODB=http://dynamodb:8000",
      "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
      "BayonCoAgent-development",
    ]) {
      expect(resolve).toThrow(part);
    }
    const option = () =>
      resolveConfiguration({ environment: "local", endpoint: "http://dynamodb:8000" }, none);
    expect(option).toThrow('environment "development", this endpoint and credentials');
  });

  test("works by the variables that the message names", async () => {
    await using engine = await startEngine();
    const { port } = new URL(engine.endpoint);
    Object.assign(process.env, {
      USE_LOCAL_AWS: "true",
      COAGENT_ENV: "development",
      AWS_ENDPOINT_URL_DYNAMODB: `http://dynamodb:${port}`,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    });
    // The host's name leads to the engine, as a container network has it.
    const lookup = (_host: string, _options: object, done: (...found: unknown[]) => void) =>
      done(null, [{ address: "127.0.0.1", family: 4 }]);
    const httpAgent = new Agent({ lookup } as never);
    await using data = createDataLayer({ requestHandler: { httpAgent } as never });
    expect(data.configuration).toMatchObject({
      environment: "development",
      tableName: "BayonCoAgent-development",
      endpoint: `http://dynamodb:${port}`,
    });
    await data.table.create();
    const key = { userId: "u1", projectId: "p1" };
    await data.project.create({ ...key, data: { name: "n" } as never });
    expect(await data.project.get(key)).toMatchObject(key);
    await data.table.delete();
  });
});
