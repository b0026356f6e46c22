/** Every code sample of the manual compiles and runs, each page's on a table that holds the fixtures. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "@swc/core";
import { z } from "zod";
import { readManual } from "../../scripts/dev/docs/pages.js";
import { type Sample, samplesOf, typeErrors } from "../../scripts/dev/docs/samples.js";
import type { FacadeName } from "../../services/entities.js";
import * as infrastructure from "../../services/infrastructure.js";
import * as client from "../../src/browser/index.js";
import * as door from "../../src/index.js";
import * as react from "../../src/react/index.js";
import * as legacy from "../../src/react/legacy/index.js";
import * as server from "../../src/server/index.js";
import * as streams from "../../src/streams/index.js";
import * as telemetry from "../../src/telemetry/index.js";
import * as testing from "../../src/testing/index.js";
import { engines } from "../engines.js";

const root = join(__dirname, "..", "..");
const pages = readManual(root)
  .map((page) => ({ path: page.path, samples: samplesOf(page) }))
  .filter(({ samples }) => samples.length > 0);

describe("the compiler", () => {
  const wrong = { path: "a.md", text: "# A\n\n```ts\nconst x = 1;\nx.nothing();\n```\n" };
  const samples = pages.flatMap((page) => page.samples);
  let errors: string[];
  beforeAll(() => {
    errors = typeErrors(root, [...samples, ...samplesOf(wrong)]);
  });

  test("has nothing to say of any sample", () => {
    expect(samples.length).toBeGreaterThan(30);
    expect(errors.filter((text) => !text.startsWith("a.md:"))).toEqual([]);
  });

  test("says an error at its line of its page", () => {
    expect(errors.filter((text) => text.startsWith("a.md:"))).toEqual([
      expect.stringMatching(/^a\.md:5: error TS\d+: Property 'nothing' does not exist/),
    ]);
  });
});

/** An entity in further indexes, so that the table has them: those of samples. */
const indexedSchema = () => ({
  model: door.model("Indexed"),
  attributes: {
    indexedId: door.keyPart,
    data: door.data(indexedPayload),
    ...door.times,
  },
  indexes: {
    byKey: door.byKey("INDEXED#${indexedId}", "INDEXED"),
    two: door.index("GSI2", "INDEXED", "INDEXED"),
    three: door.index("GSI3", "INDEXED", "INDEXED"),
    four: door.index("GSI4", "INDEXED", "INDEXED"),
  },
});
const indexedPayload = z.looseObject({});
const indexed = {
  payload: indexedPayload,
  schema: indexedSchema,
  entity: (config: door.EntityConfig) => new door.Entity(indexedSchema(), door.configure(config)),
};

test("a directive that does not exist is refused", () => {
  const page = { path: "a.md", text: "<!-- sample: need=transactions -->\n```ts\n1;\n```\n" };
  expect(() => samplesOf(page)).toThrow("a.md:3: need=transactions is unknown");
});

describe.each(pages)("the samples of $path run", ({ samples }) => {
  const names = ["USE_LOCAL_AWS", "DYNAMODB_TABLE_NAME", "AWS_ENDPOINT_URL_DYNAMODB"];
  const variables = { ...process.env };
  const folder = process.cwd();
  let own: string;
  let data: testing.TestDataLayer;

  beforeAll(async () => {
    const engine = engines[0]?.engine;
    const options = { engine, entities: { indexed }, stream: engine !== "dynalite" };
    data = (await testing.createTestDataLayer(options)) as unknown as testing.TestDataLayer;
    for (const name of Object.keys(testing.fixtures) as FacadeName[]) {
      // Each store takes its own fixture; a loop over all of them gives up whose is whose.
      await (data[name].put as (item: object) => Promise<unknown>)(testing.fixtures[name]);
    }
    Object.assign(globalThis, { data, userId: "user-1" });
    Object.assign(process.env, {
      USE_LOCAL_AWS: "true",
      DYNAMODB_TABLE_NAME: data.configuration.tableName,
      AWS_ENDPOINT_URL_DYNAMODB: data.engine.endpoint,
    });
    jest.spyOn(console, "log").mockImplementation();
    // A sample may write files, which are nobody's: a second run must not find those of the first.
    own = mkdtempSync(join(tmpdir(), "samples-"));
    process.chdir(own);
  });

  afterAll(async () => {
    jest.restoreAllMocks();
    door.resetRepository();
    door.resetClients();
    for (const name of names) {
      if (variables[name] === undefined) delete process.env[name];
      else process.env[name] = variables[name];
    }
    process.chdir(folder);
    rmSync(own, { recursive: true });
    await data.close();
  });

  test.each(samples.map((sample) => [`${sample.page}:${sample.line}`, sample] as const))(
    "%s",
    async (_, sample) => {
      if (sample.needs.some((need) => !data.engine.capabilities[need])) return;
      await run(sample);
    },
    20_000,
  );
});

type Hook = () => unknown;

/** Runs a sample. If it holds tests, runs them with their hooks, one after the other. */
async function run({ code, language }: Sample): Promise<void> {
  const compiled = transformSync(code, {
    swcrc: false,
    jsc: {
      parser: { syntax: "typescript", tsx: language === "tsx" },
      transform: { react: { runtime: "automatic" } },
      target: "es2022",
    },
    module: { type: "commonjs" },
  }).code;
  const hooks: Record<"beforeAll" | "beforeEach" | "afterAll", Hook[]> = {
    beforeAll: [],
    beforeEach: [],
    afterAll: [],
  };
  const tests: Hook[] = [];
  const runner = {
    beforeAll: (hook: Hook) => hooks.beforeAll.push(hook),
    beforeEach: (hook: Hook) => hooks.beforeEach.push(hook),
    afterAll: (hook: Hook) => hooks.afterAll.push(hook),
    test: (_: string, body: Hook) => tests.push(body),
    expect,
  };
  const modules: Readonly<Record<string, unknown>> = {
    "bayon-coagent-data": door,
    "bayon-coagent-data/client": client,
    "bayon-coagent-data/infrastructure": infrastructure,
    "bayon-coagent-data/react": react,
    "bayon-coagent-data/react/legacy": legacy,
    "bayon-coagent-data/server": server,
    "bayon-coagent-data/streams": streams,
    "bayon-coagent-data/telemetry": telemetry,
    "bayon-coagent-data/testing": testing,
    vitest: runner,
  };
  const given = {
    exports: {},
    require: (id: string): unknown => modules[id] ?? require(id),
    ...runner,
    jest,
  };
  // A sample may await at its top, as a module may.
  const AsyncFunction = (async () => undefined).constructor as FunctionConstructor;
  await new AsyncFunction(...Object.keys(given), compiled)(...Object.values(given));
  try {
    for (const hook of hooks.beforeAll) await hook();
    for (const body of tests) {
      for (const hook of hooks.beforeEach) await hook();
      await body();
    }
  } finally {
    for (const hook of hooks.afterAll) await hook();
  }
}
