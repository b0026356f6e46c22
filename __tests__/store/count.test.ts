/** A count is the number of items that a query returns, and costs what the query costs without its items. */
import { type DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import { z } from "zod";
import {
  byKey,
  configure,
  data,
  Entity,
  type EntityConfig,
  fields,
  index,
  keyPart,
  model,
  times,
  ValidationError,
  wordPart,
} from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines, settings } from "../engines.js";
import { expiringEntities, MovableClock, start } from "../expiring-entities.js";
import { indexedEntities } from "../indexed-entities.js";
import { bareClient, failureOf, openTable, requestsOf } from "../open.js";
import { ownEntities } from "../own-entities.js";

const content = { type: "Blog Post", content: "Text" };

describe.each(settings)("count on $name", (engine) => {
  const table = openTable(engine);
  const store = () => table.data.savedContent;
  beforeEach(() => table.data.wire.clear());

  async function fill(userId: string, count: number, data: (index: number) => object = () => ({})) {
    await store().batchPut(
      Array.from({ length: count }, (_, index) => ({
        ...{ userId, contentId: `c${String(index).padStart(3, "0")}`, createdAt: 1_000 + index },
        data: { ...content, ...data(index) },
      })),
    );
    table.data.wire.clear();
  }

  test("counts what query returns, in one request without items", async () => {
    await fill("one", 30, (index) => ({ status: index % 3 === 0 ? "draft" : "done" }));
    expect(await store().count({ userId: "one" })).toBe(30);
    expect(await store().count({ userId: "one" }, { where: { status: "draft" } })).toBe(10);
    expect(await store().count({ userId: "one" }, { from: 1_005, to: 1_014 })).toBe(10);
    expect(await store().count({ userId: "one" }, { startsWith: "c01" })).toBe(10);
    expect(await store().count({ userId: "one" }, { between: ["c005", "c007"] })).toBe(3);
    expect(await store().count({ userId: "one" }, { by: "createdAt" })).toBe(30);
    expect(await store().count({ userId: "none" })).toBe(0);
    const sent = table.data.wire.requests.map(({ operation, input }) => [operation, input.Select]);
    expect(sent).toEqual(Array(7).fill(["Query", "COUNT"]));
  });

  test("reads all pages, with one request per MB", async () => {
    await fill("large", 30, (index) => ({ content: "x".repeat(100_000), title: `t${index % 2}` }));
    expect(await store().count({ userId: "large" }, { where: { title: "t0" } })).toBe(15);
    const counted = requestsOf(table.data);
    expect(counted.length).toBeGreaterThan(1);
    const { items } = await store().query({ userId: "large" }, { where: { title: "t0" } });
    expect(items).toHaveLength(15);
    expect(requestsOf(table.data)).toEqual(counted);
  });

  test("leaves out what query leaves out: other entities, ghosts, foreign rows, old items of the index", async () => {
    await fill("mixed", 2);
    await table.data.project.put({ userId: "mixed", projectId: "p", data: { name: "n" } });
    const PK = "USER#mixed";
    const times = { CreatedAt: 5, UpdatedAt: 5 };
    await table.raw.put(
      { PK, SK: "CONTENT#ghost", ...times },
      { PK, SK: "CONTENT#foreign", EntityType: "Other", Data: content, ...times },
      { PK, SK: "ELSEWHERE#1", EntityType: "SavedContent", Data: content, ...times },
      { PK, SK: "CONTENT#old", EntityType: "SavedContent", Data: content, ...times },
      // Another user's items that name this user's partition in their index keys.
      {
        ...{
          PK: "USER#other",
          SK: "CONTENT#x",
          EntityType: "SavedContent",
          Data: content,
          ...times,
        },
        ...{ GSI1PK: PK, GSI1SK: "CONTENT#0000000001000#x" },
      },
      {
        ...{ PK, SK: "PLAN#x", EntityType: "SavedContent", Data: content, ...times },
        ...{ GSI1PK: PK, GSI1SK: "CONTENT#0000000001000#y" },
      },
    );
    const { savedContent } = table.data;
    for (const [options, expected] of [
      [{}, 3],
      [{ by: "createdAt" }, 2],
      [{ from: 0 }, 2],
    ] as const) {
      const { items } = await savedContent.query({ userId: "mixed" }, options);
      expect(items).toHaveLength(expected);
      expect(await savedContent.count({ userId: "mixed" }, options)).toBe(expected);
      expect(await table.data.forUser("mixed").savedContent.count({}, options)).toBe(expected);
    }
  });

  test("of an entity with one item per partition is 0 or 1", async () => {
    const { userProfile } = table.data;
    expect(await userProfile.count({ userId: "profile" })).toBe(0);
    await userProfile.put({ userId: "profile", data: {} });
    expect(await userProfile.count({ userId: "profile" })).toBe(1);
  });

  test("can be consistent", async () => {
    await fill("consistent", 1);
    expect(await store().count({ userId: "consistent" }, { consistent: true })).toBe(1);
    expect(table.data.wire.requests[0]?.input.ConsistentRead).toBe(true);
  });

  test("survives throttling and lost answers", async () => {
    await fill("faults", 5);
    table.data.wire.inject({ operation: "Query", fault: "throttle", times: 1 });
    table.data.wire.inject({ operation: "Query", fault: "answerLost", times: 1 });
    expect(await store().count({ userId: "faults" })).toBe(5);
    expect(requestsOf(table.data)).toEqual(["Query", "Query", "Query"]);
  });

  test.each([
    ["limit", { limit: 5 }, /"limit" is not an option: the options are by, where/],
    ["cursor", { cursor: null }, /"cursor" is not an option/],
    ["field", { fields: ["name"] }, /"fields" is not an option/],
    ["startWith", { startWith: "c" }, /"startWith" is not an option; did you mean "startsWith"\?/],
    ["consistent", { by: "createdAt", consistent: true }, /consistent cannot be used: an index/],
    ["where", { where: 5 }, /where must be an object/],
    ["a partition", { by: "id" }, /by must be "key" or "createdAt"/],
  ])("refuses %s before anything is sent", async (_, options, message) => {
    const error = await failureOf(
      store().count({ userId: "u" }, options as never),
      ValidationError,
    );
    expect(error.message).toMatch(/^count SavedContent \(userId=u\): /);
    expect(error.message).toMatch(message);
    expect(requestsOf(table.data)).toEqual([]);
  });

  test("names the partition that is wrong", async () => {
    const error = await failureOf(store().count({ userId: "" }), ValidationError);
    expect(error.issues).toEqual([{ path: "userId", message: "must not be empty" }]);
  });
});

const taskPayload = z.looseObject({ status: z.string() });
const taskSchema = () => ({
  model: model("Task"),
  attributes: {
    ...{ orgId: wordPart, teamId: keyPart, taskId: keyPart },
    data: data<z.infer<typeof taskPayload>>(taskPayload),
    ...fields("status"),
    ...times,
  },
  indexes: {
    byKey: byKey("ORG#${orgId}#TEAM#${teamId}", "TASK#${taskId}"),
    byStatus: index("GSI2", "TASK#${data.status}", "${createdAt}"),
    byTeam: index("GSI3", "TEAM#${teamId}", "${data.status}"),
  },
});
/** A task of a team: its partition has two parts. */
const task = {
  payload: taskPayload,
  schema: taskSchema,
  entity: (config: EntityConfig) => new Entity(taskSchema(), configure(config)),
};

/** The placeholders of a request that no expression of it has: DynamoDB refuses them. */
function unusedIn(input: Record<string, unknown>): string[] {
  const names = ["KeyConditionExpression", "FilterExpression", "ProjectionExpression"];
  const used = names.map((name) => String(input[name] ?? "")).join(" ");
  const { ExpressionAttributeNames = {}, ExpressionAttributeValues = {} } = input;
  return [
    ...Object.keys(ExpressionAttributeNames as object),
    ...Object.keys(ExpressionAttributeValues as object),
  ].filter((placeholder) => !new RegExp(`${placeholder}(?![0-9a-z])`).test(used));
}

describe.each(engines)("own entities on $name", ({ engine }) => {
  const clock = new MovableClock();
  const entities = { ...ownEntities, ...indexedEntities, ...expiringEntities, task };
  const open = () => createTestDataLayer({ engine, entities, builtIn: false, clock });
  let data: Awaited<ReturnType<typeof open>>;
  let raw: DynamoDBDocumentClient;
  beforeAll(async () => {
    data = await open();
    raw = bareClient(data as never);
  });
  afterAll(async () => {
    raw.destroy();
    await data.close();
  });
  beforeEach(() => {
    clock.time = start;
    data.wire.clear();
  });
  const put = (Item: object) =>
    raw.send(new PutCommand({ TableName: data.configuration.tableName, Item: Item as never }));
  const selects = () => data.wire.requests.map(({ input }) => input.Select);

  test("expired items are not counted from the moment on at which query leaves them out", async () => {
    for (const [offerId, until] of [
      ["a", start + 5_000],
      ["b", start + 9_000],
      ["c", null],
    ] as const) {
      await data.offer.put({ userId: "u1", offerId, data: { text: "t", until } });
    }
    const both = async () => [
      (await data.offer.query({ userId: "u1" })).items.length,
      await data.offer.count({ userId: "u1" }),
      await data.offer.count({ userId: "u1" }, { by: "createdAt" }),
    ];
    for (const [time, expected] of [
      [start + 4_999, 3],
      [start + 5_000, 2],
      [start + 9_000, 1],
    ] as const) {
      clock.time = time;
      expect(await both()).toEqual([expected, expected, expected]);
    }
  });

  test("keys of several parts, and with numbers, are read where no filter can tell them", async () => {
    const times = { CreatedAt: 5, UpdatedAt: 5 };
    for (const number of [1, 2, 3]) {
      await data.attempt.put({ quizId: "q", day: "2025-03-01", number, data: { points: 1 } });
      await data.workflowStep.put({
        ...{ orgId: "o", workflowId: `w${number}`, stepId: "s" },
        data: { done: true },
      });
    }
    await put({
      PK: "QUIZ#q",
      SK: "DAY#2025-03-01#xyz",
      EntityType: "Attempt",
      Data: {},
      ...times,
    });
    await put({ PK: "ORG#o", SK: "WORKFLOW#w1", EntityType: "WorkflowStep", Data: {}, ...times });
    data.wire.clear();
    expect(await data.attempt.count({ quizId: "q" })).toBe(3);
    expect(await data.workflowStep.count({ orgId: "o" })).toBe(3);
    expect(selects()).toEqual([undefined, undefined]);
    const [first] = data.wire.requests;
    expect(String(first?.input.ProjectionExpression).split(", ")).toHaveLength(6);
  });

  test("countBy counts what queryBy returns, on each index", async () => {
    const { indexedLead, indexedHouse, indexedMember, indexedEvent } = data;
    for (let index = 0; index < 6; index += 1) {
      const status = index < 4 ? "new" : "won";
      await indexedLead.put({ userId: "u1", leadId: `l${index}`, data: { name: "n", status } });
      await indexedHouse.put({
        ...{ userId: `u${index % 2}`, houseId: `h${index}` },
        data: { state: "new", city: index < 2 ? "B" : "C" },
      });
      await indexedMember.put({ teamId: `t${index}`, memberId: "m", data: { role: "r" } });
      await indexedEvent.put({
        ...{ orgId: "o1", eventId: `e${index}`, createdAt: 1_000 + index },
        data: { kind: "k" },
      });
    }
    for (const [leadId, status] of [
      ["l1", "old"],
      ["l2", "old!"],
    ] as const) {
      await indexedLead.put({ userId: "u2", leadId, data: { name: "n", status } });
    }
    // A lead of no user, which lies in the partition of the index.
    await put({
      ...{ PK: "USER#", SK: "ILEAD#x", EntityType: "IndexedLead", Data: { name: "n" } },
      ...{ CreatedAt: 5, UpdatedAt: 5, GSI2PK: "LEAD#new", GSI2SK: "0000000000005#x" },
    });
    data.wire.clear();
    const counted = [
      [await indexedLead.countBy("byStatus", { status: "new" }), 4],
      [await indexedLead.countBy("byStatus", { status: "new" }, { where: { name: "x" } }), 0],
      [await indexedLead.countBy("byStatus", { status: "new" }, { to: 5 }), 0],
      [await indexedLead.countBy("byOwnStatus", { userId: "u1", status: "won" }), 2],
      [await indexedLead.countBy("byOwnStatus", { userId: "u1" }, { startsWith: "n" }), 4],
      [await indexedLead.countBy("byOwnStatus", { userId: "u2" }, { between: ["old", "old"] }), 1],
      [await data.scope({ userId: "u1" }).indexedLead.countBy("byOwnStatus", {}), 6],
      [await indexedHouse.countBy("byState", { state: "new" }), 6],
      [await indexedHouse.countBy("byPlace", { state: "new", city: "B" }), 2],
      [await indexedMember.countBy("byMember", { memberId: "m" }), 6],
      [await indexedMember.countBy("byMember", { memberId: "m", teamId: "t3" }), 1],
      [await indexedEvent.countBy("byKind", { kind: "k" }, { from: 1_002 }), 4],
    ];
    expect(counted.map(([count]) => count)).toEqual(counted.map(([, expected]) => expected));
    // The lead's id follows the status, and the events' own keys have two parts.
    const keysAlone = data.wire.requests.filter(({ input }) => input.Select === undefined);
    expect(keysAlone.map(({ input }) => input.IndexName)).toEqual(["GSI6", "GSI7"]);
    for (const { input } of data.wire.requests) expect(unusedIn(input as never)).toEqual([]);
    const { items } = await indexedLead.queryBy("byStatus", { status: "new" });
    expect(items).toHaveLength(4);
  });

  test("countBy of an entity whose partition has several parts sends no placeholder that is not used", async () => {
    const { task: store } = data;
    for (const [orgId, taskId] of [
      ["o1", "1"],
      ["o2", "2"],
      ["o2", "3"],
    ] as const) {
      await store.put({ orgId, teamId: "t", taskId, data: { status: "open" } });
    }
    data.wire.clear();
    expect(await store.countBy("byStatus", { status: "open" })).toBe(3);
    expect(await store.countBy("byTeam", { teamId: "t" })).toBe(3);
    expect(await store.count({ orgId: "o2", teamId: "t" })).toBe(2);
    for (const { input } of data.wire.requests) expect(unusedIn(input as never)).toEqual([]);
    expect(selects()).toEqual([undefined, undefined, "COUNT"]);
  });

  test("countBy refuses what it does not know, by name", async () => {
    const { indexedLead } = data;
    const refused = async (...given: Parameters<typeof indexedLead.countBy>) =>
      (await failureOf(indexedLead.countBy(...given), ValidationError)).message;
    expect(await refused("byName" as never, {} as never)).toMatch(
      /^countBy IndexedLead: index must be/,
    );
    expect(await refused("byStatus", {} as never)).toMatch(
      /^countBy IndexedLead: status is missing/,
    );
    const more = { limit: 5 } as never;
    expect(await refused("byStatus", { status: "s" }, more)).toMatch(/"limit" is not an option/);
    const consistent = { consistent: true } as never;
    expect(await refused("byStatus", { status: "s" }, consistent)).toMatch(
      "countBy IndexedLead: consistent cannot be used: an index follows the table",
    );
    expect(data.wire.requests).toEqual([]);
  });
});
