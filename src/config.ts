/** Environment and options to a validated configuration. The only reader of `process.env`. */
import type { DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { ConfigurationError } from "./errors.js";

/** A pair of keys, or a provider function. */
export type Credentials = NonNullable<DynamoDBClientConfig["credentials"]>;

export type Environment = "production" | "development" | "local";

/** Where the table is. Each option wins over its environment variable. */
export interface ConnectionOptions {
  /** `COAGENT_ENV`; else from `NODE_ENV` and `USE_LOCAL_AWS`. @default "development" */
  readonly environment?: Environment | undefined;
  /** `DYNAMODB_TABLE_NAME`. @default "BayonCoAgent-prod", "-development" or "-local" */
  readonly tableName?: string | undefined;
  /** `AWS_REGION`. @default "us-east-1" outside production; there the SDK's own chain decides */
  readonly region?: string | undefined;
  /** `AWS_ENDPOINT_URL_DYNAMODB`. @default "http://localhost:4566" in `local`, else the SDK's own */
  readonly endpoint?: string | undefined;
  /** A pair, or a provider function. @default test/test in `local`, else the SDK's own chain */
  readonly credentials?: Credentials | undefined;
}

export interface Configuration {
  readonly environment: Environment;
  readonly tableName: string;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  readonly credentials: Credentials | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

const tableNames: Readonly<Record<Environment, string>> = {
  production: "BayonCoAgent-prod",
  development: "BayonCoAgent-development",
  local: "BayonCoAgent-local",
};

/** The endpoint of `local`: LocalStack's, where `npm run db` serves the embedded engine too. */
export const localEndpoint = "http://localhost:4566";

/**
 * Resolves the configuration, options first, then the environment's variables.
 * @throws ConfigurationError that names the variable or option
 */
export function resolveConfiguration(
  options: ConnectionOptions = {},
  variables: Variables = process.env,
): Configuration {
  const environment = resolveEnvironment(options.environment, variables);
  const local = environment === "local";
  return {
    environment,
    tableName: resolveTableName(options.tableName, variables, environment),
    region: resolveRegion(options.region, variables, environment),
    endpoint: resolveEndpoint(options.endpoint, variables, local),
    credentials: resolveCredentials(options.credentials, variables, local),
  };
}

/**
 * The keys that `COAGENT_ENCRYPTION_KEYS` holds, as JSON: `{"current":"…","keys":{"…":"…"}}`.
 * @throws ConfigurationError that never shows the variable's value
 */
export function encryptionVariable(
  variables: Variables = process.env,
): { readonly value: object; readonly source: string } | undefined {
  const source = "COAGENT_ENCRYPTION_KEYS";
  const text = setting(variables, source);
  if (text === undefined) return undefined;
  const rule = `${source} must be JSON: {"current":"<id>","keys":{"<id>":"<32 bytes as base64url>"}}`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What JSON.parse says of it holds a piece of it.
    throw new ConfigurationError(rule);
  }
  if (typeof value !== "object" || value === null) throw new ConfigurationError(rule);
  return { value, source };
}

function resolveEnvironment(option: unknown, variables: Variables): Environment {
  const [source, named] =
    option === undefined
      ? (["COAGENT_ENV", setting(variables, "COAGENT_ENV")] as const)
      : (["environment", option] as const);
  if (named !== undefined) {
    if (named === "production" || named === "development" || named === "local") return named;
    throw wrong(source, named, "production, development or local");
  }
  if (setting(variables, "NODE_ENV") === "production") return "production";
  const useLocal = setting(variables, "USE_LOCAL_AWS");
  if (useLocal === undefined || useLocal === "false") return "development";
  if (useLocal === "true") return "local";
  throw wrong("USE_LOCAL_AWS", useLocal, "true or false");
}

function resolveTableName(option: unknown, variables: Variables, environment: Environment): string {
  const [source, name] =
    option === undefined
      ? (["DYNAMODB_TABLE_NAME", setting(variables, "DYNAMODB_TABLE_NAME")] as const)
      : (["tableName", option] as const);
  if (name === undefined) return tableNames[environment];
  const valid = typeof name === "string" && /^(arn:[\w:/.-]+|[\w.-]{3,255})$/.test(name);
  if (!valid) throw wrong(source, name, "3 to 255 of letters, digits, _ . - (or a table's ARN)");
  return name;
}

function resolveRegion(
  option: unknown,
  variables: Variables,
  environment: Environment,
): string | undefined {
  const [source, region] =
    option === undefined
      ? (["AWS_REGION", setting(variables, "AWS_REGION")] as const)
      : (["region", option] as const);
  if (region === undefined) return environment === "production" ? undefined : "us-east-1";
  if (typeof region !== "string" || !/^[a-z]{2,}(-[a-z0-9]+)+$/.test(region)) {
    throw wrong(source, region, "an AWS region such as us-east-1");
  }
  return region;
}

function resolveEndpoint(
  option: unknown,
  variables: Variables,
  local: boolean,
): string | undefined {
  const [source, endpoint] =
    option === undefined
      ? (["AWS_ENDPOINT_URL_DYNAMODB", setting(variables, "AWS_ENDPOINT_URL_DYNAMODB")] as const)
      : (["endpoint", option] as const);
  if (endpoint === undefined) return local ? localEndpoint : undefined;
  const url = typeof endpoint === "string" ? parsedUrl(endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw wrong(source, endpoint, "an http or https URL");
  }
  if (local && !isLoopback(url.hostname)) {
    throw wrong(source, url.origin, "a loopback address in the environment local");
  }
  return url.href.replace(/\/$/, "");
}

/** A text as a URL; `undefined` if it is none. Not by `URL.canParse`, which jsdom's URL lacks. */
export function parsedUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

function resolveCredentials(
  option: ConnectionOptions["credentials"],
  variables: Variables,
  local: boolean,
): Configuration["credentials"] {
  if (typeof option === "function") return option;
  if (option?.accessKeyId !== undefined || option?.secretAccessKey !== undefined) {
    if (!option.accessKeyId) throw half("credentials.accessKeyId", "credentials.secretAccessKey");
    if (!option.secretAccessKey)
      throw half("credentials.secretAccessKey", "credentials.accessKeyId");
    return option;
  }
  const accessKeyId = setting(variables, "AWS_ACCESS_KEY_ID");
  const secretAccessKey = setting(variables, "AWS_SECRET_ACCESS_KEY");
  if (accessKeyId === undefined && secretAccessKey !== undefined) {
    throw half("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
  }
  if (accessKeyId !== undefined && secretAccessKey === undefined) {
    throw half("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID");
  }
  // A complete pair in the environment is read by the SDK's own chain, session token included.
  return local ? { accessKeyId: "test", secretAccessKey: "test" } : undefined;
}

/** A variable's value; an empty one counts as not set, as shells and .env files leave it. */
function setting(variables: Variables, name: string): string | undefined {
  const value = variables[name]?.trim();
  return value === "" ? undefined : value;
}

function wrong(source: string, value: unknown, rule: string): ConfigurationError {
  const shown = typeof value === "string" ? JSON.stringify(value.slice(0, 100)) : typeof value;
  return new ConfigurationError(`${source} is ${shown}: must be ${rule}`);
}

function half(missing: string, given: string): ConfigurationError {
  return new ConfigurationError(
    `${missing} is not set although ${given} is: credentials come in pairs`,
  );
}
