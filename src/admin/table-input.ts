/** The CreateTable request. */
import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";
import { optionNames, refuseUnknownSettings } from "../call/options.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { attribute, type IndexName, indexKeysOf, indexName, indexNames } from "../table/table.js";

/** What a new table has besides its keys and indexes. */
export interface TableSettings {
  /**
   * Whether the table has a stream of its changes, with each item before and after:
   * `bayon-coagent-data/streams` reads it. @default false
   */
  readonly stream?: boolean | undefined;
}

const settingNames = optionNames<TableSettings>({ stream: true });

/** The view that changes need: with each item before and after. */
export const streamView = "NEW_AND_OLD_IMAGES";

/**
 * The CreateTable request: string keys, the indexes with projection ALL, on-demand billing.
 * @param indexes those that the entities are in: `data.table.indexes`. @default GSI1, for the twelve
 * @param settings `{ stream: true }` adds the stream
 * @throws ConfigurationError for anything but names of indexes, each once, and for unknown settings
 * @example
 * const input = createTableInput("BayonCoAgent-prod", data.table.indexes);
 */
export function createTableInput(
  tableName: string,
  indexes: readonly IndexName[] = [indexName],
  settings: TableSettings = {},
): CreateTableCommandInput {
  checkIndexes(indexes);
  const stream = streamOf("createTableInput", settings);
  const keys = indexes.map((index) => ({ index, ...indexKeysOf(index) }));
  const keyAttributes = [
    attribute.partitionKey,
    attribute.sortKey,
    ...keys.flatMap(({ pk, sk }) => [pk, sk]),
  ];
  return {
    TableName: tableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: keyAttributes.map((name) => ({
      AttributeName: name,
      AttributeType: "S",
    })),
    KeySchema: [
      { AttributeName: attribute.partitionKey, KeyType: "HASH" },
      { AttributeName: attribute.sortKey, KeyType: "RANGE" },
    ],
    ...(stream && {
      StreamSpecification: { StreamEnabled: true, StreamViewType: streamView },
    }),
    // A list without members is refused.
    ...(keys.length > 0 && {
      GlobalSecondaryIndexes: keys.map(({ index, pk, sk }) => ({
        IndexName: index,
        KeySchema: [
          { AttributeName: pk, KeyType: "HASH" },
          { AttributeName: sk, KeyType: "RANGE" },
        ],
        Projection: { ProjectionType: "ALL" },
      })),
    }),
  };
}

/**
 * Whether a table is to have a stream.
 * @throws ConfigurationError for an unknown setting, and for anything but true and false
 */
export function streamOf(call: string, settings: TableSettings): boolean {
  refuseUnknownSettings(call, settings, settingNames);
  const { stream = false } = settings;
  if (typeof stream === "boolean") return stream;
  throw new ConfigurationError(`${call}: stream must be true or false`);
}

/** @throws ConfigurationError for anything but names of indexes, each once */
function checkIndexes(given: unknown): void {
  const most = indexNames.length;
  // A longer list has a name twice.
  const isList = Array.isArray(given) && given.length <= most;
  const isWell =
    isList &&
    new Set(given).size === given.length &&
    [...given].every((name: unknown) => indexNames.includes(name as IndexName));
  if (isWell) return;
  throw new ConfigurationError(
    `createTableInput: indexes must be names from GSI1 to GSI${most}, each once`,
  );
}
