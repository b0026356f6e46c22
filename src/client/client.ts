/** SDK clients from a configuration, and the process-wide defaults with their reset. */
import type { AgentOptions } from "node:http";
import {
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { NodeHttpHandlerOptions } from "@smithy/node-http-handler";
import { refuseUnknownSettings } from "../call/options.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { handlerOptionNames, OrderlyHandler } from "../wire/request-handler.js";
import { adviceOn } from "./advice.js";
import { type Configuration, resolveConfiguration } from "./config.js";
import type { Wire } from "./item-requests.js";
import { NativeDocumentClient, StoredValuesClient } from "./native-client.js";
import { hasProtocol } from "./protocol.js";
import { watchedCredentials, watchSending } from "./unsent.js";

export type RequestHandler = NonNullable<DynamoDBClientConfig["requestHandler"]>;

// The SDK's logger middleware filters each input and output through the schema, unless the logger has
// no `info`. The transport logs requests itself, without payloads.
const quietLogger = { debug: ignore, warn: ignore, error: ignore };
function ignore(): void {
  // The SDK's own log lines may hold payloads.
}

/**
 * One attempt, whose error is thrown unchanged. The SDK's own strategy, even with one attempt, replaces
 * an error of another realm by one without name and code. Under Jest all of Node's errors are such
 * (@smithy/core 3.38, `asSdkError`).
 */
const noRetry: NonNullable<DynamoDBClientConfig["retryStrategy"]> = {
  retry: (next, args) => next(args),
};

/** The clients of one configuration: the SDK's own, and the document client over it. */
export interface Clients {
  readonly client: DynamoDBClient;
  readonly documentClient: DynamoDBDocumentClient;
}

/** @throws ConfigurationError if it is neither a handler nor the options of one */
export function checkRequestHandler(given: RequestHandler): void {
  if (typeof given !== "object" || given === null) {
    throw new ConfigurationError("requestHandler must be a request handler, or its options");
  }
  if (isHandler(given)) return;
  refuseUnknownSettings("requestHandler", given, handlerOptionNames);
  const { httpAgent, httpsAgent } = given as NodeHttpHandlerOptions;
  for (const [name, agent] of Object.entries({ httpAgent, httpsAgent })) {
    const { maxSockets, maxTotalSockets } = (agent ?? {}) as AgentOptions;
    // For Node's agents, 0 and null mean no limit. With a negative one, each request would wait for ever.
    checkSockets(`${name}.maxSockets`, maxSockets, 0);
    checkSockets(`${name}.maxTotalSockets`, maxTotalSockets, 1);
  }
}

function checkSockets(name: string, sockets: number | null | undefined, least: number): void {
  if (sockets === undefined || sockets === null || sockets >= least) return;
  throw new ConfigurationError(`requestHandler.${name} must be a number from ${least}`);
}

/** Clients for the configuration. The SDK's own retry is off: the transport retries. */
export function createClients(
  configuration: Configuration,
  given: RequestHandler = {},
  wire?: Wire,
): Clients {
  const { client, config } = createPlainClient(configuration, given);
  const documentClient = hasProtocol(client)
    ? new NativeDocumentClient(client, config, translateConfig, wire)
    : createDocumentClient(client);
  return { client, documentClient };
}

/**
 * The same clients, but the second one takes and returns values in DynamoDB's own form.
 * @throws ConfigurationError if the SDK's release is too old
 */
export function createStoredClients(
  configuration: Configuration,
  given: RequestHandler = {},
): { readonly client: DynamoDBClient; readonly storedClient: StoredValuesClient } {
  const { client, config } = createPlainClient(configuration, given);
  if (!hasProtocol(client)) {
    throw new ConfigurationError(
      "the commands over a whole table need @aws-sdk/client-dynamodb 3.1000 or later",
    );
  }
  return { client, storedClient: new StoredValuesClient(client, config) };
}

function createPlainClient(
  configuration: Configuration,
  given: RequestHandler,
): { readonly client: DynamoDBClient; readonly config: DynamoDBClientConfig } {
  if (!globalThis.process?.versions?.node) {
    throw new ConfigurationError(
      "bayon-coagent-data runs on servers only: a browser has no AWS credentials",
    );
  }
  const { region, endpoint } = configuration;
  const credentials = watchedCredentials(configuration.credentials);
  const requestHandler = isHandler(given)
    ? given
    : new OrderlyHandler(given as NodeHttpHandlerOptions);
  const config: DynamoDBClientConfig = {
    maxAttempts: 1,
    retryStrategy: noRetry,
    requestHandler,
    // The type requires `info`, but the middleware checks whether the logger has it.
    logger: quietLogger as unknown as NonNullable<DynamoDBClientConfig["logger"]>,
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
  };
  const client = new DynamoDBClient(config);
  watchSending(client);
  return { client, config };
}

function isHandler(given: RequestHandler): boolean {
  return typeof (given as { readonly handle?: unknown }).handle === "function";
}

/** `undefined` is left out, and empty strings are kept. */
const translateConfig = {
  marshallOptions: {
    removeUndefinedValues: true,
    convertEmptyValues: false,
    convertClassInstanceToMap: false,
  },
  unmarshallOptions: { wrapNumbers: false },
};

/**
 * Whether it is a DynamoDBClient of any copy of the SDK. An application with a second copy gives an
 * instance of another class. Only a document client has a class with a static `from`.
 */
export function isPlainClient(client: object): client is DynamoDBClient {
  // A test or a tracer that has replaced its `send` must see what is sent.
  if (Object.hasOwn(client, "send")) return false;
  if (client instanceof DynamoDBClient) return true;
  const { config, middlewareStack } = client as Partial<DynamoDBClient>;
  const isDocumentClient = typeof (client.constructor as { from?: unknown }).from === "function";
  return typeof config === "object" && typeof middlewareStack === "object" && !isDocumentClient;
}

/**
 * Refuses a client whose SDK release cannot send this package's commands. They leave the serialisation
 * of a request to the protocol in the client's configuration, which older releases do not have.
 * @throws ConfigurationError that says what to install
 */
export function checkRelease(client: object): void {
  const { config } = client as Partial<DynamoDBClient>;
  const hasSchema = (new GetItemCommand({} as never) as { schema?: unknown }).schema !== undefined;
  if (typeof config !== "object" || !hasSchema || hasProtocol(client as DynamoDBClient)) return;
  throw new ConfigurationError(
    "client is from a release of @aws-sdk/client-dynamodb before 3.931, and cannot send the commands of the newer one that this package uses: update it, or install one copy of the SDK for both",
  );
}

/** The document client over a client of the caller's. */
export function createDocumentClient(client: DynamoDBClient): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(client, translateConfig);
}

let defaultConfiguration: Configuration | undefined;
let defaultClients: Clients | undefined;

/** The process-wide configuration, read from the environment on first use. */
export function getConfiguration(): Configuration {
  defaultConfiguration ??= resolveConfiguration();
  return defaultConfiguration;
}

/** The process-wide DynamoDB client, made on first use. */
export function getDynamoDBClient(): DynamoDBClient {
  defaultClients ??= createClients(getConfiguration());
  return defaultClients.client;
}

/** The process-wide document client, made on first use. */
export function getDocumentClient(): DynamoDBDocumentClient {
  defaultClients ??= createClients(getConfiguration());
  return defaultClients.documentClient;
}

/** The table's name, from the process-wide configuration. */
export function getTableName(): string {
  return getConfiguration().tableName;
}

/** What a person can do about a failure of the process-wide clients. */
export function adviceOnDefaults(error: unknown): string | undefined {
  return adviceOn(error, getConfiguration());
}

/** Closes the process-wide clients. The environment is read again on their next use. */
export function resetClients(): void {
  defaultClients?.documentClient.destroy();
  defaultClients?.client.destroy();
  defaultConfiguration = undefined;
  defaultClients = undefined;
}
