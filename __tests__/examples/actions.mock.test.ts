/**
 * The actions without an engine: the SDK's document client is replaced, so a test sees each request
 * and says what comes back. Good for the shape of requests and for answers that no engine gives.
 */
import {
  DynamoDBDocumentClient,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { mockClient } from "aws-sdk-client-mock";
import "aws-sdk-client-mock-jest";
import { createDataLayer } from "bayon-coagent-data";
import { listMyContentAction, saveContentAction } from "./actions.js";

const dynamodb = mockClient(DynamoDBDocumentClient);
const TableName = "BayonCoAgent-development";

const post = { type: "Blog Post", title: "Before you sell", content: "Five things…" };
const form = (fields: object) => new Map<string, unknown>(Object.entries(fields));

/** An item as the table holds it. */
const stored = {
  PK: "USER#ana",
  SK: "CONTENT#c1",
  GSI1PK: "USER#ana",
  GSI1SK: "CONTENT#1741000000000#c1",
  EntityType: "SavedContent",
  userId: "ana",
  contentId: "c1",
  Data: { id: "c1", ...post },
  CreatedAt: 1_741_000_000_000,
  UpdatedAt: 1_741_000_000_001,
};

describe("the content actions over a mocked client", () => {
  const data = createDataLayer({ environment: "development", retry: { initialDelayMs: 1 } });
  const caller = { userId: "ana", data };
  beforeEach(() => dynamodb.reset());
  afterAll(() => data.close());

  test("a new content is put where none is, with its keys", async () => {
    dynamodb.on(PutCommand).resolves({});
    const saved = await saveContentAction(form(post), caller);
    if (!saved.ok) throw new Error(saved.message);
    const { id, version } = saved.value;
    expect(dynamodb).toHaveReceivedCommandTimes(PutCommand, 1);
    expect(dynamodb).toHaveReceivedCommandWith(PutCommand, {
      TableName,
      ConditionExpression: expect.stringContaining("attribute_not_exists"),
      Item: {
        PK: "USER#ana",
        SK: `CONTENT#${id}`,
        GSI1PK: "USER#ana",
        GSI1SK: `CONTENT#${version}#${id}`,
        EntityType: "SavedContent",
        userId: "ana",
        contentId: id,
        Data: { id, ...post, projectId: null },
        CreatedAt: version,
        UpdatedAt: version,
      },
    });
  });

  test("a change asks for the version that the form showed", async () => {
    dynamodb
      .on(UpdateCommand)
      .resolves({ Attributes: { ...stored, UpdatedAt: 1_741_000_000_002 } });
    const version = String(stored.UpdatedAt);
    const edit = form({ ...post, contentId: "c1", version });
    expect(await saveContentAction(edit, caller)).toMatchObject({
      ok: true,
      value: { id: "c1", version: 1_741_000_000_002 },
    });
    expect(dynamodb).toHaveReceivedNthCommandWith(1, UpdateCommand, {
      TableName,
      Key: { PK: "USER#ana", SK: "CONTENT#c1" },
    });
    const { ExpressionAttributeValues = {} } = dynamodb.call(0).args[0].input as {
      ExpressionAttributeValues?: Record<string, unknown>;
    };
    expect(Object.values(ExpressionAttributeValues)).toContain(stored.UpdatedAt);
  });

  test("the list is one query of the index, newest first, without the bodies", async () => {
    dynamodb.on(QueryCommand).resolves({ Items: [stored] });
    expect(await listMyContentAction({}, caller)).toEqual({
      ok: true,
      value: {
        lines: [
          {
            id: "c1",
            title: "Before you sell",
            type: "Blog Post",
            savedAt: "2025-03-03T11:06:40.000Z",
            version: stored.UpdatedAt,
          },
        ],
        next: null,
      },
    });
    expect(dynamodb).toHaveReceivedCommandTimes(QueryCommand, 1);
    expect(dynamodb).toHaveReceivedCommandWith(QueryCommand, {
      TableName,
      IndexName: "GSI1",
      ScanIndexForward: false,
      // One more than the page: whether there is a next one is then known.
      Limit: 21,
    });
    const { ExpressionAttributeNames = {} } = dynamodb.call(0).args[0].input as {
      ExpressionAttributeNames?: Record<string, string>;
    };
    expect(Object.values(ExpressionAttributeNames)).not.toContain("content");
  });

  test("an answer that is not worth a retry is told as it is", async () => {
    // A new error each time: the SDK never throws one twice.
    dynamodb.on(PutCommand).callsFake(() => {
      const message = "User is not authorized to perform: dynamodb:PutItem";
      return Promise.reject(Object.assign(new Error(message), { name: "AccessDeniedException" }));
    });
    const report = jest.fn();
    expect(await saveContentAction(form(post), { ...caller, report })).toMatchObject({
      ok: false,
      message: "Something went wrong on our side. We have been told.",
      tryAgain: false,
    });
    expect(dynamodb).toHaveReceivedCommandTimes(PutCommand, 1);
    const refused = expect.objectContaining({ code: "AccessDeniedException", operation: "create" });
    expect(report).toHaveBeenCalledWith(refused);
  });

  test("the data layer of the process is mocked as well", async () => {
    dynamodb.on(QueryCommand).resolves({ Items: [] });
    expect(await listMyContentAction({}, { userId: "ana" })).toMatchObject({ ok: true });
    expect(dynamodb).toHaveReceivedCommandTimes(QueryCommand, 1);
  });
});
