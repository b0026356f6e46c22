import { DynamoDBError } from "../../../src/errors/dynamodb-error.js";
import { ThroughputExceededError } from "../../../src/errors/throughput-exceeded-error.js";
import { ValidationError } from "../../../src/errors/validation-error.js";
import { make, type TestDataLayer } from "../../../src/testing/index.js";
import { engines } from "../../engines.js";
import { failureOf, openTable } from "../../open.js";
import { cancelled, Recorder, refused } from "../recorder.js";

const now = 1_700_000_000_000;

describe.each(engines)("projects on $name", (engine) => {
  const wire = new Recorder();
  const table = openTable(engine, {
    requestHandler: wire,
    retry: { initialDelayMs: 1, maxRetries: 1 },
  });
  let data: TestDataLayer;
  let users = 0;
  let userId = "";
  beforeEach(() => {
    data = table.data;
    wire.clear();
    users += 1;
    userId = `user-${users}`;
  });

  const project = (projectId: string, createdAt = now) =>
    make.project({ userId, projectId, createdAt, data: { name: `name of ${projectId}` } });
  const content = (contentId: string, projectId: string | null | undefined, createdAt = now) =>
    make.savedContent({
      userId,
      contentId,
      createdAt,
      data: { projectId, content: `body ${contentId}` },
    });

  describe("listWithContent", () => {
    test("groups all content by project, all newest first, in one request", async () => {
      await data.project.batchPut([
        project("p1", now),
        project("p2", now + 2),
        project("p3", now + 1),
      ]);
      await data.savedContent.batchPut([
        content("c1", "p1", now + 1),
        content("c2", "p1", now + 3),
        content("c3", "p2", now),
        content("c4", null, now + 5),
        content("c5", undefined, now + 6),
        content("c6", "gone", now + 4),
        content("c7", "", now + 3),
        content("c8", "p1", now + 2),
      ]);
      wire.clear();
      const { projects, uncategorised } = await data.projects.listWithContent({ userId });
      expect(wire.names).toEqual(["Query"]);
      expect(
        projects.map((one) => [one.projectId, one.contents.map((item) => item.contentId)]),
      ).toEqual([
        ["p2", ["c3"]],
        ["p3", []],
        ["p1", ["c2", "c8", "c1"]],
      ]);
      expect(uncategorised.map((item) => item.contentId)).toEqual(["c5", "c4", "c6", "c7"]);
      const stored = await data.project.get({ userId, projectId: "p2" });
      expect(projects[0]).toEqual({
        ...stored,
        contents: [await data.savedContent.get({ userId, contentId: "c3" })],
      });
    });

    test("is empty for a user without either", async () => {
      await data.marketingPlan.put(make.marketingPlan({ userId }));
      const empty = { projects: [], uncategorised: [] };
      expect(await data.projects.listWithContent({ userId })).toEqual(empty);
    });

    test("shows items of an earlier writer, and nothing of other entities between them", async () => {
      const old = { PK: `USER#${userId}`, CreatedAt: now, UpdatedAt: now };
      await table.raw.put(
        { ...old, SK: "PROJECT#p1", EntityType: "Project", Data: { name: "Old" } },
        {
          ...old,
          SK: "CONTENT#c1",
          EntityType: "SavedContent",
          Data: { content: "x", projectId: "p1" },
        },
        { ...old, SK: "CONTENT#c2", EntityType: "SavedContent" },
        {
          ...old,
          SK: "CONTENT#c3",
          EntityType: "Draft",
          Data: { content: "of another application" },
        },
      );
      await data.marketingPlan.put(make.marketingPlan({ userId }));
      await data.userProfile.put(make.userProfile({ userId }));
      const { projects, uncategorised } = await data.projects.listWithContent({ userId });
      expect(projects).toEqual([
        {
          userId,
          projectId: "p1",
          data: { name: "Old" },
          createdAt: now,
          updatedAt: now,
          contents: [expect.objectContaining({ contentId: "c1" })],
        },
      ]);
      expect(uncategorised).toMatchObject([{ contentId: "c2", data: {} }]);
    });

    test("a project whose id is a name of Object's own is a project like any other", async () => {
      await data.project.batchPut([project("constructor"), project("__proto__")]);
      await data.savedContent.batchPut([
        content("c1", "constructor"),
        content("c2", "__proto__"),
        content("c3", "toString"),
      ]);
      const { projects, uncategorised } = await data.projects.listWithContent({ userId });
      expect(projects.map((one) => [one.projectId, one.contents.length]).sort()).toEqual([
        ["__proto__", 1],
        ["constructor", 1],
      ]);
      expect(uncategorised.map((item) => item.contentId)).toEqual(["c3"]);
    });

    test("reads all pages", async () => {
      await data.project.batchPut([project("p1")]);
      await data.savedContent.batchPut(
        Array.from({ length: 30 }, (_, index) =>
          make.savedContent({
            userId,
            contentId: `c${index}`,
            data: { projectId: "p1", content: "x".repeat(90_000) },
          }),
        ),
      );
      wire.clear();
      const { projects } = await data.projects.listWithContent({ userId });
      expect(projects[0]?.contents).toHaveLength(30);
      // 2.7 MB.
      expect(wire.names).toEqual(["Query", "Query", "Query"]);
    });

    test("names the call if its key cannot be read", async () => {
      const key = {
        get userId(): string {
          throw new Error("gone");
        },
      };
      const error = await failureOf(data.projects.listWithContent(key), ValidationError);
      expect(error).toMatchObject({ operation: "projects.listWithContent" });
    });

    test("refuses a wrong key before anything is sent", async () => {
      for (const key of [{}, { userId: "" }, undefined]) {
        const error = await failureOf(data.projects.listWithContent(key as never), ValidationError);
        expect(error.message).toContain("projects.listWithContent Project (userId=");
      }
      expect(wire.names).toEqual([]);
    });
  });

  describe("deleteAndUnfile", () => {
    // An engine without transactions says so: transaction.test.ts.
    const withTransactions = engine.engine === "dynalite" ? test.skip : test;
    const key = () => ({ userId, projectId: "p1" });
    const filed = async (count: number) => {
      const ids = Array.from({ length: count }, (_, index) => `c${String(index).padStart(3, "0")}`);
      await data.project.batchPut([project("p1"), project("p2")]);
      await data.savedContent.batchPut([
        ...ids.map((id) => content(id, "p1")),
        content("other", "p2"),
        content("none", null),
      ]);
      wire.clear();
      return ids;
    };
    const filedIn = async (projectId: string) =>
      (await data.savedContent.query({ userId }, { where: { projectId } })).items.map(
        (item) => item.contentId,
      );
    const sizes = () =>
      wire.asked
        .filter(({ operation }) => operation === "TransactWriteItems")
        .map(({ input }) => (input.TransactItems as unknown[]).length);

    withTransactions.each([
      { contents: 0, transactions: [1] },
      { contents: 1, transactions: [2] },
      { contents: 99, transactions: [100] },
      { contents: 100, transactions: [100, 1] },
      { contents: 250, transactions: [100, 100, 51] },
    ])(
      "of a project with $contents contents takes 1 query and these transactions: $transactions",
      async ({ contents, transactions }) => {
        await filed(contents);
        const bodies = "body c0";
        expect(await data.projects.deleteAndUnfile(key())).toEqual({ unfiled: contents });
        expect(wire.names).toEqual(["Query", ...transactions.map(() => "TransactWriteItems")]);
        expect(sizes()).toEqual(transactions);
        // The query reads no bodies.
        expect(wire.answers.join()).not.toContain(bodies);
        expect(await data.project.get(key())).toBeNull();
        expect(await filedIn("p1")).toEqual([]);
        expect(await filedIn("p2")).toEqual(["other"]);
        const { projects, uncategorised } = await data.projects.listWithContent({ userId });
        expect(projects.map((one) => one.projectId)).toEqual(["p2"]);
        expect(uncategorised).toHaveLength(contents + 1);
        for (const item of uncategorised) {
          expect(item.data).toMatchObject({ projectId: null, content: `body ${item.contentId}` });
          expect(item.createdAt).toBe(now);
        }
      },
    );

    withTransactions(
      "a project that is not there is as deleted; its dangling content is taken out",
      async () => {
        await data.savedContent.batchPut([content("c1", "p1")]);
        expect(await data.projects.deleteAndUnfile(key())).toEqual({ unfiled: 1 });
        expect(await data.projects.deleteAndUnfile(key())).toEqual({ unfiled: 0 });
        expect(await filedIn("p1")).toEqual([]);
      },
    );

    withTransactions(
      "ended between two transactions and called again it ends right, and nothing is lost from view",
      async () => {
        const ids = await filed(250);
        wire.inject({ fault: "throttle", operation: "TransactWriteItems", after: 1, times: 2 });
        await failureOf(data.projects.deleteAndUnfile(key()), ThroughputExceededError);
        expect(await data.project.get(key())).not.toBeNull();
        expect(await filedIn("p1")).toHaveLength(150);
        const between = await data.projects.listWithContent({ userId });
        const shown = [
          ...between.projects.flatMap((one) => one.contents),
          ...between.uncategorised,
        ];
        expect(shown).toHaveLength(252);
        expect(between.uncategorised).toHaveLength(101);
        wire.clear();
        expect(await data.projects.deleteAndUnfile(key())).toEqual({ unfiled: 150 });
        expect(sizes()).toEqual([100, 51]);
        const after = await data.projects.listWithContent({ userId });
        expect(after.projects.map((one) => one.projectId)).toEqual(["p2"]);
        expect(after.uncategorised.map((item) => item.contentId).sort()).toEqual(
          [...ids, "none"].sort(),
        );
      },
    );

    withTransactions("content that is moved or deleted meanwhile is left alone", async () => {
      await filed(120);
      let transactions = 0;
      wire.intercept = ({ operation, send }) => {
        if (operation !== "TransactWriteItems") return undefined;
        transactions += 1;
        if (transactions > 1) return undefined;
        return (async () => {
          await data.savedContent.update({ userId, contentId: "c005" }, { projectId: "p2" });
          await data.savedContent.delete({ userId, contentId: "c006" });
          await data.savedContent.update({ userId, contentId: "c110" }, { projectId: null });
          await data.savedContent.update({ userId, contentId: "c111" }, { title: "still in it" });
          return send();
        })();
      };
      expect(await data.projects.deleteAndUnfile(key())).toEqual({ unfiled: 117 });
      expect(await data.project.get(key())).toBeNull();
      expect((await filedIn("p2")).sort()).toEqual(["c005", "other"]);
      expect(await data.savedContent.get({ userId, contentId: "c006" })).toBeNull();
      expect(await filedIn("p1")).toEqual([]);
      const kept = await data.savedContent.get({ userId, contentId: "c111" });
      expect(kept?.data).toMatchObject({ projectId: null, title: "still in it" });
    });

    withTransactions(
      "where all content is moved meanwhile the project alone is deleted",
      async () => {
        const ids = await filed(3);
        let moved = false;
        wire.intercept = ({ operation, send }) => {
          if (operation !== "TransactWriteItems" || moved) return undefined;
          moved = true;
          return (async () => {
            for (const contentId of ids) {
              await data.savedContent.update({ userId, contentId }, { projectId: "p2" });
            }
            return send();
          })();
        };
        expect(await data.projects.deleteAndUnfile(key())).toEqual({ unfiled: 0 });
        expect(await data.project.get(key())).toBeNull();
        expect((await filedIn("p2")).sort()).toEqual([...ids, "other"].sort());
      },
    );

    withTransactions(
      "two that delete the same project at once both end, and take each content out once",
      async () => {
        await filed(150);
        const both = await Promise.all([
          data.projects.deleteAndUnfile(key()),
          data.projects.deleteAndUnfile(key()),
        ]);
        expect(both[0].unfiled + both[1].unfiled).toBe(150);
        expect(await filedIn("p1")).toEqual([]);
        expect(await data.project.get(key())).toBeNull();
      },
    );

    withTransactions(
      "contents that together pass 4 MB go in smaller transactions, the project last",
      async () => {
        await filed(100);
        // As DynamoDB does: the size of the stored items counts, which the engines do not look at.
        wire.intercept = ({ operation, input }) =>
          operation === "TransactWriteItems" && (input.TransactItems as unknown[]).length > 30
            ? refused("ValidationException", "Transaction size exceeds 4 MB")
            : undefined;
        expect(await data.projects.deleteAndUnfile(key())).toEqual({ unfiled: 100 });
        expect(sizes()).toEqual([100, 50, 25, 25, 50, 25, 25, 1]);
        expect(await filedIn("p1")).toEqual([]);
        expect(await data.project.get(key())).toBeNull();
      },
    );

    withTransactions(
      "a transaction of one item that is too large is not halved for ever",
      async () => {
        await filed(1);
        wire.intercept = ({ operation }) =>
          operation === "TransactWriteItems"
            ? refused("ValidationException", "Transaction size exceeds 4 MB")
            : undefined;
        await failureOf(data.projects.deleteAndUnfile(key()), ValidationError);
        expect(sizes().at(-1)).toBe(1);
        expect(await filedIn("p1")).toHaveLength(1);
      },
    );

    withTransactions(
      "a failure that is nobody's moving is thrown, and the project stays",
      async () => {
        await filed(2);
        wire.intercept = ({ operation }) =>
          operation === "TransactWriteItems"
            ? cancelled("None", "TransactionConflict", "None")
            : undefined;
        const conflict = await failureOf(data.projects.deleteAndUnfile(key()), DynamoDBError);
        expect(conflict).toMatchObject({ name: "TransactionCanceledError", retryable: true });
        wire.intercept = ({ operation }) =>
          operation === "TransactWriteItems" ? refused("AccessDeniedException", "no") : undefined;
        await failureOf(data.projects.deleteAndUnfile(key()), DynamoDBError);
        wire.clear();
        expect(await data.project.get(key())).not.toBeNull();
        expect(await filedIn("p1")).toHaveLength(2);
      },
    );

    withTransactions("another user's project of the same id keeps its content", async () => {
      await filed(1);
      const other = { userId: `${userId}-other`, projectId: "p1" };
      await data.project.put({ ...other, data: { name: "n" } });
      await data.savedContent.put(
        make.savedContent({ userId: other.userId, data: { projectId: "p1" } }),
      );
      await data.forUser(userId).projects.deleteAndUnfile({ projectId: "p1" });
      const listed = await data.projects.listWithContent({ userId: other.userId });
      expect(listed.projects[0]?.contents).toHaveLength(1);
    });

    withTransactions("the caller's signal ends it between two transactions", async () => {
      await filed(250);
      const controller = new AbortController();
      let transactions = 0;
      wire.intercept = ({ operation, send }) => {
        if (operation !== "TransactWriteItems") return undefined;
        transactions += 1;
        return send().then((answer) => {
          if (transactions === 2) controller.abort();
          return answer;
        });
      };
      const call = data.projects.deleteAndUnfile(key(), { signal: controller.signal });
      await expect(call).rejects.toMatchObject({ name: "AbortedError" });
      expect(transactions).toBe(2);
      expect(await data.project.get(key())).not.toBeNull();
      expect(await filedIn("p1")).toHaveLength(50);
    });

    test("refuses a wrong key before anything is sent", async () => {
      for (const wrong of [
        {},
        { userId },
        { projectId: "p1" },
        { userId, projectId: "" },
        undefined,
      ]) {
        const error = await failureOf(
          data.projects.deleteAndUnfile(wrong as never),
          ValidationError,
        );
        expect(error.message).toContain("projects.deleteAndUnfile Project (userId=");
      }
      expect(wire.names).toEqual([]);
    });
  });
});
