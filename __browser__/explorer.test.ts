/**
 * The explorer in Chromium, on an engine of its own with made-up agents. Its pictures are written to
 * `.cache/pictures`; `npm run test:browser -- --pictures` writes those of the manual, too.
 */
import { mkdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { engines } from "../__tests__/engines.js";
import { useExplorer } from "../__tests__/explorer/exploring.js";
import { requestsOf } from "../__tests__/open.js";
import { accessibilityFindings } from "../scripts/dev/browser/accessible.js";
import { launchChromium } from "../scripts/dev/browser/chromium.js";
import { createReport, loadItems } from "../scripts/move/load-items.js";
import { sampleItems, sampleUsers } from "../scripts/seed/sample-data.js";

const root = join(__dirname, "..");
const pictures = join(root, ".cache", "pictures");
mkdirSync(pictures, { recursive: true });

/** The picture of the manual, and the most that it may weigh. */
const shown = join(root, "docs", "images", "explorer.png");
const mostBytes = 250_000;

const [first] = engines;
if (first === undefined) throw new Error("there is no engine");
const explorer = useExplorer(first, {
  writable: true,
  stream: first.engine !== "dynalite",
  page: pathToFileURL(join(root, "dist", "explorer/")),
});

const sample = { users: 1, seed: 0 };
const [user = ""] = sampleUsers(sample);
let browser: Browser;
beforeAll(async () => {
  await loadItems(explorer().data, sampleItems(sample), createReport());
  const canary = { accessToken: "access-canary", refreshToken: "refresh-canary" };
  await explorer().data.oauthToken.put({ userId: user, provider: "GOOGLE_BUSINESS", data: canary });
  browser = await launchChromium();
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  expect(complaints.splice(0)).toEqual([]);
});
afterAll(() => browser.close());

/** What the browser's console complained of: a policy that was broken, an error that nobody caught. */
const complaints: string[] = [];

/** The console names each response that is a failure, and requests that nobody answers. */
const expected = /^Failed to load resource/;

/** A browser that has opened the address. */
async function open(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ baseURL: explorer().url.origin, ...options });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" && !expected.test(message.text()))
      complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(explorer().url.href);
  await page.getByRole("heading", { name: "What doctor finds" }).waitFor();
  return page;
}

const panel = (page: Page) => page.getByRole("region", { name: /^An item of/ });
const row = (page: Page, at: number) => page.locator(".grid-row").nth(at);

describe.each([
  ["light", 1440],
  ["dark", 390],
] as const)("in %s colours, %d pixels wide", (colorScheme, width) => {
  test("no screen is hard to use, or wider than the window", async () => {
    const page = await open({ colorScheme, viewport: { width, height: width > 1000 ? 900 : 844 } });
    const look = async (name: string, isWhole = true) => {
      if (isWhole) expect([name, await accessibilityFindings(page)]).toEqual([name, []]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      await page.screenshot({
        path: join(pictures, `explorer-${name}-${width}-${colorScheme}.png`),
      });
    };
    // What another screen shows as well is examined there: it takes seconds.
    await look("overview");
    await page.goto("/?view=entity&store=savedContent");
    await row(page, 1).waitFor();
    await look("grid", width < 1000);
    await row(page, 1).click();
    await panel(page).getByRole("heading", { name: "Payload" }).waitFor();
    await look("item");
    await panel(page).getByRole("button", { name: "Edit" }).click();
    await panel(page).getByLabel("name", { exact: true }).fill("Another name");
    await look("edit", false);
    await page.getByRole("button", { name: "Look at the changes" }).click();
    await look("diff");
    await page.goto(`/?view=user&user=${user}`);
    await page.getByRole("heading", { name: "Training progress" }).waitFor();
    await page.getByText("Reading").first().waitFor({ state: "detached" });
    await look("user");
    await page.goto("/?view=patterns&pattern=project.query");
    await page.getByLabel("userId").fill(user);
    await page.getByRole("button", { name: "Run" }).click();
    await page.getByRole("heading", { name: /^\d+ items?$/ }).waitFor();
    await look("pattern");
    await page.goto("/?view=entity&store=project&parts=%7B%22userId%22%3A%22nobody%22%7D");
    await page.getByText("No items.").waitFor();
    await look("empty");
    await page.goto("/?view=entity&store=project&index=byNothing&parts=%7B%22a%22%3A%22b%22%7D");
    await page.getByRole("alert").waitFor();
    await look("error");
  }, 180_000);
});

test("the manual's picture is that of an item, and small", async () => {
  if (process.env.COAGENT_PICTURES === "write") {
    const page = await open({ viewport: { width: 1280, height: 800 } });
    await page.goto("/?view=entity&store=savedContent");
    await row(page, 2).click();
    await panel(page).getByRole("heading", { name: "Payload" }).waitFor();
    // The tests' own table has a random name.
    await page.evaluate('document.querySelector(".place strong").textContent = "BayonCoAgent"');
    await page.screenshot({ path: shown });
  }
  expect(statSync(shown).size).toBeLessThan(mostBytes);
});

test("a review is found by its id in three actions, and the keyboard does everything", async () => {
  const [review] = (await explorer().data.review.query({ agentId: user }, { limit: 1 })).items;
  const page = await open();
  expect(page.url()).not.toContain("token");
  await page.keyboard.press("/");
  await page.keyboard.type(review?.reviewId ?? "");
  await page.keyboard.press("Enter");
  await row(page, 0).waitFor();
  expect(await page.locator(".grid-row").count()).toBe(1);
  expect(await page.evaluate("document.activeElement.id")).toBe("main");
  await row(page, 0).focus();
  await page.keyboard.press("Enter");
  await panel(page)
    .getByText(review?.data.comment ?? "", { exact: true })
    .first()
    .waitFor();
  await page.keyboard.press("Escape");
  await panel(page).waitFor({ state: "detached" });
  expect(await page.evaluate("document.activeElement.getAttribute('role')")).toBe("row");
  await page.goto("/?view=entity&store=savedContent");
  await row(page, 0).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.locator('.grid-row[data-index="2"]:focus').waitFor();
  await page.keyboard.press("Enter");
  await panel(page).waitFor();
  expect(new URL(page.url()).searchParams.get("item")).toContain("contentId");
});

test("saved unchanged, an item is not written; changed, its difference is shown, saved and taken back", async () => {
  const page = await open();
  const { data } = explorer();
  await page.goto("/?view=entity&store=project");
  await row(page, 0).click();
  const name = () => panel(page).getByLabel("name", { exact: true });
  const edit = () => panel(page).getByRole("button", { name: "Edit" });
  await edit().click();
  requestsOf(data);
  const before = await name().inputValue();
  await name().fill("Changed");
  await name().fill(before);
  await page.getByRole("button", { name: "Nothing to save" }).click();
  await edit().waitFor();
  expect(requestsOf(data)).toEqual([]);
  await edit().click();
  await name().fill("Changed");
  // It is not thrown away without a question.
  page.once("dialog", (question) => void question.dismiss());
  await row(page, 1).click();
  expect(await name().inputValue()).toBe("Changed");
  const { href } = new URL(page.url());
  const asked = page.waitForEvent("dialog");
  await page.evaluate(() => void setTimeout(() => window.history.back()));
  await (await asked).dismiss();
  await page.waitForURL(href);
  expect(await name().inputValue()).toBe("Changed");
  await page.getByRole("button", { name: "Look at the changes" }).click();
  expect(await page.locator(".diff tbody").textContent()).toBe(`name${before}Changed`);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await panel(page).getByRole("heading", { name: "Changed" }).waitFor();
  expect(await page.getByTestId("last-call").textContent()).toContain('{ name: "Changed" }');
  await page.getByRole("button", { name: "Undo" }).click();
  await panel(page).getByRole("heading", { name: before }).waitFor();
  // The button that had the focus is gone.
  await page.locator(".panel:focus").waitFor();
  if (first.engine === "dynalite") return;
  await page.getByRole("tab", { name: "History" }).click();
  const changes = panel(page).locator(".history li");
  await changes.nth(2).waitFor();
  expect(await changes.nth(0).locator("tbody").textContent()).toBe(`name"Changed""${before}"`);
  expect(await changes.nth(1).locator("tbody").textContent()).toBe(`name"${before}""Changed"`);
  expect(await changes.nth(2).textContent()).toContain("created");
  expect(await page.getByTestId("last-call").textContent()).toContain("watch(data");
  expect(await accessibilityFindings(page)).toEqual([]);
});

test("what is selected is exported, by mouse and keyboard; all that was read, if nothing is", async () => {
  const page = await open();
  await page.goto("/?view=entity&store=project");
  await row(page, 1).waitFor();
  const all = await page.getByRole("button", { name: /^Export \d+ items$/ }).textContent();
  await row(page, 0).getByRole("checkbox").click();
  await row(page, 0).focus();
  await page.keyboard.press("ArrowDown");
  await page.locator('.grid-row[data-index="1"]:focus').waitFor();
  await page.keyboard.press("Space");
  expect(await page.locator('.grid-row[aria-selected="true"]').count()).toBe(2);
  await page.keyboard.press("Space");
  expect(await panel(page).count()).toBe(0);
  const id = await row(page, 0).getByRole("gridcell").nth(1).textContent();
  await page.getByRole("button", { name: "Export 1 selected" }).click();
  const exported = await page
    .getByRole("dialog", { name: "Export items" })
    .locator("pre")
    .textContent();
  expect(JSON.parse(exported ?? "")).toEqual([expect.objectContaining({ projectId: id })]);
  await page.keyboard.press("Escape");
  const boxOfAll = page.getByRole("checkbox", { name: "Select all rows that were read" });
  await boxOfAll.focus();
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: /^Export \d+ selected$/ }).waitFor();
  expect(await boxOfAll.isChecked()).toBe(true);
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: all?.trim() ?? "", exact: true }).waitFor();
});

test("an edit in conflict shows both sides, and is put on top of theirs, or given up for it", async () => {
  const page = await open();
  const { data } = explorer();
  const key = { userId: user, contentId: "conflict" };
  const read = { tags: ["a"], bytes: new Uint8Array([1, 2]), big: 1 };
  const content = { type: "Blog Post", content: "#", name: "As read", status: "draft" };
  await data.savedContent.put({ ...key, data: { ...content, ...(read as object) } });
  const item = encodeURIComponent(JSON.stringify(key));
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const field = (name: string) => panel(page).getByLabel(name, { exact: true });
  const cells = (name: string) => page.locator(".diff tr", { hasText: name }).locator("td");
  const save = async () => {
    await button("Look at the changes").click();
    await button("Save").click();
    await page.getByRole("heading", { name: "Somebody else has changed it" }).waitFor();
  };
  await page.goto(`/?view=entity&store=savedContent&item=${item}`);
  await button("Edit").focus();
  await page.keyboard.press("Enter");
  await page.locator(".edit-field :focus").waitFor();
  await field("name").fill("Mine");
  await field("status").fill("touched");
  await field("status").fill("draft");
  const theirs = { tags: new Set(["a"]), bytes: new Uint8Array([1, 3]), big: 2n ** 70n };
  await data.savedContent.update(key, { name: "Theirs", status: "sent", ...(theirs as object) });
  await save();
  expect(await cells("name").allTextContents()).toEqual(["As read", "Theirs", "Mine"]);
  expect(await cells("status").allTextContents()).toEqual(["draft", "sent", "as theirs"]);
  expect(await cells("big").nth(1).textContent()).toBe(String(theirs.big));
  for (const name of ["tags", "bytes"]) {
    const [was, is] = await cells(name).allTextContents();
    expect([name, was === is]).toEqual([name, false]);
  }
  await button("Put mine on top of theirs").click();
  expect(await page.locator(".diff tbody").textContent()).toBe("nameTheirsMine");
  await button("Save").click();
  await panel(page).getByRole("heading", { name: "Mine" }).waitFor();
  await page.locator(".item-actions button:focus").waitFor();
  const { data: stored } = await data.savedContent.getOrThrow(key);
  expect(stored).toMatchObject({ name: "Mine", status: "sent", ...theirs });
  await button("Edit").click();
  await field("name").fill("Mine again");
  await data.savedContent.update(key, { name: "Theirs again" });
  await save();
  await button("Keep theirs").click();
  await panel(page).getByRole("heading", { name: "Theirs again" }).waitFor();
  expect(await page.getByRole("status").allTextContents()).toContain("Theirs was kept.");
  await data.savedContent.update(key, { name: "Theirs at last" });
  await button("Delete").click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await panel(page).getByRole("heading", { name: "Theirs at last" }).waitFor();
  await button("Edit").click();
  await field("name").fill("Mine at last");
  await data.savedContent.delete(key);
  await save();
  await button("Keep theirs").click();
  await panel(page).getByText("This item is not there.").waitFor();
  expect(await page.evaluate("document.activeElement.className")).toBe("panel");
});

test("no secret is in the page or on the wire", async () => {
  const page = await open();
  const bodies: string[] = [];
  // Read before the page has them: of what the page has left, Chromium keeps no body.
  await page.route("**/*", async (route) => {
    const response = await route.fetch();
    bodies.push(await response.text());
    await route.fulfill({ response });
  });
  await page.goto("/?view=entity&store=oauthToken");
  await row(page, 0).waitFor();
  const key = JSON.stringify({ userId: user, provider: "GOOGLE_BUSINESS" });
  await page.goto(`/?view=entity&store=oauthToken&item=${encodeURIComponent(key)}`);
  await panel(page).getByText("masked").first().waitFor();
  for (const tab of ["JSON", "Attributes"]) await page.getByRole("tab", { name: tab }).click();
  await panel(page).getByRole("cell", { name: "OAuthToken" }).waitFor();
  const all = [await page.content(), ...bodies].join();
  expect(all).toContain("GOOGLE_BUSINESS");
  expect(all).not.toContain("canary");
});

test("of 20,000 rows only those in sight are drawn, and all are selected and exported", async () => {
  const page = await open();
  await page.route("**/api/browse", async (route) => {
    const { cursor } = JSON.parse(route.request().postData() ?? "{}") as { cursor: string | null };
    const from = Number(cursor ?? 0);
    const items = Array.from({ length: 1_000 }, (_, at) => ({
      ...{ store: "project", key: { userId: "u", projectId: `p${from + at}` }, hidden: [] },
      ...{ data: { name: `Name ${from + at}` }, createdAt: 1, updatedAt: 1, bytes: 100 },
    }));
    const next = from + 1_000 >= 20_000 ? null : String(from + 1_000);
    const body = { value: { items, cursor: next }, calls: [], budget: { spent: 0, limit: 1 } };
    await route.fulfill({ json: body });
  });
  await page.goto("/?view=entity&store=project");
  await row(page, 0).focus();
  for (let tries = 0; tries < 40; tries += 1) {
    await page.keyboard.press("End");
    if (await page.getByText("20,000 items", { exact: true }).isVisible()) break;
    await page.waitForTimeout(50);
  }
  await page.keyboard.press("End");
  await page.locator('.grid-row[data-index="19999"]').waitFor();
  expect(await page.locator(".grid-row").count()).toBeLessThan(80);
  await page.getByLabel("Select all rows that were read").click();
  await page.getByRole("button", { name: "Export 20,000 selected" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save the file" }).click();
  const path = await (await download).path();
  const exported = JSON.parse(await readFile(path, "utf8")) as { projectId: string }[];
  expect(exported.map(({ projectId }) => projectId)).toEqual(
    Array.from({ length: 20_000 }, (_, at) => `p${at}`),
  );
});

test("a page of few rows, or one that failed, is followed by another one when somebody asks for it", async () => {
  const page = await open();
  let asked = 0;
  const budget = { spent: 0, limit: 1 };
  await page.route("**/api/browse", async (route) => {
    asked += 1;
    const failure = { name: "E", code: null, message: "The minute is spent.", issues: [] };
    const item = { store: "project", hidden: [], createdAt: 1, updatedAt: 1, bytes: 1, data: {} };
    const key = (at: number) => ({ userId: "u", projectId: `p${asked}.${at}` });
    const items = Array.from({ length: asked === 1 ? 1 : 200 }, (_, at) => ({
      ...{ ...item, key: key(at) },
    }));
    const value = { items, cursor: "next" };
    const body = { ...(asked > 2 ? { failure } : { value }), calls: [], budget };
    await route.fulfill({ status: asked > 2 ? 503 : 200, json: body });
  });
  // The address was typed.
  await page.goto("/?view=entity&store=project&filters=[null]&item=null&parts=[]");
  await page.getByText("1 rows so far").waitFor();
  expect(asked).toBe(1);
  await page.getByRole("button", { name: "Search on" }).click();
  await page.getByText("201 rows so far").waitFor();
  await row(page, 0).focus();
  await page.keyboard.press("End");
  await page.getByText("The minute is spent.").waitFor();
  await page.waitForTimeout(300);
  expect(asked).toBe(3);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.waitForTimeout(300);
  expect(asked).toBe(4);
  await page.getByText("201 rows so far").waitFor();
});

test("a screen that fails says so, and another one can be opened", async () => {
  const page = await open();
  const budget = { spent: 0, limit: 1 };
  const items = [{ key: { userId: "u1" }, hidden: null, data: {} }];
  await page.route("**/api/browse", (route) =>
    route.fulfill({ json: { value: { items, cursor: null }, calls: [], budget } }),
  );
  await page.getByRole("link", { name: "Competitor" }).first().click();
  await page.getByText("This screen failed.").waitFor();
  expect(complaints.splice(0).length).toBeGreaterThan(0);
  await page.getByRole("link", { name: "Access patterns" }).click();
  await page.getByRole("heading", { name: "Access patterns" }).waitFor();
});

test("when the server ends in the middle, the page says so", async () => {
  const page = await open();
  await explorer().end();
  await page.getByRole("link", { name: "Competitor" }).first().click();
  await page.getByRole("alert").filter({ hasText: "server has ended" }).waitFor();
});
