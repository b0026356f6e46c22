/** Users with everything that can lie in their partitions, and the partitions as an engine has them. */
import { type DynamoDBDocumentClient, paginateQuery } from "@aws-sdk/lib-dynamodb";
import type { TestDataLayer } from "../../../src/testing/index.js";
import { bareClient, type RawTable } from "../../open.js";
import { inputOf, registry, storeOf } from "../../registry.js";

type Raw = Record<string, unknown> & { readonly PK: string; readonly SK: string };

/** Rows of no declared entity, written out: ghosts, old rows, other applications' rows. */
export const strangersOf = (user: string): Raw[] => [
  { PK: `USER#${user}`, SK: "CONTENT#ghost", UpdatedAt: 1_600_000_000_000 },
  { PK: `USER#${user}`, SK: "DRAFT#1", EntityType: "Draft", Data: { text: "mine" }, UpdatedAt: 6 },
  { PK: `USER#${user}`, SK: "bare" },
  { PK: `REVIEW#${user}`, SK: "SUMMARY", average: 4.5 },
  // Of an entity of ours, at a key that is none of its own.
  { PK: `OAUTH#${user}`, SK: "x", EntityType: "SavedContent", Data: {}, UpdatedAt: 7 },
];

/** Items as the old repository wrote them: no CreatedAt, no key parts, no index. */
export const oldItemsOf = (user: string): Raw[] => [
  {
    PK: `USER#${user}`,
    SK: "CONTENT#old",
    EntityType: "SavedContent",
    Data: { id: "old", type: "Blog Post", content: "# Old" },
    UpdatedAt: 1_700_000_000_000,
  },
  {
    PK: `REVIEW#${user}`,
    SK: "REVIEW#old",
    EntityType: "Review",
    Data: { rating: 5 },
    UpdatedAt: 1_700_000_000_000,
  },
];

/** Stores one item of each of the twelve entities for a user; 12 rows. @returns them as they were returned */
export async function fill(data: TestDataLayer, user: string): Promise<object[]> {
  const stored: object[] = [];
  for (const entity of registry) {
    const item = await storeOf(data, entity).put(inputOf(entity, user, "one"));
    stored.push({ entity: entity.name, ...item });
  }
  return stored;
}

/** The same, with 2 old items and 5 rows of no entity: 19 rows. */
export async function fillAll(data: TestDataLayer, raw: RawTable, user: string): Promise<object[]> {
  const stored = await fill(data, user);
  await raw.put(...strangersOf(user), ...oldItemsOf(user));
  return stored;
}

/** Stores this many contents of a user, and a token. */
export async function storeContents(
  { savedContent, oauthToken }: TestDataLayer,
  userId: string,
  contents: number,
  content = "c",
): Promise<void> {
  const items = Array.from({ length: contents }, (_, index) => ({
    userId,
    contentId: `c${String(index).padStart(4, "0")}`,
    data: { type: "Blog Post", content },
  }));
  await savedContent.batchPut(items);
  await oauthToken.put({ userId, data: { accessToken: "a", refreshToken: "r" } });
}

/** The keys of everything in the partitions of a user, as an engine has them. */
export async function rowsOf(
  data: Pick<TestDataLayer, "engine" | "configuration">,
  user: string,
): Promise<string[]> {
  const client = bareClient(data);
  try {
    const keys: string[] = [];
    for (const pk of [`USER#${user}`, `REVIEW#${user}`, `OAUTH#${user}`]) {
      keys.push(...(await keysIn(client, data.configuration.tableName, pk)));
    }
    return keys;
  } finally {
    client.destroy();
  }
}

async function keysIn(client: DynamoDBDocumentClient, TableName: string, pk: string) {
  const keys: string[] = [];
  const pages = paginateQuery(
    { client },
    {
      TableName,
      KeyConditionExpression: "PK = :pk",
      ExpressionAttributeValues: { ":pk": pk },
      ConsistentRead: true,
    },
  );
  for await (const { Items = [] } of pages) {
    keys.push(...Items.map((item) => `${item.PK} / ${item.SK}`));
  }
  return keys;
}

/** The items of a list. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
