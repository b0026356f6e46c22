/** The table itself: create, describe, wait, delete. */
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  type TableDescription,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { type Call, type CallOptions, callOptionNames, limitsOf, perform } from "../call/call.js";
import type { OptionNames } from "../call/options.js";
import { type CallContext, describe as inWords, withContext } from "../errors/context.js";
import { DynamoDBError } from "../errors/dynamodb-error.js";
import { TimeoutError } from "../errors/timeout-error.js";
import { unreadableAnswer } from "../errors/unreadable-answer.js";
import { messageOf, nameOf } from "../errors/words.js";
import { attribute, type IndexName } from "../table/table.js";
import type { Transport } from "../transport/transport.js";
import { createTableInput, streamOf, streamView, type TableSettings } from "./table-input.js";

/** The state of a table, as `describe` returns it. */
export interface TableInfo {
  readonly name: string;
  /** CREATING, ACTIVE, UPDATING, DELETING, … */
  readonly status: string;
  /** Every index of the table, with its status. */
  readonly indexes: readonly { readonly name: string; readonly status: string }[];
  /** DynamoDB's count, up to six hours old. */
  readonly itemCount: number;
  /** DynamoDB's count, up to six hours old. */
  readonly sizeBytes: number;
  readonly arn: string | undefined;
  /** The stream of the table's changes, and what its records hold; `undefined` if it has none. */
  readonly stream: { readonly arn: string; readonly view: string } | undefined;
}

/** What `create` takes. */
export interface CreateTableOptions extends CallOptions, TableSettings {}

export interface TableAdmin {
  readonly name: string;
  /** The indexes that the entities are in, which the table needs: GSI1 for the twelve. */
  readonly indexes: readonly IndexName[];
  /**
   * Creates the table with its indexes and TTL attribute, and waits until it is active. An existing table
   * is left as it is.
   * @returns whether it was created
   * @throws TimeoutError after `timeoutMs` (default 2 minutes)
   * @throws DynamoDBError `WrongTable` if an existing table lacks an index, or the stream that `stream`
   * asks for
   * @example
   * const { created } = await data.table.create();
   */
  create(options?: CreateTableOptions): Promise<{ created: boolean }>;
  /** The table's state, or `null` if there is no table. One request. */
  describe(options?: CallOptions): Promise<TableInfo | null>;
  /**
   * Deletes the table with everything in it, and waits until it is gone. Deleting a missing table is
   * not an error.
   * @returns whether it existed
   * @throws TimeoutError after `timeoutMs` (default 2 minutes)
   */
  delete(options?: CallOptions): Promise<{ deleted: boolean }>;
  /**
   * Waits until the table and its indexes are active.
   * @throws TimeoutError after `timeoutMs` (default 2 minutes)
   * @throws DynamoDBError `WrongTable` if the table lacks an index that an entity is in
   */
  wait(options?: CallOptions): Promise<TableInfo>;
}

const pollMs = 250;
const defaultTimeoutMs = 120_000;

/** A table, and how requests reach it. */
interface Target {
  readonly name: string;
  /** The indexes that the table needs. */
  readonly indexes: readonly IndexName[];
  /** Called when a request needs it, so that nothing is opened before. */
  readonly client: () => DynamoDBClient;
  readonly transport: Transport;
}

/** One request of a table's. */
type Request<T> = (client: DynamoDBClient, options: { abortSignal: AbortSignal }) => Promise<T>;

/** @param client called when a request needs it, so that nothing is opened before */
export function createTableAdmin(
  name: string,
  indexes: readonly IndexName[],
  client: () => DynamoDBClient,
  transport: Transport,
): TableAdmin {
  const target: Target = { name, indexes, client, transport };
  return {
    name,
    indexes,
    create: async (options = {}) => {
      const context = contextOf(target, "create");
      const limits = bounded(context, options, ["stream"]);
      const stream = streamOf("table.create", { stream: options?.stream });
      return perform(context, limits, (call) => create(target, stream, call));
    },
    describe: (options = {}) =>
      perform(contextOf(target, "describe"), options, ({ signal }) => read(target, signal)),
    delete: async (options = {}) => {
      const context = contextOf(target, "delete");
      return perform(context, bounded(context, options), (call) => remove(target, call));
    },
    wait: async (options = {}) => {
      const context = contextOf(target, "wait");
      return waitUntilActive(target, context, bounded(context, options));
    },
  };
}

function contextOf({ name }: Target, operation: string): CallContext {
  return { operation: `table.${operation}`, key: `table=${name}` };
}

/** The limits of a call that waits for the table: it has a deadline of its own. */
function bounded(context: CallContext, options: CallOptions, more: OptionNames = []): CallOptions {
  const names = [...callOptionNames, ...more];
  const { signal, timeoutMs = defaultTimeoutMs } = limitsOf(context, options, names);
  return { signal, timeoutMs };
}

async function create(target: Target, stream: boolean, call: Call): Promise<{ created: boolean }> {
  const input = createTableInput(target.name, target.indexes, { stream });
  const command = new CreateTableCommand(input);
  const created = await change(
    target,
    call,
    (to, options) => described(target, "TableDescription", to.send(command, options)),
    "ResourceInUseException",
  );
  const info = await waitUntil(target, call.signal, activeWith(target));
  if (stream && info.stream?.view !== streamView) throw withoutStream(info);
  if (created) await enableTimeToLive(target, call.signal);
  return { created };
}

async function remove(target: Target, call: Call): Promise<{ deleted: boolean }> {
  const command = new DeleteTableCommand({ TableName: target.name });
  const deleted = await change(
    target,
    call,
    (to, options) => described(target, "TableDescription", to.send(command, options)),
    "ResourceNotFoundException",
  );
  if (deleted) await waitUntil(target, call.signal, (info): info is null => info === null);
  return { deleted };
}

async function waitUntilActive(
  target: Target,
  context: CallContext,
  limits: CallOptions,
): Promise<TableInfo> {
  let missing: unknown;
  const isActive = activeWith(target);
  const isReady = (info: TableInfo | null): info is TableInfo => {
    if (info !== null) missing = undefined;
    return isActive(info);
  };
  const onMissing = (error: unknown) => {
    missing = error;
  };
  try {
    return await perform(context, limits, ({ signal }) =>
      waitUntil(target, signal, isReady, onMissing),
    );
  } catch (error) {
    if (!(error instanceof TimeoutError) || missing === undefined) throw error;
    // The deadline passed because there is no table, not because no response came.
    throw withContext(
      new TimeoutError({ message: inWords(context, messageOf(missing)), cause: missing }),
      context,
    );
  }
}

function send<T>(
  { client, transport }: Target,
  request: Request<T>,
  signal: AbortSignal | undefined,
  onAnswerLost?: () => void,
): Promise<T> {
  return transport.repeat(
    (abortSignal) => request(client(), { abortSignal }),
    signal,
    onAnswerLost,
  );
}

/**
 * Sends a request that changes the table.
 * @param settled the error by which the engine says that the change was made before
 * @returns whether this call made the change. If the response to its first request was lost, the
 * repeated request finds the change made, and it was this call's
 */
async function change(
  target: Target,
  { signal, onAnswerLost }: Call,
  request: Request<unknown>,
  settled: string,
): Promise<boolean> {
  let lost = false;
  try {
    await send(target, request, signal, () => {
      lost = true;
    });
    // This part of the call is done, even if what it still waits for fails.
    onAnswerLost?.();
    return true;
  } catch (error) {
    if (lost) onAnswerLost?.();
    if (nameOf(error) === settled) return lost;
    throw error;
  }
}

/** @param onMissing called with the engine's error if there is no table */
async function read(
  target: Target,
  signal: AbortSignal | undefined,
  onMissing?: (error: unknown) => void,
): Promise<TableInfo | null> {
  try {
    const command = new DescribeTableCommand({ TableName: target.name });
    const describe: Request<TableDescription> = (to, options) =>
      described(target, "Table", to.send(command, options));
    return infoOf(target.name, await send(target, describe, signal));
  } catch (error) {
    if (nameOf(error) !== "ResourceNotFoundException") throw error;
    onMissing?.(error);
    return null;
  }
}

async function waitUntil<T extends TableInfo | null>(
  target: Target,
  signal: AbortSignal | undefined,
  isReady: (info: TableInfo | null) => info is T,
  onMissing?: (error: unknown) => void,
): Promise<T> {
  for (;;) {
    const info = await read(target, signal, onMissing);
    if (isReady(info)) return info;
    await target.transport.pause(pollMs, signal);
  }
}

/** An engine without TTL refuses the request. The table works without it, so this is no failure. */
async function enableTimeToLive(target: Target, signal: AbortSignal | undefined): Promise<void> {
  const command = new UpdateTimeToLiveCommand({
    TableName: target.name,
    TimeToLiveSpecification: { AttributeName: attribute.timeToLive, Enabled: true },
  });
  try {
    await send(
      target,
      (to, options) => whole("TimeToLiveSpecification", to.send(command, options)),
      signal,
    );
  } catch (error) {
    const already = nameOf(error) === "ValidationException";
    if (!already && nameOf(error) !== "UnknownOperationException") throw error;
  }
}

/**
 * The description of the table that was asked for: with its name, of which an ARN ends, a status, and
 * indexes in a list if there are any.
 */
async function described<A extends object, M extends keyof A & string>(
  { name }: Target,
  member: M,
  answer: Promise<A>,
): Promise<NonNullable<A[M]>> {
  const given = await whole(member, answer);
  if (isMocked(await answer)) return given;
  const { TableName, TableStatus, GlobalSecondaryIndexes = [] } = given as TableDescription;
  const isIt =
    typeof TableName === "string" &&
    (name === TableName || name.endsWith(`/${TableName}`)) &&
    typeof TableStatus === "string" &&
    Array.isArray(GlobalSecondaryIndexes) &&
    GlobalSecondaryIndexes.every((index) => typeof index === "object" && index !== null);
  if (!isIt) throw unreadableAnswer("it does not describe the table that was asked for");
  return given;
}

/**
 * The member that DynamoDB's response always has. A response without it is not DynamoDB's: it
 * acknowledges nothing, and the request is sent again.
 */
async function whole<A extends object, M extends keyof A & string>(
  member: M,
  answer: Promise<A>,
): Promise<NonNullable<A[M]>> {
  const response = await answer;
  const { [member]: given } = response;
  if (given !== undefined && given !== null) return given;
  if (isMocked(response)) return {} as NonNullable<A[M]>;
  throw unreadableAnswer(`it has no ${member}`);
}

/** Whether no HTTP response is behind it: a mock responds with what its test needs. */
function isMocked(response: object): boolean {
  const { $metadata } = response as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return $metadata?.httpStatusCode === undefined;
}

/** Whether the table exists and is active with its indexes. */
function activeWith({ indexes }: Target): (info: TableInfo | null) => info is TableInfo {
  return (info): info is TableInfo => {
    if (info === null) return false;
    const there = new Map(info.indexes.map(({ name, status }) => [name, status]));
    const missing = indexes.filter((name) => !there.has(name));
    if (info.status === "ACTIVE" && missing.length > 0) {
      const noun = missing.length === 1 ? "index" : "indexes";
      throw new DynamoDBError({
        message: `the table ${info.name} has no ${noun} ${missing.join(", ")}: ${missingRule}`,
        code: "WrongTable",
      });
    }
    return info.status === "ACTIVE" && indexes.every((name) => there.get(name) === "ACTIVE");
  };
}

/** The table was there before, or the engine has no streams, as dynalite. */
function withoutStream({ name, stream }: TableInfo): DynamoDBError {
  const what = stream === undefined ? "no stream" : `a stream with the view ${stream.view}`;
  return new DynamoDBError({
    message: `the table ${name} has ${what}: ${streamRule}`,
    code: "WrongTable",
  });
}

/** How to turn a stream on, for messages. */
export const streamRule = `a table gets a stream when it is created (data.table.create({ stream: true }), bayon-data table create --stream), or by UpdateTable with StreamSpecification: { StreamEnabled: true, StreamViewType: "${streamView}" }; dynalite has no streams`;

/** An index may be newer than the table, and the table may be another one. */
const missingRule = "entities are in them: create them in the table, or check the table's name";

function infoOf(name: string, table: TableDescription): TableInfo {
  return {
    name,
    status: table.TableStatus ?? "UNKNOWN",
    indexes: (table.GlobalSecondaryIndexes ?? []).map((index) => ({
      name: index.IndexName ?? "",
      // Some engines give no status: an index that they list can be read.
      status: index.IndexStatus ?? "ACTIVE",
    })),
    itemCount: table.ItemCount ?? 0,
    sizeBytes: table.TableSizeBytes ?? 0,
    arn: table.TableArn,
    stream:
      table.LatestStreamArn !== undefined && table.StreamSpecification?.StreamEnabled === true
        ? {
            arn: table.LatestStreamArn,
            view: table.StreamSpecification.StreamViewType ?? "UNKNOWN",
          }
        : undefined,
  };
}
