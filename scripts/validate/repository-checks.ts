/** Every call of the generic repository. */
import {
  ConditionalCheckFailedError,
  type DynamoDBError,
  type DynamoDBItem,
  getSavedContentKeys,
  ItemNotFoundError,
  TransactionCanceledError,
} from "../../src/index.js";
import { type CheckGroup, eventually, expect, refused, type Scratch } from "./check.js";

interface Content {
  readonly type: string;
  readonly content: string;
  readonly views?: number;
}

const data: Content = { type: "Note", content: "Written by bayon-data validate" };
const prefix = "CONTENT#repository-";

const keyOf = ({ userId }: Scratch, id: number) => getSavedContentKeys(userId, `repository-${id}`);

function itemOf(scratch: Scratch, id: number): DynamoDBItem<Content> {
  const now = Date.now();
  const times = { CreatedAt: now, UpdatedAt: now };
  return {
    ...keyOf(scratch, id),
    EntityType: "SavedContent",
    Data: { ...data, views: id },
    ...times,
  };
}

export const repositoryChecks: CheckGroup = {
  name: "generic repository",
  checks: [
    {
      name: "create, and not twice",
      run: async (scratch) => {
        const { PK, SK } = keyOf(scratch, 1);
        const item = await scratch.repository.create(PK, SK, "SavedContent", data);
        expect(item.PK === PK && item.CreatedAt > 0, "the result is not the item");
        const again = scratch.repository.create(PK, SK, "SavedContent", data);
        await refused(ConditionalCheckFailedError, again);
      },
    },
    {
      name: "get and getItem",
      run: async (scratch) => {
        const { PK, SK } = keyOf(scratch, 1);
        await eventually(async () => {
          const payload = await scratch.repository.get<Content>(PK, SK);
          expect(payload?.content === data.content, "not what was written");
          const item = await scratch.repository.getItem<Content>(PK, SK);
          expect(item?.EntityType === "SavedContent", "not the item");
        });
        expect(
          (await scratch.repository.get(PK, `${SK}-absent`)) === null,
          "found what does not exist",
        );
      },
    },
    {
      name: "put",
      run: async (scratch) => {
        await scratch.repository.put(itemOf(scratch, 2));
        const { PK, SK } = keyOf(scratch, 2);
        await eventually(async () => {
          const payload = await scratch.repository.get<Content>(PK, SK);
          expect(payload?.views === 2, "not what was written");
        });
      },
    },
    {
      name: "update, with a condition of the caller's",
      run: async (scratch) => {
        const { PK, SK } = keyOf(scratch, 2);
        const condition = {
          conditionExpression: "#data.#views = :updatedAt",
          expressionAttributeNames: { "#data": "Data", "#views": "views" },
          expressionAttributeValues: { ":updatedAt": 2 },
        };
        await scratch.repository.update<Content>(PK, SK, { views: 20 }, condition);
        const again = scratch.repository.update<Content>(PK, SK, { views: 21 }, condition);
        await refused(ConditionalCheckFailedError, again);
        const absent = scratch.repository.update<Content>(PK, `${SK}-absent`, { views: 1 });
        await refused(ItemNotFoundError, absent);
      },
    },
    {
      name: "batchWrite and batchGet",
      run: async (scratch) => {
        const puts = [3, 4, 5].map((id) => itemOf(scratch, id));
        await scratch.repository.batchWrite(puts, [keyOf(scratch, 1)]);
        await eventually(async () => {
          const keys = [5, 3, 1].map((id) => keyOf(scratch, id));
          const { items } = await scratch.repository.batchGet<Content>(keys);
          expect(items.map(({ views }) => views).join() === "5,3", "items missing or out of order");
        });
      },
    },
    {
      name: "query and queryItems, by pages and with a filter",
      run: async (scratch) => {
        const { PK } = keyOf(scratch, 2);
        await eventually(async () => {
          const first = await scratch.repository.queryItems(PK, prefix, { limit: 3 });
          const rest = await scratch.repository.queryItems(PK, prefix, {
            exclusiveStartKey: first.lastEvaluatedKey,
          });
          expect(first.count + rest.count === 4, `found ${first.count + rest.count}, not 4`);
          const { items } = await scratch.repository.query<Content>(PK, prefix, {
            filterExpression: "#d.#v > :pk",
            expressionAttributeNames: { "#d": "Data", "#v": "views" },
            expressionAttributeValues: { ":pk": 4 },
          });
          expect(items.length === 2, `the filter found ${items.length}, not 2`);
        });
      },
    },
    {
      name: "queryBetween, and create and queryItems by an index",
      run: async (scratch) => {
        const { PK, SK } = keyOf(scratch, 6);
        const keys = { GSI1PK: `${PK}#repository`, GSI1SK: SK };
        await scratch.repository.create(PK, SK, "SavedContent", data, keys);
        await eventually(async () => {
          const between = await scratch.repository.queryBetween(PK, `${prefix}3`, `${prefix}4`);
          expect(between.count === 2, `found ${between.count} between, not 2`);
          const byIndex = { indexName: "GSI1" };
          const { items } = await scratch.repository.queryItems(keys.GSI1PK, prefix, byIndex);
          expect(items.map((item) => item.SK).join() === SK, "the index does not have the item");
        });
      },
    },
    {
      name: "transactWrite, all or nothing",
      run: async (scratch) => {
        const { repository } = scratch;
        const [there, fresh] = [keyOf(scratch, 6), keyOf(scratch, 7)];
        const create = { ...fresh, EntityType: "SavedContent", Data: data };
        try {
          await repository.transactWrite([{ create }, { delete: there }]);
        } catch (error) {
          if ((error as DynamoDBError).code !== "UnknownOperationException") throw error;
          return "skipped: this engine has no transactions";
        }
        const again = repository.transactWrite([{ put: itemOf(scratch, 6) }, { create }]);
        await refused(TransactionCanceledError, again);
        return eventually(async () => {
          expect((await repository.get(there.PK, there.SK)) === null, "it is still there");
          expect((await repository.get(fresh.PK, fresh.SK)) !== null, "it was not created");
        });
      },
    },
    {
      name: "delete",
      run: async (scratch) => {
        const { PK, SK } = keyOf(scratch, 2);
        await scratch.repository.delete(PK, SK);
        await scratch.repository.delete(PK, SK);
        await eventually(async () => {
          expect((await scratch.repository.getItem(PK, SK)) === null, "it is still there");
        });
      },
    },
  ],
};
