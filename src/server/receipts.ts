/**
 * Receipts of mutations, by which a repeated one is recognised: rows of the table, so that every instance of
 * the server sees them. A receipt holds no payload: the id of the mutation, a digest of its arguments, how it
 * ended, and the key of the item that it wrote.
 */
import { createHash } from "node:crypto";
import { perform } from "../call/call.js";
import { ConditionalCheckFailedError } from "../errors/conditional-check-failed-error.js";
import type { CallContext } from "../errors/context.js";
import { ValidationError } from "../errors/validation-error.js";
import { isObject } from "../runtime/objects.js";
import type { CursorSeal } from "../secrets/cursor-seal.js";
import type { LayerSource } from "../store/layer-source.js";
import { attribute, limits, receiptRow } from "../table/table.js";

/** How a mutation ended, for its repeats. */
export interface Ending {
  /** The parts of the key of the item that it wrote, without the user's id. */
  readonly key?: Readonly<Record<string, unknown>> | undefined;
  /** What it returned, if that is no item: encoded JSON. */
  readonly value?: string | undefined;
}

export interface Receipt extends Ending {
  /** Made by whoever carries the mutation out: its own repeated request is no other one's. */
  readonly claim: string;
  /** Of its arguments, sealed. */
  readonly digest: string;
  /** `open` if nobody knows whether it was carried out. */
  readonly state: "begun" | "done" | "open";
  /** Until when it may still be in progress, in epoch milliseconds. */
  readonly until: number;
}

/** The receipt of a mutation of a user's. */
interface Place {
  readonly userId: string;
  readonly id: string;
}

const { entityType, keyPrefix } = receiptRow;

const context: CallContext = { operation: "mutation", entity: entityType };

/** How long one of these requests may take with its repeats, in ms. */
const patienceMs = 5_000;

export interface Receipts {
  /**
   * Begins a mutation: one request.
   * @returns `null` if it may be carried out now, else the receipt of an earlier one with this id
   */
  begin(place: Place, receipt: Receipt): Promise<Receipt | null>;
  /** Notes how a mutation ended: one request. */
  end(place: Place, receipt: Receipt): Promise<void>;
  /** Forgets a mutation that changed nothing, so that it can be tried again: one request. */
  release(place: Place): Promise<void>;
  /** Seals a digest, so that whoever reads the table cannot compare it with those of likely inputs. */
  seal(digest: string): Promise<string>;
  /** A sealed digest as it was; `undefined` if another secret has sealed it. */
  opened(sealed: string): Promise<string | undefined>;
}

/** @param rememberMs how long receipts are kept, in ms */
export function createReceipts(
  { transport, clock, configuration }: LayerSource,
  { seal, open }: CursorSeal,
  rememberMs: number,
): Receipts {
  const { tableName: TableName } = configuration;
  const { partitionKey, sortKey, timeToLive, data } = attribute;
  const keyOf = ({ userId, id }: Place) => {
    const partition = `${keyPrefix}${userId}`;
    const isLong = Buffer.byteLength(partition) > limits.partitionKeyBytes;
    // The longest ids fit behind the prefixes of the entities alone. No other user's id makes this sort key.
    return isLong
      ? {
          [partitionKey]: `${keyPrefix}${createHash("sha256").update(userId).digest("base64url")}`,
          [sortKey]: `${keyPrefix}#${id}`,
        }
      : { [partitionKey]: partition, [sortKey]: `${keyPrefix}${id}` };
  };
  const itemOf = (place: Place, receipt: Receipt) => {
    const now = clock.now();
    return {
      ...keyOf(place),
      [attribute.entityType]: entityType,
      [attribute.createdAt]: now,
      [attribute.updatedAt]: now,
      // DynamoDB deletes an item by this time, in seconds, if the table's time to live is on.
      [timeToLive]: Math.ceil((now + rememberMs) / 1000),
      [data]: receipt,
    };
  };
  const send = <R>(run: Parameters<typeof perform<R>>[2]) =>
    perform(context, { timeoutMs: patienceMs }, run);
  const found = async (place: Place): Promise<unknown> => {
    const input = { TableName, Key: keyOf(place), ConsistentRead: true };
    const { Item } = await send((call) => transport.send("Get", input, call));
    return Item;
  };
  return {
    begin: async (place, receipt) => {
      const input = {
        TableName,
        Item: itemOf(place, receipt),
        // An expired receipt may still be there for days.
        ConditionExpression: "attribute_not_exists(#pk) OR #ttl < :now",
        ExpressionAttributeNames: { "#pk": partitionKey, "#ttl": timeToLive },
        ExpressionAttributeValues: { ":now": Math.floor(clock.now() / 1000) },
        ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
      };
      try {
        await send((call) => transport.send("Put", input, call));
        return null;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedError)) throw error;
        // Not every engine returns the item.
        const earlier = receiptOf(error.item) ?? receiptOf(await found(place));
        // Released or expired between the two requests: whoever repeats it finds nothing in the way.
        if (earlier === undefined) return { ...receipt, claim: "", state: "begun" };
        return earlier.claim === receipt.claim ? null : earlier;
      }
    },
    end: async (place, receipt) => {
      const input = { TableName, Item: itemOf(place, receipt) };
      await send((call) => transport.send("Put", input, call));
    },
    release: async (place) => {
      const input = { TableName, Key: keyOf(place) };
      await send((call) => transport.send("Delete", input, call));
    },
    seal,
    opened: async (sealed) => {
      try {
        return await open(sealed, context);
      } catch (error) {
        if (error instanceof ValidationError) return undefined;
        throw error;
      }
    },
  };
}

function receiptOf(item: unknown): Receipt | undefined {
  const stored = isObject(item) ? item[attribute.data] : undefined;
  return isObject(stored) ? (stored as unknown as Receipt) : undefined;
}
