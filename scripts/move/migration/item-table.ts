/**
 * The table as the migration works on it: stored items with native values, read in batches, written
 * one by one on a condition or in batches without.
 */
import type { PutCommandInput } from "@aws-sdk/lib-dynamodb";
import { guardedEntities } from "../../../services/registry.js";
import { createClients, type RequestHandler } from "../../../src/client/client.js";
import { type ConnectionOptions, resolveConfiguration } from "../../../src/client/config.js";
import { Placeholders } from "../../../src/conditions/placeholders.js";
import { nameOf } from "../../../src/errors/words.js";
import { wrapDynamoDBError } from "../../../src/errors/wrap.js";
import { asItIsNow, keyId, keysById, readMany } from "../../../src/read/reader.js";
import { type Cipher, resolveCipher } from "../../../src/secrets/encryption.js";
import { createFieldGuard } from "../../../src/secrets/field-guard.js";
import { attribute, type RawItem, type RawKey } from "../../../src/table/table.js";
import type { Transport } from "../../../src/transport/transport.js";
import { isThatGhost } from "../../../src/write/occupant.js";
import { ofKnownEntities } from "../../raw/known-entities.js";
import { createPatientTransport, type Traffic } from "../../raw/patient-transport.js";
import { markedItem } from "../../raw/stored-secrets.js";

const knownGuards = ofKnownEntities(guardedEntities);

export interface ItemTableOptions extends ConnectionOptions {
  readonly requestHandler?: RequestHandler | undefined;
  /** Ends the waiting for a retry. */
  readonly signal?: AbortSignal | undefined;
  /** Delay before the first retry, in ms. @default 100 */
  readonly initialDelayMs?: number | undefined;
}

/** What happened to an item that was put. */
export type PutOutcome = "written" | "refused" | { readonly invalid: string };

/** What became of an item that was to be deleted; `gone` means that somebody else deleted it. */
export type DeleteOutcome = "deleted" | "gone" | "changed";

export interface ItemTable {
  readonly tableName: string;
  readonly traffic: Readonly<Traffic>;
  /** Consistent reads, 100 to a request. */
  read(keys: readonly RawKey[]): Promise<Map<string, RawItem>>;
  /** Writes an item if the condition holds; `refused` if it does not. */
  put(item: RawItem, condition: Condition): Promise<PutOutcome>;
  /** Writes up to 25 items whatever is there. If DynamoDB refuses one, the others are still written. */
  putAll(items: readonly RawItem[]): Promise<PutOutcome[]>;
  /** Deletes an item that still has one of these times. */
  deleteAt(key: RawKey, updatedAt: readonly number[]): Promise<DeleteOutcome>;
  /** One segment of a parallel scan that reads keys only. */
  scanKeys(segment: number, segments: number): AsyncGenerator<RawKey>;
  close(): void;
}

/** What must be true of the stored item for a put to be carried out. */
export type Condition =
  | { readonly kind: "absent" }
  /** This ghost, as it was read. */
  | { readonly kind: "ghost"; readonly ghost: RawItem }
  /** Not there, or last written before this time (epoch ms). */
  | { readonly kind: "olderThan"; readonly time: number };

export function openItemTable({
  requestHandler,
  signal,
  initialDelayMs,
  ...place
}: ItemTableOptions): ItemTable {
  const configuration = resolveConfiguration(place);
  const { tableName } = configuration;
  const { client, documentClient } = createClients(configuration, requestHandler);
  const traffic: Traffic = { requests: 0, throttles: 0 };
  const cipher = resolveCipher();
  const guard = createFieldGuard(knownGuards(), cipher);
  const transport = createPatientTransport(documentClient, {
    ...{ traffic, signal, initialDelayMs, guard },
    place: configuration,
  });
  const { read, scanKeys } = readsOf(transport, tableName);
  const { put, putAll, deleteAt } = writesOf(transport, tableName, cipher);
  /** Runs a call's requests; the errors they throw name the call and the table. */
  async function perform<T>(operation: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      signal?.throwIfAborted();
      throw wrapDynamoDBError(error, { operation, key: `table=${tableName}` });
    }
  }
  return {
    tableName,
    traffic,
    read: (keys) => perform("read", () => read(keys)),
    put: (item, condition) => perform("put", () => put(item, condition)),
    putAll: (items) => perform("batchPut", () => putAll(items)),
    deleteAt: (key, updatedAt) => perform("delete", () => deleteAt(key, updatedAt)),
    scanKeys: async function* (segment, segments) {
      let from: PageOfKeys["next"];
      do {
        const page: PageOfKeys = await perform("scan", () => scanKeys(segment, segments, from));
        yield* page.keys;
        from = page.next;
      } while (from !== undefined);
    },
    close: () => {
      transport.close();
      client.destroy();
    },
  };
}

interface PageOfKeys {
  readonly keys: readonly RawKey[];
  /** Where the next page begins. */
  readonly next: Record<string, unknown> | undefined;
}

interface Reads extends Pick<ItemTable, "read"> {
  scanKeys(segment: number, segments: number, from: PageOfKeys["next"]): Promise<PageOfKeys>;
}

function readsOf(transport: Transport, tableName: string): Reads {
  const table = { transport, tableName };
  return {
    read: async (keys) => {
      const found = new Map<string, RawItem>();
      for (let rest = keys; rest.length > 0; ) {
        const { items, left } = await readMany(table, keysById(rest), call, asItIsNow);
        for (const [id, item] of items) found.set(id, item);
        rest = rest.filter((key) => left.has(keyId(key)));
      }
      return found;
    },
    scanKeys: async (Segment, TotalSegments, from) => {
      const input = {
        TableName: tableName,
        ConsistentRead: true,
        Segment,
        TotalSegments,
        ProjectionExpression: "#pk, #sk",
        ExpressionAttributeNames: { "#pk": attribute.partitionKey, "#sk": attribute.sortKey },
        ...(from !== undefined && { ExclusiveStartKey: from }),
      };
      const { Items = [], LastEvaluatedKey } = await transport.send("Scan", input, call);
      return { keys: Items as RawKey[], next: LastEvaluatedKey };
    },
  };
}

const call = { context: { operation: "migrate" } } as const;

function writesOf(
  transport: Transport,
  tableName: string,
  cipher: Cipher | undefined,
): Pick<ItemTable, "put" | "putAll" | "deleteAt"> {
  const putAll = async (items: readonly RawItem[]): Promise<PutOutcome[]> => {
    let left: object[] = items.map((item) => ({
      PutRequest: { Item: markedItem(item, cipher) },
    }));
    try {
      while (left.length > 0) {
        const RequestItems = { [tableName]: left };
        const answer = await transport.send("BatchWrite", { RequestItems }, call);
        left = answer.UnprocessedItems?.[tableName] ?? [];
      }
      return items.map(() => "written");
    } catch (error) {
      if (nameOf(error) !== "ValidationException") throw error;
      if (items.length === 1) return [refusalOf(error)];
      // DynamoDB refuses a whole batch for one item: find it, and write the others.
      const half = Math.ceil(items.length / 2);
      return [...(await putAll(items.slice(0, half))), ...(await putAll(items.slice(half)))];
    }
  };
  return {
    putAll: async (items) => (items.length === 0 ? [] : putAll(items)),
    put: async (item, condition) => {
      try {
        const Item = markedItem(item, cipher);
        const input = { TableName: tableName, Item, ...expressionOf(condition) };
        await transport.send("Put", input, call);
        return "written";
      } catch (error) {
        if (nameOf(error) === "ConditionalCheckFailedException") return "refused";
        if (nameOf(error) === "ValidationException") return refusalOf(error);
        throw error;
      }
    },
    deleteAt: async ({ PK, SK }, updatedAt) => {
      const values = Object.fromEntries(updatedAt.map((time, at) => [`:t${at}`, time]));
      const input = {
        TableName: tableName,
        Key: { PK, SK },
        ConditionExpression: `#u IN (${Object.keys(values).join(", ")})`,
        ExpressionAttributeNames: { "#u": attribute.updatedAt },
        ExpressionAttributeValues: values,
        // The condition proves that an item was there: the transport refuses a success without it.
        ReturnValues: "ALL_OLD" as const,
      };
      let answerLost = false;
      const onAnswerLost = () => {
        answerLost = true;
      };
      try {
        await transport.send("Delete", input, { ...call, onAnswerLost });
        return "deleted";
      } catch (error) {
        if (nameOf(error) !== "ConditionalCheckFailedException") throw error;
      }
      // The condition also fails if the item does not exist.
      const read = { TableName: tableName, Key: { PK, SK }, ConsistentRead: true };
      const { Item } = await transport.send("Get", read, call);
      if (Item !== undefined) return "changed";
      return answerLost ? "deleted" : "gone";
    },
  };
}

function expressionOf(condition: Condition): Omit<PutCommandInput, "TableName" | "Item"> {
  if (condition.kind === "absent") {
    return {
      ConditionExpression: "attribute_not_exists(#pk)",
      ExpressionAttributeNames: { "#pk": attribute.partitionKey },
    };
  }
  if (condition.kind === "ghost") {
    const own = new Placeholders();
    return {
      ConditionExpression: isThatGhost(own, condition.ghost).text,
      ExpressionAttributeNames: own.names,
      ...(Object.keys(own.values).length > 0 && { ExpressionAttributeValues: own.values }),
    };
  }
  return {
    ConditionExpression: "attribute_not_exists(#u) OR #u < :t",
    ExpressionAttributeNames: { "#u": attribute.updatedAt },
    ExpressionAttributeValues: { ":t": condition.time },
  };
}

/** DynamoDB's message, up to where it may quote a value. */
function refusalOf(error: unknown): PutOutcome {
  const message = error instanceof Error ? error.message : "";
  return { invalid: `is refused by DynamoDB: ${message.split(":")[0] || "ValidationException"}` };
}

/** The item of a read under a key. */
export function itemAt(items: ReadonlyMap<string, RawItem>, key: RawKey): RawItem | undefined {
  return items.get(keyId(key));
}
