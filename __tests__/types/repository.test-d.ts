/** The generic repository's types: open entity types, and those of a subclass. */
import {
  type DynamoDBItem,
  type DynamoDBKey,
  DynamoDBRepository,
  type EntityType,
  type IndexKeys,
  type QueryOptions,
  type QueryResult,
  type TransactWrite,
  type TransactWriteOptions,
} from "bayon-coagent-data";

const open = new DynamoDBRepository();
type Listing = { address: string };
type AppType = "Listing" | "Alert";
class AppRepository extends DynamoDBRepository<AppType> {
  listings(userId: string): Promise<QueryResult<Listing>> {
    return this.query<Listing>(`USER#${userId}`, "LISTING#");
  }
  protected override beforePut(item: DynamoDBItem<unknown, AppType>) {
    const type: AppType = item.EntityType;
    return { ...item, GSI3PK: type };
  }
}
const app = new AppRepository();
const listing: Listing = { address: "a" };

// Any entity type, with those of the package in completions.
void open.create("a", "b", "Anything", {});
export const anything: EntityType = "Anything";
// A subclass names its own, and reads them back as such.
void app.create("a", "b", "Listing", listing, { GSI2PK: "c", GSI20SK: "d", TTL: 5 });
// @ts-expect-error -- a misspelt one
void app.create("a", "b", "Listng", listing);
export const typed: Promise<AppType | undefined> = app
  .getItem<Listing>("a", "b")
  .then((item) => item?.EntityType);
// A wider union too.
export class Wider extends DynamoDBRepository<EntityType | "Listing"> {}

// Index keys: any of GSI1 to GSI20, and of nothing else.
export const keys: IndexKeys = { GSI1PK: "a", GSI7SK: undefined };
// @ts-expect-error -- DynamoDB has twenty
export const tooFar: IndexKeys = { GSI21PK: "a" };
// @ts-expect-error -- a text
export const noText: IndexKeys = { GSI1PK: 5 };
// A caller's own interface of keys is one, although it is no alias.
interface ListingKeys extends DynamoDBKey {
  GSI2PK?: string;
  GSI2SK?: string;
}
declare const listingKeys: ListingKeys;
void app.put({ ...listingKeys, EntityType: "Listing", Data: listing, CreatedAt: 1, UpdatedAt: 1 });
void app.create(listingKeys.PK, listingKeys.SK, "Listing", listing, listingKeys);

// The name of an index is completed, and may be a text of the caller's.
declare const index: string;
export const options: QueryOptions = { indexName: index };
// A result's key goes on as it came, and is a key of the old form.
void app.query<Listing>("a", "", { indexName: "GSI2" }).then(async ({ lastEvaluatedKey }) => {
  const old: DynamoDBKey | undefined = lastEvaluatedKey;
  await app.query("a", "", { indexName: "GSI2", exclusiveStartKey: lastEvaluatedKey });
  return old;
});
// @ts-expect-error -- a scan has no order
void open.scan({ scanIndexForward: true });
// @ts-expect-error -- all of them has no limit
void open.scanAll({ limit: 1 });
export async function addresses(): Promise<string[]> {
  const all: string[] = [];
  for await (const { Data } of app.scanAll<Listing>({ segments: 4 })) all.push(Data.address);
  return all;
}

// Writes of a transaction.
const key = { PK: "a", SK: "b" };
export const writes: TransactWrite<AppType>[] = [
  { create: { ...key, EntityType: "Listing", Data: listing } },
  { update: key, updates: { address: "b" }, conditionExpression: "attribute_exists(PK)" },
  { delete: key },
  { check: key, conditionExpression: "attribute_exists(PK)" },
  // @ts-expect-error -- a check is of a condition
  { check: key },
  // @ts-expect-error -- a type that the subclass does not have
  { create: { ...key, EntityType: "Project", Data: listing } },
  // @ts-expect-error -- no updates
  { update: key },
];
void app.transactWrite(writes);
void app.transactWrite(writes, { token: "order-1" } satisfies TransactWriteOptions);
// @ts-expect-error a misspelt option
void app.transactWrite(writes, { tokn: "order-1" });

// @ts-expect-error -- for subclasses only
void app.send("Get", { Key: key });
// @ts-expect-error -- for subclasses only
export const name: string = app.tableName;
