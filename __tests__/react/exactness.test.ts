/** What a write puts out of date: what it touches, and nothing else. */
import type { QueryClient } from "@tanstack/react-query";
import { storeCalls, useCases } from "../../src/browser/calls.js";
import { useCaseStores } from "../../src/call/use-case-stores.js";
import { serveTable } from "../browser/serving.js";
import { engines } from "../engines.js";
import { openPage } from "./page.js";

const page = openPage("19");

test("every use case says which stores it reads or writes", () => {
  for (const [group, calls] of Object.entries(useCases)) {
    const stores = (useCaseStores as Record<string, Record<string, readonly string[]>>)[group];
    expect(Object.keys(stores ?? {}).sort()).toEqual(Object.keys(calls).sort());
  }
});

test("the calls that write are mutations, and no others", () => {
  const q = page.door.createQueries({}) as unknown as Record<string, Record<string, () => object>>;
  const written = Object.keys(storeCalls).filter(
    (call) => "mutationFn" in (q.project?.[call]?.() ?? {}),
  );
  expect(written).toEqual([
    "create",
    "put",
    "upsert",
    "update",
    "delete",
    "batchPut",
    "batchDelete",
  ]);
});

describe.each(engines)("after a write, on $name", ({ engine }) => {
  const served = serveTable(engine);
  const user = "exact";
  let client: QueryClient;
  const queries = () => page.door.createQueries(served.client({ user }));
  const scope = () => served.table.data.forUser(user);

  beforeEach(async () => {
    client = new page.query.QueryClient();
    await scope().project.put({ projectId: "p1", data: { name: "one" } });
    await scope().project.put({ projectId: "p2", data: { name: "two" } });
    await scope().competitor.put({ competitorId: "c1", data: { name: "x" } });
  });
  afterEach(() => client.clear());

  /** Reads everything, writes, and returns the names of the queries that are out of date. */
  async function outdatedBy(write: (q: ReturnType<typeof queries>) => object, variables: unknown) {
    const q = queries();
    const all = {
      item: q.project.get({ projectId: "p1" }),
      other: q.project.get({ projectId: "p2" }),
      both: q.project.batchGet([{ projectId: "p1" }, { projectId: "p2" }]),
      list: q.project.query(),
      newest: q.project.query({ by: "createdAt", order: "desc" }),
      count: q.project.count(),
      withContent: q.projects.listWithContent(),
      workspace: q.collections.workspace(),
      recent: q.collections.recent({ limit: 5 }),
      competitor: q.competitor.get({ competitorId: "c1" }),
      competitors: q.competitor.query(),
      dashboard: q.dashboard(),
      audit: q.brandAuditPage(),
      reviews: q.reviews.newest(3),
    };
    for (const one of Object.values(all)) await client.fetchQuery(one as typeof all.item);
    const mutation = new page.query.MutationObserver(client, write(q));
    await mutation.mutate(variables as never);
    return Object.entries(all)
      .filter(([, { queryKey }]) => client.getQueryState(queryKey)?.isInvalidated)
      .map(([name]) => name);
  }

  const ofProjects = ["list", "newest", "count", "withContent", "workspace", "recent"];

  test("of an item: the item's, those of its lists, and of the use cases that read it", async () => {
    // The item itself is known from the response.
    const update = [{ projectId: "p1" }, { name: "new" }];
    expect(await outdatedBy((q) => q.project.update(), update)).toEqual(["both", ...ofProjects]);
    expect(
      client.getQueryData(queries().project.get({ projectId: "p1" }).queryKey)?.data.name,
    ).toBe("new");
    const created = await outdatedBy((q) => q.project.create(), { data: { name: "three" } });
    expect(created).toEqual(ofProjects);
    const deleted = await outdatedBy((q) => q.project.delete(), { projectId: "p2" });
    expect(deleted).toEqual(expect.arrayContaining(["both", ...ofProjects]));
    expect(deleted).not.toContain("item");
    const batch = await outdatedBy((q) => q.project.batchDelete(), [{ projectId: "p1" }]);
    expect(batch).toEqual(["item", "both", ...ofProjects]);
  });

  test("of another store: nothing of this one, and what a page cannot tell apart", async () => {
    const update = [{ competitorId: "c1" }, { name: "y" }];
    expect(await outdatedBy((q) => q.competitor.update(), update)).toEqual([
      "workspace",
      // Which stores lie in it, only the server knows.
      "recent",
      "competitors",
      "dashboard",
    ]);
  });

  test("of a store in no collection that is shown: not that collection", async () => {
    const said = { author: { name: "A" }, source: "s", rating: 5, comment: "c" };
    const review = { reviewId: "r1", data: said };
    expect(await outdatedBy((q) => q.review.put(), review)).toEqual([
      "recent",
      "dashboard",
      "audit",
      "reviews",
    ]);
  });

  test("of a use case: those of the stores that it writes", async () => {
    expect(await outdatedBy((q) => q.profiles.save(), [{}, { email: "a@example.com" }])).toEqual([
      "workspace",
      "recent",
    ]);
    const agent = [{ agentProfileId: "main" }, { bio: "Twenty years." }];
    expect(await outdatedBy((q) => q.profiles.save(), agent)).toEqual([
      "workspace",
      "recent",
      "dashboard",
      "audit",
    ]);
  });

  test("that is refused before it is sent: none", async () => {
    const wrong = outdatedBy((q) => q.project.update(), [{ projectId: "p1" }, { name: 7 }]);
    await expect(wrong).rejects.toThrow("name");
    expect(
      client
        .getQueryCache()
        .findAll()
        .filter(({ state }) => state.isInvalidated),
    ).toEqual([]);
  });
});
