/**
 * ElectroDB stays the single declaration: what the layer sends is what ElectroDB's own chains would
 * send, for every entity and operation, and what it adds on purpose is spelled out here.
 */
import { createDataLayer } from "../../src/index.js";
import { fixtures, type TestDataLayer } from "../../src/testing/index.js";
import { batchSizeOf, tableOf } from "../../src/transport/requests.js";
import { keyOf, type Registered, registry, storeOf } from "../registry.js";

type Fields = Record<string, unknown>;

/** What a chain of ElectroDB's gives to tell its request. */
interface Chain {
  params(options?: object): unknown;
  set(changes: object): Chain;
  between(low: object, high: object): Chain;
}

interface ElectroEntity {
  get(key: unknown): Chain;
  put(item: unknown): Chain;
  create(item: unknown): Chain;
  upsert(item: unknown): Chain;
  patch(key: unknown): Chain;
  delete(key: unknown): Chain;
  readonly query: Readonly<
    Record<"byKey" | "byCreatedAt" | "byReviewId", (parts: object) => Chain>
  >;
}

const now = 1_700_000_000_000;
const TableName = "the-table";
const sent: { command: string; input: Fields }[] = [];
const data = createDataLayer({
  environment: "development",
  tableName: TableName,
  clock: { now: () => now },
  coalesce: false,
  client: {
    send: async (command: { readonly constructor: { readonly name: string }; input: Fields }) => {
      sent.push({ command: command.constructor.name, input: command.input });
      return { Attributes: { PK: "", SK: "" } };
    },
  },
});

/** The one request that a call needs. */
async function requestOf(command: string, call: Promise<unknown>): Promise<Fields> {
  await call;
  const requests = sent.splice(0);
  expect(requests.map((request) => request.command)).toEqual([command]);
  return normal(requests[0]!.input);
}

/** A request as ElectroDB builds it, and what this layer adds to it or has in its place. */
function electro(chain: Chain, options: object = {}, added: Fields = {}): Fields {
  const params = chain.params(options);
  return { ...normal((Array.isArray(params) ? params[0] : params) as Fields), ...added };
}

const expressions = ["KeyConditionExpression", "ConditionExpression", "FilterExpression"] as const;

/** A request with its placeholders filled in; assignments by path, in no order. */
function normal(input: Fields): Fields {
  const {
    ExpressionAttributeNames: names = {},
    ExpressionAttributeValues: values = {},
    UpdateExpression,
    ...rest
  } = input as {
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: Fields;
    UpdateExpression?: string;
    [field: string]: unknown;
  };
  const filled = (text: string) =>
    text
      .replace(/#\w+/g, (name) => names[name] ?? name)
      .replace(/:\w+/g, (name) => JSON.stringify(values[name]))
      .replaceAll(" and ", " AND ");
  const request: Fields = { ...rest };
  for (const name of expressions) {
    if (rest[name] !== undefined) request[name] = filled(rest[name] as string);
  }
  if (UpdateExpression !== undefined) {
    const sets = UpdateExpression.replace(/^SET /, "").split(/, (?=#)/);
    request.SET = Object.fromEntries(
      sets.map((set) => {
        const [, path = "", value = ""] = /^(\S+) = (.+)$/.exec(set) ?? [];
        const literal = values[value];
        return [filled(path), literal === undefined ? filled(value) : literal];
      }),
    );
  }
  return request;
}

/** Ids that a key must take as they are. */
const ids = ["user-1", "a#b", "Mixed Case", "1700000000000", "$x{y}", "naïve\n\u{1F3E1}"];

describe.each(registry)("the requests of $entity are ElectroDB's", (registered) => {
  // The stores of a data layer without an engine are the same.
  const store = storeOf(data as TestDataLayer, registered);
  const entity = (): ElectroEntity => store.entity as unknown as ElectroEntity;

  describe.each(ids)("with the id %j", (id) => {
    const { input, key, partition, item } = examples(registered, id);

    test("get", async () => {
      const request = await requestOf("GetCommand", store.get(key));
      expect(request).toEqual(electro(entity().get(key)));
    });

    test("get, consistent", async () => {
      const request = await requestOf("GetCommand", store.get(key, { consistent: true }));
      expect(request).toEqual(electro(entity().get(key), { consistent: true }));
    });

    test("create, which asks for the item that was there", async () => {
      const request = await requestOf("PutCommand", store.create(input));
      expect(request).toEqual(
        electro(
          entity().create(item),
          {},
          {
            // The sort key is always there where the partition key is.
            ConditionExpression: "attribute_not_exists(PK)",
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          },
        ),
      );
    });

    test("put, which keeps the creation time and the place in the index", async () => {
      const request = await requestOf("UpdateCommand", store.put(input));
      const upsert = electro(entity().upsert(item));
      const kept = (name: string) => `if_not_exists(${name}, ${JSON.stringify(sets[name])})`;
      const sets = upsert.SET as Fields;
      const isOwn = `attribute_not_exists(PK) OR EntityType = "${registered.entity}"`;
      const isOlder = `NOT attribute_type(UpdatedAt, "N") OR UpdatedAt > 9999999999999 OR UpdatedAt < ${now}`;
      const isIndexed = "attribute_not_exists(PK) OR attribute_exists(GSI1SK)";
      expect(request).toEqual({
        ...upsert,
        SET: {
          ...sets,
          CreatedAt: kept("CreatedAt"),
          ...(registered.dated && { GSI1SK: kept("GSI1SK") }),
        },
        ConditionExpression: [isOwn, isOlder, ...(registered.dated ? [isIndexed] : [])]
          .map((condition) => `(${condition})`)
          .concat("NOT CreatedAt > 9999999999999")
          .join(" AND "),
        ReturnValues: "ALL_NEW",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      });
    });

    test("update, whose changes stand under the payload", async () => {
      const request = await requestOf("UpdateCommand", store.update(key, { someField: "new" }));
      const patch = electro(entity().patch(key).set({ updatedAt: now }), { response: "all_new" });
      // What is no item of the entity is not updated, so that it need not be made one.
      const { EntityType: _, ...sets } = patch.SET as Fields;
      expect(request).toEqual({
        ...patch,
        SET: { ...sets, "Data.someField": "new" },
        ConditionExpression:
          `EntityType = "${registered.entity}" AND (NOT attribute_type(UpdatedAt, "N") OR UpdatedAt > 9999999999999 OR UpdatedAt < ${now})` +
          ' AND attribute_type(Data, "M")',
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      });
    });

    test("delete, which asks for the item and leaves one of another kind", async () => {
      const request = await requestOf("DeleteCommand", store.delete(key));
      expect(request).toEqual({
        ...electro(entity().delete(key), { response: "all_old" }),
        ConditionExpression: `attribute_not_exists(PK) OR EntityType = "${registered.entity}"`,
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      });
    });

    test("batchGet", async () => {
      const request = await requestOf("BatchGetCommand", store.batchGet([key]));
      expect(request).toEqual(electro(entity().get([key])));
    });

    test("batchPut", async () => {
      const request = await requestOf("BatchWriteCommand", store.batchPut([input]));
      expect(request).toEqual(electro(entity().put([item])));
    });

    test("batchDelete", async () => {
      const request = await requestOf("BatchWriteCommand", store.batchDelete([key]));
      expect(request).toEqual(electro(entity().delete([key])));
    });

    test.each(["asc", "desc"] as const)("query by key, %s", async (order) => {
      const request = await requestOf("QueryCommand", store.query(partition, { order }));
      const { ScanIndexForward, ...expected } = electro(entity().query.byKey(partition), { order });
      // Ascending is DynamoDB's default, and is left out.
      expect(request).toEqual({
        ...expected,
        ...(order === "desc" && { ScanIndexForward: false }),
      });
      expect(ScanIndexForward ?? true).toBe(order === "asc");
    });

    if (registered.dated) {
      test("query by creation time", async () => {
        const request = await requestOf(
          "QueryCommand",
          store.query(partition, { by: "createdAt" }),
        );
        expect(request).toEqual(electro(entity().query.byCreatedAt(partition)));
      });

      test("query from one time to another, the last millisecond included", async () => {
        const [from, to] = [5, 1_700_000_000_123];
        const request = await requestOf("QueryCommand", store.query(partition, { from, to }));
        const chain = entity().query.byCreatedAt(partition);
        const expected = electro(chain.between({ createdAt: from }, { createdAt: to }));
        // ElectroDB's upper end has no id, and would lose the items at `to` itself.
        const condition = `${(expected.KeyConditionExpression as string).slice(0, -1)}$"`;
        expect(request).toEqual({ ...expected, KeyConditionExpression: condition });
      });
    }
  });
});

function examples(registered: Registered, id: string) {
  const { owner, name, entity } = registered;
  const fixture: Fields = fixtures[name];
  const named = { ...fixture, [owner]: id, ...(registered.id && { [registered.id]: id }) };
  // With the ids that the layer fills in where they are missing.
  const payload: Fields = { ...(fixture.data as Fields), id: "an-id" };
  if (entity === "Review") payload.agentId = "an-agent";
  const input = { ...named, data: payload };
  return {
    input,
    key: keyOf(registered, input),
    partition: { [owner]: id },
    item: { ...input, createdAt: now, updatedAt: now },
  };
}

test.each([
  [{ TableName: "A" }, "A", undefined],
  [{ RequestItems: { A: [{}, {}], B: { Keys: [{}] } } }, "A,B", 3],
  [
    {
      TransactItems: [
        { Put: { TableName: "A" } },
        { Update: { TableName: "B" } },
        { ConditionCheck: { TableName: "A" } },
      ],
    },
    "A,B",
    3,
  ],
])("of %j an event has the tables and the number of items", (input, tables, size) => {
  expect([tableOf(input), batchSizeOf(input)]).toEqual([tables, size]);
});
