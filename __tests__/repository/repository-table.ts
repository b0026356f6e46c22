/** A table of a test's own on an engine, as the process-wide one that repositories use. */
import { CreateTableCommand, DeleteTableCommand } from "@aws-sdk/client-dynamodb";
import { PutCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { createTableInput } from "../../src/admin/table-input.js";
import { getDocumentClient, getDynamoDBClient, resetClients } from "../../src/client/client.js";
import type { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { type Engine, startEngine } from "../../src/testing/engine.js";

const variables = ["COAGENT_ENV", "AWS_ENDPOINT_URL_DYNAMODB", "DYNAMODB_TABLE_NAME"] as const;

export interface RepositoryTable {
  readonly engine: Engine;
  readonly tableName: string;
  /** The requests that a call sends, by their commands' names and inputs. */
  sentBy(call: () => Promise<unknown>): Promise<Sent[]>;
  putRaw(item: Record<string, unknown>): Promise<void>;
  /** Every item, in order of its keys. */
  all(): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export interface Sent {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

let tables = 0;

export async function openRepositoryTable(
  wanted: string,
  indexes: NonNullable<Parameters<typeof createTableInput>[1]> = ["GSI1", "GSI2"],
): Promise<RepositoryTable> {
  const before = variables.map((variable) => process.env[variable]);
  const engine = await startEngine({ engine: wanted });
  tables += 1;
  const tableName = `Repository-${process.pid}-${Date.now()}-${tables}`;
  process.env.COAGENT_ENV = "local";
  process.env.AWS_ENDPOINT_URL_DYNAMODB = engine.endpoint;
  process.env.DYNAMODB_TABLE_NAME = tableName;
  resetClients();
  await getDynamoDBClient().send(new CreateTableCommand(createTableInput(tableName, indexes)));
  return {
    engine,
    tableName,
    sentBy,
    putRaw: async (Item) => {
      await getDocumentClient().send(new PutCommand({ TableName: tableName, Item }));
    },
    all: async () => {
      const { Items = [] } = await getDocumentClient().send(
        new ScanCommand({ TableName: tableName, ConsistentRead: true }),
      );
      const text = ({ PK, SK }: Record<string, unknown>) => `${PK} ${SK}`;
      return Items.sort((a, b) => (text(a) < text(b) ? -1 : 1));
    },
    close: async () => {
      await getDynamoDBClient().send(new DeleteTableCommand({ TableName: tableName }));
      resetClients();
      await engine.close();
      for (const [index, variable] of variables.entries()) {
        if (before[index] === undefined) delete process.env[variable];
        else process.env[variable] = before[index];
      }
    },
  };
}

async function sentBy(call: () => Promise<unknown>): Promise<Sent[]> {
  const spy = jest.spyOn(getDocumentClient(), "send");
  try {
    await call();
    return spy.mock.calls.map(([command]) => ({
      name: command.constructor.name.replace("Command", ""),
      input: command.input as Sent["input"],
    }));
  } finally {
    spy.mockRestore();
  }
}

export function failure(promise: Promise<unknown>): Promise<DynamoDBError> {
  return promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error) => error,
  );
}

export const namesOf = (sent: readonly Sent[]): string[] => sent.map(({ name }) => name);
