/** What `createDataHandler` refuses before there is any request. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createDataLayer } from "../../src/index.js";
import { createDataHandler, toNodeListener } from "../../src/server/index.js";
import { cursorSecret, session } from "./serving.js";

const data = createDataLayer({ environment: "local", cursorSecret });
const make = (options: object) => () =>
  createDataHandler({ data, authenticate: session, ...options } as never);

afterAll(() => data.close());

test.each([
  [{}, undefined],
  [{ expose: { project: true, savedContent: ["get", "query"], dashboard: true } }, undefined],
  [{ data: createDataLayer({ environment: "local" }) }, /data needs a cursorSecret/],
  [{ data: {} }, /data must be what createDataLayer returns/],
  [{ data: undefined }, /data must be what createDataLayer returns/],
  [{ authenticate: undefined }, /authenticate must be a function/],
  [{ authorise: () => true }, /"authorise" is not an option; did you mean "authorize"/],
  [{ authorize: true }, /authorize must be a function/],
  [{ onError: {} }, /onError must be a function/],
  [{ expose: [] }, /expose must be an object/],
  [{ expose: { projct: true } }, /expose: "projct" is not .*; did you mean "project"/],
  [{ expose: { constructor: true } }, /expose: "constructor" is not/],
  [{ expose: { user: true } }, /expose: "user" is not/],
  [{ expose: { transaction: true } }, /expose: "transaction" is not/],
  [{ expose: { userId: true } }, /expose: "userId" is not/],
  [{ expose: { project: "get" } }, /expose.project must be true, or a list/],
  [
    { expose: { project: ["get", "gett"] } },
    /expose.project: "gett" is not .*; did you mean "get"/,
  ],
  [{ expose: { project: ["toString"] } }, /expose.project: "toString" is not/],
  [{ expose: { oauth: ["validToken"] } }, /expose.oauth: "validToken" is not/],
  [{ maxLimit: 0 }, /maxLimit must be an integer from 1/],
  [{ maxLimit: Number.NaN }, /maxLimit must be an integer from 1/],
  [{ maxReads: 0 }, /maxReads must be an integer from 1/],
  [{ bodyLimit: "1mb" }, /bodyLimit must be an integer from 1/],
  [{ timeoutMs: -1 }, /timeoutMs must be an integer from 1/],
  [{ rememberMs: 0.5 }, /rememberMs must be an integer from 1/],
  [{ origins: "https://app.example.com" }, /origins must be a list of origins/],
  [{ origins: ["app.example.com"] }, /origins must be a list of origins/],
  [{ origins: ["https://app.example.com/"] }, /origins must be a list of origins/],
  [{ origins: ["*"] }, /origins must be a list of origins/],
  [{ origins: ["null"] }, /origins must be a list of origins/],
])("%j", (options, message) => {
  if (message === undefined) expect(make(options)).not.toThrow();
  else expect(make(options)).toThrow(expect.objectContaining({ code: "ConfigurationError" }));
  if (message !== undefined) expect(make(options)).toThrow(message);
});

test("toNodeListener refuses an option that it does not know", () => {
  const handler = make({})();
  expect(() => toNodeListener(handler as never, { orign: "x" } as never)).toThrow(
    /"orign" is not an option; did you mean "origin"/,
  );
});

test("every route of the manual and of the examples answers preflights (none did)", () => {
  const root = join(__dirname, "../..");
  const files = ["docs", "examples"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => /\.(?:md|tsx?)$/.test(path) && !path.includes("node_modules"))
      .map((path) => join(root, folder, path)),
  );
  const routes = files.flatMap(
    (file) => readFileSync(file, "utf8").match(/export const \{[^}]*\} = createDataHandler/g) ?? [],
  );
  expect(routes.length).toBeGreaterThanOrEqual(2);
  for (const route of routes) expect(route).toContain("{ GET, POST, OPTIONS }");
});

test("a data layer may be made by the first request, which fails if it has no secret", async () => {
  const layers: unknown[] = [];
  const without = createDataLayer({ environment: "local" });
  const handler = make({
    data: () => {
      layers.push(without);
      return without;
    },
  })();
  expect(layers).toEqual([]);
  const request = new Request("https://app.example.com/api?q=x");
  await expect(handler.GET(request)).rejects.toThrow(/data needs a cursorSecret/);
  expect(layers).toHaveLength(1);
});
