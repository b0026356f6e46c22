/** Requests to a table's stream, by the optional peer `@aws-sdk/client-dynamodb-streams`. */
import type {
  _Record,
  DynamoDBStreamsClient,
  DynamoDBStreamsClientConfig,
  Shard as SdkShard,
} from "@aws-sdk/client-dynamodb-streams";
import { ConfigurationError } from "../errors/configuration-error.js";
import { systemClock } from "../runtime/clock.js";
import { installed, load } from "../runtime/installed.js";
import { isObject } from "../runtime/objects.js";
import type { LayerSource } from "../store/layer-source.js";
import { OrderlyHandler } from "../wire/request-handler.js";
import type { Position } from "./checkpoint.js";
import type { StreamsSdk } from "./watch-options.js";

type Sdk = typeof import("@aws-sdk/client-dynamodb-streams");

const peer = "@aws-sdk/client-dynamodb-streams";

/** What an application can do whose bundle hides its packages. */
const inBundle = ". In a bundle, import it and give it: watch(data, { sdk })";

/** The SDK that the caller of `watch` gave, or the installed one. @throws ConfigurationError as `installedSdk` */
export function streamsSdk(given: StreamsSdk | undefined): Sdk {
  // Its members are what the name of the type says.
  return (given as unknown as Sdk | undefined) ?? installedSdk("watch", inBundle);
}

/** @throws ConfigurationError that says what to install */
export function installedSdk(operation: string, more = ""): Sdk {
  const file = installed(peer);
  if (file !== null) return load(file) as Sdk;
  throw new ConfigurationError(
    `${operation}: needs ${peer}, which is not installed: npm install ${peer}@3${more}`,
  );
}

/** A shard of a stream. */
export interface Shard {
  readonly id: string;
  readonly parent: string | undefined;
}

/** A stream, as it is now. */
export interface StreamState {
  readonly shards: readonly Shard[];
  /** Whether changes go into it no longer. */
  readonly isOff: boolean;
}

/** Some records of a shard, and the iterator for those after them; without one, the shard is at its end. */
export interface Page {
  readonly records: readonly _Record[];
  readonly next: string | undefined;
}

/** The requests to one stream, each with the data layer's own retry. */
export class StreamClient {
  readonly #sdk: Sdk;
  readonly #source: LayerSource;
  readonly #arn: string;
  readonly #client: DynamoDBStreamsClient;
  readonly #isOwnHandler: boolean;

  constructor(sdk: Sdk, source: LayerSource, arn: string) {
    this.#sdk = sdk;
    this.#source = source;
    this.#arn = arn;
    const { requestHandler } = source;
    this.#isOwnHandler = !isHandler(requestHandler);
    this.#client = new sdk.DynamoDBStreamsClient({
      ...settingsOf(source),
      maxAttempts: 1,
      requestHandler: (this.#isOwnHandler
        ? new OrderlyHandler(requestHandler as object | undefined)
        : requestHandler) as NonNullable<DynamoDBStreamsClientConfig["requestHandler"]>,
    });
  }

  /** Every shard of the stream. One request for each hundred of them. */
  async describe(signal: AbortSignal): Promise<StreamState> {
    const shards: Shard[] = [];
    let isOff = false;
    let last: string | undefined;
    do {
      const command = new this.#sdk.DescribeStreamCommand({
        StreamArn: this.#arn,
        ...(last !== undefined && { ExclusiveStartShardId: last }),
      });
      const { StreamDescription } = await this.#send(signal, (abortSignal) =>
        this.#client.send(command, { abortSignal }),
      );
      shards.push(...(StreamDescription?.Shards ?? []).flatMap(shardOf));
      isOff = StreamDescription?.StreamStatus === "DISABLED";
      last = StreamDescription?.LastEvaluatedShardId;
    } while (last !== undefined);
    return { shards, isOff };
  }

  /** An iterator from a position on. */
  async iterator(shard: string, from: Exclude<Position, "end">, signal: AbortSignal) {
    const command = new this.#sdk.GetShardIteratorCommand({
      StreamArn: this.#arn,
      ShardId: shard,
      ...(typeof from === "string"
        ? { ShardIteratorType: from === "start" ? "TRIM_HORIZON" : "LATEST" }
        : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber: from.after }),
    });
    const { ShardIterator } = await this.#send(signal, (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    return ShardIterator;
  }

  async page(iterator: string, signal: AbortSignal): Promise<Page> {
    const command = new this.#sdk.GetRecordsCommand({ ShardIterator: iterator });
    const { Records = [], NextShardIterator } = await this.#send(signal, (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    return { records: Records, next: NextShardIterator ?? undefined };
  }

  /** The service's time, in epoch ms, as far as the SDK has noticed that this machine's is another. */
  now(): number {
    return systemClock.now() + (this.#client.config.systemClockOffset ?? 0);
  }

  /** Closes the sockets. */
  close(): void {
    if (this.#isOwnHandler) this.#client.destroy();
  }

  #send<T>(signal: AbortSignal, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#source.transport.repeat(request, signal);
  }
}

function shardOf({ ShardId, ParentShardId }: SdkShard): Shard[] {
  return ShardId === undefined ? [] : [{ id: ShardId, parent: ParentShardId }];
}

function isHandler(given: unknown): boolean {
  return isObject(given) && typeof given.handle === "function";
}

/** Region, endpoint and credentials as the data layer has them, or its application's own client. */
function settingsOf({ client, configuration }: LayerSource): DynamoDBStreamsClientConfig {
  const config = isObject(client) && isObject(client.config) ? client.config : configuration;
  if (client !== undefined && config === configuration) {
    throw new ConfigurationError(
      "watch: the data layer's client has no config of the SDK's, from which region and credentials are taken",
    );
  }
  const { region, credentials, endpoint } = config as DynamoDBStreamsClientConfig;
  const isTables = typeof endpoint === "string" && isTablesHost(endpoint);
  return {
    ...(region !== undefined && { region }),
    ...(credentials !== undefined && { credentials }),
    ...(endpoint !== undefined && !isTables && { endpoint }),
  };
}

/** Whether it is AWS's endpoint of tables, beside which streams have one of their own. */
function isTablesHost(endpoint: string): boolean {
  return /^dynamodb(-fips)?\.[\w-]+\.amazonaws\.com(\.cn)?$/.test(new URL(endpoint).hostname);
}
