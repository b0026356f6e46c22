/** The hooks of the earlier data layer at the call sites of an application, over the handler. */
import type { QueryClient } from "@tanstack/react-query";
import type { ComponentType } from "react";
import { serveTable } from "../browser/serving.js";
import { engines } from "../engines.js";
import { mount, openPage, reacts } from "./page.js";

type Sites = typeof import("./legacy-call-sites.js");
type Door = typeof import("../../src/react/legacy/index.js");

describe.each(reacts)("React $version", ({ version }) => {
  const page = openPage(version);

  describe.each(engines)("the hooks by raw keys on $name", ({ engine }) => {
    const served = serveTable(engine, { maxLimit: 50 });
    let client: QueryClient;
    let user = "";
    let number = 0;
    let sites: Sites;
    beforeEach(() => {
      number += 1;
      user = `legacy-${number}`;
      client = new page.query.QueryClient();
      sites = require("./legacy-call-sites.js");
      served.seen();
    });
    afterEach(() => {
      page.rtl.cleanup();
      client.clear();
    });
    const scope = () => served.table.data.forUser(user);
    const element = <P extends object>(type: ComponentType<P>, props: P) => {
      const { LegacyDataProvider }: Door = require("../../src/react/legacy/index.js");
      return page.React.createElement(
        LegacyDataProvider,
        { api: served.client({ user }), userId: user },
        page.React.createElement(type, props),
      );
    };
    const shows = (text: string) => page.rtl.screen.findByText(text);
    const idle = () => page.rtl.waitFor(() => expect(client.isFetching()).toBe(0));

    test("an item waits for its key, is polled, and has the id of its key", async () => {
      await scope().realEstateAgentProfile.put({ agentProfileId: "main", data: { name: "Ana" } });
      const { rerender } = mount(page, client, element(sites.Profile, { userId: null }));
      await shows("no profile");
      expect(served.seen()).toEqual([]);
      rerender(
        page.React.createElement(
          page.query.QueryClientProvider,
          { client },
          element(sites.Profile, { userId: user }),
        ),
      );
      await shows("main: Ana");
      await scope().realEstateAgentProfile.update({ agentProfileId: "main" }, { name: "Bea" });
      await shows("main: Bea");
    });

    test("a list is filtered, in the order of keys, by pages, and without a loop of requests", async () => {
      for (const [id, status] of Object.entries({
        a: "draft",
        b: "live",
        c: "draft",
        d: "draft",
      })) {
        const data = { type: "Post", content: "…", title: `T${id}`, status };
        await scope().savedContent.put({ contentId: id, data });
      }
      mount(page, client, element(sites.Drafts, { userId: user }));
      const list = await shows("d=Td c=Tc …");
      await idle();
      expect(served.seen().length).toBeLessThanOrEqual(2);
      page.rtl.fireEvent.click(list);
      await shows("d=Td c=Tc a=Ta");
      await idle();
      page.rtl.cleanup();
      client.clear();
      mount(page, client, element(sites.Drafts, { userId: user, all: true }));
      await shows("d=Td c=Tc a=Ta");
    });

    test("a list waits for its partition, and one of everything is in the order of keys", async () => {
      const first = mount(page, client, element(sites.Drafts, { userId: undefined }));
      await shows("nothing");
      expect(served.seen()).toEqual([]);
      first.unmount();
      await scope().project.put({ projectId: "p1", data: { name: "one" } });
      await scope().competitor.put({ competitorId: "c1", data: { name: "x" } });
      await scope().userProfile.put({ data: { email: "ana@example.com" } });
      mount(page, client, element(sites.Everything, { pk: `USER#${user}` }));
      const all = await shows("c1 PROFILE p1 / not asked");
      page.rtl.fireEvent.click(all);
      await shows("c1 PROFILE p1 / ana@example.com");
      page.rtl.cleanup();
      mount(page, client, element(sites.Everything, { pk: `USER#${user}`, prefix: "P" }));
      await shows("PROFILE p1 / ana@example.com");
    });

    test("another user's partition is refused before anything is sent, and named nowhere", async () => {
      await served.table.data
        .forUser("other")
        .project.put({ projectId: "p1", data: { name: "x" } });
      for (const pk of ["USER#other", "REVIEW#other", "OAUTH#other", `USER#${user}#`, "NOBODY"]) {
        mount(page, client, element(sites.Everything, { pk }));
        await shows("error: useQuery: pk is no partition of the user who is signed in");
        page.rtl.cleanup();
      }
      expect(served.seen()).toEqual([]);
    });
  });
});
