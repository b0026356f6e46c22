/**
 * What does not work any more in an application's old tests: a mock of the module that re-exports
 * the client. It replaces the application's own import; the package imports its client from itself.
 */
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { getDocumentClient, getTableName } from "./client.js";
import { profileName, profileNameByClient } from "./profiles.js";
import { resetRepository } from "./repository.js";

const stored = (name: string) => ({ Item: { PK: "USER#ana", SK: "PROFILE", Data: { name } } });
const mockSend = jest.fn(async () => stored("of the module's mock"));

jest.mock("./client.js", () => ({
  getDocumentClient: jest.fn(() => ({ send: mockSend })),
  getTableName: jest.fn(() => "TableOfTheMock"),
}));

describe("a mock of the module that re-exports the client", () => {
  const send = jest.spyOn(DynamoDBDocumentClient.prototype, "send");
  beforeEach(() => {
    mockSend.mockClear();
    resetRepository();
    send.mockReset().mockImplementation(async () => stored("of the package's client") as never);
  });
  const before = process.env.DYNAMODB_TABLE_NAME;
  beforeAll(() => {
    process.env.DYNAMODB_TABLE_NAME = "TableOfThePackage";
  });
  afterAll(() => {
    send.mockRestore();
    if (before === undefined) delete process.env.DYNAMODB_TABLE_NAME;
    else process.env.DYNAMODB_TABLE_NAME = before;
  });

  test("is what the application's own call of the client gets", async () => {
    expect(jest.isMockFunction(getDocumentClient)).toBe(true);
    expect(await profileNameByClient("ana")).toBe("of the module's mock");
    expect(mockSend).toHaveBeenCalledTimes(1);
    expect(send).not.toHaveBeenCalled();
  });

  test("is not what the repository gets: neither client nor table are the mock's", async () => {
    expect(await profileName("ana")).toBe("of the package's client");
    expect(mockSend).not.toHaveBeenCalled();
    expect(getTableName()).toBe("TableOfTheMock");
    expect(send.mock.calls.map(([command]) => command.input)).toEqual([
      { TableName: "TableOfThePackage", Key: { PK: "USER#ana", SK: "PROFILE" } },
    ]);
  });
});
