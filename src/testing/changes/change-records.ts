/** Makes events of AWS Lambda's of changes, for tests of a handler. */
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { reading } from "../../call/call.js";
import type { Declaration } from "../../entity/model.js";
import { invalidAt } from "../../errors/validation-error.js";
import { isObject } from "../../runtime/objects.js";
import type { LayerSource, Sourced } from "../../store/layer-source.js";
import { neededSource } from "../../streams/change-of.js";
import type { ChangeKind } from "../../streams/changes.js";
import { attribute } from "../../table/table.js";
import type { ChangeInput } from "./change-input.js";
import { type Image, ImageMaker } from "./images.js";
import {
  asExpired,
  type LambdaEvent,
  type LambdaImage,
  type LambdaRecord,
  type LambdaValue,
} from "./lambda-event.js";
import { type MadeUp, madeUp, type Side } from "./made-up.js";
import { knownRecord } from "./table-changes.js";

const context = { operation: "changeRecords" } as const;

/**
 * Makes the event with which AWS Lambda would call a handler: a record for each change, in this order.
 * Nothing is sent.
 *
 * A change that `data.changes()` returned becomes its own record again. One that is made up is checked as
 * `put` checks its items, and has what `put` stores: secrets are encrypted if keys are configured.
 * @throws ValidationError for what is no change, or no item of the entity
 * @throws ConfigurationError for a store that the data layer does not have
 * @example
 * await handler(await changeRecords(data, await data.changes()));
 * await handler(await changeRecords(data, { entity: "review", kind: "created", after: make.review() }));
 */
export async function changeRecords<L extends Sourced<unknown>>(
  data: L,
  changes: ChangeInput<L> | readonly ChangeInput<L>[],
): Promise<LambdaEvent> {
  const source = neededSource(context.operation, data);
  const list = reading(context, () => (Array.isArray(changes) ? [...changes] : [changes]));
  return { Records: await Promise.all(list.map((change) => recordFor(source, change))) };
}

async function recordFor(source: LayerSource, given: unknown): Promise<LambdaRecord> {
  const known = isObject(given) ? knownRecord(given) : undefined;
  if (known !== undefined) return structuredClone(known);
  const change = madeUp(context, Object.keys(source.definitions), given);
  const declaration = source.definitions[change.entity] as Declaration;
  const maker = new ImageMaker(source, declaration, context.operation);
  const images = await Promise.all(
    change.items.map(async ({ side, item }) => ({ side, ...(await maker.image(side, item)) })),
  );
  checkKeys(change, images);
  return madeRecord(source, change, images);
}

/** @throws ValidationError if a change is of two items, or has another key than its item */
function checkKeys({ key = {} }: MadeUp, images: readonly Image[]): void {
  const [first, ...rest] = images;
  const refuse = (path: string, message: string) => invalidAt(context, path, message);
  const isSame = rest.every((other) => isDeepStrictEqual(other.key, first?.key));
  if (!isSame) throw refuse("after", "must have the key of before: a change is of one item");
  if (isDeepStrictEqual({ ...first?.key, ...key }, { ...first?.key })) return;
  throw refuse("key", "must be that of the item");
}

const eventNames = {
  created: "INSERT",
  updated: "MODIFY",
  deleted: "REMOVE",
  expired: "REMOVE",
} as const satisfies Record<ChangeKind, LambdaRecord["eventName"]>;

interface SideImage extends Image {
  readonly side: Side;
}

function madeRecord(
  { clock, configuration: { region = "us-east-1", tableName } }: LayerSource,
  { kind, at = clock.now(), id = randomUUID().replaceAll("-", "") }: MadeUp,
  images: readonly SideImage[],
): LambdaRecord {
  const [Keys] = images.map(({ image }) => keysIn(image));
  const imageOf = (wanted: Side) => images.find(({ side }) => side === wanted)?.image;
  const NewImage = imageOf("after");
  const OldImage = imageOf("before");
  const record: LambdaRecord = {
    eventID: id,
    eventName: eventNames[kind],
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: region,
    dynamodb: {
      ApproximateCreationDateTime: at / 1_000,
      Keys: Keys as LambdaImage,
      ...(NewImage && { NewImage }),
      ...(OldImage && { OldImage }),
      SequenceNumber: nextSequence(),
      SizeBytes: images.reduce((sum, { bytes }) => sum + bytes, 0),
      StreamViewType: "NEW_AND_OLD_IMAGES",
    },
    eventSourceARN: `arn:aws:dynamodb:${region}:000000000000:table/${tableName}/stream/2025-01-01T00:00:00.000`,
  };
  return kind === "expired" ? asExpired(record) : record;
}

const keyNames = [attribute.partitionKey, attribute.sortKey] as const;

function keysIn(image: LambdaImage): LambdaImage {
  // Every image has its key, made of texts.
  return Object.fromEntries(keyNames.map((name) => [name, image[name] as LambdaValue]));
}

/** How many records have been made up in this process. */
let count = 0n;

/** Grows from record to record, as those of a shard do. DynamoDB's have as many digits. */
function nextSequence(): string {
  count += 1n;
  return String(10n ** 20n + count);
}
