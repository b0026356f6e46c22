/**
 * What works in its place: the SDK's own `send` is replaced, which every client of the process goes
 * through, and two variables say that the table is a local one and what it is called.
 */
import {
  DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteCommand,
} from "@aws-sdk/lib-dynamodb";
import { mockClient } from "aws-sdk-client-mock";
import { DynamoDBRepository } from "bayon-coagent-data";
import { resetClients } from "./client.js";
import { profileName, profileNameByClient } from "./profiles.js";
import { resetRepository } from "./repository.js";

const variables = { USE_LOCAL_AWS: "true", DYNAMODB_TABLE_NAME: "BayonCoAgent" } as const;
const Item = { PK: "USER#ana", SK: "PROFILE", Data: { name: "Ana" } };
const input = { TableName: "BayonCoAgent", Key: { PK: "USER#ana", SK: "PROFILE" } };

const before = { ...process.env };
beforeEach(() => {
  Object.assign(process.env, variables);
  // The variables are read when a client is first asked for.
  resetClients();
  resetRepository();
});
afterAll(() => {
  for (const name of Object.keys(variables)) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  resetClients();
});

describe("jest.spyOn(DynamoDBDocumentClient.prototype, 'send')", () => {
  const send = jest.spyOn(DynamoDBDocumentClient.prototype, "send");
  beforeEach(() => send.mockReset());
  afterAll(() => send.mockRestore());

  test("answers the repository and the client's own call sites", async () => {
    send.mockImplementation(async () => ({ Item }) as never);
    expect(await profileName("ana")).toBe("Ana");
    expect(await profileNameByClient("ana")).toBe("Ana");
    const commands = send.mock.calls.map(([command]) => command);
    expect(commands.map((command) => command.input)).toEqual([input, input]);
    expect(commands[0]).toBeInstanceOf(GetCommand);
  });

  test("fails the way DynamoDB does", async () => {
    send.mockImplementation(() => {
      throw Object.assign(new Error("no"), { name: "AccessDeniedException" });
    });
    await expect(profileName("ana")).rejects.toMatchObject({ code: "AccessDeniedException" });
    expect(send).toHaveBeenCalledTimes(1);
  });
});

describe("mockClient(DynamoDBDocumentClient) of aws-sdk-client-mock", () => {
  test("answers both too", async () => {
    const dynamodb = mockClient(DynamoDBDocumentClient);
    dynamodb.on(GetCommand, input).resolves({ Item });
    expect(await profileName("ana")).toBe("Ana");
    expect(await profileNameByClient("ana")).toBe("Ana");
    expect(dynamodb.commandCalls(GetCommand)).toHaveLength(2);
    dynamodb.restore();
  });

  test("answers a repository of the application's own, by index, in scans and transactions", async () => {
    class AppRepository extends DynamoDBRepository<"Listing"> {
      byStatus(status: string) {
        return this.query(`LISTINGS#${status}`, "", { indexName: "GSI2", limit: 1 });
      }
    }
    const repository = new AppRepository();
    const lastEvaluatedKey = { PK: "a", SK: "b", GSI2PK: "LISTINGS#sold", GSI2SK: "c" };
    const dynamodb = mockClient(DynamoDBDocumentClient);
    dynamodb.on(QueryCommand, { TableName: "BayonCoAgent", IndexName: "GSI2" }).resolves({
      Items: [Item],
      LastEvaluatedKey: lastEvaluatedKey,
    });
    dynamodb
      .on(ScanCommand)
      .resolvesOnce({ Items: [Item], LastEvaluatedKey: { PK: "a", SK: "b" } })
      .resolves({ Items: [] });
    dynamodb.on(TransactWriteCommand).resolves({});
    const items = [{ name: "Ana" }];
    expect(await repository.byStatus("sold")).toEqual({ items, count: 1, lastEvaluatedKey });
    expect(await repository.scan()).toEqual({ items, count: 1 });
    expect(dynamodb.commandCalls(ScanCommand)).toHaveLength(2);
    await repository.transactWrite([{ delete: input.Key }]);
    expect(dynamodb.commandCalls(TransactWriteCommand)[0]?.args[0].input).toEqual({
      TransactItems: [{ Delete: input }],
      ClientRequestToken: expect.any(String),
    });
    dynamodb.restore();
  });
});
