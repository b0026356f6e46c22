/** Entities that an application declares: they have what the twelve have, and declarations are checked. */
import { PutCommand } from "@aws-sdk/lib-dynamodb";
import { z } from "zod";
import {
  byCreatedAt,
  byKey,
  configure,
  createDataLayer,
  DynamoDBError,
  data as dataOf,
  Entity,
  type EntityConfig,
  iamPolicy,
  index as indexOf,
  keyPart,
  model,
  numberPart,
  times,
  ValidationError,
  wordPart,
} from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { bareClient, failureOf } from "../open.js";
import { ownEntities } from "../own-entities.js";

describe.each(engines)("$name", ({ engine }) => {
  const open = () => createTestDataLayer({ engine, entities: ownEntities });
  let data: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    data = await open();
  });
  afterAll(() => data.close());

  test("a store has every call", async () => {
    const made = await data.lead.create({
      userId: "u1",
      data: { name: "Ada", status: "new", score: 3 },
    });
    expect(made).toEqual({
      userId: "u1",
      leadId: expect.any(String),
      data: { name: "Ada", status: "new", score: 3 },
      createdAt: expect.any(Number),
      updatedAt: made.createdAt,
    });
    const changed = await data.lead.update(made, { status: "won" });
    expect(await data.lead.get({ userId: "u1", leadId: made.leadId })).toEqual(changed);
    const { items } = await data.lead.query({ userId: "u1" }, { where: { status: "won" } });
    expect(items).toEqual([changed]);
    expect(await data.lead.delete(made)).toEqual(changed);
    expect(await data.lead.get(made)).toBeNull();
  });

  test("a partition may be of anything, and a collection reads it as a whole", async () => {
    await data.team.put({ teamId: "t1", data: { name: "North" } });
    await data.teamMember.batchPut([
      { teamId: "t1", memberId: "m1", data: { role: "lead" } },
      { teamId: "t1", memberId: "m2", data: { role: "agent" } },
      { teamId: "t2", memberId: "m1", data: { role: "agent" } },
    ]);
    const { team, teamMember, ...others } = await data.collections.team({ teamId: "t1" });
    expect(team.map((one) => one.data.name)).toEqual(["North"]);
    expect(teamMember.map((one) => one.memberId)).toEqual(["m1", "m2"]);
    expect(others).toEqual({});
  });

  test("the workspace of a user has the application's own items beside the twelve", async () => {
    await data.lead.put({
      userId: "u2",
      leadId: "l1",
      data: { name: "Bo", status: "new", score: 1 },
    });
    await data.project.put({ userId: "u2", projectId: "p1", data: { name: "Spring" } });
    const { lead, project, savedContent } = await data.collections.workspace({ userId: "u2" });
    expect([lead.length, project.length, savedContent.length]).toEqual([1, 1, 0]);
  });

  test("recent has the newest of both kinds, and without the twelve the application's own", async () => {
    const newLead = { leadId: "l1", data: { name: "Hal", status: "new", score: 1 } };
    await data.lead.put({ ...newLead, userId: "u9", createdAt: 2 });
    await data.project.put({ userId: "u9", projectId: "p1", data: { name: "Old" }, createdAt: 1 });
    const recent = await data.collections.recent({ userId: "u9", limit: 5, fields: ["name"] });
    expect(recent.map((one) => [one.entity, one.data])).toEqual([
      ["lead", { name: "Hal" }],
      ["project", { name: "Old" }],
    ]);
    const own = await data.forUser("u9").collections.recent({ limit: 1 });
    expect(own.map((one) => one.entity)).toEqual(["lead"]);
    await using alone = await createTestDataLayer({
      engine,
      entities: ownEntities,
      builtIn: false,
    });
    await alone.lead.put({ ...newLead, userId: "u9" });
    const [newest] = await alone.collections.recent({ userId: "u9", limit: 5 });
    expect([newest?.entity, newest?.leadId]).toEqual(["lead", "l1"]);
    const [scoped] = await alone.forUser("u9").collections.recent({ limit: 5 });
    expect(scoped?.data.name).toBe("Hal");
  });

  test("a transaction writes both kinds", async () => {
    if (!data.engine.capabilities.transactions) return;
    const key = { userId: "u3", leadId: "l1" };
    await data.transaction.write((tx) => [
      tx.lead.put({ ...key, data: { name: "Cy", status: "new", score: 1 } }),
      tx.project.create({ userId: "u3", projectId: "p1", data: { name: "Cy's house" } }),
    ]);
    const [one, project] = await data.transaction.get((tx) => [
      tx.lead.get(key),
      tx.project.get({ userId: "u3", projectId: "p1" }),
    ]);
    expect([one?.data.name, project?.data.name]).toEqual(["Cy", "Cy's house"]);
  });

  test("the scope of a user has the user's own entities, and no other's", async () => {
    const scope = data.forUser("u4");
    await scope.lead.put({ leadId: "l1", data: { name: "Di", status: "new", score: 2 } });
    await data.lead.put({
      userId: "u5",
      leadId: "l1",
      data: { name: "Ed", status: "new", score: 2 },
    });
    const { items } = await scope.lead.query({});
    expect(items.map((one) => one.userId)).toEqual(["u4"]);
    expect((await scope.collections.workspace()).lead).toHaveLength(1);
    expect(Object.keys(scope)).not.toContain("teamMember");
    // @ts-expect-error the user is fixed
    const refused = scope.lead.get({ userId: "u5", leadId: "l1" });
    const { issues } = await failureOf(refused, ValidationError);
    expect(issues).toEqual([
      { path: "userId", message: "is fixed by the scope and must not be given" },
    ]);
  });

  test("any part of a partition key can be fixed", async () => {
    await data.teamMember.put({ teamId: "t8", memberId: "m1", data: { role: "agent" } });
    const scope = data.scope({ teamId: "t7" });
    await scope.team.put({ data: { name: "South" } });
    await scope.teamMember.put({ memberId: "m1", data: { role: "lead" } });
    const { team, teamMember } = await scope.collections.team();
    expect(team.map((one) => one.teamId)).toEqual(["t7"]);
    expect(teamMember.map((one) => one.data.role)).toEqual(["lead"]);
    if (data.engine.capabilities.transactions) {
      await scope.transaction.write((tx) => [tx.teamMember.delete({ memberId: "m1" })]);
    } else await scope.teamMember.delete({ memberId: "m1" });
    expect(await data.teamMember.get({ teamId: "t8", memberId: "m1" })).not.toBeNull();
    expect(await scope.teamMember.get({ memberId: "m1" })).toBeNull();
    expect(Object.keys(scope).sort()).toEqual(["collections", "team", "teamMember", "transaction"]);
    // @ts-expect-error the team is fixed
    const refused = scope.teamMember.get({ teamId: "t8", memberId: "m1" });
    expect((await failureOf(refused, ValidationError)).issues[0]?.path).toBe("teamId");
  });

  test("an owner that fixes nothing is refused", () => {
    const refusedFor = (owner: Record<string, string>) => () => data.scope(owner as never);
    expect(refusedFor({})).toThrow(ValidationError);
    // @ts-expect-error no entity has such a part
    expect(() => data.scope({ teamid: "t1" })).toThrow("teamid is in no partition key");
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`p${index}`, "x"]));
    expect(refusedFor(many)).toThrow("owner must be an object of at most 32 key parts");
    const { p0: _, ...fewer } = many;
    expect(refusedFor(fewer)).toThrow("p1 is in no partition key");
    const missing = { teamId: "t1", userId: undefined } as never;
    expect(refusedFor(missing)).toThrow("userId is missing");
    expect(refusedFor({ userId: "u1", orgId: "" })).toThrow("orgId must not be empty");
    expect(refusedFor({ teamId: "" })).toThrow("teamId must not be empty");
    expect(refusedFor({ teamId: "x".repeat(2044) })).toThrow("makes a partition key of 2049 bytes");
  });

  test("a creation time may be a part of the key, and orders the items", async () => {
    const made = await data.auditLog.create({ orgId: "o1", data: { action: "login" } });
    expect(made).toEqual({
      orgId: "o1",
      logId: expect.any(String),
      data: { action: "login" },
      createdAt: expect.any(Number),
      updatedAt: expect.any(Number),
    });
    const early = { orgId: "o1", createdAt: 5, logId: "#1" };
    await data.auditLog.put({ ...early, data: { action: "begin" } });
    expect((await data.auditLog.get(early))?.data.action).toBe("begin");
    expect((await data.auditLog.update(early, { action: "began" })).createdAt).toBe(5);
    const { items } = await data.auditLog.query({ orgId: "o1" });
    expect(items.map((one) => one.data.action)).toEqual(["began", "login"]);
    const { items: newest } = await data.auditLog.query(
      { orgId: "o1" },
      { order: "desc", limit: 1 },
    );
    expect(newest).toEqual([made]);
    const between = { from: 5, to: made.createdAt - 1 };
    const ranged = await data.auditLog.query({ orgId: "o1" }, between);
    expect(ranged.items.map((one) => one.createdAt)).toEqual([5]);
    const after = await data.auditLog.query({ orgId: "o1" }, { from: 6, limit: 1 });
    expect(after.items).toEqual([made]);
    await data.auditLog.put({ ...early, logId: "2", data: { action: "next" } });
    const page = await data.auditLog.query({ orgId: "o1" }, { ...between, limit: 1 });
    const rest = await data.auditLog.query({ orgId: "o1" }, { ...between, cursor: page.cursor });
    expect([...page.items, ...rest.items].map((one) => one.logId)).toEqual(["#1", "2"]);
    const outside = data.auditLog.query({ orgId: "o1" }, { from: 6, cursor: page.cursor });
    expect((await failureOf(outside, ValidationError)).issues[0]?.path).toBe("cursor");
    // @ts-expect-error its keys are in order, and there is no index
    const refusedBy = data.auditLog.query({ orgId: "o1" }, { by: "createdAt" });
    expect((await failureOf(refusedBy, ValidationError)).issues[0]?.path).toBe("by");
    // @ts-expect-error neither its keys nor an index have the time
    const timeless = data.workflow.query({ orgId: "o1" }, { from: 1 });
    expect((await failureOf(timeless, ValidationError)).issues[0]?.path).toBe("from");
    const native = await data.auditLog.entity.get(early).go();
    expect(native.data).toMatchObject({ ...early, data: { action: "began" } });
    expect(await data.auditLog.delete(made)).toEqual(made);
    expect(await data.auditLog.batchGet([early, made])).toEqual([expect.anything(), null]);
    for (const createdAt of [-1, 1.5, 10 ** 13, "5"] as number[]) {
      const { issues } = await failureOf(
        data.auditLog.get({ ...early, createdAt }),
        ValidationError,
      );
      expect(issues).toEqual([
        { path: "createdAt", message: "must be an integer from 0 to 9999999999999 (ms)" },
      ]);
    }
    // @ts-expect-error a part of the key is missing
    const refused = data.auditLog.put({ orgId: "o1", logId: "1", data: { action: "x" } });
    const { issues } = await failureOf(refused, ValidationError);
    expect(issues.map(({ path }) => path)).toEqual(["createdAt"]);
  });

  test("a key of several parts is read back into its parts", async () => {
    const key = { orgId: "o2", workflowId: "w1", stepId: "a#b" };
    const step = await data.workflowStep.put({ ...key, data: { done: false } });
    expect(step).toMatchObject(key);
    await data.workflow.put({ orgId: "o2", workflowId: "w1", data: { title: "Sale" } });
    expect(await data.workflowStep.get(key)).toEqual(step);
    expect((await data.workflow.query({ orgId: "o2" })).items.map((one) => one.data.title)).toEqual(
      ["Sale"],
    );
    const { workflow, workflowStep } = await data.collections.org({ orgId: "o2" });
    expect([workflow.length, workflowStep]).toEqual([1, [step]]);
    const generated = await data.workflowStep.create({
      orgId: "o2",
      workflowId: "w1",
      data: { done: true },
    });
    expect(await data.workflowStep.get(generated)).toEqual(generated);
    // @ts-expect-error only the last part of the key is made
    const refused = data.workflowStep.create({ orgId: "o2", data: { done: true } });
    expect((await failureOf(refused, ValidationError)).issues[0]?.path).toBe("workflowId");
    const odd = data.workflowStep.get({ ...key, workflowId: "w#1" });
    expect((await failureOf(odd, ValidationError)).issues).toEqual([
      { path: "workflowId", message: 'must not contain "#": it ends this part of the key' },
    ]);
  });

  test("numbers and dates in keys sort as they do, and come back as they were given", async () => {
    const attempt = (quizId: string, day: string, number: number) => ({
      key: { quizId, day, number },
      data: { points: number * 10 },
    });
    const made = [
      attempt("q1", "2026-02-01", 2),
      attempt("q1", "2026-02-01", 10),
      attempt("q1", "2026-02-01", 999),
      attempt("q1", "2026-10-01", 0),
    ];
    for (const { key, data: points } of [...made].reverse()) {
      await data.attempt.create({ ...key, data: points });
    }
    const { items } = await data.attempt.query({ quizId: "q1" });
    expect(items).toMatchObject(made.map(({ key }) => key));
    const [first] = made as [(typeof made)[0]];
    expect(await data.attempt.get(first.key)).toMatchObject({ ...first.key, data: { points: 20 } });
    await data.attempt.update(first.key, { points: 21 });
    const raw = await data.attempt.entity.get(first.key).go({ data: "raw" });
    // What ElectroDB would store, after every write.
    const { Item } = raw.data as unknown as { Item: Record<string, unknown> };
    expect(Item).toMatchObject({ SK: "DAY#2026-02-01#002", quizId: "q1", number: 2 });
    expect(Object.keys(Item).sort()).toEqual(
      [
        "CreatedAt",
        "Data",
        "EntityType",
        "PK",
        "SK",
        "UpdatedAt",
        "day",
        "number",
        "quizId",
      ].sort(),
    );
    const native = await data.attempt.entity.get(first.key).go();
    expect(native.data).toMatchObject({ ...first.key, data: { points: 21 } });
    expect(await data.attempt.delete(first.key)).toMatchObject(first.key);
    for (const number of [-1, 1.5, 1000, "2", Number.NaN] as number[]) {
      const refused = data.attempt.get({ ...first.key, number });
      const { issues } = await failureOf(refused, ValidationError);
      expect(issues).toEqual([{ path: "number", message: "must be an integer from 0 to 999" }]);
    }
    for (const day of ["2026-2-1", "2026-02-30", "", 20260201 as never, "2026-02-01T00:00"]) {
      const refused = data.attempt.put({ ...first.key, day, data: { points: 1 } });
      const { issues } = await failureOf(refused, ValidationError);
      expect(issues).toEqual([{ path: "day", message: "must be a date: YYYY-MM-DD" }]);
    }
    // @ts-expect-error a number is no id that could be made
    const unnumbered = data.attempt.create({
      quizId: "q1",
      day: "2026-02-01",
      data: { points: 1 },
    });
    const { issues } = await failureOf(unnumbered, ValidationError);
    expect(issues.map(({ path }) => path)).toEqual(["number"]);
  });

  test("errors name numbers and times of a key as the call gave them", async () => {
    const key = { quizId: "q9", day: "2026-02-01", number: 5 };
    const missing = await failureOf(data.attempt.update(key, { points: 1 }), DynamoDBError);
    expect(missing.key).toEqual(key);
    expect(missing.message).toContain("(quizId=q9, day=2026-02-01, number=5)");
    const log = { orgId: "o9", createdAt: 7, logId: "l" };
    const gone = await failureOf(data.auditLog.update(log, { action: "x" }), DynamoDBError);
    expect(gone.key).toEqual(log);
    const refused = data.attempt.put({ ...key, data: { points: "x" as never } });
    expect((await failureOf(refused, ValidationError)).message).toContain("points");
    await data.attempt.create({ ...key, data: { points: 1 } });
    const twice = await failureOf(
      data.attempt.create({ ...key, data: { points: 1 } }),
      DynamoDBError,
    );
    expect(twice.key).toEqual(key);
  });

  test("an item whose key has no number where one is declared is none of the entity's", async () => {
    const client = bareClient(data);
    const TableName = data.configuration.tableName;
    const Item = {
      PK: "QUIZ#q2",
      SK: "DAY#2026-02-01#abc",
      EntityType: "Attempt",
      Data: { points: 1 },
    };
    await client.send(new PutCommand({ TableName, Item }));
    client.destroy();
    expect((await data.attempt.query({ quizId: "q2" })).items).toEqual([]);
  });

  test("an update of an item with a time in its key stores nothing more than a put", async () => {
    const key = { orgId: "o8", createdAt: 5, logId: "l" };
    await data.auditLog.put({ ...key, data: { action: "begin" } });
    await data.auditLog.update(key, { action: "began" });
    const raw = await data.auditLog.entity.get(key).go({ data: "raw" });
    const { Item } = raw.data as unknown as { Item: object };
    expect(Object.keys(Item).sort()).toEqual(
      ["CreatedAt", "Data", "EntityType", "PK", "SK", "UpdatedAt", "logId", "orgId"].sort(),
    );
  });

  test("native chains and the Service have them", async () => {
    await data.lead.put({
      userId: "u6",
      leadId: "l1",
      data: { name: "Fay", status: "new", score: 2 },
    });
    const { data: found } = await data.lead.entity.query.byKey({ userId: "u6" }).go();
    expect(found.map((one) => one.data?.name)).toEqual(["Fay"]);
    const { data: all } = await data.service.collections.workspace({ userId: "u6" }).go();
    expect(all.lead.map((one) => one.leadId)).toEqual(["l1"]);
  });

  test("without the twelve, nothing of them is there", async () => {
    await using own = await createTestDataLayer({ engine, entities: ownEntities, builtIn: false });
    expect(Object.keys(own).sort()).toEqual([
      "attempt",
      "auditLog",
      "changes",
      "close",
      "collections",
      "configuration",
      "engine",
      "expire",
      "forUser",
      "lead",
      "scope",
      "service",
      "stats",
      "table",
      "team",
      "teamMember",
      "transaction",
      "user",
      "wire",
      "workflow",
      "workflowStep",
    ]);
    expect(Object.keys(own.collections).sort()).toEqual(["org", "recent", "team", "workspace"]);
    await own.lead.put({
      userId: "u",
      leadId: "l",
      data: { name: "Gil", status: "new", score: 2 },
    });
    expect((await own.forUser("u").collections.workspace()).lead).toHaveLength(1);
    // @ts-expect-error one of the twelve
    expect(own.savedContent).toBeUndefined();
  });
});

test("the policy of an owner allows its partitions and no other", () => {
  const tableArn = "arn:aws:dynamodb:us-east-1:123456789012:table/app";
  const keysOf = (statement: { readonly Condition?: object } | undefined) =>
    (statement?.Condition as Record<string, Record<string, string[]>> | undefined)?.[
      "ForAllValues:StringEquals"
    ]?.["dynamodb:LeadingKeys"];
  const entities = ownEntities;
  const team = iamPolicy({ tableArn, entities, owner: { teamId: "t1" } });
  expect(keysOf(team.Statement[0])).toEqual(["TEAM#t1"]);
  const variable = "aws:PrincipalTag/team";
  const tagged = iamPolicy({ tableArn, entities, owner: { teamId: { variable } } });
  expect(keysOf(tagged.Statement[0])).toEqual([`TEAM#\${${variable}}`]);
  const user = iamPolicy({ tableArn, entities, builtIn: false, userId: "u1" });
  expect(keysOf(user.Statement[0])).toEqual(["USER#u1"]);
  expect(() => iamPolicy({ tableArn, entities, owner: { teamid: "t1" } })).toThrow("owner");
  expect(() => iamPolicy({ tableArn, entities, owner: { teamId: "" } })).toThrow(
    "owner.teamId must not be empty",
  );
  for (const also of [{ userId: "u1" }, { variable }]) {
    expect(() => iamPolicy({ tableArn, entities, owner: { teamId: "t1" }, ...also })).toThrow(
      "give owner, or userId or variable, not both",
    );
  }
});

describe("a declaration is checked when a data layer is made", () => {
  const { lead, team } = ownEntities;
  const payload = z.looseObject({ text: z.string() });
  const declared = (name: string, pk: string, sk: string, collection?: string) => {
    const schema = () => ({
      model: model(name),
      attributes: { userId: keyPart, noteId: keyPart, data: dataOf(payload), ...times },
      indexes: { byKey: byKey(pk, sk, collection === undefined ? {} : { collection }) },
    });
    return {
      payload,
      schema,
      entity: (config: EntityConfig) => new Entity(schema() as never, configure(config)),
    };
  };
  const made = (entities: object, builtIn = true) => {
    return () => createDataLayer({ environment: "local", entities, builtIn } as object);
  };

  test.each([
    [
      "a name that is taken",
      { savedContent: lead },
      "entities.savedContent is one of the package's own",
    ],
    ["a name of another member", { close: lead }, "entities.close is no name for a store"],
    ["a name that is none", { "my lead": lead }, "entities.my lead is no name for a store"],
    [
      "what is no declaration",
      { lead: {} },
      "entities.lead must be a declared entity: an object with payload, schema and entity",
    ],
    ["null", { lead: null }, "entities.lead must be a declared entity"],
    ["one model twice", { lead, second: lead }, "entities.second has the model Lead, as lead has"],
    [
      "a model of the twelve",
      { note: declared("SavedContent", "NOTE#${userId}", "${noteId}") },
      "entities.note has the model SavedContent, as savedContent has",
    ],
    [
      "a part that is no attribute",
      { note: declared("Note", "USER#${userId}", "NOTE#${id}") },
      "entities.note has ${id} in a template of byKey: no such attribute",
    ],
    [
      "keys that can meet",
      { lead, note: declared("Note", "USER#${userId}", "LEAD#${noteId}") },
      'entities: lead and note can have the same key: PK "USER#x", SK "LEAD#x"',
    ],
    [
      "a key that can meet one of the twelve",
      { note: declared("Note", "USER#${userId}", "PROJECT#NOTE#${noteId}") },
      "entities: project and note can have the same key",
    ],
    [
      "a part that nothing ends",
      { note: declared("Note", "USER#${userId}", "NOTE#${userId}${noteId}") },
      "entities.note has a wrong template in byKey: the sort key",
    ],
    [
      "a collection of two partitions",
      { team, note: declared("Note", "USER#${userId}", "NOTE#${noteId}", "team") },
      "entities.note is in the collection team under USER#${userId}, and team under TEAM#${teamId}",
    ],
  ])("%s", (_, entities, message) => {
    expect(made(entities)).toThrow(message);
    expect(made(entities)).toThrow(expect.objectContaining({ name: "ConfigurationError" }));
  });

  const note = declared("Note", "USER#${userId}", "NOTE#${noteId}");
  const noteWith = (attributes: object) => ({
    ...note,
    schema: () => ({
      ...note.schema(),
      attributes: { ...note.schema().attributes, ...attributes },
    }),
  });
  const noteAt = (index: object) => ({
    ...note,
    schema: () => ({ ...note.schema(), indexes: { ...note.schema().indexes, ...index } }),
  });
  const other = z.looseObject({ text: z.string() });
  test.each([
    [
      "an index that no table has",
      noteAt({ byText: indexOf("GSI21" as "GSI1", "NOTE#${noteId}", "A") }),
      "has byText in GSI21, an index that no table has: they are GSI1 to GSI20",
    ],
    [
      "a misspelt member",
      { ...note, verison: 2 },
      "has a member verison, and a declaration has payload, schema, entity",
    ],
    [
      "a payload that is not that of its attribute",
      { ...note, payload: other },
      "has another payload in its attribute data than under payload",
    ],
    [
      "a payload that is no object's",
      { ...note, payload: z.union([other, z.string()]) },
      "has a payload that is no schema of an object",
    ],
    [
      "a part with an option that stores do not carry out",
      noteWith({ noteId: { ...keyPart, set: (text: string) => text } }),
      "has the attribute noteId, whose set the stores would not carry out",
    ],
    [
      "a number that is not padded, and sorts as no number does",
      noteWith({ noteId: { type: "number", required: true } }),
      "has the attribute noteId, whose form is none of keyPart",
    ],
    [
      "a number of more digits than JavaScript counts",
      noteWith({ noteId: numberPart(16) }),
      "has the attribute noteId, whose form is none of keyPart",
    ],
    [
      "a part of another kind",
      noteWith({ noteId: { ...keyPart, kind: "day" } }),
      "has the attribute noteId, whose form is none of keyPart",
    ],
    [
      "a number in the partition key",
      noteWith({ userId: numberPart(3) }),
      "has the attribute userId, a number in the partition key",
    ],
    [
      "a number with a default",
      noteWith({ noteId: { ...numberPart(3), default: "1" } }),
      "has the attribute noteId, whose default the stores would not carry out",
    ],
    [
      "a default that is no part",
      noteWith({ noteId: { ...keyPart, default: "" } }),
      "has the attribute noteId, whose default must not be empty",
    ],
    [
      "a default that is a function",
      noteWith({ noteId: { ...keyPart, default: () => "x" } }),
      "has the attribute noteId, whose default must be a string, not function",
    ],
    [
      "a word whose default is none",
      noteWith({ noteId: { ...wordPart, default: "a#b" } }),
      'has the attribute noteId, whose default contains "#"',
    ],
    [
      "a required attribute that no store writes",
      noteWith({ status: keyPart }),
      "has the attribute status, which is required and no part of the key",
    ],
    [
      "a cased key",
      noteAt({
        byKey: {
          ...note.schema().indexes.byKey,
          sk: { ...note.schema().indexes.byKey.sk, casing: "upper" },
        },
      }),
      "has byKey with a casing",
    ],
    [
      "a condition of an index, which only native chains would look at",
      noteAt({ byText: { ...indexOf("GSI2", "NOTE#${noteId}", "A"), condition: () => false } }),
      "has byText with condition, which the stores would not carry out: make it with byKey",
    ],
    [
      "a projection of an index",
      noteAt({ byText: { ...indexOf("GSI2", "NOTE#${noteId}", "A"), project: "keys_only" } }),
      "has byText with project, which the stores would not carry out",
    ],
    [
      "a key with what only native chains would look at",
      noteAt({
        byKey: {
          ...note.schema().indexes.byKey,
          pk: { ...note.schema().indexes.byKey.pk, scope: "a" },
        },
      }),
      "has byKey with pk.scope, which the stores would not carry out: make it with byKey",
    ],
    [
      "keys in the attributes of another index",
      noteAt({ byText: { ...indexOf("GSI2", "NOTE#${noteId}", "A"), index: "GSI3" } }),
      "has byText with a pk that is not in GSI3PK: make it with byKey",
    ],
    [
      "parts that are not those of the template",
      noteAt({
        byKey: {
          ...note.schema().indexes.byKey,
          sk: { ...note.schema().indexes.byKey.sk, composite: ["userId"] },
        },
      }),
      "has byKey with a sk whose composite or cast is not that of its template",
    ],
    [
      "a key that is written as a number",
      noteAt({
        byText: {
          ...indexOf("GSI2", "NOTE#${noteId}", "A"),
          sk: { ...indexOf("GSI2", "A", "${createdAt}").sk, cast: "number" },
        },
      }),
      "has byText with a sk whose composite or cast is not that of its template",
    ],
    [
      "an index with a name that every object has",
      noteAt({ valueOf: indexOf("GSI2", "NOTE#${noteId}", "A") }),
      "has an index valueOf, which is no name",
    ],
    [
      "a model with a version of its own, which would be stored in EntityType",
      { ...note, schema: () => ({ ...note.schema(), model: { ...model("Note"), version: "2" } }) },
      'has a model that is not made by model("Note")',
    ],
    [
      "a model of another service",
      { ...note, schema: () => ({ ...note.schema(), model: { ...model("Note"), service: "x" } }) },
      'has a model that is not made by model("Note")',
    ],
    [
      "a collection with a name that every object has",
      noteAt({ byKey: { ...note.schema().indexes.byKey, collection: "toString" } }),
      "is in the collection toString, which is no name",
    ],
    [
      "a collection that is no name",
      noteAt({ byKey: { ...note.schema().indexes.byKey, collection: "__proto__" } }),
      "is in the collection __proto__, which is no name",
    ],
    [
      "a collection of newest items by the key",
      noteAt({ byKey: { ...note.schema().indexes.byKey, collection: "recent" } }),
      "is in the collection recent by its key",
    ],
    [
      "a collection of an index that nobody reads",
      noteAt({ byText: indexOf("GSI1", "NOTE#${noteId}", "A", { collection: "texts" }) }),
      "is in the collection texts by an index",
    ],
    [
      "newest items that are in no order of creation",
      noteAt({ byText: indexOf("GSI1", "NOTE#${noteId}", "A", { collection: "recent" }) }),
      "is in the collection recent, and not in order of creation",
    ],
    [
      "a payload with an option that stores do not carry out",
      noteWith({ data: { ...dataOf(payload), get: () => ({}) } }),
      "has the attribute data, whose get the stores would not carry out",
    ],
    [
      "a time under another name",
      noteWith({ updatedAt: { type: "number", field: "Changed" } }),
      "has the attribute updatedAt, which is not stored as UpdatedAt",
    ],
    [
      "a part that stands twice, which ElectroDB refuses when it is first used",
      noteAt({ byKey: byKey("USER#${userId}", "NOTE#${userId}#${noteId}") }),
      "has ${userId} twice in byKey",
    ],
    [
      "a creation time in the partition key",
      noteAt({ byKey: byKey("USER#${createdAt}", "NOTE#${noteId}") }),
      "has ${createdAt} in the partition key of byKey",
    ],
    [
      "a creation time at the end of the key",
      noteAt({ byKey: byKey("USER#${userId}", "NOTE#${noteId}#${createdAt}") }),
      "has ${createdAt} at the end of byKey",
    ],
    [
      "an order of creation in another partition",
      noteAt({ byCreatedAt: byCreatedAt("ALL#${userId}", "NOTE#${createdAt}#${noteId}") }),
      "has byCreatedAt in another partition than byKey",
    ],
    [
      "an order of creation that begins with something else",
      noteAt({ byCreatedAt: indexOf("GSI1", "USER#${userId}", "NOTE#${noteId}#${createdAt}") }),
      'has byCreatedAt with a sort key other than "…${createdAt}#${id}"',
    ],
    [
      "an index that is declared twice",
      noteAt({
        byText: indexOf("GSI1", "NOTE#${noteId}", "A"),
        byUser: indexOf("GSI1", "NOTE#${userId}", "B"),
      }),
      "has byText and byUser in the same index",
    ],
    ["no times", noteWith({ createdAt: undefined }), "has no attribute createdAt: add ...times"],
  ])("%s", (_, entity, message) => {
    expect(made({ note: entity })).toThrow(`entities.note ${message}`);
    expect(made({ note: entity })).toThrow(expect.objectContaining({ name: "ConfigurationError" }));
  });

  test.each([
    "updatedAt",
    "valueOf",
    "constructor",
    "PK",
    "SK",
    "GSI2PK",
    "EntityType",
    "Data",
    "TTL",
  ])("a part named %s", (part) => {
    const schema = () => ({
      model: model("Odd"),
      attributes: { userId: keyPart, ...times, [part]: keyPart, data: dataOf(payload) },
      indexes: { byKey: byKey("USER#${userId}", `ODD#\${${part}}`) },
    });
    expect(made({ odd: { ...note, schema } })).toThrow(`entities.odd has the attribute ${part}`);
  });

  test("an entity that is made of another schema is found when it is made", () => {
    const elsewhere = declared("Elsewhere", "USER#${userId}", "ELSE#${noteId}");
    const entities = { note: { ...note, entity: elsewhere.entity } };
    const layer = createDataLayer({
      environment: "local",
      entities,
    } as object) as unknown as Record<string, { entity: object }>;
    const message = "the entity of Note is made of another schema, of Elsewhere";
    expect(() => layer.note?.entity).toThrow(message);
    expect(() => layer.service).toThrow(message);
  });

  test.each([
    [
      "other templates of the same parts",
      { indexes: { byKey: byKey("USERS#${userId}", "NOTE#${noteId}") } },
      "with another index byKey",
    ],
    [
      "an index more",
      {
        indexes: { ...note.schema().indexes, byText: indexOf("GSI2", "NOTE#${noteId}", "A") },
      },
      "with another index byText",
    ],
    ["another service", { model: { ...model("Note"), service: "x" } }, "with another version or"],
    [
      "a part that is changed when it is set",
      {
        attributes: {
          ...note.schema().attributes,
          noteId: { ...keyPart, set: (text?: string) => `${text}!` },
        },
      },
      "with another attribute noteId",
    ],
  ])("an entity of %s is found when it is made", (_, change, difference) => {
    const entity = (config: EntityConfig) =>
      new Entity({ ...note.schema(), ...change } as never, configure(config));
    const layer = createDataLayer({
      environment: "local",
      entities: { note: { ...note, entity } },
    } as object) as unknown as Record<string, { entity: object }>;
    const message = `the entity of Note is made of another schema, ${difference}`;
    expect(() => layer.note?.entity).toThrow(message);
    expect(() => layer.service).toThrow(message);
  });

  const names = Reflect.ownKeys(Object.prototype).map(String);
  test.each(["then", "toJSON", ...names])("a store or a collection named %s", (name) => {
    const entities = Object.fromEntries([[name, note]]);
    expect(made(entities)).toThrow(`entities.${name} is no name for a store`);
    const byOwn = { byKey: { ...note.schema().indexes.byKey, collection: name } };
    expect(made({ note: noteAt(byOwn) })).toThrow(`is in the collection ${name}, which is no name`);
  });

  test("each member of a data layer, of a scope and of a test data layer is no name for a store", async () => {
    await using layer = await createTestDataLayer({ engine: engines[0]?.engine });
    const scopes = [layer.forUser("u1"), layer.scope({ userId: "u1" })];
    const membersOf = (object: object): string[] => {
      const prototype = Object.getPrototypeOf(object) as object | null;
      const inherited =
        prototype === null || prototype === Object.prototype ? [] : membersOf(prototype);
      return [...Object.getOwnPropertyNames(object), ...inherited];
    };
    const members = new Set([layer, ...scopes].flatMap(membersOf));
    expect(members.size).toBeGreaterThan(20);
    for (const name of members) {
      const entities = Object.fromEntries([[name, note]]);
      expect(made(entities)).toThrow(`entities.${name} is`);
    }
  });

  test("a payload that turns out to be none is told when its store is first used", () => {
    const lazy = () => z.string();
    const schema = () => ({
      ...note.schema(),
      attributes: { userId: keyPart, noteId: keyPart, ...times, data: dataOf(lazy as never) },
    });
    const entities = { note: { ...note, payload: lazy, schema } };
    const layer = createDataLayer({
      environment: "local",
      entities,
    } as object) as unknown as Record<string, object>;
    expect(() => layer.note).toThrow("the payload of Note is no schema of an object");
  });

  test.each([
    ["a promise", Promise.resolve({})],
    ["a list", []],
    ["a Map", new Map()],
  ])("%s is no object of entities", (_, given) => {
    expect(made(given)).toThrow("entities must be an object of declared entities");
  });

  test("what is no object of entities, or no choice of the twelve", () => {
    expect(made("lead" as never)).toThrow("entities must be an object of declared entities");
    expect(made({}, "no" as never)).toThrow("builtIn must be true or false");
  });

  test("entities that are added to an object later are checked, too", () => {
    const entities: Record<string, object> = { lead };
    expect(made(entities)).not.toThrow();
    entities.close = team;
    expect(made(entities)).toThrow("entities.close is no name for a store");
  });

  test("a word of an owner that holds a separator is in no scope and no policy", () => {
    const at = (name: string, parts: object, pk: string, sk: string) => {
      const schema = () => ({
        model: model(name),
        attributes: { ...parts, data: dataOf(payload), ...times },
        indexes: { byKey: byKey(pk, sk) },
      });
      return { ...note, schema };
    };
    const team = at("Crew", { teamId: wordPart }, "TEAM#${teamId}", "CREW");
    const sub = at(
      "Sub",
      { teamId: wordPart, subId: keyPart },
      "TEAM#${teamId}#SUB#${subId}",
      "SUB",
    );
    const notes = at("CrewNote", { teamId: keyPart }, "NOTES#${teamId}", "NOTE");
    const owner = { teamId: "a#SUB#b" };
    const layerOf = (entities: object) =>
      createDataLayer({ environment: "local", entities, builtIn: false } as object);
    expect(() => layerOf({ team, sub }).scope(owner as never)).toThrow(
      'teamId must not contain "#"',
    );
    // Where one store takes it, the scope is of that one.
    const scope = layerOf({ team, sub, notes }).scope(owner as never) as unknown as {
      readonly team: { get(key: object): Promise<unknown> };
    };
    expect(Object.keys(scope)).toContain("notes");
    const tableArn = "arn:aws:dynamodb:us-east-1:123456789012:table/app";
    const entities = { team, sub, notes };
    const policy = iamPolicy({ tableArn, entities, builtIn: false, owner } as never);
    expect(JSON.stringify(policy)).toContain("NOTES#a#SUB#b");
    expect(JSON.stringify(policy)).not.toContain("TEAM#a#SUB#b");
  });

  test("what throws while a declaration is read is told by the store's name", () => {
    const broken = {
      ...note,
      schema: () => {
        throw new Error("no");
      },
    };
    expect(made({ note: broken })).toThrow("entities.note cannot be checked");
  });

  test("an owner of half a partition key has no scope", () => {
    const schema = () => ({
      model: model("Half"),
      attributes: { orgId: wordPart, deptId: keyPart, data: dataOf(payload), ...times },
      indexes: { byKey: byKey("ORG#${orgId}#DEPT#${deptId}", "HALF") },
    });
    const entities = { half: { ...note, schema } };
    const layer = createDataLayer({ environment: "local", entities, builtIn: false } as object);
    expect(() => layer.scope({ orgId: "o" } as never)).toThrow(
      "owner must have all parts of a partition key",
    );
    expect(Object.keys(layer.scope({ orgId: "o", deptId: "d" } as never))).toContain("half");
  });

  test("a store whose sort key has a part of the owner is in no scope of the owner", () => {
    const schema = () => ({
      model: model("Seat"),
      attributes: { orgId: keyPart, teamId: keyPart, data: dataOf(payload), ...times },
      indexes: { byKey: byKey("ORG#${orgId}", "SEAT#${teamId}", { collection: "seats" }) },
    });
    const seat = {
      payload,
      schema,
      entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
    };
    const layer = createDataLayer({ environment: "local", entities: { seat, team } });
    expect(Object.keys(layer.scope({ orgId: "o" }))).toContain("seat");
    // Its partition is the organisation's: a query in it would read the seats of other teams.
    const both = layer.scope({ orgId: "o", teamId: "t" });
    expect(Object.keys(both)).toEqual(expect.arrayContaining(["team"]));
    expect(Object.keys(both)).not.toContain("seat");
    expect(Object.keys(both.collections)).not.toContain("seats");
    // @ts-expect-error the types know it as well
    expect(both.seat).toBeUndefined();
  });

  test("a part of a partition that has a default may be left out of every call", async () => {
    const schema = () => ({
      model: model("Flag"),
      attributes: {
        stage: { ...wordPart, default: "live" },
        flagId: keyPart,
        data: dataOf(payload),
        ...times,
      },
      indexes: {
        byKey: byKey("FLAGS#${stage}", "FLAG#${flagId}"),
        byId: indexOf("GSI2", "FLAGS#${stage}", "ID#${flagId}"),
      },
    });
    const flag = {
      payload,
      schema,
      entity: (config: EntityConfig) => new Entity(schema(), configure(config)),
    };
    await using own = await createTestDataLayer({ entities: { flag }, builtIn: false });
    const made = await own.flag.create({ flagId: "f1", data: { text: "on" } });
    expect(made.stage).toBe("live");
    await own.flag.put({ stage: "beta", flagId: "f1", data: { text: "off" } });
    expect(await own.flag.get({ flagId: "f1" })).toEqual(made);
    expect((await own.flag.query({})).items).toEqual([made]);
    expect((await own.flag.query({ stage: "beta" })).items).toHaveLength(1);
    expect((await own.flag.queryBy("byId", {})).items).toEqual([made]);
    expect((await own.flag.queryBy("byId", { flagId: "f1" })).items).toEqual([made]);
    expect((await own.flag.queryBy("byId", { stage: "beta" })).items).toHaveLength(1);
    const listed = [];
    for await (const one of own.flag.listBy("byId", {})) listed.push(one);
    expect(listed).toEqual([made]);
    // A scope is of whom it names.
    expect(() => own.scope({} as never)).toThrow("owner");
    expect((await own.scope({ stage: "live" }).flag.queryBy("byId", {})).items).toEqual([made]);
  });

  test("of many collisions, five are named", () => {
    const six = ["A", "B", "C", "D"].map((name) => [
      name.toLowerCase(),
      declared(name, "USER#${userId}", "SAME#${noteId}"),
    ]);
    expect(made(Object.fromEntries(six))).toThrow(
      /^entities: a and b can have the same key: [^;]*(; [^;]*){4}; and 1 more$/,
    );
  });

  test("a collection has any number of entities", async () => {
    const names = Array.from({ length: 101 }, (_, index) => `Kind${index}`);
    const entities = Object.fromEntries(
      names.map((name) => [
        name,
        declared(name, "USER#${userId}", `${name}#\${noteId}`, "everything"),
      ]),
    );
    await using own = await createTestDataLayer({ entities, builtIn: false } as object);
    const stores = own as unknown as Record<string, { put(item: object): Promise<unknown> }>;
    const key = { userId: "u", noteId: "n" };
    await stores.Kind0?.put({ ...key, data: { text: "first" } });
    await stores.Kind100?.put({ ...key, data: { text: "last" } });
    const collections = own.collections as unknown as Record<
      string,
      (key: object) => Promise<Record<string, unknown[]>>
    >;
    const found = await collections.everything?.({ userId: "u" });
    const counts = Object.entries(found ?? {}).filter(([, items]) => items.length > 0);
    expect(Object.keys(found ?? {})).toHaveLength(101);
    expect(counts.map(([name]) => name)).toEqual(["Kind0", "Kind100"]);

    // DynamoDB takes 100 operands of IN, which no local engine counts.
    const filters: string[] = [];
    const client = {
      send: async ({ input }: { input: { FilterExpression: string } }) => {
        filters.push(input.FilterExpression);
        return { Items: [] };
      },
    };
    const place = { environment: "local", tableName: "Mocked", client, builtIn: false };
    await using mocked = createDataLayer({ ...place, entities } as object);
    await (mocked.collections as unknown as typeof collections).everything?.({ userId: "u" });
    const operands = filters
      .join()
      .split(" OR ")
      .map((part) => part.split(",").length);
    expect(operands).toEqual([100, 1]);
  });

  test("a layer whose entities lie in agents' partitions has scopes of users", () => {
    const reviewed = declared("Reviewed", "AGENT#${agentId}", "NOTE#${noteId}");
    const schema = () => ({
      ...reviewed.schema(),
      attributes: { agentId: keyPart, noteId: keyPart, data: dataOf(payload), ...times },
    });
    const options = { environment: "local", entities: { reviewed: { ...reviewed, schema } } };
    const layer = createDataLayer({ ...options, builtIn: false } as object);
    expect(Object.keys(layer.forUser("u1"))).toContain("reviewed");
    expect(() => layer.forUser("")).toThrow("forUser: userId must not be empty");
    expect(() => layer.forUser("x".repeat(2043))).toThrow("makes a partition key of 2049 bytes");
  });

  test("a store named default would be lost", () => {
    expect(made({ lead, default: team })).toThrow("entities.default is no name for a store");
  });

  test("an id is filled into the payload only where its schema takes one", async () => {
    const numbered = z.looseObject({ id: z.number().optional(), text: z.string() });
    const schema = () => ({
      ...note.schema(),
      attributes: { userId: keyPart, noteId: keyPart, ...times, data: dataOf(numbered) },
    });
    const entities = { note: { ...note, payload: numbered, schema } };
    await using own = await createTestDataLayer({ entities, builtIn: false } as object);
    const { note: store } = own as unknown as { note: { create(item: object): Promise<object> } };
    expect(await store.create({ userId: "u", noteId: "n", data: { text: "x" } })).toMatchObject({
      data: { text: "x" },
    });
    expect(
      await store.create({ userId: "u", noteId: "m", data: { text: "x" } }),
    ).not.toHaveProperty("data.id");
  });

  test("a module that was compiled to CommonJS may be given as a namespace", () => {
    const namespace = { lead, default: { lead }, "module.exports": { lead } };
    expect(made(namespace)).not.toThrow();
  });
});
