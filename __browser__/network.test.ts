/** What pages do while the network fails, is slow, or brings responses in another order: nothing lost, nothing twice. */
import type { Page } from "playwright-core";
import { type Line, openLine } from "../scripts/dev/browser/line.js";
import { useWorld } from "./harness.js";
import {
  contentOf,
  eventually,
  holdNextRead,
  rowOf,
  statesShown,
  statusOf,
  visit,
} from "./page.js";

const world = useWorld();
const { draft, publish, settled, stored, updates } = contentOf(world);

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
    expect(ids.flatMap(updates)).toEqual([]);

    await page.context().setOffline(false);
    for (const id of ids) await eventually(async () => (await stored(id))?.status, "published");
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
    await eventually(async () => (await stored(contentId))?.status, "published");
    await eventually(() => page.getByRole("button", { name: "Unpublish Lost once" }).count(), 1);
    await settled(page);
    expect(lost).toBe(1);
    expect(updates(contentId)).toHaveLength(1);
    expect(await statusOf(page, "Lost once").textContent()).toBe("published");
  });
});

describe("a response that comes late", () => {
  test("does not take back what was read after it", async () => {
    const [first, second] = [await draft("Read first"), await draft("Read second")];
    const page = await world().signedIn("maya");
    await visit(page, "/content");
    await settled(page);
    const shown = await statesShown(page, "Read second");
    const held = await holdNextRead(page);
    await publish(first);
    await held.answered;
    await publish(second);
    await eventually(() => statusOf(page, "Read second").textContent(), "published");
    await held.release();
    await settled(page);
    expect(await statusOf(page, "Read first").textContent()).toBe("published");
    expect(await shown()).toEqual(["published"]);
  });

  test("does not take back what the page has written since", async () => {
    const [other, own] = [await draft("Of another device"), await draft("Own and newer")];
    const page = await world().signedIn("maya");
    await visit(page, "/content");
    await settled(page);
    const shown = await statesShown(page, "Own and newer");
    const held = await holdNextRead(page);
    await publish(other);
    await held.answered;
    await page.getByRole("button", { name: "Publish Own and newer" }).click();
    await eventually(async () => (await stored(own))?.status, "published");
    await held.release();
    await settled(page);
    expect(await statusOf(page, "Of another device").textContent()).toBe("published");
    expect(await shown()).toEqual(["published"]);
  });
});

/** A page of Maya's content, at the other end of a line. */
async function pageOnLine(): Promise<{ page: Page; line: Line }> {
  const line = await openLine(world().app.url);
  lines.push(line);
  const page = await world().signedIn("maya", { baseURL: line.url });
  await visit(page, "/content");
  await settled(page);
  return { page, line };
}
const lines: Line[] = [];
afterEach(async () => {
  for (const line of lines.splice(0)) await line.close();
});

/** The names of the newest content, as it is stored. */
async function namesStored(limit: number): Promise<unknown[]> {
  const { savedContent } = world().app.data;
  const options = { by: "createdAt", order: "desc", limit } as const;
  const { items } = await savedContent.query({ userId: "maya" }, options);
  return items.map(({ data }) => data.name);
}

describe("a connection for changes that is cut", () => {
  test("goes on where it ended: no change is lost, and nothing is shown twice", async () => {
    const { page, line } = await pageOnLine();
    const places: (string | undefined)[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith("?live")) places.push(request.headers()["last-event-id"]);
    });
    for (let cut = 1; cut <= 3; cut += 1) {
      const opened = page.waitForRequest(/\?live/);
      line.isDown = true;
      line.cut();
      await draft(`Written in cut ${cut}`);
      line.isDown = false;
      await opened;
      await rowOf(page, `Written in cut ${cut}`).waitFor();
    }
    await settled(page);
    expect(places.length).toBeGreaterThanOrEqual(3);
    expect(places.filter((place) => place === undefined)).toEqual([]);
    const shown = await page.locator(".row a").allTextContents();
    expect(shown).toEqual(await namesStored(8));
  });
});

describe("a slow network", () => {
  test("a change is shown before its response, and no older state after it", async () => {
    const contentId = await draft("Slowly");
    const { page, line } = await pageOnLine();
    line.delayMs = 300;
    const shown = await statesShown(page, "Slowly");
    await page.getByRole("button", { name: "Publish Slowly" }).click();
    await eventually(async () => (await stored(contentId))?.status, "published");
    await settled(page);
    const [shownAt, answeredAt] = await page.evaluate<[number, number]>(`[
      seenAt[0],
      performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/api/data")).at(-1).responseStart,
    ]`);
    expect(answeredAt - shownAt).toBeGreaterThan(500);
    expect(await shown()).toEqual(["published"]);
  });
});
