/** Removes expired items, which no local engine does. */
import { secondsOf } from "../../entity/expiry.js";
import { wrapDynamoDBError } from "../../errors/wrap.js";
import type { LayerSource } from "../../store/layer-source.js";
import { attribute, type RawItem } from "../../table/table.js";
import { inParallel } from "../../transport/parallel.js";

/** DynamoDB leaves items that expired longer ago than this: five years, in seconds. */
const longestAgo = 5 * 365 * 86_400;

/** Deletes in flight. */
const parallel = 8;

/**
 * Deletes the items whose `TTL` has passed, whoever wrote them. One that is given a later time meanwhile
 * is left.
 * @param now epoch milliseconds
 * @returns the items as they were when they were deleted
 */
export async function deleteExpired(
  { transport, configuration }: LayerSource,
  now: number,
): Promise<RawItem[]> {
  const call = { context: { operation: "expire" } };
  const TableName = configuration.tableName;
  const ExpressionAttributeNames = { "#ttl": attribute.timeToLive };
  const seconds = secondsOf(now);
  const expired: RawItem[] = [];
  let from: RawItem | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await transport.send(
      "Scan",
      {
        TableName,
        ConsistentRead: true,
        FilterExpression: "#ttl BETWEEN :earliest AND :now",
        ExpressionAttributeNames,
        ExpressionAttributeValues: { ":earliest": seconds - longestAgo, ":now": seconds },
        ExclusiveStartKey: from,
      },
      call,
    );
    expired.push(...(Items as RawItem[]));
    from = LastEvaluatedKey as RawItem | undefined;
  } while (from !== undefined);

  const deleted: RawItem[] = [];
  await inParallel(expired, parallel, async ({ PK, SK, [attribute.timeToLive]: time }) => {
    try {
      const { Attributes } = await transport.send(
        "Delete",
        {
          TableName,
          Key: { PK, SK },
          ConditionExpression: "#ttl = :time",
          ExpressionAttributeNames,
          ExpressionAttributeValues: { ":time": time },
          ReturnValues: "ALL_OLD",
        },
        call,
      );
      if (Attributes !== undefined) deleted.push(Attributes as RawItem);
    } catch (error) {
      const failure = wrapDynamoDBError(error, call.context);
      if (failure.code !== "ConditionalCheckFailedException") throw failure;
    }
  });
  return deleted;
}
