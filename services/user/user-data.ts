/** Everything that is stored of one user: it can be exported and erased. */

import { eraseUser } from "./erase-user.js";
import { exportUser } from "./export-user.js";
import { partitionsOf, uncoveredKeysOf, userOf } from "./partitions.js";
import type { UserSource } from "./rows.js";
import type { UserData, UserEraseOptions, UserExportOptions } from "./types.js";

/**
 * Everything that is stored of one user. Nothing is sent.
 * @throws ValidationError for an id that is no key, or that makes the partition key of another owner
 */
export function createUserData(source: UserSource, userId: string): UserData<unknown> {
  const { definitions } = source;
  const owner = userOf(definitions, "user", userId);
  const partitions = partitionsOf(definitions, owner, { operation: "user" });
  const contextOf = (operation: string) => ({ operation, key: { userId } });
  return {
    notCovered: uncoveredKeysOf(definitions),
    export: (options?: UserExportOptions) =>
      exportUser(source, partitions, contextOf("user.export"), options),
    erase: async (options?: UserEraseOptions) =>
      eraseUser(source, partitions, contextOf("user.erase"), options),
  };
}
