/** What every engine offers to the tests that run against it. */

/** `remote` is an endpoint given by its URL. */
export type EngineName = "dynoxide" | "dynalite" | "dynamodb-local" | "remote";

/** The capabilities that not every engine has. */
export interface EngineCapabilities {
  /** TransactWriteItems and TransactGetItems. */
  readonly transactions: boolean;
  /** UpdateTimeToLive. Only DynamoDB Local deletes expired items, some time later. */
  readonly timeToLive: boolean;
  /** A stream of a table's changes. */
  readonly streams: boolean;
  /** If `ALL_OLD` asks for it, the response to a failed condition contains the existing item. */
  readonly oldItemOnConditionFailure: boolean;
  /** What was written is still there after a restart. */
  readonly durable: boolean;
}

/** A DynamoDB engine that listens at `endpoint`. */
export interface Engine {
  readonly name: EngineName;
  /** Without a trailing slash, for instance `http://127.0.0.1:49152`. */
  readonly endpoint: string;
  readonly region: string;
  /** Engines check the form of a signature, but never the secret. */
  readonly credentials: { readonly accessKeyId: "test"; readonly secretAccessKey: "test" };
  readonly capabilities: EngineCapabilities;
  /**
   * Stops the engine and resolves when its port is free, at most one second later. May be called more
   * than once. An endpoint that was given by its URL is left running.
   */
  close(): Promise<void>;
  /** The same as `close()`; `await using` calls it. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Creates an Engine from the parts that differ between engines. `stop` is called only once. */
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
