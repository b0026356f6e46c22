import { ConfigurationError, createDataLayer } from "../../src/index.js";
import { engines } from "../engines.js";
import { openTable } from "../open.js";

const userId = "user-1";
/** Of about 3.6 KB: a write takes 4 units, a read half a unit. */
const draft = { type: "Note", content: "x".repeat(3_400) };

describe.each(engines)("data.stats() on $name", (setting) => {
  const table = openTable(setting, { stats: true, retry: { maxRetries: 0, budget: false } });

  test("adds up requests and units per entity, call and index", async () => {
    const { data } = table;
    expect(data.stats()).toEqual([]);
    await data.savedContent.put({ userId, contentId: "a", data: draft });
    await data.savedContent.put({ userId, contentId: "b", data: draft });
    await data.savedContent.get({ userId, contentId: "a" });
    await data.savedContent.query({ userId });
    await data.savedContent.query({ userId }, { by: "createdAt" });
    await data.savedContent.query({ userId }, { by: "createdAt", limit: 1 });
    await data.project.get({ userId, projectId: "none" });

    const stats = data.stats();
    const sum = (operation: string, entity: string, index?: string) =>
      stats.filter(
        (one) =>
          `${one.operation} ${one.entity} ${one.index}` === `${operation} ${entity} ${index}`,
      );
    const plain = { throttles: 0, errors: 0 };
    const of = (entity: string, request: string, operation: string, index?: string) => ({
      ...{ entity, request, operation, index, ...plain },
    });
    // An index that holds the item takes as much again, where the engine counts that.
    const written = setting.engine === "dynalite" ? 8 : 16;
    expect(sum("put", "SavedContent")).toEqual([
      { ...of("SavedContent", "Update", "put"), requests: 2, attempts: 2, units: written },
    ]);
    expect(sum("get", "SavedContent")).toEqual([
      { ...of("SavedContent", "Get", "get"), requests: 1, attempts: 1, units: 0.5 },
    ]);
    expect(sum("get", "Project")).toEqual([
      { ...of("Project", "Get", "get"), requests: 1, attempts: 1, units: 0.5 },
    ]);
    expect(sum("query", "SavedContent")).toEqual([
      { ...of("SavedContent", "Query", "query"), requests: 1, attempts: 1, units: 1 },
    ]);
    expect(sum("query", "SavedContent", "GSI1")).toEqual([
      { ...of("SavedContent", "Query", "query", "GSI1"), requests: 2, attempts: 2, units: 2 },
    ]);
    expect(stats).toHaveLength(5);
  });

  test("its sums are a caller's own (what a caller wrote into one was added up)", async () => {
    const { data } = table;
    await data.savedContent.get({ userId, contentId: "a" });
    const sums = data.stats();
    const kept = structuredClone(sums);
    for (const sum of sums) Object.assign(sum, { requests: 1e9, entity: "x" });
    expect(data.stats()).toEqual(kept);
  });

  test("counts what was throttled and what failed, and gives sums that stay as they were", async () => {
    const { data } = table;
    const before = data.stats();
    const kept = structuredClone(before);
    data.wire.inject({ fault: "throttle", operation: "UpdateItem" });
    const put = data.competitor.put({ userId, competitorId: "c", data: { name: "Ana" } as never });
    await expect(put).rejects.toMatchObject({ code: "ProvisionedThroughputExceededException" });
    expect(data.stats().find(({ entity }) => entity === "Competitor")).toMatchObject({
      ...{ requests: 1, attempts: 1, throttles: 1, errors: 1, units: 0 },
    });
    expect(before).toEqual(kept);
  });

  test("holds nothing of a key or a payload", () => {
    expect(JSON.stringify(table.data.stats())).not.toMatch(/user-1|Note|xxx/);
  });
});

describe("a data layer without stats: true", () => {
  test("refuses stats(), and says which option it needs", async () => {
    await using data = createDataLayer({ environment: "local" });
    expect(() => data.stats()).toThrow(ConfigurationError);
    expect(() => data.stats()).toThrow("stats(): the data layer needs the option `stats: true`");
  });

  test("refuses a stats that is neither true nor false", () => {
    expect(() => createDataLayer({ environment: "local", stats: 1 as never })).toThrow(
      "stats must be true or false",
    );
  });
});

describe.each(engines)("what a request asks for on $name", (setting) => {
  const asks = async (options: { readonly stats?: boolean }) => {
    const { data } = options.stats ? counting : silent;
    data.wire.clear();
    await data.savedContent.get({ userId, contentId: "a" });
    return data.wire.requests.map(({ input }) => input.ReturnConsumedCapacity);
  };
  const counting = openTable(setting, { stats: true });
  const silent = openTable(setting);

  test("its capacity with stats: true, and nothing more without it", async () => {
    expect(await asks({ stats: true })).toEqual(["TOTAL"]);
    expect(await asks({})).toEqual([undefined]);
  });
});
