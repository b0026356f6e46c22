/** Stream records, in each form in which they come, as one form. */
import { type AttributeValue, nativeImageOf } from "../client/wire-format.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { invalidAt } from "../errors/validation-error.js";
import { isObject } from "../runtime/objects.js";
import { attribute, type RawItem } from "../table/table.js";

/**
 * A record of a table's stream: one of an event of AWS Lambda's, with binary as base64 and the time in
 * seconds, or one that the SDK's `GetRecords` returned, with binary as bytes and the time as a Date.
 */
export interface StreamRecord {
  readonly eventID?: string | undefined;
  /** `INSERT`, `MODIFY` or `REMOVE`. */
  readonly eventName?: string | undefined;
  /** Who removed an item that had expired: DynamoDB itself. */
  readonly userIdentity?: object | null | undefined;
  readonly dynamodb?: StreamRecordImages | undefined;
}

/** What a stream record says of its item. */
export interface StreamRecordImages {
  readonly ApproximateCreationDateTime?: number | string | Date | undefined;
  readonly Keys?: object | undefined;
  readonly NewImage?: object | undefined;
  readonly OldImage?: object | undefined;
  readonly SequenceNumber?: string | undefined;
  readonly StreamViewType?: string | undefined;
}

/** A record as it was read: its item before and after the change, as the table held it. */
export interface ReadRecord {
  readonly before: RawItem | null;
  readonly after: RawItem | null;
  /** Whether DynamoDB removed the item because it had expired. */
  readonly byTimeToLive: boolean;
  /** Epoch milliseconds; 0 if the record has no time. */
  readonly at: number;
  readonly id: string;
}

/** The view of a stream whose records have what changes are made of. */
const bothImages = "NEW_AND_OLD_IMAGES";

/** The images that a record of each kind has: of the item after, and of the item before. */
const imagesOf: ReadonlyMap<unknown, readonly ("NewImage" | "OldImage")[]> = new Map([
  ["INSERT", ["NewImage"]],
  ["MODIFY", ["NewImage", "OldImage"]],
  ["REMOVE", ["OldImage"]],
]);

/**
 * Reads a record.
 * @param operation the call that was given it
 * @throws ValidationError for anything but a stream record
 * @throws ConfigurationError if the stream does not hold the items before and after
 */
export function readRecord(operation: string, record: unknown): ReadRecord {
  const fail = (message: string, cause?: unknown) =>
    invalidAt({ operation }, "record", message, cause);
  try {
    return readParts(operation, record, fail);
  } catch (error) {
    if (error instanceof Error && "code" in error) throw error;
    // What no engine writes: a value of two types, or one that a getter throws.
    throw fail("has a value that DynamoDB does not have");
  }
}

function readParts(
  operation: string,
  record: unknown,
  fail: (message: string) => Error,
): ReadRecord {
  const { eventName, eventID, userIdentity, dynamodb } = (record ?? {}) as StreamRecord;
  const names = imagesOf.get(eventName);
  if (names === undefined || !isObject(dynamodb) || !isObject(dynamodb.Keys)) {
    throw fail("is no record of a DynamoDB stream: eventName, dynamodb.Keys or both are missing");
  }
  const { Keys, StreamViewType, SequenceNumber } = dynamodb as StreamRecordImages;
  const lacking = names.find((name) => dynamodb[name] === undefined || dynamodb[name] === null);
  if (lacking !== undefined) {
    if (StreamViewType === bothImages) {
      throw fail(`is of the view ${bothImages}, and has no ${lacking}: it was altered on its way`);
    }
    const view = StreamViewType === undefined ? "another view" : `the view ${StreamViewType}`;
    throw new ConfigurationError(
      `${operation}: the stream has ${view}: changes need ${bothImages}, which a table gets when its stream is turned off and on again`,
    );
  }
  const imageOf = (name: "NewImage" | "OldImage") =>
    names.includes(name) ? nativeImage(Keys as object, dynamodb[name] as object) : null;
  return {
    before: imageOf("OldImage"),
    after: imageOf("NewImage"),
    byTimeToLive: eventName === "REMOVE" && isTimeToLive(userIdentity),
    at: timeOf(dynamodb.ApproximateCreationDateTime),
    id: String(eventID ?? SequenceNumber ?? ""),
  };
}

type Attributes = Readonly<Record<string, AttributeValue>>;

/** An item with native values. They share nothing with the record, which a caller may hand on. */
function nativeImage(keys: object, image: object): RawItem {
  return nativeImageOf({ ...keys, ...image } as Attributes) as RawItem;
}

/** The principal that removes expired items. Nobody else can act under its name. */
const timeToLivePrincipal = "dynamodb.amazonaws.com";

/**
 * Whether DynamoDB itself removed an item. Lambda's members begin with a small letter, the SDK's with a
 * capital.
 */
function isTimeToLive(identity: unknown): boolean {
  if (!isObject(identity)) return false;
  const { type = identity.Type, principalId = identity.PrincipalId } = identity;
  return type === "Service" && principalId === timeToLivePrincipal;
}

/** A record's time as epoch ms: of Lambda's seconds, of a Date, or of a Date as JSON has it. */
function timeOf(time: unknown): number {
  const ms = typeof time === "number" ? time * 1_000 : new Date(time as string).getTime();
  return Number.isFinite(ms) ? Math.round(ms) : 0;
}

/** The record's item, as a text that is the same for all records of one item. */
export function itemIdOf({ dynamodb }: StreamRecord): string {
  const keys = (dynamodb?.Keys ?? {}) as Attributes;
  const texts = [attribute.partitionKey, attribute.sortKey].map((name) => keys[name]);
  return JSON.stringify(texts.map((value) => Object.entries(value ?? {})));
}
