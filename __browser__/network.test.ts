/** What pages do while the network fails, is slow, or brings responses in another order: nothing lost, nothing twice. */
import { useWorld } from "./harness.js";
import { contentOf, eventually, holdNextRead, statesShown, statusOf, visit } from "./page.js";

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
