/** A validated configuration from options and environment. Only this file reads `process.env`. */
import type { DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { refuseMisspelt, refuseUnknownSettings } from "../call/options.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { isPlainMap } from "../values/payload.js";

/** A pair of keys, or a provider function. */
export type Credentials = NonNullable<DynamoDBClientConfig["credentials"]>;

export type Environment = "production" | "development" | "local";

/** Where the table is. Each option wins over its environment variable. */
export interface ConnectionOptions {
  /**
   * `COAGENT_ENV`, else derived from `NODE_ENV` and `USE_LOCAL_AWS`, which must not contradict each
   * other.
   * @default "development"
   */
  readonly environment?: Environment | undefined;
  /** `DYNAMODB_TABLE_NAME`. @default "BayonCoAgent-prod", "-development" or "-local" */
  readonly tableName?: string | undefined;
  /** `AWS_REGION`. @default "us-east-1"; in production, the region of the SDK's own chain */
  readonly region?: string | undefined;
  /**
   * `AWS_ENDPOINT_URL_DYNAMODB`, else `AWS_ENDPOINT_URL`. Neither is used if
   * `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is true.
   * @default "http://localhost:4566" in `local`, else the SDK's own
   */
  readonly endpoint?: string | undefined;
  /** A pair, or a provider function. @default test/test in `local`, else the SDK's own chain */
  readonly credentials?: Credentials | undefined;
}

export interface Configuration {
  readonly environment: Environment;
  readonly tableName: string;
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  /** The option or variable that names the endpoint; `undefined` for a default. */
  readonly endpointSource?: string | undefined;
  readonly credentials: Credentials | undefined;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The environment's variables, as they are now. */
export function variables(): Variables {
  return process.env;
}

const tableNames: Readonly<Record<Environment, string>> = {
  production: "BayonCoAgent-prod",
  development: "BayonCoAgent-development",
  local: "BayonCoAgent-local",
};

/** The table's name if no option or variable gives one. */
export function defaultTableName(environment: Environment): string {
  return tableNames[environment];
}

/** The endpoint of `local`: LocalStack's. `bayon-data db` serves the embedded engine there, too. */
export const localEndpoint = "http://localhost:4566";

/**
 * Resolves the configuration from the options, and else from the environment's variables.
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
    ...resolveEndpoint(options.endpoint, variables, local),
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
    // The message of JSON.parse would quote a part of the keys.
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
  const isProduction = setting(variables, "NODE_ENV") === "production";
  if (!isTrue(variables, "USE_LOCAL_AWS")) return isProduction ? "production" : "development";
  if (!isProduction) return "local";
  // `next start` sets the one and reads the other from .env.local. It is unclear which table is meant.
  throw new ConfigurationError(
    "NODE_ENV is production and USE_LOCAL_AWS is true, which contradict each other: set COAGENT_ENV to local or to production",
  );
}

/** The value of a variable that is true or false. */
function isTrue(variables: Variables, name: string): boolean {
  const value = setting(variables, name);
  if (value === undefined || value === "false") return false;
  if (value === "true") return true;
  throw wrong(name, value, "true or false");
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
): Pick<Configuration, "endpoint" | "endpointSource"> {
  const [source, endpoint] =
    option === undefined ? endpointVariable(variables) : (["endpoint", option] as const);
  if (endpoint === undefined) {
    return { endpoint: local ? localEndpoint : undefined, endpointSource: undefined };
  }
  const url = typeof endpoint === "string" ? parsedUrl(endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw wrong(source, endpoint, "an http or https URL");
  }
  if (local && !isLoopback(url.hostname)) throw notLoopback(source, url);
  return { endpoint: url.href.replace(/\/$/, ""), endpointSource: source };
}

/** The SDK's own order: DynamoDB's variable, then the one of all services (@smithy/core 3.38). */
function endpointVariable(variables: Variables): readonly [string, string | undefined] {
  const own = setting(variables, "AWS_ENDPOINT_URL_DYNAMODB");
  const common = setting(variables, "AWS_ENDPOINT_URL");
  const ignored = isTrue(variables, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
  if (ignored || (own ?? common) === undefined) return ["endpoint", undefined];
  return own === undefined ? ["AWS_ENDPOINT_URL", common] : ["AWS_ENDPOINT_URL_DYNAMODB", own];
}

/** `local` means this machine, and has credentials of its own. An engine in another container is not it. */
function notLoopback(source: string, { origin }: URL): ConfigurationError {
  const rule = "a loopback address in the environment local";
  const way =
    source === "endpoint"
      ? 'give environment "development", this endpoint and credentials'
      : `set COAGENT_ENV=development, ${source}=${origin}, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`;
  const table = `the table is then ${tableNames.development}, unless you name one`;
  return new ConfigurationError(
    `${source} is ${JSON.stringify(origin)}: must be ${rule}. For an engine on another host ${way} (for an engine of your own, test and test); ${table}`,
  );
}

/** A text as a URL, or `undefined`. `URL.canParse` is not used, because jsdom's URL lacks it. */
export function parsedUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** Whether a URL's host is this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

function resolveCredentials(
  option: ConnectionOptions["credentials"],
  variables: Variables,
  local: boolean,
): Configuration["credentials"] {
  if (typeof option === "function") return option;
  checkCredentials(option);
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
  // The SDK's own chain reads a complete pair in the environment, with its session token.
  return local ? { accessKeyId: "test", secretAccessKey: "test" } : undefined;
}

const credentialNames = ["accessKeyId", "secretAccessKey", "sessionToken"];

/** If wrong credentials were ignored, the call would use the keys in the environment. */
function checkCredentials(option: unknown): void {
  if (option === undefined || option === null) return;
  if (typeof option !== "object") {
    throw new ConfigurationError("credentials must be a pair of keys or a provider function");
  }
  refuseMisspelt("credentials", option, credentialNames);
  const { accessKeyId, secretAccessKey } = option as Record<string, unknown>;
  const isPair = accessKeyId !== undefined || secretAccessKey !== undefined;
  if (!isPair) refuseUnknownSettings("credentials", option, credentialNames);
  // An instance of a class has members of its own.
  else if (isPlainMap(option)) refuseForeign(option);
}

/** What the SDK's own providers put beside a pair of keys. */
const besideKeys = ["expiration", "credentialScope", "accountId", "identityId", "$source"];

function refuseForeign(pair: object): void {
  const rest = Object.entries(pair).filter(([name]) => !besideKeys.includes(name));
  refuseUnknownSettings("credentials", Object.fromEntries(rest), credentialNames);
}

/** A variable's value. An empty one, as shells and .env files leave it, counts as not set. */
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
