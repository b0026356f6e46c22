/**
 * The table as DynamoDB holds it: attribute values as they are, never native ones, so that sets, binary
 * values and numbers of 38 digits come out as they went in. Requests go over the layer's own transport.
 */
import { setMaxListeners } from "node:events";
import {
  type AttributeValue,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type GetItemCommandInput,
  type PutItemCommandInput,
  type ScanCommandInput,
  type ScanCommandOutput,
  type TableDescription,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import type { Call } from "../../src/call/call.js";
import { createStoredClients, type RequestHandler } from "../../src/client/client.js";
import type { Configuration } from "../../src/client/config.js";
import { unreadableAnswer } from "../../src/errors/unreadable-answer.js";
import { nameOf } from "../../src/errors/words.js";
import { wrapDynamoDBError } from "../../src/errors/wrap.js";
import { attribute } from "../../src/table/table.js";
import { createPatientTransport, type Traffic } from "./patient-transport.js";

/** An item with DynamoDB's attribute values. */
export type Item = Record<string, AttributeValue>;

/** A whole page of a scan: it has as many items as it counts. */
export type ScanAnswer = Pick<ScanCommandOutput, "Items" | "Count" | "LastEvaluatedKey">;

/**
 * The outcome of a conditional write. `inDoubt` is a refusal after a lost response: the first attempt
 * may have been carried out, and the condition have failed because of that.
 */
export type WriteOutcome = "done" | "refused" | "inDoubt";

export interface RawTable {
  readonly name: string;
  readonly traffic: Readonly<Traffic>;
  /** @throws DynamoDBError with code ResourceNotFoundException if there is no such table */
  describe(): Promise<TableDescription>;
  /** The attribute by which items expire; `undefined` if the engine has no TTL, or the caller may not read it. */
  timeToLive(): Promise<TimeToLive | undefined>;
  /** Whether it is on; `undefined` if the engine has none, or the caller may not read it. */
  pointInTimeRecovery(): Promise<boolean | undefined>;
  scan(input: Omit<ScanCommandInput, "TableName">): Promise<ScanAnswer>;
  get(input: Omit<GetItemCommandInput, "TableName">): Promise<Item | undefined>;
  put(input: Omit<PutItemCommandInput, "TableName">): Promise<WriteOutcome>;
  update(input: Omit<UpdateItemCommandInput, "TableName">): Promise<WriteOutcome>;
  /** Writes up to 25 items, and repeats what was left unprocessed until nothing is left. */
  batchPut(items: readonly Item[]): Promise<void>;
  /** The attributes of those of up to 100 keys that exist, in no particular order. */
  batchGet(keys: readonly Item[], names: readonly string[]): Promise<Item[]>;
  close(): void;
}

export interface TimeToLive {
  readonly attribute: string | undefined;
  readonly enabled: boolean;
}

/** Whether DynamoDB deletes items by the table's own TTL attribute; `undefined` if that is not known. */
export async function deletesExpired(table: RawTable): Promise<boolean | undefined> {
  const found = await table.timeToLive();
  return found === undefined
    ? undefined
    : found.enabled && found.attribute === attribute.timeToLive;
}

export interface RawTableOptions {
  readonly requestHandler?: RequestHandler | undefined;
  /** Ends what is in progress; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Delay before the first retry, in ms. @default 100 */
  readonly initialDelayMs?: number | undefined;
}

/** The errors that say nothing about the table: the engine has no such setting, or the caller no permission. */
const unknowable: ReadonlySet<string> = new Set([
  "UnknownOperationException",
  "AccessDeniedException",
]);

export function openRawTable(
  configuration: Configuration,
  { requestHandler, signal, initialDelayMs }: RawTableOptions = {},
): RawTable {
  const { client, storedClient } = createStoredClients(configuration, requestHandler);
  const { tableName: TableName } = configuration;
  const traffic: Traffic = { requests: 0, throttles: 0 };
  // Each request in flight listens to it, and there are dozens.
  if (signal !== undefined) setMaxListeners(0, signal);
  const transport = createPatientTransport(storedClient, {
    ...{ traffic, signal, initialDelayMs },
    place: configuration,
  });

  /** Runs a call's requests, and maps what they throw. */
  async function perform<T>(operation: string, run: (call: Call) => Promise<T>): Promise<T> {
    try {
      return await run({ context: { operation }, signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw wrapDynamoDBError(error, { operation, key: `table=${TableName}` });
    }
  }
  /** Reads a setting; `undefined` if the error says that it cannot be known. */
  const known = <T>(read: (abortSignal: AbortSignal) => Promise<T>): Promise<T | undefined> =>
    perform("describe", () =>
      transport.repeat(async (abortSignal) => {
        try {
          return await read(abortSignal);
        } catch (error) {
          if (unknowable.has(nameOf(error) ?? "")) return undefined;
          throw error;
        }
      }, signal),
    );
  async function write(
    operation: string,
    send: (call: Call) => Promise<unknown>,
  ): Promise<WriteOutcome> {
    let lost = false;
    const onAnswerLost = () => {
      lost = true;
    };
    try {
      await perform(operation, (call) => send({ ...call, onAnswerLost }));
      return "done";
    } catch (error) {
      if (nameOf(error) !== "ConditionalCheckFailedException") throw error;
      return lost ? "inDoubt" : "refused";
    }
  }

  return {
    name: TableName,
    traffic,
    describe: () =>
      perform("describe", () =>
        transport.repeat(async (abortSignal) => {
          const command = new DescribeTableCommand({ TableName });
          const { Table } = await client.send(command, { abortSignal });
          // A response without it is not DynamoDB's, and the request is repeated.
          if (Table === undefined) throw unreadableAnswer("it has no Table");
          return Table;
        }, signal),
      ),
    timeToLive: () =>
      known(async (abortSignal) => {
        const command = new DescribeTimeToLiveCommand({ TableName });
        const { TimeToLiveDescription } = await client.send(command, { abortSignal });
        if (TimeToLiveDescription === undefined) {
          throw unreadableAnswer("it has no TimeToLiveDescription");
        }
        const { AttributeName, TimeToLiveStatus = "" } = TimeToLiveDescription;
        return { attribute: AttributeName, enabled: TimeToLiveStatus.startsWith("ENABL") };
      }),
    pointInTimeRecovery: () =>
      known(async (abortSignal) => {
        const command = new DescribeContinuousBackupsCommand({ TableName });
        const { ContinuousBackupsDescription: told } = await client.send(command, { abortSignal });
        if (told === undefined) throw unreadableAnswer("it has no ContinuousBackupsDescription");
        const { PointInTimeRecoveryStatus } = told.PointInTimeRecoveryDescription ?? {};
        return PointInTimeRecoveryStatus === "ENABLED";
      }),
    scan: (input) =>
      perform("scan", (call) => transport.send("Scan", { ...input, TableName }, call)),
    get: (input) =>
      perform("get", async (call) => {
        const { Item } = await transport.send("Get", { ...input, TableName }, call);
        return Item;
      }),
    put: (input) => write("put", (call) => transport.send("Put", { ...input, TableName }, call)),
    update: (input) =>
      write("update", (call) => {
        // What was written comes back: a response without it is no acknowledgement.
        const asked = { ReturnValues: "UPDATED_NEW", ...input, TableName } as const;
        return transport.send("Update", asked, call);
      }),
    batchPut: (items) =>
      perform("batchPut", async (call) => {
        let left: object[] = items.map((Item) => ({ PutRequest: { Item } }));
        while (left.length > 0) {
          const RequestItems = { [TableName]: left };
          const answer = await transport.send("BatchWrite", { RequestItems }, call);
          left = answer.UnprocessedItems?.[TableName] ?? [];
        }
      }),
    batchGet: (keys, names) =>
      perform("batchGet", async (call) => {
        const found: Item[] = [];
        let left: readonly Item[] = keys;
        while (left.length > 0) {
          const Keys = [...left];
          const RequestItems = { [TableName]: { Keys, ...projectionOf(names) } };
          const answer = await transport.send("BatchGet", { RequestItems }, call);
          found.push(...((answer.Responses?.[TableName] ?? []) as Item[]));
          left = (answer.UnprocessedKeys?.[TableName]?.Keys ?? []) as Item[];
        }
        return found;
      }),
    close: () => {
      transport.close();
      client.destroy();
    },
  };
}

/** A projection of attributes or, given a list of names, of values inside them. */
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
