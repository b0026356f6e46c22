/**
 * Pictures of the pages, wide and on a phone, in light and dark colours, and what is hard to use on them.
 * They are written to `.cache/pictures`; `npm run test:browser -- --pictures` writes the README's too.
 */
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { accessibilityFindings } from "../scripts/dev/browser/accessible.js";
import { useWorld } from "./harness.js";

const world = useWorld();
const root = join(__dirname, "..");
const folder = join(root, ".cache", "pictures");
mkdirSync(folder, { recursive: true });

const paths = ["/", "/projects", "/content", "/reviews"];

/** The picture in the README, and the most that it may weigh. */
const shown = join(root, "docs", "images", "example.png");
const mostBytes = 150_000;

describe.each([
  ["light", 1440],
  ["dark", 1440],
  ["light", 390],
  ["dark", 390],
] as const)("in %s colours, %d pixels wide", (colorScheme, width) => {
  test("no page is hard to use, or wider than the window", async () => {
    const viewport = { width, height: width > 1000 ? 900 : 844 };
    const page = await world().signedIn("maya", { colorScheme, viewport });
    const { contentId = "" } =
      (await world().app.data.savedContent.query({ userId: "maya" }, { limit: 1 })).items[0] ?? {};
    for (const path of [...paths, `/content/${contentId}`, "/sign-in"]) {
      await page.goto(path);
      expect(await accessibilityFindings(page)).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      const name = path.split("/")[2] === undefined ? path.slice(1) || "dashboard" : "editor";
      await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`) });
    }
  });
});

test("the README's picture is that of the dashboard, and small", async () => {
  if (process.env.COAGENT_PICTURES === "write") {
    const page = await world().signedIn("maya", { viewport: { width: 1200, height: 760 } });
    await page.screenshot({ path: shown });
  }
  expect(statSync(shown).size).toBeLessThan(mostBytes);
});
