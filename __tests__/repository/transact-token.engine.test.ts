/** A caller's own token for writes by raw keys: they are carried out once, whichever process sends them. */
import { randomUUID } from "node:crypto";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import {
  type DynamoDBItem,
  DynamoDBRepository,
  type TransactWrite,
} from "../../src/repository/repository.js";
import { describeEach, engines, type TestEngine } from "../engines.js";
import { failure, namesOf, openRepositoryTable, type RepositoryTable } from "./repository-table.js";

const hasTransactions = ({ engine }: TestEngine) => engine !== "dynalite";

/** Its items expire a second after their creation, and are in an index by their time. */
class Expiring extends DynamoDBRepository {
  protected override beforePut(item: DynamoDBItem<unknown>) {
    const TTL = Math.floor(item.CreatedAt / 1000) + 1;
    return { ...item, TTL, GSI2PK: "ALL", GSI2SK: String(item.CreatedAt) };
  }
}

describeEach(engines, hasTransactions)("transactWrite under a token on $name", ({ engine }) => {
  let table: RepositoryTable;
  let repository: DynamoDBRepository;
  let token = "";
  let PK = "";
  let now = 0;

  beforeAll(async () => {
    table = await openRepositoryTable(engine);
    repository = new DynamoDBRepository({ initialDelayMs: 1 });
  });
  afterAll(() => table.close());
  beforeEach(async () => {
    token = randomUUID();
    PK = `USER#${token}`;
    now = Date.now();
    jest.spyOn(Date, "now").mockImplementation(() => now);
    await repository.put({ ...item("count"), Data: { n: 1, "#T": 1 } });
    await repository.put(item("gone"));
    now += 1;
  });
  afterEach(() => jest.restoreAllMocks());

  const key = (SK: string) => ({ PK, SK });
  const item = (SK: string) => ({
    ...key(SK),
    ...{ EntityType: "Alert", Data: { n: 1 } as Record<string, unknown> },
    ...{ CreatedAt: now, UpdatedAt: now },
  });
  const writes = (state = "new"): TransactWrite[] => [
    { create: { ...key("new"), EntityType: "Alert", Data: { state } } },
    { put: item("put") },
    {
      update: key("count"),
      updates: { n: 2, "#T": 2 },
      // The placeholders of the mark, if nobody else has them.
      conditionExpression: "#T.#TT = :T",
      expressionAttributeNames: { "#T": "Data", "#TT": "n" },
      expressionAttributeValues: { ":T": 1 },
    },
    { delete: key("gone"), conditionExpression: "attribute_exists(PK)" },
  ];

  test("it is sent as DynamoDB's, in one request, and each item that is written has a mark", async () => {
    const sent = await table.sentBy(() => repository.transactWrite(writes(), { token }));
    expect(namesOf(sent)).toEqual(["TransactWrite"]);
    expect(sent[0]?.input).toHaveProperty("ClientRequestToken", token);
    const mark = expect.stringMatching(/^[\w-]{22}$/);
    for (const SK of ["new", "put", "count"]) {
      expect(await repository.getItem(PK, SK)).toMatchObject({ TransactionMark: mark });
    }
    expect(await repository.get(PK, "count")).toEqual({ n: 2, "#T": 2 });
    expect(await repository.get(PK, "gone")).toBeNull();
  });

  test("the same writes later, by another process, succeed and write nothing", async () => {
    await repository.transactWrite(writes(), { token });
    const before = await repository.queryItems(PK);
    now += 5_000;
    const other = new DynamoDBRepository({ initialDelayMs: 1 });
    const sent = await table.sentBy(() => other.transactWrite(writes(), { token }));
    expect(namesOf(sent)).toEqual(["TransactWrite", "BatchGet"]);
    expect(await repository.queryItems(PK)).toEqual(before);
  });

  test("what a hook makes of the time is no other write", async () => {
    const one = [{ create: { ...key("new"), EntityType: "Alert", Data: {} } }];
    await new Expiring().transactWrite(one, { token });
    now += 5_000;
    await new Expiring().transactWrite(one, { token });
    expect(await repository.getItem(PK, "new")).toMatchObject({ CreatedAt: now - 5_000 });
  });

  test.each<[string, () => TransactWrite[]]>([
    ["another payload", () => writes("old")],
    ["a write less", () => writes().slice(1)],
    ["another condition", () => [...writes().slice(0, 3), { delete: key("gone") }]],
    ["another key", () => [...writes().slice(0, 3), { delete: key("other") }]],
    ["an attribute more", () => [...writes(), { put: { ...item("more"), Views: 1 } as never }]],
  ])("%s under the same token is refused, and writes nothing", async (_, others) => {
    await repository.transactWrite(writes(), { token });
    const before = await repository.queryItems(PK);
    now += 5_000;
    const error = await failure(repository.transactWrite(others(), { token }));
    expect(error).toBeInstanceOf(DynamoDBError);
    expect(error).toMatchObject({
      code: "IdempotentParameterMismatchException",
      operation: "transactWrite",
      mayHaveBeenDone: true,
    });
    expect(error.message).not.toContain(token);
    expect(await repository.queryItems(PK)).toEqual(before);
  });

  test("a refused transaction leaves its token free", async () => {
    const refused = [
      ...writes().slice(0, 3),
      { check: key("none"), conditionExpression: "attribute_exists(PK)" },
    ];
    expect((await failure(repository.transactWrite(refused, { token }))).name).toBe(
      "TransactionCanceledError",
    );
    await repository.transactWrite(writes(), { token });
    expect(await repository.get(PK, "new")).toEqual({ state: "new" });
  });

  test.each<[string, unknown, string]>([
    ["an empty one", { token: "" }, "token must be a text of 1 to 36 characters"],
    ["a long one", { token: "x".repeat(37) }, "token must be a text of 1 to 36 characters"],
    ["a number", { token: 5 }, "token must be a text of 1 to 36 characters"],
    ["a misspelt one", { tokn: "x" }, 'tokn is not an option; did you mean "token"?'],
    ["another option", { signal: undefined, timeoutMs: 5 }, "timeoutMs is not an option"],
  ])("%s is refused before anything is sent", async (_, options, rule) => {
    const sent = await table.sentBy(async () => {
      const error = await failure(repository.transactWrite(writes(), options as object));
      expect(error).toBeInstanceOf(ValidationError);
      expect(error.message).toContain(rule);
    });
    expect(sent).toEqual([]);
  });
});
