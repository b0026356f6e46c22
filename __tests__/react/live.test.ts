/** Queries that are kept up to date: by the changes that a handler tells, or else by polling. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { DehydratedState, QueryClient } from "@tanstack/react-query";
import { createDataLayer } from "../../src/index.js";
import { createChangeHub, toNodeListener } from "../../src/server/index.js";
import { watch } from "../../src/streams/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { cuttingProxy } from "../browser/cutting-proxy.js";
import { serveTable } from "../browser/serving.js";
import { engines } from "../engines.js";
import { cursorSecret, handlerOf } from "../server/serving.js";
import { describeStreams } from "../streams/stream.js";
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
    async function render(
      user: string,
      between: () => Promise<void>,
      before: (api: object) => void = () => undefined,
    ) {
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
      before(api);
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

    test("is read again where the connection was opened for something else", async () => {
      await write("opened", "one");
      let stop: () => void = () => undefined;
      await render(
        "opened",
        () => write("opened", "two"),
        (api) => {
          stop = page.browser.live(api, () => undefined);
        },
      );
      await page.rtl.screen.findByText("two: two");
      stop();
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

describeStreams("the stream of a table on $name", ({ engine: name }) => {
  const page = openPage("19");

  test("reaches a page through the hub, the handler and a connection that is cut", async () => {
    const stop = new AbortController();
    await using data = await createTestDataLayer({ engine: name, stream: true, cursorSecret });
    const hub = createChangeHub();
    const handler = handlerOf(data, { live: hub });
    const server = createServer(toNodeListener(handler));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    // The first connection ends in the middle of a change, the others are left alone.
    let connections = 0;
    const proxy = await cuttingProxy([port], () => {
      connections += 1;
      return connections === 1 ? 1_000 : Number.POSITIVE_INFINITY;
    });
    let onStart: () => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      onStart = resolve;
    });
    const publishing = (async () => {
      const changes = watch(data, { signal: stop.signal, onStart: () => onStart() });
      for await (const change of changes) hub.publish(change);
    })();
    const ended = expect(publishing).rejects.toMatchObject({ name: "AbortedError" });
    const client = new page.query.QueryClient();
    try {
      await started;
      const scope = data.forUser("me");
      await scope.project.put({ projectId: "p1", data: { name: "first" } });
      // The changes alone come through the proxy.
      const api = page.browser.createDataClient({
        url: `http://127.0.0.1:${port}/api/data`,
        headers: { "x-test-user": "me" },
        fetch: (input, init) => {
          const isLive = String(input).includes("live");
          return fetch(isLive ? `${proxy.url}${new URL(String(input)).search}` : input, init);
        },
      });
      const q = page.door.createQueries(api as ReturnType<ReturnType<typeof serveTable>["client"]>);
      const { React } = page;
      function Name() {
        const { data: item } = page.door.useLive(q.project.get({ projectId: "p1" }), {
          pollMs: 1e9,
        });
        return React.createElement("p", null, item?.data.name ?? "none");
      }
      mount(page, client, React.createElement(Name));
      await page.rtl.screen.findByText("first");
      await page.rtl.waitFor(() => expect(connections).toBe(1));
      let writes = 0;
      while (proxy.cuts === 0 || writes < 8) {
        writes += 1;
        await scope.project.update({ projectId: "p1" }, { name: `write ${writes}` });
        await page.rtl.screen.findByText(`write ${writes}`);
      }
      expect([proxy.cuts, connections]).toEqual([1, 2]);
    } finally {
      page.rtl.cleanup();
      client.clear();
      stop.abort();
      await ended;
      hub.close();
      await proxy.close();
      server.closeAllConnections();
      server.close();
    }
  });
});
