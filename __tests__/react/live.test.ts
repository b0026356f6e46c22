/** Queries that are kept up to date: by the changes that a handler tells, or else by polling. */
import type { DehydratedState, QueryClient } from "@tanstack/react-query";
import { createDataLayer } from "../../src/index.js";
import { createChangeHub } from "../../src/server/index.js";
import { serveTable } from "../browser/serving.js";
import { engines } from "../engines.js";
import { cursorSecret, handlerOf } from "../server/serving.js";
import { mount, openPage, reacts } from "./page.js";

const { engine } = engines[0] as (typeof engines)[number];

describe.each(reacts)("React $version", ({ version }) => {
  const page = openPage(version);
  let client: QueryClient;
  beforeEach(() => {
    client = new page.query.QueryClient();
  });
  afterEach(async () => {
    page.rtl.cleanup();
    client.clear();
  });

  /** A page of a query, and of the pages of a list. */
  function open(api: object, pollMs?: number) {
    const { React, door } = page;
    const q = door.createQueries(api) as ReturnType<typeof queriesOf>;
    function Projects() {
      const { data: item } = door.useLive(q.project.get({ projectId: "p1" }), { pollMs });
      const { data: list } = door.useLive(q.project.list({ limit: 5 }), { pollMs });
      const names = list?.pages.flatMap(({ items }) => items.map((one) => one.data.name)) ?? ["?"];
      return React.createElement("p", null, `${item?.data.name ?? "none"}: ${names.join(", ")}`);
    }
    mount(page, client, React.createElement(Projects));
  }
  const queriesOf = (served: ReturnType<typeof serveTable>) =>
    page.door.createQueries(served.client());

  const calls: string[] = [];
  const noting: typeof fetch = (input, init) => {
    const q = new URL(String(input)).searchParams.get("q");
    if (q !== null) calls.push(...JSON.parse(q).calls.map((one: { call: string }) => one.call));
    return fetch(input, init);
  };

  describe("where the handler tells changes", () => {
    const hub = createChangeHub();
    const served = serveTable(engine, { live: hub });
    afterAll(() => hub.close());

    test("what somebody else writes is shown, without polling, and only what it touches is read", async () => {
      const scope = served.table.data.forUser("live");
      const first = await scope.project.put({ projectId: "p1", data: { name: "one" } });
      calls.splice(0);
      const headers = { "x-test-user": "live" };
      open(page.browser.createDataClient({ url: served.url, headers, fetch: noting }));
      await page.rtl.screen.findByText("one: one");
      await page.rtl.waitFor(() => expect(client.isFetching()).toBe(0));
      let published = 0;
      const told = (projectId: string, updatedAt: number) => {
        published += 1;
        hub.publish({
          kind: "updated",
          entity: "project",
          id: `${published}`,
          key: { userId: "live", projectId },
          updatedAt,
        });
      };
      const second = await scope.project.put({ projectId: "p2", data: { name: "two" } });
      await page.rtl.waitFor(() => {
        told("p2", second.updatedAt);
        expect(document.body.textContent).toBe("one: one, two");
      });
      await page.rtl.waitFor(() => expect(client.isFetching()).toBe(0));
      calls.splice(0);
      // What is shown already is not read again.
      told("p1", first.updatedAt);
      const third = await scope.project.put({ projectId: "p2", data: { name: "three" } });
      told("p2", third.updatedAt);
      await page.rtl.screen.findByText("one: one, three");
      expect(calls).toEqual(["query"]);
    });
  });

  describe("a page that was rendered on the server", () => {
    // The hub has listened for a minute: what has changed since the page was rendered is known.
    let ago = 60_000;
    const hub = createChangeHub();
    handlerOf(
      createDataLayer({
        environment: "local",
        cursorSecret,
        clock: { now: () => Date.now() - ago },
      }),
      { live: hub },
    );
    ago = 0;
    const served = serveTable(engine, { live: hub });
    afterAll(() => hub.close());

    /** Renders it on the server, and opens it in a browser after what happens in between. */
    async function render(user: string, between: () => Promise<void>) {
      const server = new page.query.QueryClient({ defaultOptions: page.door.hydrationDefaults });
      const own = page.door.createQueries(served.table.data.forUser(user));
      await server.prefetchQuery(own.project.get({ projectId: "p1" }));
      await server.prefetchInfiniteQuery(own.project.list({ limit: 5 }));
      const state = JSON.parse(JSON.stringify(page.query.dehydrate(server))) as DehydratedState;
      await between();
      client = new page.query.QueryClient({ defaultOptions: page.door.hydrationDefaults });
      page.query.hydrate(client, state);
      calls.splice(0);
      const headers = { "x-test-user": user };
      const api = page.browser.createDataClient({ url: served.url, headers, fetch: noting });
      open(api);
      expect(document.body.textContent).toBe("one: one");
      return api;
    }
    const write = async (user: string, name: string) => {
      const { project } = served.table.data.forUser(user);
      const { updatedAt } = await project.put({ projectId: "p1", data: { name } });
      const key = { userId: user, projectId: "p1" };
      hub.publish({ kind: "updated", entity: "project", id: `${user} ${name}`, key, updatedAt });
    };
    test("is not read again when it begins to listen", async () => {
      await write("unchanged", "one");
      const api = await render("unchanged", async () => undefined);
      const states: string[] = [];
      const stop = page.browser.live(api, () => undefined, { onState: (now) => states.push(now) });
      await page.rtl.waitFor(() => expect(states).toEqual(["open"]));
      stop();
      await write("unchanged", "two");
      await page.rtl.screen.findByText("two: two");
      expect(calls.sort()).toEqual(["get", "query"]);
    });

    test("shows what has changed before it listened", async () => {
      await write("changed", "one");
      await render("changed", () => write("changed", "two"));
      await page.rtl.screen.findByText("two: two");
      expect(calls.sort()).toEqual(["get", "query"]);
    });
  });

  describe("where it tells none", () => {
    const served = serveTable(engine);

    test("the query is polled, and no longer than a component shows it", async () => {
      const scope = served.table.data.forUser("polled");
      await scope.project.put({ projectId: "p1", data: { name: "one" } });
      open(served.client({ user: "polled" }), 50);
      await page.rtl.screen.findByText("one: one");
      await scope.project.put({ projectId: "p1", data: { name: "new" } });
      await page.rtl.screen.findByText("new: new");
      page.rtl.cleanup();
      await page.rtl.waitFor(() => expect(client.isFetching()).toBe(0));
      expect(client.getQueryCache().findAll({ type: "active" })).toEqual([]);
    });

    test("so is one of calls that an application has put together itself", async () => {
      const scope = served.table.data.forUser("own");
      await scope.project.put({ projectId: "p1", data: { name: "one" } });
      open({ project: scope.project }, 50);
      await page.rtl.screen.findByText("one: one");
      await scope.project.put({ projectId: "p1", data: { name: "new" } });
      await page.rtl.screen.findByText("new: new");
    });
  });
});
