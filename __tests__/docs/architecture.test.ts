/** The paths of docs/architecture.md are true: each call runs the functions that its steps name. */

import { existsSync, readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join } from "node:path";
import { createDataLayer } from "../../src/data-layer.js";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { ItemNotFoundError } from "../../src/errors/item-not-found-error.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import { make, type TestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";

const root = join(__dirname, "..", "..");
const text = readFileSync(join(root, "docs/architecture.md"), "utf8");

interface Step {
  readonly number: number;
  /** Functions by the file that holds them: `src/call/call.ts perform`. */
  readonly functions: readonly string[];
  readonly files: readonly string[];
}

/** The steps below a heading. A function is of the file that is named before it, or else of the step's first. */
function stepsOf(heading: string): Step[] {
  const section = text.split(`### ${heading}\n`)[1]?.split(/^##/m)[0] ?? "";
  return [...section.matchAll(/^(\d+)\. (.*)$/gm)].map(([, number, line = ""]) => {
    const names = [...line.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
    const isFile = (name: string) => name.endsWith(".ts");
    const files = names.filter(isFile);
    let file = files[0];
    const functions: string[] = [];
    for (const name of names) {
      if (isFile(name)) file = name;
      else if (name.endsWith("()")) functions.push(`${file} ${name.slice(0, -2)}`);
    }
    return { number: Number(number), functions, files };
  });
}

/** What ran while some work was done, as V8 counted it: `src/call/call.ts perform`. */
async function ranDuring(work: () => Promise<unknown>): Promise<Set<string>> {
  const session = new Session();
  session.connect();
  try {
    await session.post("Profiler.enable");
    await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
    await work();
    const { result } = await session.post("Profiler.takePreciseCoverage");
    await session.post("Profiler.stopPreciseCoverage");
    const ran = new Set<string>();
    for (const { url, functions } of result) {
      const file = url.replace("file://", "").replace(`${root}/`, "");
      for (const { functionName, ranges } of functions) {
        if ((ranges[0]?.count ?? 0) > 0) ran.add(`${file} ${functionName}`);
      }
    }
    return ran;
  } finally {
    session.disconnect();
  }
}

const userId = "u1";
const input = (contentId: string) => make.savedContent({ userId, contentId });
const key = { userId, contentId: "c1" };

/** Each path with calls that take all of its turns. */
const paths: readonly [heading: string, run: (data: TestDataLayer) => Promise<void>][] = [
  [
    "A get",
    async (data) => {
      expect(await data.savedContent.get(key)).not.toBeNull();
      const two = [key, { userId, contentId: "c2" }].map((one) => data.savedContent.get(one));
      expect(await Promise.all(two)).toMatchObject([{ contentId: "c1" }, { contentId: "c2" }]);
      // The test kit counts requests in a handler of its own. The package's own handler is here:
      const credentials = { accessKeyId: "test", secretAccessKey: "test" };
      await using plain = createDataLayer({ ...data.configuration, credentials });
      for (let n = 0; n < 2; n += 1) expect(await plain.savedContent.get(key)).not.toBeNull();
    },
  ],
  [
    "An update with a lock",
    async (data) => {
      const { updatedAt } = await data.savedContent.getOrThrow(key);
      const { savedContent } = data;
      const title = "New";
      // The response to the first attempt is lost: the second one finds the update made.
      data.wire.inject({ fault: "answerLost", operation: "UpdateItem", times: 1 });
      const updated = await savedContent.update(key, { title }, { ifUpdatedAt: updatedAt });
      expect(updated.data.title).toBe(title);
      data.wire.clear();
      const again = { ifUpdatedAt: updated.updatedAt };
      await savedContent.update(key, { title: "Newer" }, again);
      await failureOf(savedContent.update(key, { title }, again), ConditionalCheckFailedError);
      const missing = { userId, contentId: "none" };
      await failureOf(savedContent.update(missing, { title }, again), ItemNotFoundError);
    },
  ],
  [
    "A native chain",
    async (data) => {
      const found = await data.savedContent.entity.query.byKey({ userId }).go();
      expect(found.data).toHaveLength(2);
      data.wire.inject({ fault: "throttle", operation: "Query", times: Number.POSITIVE_INFINITY });
      await failureOf(data.savedContent.entity.query.byKey({ userId }).go(), Error);
    },
  ],
  [
    "A batch",
    async (data) => {
      const many = Array.from({ length: 30 }, (_, index) => input(`b${index}`));
      expect(await data.savedContent.batchPut(many)).toEqual({ written: 30 });
      const times = Number.POSITIVE_INFINITY;
      data.wire.inject({ fault: "partialUnprocessed", operation: "BatchWriteItem", times });
      await failureOf(data.savedContent.batchPut(many), UnprocessedItemsError);
    },
  ],
];

test("every path is described, in at most ten steps, and each step names what does it", () => {
  const described = text.split("## Four calls, step by step")[1] ?? "";
  expect([...described.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading)).toEqual(
    paths.map(([heading]) => heading),
  );
  for (const [heading] of paths) {
    const steps = stepsOf(heading);
    expect(steps.map(({ number }) => number)).toEqual(steps.map((_, index) => index + 1));
    expect(steps.length).toBeGreaterThanOrEqual(5);
    expect(steps.length).toBeLessThanOrEqual(10);
    const files = steps.flatMap((step) => step.files);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    // ElectroDB's own work has no function of this package.
    expect(steps.filter(({ functions }) => functions.length === 0).length).toBeLessThanOrEqual(1);
  }
});

describe.each(engines.slice(0, 1))("on $name", (engine) => {
  // Somebody listens, and the retries do not make the test wait.
  const table = openTable(engine, { events: () => undefined, retry: { initialDelayMs: 1 } });

  beforeEach(async () => {
    table.data.wire.clear();
    for (const id of ["c1", "c2"]) await table.data.savedContent.put(input(id));
  });

  test.each(paths)("%s runs each function that its steps name", async (heading, run) => {
    const ran = await ranDuring(() => run(table.data));
    const named = stepsOf(heading).flatMap(({ number, functions }) =>
      functions.map((name) => `${number}. ${name}`),
    );
    expect(named.length).toBeGreaterThan(6);
    expect(named.filter((name) => !ran.has(name.replace(/^\d+\. /, "")))).toEqual([]);
  });
});
