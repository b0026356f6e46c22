// What the published types promise. Compiled as .mts, .cts and .ts, under two TypeScripts.
import {
  createDataLayer,
  DynamoDBRepository,
  getRepository,
  getSavedContentKeys,
  ItemNotFoundError,
  withRetry,
} from "bayon-coagent-data";
import { createTestDataLayer, startEngine } from "bayon-coagent-data/testing";

type IsAny<T> = 0 extends 1 & T ? true : false;
type Not<T extends false> = T;

export async function main(): Promise<void> {
  const data = createDataLayer({ environment: "local", retry: { maxRetries: 2 } });
  const key = { userId: "u1", contentId: "c1" };

  const item = await data.savedContent.get(key);
  if (item !== null) {
    const content: string = item.data.content;
    const createdAt: number = item.createdAt;
    const name: string | null | undefined = item.data.name;
    console.log(content.length, createdAt.toFixed(), name, item.userId, item.contentId);
  }
  // @ts-expect-error null is for "not there"
  item.data;

  await data.savedContent.create({
    ...key,
    data: { type: "blog", content: "…", createdAt: "2024-05-01T10:00:00Z" },
  });
  // @ts-expect-error content is required
  await data.savedContent.create({ ...key, data: { type: "blog" } });
  // @ts-expect-error the key of another entity
  await data.savedContent.get({ userId: "u1", projectId: "p1" });
  // @ts-expect-error a key part is a string
  await data.savedContent.get({ userId: 1, contentId: "c1" });
  await data.savedContent.update(key, { name: "Tips" });
  // @ts-expect-error a misspelt field
  await data.savedContent.update(key, { nmae: "Tips" });

  const { items, cursor } = await data.savedContent.query({ userId: "u1" }, { limit: 3 });
  const types: string[] = items.map((found) => found.data.type);
  const next: string | null = cursor;
  for await (const review of data.review.list({ agentId: "a1" })) console.log(review.data.rating);
  const batch = await data.project.batchGet([{ userId: "u1", projectId: "p1" }]);
  console.log(types, next, batch[0]?.data.name);

  const everything = await data.collections.workspace({ userId: "u1" });
  console.log(everything.savedContent.map((found) => found.contentId));

  const { PK, SK } = getSavedContentKeys("u1", "c1");
  const raw = await getRepository().get<{ content: string }>(PK, SK);
  console.log(raw?.content, new DynamoDBRepository());
  const answer: number = await withRetry(async () => 1, { maxRetries: 1 });
  const lost = new ItemNotFoundError(PK, SK);
  console.log(answer, lost.code);

  const test = await createTestDataLayer();
  const engine = await startEngine();
  await test.savedContent.get(key);
  await test.close();

  type Found = NonNullable<typeof item>;
  const notAny: [
    Not<IsAny<typeof data>>,
    Not<IsAny<typeof data.savedContent>>,
    Not<IsAny<Found>>,
    Not<IsAny<Found["data"]>>,
    Not<IsAny<Found["data"]["content"]>>,
    Not<IsAny<(typeof items)[number]>>,
    Not<IsAny<typeof everything>>,
    Not<IsAny<typeof engine>>,
  ] = [false, false, false, false, false, false, false, false];
  console.log(notAny);
}
