import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { ThroughputExceededError } from "../../src/errors/throughput-exceeded-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { engines } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";
import {
  inputOf,
  keyOf,
  recentEntities,
  registry,
  storeOf,
  workspaceEntities,
} from "../registry.js";

const text = "x".repeat(200_000);

describe.each(engines)("collections on $name", (engine) => {
  const table = openTable(engine, { retry: { initialDelayMs: 1, maxDelayMs: 2 } });
  beforeEach(() => table.data.wire.clear());
  afterEach(() => table.data.wire.clear());

  describe("workspace", () => {
    const workspace = (userId: string) => table.data.collections.workspace({ userId });

    test("gives everything under the user as arrays under the facade names, and nothing else", async () => {
      const stored: Record<string, unknown[]> = {};
      for (const entity of registry) {
        const ids = entity.id === undefined ? ["one"] : ["one", "two"];
        const store = storeOf(table.data, entity);
        stored[entity.name] = [];
        for (const id of ids) {
          stored[entity.name]?.push(await store.put(inputOf(entity, "all", id)));
          await store.put(inputOf(entity, "all-others", id));
          await store.put(inputOf(entity, "al", id));
        }
      }
      table.data.wire.clear();
      const found = await workspace("all");
      expect(requestsOf(table.data)).toEqual(["Query"]);
      const expected = Object.fromEntries(workspaceEntities.map((name) => [name, stored[name]]));
      expect(found).toStrictEqual(expected);
      expect(Object.keys(found)).toHaveLength(10);
      expect(found).not.toHaveProperty("review");
      expect(found).not.toHaveProperty("oauthToken");
    });

    test("gives empty arrays where nothing is", async () => {
      const found = await workspace("nobody");
      expect(found).toStrictEqual(Object.fromEntries(workspaceEntities.map((name) => [name, []])));
    });

    test("reads all pages (one page was read: totals were silently wrong)", async () => {
      const { savedContent, project, researchReport } = table.data;
      const userId = "large";
      const ids = Array.from({ length: 12 }, (_, index) => `i${String(index).padStart(2, "0")}`);
      await savedContent.batchPut(
        ids.map((contentId) => ({ userId, contentId, data: { type: "t", content: text } })),
      );
      await researchReport.batchPut(
        ids.map((reportId) => ({ userId, reportId, data: { topic: "t", report: text } })),
      );
      await project.batchPut(ids.map((projectId) => ({ userId, projectId, data: { name: "n" } })));
      table.data.wire.clear();
      const found = await workspace(userId);
      expect(found.savedContent.map((item) => item.contentId)).toEqual(ids);
      expect(found.researchReport.map((item) => item.reportId)).toEqual(ids);
      expect(found.project.map((item) => item.projectId)).toEqual(ids);
      // 4.8 MB: one request per MB, give or take an item at a page's end.
      const sent = requestsOf(table.data).length;
      expect(sent).toBeGreaterThanOrEqual(4);
      expect(sent).toBeLessThanOrEqual(6);
    });

    test("a page that stays throttled fails the whole call", async () => {
      table.data.wire.inject({ fault: "throttle", after: 2, times: Number.POSITIVE_INFINITY });
      const error = await failureOf(workspace("large"), ThroughputExceededError);
      expect(error.message).toMatch(/^collections\.workspace \(userId=large\): /);
      expect(requestsOf(table.data)).toHaveLength(2 + 4);
    });

    test.each([[""], [undefined], [null], [5], ["x".repeat(2_044)], ["\ud800"]])(
      "refuses the userId %p",
      async (userId) => {
        const error = await failureOf(workspace(userId as never), ValidationError);
        expect(error.issues.map((issue) => issue.path)).toEqual(["userId"]);
        expect(error).toMatchObject({ operation: "collections.workspace" });
        expect(requestsOf(table.data)).toEqual([]);
      },
    );

    test("refuses a call without a key", async () => {
      const { collections } = table.data;
      const error = await failureOf(collections.workspace(undefined as never), ValidationError);
      expect(error.message).toBe(
        "collections.workspace (userId=?): userId is missing: a non-empty string is expected",
      );
    });
  });

  describe("recent", () => {
    const recent = (userId: string, limit: number, options: object = {}) =>
      table.data.collections.recent({ userId, limit, ...options });

    async function fill(userId: string, count: number) {
      for (let index = 0; index < count; index += 1) {
        const entity = registry.filter(({ dated }) => dated)[index % 4];
        if (entity === undefined) throw new Error("there are four dated entities");
        // Ids run against time, so that the order of ids would be the wrong one.
        const input = inputOf(entity, userId, `i${String(99 - index)}`, { mark: index });
        await storeOf(table.data, entity).put({ ...input, createdAt: 1_000 + index });
      }
      table.data.wire.clear();
    }

    test("is newest first across the four dated entities, in four requests (it was in order of ids)", async () => {
      await fill("newest", 20);
      const items = await recent("newest", 10);
      expect(requestsOf(table.data)).toEqual(Array(4).fill("Query"));
      expect(items.map((item) => item.createdAt)).toEqual(
        Array.from({ length: 10 }, (_, index) => 1_019 - index),
      );
      for (const { entity: name, ...item } of items) {
        const entity = registry.find((one) => one.name === name);
        if (entity === undefined) throw new Error(`${name} is not in the registry`);
        expect(recentEntities).toContain(name);
        expect(await storeOf(table.data, entity).get(keyOf(entity, item))).toStrictEqual(item);
      }
    });

    test("gives all there is where the limit is larger, each once", async () => {
      await fill("few", 6);
      const items = await recent("few", 100);
      expect(items.map((item) => (item.data as { mark?: number }).mark)).toEqual([
        5, 4, 3, 2, 1, 0,
      ]);
      expect(await recent("few", 1)).toStrictEqual(items.slice(0, 1));
      expect(await recent("none", 5)).toEqual([]);
    });

    test("finds the newest where one entity has them all", async () => {
      const userId = "one-kind";
      const plans = Array.from({ length: 15 }, (_, index) => ({
        userId,
        planId: `p${index}`,
        createdAt: 5_000 + index,
        data: {},
      }));
      await table.data.marketingPlan.batchPut(plans);
      await table.data.project.put({ userId, projectId: "p", createdAt: 1, data: { name: "n" } });
      const items = await recent(userId, 10);
      expect(items.map((item) => item.entity)).toEqual(Array(10).fill("marketingPlan"));
      expect(items[9]?.createdAt).toBe(5_005);
    });

    test("fields reads these fields alone", async () => {
      const items = await recent("newest", 4, { fields: ["mark"] });
      expect(items.map((item) => item.data)).toEqual([
        { mark: 19 },
        { mark: 18 },
        { mark: 17 },
        { mark: 16 },
      ]);
    });

    test("holds adopted items only", async () => {
      const raw = {
        EntityType: "Project",
        Data: { name: "old" },
        CreatedAt: 9_000,
        UpdatedAt: 9_000,
      };
      await table.raw.put({ PK: "USER#adopted", SK: "PROJECT#old", ...raw });
      const userId = "adopted";
      await table.data.project.put({
        userId,
        projectId: "new",
        createdAt: 5,
        data: { name: "new" },
      });
      expect((await recent(userId, 5)).map((item) => item.data)).toMatchObject([{ name: "new" }]);
    });

    test("refuses what is no user, no limit and no list of fields, in the name of the collection", async () => {
      const { collections } = table.data;
      const wrong: [object | undefined, string][] = [
        [undefined, "userId"],
        [{ userId: "", limit: 1 }, "userId"],
        [{ userId: "u1" }, "limit"],
        [{ userId: "u1", limit: 0 }, "limit"],
        [{ userId: "u1", limit: 2.5 }, "limit"],
        [{ userId: "u1", limit: "5" }, "limit"],
        [{ userId: "u1", limit: 1, fields: "name" }, "fields"],
      ];
      for (const [options, path] of wrong) {
        const error = await failureOf(collections.recent(options as never), ValidationError);
        expect(error.issues.map((issue) => issue.path)).toEqual([path]);
        expect(requestsOf(table.data)).toEqual([]);
        if (path !== "fields") expect(error.message).toMatch(/^collections\.recent \(userId=/);
      }
    });

    test("one entity's failure fails the whole call", async () => {
      table.data.wire.inject({ fault: "serverError", times: Number.POSITIVE_INFINITY });
      await failureOf(recent("newest", 5), DynamoDBError);
      expect(requestsOf(table.data).length).toBeLessThanOrEqual(4 * 4);
    });
  });

  describe("service", () => {
    test("is the ElectroDB Service over the same transport, with both collections", async () => {
      const { data } = table;
      for (const entity of registry) {
        await storeOf(data, entity).put(inputOf(entity, "native", "one"));
      }
      data.wire.clear();
      const workspace = await data.service.collections.workspace({ userId: "native" }).go();
      expect(Object.keys(workspace.data).sort()).toEqual([...workspaceEntities].sort());
      expect(workspace.data.savedContent).toMatchObject([{ userId: "native", contentId: "one" }]);
      const recent = await data.service.collections.recent({ userId: "native" }).go();
      expect(Object.keys(recent.data).sort()).toEqual([...recentEntities].sort());
      expect(recent.data.marketingPlan).toHaveLength(1);
      expect(requestsOf(data)).toEqual(["Query", "Query"]);
    });

    test("retries as every other request", async () => {
      table.data.wire.inject({ fault: "throttle", times: 2 });
      const { data } = await table.data.service.collections.workspace({ userId: "native" }).go();
      expect(data.project).toHaveLength(1);
      expect(requestsOf(table.data)).toEqual(["Query", "Query", "Query"]);
    });
  });
});
