/** Transactions of the repository: all or nothing, under the caller's conditions. */
import { getDocumentClient } from "../../src/client/client.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { TransactionCanceledError } from "../../src/errors/transaction-canceled-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { DynamoDBRepository, type TransactWrite } from "../../src/repository/repository.js";
import { describeEach, engines, type TestEngine } from "../engines.js";
import { failure, namesOf, openRepositoryTable, type RepositoryTable } from "./repository-table.js";

const hasTransactions = ({ engine }: TestEngine) => engine !== "dynalite";

describeEach(engines, hasTransactions)("transactWrite on $name", ({ engine }) => {
  let table: RepositoryTable;
  let repository: DynamoDBRepository;
  let users = 0;
  let PK = "";
  const key = (SK: string) => ({ PK, SK });
  const item = (SK: string, data: object = { n: 1 }) => ({
    ...key(SK),
    EntityType: "Alert",
    Data: data,
    CreatedAt: 1,
    UpdatedAt: 1,
  });
  const ifState = (state: string) => ({
    conditionExpression: "#0.#1 = :0",
    expressionAttributeNames: { "#0": "Data", "#1": "state" },
    expressionAttributeValues: { ":0": state },
  });

  beforeAll(async () => {
    table = await openRepositoryTable(engine);
    repository = new DynamoDBRepository({ initialDelayMs: 1 });
  });
  afterAll(() => table.close());
  beforeEach(() => {
    users += 1;
    PK = `USER#${users}`;
  });

  test("does all five kinds in one request", async () => {
    for (const sk of ["put", "update", "delete", "check"]) {
      await repository.put(item(sk, { state: "was", kept: true }));
    }
    const before = Date.now();
    const sent = await table.sentBy(() =>
      repository.transactWrite([
        { create: { ...key("create"), EntityType: "Alert", Data: { n: 1 }, GSI2PK: "a", TTL: 5 } },
        { put: item("put", { n: 2 }), ...ifState("was") },
        { update: key("update"), updates: { state: "new", skipped: undefined } },
        { delete: key("delete"), ...ifState("was") },
        { check: key("check"), ...ifState("was") },
      ]),
    );
    expect(namesOf(sent)).toEqual(["TransactWrite"]);
    const created = await repository.getItem(PK, "create");
    expect(created).toEqual({
      ...key("create"),
      EntityType: "Alert",
      Data: { n: 1 },
      GSI2PK: "a",
      TTL: 5,
      CreatedAt: created?.CreatedAt,
      UpdatedAt: created?.CreatedAt,
    });
    expect(created?.CreatedAt).toBeGreaterThanOrEqual(before);
    expect(await repository.getItem(PK, "put")).toEqual(item("put", { n: 2 }));
    const updated = await repository.getItem(PK, "update");
    expect(updated).toMatchObject({ Data: { state: "new", kept: true }, CreatedAt: 1 });
    expect(updated?.UpdatedAt).toBeGreaterThanOrEqual(before);
    expect(await repository.get(PK, "delete")).toBeNull();
    expect(await repository.getItem(PK, "check")).toMatchObject({ UpdatedAt: 1 });
  });

  test.each<[string, (own: typeof key) => TransactWrite, string, string]>([
    ["create", (own) => ({ create: item(own("there").SK) }), "create Alert", "is already there"],
    ["put", () => ({ put: item("there"), ...ifState("x") }), "put Alert", "does not hold"],
    ["update", () => ({ update: key("none"), updates: { a: 1 } }), "update", "no such item"],
    [
      "update under a condition",
      () => ({ update: key("there"), updates: { a: 1 }, ...ifState("x") }),
      "update",
      "does not hold",
    ],
    ["delete", () => ({ delete: key("there"), ...ifState("x") }), "delete", "does not hold"],
    ["check", () => ({ check: key("there"), ...ifState("x") }), "check", "does not hold"],
  ])("a refused %s stops everything, and the error names it", async (_, write, call, rule) => {
    await repository.put(item("there", { state: "was" }));
    const sent = await table.sentBy(async () => {
      const error = await failure(
        repository.transactWrite([{ put: item("other") }, write(key), { delete: key("gone") }]),
      );
      expect(error).toBeInstanceOf(TransactionCanceledError);
      const { reasons } = error as TransactionCanceledError;
      expect(reasons).toEqual([
        expect.objectContaining({ index: 1, operation: call.split(" ")[0] }),
      ]);
      expect(error.message).toContain(`transactWrite: cancelled by #1 ${call} (PK=${PK}, SK=`);
      expect(error.message).toContain(rule);
      expect(error.message).not.toContain("was");
      const { SK = "" } = (reasons[0]?.parts ?? {}) as { SK?: string };
      if (SK === "there" && table.engine.capabilities.oldItemOnConditionFailure) {
        expect(reasons[0]).toHaveProperty("item.Data", { state: "was" });
      }
    });
    expect(namesOf(sent).filter((name) => name === "TransactWrite")).toHaveLength(1);
    expect(await repository.get(PK, "other")).toBeNull();
    expect(await repository.getItem(PK, "there")).toEqual(item("there", { state: "was" }));
  });

  test("an update makes UpdatedAt grow, and the payload where there is none, in one more request", async () => {
    const ahead = Date.now() + 60_000;
    await repository.put({ ...item("ahead"), UpdatedAt: ahead });
    await table.putRaw({ ...key("bare"), EntityType: "Alert", UpdatedAt: 1 });
    const sent = await table.sentBy(() =>
      repository.transactWrite([
        { update: key("ahead"), updates: { m: 2 } },
        { update: key("bare"), updates: { m: 3 } },
      ]),
    );
    expect(namesOf(sent)).toEqual(["TransactWrite", "TransactWrite"]);
    expect(await repository.getItem(PK, "ahead")).toMatchObject({
      Data: { n: 1, m: 2 },
      UpdatedAt: ahead + 1,
    });
    expect(await repository.get(PK, "bare")).toEqual({ m: 3 });
  });

  test("is carried out once if its response is lost: the repetition has its token", async () => {
    const client = getDocumentClient();
    const send = client.send.bind(client) as (
      command: unknown,
      options: unknown,
    ) => Promise<object>;
    let lost = 0;
    const tokens: unknown[] = [];
    const spy = jest.spyOn(client, "send").mockImplementation((async (
      command: { input: { ClientRequestToken?: string } },
      options: unknown,
    ) => {
      tokens.push(command.input.ClientRequestToken);
      const answer = await send(command, options);
      lost += 1;
      if (lost > 1) return answer;
      throw Object.assign(new Error("socket hang up"), { name: "TimeoutError" });
    }) as never);
    await repository.transactWrite([
      { create: { ...key("once"), EntityType: "Alert", Data: {} } },
      { put: item("beside") },
    ]);
    spy.mockRestore();
    expect(lost).toBe(2);
    expect(new Set(tokens).size).toBe(1);
    expect(await repository.get(PK, "once")).toEqual({});
  });

  test("a caller's placeholders keep their meaning beside the update's own", async () => {
    await repository.put(item("same", { "0": "a", "1": "b" }));
    await repository.transactWrite([
      {
        update: key("same"),
        updates: { "0": "c", "#1": "d" },
        conditionExpression: "#0.#1 = :1 AND #2 = :0",
        expressionAttributeNames: { "#0": "Data", "#1": "1", "#2": "EntityType" },
        expressionAttributeValues: { ":0": "Alert", ":1": "b" },
      },
    ]);
    expect(await repository.get(PK, "same")).toEqual({ "0": "c", "1": "b", "#1": "d" });
  });

  test("a condition on no item's attribute needs no placeholders", async () => {
    const conditionExpression = "attribute_not_exists(PK)";
    await repository.transactWrite([
      { put: item("new"), conditionExpression },
      { check: key("none"), conditionExpression },
    ]);
    expect(await repository.getItem(PK, "new")).toEqual(item("new"));
  });

  test("many at once on one item all succeed, one after another", async () => {
    await repository.put(item("count", { n: 0 }));
    await Promise.all(
      Array.from({ length: 5 }, (_, n) =>
        repository.transactWrite([
          { update: key("count"), updates: { [`by${n}`]: n } },
          { put: item(`log${n}`) },
        ]),
      ),
    );
    expect(await repository.get(PK, "count")).toEqual({
      n: 0,
      by0: 0,
      by1: 1,
      by2: 2,
      by3: 3,
      by4: 4,
    });
    expect((await repository.query(PK, "log")).count).toBe(5);
  });

  test("takes 100 writes", async () => {
    const writes = Array.from({ length: 100 }, (_, n) => ({ put: item(`n${n}`) }));
    const sent = await table.sentBy(() => repository.transactWrite(writes));
    expect(namesOf(sent)).toEqual(["TransactWrite"]);
    expect((await repository.query(PK, "n")).count).toBe(100);
  });

  const good = { put: { PK: "A", SK: "B", EntityType: "X", Data: {}, CreatedAt: 1, UpdatedAt: 1 } };
  test.each<[string, unknown, string]>([
    ["no list", {}, "writes must be an array"],
    ["none", [], "writes are 0: a transaction takes 1 to 100"],
    ["101", new Array(101).fill(good), "writes are 101: a transaction takes 1 to 100"],
    ["a hole", [good, null], "writes[1] must be an object"],
    ["no kind", [{}], "writes[0] must have one of create, put, update, delete, check"],
    ["two kinds", [{ ...good, delete: good.put }], "writes[0] must have one of create,"],
    [
      "a misspelt condition",
      [{ ...good, condition: "a = b" }],
      'writes[0].condition is not an option; did you mean "conditionExpression"?',
    ],
    [
      "a condition of a create, which has its own",
      [{ create: good.put, conditionExpression: "a = b" }],
      "writes[0].conditionExpression is not an option",
    ],
    ["updates of a put", [{ ...good, updates: {} }], "writes[0].updates is not an option"],
    ["a key without a sort key", [{ delete: { PK: "A" } }], "writes[0].SK is missing"],
    ["no updates", [{ update: { PK: "A", SK: "B" } }], "writes[0].updates must be an object"],
    [
      "empty updates",
      [{ update: { PK: "A", SK: "B" }, updates: { a: undefined } }],
      "writes[0].updates must change something",
    ],
    [
      "a check without a condition",
      [{ check: { PK: "A", SK: "B" } }],
      "writes[0].conditionExpression is missing: a check is of a condition",
    ],
    [
      "placeholders without a condition",
      [{ ...good, expressionAttributeValues: { ":a": 1 } }],
      "writes[0].conditionExpression is missing: there are placeholders for it",
    ],
    [
      "an index key that is none",
      [{ put: { ...good.put, GSI2SK: 5 } }],
      "writes[0].GSI2SK must be a string, not number",
    ],
    [
      "a payload that is none",
      [{ create: { ...good.put, Data: "secret" } }],
      "writes[0].Data must be an object",
    ],
    [
      "one item twice",
      [good, { delete: { PK: "A", SK: "B" } }],
      "writes[1] names (PK=A, SK=B) again: a transaction takes each item once",
    ],
  ])("refuses %s before anything is sent", async (_, writes, rule) => {
    let error: unknown;
    const sent = await table.sentBy(async () => {
      error = await failure(repository.transactWrite(writes as TransactWrite[]));
    });
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as ValidationError).message).toContain(`transactWrite: ${rule}`);
    expect((error as ValidationError).message).not.toContain("secret");
    expect(sent).toEqual([]);
  });

  test("refuses more than 4 MB before anything is sent", async () => {
    const text = "x".repeat(390_000);
    const sent = await table.sentBy(async () => {
      const writes = Array.from({ length: 11 }, (_, n) => ({ put: item(`n${n}`, { text }) }));
      const error = await failure(repository.transactWrite(writes));
      expect(error).toBeInstanceOf(ValidationError);
      expect(error.message).toContain("a transaction takes at most 4194304 (4 MB)");
    });
    expect(sent).toEqual([]);
  });
});

describe("transactWrite without transactions in the engine", () => {
  test("says so", async () => {
    const table = await openRepositoryTable("dynalite");
    try {
      const write = { delete: { PK: "A", SK: "B" } };
      const error = await failure(new DynamoDBRepository().transactWrite([write]));
      expect(error).toBeInstanceOf(DynamoDBError);
      expect(error.message).toBe(
        "transactWrite: this engine has no transactions (dynalite has none)",
      );
    } finally {
      await table.close();
    }
  });
});
