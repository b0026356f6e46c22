import { inspect } from "node:util";
import { AbortedError } from "../../../src/errors/aborted-error.js";
import { DynamoDBError } from "../../../src/errors/dynamodb-error.js";
import { TransactionCanceledError } from "../../../src/errors/transaction-canceled-error.js";
import { ValidationError } from "../../../src/errors/validation-error.js";
import { createTestDataLayer, make, type TestDataLayer } from "../../../src/testing/index.js";
import { describeEach, type Setting, settings } from "../../engines.js";
import { failureOf, openTable } from "../../open.js";
import { inputOf, keyOf, registry, storeOf } from "../../registry.js";
import { cancelled, lost, Recorder } from "../recorder.js";

const hasTransactions = ({ engine }: Setting) => engine !== "dynalite";
const content = { type: "Blog Post", content: "Text" };
const frozen = 1_700_000_000_000;

/** The operations of any entity, for a table over the registry. */
type AnyOperations = Record<
  string,
  Record<"create" | "put" | "update" | "delete" | "check" | "get", (...given: object[]) => never>
>;

const anyOf = (tx: object) => tx as AnyOperations;

describeEach(settings, hasTransactions)("transactions on $name", (engine) => {
  const wire = new Recorder();
  const clock = { time: frozen, now: () => clock.time };
  const table = openTable(engine, {
    requestHandler: wire,
    clock,
    retry: { initialDelayMs: 1, maxDelayMs: 2 },
  });
  let data: TestDataLayer;
  let users = 0;
  let userId = "";
  beforeEach(() => {
    data = table.data;
    wire.clear();
    clock.time = frozen;
    users += 1;
    userId = `user-${users}`;
  });

  const projects = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      userId,
      projectId: `p${index}`,
      data: { name: `${index}` },
    }));
  const writes = () => wire.asked.filter(({ operation }) => operation === "TransactWriteItems");
  const tokens = () => writes().map(({ input }) => input.ClientRequestToken);

  describe("operations", () => {
    test.each(registry)(
      "$name: create, check, update, put, delete and get in transactions",
      async (row) => {
        const store = storeOf(data, row);
        const input = inputOf(row, userId, "id-1");
        const other = inputOf(row, `${userId}-2`, "id-2");
        const key = keyOf(row, input);
        const otherKey = keyOf(row, other);
        const of = (tx: object) => anyOf(tx)[row.name]!;

        const created = await data.transaction.write((tx) => [
          of(tx).create(input),
          of(tx).put({ ...other, createdAt: 5 }),
        ]);
        expect(created).toEqual([await store.get(key, { consistent: true }), undefined]);
        expect(created[0]).toMatchObject({
          ...key,
          data: input.data,
          createdAt: frozen,
          updatedAt: frozen,
        });
        expect(await store.get(otherKey)).toMatchObject({ createdAt: 5, updatedAt: frozen });

        clock.time += 1_000;
        const changed = await data.transaction.write((tx) => [
          of(tx).update(key, { mark: "changed" }, { ifUpdatedAt: frozen }),
          of(tx).put(other),
        ]);
        expect(changed).toEqual([undefined, undefined]);
        expect(await store.get(key)).toMatchObject({
          data: { ...input.data, mark: "changed" },
          createdAt: frozen,
          updatedAt: frozen + 1_000,
        });
        expect(await store.get(otherKey)).toMatchObject({
          createdAt: 5,
          updatedAt: frozen + 1_000,
        });

        expect(await data.transaction.get((tx) => [of(tx).get(otherKey), of(tx).get(key)])).toEqual(
          [await store.get(otherKey), await store.get(key)],
        );

        await data.transaction.write((tx) => [of(tx).check(key), of(tx).delete(otherKey)]);
        expect(await store.batchGet([key, otherKey])).toEqual([await store.get(key), null]);
        const gone = await data.transaction.get((tx) => [of(tx).get(otherKey)]);
        expect(gone).toEqual([null]);
      },
    );

    test("of different entities give each its own result, in the order of the list", async () => {
      const [project, none, saved] = await data.transaction.write((tx) => [
        tx.project.create({ userId, data: { name: "Spring" } }),
        tx.userProfile.put({ userId, data: { email: "a@b.c" } }),
        tx.savedContent.create({ userId, contentId: "c1", data: content }),
      ]);
      expect(project.projectId).toHaveLength(26);
      expect(project.data.name).toBe("Spring");
      expect(none).toBeUndefined();
      expect(saved).toEqual(await data.savedContent.get({ userId, contentId: "c1" }));
      expect(wire.names).toEqual(["TransactWriteItems", "GetItem"]);
    });

    test("an item that a transaction created is in the index", async () => {
      const [project] = await data.transaction.write((tx) => [
        tx.project.create({ userId, projectId: "p1", data: { name: "n" }, createdAt: 7 }),
      ]);
      const { items } = await data.project.query({ userId }, { by: "createdAt" });
      expect(items).toEqual([project]);
    });

    test("1 and 100 operations are one request; 0, 101 and no list are refused before anything is sent", async () => {
      await data.transaction.write((tx) => projects(1).map((one) => tx.project.create(one)));
      const made = await data.transaction.write((tx) =>
        projects(100).map((one) => tx.project.put(one)),
      );
      expect(made).toHaveLength(100);
      clock.time += 1;
      await data.transaction.write((tx) => projects(100).map((one) => tx.project.put(one)));
      const all = await data.transaction.get((tx) =>
        projects(100).map((one) => tx.project.get(one)),
      );
      expect(all.map((item) => item?.data.name)).toEqual(projects(100).map((one) => one.data.name));
      wire.clear();
      const tooMany = await failureOf(
        data.transaction.write((tx) => projects(101).map((one) => tx.project.delete(one))),
        ValidationError,
      );
      expect(tooMany.message).toBe(
        "transaction.write: operations are 101: a transaction takes 1 to 100",
      );
      expect(tooMany.issues).toEqual([
        { path: "operations", message: "are 101: a transaction takes 1 to 100" },
      ]);
      for (const build of [() => [], () => "no list", () => [{}], () => [undefined], undefined]) {
        await failureOf(data.transaction.write(build as never), ValidationError);
        await failureOf(data.transaction.get(build as never), ValidationError);
      }
      await failureOf(
        data.transaction.get((tx) => projects(101).map((one) => tx.project.get(one))),
        ValidationError,
      );
      expect(wire.names).toEqual([]);
    });

    test("more than 4 MB is refused before anything is sent, 4 MB is not", async () => {
      const large = (count: number) =>
        Array.from({ length: count }, (_, index) => ({
          userId,
          contentId: `c${index}`,
          data: { ...content, content: "x".repeat(380_000) },
        }));
      const error = await failureOf(
        data.transaction.write((tx) => large(12).map((one) => tx.savedContent.put(one))),
        ValidationError,
      );
      expect(error.message).toMatch(
        /^transaction\.write: operations store 45\d{5} bytes: a transaction takes at most 4194304 \(4 MB\)$/,
      );
      const updates = data.transaction.write((tx) =>
        large(12).map((one) => tx.savedContent.update(one, { content: one.data.content })),
      );
      await failureOf(updates, ValidationError);
      expect(wire.names).toEqual([]);
      await data.transaction.write((tx) => large(11).map((one) => tx.savedContent.put(one)));
      expect(wire.names).toEqual(["TransactWriteItems"]);
    });

    test("an item that is named twice is refused before anything is sent", async () => {
      const key = { userId, projectId: "p1" };
      const error = await failureOf(
        data.transaction.write((tx) => [
          tx.project.check(key),
          tx.savedContent.check({ userId, contentId: "c1" }),
          tx.project.update(key, { name: "n" }),
        ]),
        ValidationError,
      );
      expect(error.message).toBe(
        `transaction.write: operations name Project (userId=${userId}, projectId=p1) more than once: a transaction takes each item once`,
      );
      await failureOf(
        data.transaction.get((tx) => [tx.project.get(key), tx.project.get(key)]),
        ValidationError,
      );
      expect(wire.names).toEqual([]);
    });

    test("a wrong operation is refused as its store refuses it", async () => {
      const wrong: [(tx: AnyOperations) => never, string][] = [
        [(tx) => tx.project!.create({ userId }), "create Project (userId="],
        [(tx) => tx.project!.put({ userId, data: { name: "n" } }), "projectId is missing"],
        [(tx) => tx.project!.update({ userId, projectId: "p" }, {}), "must change something"],
        [(tx) => tx.project!.delete({ userId: "" }), "userId must not be empty"],
        [
          (tx) => tx.project!.delete({ userId, projectId: "p" }, { ifUpdatedAt: "now" }),
          "ifUpdatedAt must be the updatedAt of an item",
        ],
        [(tx) => tx.project!.check({ userId }), "projectId is missing"],
        [(tx) => tx.project!.check({ userId, projectId: "p" }, { exists: 1 }), "exists must be"],
        [
          (tx) => tx.project!.check({ userId, projectId: "p" }, { exists: false, where: {} }),
          "exists must not be false with ifUpdatedAt or where",
        ],
        [
          (tx) =>
            tx.project!.update({ userId, projectId: "p" }, { name: "n" }, { where: 1 as never }),
          "where must be",
        ],
      ];
      for (const [build, message] of wrong) {
        const error = await failureOf(
          data.transaction.write((tx) => [build(anyOf(tx))]),
          ValidationError,
        );
        expect(error.message).toContain(message);
      }
      await failureOf(
        data.transaction.get((tx) => [anyOf(tx).project!.get({ userId })]),
        ValidationError,
      );
      expect(wire.names).toEqual([]);
    });

    test("an operation of another data layer, or made up, stands for nothing", async () => {
      const other = await createTestDataLayer({ engine: data.engine });
      let stolen: never[] = [];
      await other.transaction.write((tx) => {
        stolen = [tx.project.put({ userId, projectId: "p1", data: { name: "n" } }) as never];
        return stolen;
      });
      await other.close();
      for (const operations of [stolen, [{ context: {}, key: { PK: "USER#x", SK: "y" } }]]) {
        const error = await failureOf(
          data.transaction.write(() => operations as never[]),
          ValidationError,
        );
        expect(error.message).toContain("operations made by the callback's argument");
      }
      expect(wire.names).toEqual([]);
    });
  });

  describe("conditions", () => {
    test("the reasons name operation, entity, key, code and rule, and hold what was there", async () => {
      const project = await data.project.create({ userId, projectId: "p1", data: { name: "Old" } });
      const saved = await data.savedContent.create({
        userId,
        contentId: "c1",
        data: { ...content, metadata: { tags: ["a"], deep: { n: 1 } }, projectId: null },
      });
      clock.time += 1_000;
      const error = await failureOf(
        data.transaction.write((tx) => [
          tx.userProfile.put({ userId, data: { email: "never@stored.com" } }),
          tx.project.create({ userId, projectId: "p1", data: { name: "New" } }),
          tx.savedContent.update(
            { userId, contentId: "c1" },
            { title: "t" },
            { ifUpdatedAt: saved.updatedAt - 1 },
          ),
          tx.savedContent.update({ userId, contentId: "c2" }, { title: "t" }),
        ]),
        TransactionCanceledError,
      );
      expect(error.reasons).toEqual([
        {
          index: 1,
          operation: "create",
          entity: "Project",
          key: `userId=${userId}, projectId=p1`,
          parts: { userId, projectId: "p1" },
          code: "ConditionalCheckFailed",
          message: "the item is already there",
        },
        {
          index: 2,
          operation: "update",
          entity: "SavedContent",
          key: `userId=${userId}, contentId=c1`,
          parts: { userId, contentId: "c1" },
          code: "ConditionalCheckFailed",
          message: "the item was changed since it was read (ifUpdatedAt)",
        },
        {
          index: 3,
          operation: "update",
          entity: "SavedContent",
          key: `userId=${userId}, contentId=c2`,
          parts: { userId, contentId: "c2" },
          code: "ConditionalCheckFailed",
          message: "no such item",
        },
      ]);
      expect(error.reasons.map((reason) => reason.item)).toEqual([project, saved, null]);
      expect(error.message).toBe(
        `transaction.write: cancelled by #1 create Project (userId=${userId}, projectId=p1): the item is already there; ` +
          `#2 update SavedContent (userId=${userId}, contentId=c1): the item was changed since it was read (ifUpdatedAt); ` +
          `#3 update SavedContent (userId=${userId}, contentId=c2): no such item`,
      );
      expect(error).toMatchObject({
        name: "TransactionCanceledError",
        code: "TransactionCanceledException",
        operation: "transaction.write",
        retryable: false,
        statusCode: 400,
      });
      expect(error.cause).toMatchObject({ name: "TransactionCanceledException" });
      for (const shown of [JSON.stringify(error), inspect(error, { depth: 9 }), String(error)]) {
        expect(shown).not.toMatch(/Old|New|never@stored|Blog Post/);
      }
      expect(await data.userProfile.get({ userId })).toBeNull();
      expect(await data.project.get({ userId, projectId: "p1" })).toEqual(project);
    });

    test("a token that was there is on the reason for who asks, and in no log", async () => {
      const key = { userId, provider: "GOOGLE_BUSINESS" };
      const token = { accessToken: "ACCESS SECRET", refreshToken: "REFRESH SECRET" };
      await data.oauthToken.create({ ...key, data: token });
      const error = await failureOf(
        data.transaction.write((tx) => [tx.oauthToken.create({ ...key, data: token })]),
        TransactionCanceledError,
      );
      const item = error.reasons[0]?.item as { data: typeof token };
      expect(item.data.refreshToken).toBe("REFRESH SECRET");
      for (const value of [error, error.reasons, item]) {
        expect(JSON.stringify(value)).not.toContain("SECRET");
        expect(inspect(value, { depth: 9 })).not.toContain("SECRET");
      }
    });

    test("a check holds or stops the transaction", async () => {
      const key = { userId, projectId: "p1" };
      const { updatedAt } = await data.project.create({ ...key, data: { name: "Spring" } });
      const gone = { userId, projectId: "p2" };
      clock.time += 1_000;
      let written = 0;
      const check = (...[given, options]: [typeof key, object?]) => {
        written += 1;
        return data.transaction.write((tx) => [
          tx.userProfile.put({ userId, data: { email: `${written}` } }),
          tx.project.check(given, options),
        ]);
      };
      const holds: [typeof key, object?][] = [
        [key],
        [key, { exists: true }],
        [gone, { exists: false }],
        [key, { ifUpdatedAt: updatedAt }],
        [key, { where: { name: "Spring" } }],
        [key, { ifUpdatedAt: updatedAt, where: { name: "Spring" } }],
      ];
      for (const given of holds) {
        clock.time += 1;
        expect(await check(...given)).toEqual([undefined, undefined]);
      }
      const after = await data.userProfile.get({ userId });
      expect(after?.data.email).toBe("6");
      const fails: [typeof key, object | undefined, string][] = [
        [gone, undefined, "no such item"],
        [gone, { where: { name: "Spring" } }, "no such item"],
        [gone, { where: { name: null } }, "no such item"],
        [key, { exists: false }, "the item is there"],
        [key, { ifUpdatedAt: updatedAt + 1 }, "the condition does not hold"],
        [key, { where: { name: "Autumn" } }, "the condition does not hold"],
        [key, { ifUpdatedAt: updatedAt, where: { name: "Autumn" } }, "the condition does not hold"],
      ];
      for (const [given, options, message] of fails) {
        const error = await failureOf(check(given, options), TransactionCanceledError);
        expect(error.reasons).toMatchObject([{ index: 1, operation: "check", message }]);
      }
      expect(await data.userProfile.get({ userId })).toEqual(after);
    });

    test("delete takes a lock, and without one deletes what is there or nothing", async () => {
      const { updatedAt } = await data.project.create(projects(1)[0]!);
      const key = { userId, projectId: "p0" };
      const stale = await failureOf(
        data.transaction.write((tx) => [tx.project.delete(key, { ifUpdatedAt: updatedAt - 1 })]),
        TransactionCanceledError,
      );
      expect(stale.reasons[0]?.item).toMatchObject({ ...key, updatedAt });
      await data.transaction.write((tx) => [tx.project.delete(key, { ifUpdatedAt: updatedAt })]);
      await data.transaction.write((tx) => [tx.project.delete(key)]);
      expect(await data.project.get(key)).toBeNull();
    });

    test("a nested change without its parent stops the transaction, and says which path", async () => {
      const saved = await data.savedContent.create({ userId, contentId: "c1", data: content });
      const error = await failureOf(
        data.transaction.write((tx) => [
          tx.project.put(projects(1)[0]!),
          tx.savedContent.update(
            { userId, contentId: "c1" },
            {},
            { set: [[["metadata", "deep", "n"], 1]] },
          ),
        ]),
        TransactionCanceledError,
      );
      expect(error.reasons).toMatchObject([
        {
          index: 1,
          operation: "update",
          message: expect.stringContaining("data.metadata.deep does not exist"),
        },
      ]);
      expect(error.reasons[0]?.item).toEqual(saved);
      expect(await data.project.get({ userId, projectId: "p0" })).toBeNull();
    });

    test("a nested change with its parent is made", async () => {
      await data.savedContent.create({
        userId,
        contentId: "c1",
        data: { ...content, metadata: { tags: ["a", "b"] } },
      });
      await data.transaction.write((tx) => [
        tx.savedContent.update(
          { userId, contentId: "c1" },
          { title: "t" },
          { set: [[["metadata", "tags", 1], "B"]], remove: ["name"] },
        ),
      ]);
      const item = await data.savedContent.get({ userId, contentId: "c1" });
      expect(item?.data).toEqual({
        id: "c1",
        ...content,
        title: "t",
        metadata: { tags: ["a", "B"] },
      });
    });
  });

  describe("a second request", () => {
    test("puts a dated item that is not adopted, and adopts it at its place", async () => {
      await table.raw.put({
        PK: `USER#${userId}`,
        SK: "PROJECT#old",
        EntityType: "Project",
        Data: { name: "Old" },
        CreatedAt: 1_600_000_000_000,
        UpdatedAt: 1_600_000_000_000,
      });
      wire.clear();
      await data.transaction.write((tx) => [
        tx.userProfile.put({ userId, data: { email: "a@b.c" } }),
        tx.project.put({ userId, projectId: "old", data: { name: "New" } }),
      ]);
      expect(wire.names).toEqual(["TransactWriteItems", "TransactWriteItems"]);
      expect(new Set(tokens()).size).toBe(2);
      expect(await table.raw.index(`USER#${userId}`)).toMatchObject([
        {
          SK: "PROJECT#old",
          GSI1SK: "PROJECT#1600000000000#old",
          CreatedAt: 1_600_000_000_000,
          Data: { id: "old", name: "New" },
        },
      ]);
    });

    test("gives items that were written in the same millisecond a later UpdatedAt", async () => {
      await data.transaction.write((tx) => projects(3).map((one) => tx.project.put(one)));
      wire.clear();
      await data.transaction.write((tx) => [
        tx.project.update({ userId, projectId: "p0" }, { name: "a" }),
        tx.project.put({ userId, projectId: "p1", data: { name: "b" } }),
        tx.project.check({ userId, projectId: "p2" }),
      ]);
      expect(wire.names).toEqual(["TransactWriteItems", "TransactWriteItems"]);
      const { items } = await data.project.query({ userId });
      expect(items.map((item) => [item.data.name, item.updatedAt])).toEqual([
        ["a", frozen + 1],
        ["b", frozen + 1],
        ["2", frozen],
      ]);
    });

    test("updates an old item without a payload", async () => {
      await table.raw.put({ PK: `USER#${userId}`, SK: "PROFILE", EntityType: "UserProfile" });
      await data.transaction.write((tx) => [tx.userProfile.update({ userId }, { email: "a@b.c" })]);
      expect(wire.names).toEqual(["TransactWriteItems", "TransactWriteItems"]);
      expect((await data.userProfile.get({ userId }))?.data).toEqual({
        id: userId,
        email: "a@b.c",
      });
    });

    test("many transactions on one item all succeed, and none is lost", async () => {
      await data.savedContent.create({ userId, contentId: "c1", data: content });
      await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          data.transaction.write((tx) => [
            tx.savedContent.update({ userId, contentId: "c1" }, { [`f${index}`]: index } as object),
          ]),
        ),
      );
      const item = await data.savedContent.get({ userId, contentId: "c1" });
      expect(Object.keys(item?.data ?? {}).filter((name) => name.startsWith("f"))).toHaveLength(20);
      expect(item?.updatedAt).toBe(frozen + 20);
    });
  });

  describe("retry", () => {
    test("a lost answer is asked for with the same token: applied once, and no failure", async () => {
      const key = { userId, contentId: "c1" };
      await data.savedContent.create({ ...key, data: { ...content, projectId: "p1" } });
      clock.time += 1_000;
      wire.clear();
      let times = 0;
      wire.intercept = (request) => {
        times += 1;
        return times <= 2 ? lost(request) : undefined;
      };
      const [project] = await data.transaction.write((tx) => [
        tx.project.create({ userId, projectId: "p1", data: { name: "n" } }),
        tx.savedContent.update(key, { projectId: null }, { where: { projectId: "p1" } }),
      ]);
      expect(wire.names).toEqual(Array(3).fill("TransactWriteItems"));
      expect(new Set(tokens()).size).toBe(1);
      expect(tokens()[0]).toMatch(/^[0-9a-f-]{36}$/);
      const bodies = writes().map(({ input }) => JSON.stringify(input));
      expect(new Set(bodies).size).toBe(1);
      const item = await data.savedContent.get(key);
      expect(item).toMatchObject({ data: { projectId: null }, updatedAt: frozen + 1_000 });
      expect(await data.project.get({ userId, projectId: "p1" })).toEqual(project);
    });

    test("throttling and server errors are retried with the same token", async () => {
      data.wire.inject({ fault: "throttle" }).inject({ fault: "serverError", after: 0 });
      await data.transaction.write((tx) => [tx.project.put(projects(1)[0]!)]);
      expect(wire.names).toHaveLength(3);
      expect(new Set(tokens()).size).toBe(1);
    });

    test("two transactions do not share a token", async () => {
      for (const one of projects(2)) await data.transaction.write((tx) => [tx.project.put(one)]);
      expect(new Set(tokens()).size).toBe(2);
    });

    test("a conflict with another transaction is waited for", async () => {
      let conflicts = 2;
      wire.intercept = () => {
        conflicts -= 1;
        return conflicts >= 0 ? cancelled("TransactionConflict", "None") : undefined;
      };
      await data.transaction.write((tx) => projects(2).map((one) => tx.project.create(one)));
      expect(wire.names).toEqual(Array(3).fill("TransactWriteItems"));
      expect(new Set(tokens()).size).toBe(1);
      expect((await data.project.query({ userId })).items).toHaveLength(2);
    });

    test("a conflict that does not end is given up after maxRetries, by its name", async () => {
      wire.intercept = () => cancelled("None", "TransactionConflict");
      const error = await failureOf(
        data.transaction.write((tx) => projects(2).map((one) => tx.project.create(one))),
        TransactionCanceledError,
      );
      expect(wire.names).toHaveLength(4);
      expect(error.retryable).toBe(true);
      expect(error.reasons).toEqual([
        {
          index: 1,
          operation: "create",
          entity: "Project",
          key: `userId=${userId}, projectId=p1`,
          parts: { userId, projectId: "p1" },
          code: "TransactionConflict",
          message: "met TransactionConflict",
        },
      ]);
      expect(error.message).toContain(`#1 create Project (userId=${userId}, projectId=p1)`);
    });

    test("a conflict beside a condition that fails is not retried, and both are named", async () => {
      wire.intercept = () => cancelled("TransactionConflict", "ConditionalCheckFailed");
      const error = await failureOf(
        data.transaction.write((tx) => projects(2).map((one) => tx.project.update(one, one.data))),
        TransactionCanceledError,
      );
      expect(wire.names).toEqual(["TransactWriteItems"]);
      expect(error.retryable).toBe(false);
      expect(error.reasons.map(({ index, code, message }) => [index, code, message])).toEqual([
        [0, "TransactionConflict", "met TransactionConflict"],
        [1, "ConditionalCheckFailed", "no such item"],
      ]);
    });

    test("a conflict beside a collision in one millisecond ends as both do", async () => {
      await data.project.create(projects(1)[0]!);
      wire.clear();
      let first = true;
      wire.intercept = () => {
        if (!first) return undefined;
        first = false;
        return cancelled("ConditionalCheckFailed", "TransactionConflict");
      };
      await data.transaction.write((tx) => [
        tx.project.put({ userId, projectId: "p0", data: { name: "again" } }),
        tx.project.put({ userId, projectId: "p1", data: { name: "new" } }),
      ]);
      expect((await data.project.query({ userId })).items.map((item) => item.data.name)).toEqual([
        "again",
        "new",
      ]);
    });

    test("a reason that nothing cures is not retried, and is told with DynamoDB's words", async () => {
      wire.intercept = () => cancelled("None", "ValidationError");
      const error = await failureOf(
        data.transaction.write((tx) => projects(2).map((one) => tx.project.put(one))),
        TransactionCanceledError,
      );
      expect(wire.names).toHaveLength(1);
      expect(error.retryable).toBe(false);
      expect(error.reasons).toMatchObject([
        { index: 1, code: "ValidationError", message: "met ValidationError" },
      ]);
    });

    test("a cancellation without reasons is said as that", async () => {
      wire.intercept = () => cancelled();
      const error = await failureOf(
        data.transaction.write((tx) => [tx.project.put(projects(1)[0]!)]),
        TransactionCanceledError,
      );
      expect(error.message).toBe("transaction.write: cancelled, and DynamoDB does not say why");
      expect(error.reasons).toEqual([]);
    });

    test("collisions without end are given up, by name", async () => {
      await data.project.create(projects(1)[0]!);
      wire.clear();
      wire.intercept = ({ operation }) =>
        operation === "TransactWriteItems" ? cancelled("ConditionalCheckFailed") : undefined;
      const error = await failureOf(
        data.transaction.write((tx) => [tx.project.put(projects(1)[0]!)]),
        TransactionCanceledError,
      );
      expect(error.message).toContain("other callers wrote its items 8 times in a row");
      expect(wire.names.filter((name) => name === "TransactWriteItems")).toHaveLength(8);
      expect(error.retryable).toBe(true);
      expect(error.reasons).toMatchObject([{ index: 0, operation: "put", entity: "Project" }]);
    });

    test("the caller's signal and deadline end it", async () => {
      const write = (options: object) =>
        data.transaction.write((tx) => [tx.project.put(projects(1)[0]!)], options);
      await failureOf(write({ signal: AbortSignal.abort() }), AbortedError);
      expect(wire.names).toEqual([]);
      wire.intercept = () => new Promise(() => undefined);
      await expect(write({ timeoutMs: 20 })).rejects.toMatchObject({
        name: "TimeoutError",
        message:
          "transaction.write: no response within 20 ms; it may have been carried out nevertheless",
        mayHaveBeenDone: true,
      });
      const read = data.transaction.get((tx) => [tx.project.get(projects(1)[0]!)], {
        timeoutMs: 20,
      });
      await expect(read).rejects.toMatchObject({ name: "TimeoutError" });
    });
  });

  describe("get", () => {
    test("gives items in the order asked, null where none is, of any entity, in one request", async () => {
      const [saved, project] = await data.transaction.write((tx) => [
        tx.savedContent.create({ userId, contentId: "c1", data: content }),
        tx.project.create({ userId, projectId: "p1", data: { name: "n" } }),
      ]);
      wire.clear();
      const items = await data.transaction.get((tx) => [
        tx.project.get({ userId, projectId: "p1" }),
        tx.oauthToken.get({ userId }),
        tx.savedContent.get({ userId, contentId: "c1" }),
        tx.savedContent.get({ userId, contentId: "c2" }),
      ]);
      expect(items).toEqual([project, null, saved, null]);
      expect(wire.names).toEqual(["TransactGetItems"]);
    });

    test("reads all items as they were at one moment", async () => {
      const keys = ["a", "b"].map((competitorId) => ({ userId, competitorId }));
      const set = (count: number) =>
        data.transaction.write((tx) =>
          keys.map((key) =>
            tx.competitor.put({
              ...key,
              data: make.competitor({ data: { reviewCount: count } }).data,
            }),
          ),
        );
      await set(0);
      let ended = false;
      const writer = (async () => {
        for (let count = 1; count <= 40; count += 1) {
          clock.time += 1;
          await set(count);
        }
        ended = true;
      })();
      const seen = new Set<unknown>();
      while (!ended) {
        const [a, b] = await data.transaction.get((tx) => [
          tx.competitor.get(keys[0]!),
          tx.competitor.get(keys[1]!),
        ]);
        expect(a?.data.reviewCount).toBe(b?.data.reviewCount);
        seen.add(a?.data.reviewCount);
      }
      await writer;
      expect(seen.size).toBeGreaterThan(2);
    });

    test("a conflict is waited for, and given up by name", async () => {
      let conflicts = 1;
      wire.intercept = () => {
        conflicts -= 1;
        return conflicts >= 0 ? cancelled("TransactionConflict") : undefined;
      };
      const read = () =>
        data.transaction.get((tx) => [tx.project.get({ userId, projectId: "p1" })]);
      expect(await read()).toEqual([null]);
      wire.intercept = () => cancelled("TransactionConflict");
      const error = await failureOf(read(), TransactionCanceledError);
      expect(error.message).toContain(
        `transaction.get: cancelled by #0 transaction.get Project (userId=${userId}, projectId=p1)`,
      );
      expect(error.retryable).toBe(true);
    });
  });
});

describe("without transactions in the engine", () => {
  const table = openTable({ name: "dynalite", engine: "dynalite" });

  test("the engine says so by its capability, and the user by a clear error", async () => {
    const { data } = table;
    expect(data.engine.capabilities.transactions).toBe(false);
    const project = { userId: "u", projectId: "p", data: { name: "n" } };
    const write = await failureOf(
      data.transaction.write((tx) => [tx.project.put(project)]),
      DynamoDBError,
    );
    expect(write.message).toBe(
      "transaction.write: this engine has no transactions (dynalite has none)",
    );
    expect(write).toMatchObject({ code: "UnknownOperationException", retryable: false });
    const get = await failureOf(
      data.transaction.get((tx) => [tx.project.get(project)]),
      DynamoDBError,
    );
    expect(get.message).toBe(
      "transaction.get: this engine has no transactions (dynalite has none)",
    );
    for (const call of [
      data.profiles.setPhoto({ userId: "u" }, "https://example.com/p.jpg"),
      data.projects.deleteAndUnfile({ userId: "u", projectId: "p" }),
    ]) {
      expect((await failureOf(call, DynamoDBError)).message).toContain("has no transactions");
    }
  });
});
