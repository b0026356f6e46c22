/** The table itself: create, describe, wait, delete. */
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  type TableDescription,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { type Call, type CallOptions, limitsOf, perform } from "../call/call.js";
import { describe as inWords, withContext } from "../errors/context.js";
import { DynamoDBError } from "../errors/dynamodb-error.js";
import { TimeoutError } from "../errors/timeout-error.js";
import { unreadableAnswer } from "../errors/unreadable-answer.js";
import { messageOf, nameOf } from "../errors/words.js";
import { attribute, createTableInput, indexName } from "../table/table.js";
import type { Transport } from "../transport/transport.js";

/** What `describe` tells of the table. */
export interface TableInfo {
  readonly name: string;
  /** CREATING, ACTIVE, UPDATING, DELETING, … */
  readonly status: string;
  /** Every index that is there, with its status. */
  readonly indexes: readonly { readonly name: string; readonly status: string }[];
  /** As DynamoDB counts it, up to six hours old. */
  readonly itemCount: number;
  /** As DynamoDB counts it, up to six hours old. */
  readonly sizeBytes: number;
  readonly arn: string | undefined;
}

export interface TableAdmin {
  readonly name: string;
  /**
   * Creates the table with its index and TTL attribute, and waits until it is active. A table that
   * is already there is left as it is.
   * @returns whether it was created
   */
  create(options?: CallOptions): Promise<{ created: boolean }>;
  /** The table's state, `null` where it is not there. */
  describe(options?: CallOptions): Promise<TableInfo | null>;
  /**
   * Deletes the table with everything in it, and waits until it is gone.
   * @returns whether it was there
   */
  delete(options?: CallOptions): Promise<{ deleted: boolean }>;
  /** Waits until table and index are active. @throws TimeoutError after `timeoutMs` (default 2 minutes) */
  wait(options?: CallOptions): Promise<TableInfo>;
}

const pollMs = 250;
const defaultTimeoutMs = 120_000;

/** @param client asked when it is needed, so that nothing is opened before */
export function createTableAdmin(
  name: string,
  client: () => DynamoDBClient,
  transport: Transport,
): TableAdmin {
  const send = <T>(
    request: (client: DynamoDBClient, options: { abortSignal: AbortSignal }) => Promise<T>,
    signal: AbortSignal | undefined,
    onAnswerLost?: () => void,
  ): Promise<T> =>
    transport.repeat((abortSignal) => request(client(), { abortSignal }), signal, onAnswerLost);

  /**
   * Sends a request that changes the table.
   * @param settled the error by which the engine says that it is so already
   * @returns whether it was this call's doing: a repeated request finds its own work, where the answer
   * to the first was lost
   */
  async function change(
    { signal, onAnswerLost }: Call,
    request: (client: DynamoDBClient, options: { abortSignal: AbortSignal }) => Promise<unknown>,
    settled: string,
  ): Promise<boolean> {
    let lost = false;
    try {
      await send(request, signal, () => {
        lost = true;
      });
      // Whatever this call still waits for, and fails at, this part of it is done.
      onAnswerLost?.();
      return true;
    } catch (error) {
      if (nameOf(error) === settled) {
        if (lost) onAnswerLost?.();
        return lost;
      }
      if (lost) onAnswerLost?.();
      throw error;
    }
  }
  const contextOf = (operation: string) => ({
    operation: `table.${operation}`,
    key: `table=${name}`,
  });

  /** @param onMissing told what the engine said where there is no table */
  async function read(
    signal: AbortSignal | undefined,
    onMissing?: (error: unknown) => void,
  ): Promise<TableInfo | null> {
    try {
      const command = new DescribeTableCommand({ TableName: name });
      const table = await send((to, options) => whole("Table", to.send(command, options)), signal);
      return infoOf(name, table);
    } catch (error) {
      if (nameOf(error) !== "ResourceNotFoundException") throw error;
      onMissing?.(error);
      return null;
    }
  }

  async function waitUntil<T extends TableInfo | null>(
    signal: AbortSignal | undefined,
    ready: (info: TableInfo | null) => info is T,
    onMissing?: (error: unknown) => void,
  ): Promise<T> {
    for (;;) {
      const info = await read(signal, onMissing);
      if (ready(info)) return info;
      await transport.pause(pollMs, signal);
    }
  }

  /** Engines that know no TTL say so; a table without it works, and `describe` is no worse. */
  async function enableTimeToLive(signal: AbortSignal | undefined): Promise<void> {
    const command = new UpdateTimeToLiveCommand({
      TableName: name,
      TimeToLiveSpecification: { AttributeName: attribute.timeToLive, Enabled: true },
    });
    try {
      await send(
        (to, options) => whole("TimeToLiveSpecification", to.send(command, options)),
        signal,
      );
    } catch (error) {
      const already = nameOf(error) === "ValidationException";
      if (!already && nameOf(error) !== "UnknownOperationException") throw error;
    }
  }

  const bounded = (operation: string, options: CallOptions): CallOptions => {
    const { signal, timeoutMs = defaultTimeoutMs } = limitsOf(contextOf(operation), options);
    return { signal, timeoutMs };
  };

  return {
    name,
    create: async (options = {}) =>
      perform(contextOf("create"), bounded("create", options), async (call) => {
        const command = new CreateTableCommand(createTableInput(name));
        const created = await change(
          call,
          (to, options) => whole("TableDescription", to.send(command, options)),
          "ResourceInUseException",
        );
        await waitUntil(call.signal, isActive);
        if (created) await enableTimeToLive(call.signal);
        return { created };
      }),
    describe: (options = {}) =>
      perform(contextOf("describe"), options, ({ signal }) => read(signal)),
    delete: async (options = {}) =>
      perform(contextOf("delete"), bounded("delete", options), async (call) => {
        const command = new DeleteTableCommand({ TableName: name });
        const deleted = await change(
          call,
          (to, options) => whole("TableDescription", to.send(command, options)),
          "ResourceNotFoundException",
        );
        if (deleted) await waitUntil(call.signal, (info): info is null => info === null);
        return { deleted };
      }),
    wait: async (options = {}) => {
      const context = contextOf("wait");
      let missing: unknown;
      const isReady = (info: TableInfo | null): info is TableInfo => {
        if (info !== null) missing = undefined;
        return isActive(info);
      };
      try {
        return await perform(context, bounded("wait", options), ({ signal }) =>
          waitUntil(signal, isReady, (error) => {
            missing = error;
          }),
        );
      } catch (error) {
        if (!(error instanceof TimeoutError) || missing === undefined) throw error;
        // The time is over since there is no table, and not for want of an answer.
        throw withContext(new TimeoutError(inWords(context, messageOf(missing)), missing), context);
      }
    },
  };
}

/**
 * The member of an answer that it always has: one without it is none of DynamoDB's. It is asked for
 * again, and acknowledges nothing.
 */
async function whole<A extends object, M extends keyof A & string>(
  member: M,
  answer: Promise<A>,
): Promise<NonNullable<A[M]>> {
  const { [member]: given } = await answer;
  if (given === undefined || given === null) throw unreadableAnswer(`it has no ${member}`);
  return given;
}

/** Active with its index; a table that is not there is never active. */
function isActive(info: TableInfo | null): info is TableInfo {
  if (info === null) return false;
  const index = info.indexes.find((one) => one.name === indexName);
  if (info.status === "ACTIVE" && index === undefined) {
    throw new DynamoDBError(
      `the table ${info.name} has no index ${indexName}: it is not this layer's table`,
      "WrongTable",
    );
  }
  return info.status === "ACTIVE" && index?.status === "ACTIVE";
}

function infoOf(name: string, table: TableDescription): TableInfo {
  return {
    name,
    status: table.TableStatus ?? "UNKNOWN",
    indexes: (table.GlobalSecondaryIndexes ?? []).map((index) => ({
      name: index.IndexName ?? "",
      // Some engines give no status: an index that is listed can be read there.
      status: index.IndexStatus ?? "ACTIVE",
    })),
    itemCount: table.ItemCount ?? 0,
    sizeBytes: table.TableSizeBytes ?? 0,
    arn: table.TableArn,
  };
}
