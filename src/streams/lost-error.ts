/** The error of changes that a stream has no longer. */
import { asCode } from "../errors/codes.js";
import { DynamoDBError } from "../errors/dynamodb-error.js";

/** What a loss ends an iteration with that has no `onLost`. */
export function lostError(shard: string): DynamoDBError {
  return new DynamoDBError({
    message: `watch: changes may have been lost: the stream has them no longer, because it keeps them for 24 hours (shard ${shard}). Read the table itself, and begin with from: "start"; or give onLost, and the reading goes on`,
    code: asCode("TrimmedDataAccessException"),
  });
}
