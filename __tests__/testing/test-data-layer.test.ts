import { setTimeout as sleep } from "node:timers/promises";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import {
  createTestDataLayer,
  faults,
  fixtures,
  make,
  startEngine,
} from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf } from "../open.js";
import { type AnyInput, inputOf, keyOf, registry, storeOf } from "../registry.js";

describe.each(engines)("createTestDataLayer on $name", ({ engine }) => {
  test("is ready when it resolves, and its table is gone when it is closed", async () => {
    const data = await createTestDataLayer({ engine });
    expect(data.wire.requests).toEqual([]);
    expect(await data.project.query({ userId: "u1" })).toEqual({
      items: [],
      cursor: null,
      previous: null,
    });
    expect(await data.table.describe()).toMatchObject({
      name: data.configuration.tableName,
      status: "ACTIVE",
      indexes: [{ name: "GSI1", status: "ACTIVE" }],
    });
    const other = await createTestDataLayer({ engine: data.engine });
    await data.close();
    const { tableName } = data.configuration;
    const looking = await createTestDataLayer({ engine: other.engine });
    expect(looking.configuration.tableName).not.toBe(tableName);
    await looking.close();
    await failureOf(data.project.get({ userId: "u1", projectId: "p1" }), DynamoDBError);
    await other.close();
  });

  test("gives each its own table on one engine", async () => {
    const first = await createTestDataLayer({ engine });
    const second = await createTestDataLayer({ engine });
    expect(first.engine.endpoint).toBe(second.engine.endpoint);
    await first.project.create({ userId: "u1", projectId: "p1", data: { name: "first" } });
    expect(await second.project.get({ userId: "u1", projectId: "p1" })).toBeNull();
    await first.close();
    await second.project.create({ userId: "u1", projectId: "p1", data: { name: "second" } });
    await second.close();
  });

  test("may be closed twice, and by `await using`", async () => {
    const data = await createTestDataLayer({ engine });
    await Promise.all([data.close(), data.close()]);
    await data[Symbol.asyncDispose]();
  });

  test("takes a running engine, and leaves it running", async () => {
    const running = await startEngine({ engine });
    const data = await createTestDataLayer({ engine: running });
    await data.close();
    const again = await createTestDataLayer({ engine: running });
    expect(await again.project.get({ userId: "u", projectId: "p" })).toBeNull();
    await again.close();
    await running.close();
  });

  test("takes the options of a data layer, and faults from the start", async () => {
    const wire = faults({ fault: "throttle", operation: "PutItem" });
    const data = await createTestDataLayer({
      engine,
      requestHandler: wire,
      clock: { now: () => 5 },
      tableName: "test-named-by-its-test",
      retry: { initialDelayMs: 1 },
    });
    expect(data.wire).toBe(wire);
    expect(data.configuration.tableName).toBe("test-named-by-its-test");
    const item = await data.project.create({ userId: "u1", data: { name: "n" } });
    expect(item.createdAt).toBe(5);
    expect(wire.requests.map((request) => request.fault)).toEqual(["throttle", undefined]);
    await data.close();
  });

  test("takes every fixture and everything that make makes", async () => {
    const data = await createTestDataLayer({ engine });
    for (const entity of registry) {
      const store = storeOf(data, entity);
      const fixture = fixtures[entity.name] as AnyInput;
      expect((await store.create(fixture)).data).toMatchObject(fixture.data);
      const made = inputOf(entity, "user-made", "i1", { mark: 1 });
      expect((await store.create(made)).data).toMatchObject({ mark: 1 });
      expect(keyOf(entity, fixture)).toMatchObject({ [entity.owner]: "user-1" });
    }
    await data.close();
  });
});

describe("make", () => {
  test("gives each item an id of its own, and changes no fixture", () => {
    const before = structuredClone(fixtures.savedContent);
    const first = make.savedContent();
    const second = make.savedContent({ data: { title: "t" } });
    expect(first.contentId).not.toBe(second.contentId);
    expect(second).toMatchObject({ userId: "user-1", data: { ...before.data, title: "t" } });
    (first.data as { content: string }).content = "changed";
    expect(fixtures.savedContent).toStrictEqual(before);
    expect(make.savedContent().data.content).toBe(before.data.content);
  });

  test("takes any part of the key, a creation time and some of the payload", () => {
    const made = make.review({ agentId: "a", createdAt: 5, data: { rating: 1 } });
    expect(made).toMatchObject({
      agentId: "a",
      createdAt: 5,
      data: { rating: 1, source: "Google" },
    });
    expect(make.review({ reviewId: "r" }).reviewId).toBe("r");
    expect(make.userProfile().userId).not.toBe(make.userProfile().userId);
  });

  test("refuses what no item has, which would be left out of the test's item", () => {
    const misspelt = () => make.savedContent({ dat: { title: "t" } } as never);
    expect(misspelt).toThrow(ValidationError);
    expect(misspelt).toThrow('make.savedContent: "dat" is not an option; did you mean "data"?');
    expect(() => make.userProfile({ agentId: "a" } as never)).toThrow('"agentId" is not an option');
    // What it made is taken again.
    expect(make.review(make.review()).data.rating).toBe(5);
  });

  test("gives the twelve entities", () => {
    const names = registry.map(({ name }) => name).sort();
    expect(Object.keys(make).sort()).toEqual(names);
    expect(Object.keys(fixtures).sort()).toEqual(names);
  });
});

test.each(Object.entries(fixtures))(
  "the fixture of %s shows what a user would see: no object in it is empty",
  (_, fixture) => {
    const empty = (value: unknown): boolean =>
      typeof value === "object" && value !== null
        ? (!Array.isArray(value) && Object.keys(value).length === 0) ||
          Object.values(value).some(empty)
        : value === undefined;
    expect(empty(fixture)).toBe(false);
  },
);

test("a wrong option keeps no engine: the shared one ends with the others' use (it never did)", async () => {
  const data = await createTestDataLayer({ engine: "dynalite" });
  const { endpoint } = data.engine;
  const answers = () =>
    fetch(endpoint).then(
      () => true,
      () => false,
    );
  const wrong = { engine: "dynalite", retry: { maxRetries: -1 } } as const;
  await expect(createTestDataLayer(wrong)).rejects.toThrow("retry.maxRetries must be");
  expect(await answers()).toBe(true);
  await data.close();
  for (let turn = 0; turn < 150 && (await answers()); turn += 1) await sleep(100);
  expect(await answers()).toBe(false);
});
