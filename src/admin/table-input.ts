/** The CreateTable request. */
import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";
import { ConfigurationError } from "../errors/configuration-error.js";
import { attribute, type IndexName, indexKeysOf, indexName, indexNames } from "../table/table.js";

/**
 * The CreateTable request: string keys, the indexes with projection ALL, on-demand billing.
 * @param indexes those that the entities are in: `data.table.indexes`. @default GSI1, for the twelve
 * @throws ConfigurationError for anything but names of indexes, each once
 * @example
 * const input = createTableInput("BayonCoAgent-prod", data.table.indexes);
 */
export function createTableInput(
  tableName: string,
  indexes: readonly IndexName[] = [indexName],
): CreateTableCommandInput {
  checkIndexes(indexes);
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
