import { resolveConfiguration } from "../src/config.js";
import { ConfigurationError } from "../src/errors.js";

const none = {};

describe("the environment", () => {
  test.each([
    [{}, "development"],
    [{ NODE_ENV: "test" }, "development"],
    [{ NODE_ENV: "production" }, "production"],
    [{ USE_LOCAL_AWS: "true" }, "local"],
    [{ USE_LOCAL_AWS: "false" }, "development"],
    [{ USE_LOCAL_AWS: "" }, "development"],
    [{ NODE_ENV: "production", USE_LOCAL_AWS: "true" }, "production"],
    [{ NODE_ENV: "production", COAGENT_ENV: "local" }, "local"],
    [{ USE_LOCAL_AWS: "true", COAGENT_ENV: "development" }, "development"],
    [{ COAGENT_ENV: " production " }, "production"],
  ])("with %p is %s", (variables, expected) => {
    expect(resolveConfiguration(none, variables).environment).toBe(expected);
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
