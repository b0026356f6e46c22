/**
 * A caller's own token: DynamoDB carries out one transaction under it, whichever process sends it. The processes
 * here are data layers of one table, each with a clock of its own.
 */
import { randomUUID } from "node:crypto";
import {
  createDataLayer,
  type DataLayer,
  DynamoDBError,
  ExactNumber,
  TransactionCanceledError,
  ValidationError,
} from "../../../src/index.js";
import { describeEach, settings } from "../../engines.js";
import { failureOf, openTable } from "../../open.js";
import { lost, Recorder } from "../recorder.js";

// dynalite 4.0.0 has no transactions.
const hasTransactions = ({ name }: { name: string }) => name !== "dynalite";

describeEach(settings, hasTransactions)("a token on $name", (setting) => {
  const table = openTable(setting);
  const layers: { readonly data: DataLayer; readonly wire: Recorder; time: number }[] = [];
  let count = 0;
  let a: (typeof layers)[number];
  let b: (typeof layers)[number];

  /** A process: its clock, and what it sends. */
  function opened(time: number) {
    const wire = new Recorder();
    const { endpoint, region, credentials } = table.data.engine;
    const { tableName } = table.data.configuration;
    const layer = { wire, time, data: undefined as unknown as DataLayer };
    layer.data = createDataLayer({
      ...{ environment: "development", endpoint, region, credentials, tableName },
      ...{ encryption: setting.encryption, requestHandler: wire },
      clock: { now: () => layer.time },
      retry: { initialDelayMs: 1, maxDelayMs: 2 },
    });
    layers.push(layer);
    return layer;
  }
  beforeEach(() => {
    count += 1;
    a = opened(1_000);
    b = opened(2_000);
  });
  afterEach(async () => {
    for (const { data } of layers.splice(0)) await data.close();
  });

  // An engine keeps tokens for all of its tables.
  const run = randomUUID().slice(0, 13);
  const token = () => `order-${run}-${count}`;
  const key = (projectId = "p1") => ({ userId: `u${count}`, projectId });
  const competitor = () => ({ userId: `u${count}`, competitorId: "c1" });
  const raw = (SK: string) => table.raw.get(`USER#u${count}`, SK);

  /** Creates a project, counts in a competitor and deletes another project. */
  const order = ({ data }: { data: DataLayer }, name = "Spring", options: object = {}) =>
    data.transaction.write(
      (tx) => [
        tx.project.create({ ...key(), data: { name } }),
        tx.competitor.update(competitor(), {}, { add: { reviewCount: 1 } }),
        tx.project.delete(key("gone"), { where: (d, { exists }) => exists(d.name) }),
      ],
      { token: token(), ...options },
    );
  const reviews = async () =>
    (await b.data.competitor.getOrThrow(competitor(), { consistent: true })).data.reviewCount;
  const prepare = async () => {
    await a.data.competitor.put({ ...competitor(), data: { name: "C", reviewCount: 5 } });
    await a.data.project.put({ ...key("gone"), data: { name: "old" } });
    a.time += 1;
    a.wire.clear();
  };

  test("is sent as DynamoDB's, and the transaction takes one request", async () => {
    await prepare();
    const [made] = await order(a);
    expect(made).toMatchObject({ ...key(), createdAt: 1_001, data: { name: "Spring" } });
    expect(a.wire.names).toEqual(["TransactWriteItems"]);
    expect(a.wire.asked[0]?.input.ClientRequestToken).toBe(token());
    // The mark takes 37 bytes, with the name of its attribute.
    expect((await raw("PROJECT#p1"))?.TransactionMark).toMatch(/^[\w-]{22}$/);
  });

  test("of a call that another process makes again is carried out once, and has the result of the first", async () => {
    await prepare();
    const [first] = await order(a);
    const again = await order(b);
    expect(again).toEqual([first, undefined, undefined]);
    expect(b.wire.names).toEqual(["TransactWriteItems", "BatchGetItem"]);
    expect(await reviews()).toBe(6);
    const third = await order(opened(3_000));
    expect(third[0]).toEqual(first);
    expect(await reviews()).toBe(6);
  });

  test("of ten calls at once is carried out once", async () => {
    await prepare();
    const all = [a, b, ...Array.from({ length: 8 }, (_, n) => opened(3_000 + n))];
    const outcomes = await Promise.allSettled(all.map((layer) => order(layer)));
    const [made] = await b.data.project.batchGet([key()], { consistent: true });
    for (const outcome of outcomes) {
      // One that meets the first on its way may not see what it leaves.
      if (outcome.status === "fulfilled") expect(outcome.value[0]).toEqual(made);
      else expect(outcome.reason).toBeInstanceOf(DynamoDBError);
    }
    expect(outcomes.some(({ status }) => status === "fulfilled")).toBe(true);
    expect(await reviews()).toBe(6);
  });

  test("is recognised by any item that still has the mark, whatever others have changed", async () => {
    await prepare();
    await order(a);
    a.time += 5;
    const renamed = await a.data.project.update(
      key(),
      { name: "renamed" },
      { where: { name: "Spring" } },
    );
    await a.data.competitor.batchPut([{ ...competitor(), data: { name: "C", reviewCount: 9 } }]);
    expect((await order(b))[0]).toEqual(renamed);
    expect(await reviews()).toBe(9);
  });

  test.each<[string, (layer: { data: DataLayer }) => Promise<unknown>]>([
    ["another payload", (layer) => order(layer, "Autumn")],
    [
      "another key",
      ({ data }) =>
        data.transaction.write((tx) => [tx.project.create({ ...key("p9"), data: { name: "n" } })], {
          token: token(),
        }),
    ],
    [
      "another operation on the same item",
      ({ data }) =>
        data.transaction.write((tx) => [tx.project.put({ ...key(), data: { name: "Spring" } })], {
          token: token(),
        }),
    ],
  ])("with %s is refused, and nothing is written", async (_, other) => {
    await prepare();
    await order(a);
    const error = await failureOf(other(b), DynamoDBError);
    expect(error).toMatchObject({
      ...{ code: "IdempotentParameterMismatchException", operation: "transaction.write" },
      ...{ retryable: false, mayHaveBeenDone: true },
    });
    expect(error.message).toBe(
      "transaction.write: a transaction with this token was carried out in the last ten minutes, and no item shows that it had these operations; it may have been carried out nevertheless",
    );
    expect(error.message).not.toContain(token());
    expect(await b.data.project.get(key())).toMatchObject({ data: { name: "Spring" } });
    expect(await b.data.project.get(key("p9"))).toBeNull();
  });

  test("other conditions are other operations, the same ones in another order of fields are not", async () => {
    const update = (
      { data }: { data: DataLayer },
      name: string,
      changes: object = { name: "b", ...{ x: 1, y: { c: [1n], d: new Set(["e", "f"]) } } },
    ) =>
      data.transaction.write(
        (tx) => [
          tx.project.update(key(), changes, { where: (d, op) => op.in(d.name, ["a", name]) }),
        ],
        { token: token() },
      );
    await a.data.project.put({ ...key(), data: { name: "a" } });
    a.time += 1;
    await update(a, "z");
    const turned = { y: { d: new Set(["f", "e"]), c: [1] }, x: 1, name: "b" };
    await update(b, "z", turned);
    await failureOf(update(b, "y"), DynamoDBError);
    await failureOf(update(b, "z", { ...turned, x: 2 }), DynamoDBError);
  });

  test.each<[string, unknown, unknown]>([
    ["a map, and a list of the same pairs", { c: "d" }, [["c", "d"]]],
    [
      "a number of more digits than JavaScript has, and its text",
      ExactNumber.from("0.12345678901234567890123"),
      "0.12345678901234567890123",
    ],
  ])("values of two kinds are never the same: %s", async (_, one, other) => {
    const put = ({ data }: { data: DataLayer }, x: unknown) =>
      data.transaction.write(
        (tx) => [tx.project.put({ ...key(), data: { name: "a", ...{ x } } })],
        { token: token() },
      );
    await put(a, one);
    await put(b, one);
    expect(await failureOf(put(b, other), DynamoDBError)).toMatchObject({
      code: "IdempotentParameterMismatchException",
    });
  });

  test("whose item was deleted since says so, and does not create it again", async () => {
    await prepare();
    await order(a);
    await a.data.project.delete(key());
    const error = await failureOf(order(b), DynamoDBError);
    expect(error.message).toContain("an item that it created has been deleted since");
    expect(await b.data.project.get(key())).toBeNull();
    expect(await reviews()).toBe(6);
  });

  test.each([
    ["which are the same request each time, has the first's result", undefined],
    ["with a condition, leaves nothing to know the first by", { name: "a" }],
  ])("of deletes alone, %s; what was stored anew stays", async (_, where) => {
    const remove = ({ data }: { data: DataLayer }) =>
      data.transaction.write((tx) => [tx.project.delete(key(), { where })], { token: token() });
    await a.data.project.put({ ...key(), data: { name: "a" } });
    a.time += 1;
    await remove(a);
    await a.data.project.put({ ...key(), data: { name: "a", ...{ anew: true } } });
    if (where === undefined) expect(await remove(b)).toEqual([undefined]);
    else {
      expect(await failureOf(remove(b), DynamoDBError)).toMatchObject({
        ...{ code: "IdempotentParameterMismatchException", mayHaveBeenDone: true },
      });
    }
    expect(await b.data.project.get(key())).toMatchObject({ data: { anew: true } });
  });

  test("of a refused transaction may be used again", async () => {
    await prepare();
    await a.data.project.put({ ...key(), data: { name: "in the way" } });
    await failureOf(order(a), TransactionCanceledError);
    await a.data.project.delete(key());
    expect((await order(b))[0]).toMatchObject({ data: { name: "Spring" } });
    expect(await reviews()).toBe(6);
  });

  test("stays through the rounds of a transaction: upserts create, then a call again finds them", async () => {
    const save = ({ data }: { data: DataLayer }) =>
      data.transaction.write(
        (tx) => [
          tx.project.upsert({ ...key(), data: { name: "a" } }),
          tx.project.put({ ...key("p2"), data: { name: "b" } }),
        ],
        { token: token() },
      );
    await save(a);
    expect(a.wire.names).toEqual(["TransactWriteItems", "TransactWriteItems"]);
    expect(a.wire.asked.map(({ input }) => input.ClientRequestToken)).toEqual([token(), token()]);
    await save(b);
    const found = await b.data.project.batchGet([key(), key("p2")], { consistent: true });
    expect(found.map((item) => item?.createdAt)).toEqual([1_000, 1_000]);
  });

  test("a lost response is asked for again under it, and by another process", async () => {
    await prepare();
    a.wire.loseNext();
    const [made] = await order(a);
    expect(a.wire.names).toEqual(["TransactWriteItems", "TransactWriteItems"]);
    a.wire.clear();
    expect((await order(b))[0]).toEqual(made);
    count += 1;
    await prepare();
    a.wire.intercept = (request) => lost(request);
    const failed = await failureOf(order(a, "Spring", { timeoutMs: 300 }), DynamoDBError);
    expect(failed.mayHaveBeenDone).toBe(true);
    expect((await order(b))[0]).toMatchObject({ createdAt: 1_002 });
    expect(await reviews()).toBe(6);
  });

  test("in a scope is the owner's: another's is another, and so is the layer's", async () => {
    const create = (userId: string, { data }: { data: DataLayer } = a) =>
      data
        .forUser(userId)
        .transaction.write(
          (tx) => [tx.project.create({ projectId: "p1", data: { name: userId } })],
          {
            token: token(),
          },
        );
    const [one, other] = [`one${count}`, `other${count}`];
    const [first] = await create(one);
    await create(other);
    expect(await create(one, b)).toEqual([first]);
    expect(await a.data.project.get({ userId: other, projectId: "p1" })).not.toBeNull();
    const sent = a.wire.asked.map(({ input }) => String(input.ClientRequestToken));
    expect(new Set(sent.filter((text) => text !== "undefined")).size).toBe(2);
    for (const text of sent.slice(0, 2)) expect(text).toMatch(/^[\w-]{36}$/);
  });

  test.each(["x".repeat(28), "é".repeat(14), "\u{1f600}".repeat(7), " ", "a\n\0"])(
    "of up to 36 bytes is taken, whatever characters it has: %j",
    async (characters) => {
      await prepare();
      const given = `${randomUUID().slice(0, 8)}${characters}`;
      await order(a, "Spring", { token: given });
      expect(a.wire.asked[0]?.input.ClientRequestToken).toBe(given);
    },
  );

  test.each<[string, unknown]>([
    ["empty", ""],
    ["too long", "x".repeat(37)],
    ["too long in bytes, by which an engine counts", "é".repeat(19)],
    ["a number", 5],
    ["null", null],
    ["a lone surrogate", "\ud800"],
  ])("that is %s is refused before anything is sent", async (_, wrong) => {
    const error = await failureOf(order(a, "Spring", { token: wrong }), ValidationError);
    expect(error.issues).toEqual([
      {
        path: "token",
        message: "must be a text of 1 to 36 characters, counted as bytes of UTF-8",
      },
    ]);
    const misspelt = { tokn: "x" } as object;
    expect((await failureOf(order(a, "Spring", misspelt), ValidationError)).message).toContain(
      'did you mean "token"?',
    );
    const read = a.data.transaction.get((tx) => [tx.project.get(key())], { token: "t" } as never);
    expect((await failureOf(read, ValidationError)).message).toContain('"token" is not an option');
    expect(a.wire.names).toEqual([]);
  });

  test("needs the whole key of what is created: a generated id would be another one each time", async () => {
    const create = a.data.transaction.write(
      (tx) => [
        tx.project.put({ ...key(), data: { name: "n" } }),
        tx.project.create({ userId: "u", data: { name: "n" } }),
      ],
      { token: token() },
    );
    const { issues } = await failureOf(create, ValidationError);
    expect(issues).toEqual([
      {
        path: "operations[1]",
        message: "must have its whole key under a token: the same call must create the same item",
      },
    ]);
    expect(a.wire.names).toEqual([]);
  });

  test("the mark tells nothing of encrypted secrets, which are not compared", async () => {
    if (setting.encryption === undefined) return;
    const owner = () => ({ userId: `u${count}` });
    const store = ({ data }: { data: DataLayer }, accessToken: string) =>
      data.transaction.write((tx) => [tx.oauthToken.put({ ...owner(), data: { accessToken } })], {
        token: token(),
      });
    const update = ({ data }: { data: DataLayer }, accessToken: string) =>
      data.transaction.write((tx) => [tx.oauthToken.update(owner(), { accessToken })], {
        token: `update-${run}`,
      });
    const stored = async () =>
      (await b.data.oauthToken.get(owner(), { consistent: true }))?.data.accessToken;
    await store(a, "one");
    // Not even by its length.
    await store(b, "another");
    expect(await stored()).toBe("one");
    a.time += 1;
    await update(a, "two");
    await update(b, "yet another");
    expect(await stored()).toBe("two");
  });

  test("without it nothing is marked", async () => {
    await a.data.transaction.write((tx) => [tx.project.create({ ...key(), data: { name: "n" } })]);
    expect(await raw("PROJECT#p1")).not.toHaveProperty("TransactionMark");
    expect(a.wire.asked[0]?.input.ClientRequestToken).toMatch(/^[0-9a-f-]{36}$/);
  });
});
