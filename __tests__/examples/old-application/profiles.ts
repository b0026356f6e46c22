/** Call sites as an application of the old layer has them, unchanged but for what they import. */
import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { getDocumentClient, getTableName } from "./client.js";
import { getRepository } from "./repository.js";

/** Over the repository. */
export async function profileName(userId: string): Promise<string | null> {
  const profile = await getRepository().get<{ name?: string }>(`USER#${userId}`, "PROFILE");
  return profile?.name ?? null;
}

/** Past the repository, by the client itself. */
export async function profileNameByClient(userId: string): Promise<string | null> {
  const { Item } = await getDocumentClient().send(
    new GetCommand({
      TableName: getTableName(),
      Key: { PK: `USER#${userId}`, SK: "PROFILE" },
    }),
  );
  return (Item?.Data as { name?: string } | undefined)?.name ?? null;
}
