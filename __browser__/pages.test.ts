/** What pages do in the hands of users: nothing twice, nothing lost, and nothing of anybody else's. */
import type { Page, Request } from "playwright-core";
import { partitionsIn } from "../scripts/dev/browser/wire.js";
import { useWorld } from "./harness.js";

const world = useWorld();

const isCall = (url: string): boolean => /\/api\/data(?:\?(?!live)|$)/.test(url);

/** The calls that a page sends from here on. */
function callsOf(page: Page): Request[] {
  const calls: Request[] = [];
  page.on("request", (request) => {
    if (isCall(request.url())) calls.push(request);
  });
  return calls;
}

/** What a page complains about from here on, hydration that does not match among it. */
function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    const isMissing = message.location().url.endsWith("/favicon.ico");
    if (message.type() === "error" && !isMissing) complaints.push(message.text());
  });
  return complaints;
}

/** The item's updates that reached the engine. */
const updatesOf = (contentId: string) =>
  world()
    .app.wire.requests.filter(({ operation }) => operation === "UpdateItem")
    .filter(({ input }) => JSON.stringify(input).includes(`CONTENT#${contentId}`));

/** Waits until something is so; fails with what it is instead. */
async function eventually(look: () => unknown, expected: unknown): Promise<void> {
  const endsAt = Date.now() + 15_000;
  while ((await look()) !== expected && Date.now() < endsAt) {
    await new Promise((done) => setTimeout(done, 50));
  }
  expect(await look()).toBe(expected);
}

async function draft(name: string): Promise<string> {
  const { contentId } = await world().app.data.savedContent.create({
    userId: "maya",
    data: { type: "Note", name, content: "As it was.", status: "draft" },
  });
  return contentId;
}

const rowOf = (page: Page, name: string) => page.locator(".row", { hasText: name });
const statusOf = (page: Page, name: string) => rowOf(page, name).locator(".chip");

async function statusStored(contentId: string): Promise<unknown> {
  const { data } = world().app;
  return (await data.savedContent.get({ userId: "maya", contentId }))?.data.status;
}

/** Opens a page and waits until React has taken it over: its buttons work then. */
async function visit(page: Page, path: string): Promise<void> {
  const opened = page.waitForRequest(/\?live/);
  await page.goto(path);
  await opened;
}

describe("hydration", () => {
  test.each([
    ["/", 3],
    ["/projects", 1],
    ["/content", 1],
    ["/reviews", 2],
  ])(
    "shows %s as it was rendered, with %d queries on the server and no request of the page",
    async (path, queries) => {
      const { signedIn, app } = world();
      const page = await signedIn("maya");
      const [calls, complaints] = [callsOf(page), complaintsOf(page)];
      await visit(page, "/sign-in");
      app.wire.clear();
      await visit(page, path);
      await page.waitForLoadState("load");
      const asked = app.wire.requests.filter(({ operation }) => operation === "Query").length;
      await page.evaluate(() => new Promise((done) => setTimeout(done, 500)));
      expect(asked).toBe(queries);
      expect(calls.map((call) => call.url())).toEqual([]);
      expect(complaints).toEqual([]);
    },
  );
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
    await page.evaluate(() => {
      const row = [...document.querySelectorAll(".row")].find((one) =>
        one.textContent?.includes("Toggled"),
      );
      const chip = row?.querySelector(".chip");
      const seen: string[] = [];
      Object.assign(window, { seen });
      if (chip == null) throw new Error("there is no such row");
      const note = () => seen.push(chip.textContent ?? "");
      new MutationObserver(note).observe(chip, {
        childList: true,
        characterData: true,
        subtree: true,
      });
    });
    const button = rowOf(page, "Toggled").getByRole("button", { name: /ublish/ });
    for (let press = 0; press < 5; press += 1) await button.click();

    await eventually(() => updatesOf(contentId).length, 5);
    await eventually(() => statusStored(contentId), "published");
    await eventually(() => statusOf(page, "Toggled").textContent(), "published");
    await page.waitForTimeout(500);
    expect(await page.evaluate("seen")).toEqual([
      "published",
      "draft",
      "published",
      "draft",
      "published",
    ]);
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
    await eventually(() => statusStored(contentId), "published");
    await eventually(() => statusOf(two, "Seen by both").textContent(), "published");
  });

  test("that change the same see both sides, and nothing is overwritten unasked", async () => {
    const contentId = await draft("Disputed");
    const stored = async () =>
      (await world().app.data.savedContent.get({ userId: "maya", contentId }))?.data.content;
    const one = await world().signedIn("maya");
    const two = await one.context().newPage();
    for (const tab of [one, two]) await visit(tab, `/content/${contentId}`);
    await one.getByLabel("Text").fill("What one wrote.");
    await two.getByLabel("Text").fill("What two wrote.");
    await one.getByRole("button", { name: "Save" }).click();
    await eventually(stored, "What one wrote.");

    await two.getByRole("button", { name: "Save" }).click();
    const conflict = two.getByRole("alert").filter({ hasText: "Somebody has changed" });
    await conflict.waitFor();
    expect(await conflict.textContent()).toMatch(/What two wrote\..*What one wrote\./);
    expect(await stored()).toBe("What one wrote.");
    await two.getByRole("button", { name: "Keep mine" }).click();
    await eventually(stored, "What two wrote.");
    await conflict.waitFor({ state: "detached" });
  });
});

describe("a network that fails", () => {
  test("offline, changes wait and are shown; back, each is sent once, in order", async () => {
    const names = ["First waiting", "Second waiting", "Third waiting"];
    const ids: string[] = [];
    for (const name of names) ids.push(await draft(name));
    const page = await world().signedIn("maya");
    await visit(page, "/content");
    world().app.wire.clear();
    await page.context().setOffline(true);
    for (const name of names) await page.getByRole("button", { name: `Publish ${name}` }).click();
    for (const name of names) {
      await eventually(() => statusOf(page, name).textContent(), "published");
    }
    expect(await page.getByRole("status").textContent()).toContain("3 changes");
    expect(ids.flatMap(updatesOf)).toEqual([]);

    await page.context().setOffline(false);
    for (const id of ids) await eventually(() => statusStored(id), "published");
    const order = world()
      .app.wire.requests.filter(({ operation }) => operation === "UpdateItem")
      .flatMap(({ input }) => ids.filter((id) => JSON.stringify(input).includes(`CONTENT#${id}`)));
    expect(order).toEqual(ids);
    await page.locator(".banner").waitFor({ state: "detached" });
  });

  test("a change whose response is lost is carried out once", async () => {
    const contentId = await draft("Lost once");
    const page = await world().signedIn("maya");
    await visit(page, "/content");
    world().app.wire.clear();
    let lost = 0;
    await page.route("**/api/data", async (route) => {
      if (route.request().method() !== "POST" || lost > 0) return route.continue();
      lost += 1;
      await route.fetch();
      return route.abort("connectionreset");
    });
    await page.getByRole("button", { name: "Publish Lost once" }).click();
    await eventually(() => statusStored(contentId), "published");
    await eventually(() => page.getByRole("button", { name: "Unpublish Lost once" }).count(), 1);
    await page.waitForTimeout(1000);
    expect(lost).toBe(1);
    expect(updatesOf(contentId)).toHaveLength(1);
    expect(await statusOf(page, "Lost once").textContent()).toBe("published");
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
