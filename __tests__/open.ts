/** A data layer on an engine of its own for the tests of one block, and a bare client beside it. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
} from "@aws-sdk/lib-dynamodb";
import {
  createTestDataLayer,
  startEngine,
  type TestDataLayer,
  type TestDataLayerOptions,
} from "../src/testing/index.js";
import type { Setting } from "./engines.js";

type Raw = Record<string, unknown>;

/** The table as it is: nothing of this package is between it and the test. */
export interface RawTable {
  put(...items: Raw[]): Promise<void>;
  get(PK: string, SK: string): Promise<Raw | undefined>;
  /** All items of a partition of GSI1, in its order. */
  index(GSI1PK: string, prefix?: string): Promise<Raw[]>;
}

export interface Opened {
  readonly data: TestDataLayer;
  readonly raw: RawTable;
}

/** Opens a table before the tests of a `describe` and closes it after them. */
export function openTable(
  { engine: name, encryption, cursorSecret }: Setting,
  options: Omit<TestDataLayerOptions, "engine"> = {},
): Opened {
  let opened: (Opened & { close(): Promise<void> }) | undefined;
  beforeAll(async () => {
    const engine = await startEngine({ engine: name });
    const data = await createTestDataLayer({ encryption, cursorSecret, ...options, engine });
    const client = bareClient(data);
    const close = async () => {
      client.destroy();
      await data.close();
      await engine.close();
    };
    opened = { data, raw: rawTable(client, data.configuration.tableName), close };
  });
  afterAll(() => opened?.close());
  const need = (): Opened => {
    if (opened === undefined) throw new Error("the table is open within tests only");
    return opened;
  };
  return {
    get data() {
      return need().data;
    },
    get raw() {
      return need().raw;
    },
  };
}

/** A document client of the SDK's own, as an earlier writer has it. */
export function bareClient({ engine }: Pick<TestDataLayer, "engine">): DynamoDBDocumentClient {
  const { endpoint, region, credentials } = engine;
  return DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, region, credentials }));
}

/** The table of a data layer, as a bare client sees it. */
export function rawTable(client: DynamoDBDocumentClient, TableName: string): RawTable {
  return {
    put: async (...items) => {
      for (const Item of items) await client.send(new PutCommand({ TableName, Item }));
    },
    get: async (PK, SK) => {
      const command = new GetCommand({ TableName, Key: { PK, SK }, ConsistentRead: true });
      return (await client.send(command)).Item;
    },
    index: async (GSI1PK, prefix = "") => {
      const begins = prefix === "" ? "" : " AND begins_with(GSI1SK, :prefix)";
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName,
          IndexName: "GSI1",
          KeyConditionExpression: `GSI1PK = :pk${begins}`,
          ExpressionAttributeValues: { ":pk": GSI1PK, ...(prefix !== "" && { ":prefix": prefix }) },
        }),
      );
      return Items;
    },
  };
}

/** What a promise was rejected with; fails where it was not, or with something else. */
export async function failureOf<E extends Error>(
  promise: Promise<unknown>,
  type: abstract new (...args: never[]) => E,
): Promise<E> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (outcome === undefined) throw new Error(`expected ${type.name}, but nothing was thrown`);
  expect(outcome.error).toBeInstanceOf(type);
  return outcome.error as E;
}

/** The requests that reached the engine since the last call, by name. */
export function requestsOf({ wire }: Pick<TestDataLayer, "wire">): string[] {
  return wire.requests.splice(0).map((request) => request.operation);
}
