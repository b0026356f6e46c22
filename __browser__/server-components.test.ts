/** What the server renders, and for whom. */
import { operationsIn, partitionsIn } from "../scripts/dev/browser/wire.js";
import { signIn, useWorld } from "./harness.js";

const world = useWorld();

describe("without scripts", () => {
  test("somebody signs in and sees the own dashboard, read with three requests", async () => {
    const { open, app } = world();
    const page = await open({ javaScriptEnabled: false });
    app.wire.clear();
    await signIn(page, "maya");

    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Maya Okafor");
    expect(await page.getByRole("article").count()).toBe(3);
    expect(operationsIn(app.wire)).toEqual(["Query", "Query", "Query"]);
    expect(partitionsIn(app.wire)).toEqual(["REVIEW#maya", "USER#maya"]);
  });
});

describe("without a session", () => {
  const forged = [
    ["the id alone", "jose"],
    ["no signature", "jose.9999999999999."],
    ["a signature of nothing", `jose.9999999999999.${"A".repeat(43)}`],
    ["a signature of other characters", `jose.9999999999999.${"é".repeat(43)}`],
  ] as const;

  test.each(forged)("a cookie that is forged reads nothing: %s", async (_, value) => {
    const { open, app } = world();
    const page = await open();
    await page.context().addCookies([{ name: "session", value, url: app.url }]);
    app.wire.clear();
    for (const path of ["/", "/reviews"]) {
      await page.goto(path);
      expect(new URL(page.url()).pathname).toBe("/sign-in");
    }
    expect((await page.request.get("/api/data?q={}")).status()).toBeGreaterThanOrEqual(400);
    expect(operationsIn(app.wire)).toEqual([]);
  });

  test("the cookie of one user with the id of another reads nothing", async () => {
    const { signedIn, app } = world();
    const page = await signedIn("maya");
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ name: "session", httpOnly: true, sameSite: "Lax" });
    expect(cookie?.value).toMatch(/^maya\./);
    const value = String(cookie?.value).replace("maya", "jose");
    await page.context().addCookies([{ name: "session", value, url: app.url }]);
    app.wire.clear();
    await page.goto("/");
    expect(new URL(page.url()).pathname).toBe("/sign-in");
    expect(operationsIn(app.wire)).toEqual([]);
  });
});
