/** What every engine is to the tests that run against it. */

/** `remote` is an endpoint that was given by its URL. */
export type EngineName = "dynoxide" | "dynalite" | "dynamodb-local" | "remote";

/** What an engine can do of that which not every engine can. */
export interface EngineCapabilities {
  /** TransactWriteItems and TransactGetItems. */
  readonly transactions: boolean;
  /** UpdateTimeToLive; no engine deletes what has expired. */
  readonly timeToLive: boolean;
  /** A failed condition answers with the item that was there, where `ALL_OLD` asks for it. */
  readonly oldItemOnConditionFailure: boolean;
  /** What was written is there again after a restart. */
  readonly durable: boolean;
}

/** A DynamoDB engine that answers at `endpoint`. */
export interface Engine {
  readonly name: EngineName;
  /** Without a trailing slash, for instance `http://127.0.0.1:49152`. */
  readonly endpoint: string;
  readonly region: string;
  /** Engines check the form of a signature, never the secret. */
  readonly credentials: { readonly accessKeyId: "test"; readonly secretAccessKey: "test" };
  readonly capabilities: EngineCapabilities;
  /**
   * Stops the engine and resolves when its port is free, one second later at most. May be called
   * again. An endpoint that was given by its URL is left alone.
   */
  close(): Promise<void>;
  /** `await using` calls it; the same as `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes an Engine of what differs between them; `stop` is called once. */
export function engineAt(
  name: EngineName,
  endpoint: string,
  capabilities: EngineCapabilities,
  stop: () => Promise<void>,
): Engine {
  let stopped: Promise<void> | undefined;
  const close = (): Promise<void> => {
    stopped ??= stop();
    return stopped;
  };
  return {
    name,
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    capabilities,
    close,
    [Symbol.asyncDispose]: close,
  };
}
