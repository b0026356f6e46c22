/** `data.user(userId).erase()`: nothing of the user is left, in the promised number of requests. */
import { ValidationError } from "../../../src/errors/validation-error.js";
import { engines, settings } from "../../engines.js";
import { failureOf, openTable, requestsOf } from "../../open.js";
import { registry } from "../../registry.js";
import { Recorder } from "../recorder.js";
import { fill, fillAll, rowsOf, storeContents } from "./people.js";

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

  const store = async (...given: [userId: string, contents: number, content?: string]) => {
    await storeContents(table.data, ...given);
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
