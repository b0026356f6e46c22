/** Queries and mutations in a page, over a real handler on a real engine. */
import { serveTable } from "../browser/serving.js";
import { engines } from "../engines.js";
import { openPage, reacts } from "./page.js";

describe.each(reacts)("React $version", ({ version }) => {
  const page = openPage(version);

  test("is of this version", () => {
    expect(page.React.version.split(".")[0]).toBe(version);
  });

  describe.each(engines)("queries on $name", ({ engine }) => {
    const served = serveTable(engine);

    test("a component shows what a query reads", async () => {
      const { React, rtl, query, door } = page;
      const scope = served.table.data.forUser("me");
      await scope.savedContent.put({
        contentId: "c1",
        data: { type: "Blog Post", content: "# Spring", title: "Spring" },
      });
      const q = door.createQueries(served.client());
      const client = new query.QueryClient();
      function Title() {
        const { data } = query.useQuery(q.savedContent.get({ contentId: "c1" }));
        return React.createElement("h1", null, data?.data.title ?? "none");
      }
      rtl.render(
        React.createElement(query.QueryClientProvider, { client }, React.createElement(Title)),
      );
      expect((await rtl.screen.findByText("Spring")).tagName).toBe("H1");
      client.clear();
    });
  });
});
