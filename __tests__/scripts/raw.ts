/** A table on an engine for the commands over a whole table, filled and read without this package. */
import { type AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  BatchWriteCommand,
  DynamoDBDocumentClient,
  PutCommand,
  ScanCommand,
} from "@aws-sdk/lib-dynamodb";
import { openRawTable, type RawTable } from "../../scripts/raw/raw-table.js";
import {
  createTestDataLayer,
  type FaultyRequestHandler,
  faults,
  type TestDataLayer,
} from "../../src/testing/index.js";

export type RawItem = Record<string, unknown>;
export type Item = Record<string, AttributeValue>;

export interface WholeTable {
  readonly data: TestDataLayer;
  readonly client: DynamoDBDocumentClient;
  readonly name: string;
  /** The options that lead a command to it. */
  readonly flags: string[];
  /** The table as a command has it, with faults to put under it. */
  open(options?: { signal?: AbortSignal }): { table: RawTable; wire: FaultyRequestHandler };
  put(...items: RawItem[]): Promise<void>;
  /** All items, in order of their keys. */
  all(): Promise<RawItem[]>;
}

/** Makes a table of the test's own; gone at the end of the file. */
export function wholeTables(engine: string): () => Promise<WholeTable> {
  const closing: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const close of closing) await close();
  });
  return async () => {
    const data = await createTestDataLayer({ engine });
    const { endpoint, region, credentials } = data.engine;
    const client = DynamoDBDocumentClient.from(
      new DynamoDBClient({ endpoint, region, credentials }),
    );
    const TableName = data.configuration.tableName;
    const opened: RawTable[] = [];
    closing.push(async () => {
      for (const table of opened) table.close();
      client.destroy();
      await data.close();
    });
    return {
      data,
      client,
      name: TableName,
      flags: ["--environment", "local", "--endpoint", endpoint, "--table", TableName],
      open: ({ signal } = {}) => {
        const wire = faults();
        const configuration = { ...data.configuration, region, endpoint, credentials };
        const table = openRawTable(configuration, {
          requestHandler: wire,
          signal,
          initialDelayMs: 1,
        });
        opened.push(table);
        return { table, wire };
      },
      put: async (...items) => {
        for (let start = 0; start < items.length; start += 25) {
          const some = items.slice(start, start + 25);
          if (some.length === 1) {
            await client.send(new PutCommand({ TableName, Item: some[0] }));
            continue;
          }
          const puts = some.map((Item) => ({ PutRequest: { Item } }));
          await client.send(new BatchWriteCommand({ RequestItems: { [TableName]: puts } }));
        }
      },
      all: async () => {
        const items: RawItem[] = [];
        let from: RawItem | undefined;
        do {
          const answer = await client.send(
            new ScanCommand({ TableName, ConsistentRead: true, ExclusiveStartKey: from }),
          );
          items.push(...(answer.Items ?? []));
          from = answer.LastEvaluatedKey;
        } while (from !== undefined);
        return items.toSorted((a, b) => (`${a.PK} ${a.SK}` < `${b.PK} ${b.SK}` ? -1 : 1));
      },
    };
  };
}
