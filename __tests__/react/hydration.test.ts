/** From the server's cache to the browser's: same keys, no second request, no loss, no secret. */
import type { DehydratedState, QueryClient } from "@tanstack/react-query";
import { ExactNumber } from "../../src/index.js";
import { serveTable } from "../browser/serving.js";
import { engines } from "../engines.js";
import { openPage, reacts } from "./page.js";

describe.each(reacts)("React $version", ({ version }) => {
  const page = openPage(version);

  describe.each(engines)("a page that was rendered on the server, on $name", ({ engine }) => {
    const served = serveTable(engine);
    const scope = () => served.table.data.forUser("me");
    const clients: QueryClient[] = [];
    const newClient = () => {
      const client = new page.query.QueryClient({ defaultOptions: page.door.hydrationDefaults });
      clients.push(client);
      return client;
    };
    afterEach(() => {
      for (const client of clients.splice(0)) client.clear();
    });

    /** What the server sends, as text. */
    const sent = (client: QueryClient) => JSON.stringify(page.query.dehydrate(client));

    test("is rendered by Suspense, is the same in the browser, and reads nothing again", async () => {
      for (let n = 0; n < 5; n += 1) {
        await scope().project.put({ projectId: `p${n}`, data: { name: `Name ${n}` } });
      }
      const { React, query, server, rtl } = page;
      const onServer = newClient();
      const own = page.door.createQueries(scope());
      await onServer.prefetchQuery(own.project.get({ projectId: "p0" }));
      await onServer.prefetchInfiniteQuery(own.project.list({ limit: 2 }));
      await onServer.prefetchQuery(own.dashboard());
      const state = JSON.parse(sent(onServer)) as DehydratedState;

      const q = page.door.createQueries(served.client());
      function Projects() {
        const { data: item } = query.useSuspenseQuery(q.project.get({ projectId: "p0" }));
        const { data, fetchNextPage } = query.useSuspenseInfiniteQuery(
          q.project.list({ limit: 2 }),
        );
        const { data: dashboard } = query.useSuspenseQuery(q.dashboard());
        const names = data.pages.flatMap(({ items }) => items.map((one) => one.data.name));
        return React.createElement(
          "button",
          { onClick: () => void fetchNextPage() },
          `${item?.data.name}: ${names.join(", ")} (${dashboard.competitors.length})`,
        );
      }
      const tree = (client: QueryClient) =>
        React.createElement(
          React.StrictMode,
          null,
          React.createElement(
            query.QueryClientProvider,
            { client },
            React.createElement(
              query.HydrationBoundary,
              { state },
              React.createElement(
                React.Suspense,
                { fallback: "loading" },
                React.createElement(Projects),
              ),
            ),
          ),
        );
      const html = server.renderToString(tree(newClient()));
      expect(html).toContain("Name 0: Name 0, Name 1 (0)");
      const container = document.createElement("div");
      container.innerHTML = html;
      document.body.append(container);
      served.seen();
      const problems: unknown[] = [];
      const root = await rtl.act(async () =>
        page.hydrateRoot(container, tree(newClient()), {
          onRecoverableError: (error) => problems.push(error),
        }),
      );
      expect(problems).toEqual([]);
      expect(served.seen()).toEqual([]);
      rtl.fireEvent.click(rtl.within(container).getByRole("button"));
      // The cursor of the server's page is one of the handler's.
      await rtl.within(container).findByText("Name 0: Name 0, Name 1, Name 2, Name 3 (0)");
      expect(served.seen().flatMap(({ calls }) => calls.map(({ call }) => call))).toEqual([
        "query",
      ]);
      await rtl.act(async () => root.unmount());
      container.remove();
    });

    test("what JSON has no word for arrives without loss, and data of other queries as it is", async () => {
      const data = {
        name: "x",
        bytes: Uint8Array.from([0, 127, 255]),
        texts: new Set(["a", "b"]),
        big: 2n ** 70n,
        exact: ExactNumber.from("12345678901234567890.5"),
        nothing: null,
        $: "set",
      };
      await scope().project.put({ projectId: "values", data } as never);
      const onServer = newClient();
      const options = page.door.createQueries(scope()).project.getOrThrow({ projectId: "values" });
      const item = await onServer.fetchQuery(options);
      onServer.setQueryData(["own"], { when: new Map([[1, 2]]) });
      const inBrowser = newClient();
      const state = page.query.dehydrate(onServer);
      expect(state.queries.map(({ state: { data } }) => Object.keys(data as object))).toEqual([
        ["encoded", "at"],
        ["plain"],
      ]);
      const [own] = state.queries.splice(1);
      page.query.hydrate(inBrowser, JSON.parse(JSON.stringify(state)) as DehydratedState);
      const { exact: _, ...rest } = item.data as unknown as typeof data;
      const arrived = inBrowser.getQueryData(options.queryKey)?.data as unknown as typeof data;
      const { exact, ...others } = arrived;
      expect(others).toEqual(rest);
      expect(String(exact)).toBe("12345678901234567890.5");
      page.query.hydrate(inBrowser, { queries: own === undefined ? [] : [own] });
      expect(inBrowser.getQueryData(["own"])).toEqual({ when: new Map([[1, 2]]) });
    });

    test("holds no secret, whatever was read on the server", async () => {
      await scope().oauth.store("google", {
        accessToken: "access-secret",
        refreshToken: "refresh-secret",
        expiryDate: Date.now() + 3_600_000,
      });
      const all = await scope().oauthToken.query({});
      expect(JSON.stringify(all)).toContain("refresh-secret");
      const own = page.door.createQueries(scope());
      const client = newClient();
      const [token] = all.items;
      const key = token === undefined || !("provider" in token) ? {} : { provider: token.provider };
      await client.fetchQuery(own.oauthToken.query());
      await client.fetchQuery(own.oauthToken.get(key as never));
      await client.fetchQuery(own.oauthToken.batchGet([key as never]));
      await client.fetchInfiniteQuery(own.oauthToken.list({ limit: 1 }));
      await client.fetchQuery(own.collections.workspace());
      const text = sent(client);
      expect(text).toContain("expiryDate");
      expect(text).not.toMatch(/access-secret|refresh-secret/);
      // Of parts of a scope, too, under whatever name.
      const { oauthToken, collections } = scope();
      const parts = page.door.createQueries({ oauthToken, collections, project: oauthToken });
      const other = newClient();
      await other.fetchQuery(parts.oauthToken.query());
      await other.fetchQuery(parts.project.query());
      await other.fetchQuery(parts.collections.workspace());
      expect(sent(other).match(/expiryDate/g)).toHaveLength(2);
      expect(sent(other)).not.toMatch(/access-secret|refresh-secret/);
    });
  });
});
