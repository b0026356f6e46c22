/** What the tests do with a page, and see of it. */
import type { Page, Request, Route } from "playwright-core";
import type { World } from "./harness.js";

const isCall = (url: string): boolean => /\/api\/data(?:\?(?!live)|$)/.test(url);
const isLive = (url: string): boolean => url.endsWith("/api/data?live");

/** The calls that a page sends from here on. */
export function callsOf(page: Page): Request[] {
  const calls: Request[] = [];
  page.on("request", (request) => {
    if (isCall(request.url())) calls.push(request);
  });
  return calls;
}

/** What a page complains about from here on, hydration that does not match among it. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    const isMissing = message.location().url.endsWith("/favicon.ico");
    if (message.type() === "error" && !isMissing) complaints.push(message.text());
  });
  return complaints;
}

/** Waits until something is so; fails with what it is instead. */
export async function eventually(look: () => unknown, expected: unknown): Promise<void> {
  const endsAt = Date.now() + 15_000;
  while ((await look()) !== expected && Date.now() < endsAt) {
    await new Promise((done) => setTimeout(done, 20));
  }
  expect(await look()).toBe(expected);
}

/** Opens a page and waits until React has taken it over, and it hears of changes. */
export async function visit(page: Page, path: string): Promise<void> {
  const [opened] = await Promise.all([
    page.waitForResponse((response) => isLive(response.url())),
    page.goto(path),
  ]);
  expect(opened.status()).toBe(200);
}

export const rowOf = (page: Page, name: string) => page.locator(".row", { hasText: name });
export const statusOf = (page: Page, name: string) => rowOf(page, name).locator(".chip");

/** Notes each state that a row shows from here on. @returns what it has shown, in order */
export async function statesShown(page: Page, name: string): Promise<() => Promise<string[]>> {
  await statusOf(page, name).evaluate((chip) => {
    const seen: string[] = [];
    const seenAt: number[] = [];
    Object.assign(window, { seen, seenAt });
    new MutationObserver(() => {
      seen.push(chip.textContent ?? "");
      seenAt.push(performance.now());
    }).observe(chip, { childList: true, characterData: true, subtree: true });
  });
  return () => page.evaluate<string[]>("seen");
}

/** What the tests do with the content of Maya, and see of it in the table. */
export function contentOf(world: () => World) {
  let settledTimes = 0;
  const stored = async (contentId: string) =>
    (await world().app.data.savedContent.get({ userId: "maya", contentId }))?.data;

  async function draft(name: string): Promise<string> {
    const { contentId } = await world().app.data.savedContent.create({
      userId: "maya",
      data: { type: "Note", name, content: "As it was.", status: "draft" },
    });
    return contentId;
  }

  return {
    stored,
    draft,
    /** Another device publishes it. */
    publish: (contentId: string) =>
      world().app.data.savedContent.update({ userId: "maya", contentId }, { status: "published" }),
    /** Its updates that reached the engine through the application. */
    updates: (contentId: string) =>
      world()
        .app.wire.requests.filter(({ operation }) => operation === "UpdateItem")
        .filter(({ input }) => JSON.stringify(input).includes(`CONTENT#${contentId}`)),
    /** Waits until a page with the list shows a change that comes after all that was before. */
    async settled(page: Page): Promise<void> {
      settledTimes += 1;
      const name = `After that, ${settledTimes}.`;
      await draft(name);
      await rowOf(page, name).waitFor();
    },
  };
}

/** A response that the test holds back. */
export interface Held {
  /** Resolves when the server has answered. */
  readonly answered: Promise<void>;
  /** Hands it over to the page, if that still waits for it. */
  release(): Promise<void>;
}

/** Holds the response of the next read of a page; those after it pass. */
export async function holdNextRead(page: Page): Promise<Held> {
  const [answered, released, over] = [gate(), gate(), gate()];
  let isHeld = false;
  const hold = async (route: Route) => {
    if (isHeld || route.request().method() !== "GET") return route.fallback();
    isHeld = true;
    const response = await route.fetch();
    answered.open();
    await released.opened;
    // The page may have given up the read meanwhile.
    await route.fulfill({ response }).catch((error: Error) => {
      if (!/aborted|closed|cancel|Invalid InterceptionId|handled/i.test(error.message)) throw error;
    });
    over.open();
  };
  await page.route((url) => isCall(url.href), hold);
  const release = () => {
    released.open();
    return over.opened;
  };
  return { answered: answered.opened, release };
}

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

function gate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
