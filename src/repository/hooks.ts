/** What a repository of an application's own uses, and may override. */
import type {
  DeleteCommandInput,
  DeleteCommandOutput,
  GetCommandInput,
  GetCommandOutput,
  PutCommandInput,
  PutCommandOutput,
  QueryCommandInput,
  QueryCommandOutput,
  ScanCommandInput,
  ScanCommandOutput,
  UpdateCommandInput,
  UpdateCommandOutput,
} from "@aws-sdk/lib-dynamodb";
import { type Call, perform } from "../call/call.js";
import { adviceOnDefaults, getDocumentClient, getTableName } from "../client/client.js";
import { type CallContext, withContext } from "../errors/context.js";
import { isDynamoDBError } from "../errors/dynamodb-error.js";
import type { Table } from "../read/reader.js";
import type { RequestRetryOptions } from "../transport/repeats.js";
import type { Requests } from "../transport/requests.js";
import type { RetryOptions } from "../transport/retry.js";
import { createTransport, type Transport } from "../transport/transport.js";
import type { DynamoDBItem, EntityType } from "./types.js";

/** A call of a repository, for {@link RepositoryHooks.around}. */
export interface RepositoryCall {
  /** The method: `get`, `queryItems`, `transactWrite`, or the name that was given to `send`. */
  readonly operation: string;
  /** The entity type of the item that is created or put. */
  readonly entity?: string | undefined;
  /** The key, or as much of one as the call selects by: `{ PK: "USER#u1", SK: "CONTENT#" }`. */
  readonly key?: Readonly<Record<string, unknown>> | undefined;
}

/** The requests on one table that `send` takes, by name: their inputs and outputs. */
export interface TableRequests {
  Get: [input: GetCommandInput, output: GetCommandOutput];
  Put: [input: PutCommandInput, output: PutCommandOutput];
  Update: [input: UpdateCommandInput, output: UpdateCommandOutput];
  Delete: [input: DeleteCommandInput, output: DeleteCommandOutput];
  Query: [input: QueryCommandInput, output: QueryCommandOutput];
  Scan: [input: ScanCommandInput, output: ScanCommandOutput];
}

/** Runs one call: its hook, its requests, and the mapping of its errors. */
export type RunCall = <R>(
  context: CallContext,
  run: (table: Table, call: Call) => Promise<R>,
) => Promise<R>;

/** How the methods of a repository run a call; a subclass uses `send`. */
export let runnerOf: <E extends string>(hooks: RepositoryHooks<E>) => RunCall;

/**
 * What stands behind the methods of a repository. All of it is for subclasses: for methods of their
 * own, and to change what the inherited ones do.
 */
export class RepositoryHooks<E extends string = EntityType> {
  readonly #transport: Transport;
  /** The options of the constructor, for `withRetry` in methods that use the client themselves. */
  protected readonly retryOptions: RetryOptions;

  static {
    runnerOf = (hooks) => (context, run) => hooks.#run(context, run);
  }

  /**
   * @param retryOptions for its requests; the retry budget is this repository's own
   * @throws ConfigurationError for an invalid retry option
   */
  constructor(retryOptions: RequestRetryOptions = {}) {
    this.#transport = createTransport({
      client: () => getDocumentClient(),
      retry: retryOptions,
      advice: adviceOnDefaults,
    });
    const { budget: _, ...ownOptions } = retryOptions ?? {};
    this.retryOptions = ownOptions;
  }

  /**
   * The table as currently configured: a reset of the configuration takes effect at the next call.
   * Override it for a repository over another table.
   */
  protected get tableName(): string {
    return getTableName();
  }

  /**
   * Runs a call. Override it to trace or measure calls, or to take their place: whatever it returns or
   * throws is the result of the call. Invalid arguments are refused before. Of `scanAll`, each page is
   * a call.
   * @param run sends the requests of the call, with their retries. Returns what the method returns,
   * except that payloads are still in their items
   */
  protected around<R>(_call: RepositoryCall, run: () => Promise<R>): Promise<R> {
    return run();
  }

  /**
   * Called with each item that `create`, `put`, `batchWrite` or `transactWrite` is about to store;
   * returns the item that is checked and stored, under the key that it then has. Override it for index
   * keys, a `TTL` or fields that follow from the item. What it throws is thrown unchanged, and nothing
   * is sent. `update` stores no whole item and does not call it.
   */
  protected beforePut(item: DynamoDBItem<unknown, E>): DynamoDBItem<unknown, E> {
    return item;
  }

  /**
   * Sends one request of a method's own to the table, with the retries, the hook and the errors of
   * every other call. Nothing in it is checked or changed, except that it gets the `TableName`.
   * @param operation names the call in errors, and to {@link around}
   * @throws DynamoDBError and its subclasses, as the other calls do
   */
  protected send<N extends keyof TableRequests>(
    name: N,
    input: Omit<TableRequests[N][0], "TableName">,
    operation: string = name,
  ): Promise<TableRequests[N][1]> {
    return this.#run({ operation }, ({ transport, tableName }, call) =>
      // The name decides the input and the response; the table of requests pairs them.
      transport.send(name, { ...input, TableName: tableName } as Requests[N][0], call),
    );
  }

  #run<R>(context: CallContext, run: (table: Table, call: Call) => Promise<R>): Promise<R> {
    // Every call of a repository has an operation, and a key that is an object.
    return this.around(context as RepositoryCall, async () => {
      const tableName = this.#tableName(context);
      return perform(context, {}, (call) => run({ transport: this.#transport, tableName }, call));
    });
  }

  /** The table's name. What an override throws is the caller's. */
  #tableName(context: CallContext): string {
    try {
      return this.tableName;
    } catch (error) {
      throw isDynamoDBError(error) ? withContext(error, context) : error;
    }
  }
}
