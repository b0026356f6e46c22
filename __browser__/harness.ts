/** A browser and the example application, for the tests of a file. */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { launchChromium } from "../scripts/dev/browser/chromium.js";
import { type RunningExample, runExample } from "../scripts/dev/example/running.js";

export interface World {
  readonly browser: Browser;
  readonly app: RunningExample;
  /** Since when the application keeps changes for pages that were rendered, in epoch ms. */
  readonly listensSince: number;
  /** A page of a browser that nobody has used before. */
  open(options?: BrowserContextOptions): Promise<Page>;
  /** The same, after somebody has signed in. */
  signedIn(name: keyof typeof names, options?: BrowserContextOptions): Promise<Page>;
}

const names = { maya: "Maya Okafor", jose: "José Ramírez" } as const;

/** Where `npm run test:browser` has built the application. */
function built(): { readonly installed: string; readonly folder: string } {
  const given = process.env.COAGENT_BUILT_EXAMPLE;
  if (given === undefined) throw new Error("run these tests with: npm run test:browser");
  return JSON.parse(given) as ReturnType<typeof built>;
}

export async function signIn(page: Page, name: keyof typeof names): Promise<void> {
  await page.goto("/sign-in");
  await page.getByRole("button", { name: names[name] }).click();
  await page.waitForURL("/");
}

/** Starts both before the tests of a file, and ends them after. */
export function useWorld(): () => World {
  let world: World | undefined;
  beforeAll(async () => {
    const { installed, folder } = built();
    const app = await runExample({ installed }, folder);
    const browser = await launchChromium();
    // Nobody's request: the server is up for it all the same.
    expect((await fetch(`${app.url}/api/data?live`)).status).toBe(401);
    const listensSince = Date.now();
    const open = async (options: BrowserContextOptions = {}): Promise<Page> =>
      (await browser.newContext({ baseURL: app.url, ...options })).newPage();
    const signedIn: World["signedIn"] = async (name, options) => {
      const page = await open(options);
      await signIn(page, name);
      return page;
    };
    world = { browser, app, listensSince, open, signedIn };
  });
  afterEach(async () => {
    for (const context of world?.browser.contexts() ?? []) await context.close();
  });
  afterAll(async () => {
    await world?.browser.close();
    await world?.app[Symbol.asyncDispose]();
  });
  return () => {
    if (world === undefined) throw new Error("the world has not begun");
    return world;
  };
}
