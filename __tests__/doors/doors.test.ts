import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError } from "../../src/errors/configuration-error.js";

/** Every export of the room of errors. */
async function errorsRoom(): Promise<Record<string, unknown>> {
  const files = readdirSync(join(__dirname, "../../src/errors"));
  const modules = files.map(async (file) => (await import(`../../src/errors/${file}`)) as object);
  return Object.assign({}, ...(await Promise.all(modules))) as Record<string, unknown>;
}

const load = async () => ({
  whole: (await import("../../src/index.js")) as Record<string, unknown>,
  light: (await import("../../src/server-only.js")) as Record<string, unknown>,
  edge: (await import("../../src/edge.js")) as Record<string, unknown>,
  ground: {
    ...(await errorsRoom()),
    ...(await import("../../src/values/exact-number.js")),
    ...(await import("../../src/keys/key-functions.js")),
  } as Record<string, unknown>,
});

describe("the door for browsers", () => {
  test("has every public key function, error class and exact number, the very same ones, and nothing else", async () => {
    const { whole, light, ground } = await load();
    const expected = Object.keys(whole).filter((name) => name in ground);

    expect(expected).toContain("getProjectKeys");
    expect(expected).toContain("ValidationError");
    expect(Object.keys(light).sort()).toEqual(expected.sort());
    for (const name of expected) expect(light[name]).toBe(whole[name]);
  });

  test("makes keys without Buffer, long ones too (a bundler brought a copy of Buffer along)", async () => {
    const { light } = await load();
    const keysOf = light.getProjectKeys as (userId: string, projectId: string) => { SK: string };
    const { Buffer: original } = globalThis;
    const texts = ["p".repeat(1016), "é".repeat(508), "漢".repeat(338), "😀".repeat(254)];
    const tooLong = ["p".repeat(1017), "é".repeat(509), "漢".repeat(339), "😀".repeat(255)];
    const outcomes: unknown[] = [];
    Reflect.deleteProperty(globalThis, "Buffer");
    try {
      for (const text of [...texts, ...tooLong]) {
        try {
          outcomes.push(keysOf("u", text).SK);
        } catch (error) {
          outcomes.push((error as Error).message);
        }
      }
    } finally {
      globalThis.Buffer = original;
    }

    expect(outcomes.slice(0, 4)).toEqual(texts.map((text) => `PROJECT#${text}`));
    expect(outcomes.slice(4)).toEqual(
      [1025, 1026, 1025, 1028].map(
        (bytes) => `keys of Project: SK makes a sort key of ${bytes} bytes: at most 1024`,
      ),
    );
  });
});

describe("the door for edge runtimes", () => {
  test("has every value that the package has", async () => {
    const { whole, edge } = await load();

    expect(Object.keys(edge).sort()).toEqual(Object.keys(whole).sort());
  });

  test("says of each value that needs Node.js what to do (Turbopack panicked inside the HTTP handler)", async () => {
    const { whole, light, edge } = await load();
    const rest = Object.keys(whole).filter(
      (name) => !(name in light) && name !== "createTableInput",
    );

    expect(rest).toContain("createDataLayer");
    expect(rest).toContain("DynamoDBRepository");
    for (const name of rest) {
      const value = edge[name] as (new () => unknown) & (() => unknown);
      for (const use of [() => value(), () => new value()]) {
        expect(use).toThrow(ConfigurationError);
        expect(use).toThrow(
          `${name} is part of the data layer, which needs the Node.js runtime, and this is an edge ` +
            'runtime or a browser: in Next.js, export const runtime = "nodejs" from the page or ' +
            "route; in a Jest test, @jest-environment node",
        );
      }
    }
  });

  test("makes keys", async () => {
    const { edge } = await load();

    expect((edge.getProjectKeys as (...parts: string[]) => unknown)("u", "p")).toEqual({
      PK: "USER#u",
      SK: "PROJECT#p",
    });
  });
});

describe("the entry points of package.json", () => {
  type Target = string | { readonly [condition: string]: Target };
  const { exports } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8")) as {
    exports: Readonly<Record<string, Target>>;
  };
  /** The first condition that holds decides, as in Node.js and in bundlers. */
  const entryFor = (target: Target | undefined, ...conditions: string[]): string | undefined => {
    if (target === undefined || typeof target === "string") return target;
    const holding = Object.keys(target).filter((name) => [...conditions, "default"].includes(name));
    for (const name of holding) {
      const entry = entryFor(target[name], ...conditions);
      if (entry !== undefined) return entry;
    }
    return undefined;
  };

  test.each<[string, string[], string]>([
    ["Node.js, import", ["node", "import"], "index.js"],
    ["Node.js, require", ["node", "require"], "index.cjs"],
    ["Jest's jsdom, CommonJS", ["browser", "require"], "index.cjs"],
    ["Jest's jsdom, ES modules (exports were undefined)", ["browser", "import"], "edge.js"],
    ["a bundler for browsers", ["browser", "module", "import"], "server-only.js"],
    ["webpack for browsers", ["browser", "webpack", "module", "import"], "server-only-webpack.js"],
    ["an edge runtime", ["edge-light", "worker", "module", "import"], "edge.js"],
    ["webpack for an edge runtime", ["edge-light", "webpack", "browser", "import"], "edge.js"],
  ])("%s", (_, conditions, file) => {
    expect(entryFor(exports["."], ...conditions)).toBe(`./dist/${file}`);
  });
});
