/** What pages do in the hands of users: nothing twice, nothing lost, and nothing of anybody else's. */
import { operationsIn, partitionsIn } from "../scripts/dev/browser/wire.js";
import { useWorld } from "./harness.js";
import {
  callsOf,
  complaintsOf,
  contentOf,
  eventually,
  rowOf,
  statesShown,
  statusOf,
  visit,
} from "./page.js";

const world = useWorld();
const { draft, settled, stored, updates } = contentOf(world);

describe("another user who signs in on the same page", () => {
  async function commentsOn(agentId: string): Promise<string[]> {
    const { items } = await world().app.data.review.query({ agentId });
    return items.map(({ data: { comment } }) => comment ?? "none");
  }

  test("sees nothing of the one before", async () => {
    const page = await world().signedIn("maya");
    await visit(page, "/reviews");
    const before = String(await page.getByRole("main").textContent());
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("/sign-in");
    await page.evaluate(() => {
      const seen: string[] = [];
      Object.assign(window, { seen });
      new MutationObserver(() =>
        seen.push(document.querySelector("main")?.textContent ?? ""),
      ).observe(document.body, {
        childList: true,
        subtree: true,
      });
    });
    await page.getByRole("button", { name: "José Ramírez" }).click();
    await page.getByRole("heading", { name: "José Ramírez" }).waitFor();
    await page.getByRole("link", { name: "Reviews" }).click();
    await page.getByRole("heading", { name: "Reviews" }).waitFor();
    const [ofMaya, ofJose] = await Promise.all([commentsOn("maya"), commentsOn("jose")]);
    // The made-up clients of both say some things in the same words.
    const ofMayaAlone = ofMaya.filter((comment) => !ofJose.includes(comment));
    const seen = () => page.evaluate<string[]>("seen");
    const isOfMaya = (text: string) => ofMayaAlone.some((comment) => text.includes(comment));
    expect(isOfMaya(before)).toBe(true);
    expect(ofJose).not.toEqual([]);
    await eventually(async () => {
      const last = (await seen()).at(-1);
      return ofJose.every((comment) => last?.includes(comment));
    }, true);
    expect((await seen()).filter(isOfMaya)).toEqual([]);
  });
});

describe("a server action", () => {
  test("adds a project once, which another tab hears of", async () => {
    const one = await world().signedIn("maya");
    const two = await one.context().newPage();
    await visit(one, "/projects");
    await visit(two, "/projects");
    await one.getByLabel("Name of the new project").fill("Added by an action");
    await one.getByRole("button", { name: "Add" }).click();
    for (const tab of [one, two]) {
      await tab.getByRole("heading", { name: "Added by an action" }).waitFor();
    }
    const { items } = await world().app.data.project.query({ userId: "maya" });
    expect(items.filter(({ data }) => data.name === "Added by an action")).toHaveLength(1);
  });
});

describe("a toggle", () => {
  test("that is pressed five times shows five states, none of them twice, and ends right", async () => {
    const contentId = await draft("Toggled");
    const page = await world().signedIn("maya");
    await visit(page, "/content");
    // Slow, so that all presses are on the way together.
    await page.route("**/api/data*", async (route) => {
      await new Promise((done) => setTimeout(done, 150));
      await route.continue();
    });
    const shown = await statesShown(page, "Toggled");
    const button = rowOf(page, "Toggled").getByRole("button", { name: /ublish/ });
    for (let press = 0; press < 5; press += 1) await button.click();

    await eventually(() => updates(contentId).length, 5);
    await eventually(async () => (await stored(contentId))?.status, "published");
    await settled(page);
    expect(await shown()).toEqual(["published", "draft", "published", "draft", "published"]);
  });
});

describe("two tabs", () => {
  test("one sees what the other writes", async () => {
    const contentId = await draft("Seen by both");
    const one = await world().signedIn("maya");
    const two = await one.context().newPage();
    await visit(one, "/content");
    await visit(two, "/content");
    expect(await statusOf(two, "Seen by both").textContent()).toBe("draft");
    await one.getByRole("button", { name: "Publish Seen by both" }).click();
    await eventually(async () => (await stored(contentId))?.status, "published");
    await eventually(() => statusOf(two, "Seen by both").textContent(), "published");
  });

  test("that change the same see both sides, and nothing is overwritten unasked", async () => {
    const contentId = await draft("Disputed");
    const text = async () => (await stored(contentId))?.content;
    const one = await world().signedIn("maya");
    const two = await one.context().newPage();
    for (const tab of [one, two]) await visit(tab, `/content/${contentId}`);
    await one.getByLabel("Text").fill("What one wrote.");
    await two.getByLabel("Text").fill("What two wrote.");
    await one.getByRole("button", { name: "Save" }).click();
    await eventually(text, "What one wrote.");

    await two.getByRole("button", { name: "Save" }).click();
    const conflict = two.getByRole("alert").filter({ hasText: "Somebody has changed" });
    await conflict.waitFor();
    expect(await conflict.textContent()).toContain("What one wrote.");
    expect(await two.getByLabel("Text").inputValue()).toBe("What two wrote.");
    expect(await text()).toBe("What one wrote.");
    await two.getByRole("button", { name: "Keep mine" }).click();
    await eventually(text, "What two wrote.");
    await conflict.waitFor({ state: "detached" });
  });
});

describe("paging", () => {
  test("shows each item once while items come and go", async () => {
    const all: string[] = [];
    for (let place = 0; place < 20; place += 1) all.push(await draft(`Paged ${place}.`));
    const page = await world().signedIn("maya");
    await visit(page, "/content");
    const links = page.locator(".row a");
    await eventually(() => links.count(), 8);
    await page.getByRole("button", { name: "Load more" }).click();
    await eventually(() => links.count(), 16);
    const { savedContent } = world().app.data;
    await savedContent.delete({ userId: "maya", contentId: String(all[15]) });
    await draft("Come between");
    await eventually(() => rowOf(page, "Come between").count(), 1);
    await page.getByRole("button", { name: "Load more" }).click();
    await eventually(() => links.count(), 24);
    const shown = await links.allTextContents();
    const newest = await savedContent.query(
      { userId: "maya" },
      { by: "createdAt", order: "desc", limit: 24 },
    );
    expect(shown).toEqual(newest.items.map(({ data }) => data.name));
  });
});

describe("another user's id", () => {
  test("reaches nothing, wherever a page puts it", async () => {
    const { signedIn, app } = world();
    const { contentId } = await app.data.savedContent.create({
      userId: "jose",
      data: { type: "Note", name: "Of José", content: "secret of José" },
    });
    const page = await signedIn("maya");
    await visit(page, "/content");
    app.wire.clear();
    const inputs = [
      ["savedContent", "get", [{ contentId, userId: "jose" }]],
      ["savedContent", "get", [{ contentId }]],
      ["savedContent", "query", [{ userId: "jose" }, { limit: 5 }]],
      ["savedContent", "query", [{}, { limit: 5, cursor: "USER#jose" }]],
      ["savedContent", "delete", [{ contentId, userId: "jose" }]],
      ["savedContent", "update", [{ contentId, userId: "jose" }, { name: "Mine" }]],
      ["savedContent", "create", [{ userId: "jose", data: { type: "Note", content: "x" } }]],
      ["dashboard", "dashboard", [{ userId: "jose", agentId: "jose" }]],
      ["oauthToken", "get", [{ userId: "jose" }]],
    ] as const;
    const texts = await page.evaluate(async (calls) => {
      const answers: string[] = [];
      for (const [store, call, input] of calls) {
        const body = { v: 1, calls: [{ store, call, input, id: crypto.randomUUID() }] };
        for (const forged of [
          [],
          [
            ["x-user-id", "jose"],
            ["authorization", "jose"],
          ],
        ]) {
          const answer = await fetch("/api/data?userId=jose", {
            method: "POST",
            headers: [["content-type", "application/json"], ...(forged as [string, string][])],
            body: JSON.stringify(body),
          });
          answers.push(await answer.text());
        }
      }
      return answers;
    }, inputs);
    expect(texts).toHaveLength(18);
    expect(texts.join("\n")).not.toContain("secret of José");
    await page.goto(`/content/${contentId}`);
    expect(await page.getByRole("main").textContent()).toContain("no such content");
    expect(partitionsIn(app.wire).filter((partition) => partition.includes("jose"))).toEqual([]);
    expect(await app.data.savedContent.get({ userId: "jose", contentId })).toMatchObject({
      data: { name: "Of José" },
    });
  });
});

describe("hydration", () => {
  // The server tells what has changed since a page was rendered if it has listened for ten seconds before.
  beforeAll(async () => {
    const leftMs = world().listensSince + 10_500 - Date.now();
    if (leftMs > 0) await new Promise((done) => setTimeout(done, leftMs));
  });

  async function comment(agentId: string): Promise<void> {
    const { review } = world().app.data;
    const [first] = (await review.query({ agentId }, { limit: 1 })).items;
    await review.update({ agentId, reviewId: String(first?.reviewId) }, { comment: "Come since" });
  }
  const create = async (userId: string) => {
    const data = { type: "Note", name: "Come since", content: "" };
    await world().app.data.savedContent.create({ userId, data });
  };

  // What has changed within ten seconds before is told, too: so each row changes what those below do not show.
  test.each([
    ["/", "maya", 3, comment],
    ["/reviews", "jose", 2, comment],
    ["/projects", "jose", 1, create],
    ["/content", "jose", 1, create],
  ] as const)(
    "shows %s as it was rendered for %s, with %d queries on the server and no request of the page until something changes",
    async (path, user, queries, change) => {
      const { signedIn, app } = world();
      const page = await signedIn(user);
      await page.goto("/sign-in");
      const [calls, complaints] = [callsOf(page), complaintsOf(page)];
      app.wire.clear();
      await visit(page, path);
      const asked = operationsIn(app.wire).filter((name) => name === "Query").length;
      const shown = page.getByText("Come since");
      const before = await shown.count();
      await change(user);
      await eventually(async () => (await shown.count()) > before, true);
      expect(asked).toBe(queries);
      expect(calls).toHaveLength(1);
      expect(complaints).toEqual([]);
    },
  );
});
