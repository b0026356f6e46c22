/** `data.user(userId).erase()`: nothing of the user is left, in the promised number of requests. */
import { AbortedError } from "../../../src/errors/aborted-error.js";
import { TimeoutError } from "../../../src/errors/timeout-error.js";
import { UnprocessedItemsError } from "../../../src/errors/unprocessed-items-error.js";
import { ValidationError } from "../../../src/errors/validation-error.js";
import { engines, settings } from "../../engines.js";
import { failureOf, openTable, requestsOf } from "../../open.js";
import { registry } from "../../registry.js";
import { lost, Recorder } from "../recorder.js";
import { fill, fillAll, rowsOf } from "./people.js";

const retry = { initialDelayMs: 1, maxDelayMs: 2 };
const one = Object.fromEntries(registry.map(({ name }) => [name, 1]));
/** A look at the three partitions. */
const look = ["Query", "Query", "Query"];
const batches = (count: number) => Array<string>(count).fill("BatchWriteItem");

describe.each(settings)("erasing a user on $name", (engine) => {
  const table = openTable(engine, { retry });
  beforeEach(() => table.data.wire.clear());
  afterEach(() => table.data.wire.clear());

  test("leaves nothing in the partitions, whatever is in them, and nothing of others' is touched", async () => {
    const { data, raw } = table;
    await fillAll(data, raw, "gone");
    for (const other of ["gon", "gone1", "GONE", "gone#PROFILE"]) await fill(data, other);
    expect(await rowsOf(data, "gone")).toHaveLength(19);
    data.wire.clear();
    const erasure = await data.user("gone").erase();
    expect(erasure).toStrictEqual({
      erased: 19,
      entities: { ...one, savedContent: 2, review: 2 },
      undeclared: 5,
      left: 0,
      notCovered: [],
    });
    expect(requestsOf(data)).toEqual([...look, ...batches(1), ...look]);
    expect(await rowsOf(data, "gone")).toEqual([]);
    for (const other of ["gon", "gone1", "GONE", "gone#PROFILE"]) {
      expect(await rowsOf(data, other)).toHaveLength(12);
    }
    const reviews = await raw.index("REVIEW#one");
    expect(reviews.map(({ PK }) => PK)).not.toContain("REVIEW#gone");
  });

  test("a user of whom nothing is stored takes one look", async () => {
    const { data } = table;
    const nothing = { erased: 0, entities: {}, undeclared: 0, left: 0, notCovered: [] };
    expect(await data.user("nobody").erase()).toStrictEqual(nothing);
    expect(requestsOf(data)).toEqual(look);
  });

  test("dryRun counts the same and writes nothing", async () => {
    const { data, raw } = table;
    await fillAll(data, raw, "counted");
    data.wire.clear();
    const { erased, entities, undeclared, left } = await data
      .user("counted")
      .erase({ dryRun: true });
    expect({ erased, entities, undeclared, left }).toEqual({
      erased: 19,
      entities: { ...one, savedContent: 2, review: 2 },
      undeclared: 5,
      left: 0,
    });
    expect(requestsOf(data)).toEqual(look);
    expect(await rowsOf(data, "counted")).toHaveLength(19);
  });

  test("the scope of a user has the same", async () => {
    const { data } = table;
    await fill(data, "mine");
    expect(await data.forUser("mine").user.erase()).toMatchObject({ erased: 12, entities: one });
    expect(await rowsOf(data, "mine")).toEqual([]);
  });
});

describe.each(engines)("the requests of erasing on $name", (engine) => {
  const wire = new Recorder();
  const table = openTable(engine, { retry, requestHandler: wire });
  beforeEach(() => wire.clear());
  afterEach(() => wire.clear());

  /** Stores this many contents of a user, and a token. */
  const store = async (userId: string, contents: number, content = "c") => {
    const { savedContent, oauthToken } = table.data;
    const items = Array.from({ length: contents }, (_, index) => ({
      userId,
      contentId: `c${String(index).padStart(4, "0")}`,
      data: { type: "Blog Post", content },
    }));
    await savedContent.batchPut(items);
    await oauthToken.put({ userId, data: { accessToken: "a", refreshToken: "r" } });
    wire.clear();
  };

  test.each([
    [24, 1],
    [25, 2],
    [99, 4],
    [249, 10],
  ])("%i contents and a token take %i batches, over all partitions", async (contents, count) => {
    await store(`n${contents}`, contents);
    const { erased } = await table.data.user(`n${contents}`).erase();
    expect(erased).toBe(contents + 1);
    expect(wire.names).toEqual(expect.arrayContaining(batches(count)));
    expect(wire.names.filter((name) => name === "BatchWriteItem")).toHaveLength(count);
    expect(wire.names.filter((name) => name === "Query")).toHaveLength(6);
  });

  test("looks at keys alone, consistently", async () => {
    await store("keys", 3);
    await table.data.user("keys").erase();
    const queries = wire.asked.filter(({ operation }) => operation === "Query");
    for (const { input } of queries) {
      const names = input.ExpressionAttributeNames as Record<string, string>;
      const read = String(input.ProjectionExpression).split(", ");
      expect(read.map((name) => names[name])).toEqual(["PK", "SK", "EntityType"]);
      expect(input).toMatchObject({ ConsistentRead: true });
      expect(input).not.toHaveProperty("FilterExpression");
    }
  });

  test("reads a partition of several MB page by page, and still sends ⌈n/25⌉ batches", async () => {
    await store("large", 30, "x".repeat(100_000));
    const { erased } = await table.data.user("large").erase();
    expect(erased).toBe(31);
    const queries = wire.names.filter((name) => name === "Query").length;
    // 3 MB in one partition, two other partitions, and the last look at three.
    expect(queries).toBeGreaterThan(3 + 3);
    expect(wire.names.filter((name) => name === "BatchWriteItem")).toHaveLength(2);
    expect(await rowsOf(table.data, "large")).toEqual([]);
  });

  test("finds what is written behind its look, and erases that too", async () => {
    const { data } = table;
    await store("busy", 30);
    let writes = 3;
    wire.intercept = ({ operation, send }) => {
      if (operation !== "BatchWriteItem" || writes === 0) return undefined;
      writes -= 1;
      const contentId = `late-${writes}`;
      const write = data.savedContent.put({
        userId: "busy",
        contentId,
        data: { type: "t", content: "c" },
      });
      return write.then(send);
    };
    const { erased, left } = await data.user("busy").erase();
    expect({ erased, left, writes }).toEqual({ erased: 31 + 3, left: 0, writes: 0 });
    expect(await rowsOf(data, "busy")).toEqual([]);
  });

  test("gives up on a writer that never stops, and says what it left", async () => {
    const { data } = table;
    await store("restless", 1);
    let written = 0;
    wire.intercept = ({ operation, send }) => {
      if (operation !== "BatchWriteItem") return undefined;
      written += 1;
      const contentId = `again-${written}`;
      const write = data.savedContent.put({
        userId: "restless",
        contentId,
        data: { type: "t", content: "c" },
      });
      return send().then((answer) => write.then(() => answer));
    };
    const { erased, left } = await data.user("restless").erase();
    expect({ erased, left }).toEqual({ erased: 2 + 4, left: 1 });
    expect(wire.names.filter((name) => name === "BatchWriteItem")).toHaveLength(5);
    expect(wire.names.filter((name) => name === "Query")).toHaveLength(6 * 3);
    expect(await rowsOf(data, "restless")).toEqual(["USER#restless / CONTENT#again-5"]);
  });

  test("is aborted in the middle, and goes on with what is left when it is called again", async () => {
    const { data } = table;
    await store("stopped", 249);
    const stop = new AbortController();
    const ended = new Promise<never>((_, reject) => {
      stop.signal.addEventListener("abort", () => reject(new Error("the connection is closed")));
    });
    ended.catch(() => undefined);
    let sent = 0;
    let answered = 0;
    wire.intercept = ({ operation, send }) => {
      if (operation !== "BatchWriteItem") return undefined;
      sent += 1;
      // Three batches reach the engine; the others are on their way when the call is aborted.
      if (sent > 3) return ended;
      return send().then((answer) => {
        answered += 1;
        if (answered === 3) stop.abort(new Error("stopped by the test"));
        return answer;
      });
    };
    const erasing = data.user("stopped").erase({ signal: stop.signal });
    const error = await failureOf(erasing, AbortedError);
    expect(error).toMatchObject({ operation: "user.erase", mayHaveBeenDone: true });
    expect(error.message).toMatch(/^user\.erase \(userId=stopped\): aborted/);
    wire.clear();
    expect(await rowsOf(data, "stopped")).toHaveLength(250 - 75);
    expect(await data.user("stopped").erase()).toMatchObject({ erased: 250 - 75, left: 0 });
    expect(await rowsOf(data, "stopped")).toEqual([]);
  });

  test("ends at its deadline", async () => {
    const { data } = table;
    await store("slow", 3);
    wire.inject({ fault: "slow", delayMs: 500, operation: "BatchWriteItem", times: 9 });
    const error = await failureOf(data.user("slow").erase({ timeoutMs: 100 }), TimeoutError);
    expect(error.operation).toBe("user.erase");
    wire.clear();
    await data.user("slow").erase();
    expect(await rowsOf(data, "slow")).toEqual([]);
  });

  test("a signal that is aborted already sends nothing", async () => {
    const signal = AbortSignal.abort(new Error("before"));
    await failureOf(table.data.user("early").erase({ signal }), AbortedError);
    expect(wire.names).toEqual([]);
  });

  test("loses answers, is throttled and gets batches half done, and erases everything once", async () => {
    const { data } = table;
    await store("faulty", 99);
    wire.inject({ fault: "throttle", operation: "Query" });
    wire.inject({ fault: "throttle", operation: "BatchWriteItem" });
    wire.inject({ fault: "partialUnprocessed", operation: "BatchWriteItem", times: 2 });
    let losses = 1;
    wire.intercept = (passing) => {
      if (passing.operation !== "BatchWriteItem" || losses === 0) return undefined;
      losses -= 1;
      return lost(passing);
    };
    expect(await data.user("faulty").erase()).toMatchObject({ erased: 100, left: 0 });
    expect(losses).toBe(0);
    expect(await rowsOf(data, "faulty")).toEqual([]);
  });

  test("what stays throttled is an error that says how much was erased, and can be resumed", async () => {
    const { data } = table;
    await store("throttled", 49);
    wire.inject({ fault: "throttle", operation: "BatchWriteItem", after: 1, times: 100 });
    const error = await failureOf(data.user("throttled").erase(), UnprocessedItemsError);
    expect(error.message).toMatch(/^user\.erase \(userId=throttled\): 25 of 50 were not erased: /);
    expect(error).toMatchObject({ written: 25, unprocessed: 25, retryable: true });
    expect(error.mayHaveBeenDone).toBe(true);
    wire.clear();
    expect(await data.user("throttled").erase()).toMatchObject({ erased: 25, left: 0 });
    expect(await rowsOf(data, "throttled")).toEqual([]);
  });

  test.each([
    [{ dryrun: true }, "dryrun", /did you mean "dryRun"/],
    [{ dryRun: 1 }, "dryRun", /must be true or false/],
    [{ signal: {} }, "signal", /must be an AbortSignal/],
    [{ timeoutMs: 0 }, "timeoutMs", /must be a number of milliseconds > 0/],
    [{ limit: 5 }, "limit", /the options are dryRun, signal, timeoutMs/],
  ])("refuses the options %j", async (options, path, message) => {
    const error = await failureOf(table.data.user("u").erase(options as never), ValidationError);
    expect(error.issues).toEqual([{ path, message: expect.stringMatching(message) }]);
    expect(error.operation).toBe("user.erase");
    expect(wire.names).toEqual([]);
  });
});
