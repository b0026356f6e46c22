/**
 * The table as DynamoDB holds it: attribute values as they are, never native ones, so that sets,
 * binary and 38-digit numbers come out as they went in. Retries by the layer's rules; what is
 * throttled is waited for, however long it takes.
 */
import { setMaxListeners } from "node:events";
import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  type GetItemCommandInput,
  PutItemCommand,
  type PutItemCommandInput,
  ScanCommand,
  type ScanCommandInput,
  type ScanCommandOutput,
  type TableDescription,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { createClients, type RequestHandler } from "../src/client.js";
import type { Configuration } from "../src/config.js";
import { isRetryableError, wrapDynamoDBError } from "../src/errors.js";
import { withBatchRetry, withRetry } from "../src/retry.js";

/** An item with DynamoDB's attribute values. */
export type Item = Record<string, AttributeValue>;

/** Failures of the network and of DynamoDB itself are retried so often, up to 5 s apart. */
const maxRetries = 6;

/** HTTP requests so far. */
export interface Traffic {
  requests: number;
  /** Of these, the ones that DynamoDB throttled or left undone in part. */
  throttles: number;
}

export interface RawTable {
  readonly name: string;
  readonly traffic: Readonly<Traffic>;
  /** @throws DynamoDBError with code ResourceNotFoundException where there is no such table */
  describe(): Promise<TableDescription>;
  scan(input: Omit<ScanCommandInput, "TableName">): Promise<ScanCommandOutput>;
  get(input: Omit<GetItemCommandInput, "TableName">): Promise<Item | undefined>;
  put(input: Omit<PutItemCommandInput, "TableName">): Promise<void>;
  update(input: Omit<UpdateItemCommandInput, "TableName">): Promise<void>;
  /** Writes up to 25 items, and again what was left undone until nothing is. */
  batchPut(items: readonly Item[]): Promise<void>;
  /** The attributes of up to 100 keys that are there, in no order. */
  batchGet(keys: readonly Item[], names: readonly string[]): Promise<Item[]>;
  close(): void;
}

export interface RawTableOptions {
  readonly requestHandler?: RequestHandler | undefined;
  /** Ends what is under way; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Delay before the first retry, in ms. @default 100 */
  readonly initialDelayMs?: number | undefined;
}

export function openRawTable(
  configuration: Configuration,
  { requestHandler, signal, initialDelayMs }: RawTableOptions = {},
): RawTable {
  const { client } = createClients(configuration, requestHandler);
  const { tableName: TableName } = configuration;
  const traffic: Traffic = { requests: 0, throttles: 0 };
  // Each request in flight listens to it, and there are dozens.
  if (signal !== undefined) setMaxListeners(0, signal);
  const abort = { abortSignal: signal };
  const retry = {
    maxRetries,
    signal,
    initialDelayMs,
    onRetry: ({ error }: { error: unknown }) => {
      if (isThrottle(error)) traffic.throttles += 1;
    },
  };

  /** Maps what is thrown; a throttled table slows a run and never fails it. */
  async function patiently<T>(operation: string, run: () => Promise<T>): Promise<T> {
    for (;;) {
      signal?.throwIfAborted();
      const before = traffic.throttles;
      try {
        return await run();
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        if (isThrottle(error)) traffic.throttles += 1;
        // Where throttles used up the retries, what comes last has not had its own.
        const throttled = traffic.throttles > before && isRetryableError(error);
        if (!throttled) throw wrapDynamoDBError(error, { operation, key: `table=${TableName}` });
      }
    }
  }
  const once = <T>(operation: string, request: (to: DynamoDBClient) => Promise<T>): Promise<T> =>
    patiently(operation, () =>
      withRetry(() => {
        traffic.requests += 1;
        return request(client);
      }, retry),
    );
  /** Sends a batch and what is left of it, until nothing is. */
  async function untilDone<T>(
    operation: string,
    elements: readonly T[],
    request: (to: DynamoDBClient, elements: T[]) => Promise<readonly T[]>,
  ): Promise<void> {
    let left: readonly T[] = elements;
    while (left.length > 0) {
      left = await patiently(operation, () =>
        withBatchRetry(
          async (some: T[]) => {
            traffic.requests += 1;
            const rest = await request(client, some);
            left = rest;
            return rest;
          },
          (rest) => [...rest],
          [...left],
          retry,
        ),
      );
    }
  }

  return {
    name: TableName,
    traffic,
    describe: async () => {
      const command = new DescribeTableCommand({ TableName });
      const { Table = {} } = await once("describe", (to) => to.send(command, abort));
      return Table;
    },
    scan: (input) => {
      const command = new ScanCommand({ ...input, TableName });
      return once("scan", (to) => to.send(command, abort));
    },
    get: async (input) => {
      const command = new GetItemCommand({ ...input, TableName });
      return (await once("get", (to) => to.send(command, abort))).Item;
    },
    put: async (input) => {
      const command = new PutItemCommand({ ...input, TableName });
      await once("put", (to) => to.send(command, abort));
    },
    update: async (input) => {
      const command = new UpdateItemCommand({ ...input, TableName });
      await once("update", (to) => to.send(command, abort));
    },
    batchPut: (items) =>
      untilDone("batchPut", items, async (to, some) => {
        const puts = some.map((Item) => ({ PutRequest: { Item } }));
        const command = new BatchWriteItemCommand({ RequestItems: { [TableName]: puts } });
        const { UnprocessedItems = {} } = await to.send(command, abort);
        const rest = UnprocessedItems[TableName] ?? [];
        return rest.flatMap(({ PutRequest }) =>
          PutRequest?.Item === undefined ? [] : [PutRequest.Item],
        );
      }),
    batchGet: async (keys, names) => {
      const found: Item[] = [];
      await untilDone("batchGet", keys, async (to, some) => {
        const projection = projectionOf(names);
        const command = new BatchGetItemCommand({
          RequestItems: { [TableName]: { Keys: some, ...projection } },
        });
        const { Responses = {}, UnprocessedKeys = {} } = await to.send(command, abort);
        found.push(...(Responses[TableName] ?? []));
        return UnprocessedKeys[TableName]?.Keys ?? [];
      });
      return found;
    },
    close: () => client.destroy(),
  };
}

/** A projection of attributes or, as a list of names, of what is inside them. */
export function projectionOf(paths: readonly (string | readonly string[])[]): {
  ProjectionExpression: string;
  ExpressionAttributeNames: Record<string, string>;
} {
  const names = new Map<string, string>();
  const placeholder = (name: string): string => {
    const known = names.get(name) ?? `#n${names.size}`;
    names.set(name, known);
    return known;
  };
  const expression = paths.map((path) => [path].flat().map(placeholder).join(".")).join(", ");
  return {
    ProjectionExpression: expression,
    ExpressionAttributeNames: Object.fromEntries([...names].map(([name, own]) => [own, name])),
  };
}

function isThrottle(error: unknown): boolean {
  return (
    wrapDynamoDBError(error).name === "ThroughputExceededError" ||
    (error instanceof Error && error.name === "UnprocessedItems")
  );
}
