/** What does not work either: a mock of the package with its real parts and another client. */
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { profileName, profileNameByClient } from "./profiles.js";

const stored = (name: string) => ({ Item: { PK: "USER#ana", SK: "PROFILE", Data: { name } } });
const mockSend = jest.fn(async () => stored("of the package's mock"));

jest.mock("bayon-coagent-data", () => ({
  ...jest.requireActual<object>("bayon-coagent-data"),
  getDocumentClient: () => ({ send: mockSend }),
  getTableName: () => "TableOfTheMock",
}));

test("a mock of the package's getDocumentClient does not reach its repository", async () => {
  const send = jest.spyOn(DynamoDBDocumentClient.prototype, "send");
  send.mockImplementation(async () => stored("of the package's client") as never);
  expect(await profileNameByClient("ana")).toBe("of the package's mock");
  mockSend.mockClear();
  expect(await profileName("ana")).toBe("of the package's client");
  expect(mockSend).not.toHaveBeenCalled();
  expect(send).toHaveBeenCalledTimes(1);
  send.mockRestore();
});
