/** Updates that count are carried out once: under lost answers, beside other writers, in any number. */
import { createDataLayer, type DataLayer, type DataLayerOptions } from "../../src/data-layer.js";
import { AbortedError } from "../../src/errors/aborted-error.js";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { writerPrefix } from "../../src/table/table.js";
import { type FaultyRequestHandler, faults } from "../../src/testing/index.js";
import { growthOf } from "../../src/write/updated-at.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import { Recorder } from "../services/recorder.js";

/** How many increments each of the twenty makes; 500 where COAGENT_TEST_RUNS asks for more than once. */
const increments = Number(process.env.COAGENT_TEST_RUNS ?? 1) > 1 ? 500 : 10;

describe.each(engines)("on $name", (engine) => {
  const wire = new Recorder();
  const retry = { initialDelayMs: 1, maxDelayMs: 3, maxRetries: 10 };
  const table = openTable(engine, { requestHandler: wire, retry });
  let count = 0;
  const key = () => ({ userId: "u1", competitorId: `c${count}` });
  const store = () => table.data.competitor;
  const stored = () => store().getOrThrow(key(), { consistent: true });
  const raw = () => table.raw.get("USER#u1", `COMPETITOR#c${count}`);
  const writersOf = (item: object | undefined) =>
    Object.keys(item ?? {}).filter((name) => name.startsWith(writerPrefix));

  beforeEach(async () => {
    count += 1;
    wire.clear();
    await store().put({ ...key(), data: { name: "N", reviewCount: 0 } });
    wire.clear();
  });

  /** Another data layer on the same table. */
  function other(options: DataLayerOptions = {}): DataLayer {
    const { endpoint, region, credentials } = table.data.engine;
    const { tableName } = table.data.configuration;
    const where = { environment: "development", endpoint, region, credentials, tableName } as const;
    return createDataLayer({ ...where, retry, ...options });
  }

  /** The next request is carried out, then the others' are, then its answer is lost. */
  function lose(meanwhile?: () => Promise<unknown>): void {
    wire.loseNext(meanwhile);
  }

  test("twenty writers under faults end in the exact sum, and each call is acknowledged", async () => {
    const handlers: FaultyRequestHandler[] = [];
    const layers = Array.from({ length: 20 }, (_, seed) => {
      const handler = faults();
      handlers.push(handler);
      handler.random({
        seed,
        rate: 0.05,
        faults: ["answerLost", "serverErrorAfter", "connectionReset", "serverError", "throttle"],
      });
      return other({ requestHandler: handler });
    });
    await Promise.all(
      layers.map(async ({ competitor }) => {
        for (let round = 0; round < increments; round += 1) {
          await competitor.update(key(), {}, { add: { reviewCount: 1 } });
        }
      }),
    );
    const requests = handlers.flatMap(({ requests }) => requests);
    expect((await stored()).data.reviewCount).toBe(20 * increments);
    const hit = requests.filter(({ fault }) => fault !== undefined);
    expect(hit.length).toBeGreaterThan(0);
    // One for each, one more where another writer was faster, and what the faults cost.
    const most = engine.name === "dynalite" ? 3 : 2;
    expect(requests.length).toBeLessThanOrEqual(20 * increments * most + 3 * hit.length);
    for (const layer of layers) await layer.close();
  }, 600_000);

  test("one writer's calls at once take one request each", async () => {
    const add = () => store().update(key(), {}, { add: { reviewCount: 1 } });
    const items = await Promise.all(Array.from({ length: 30 }, add));
    expect(wire.names).toHaveLength(30);
    // Each got the item after its own.
    expect(items.map(({ data }) => data.reviewCount)).toEqual(
      Array.from({ length: 30 }, (_, index) => index + 1),
    );
    expect(writersOf(await raw())).toHaveLength(1);
  });

  test("a lost answer is recognised, although others have written since", async () => {
    const second = other();
    lose(async () => {
      await second.competitor.update(key(), {}, { add: { reviewCount: 10 } });
      await second.competitor.update(key(), { name: "other" });
    });
    const { data } = await store().update(key(), {}, { add: { reviewCount: 1 } });
    expect(data).toMatchObject({ reviewCount: 11, name: "other" });
    await second.close();
  });

  test.each([
    [
      "replaced by another writer",
      async () => {
        const { PK, SK, EntityType, Data, CreatedAt, UpdatedAt } = (await raw()) as Record<
          string,
          unknown
        >;
        const Item = { PK, SK, EntityType, Data, CreatedAt, UpdatedAt: Number(UpdatedAt) + 1 };
        await table.raw.put(Item);
      },
    ],
    [
      "replaced in a batch",
      async () => {
        const { data } = await stored();
        await store().batchPut([{ ...key(), data }]);
      },
    ],
    [
      "deleted and created again",
      async () => {
        const { data } = await stored();
        await store().delete(key());
        await store().create({ ...key(), data });
      },
    ],
  ])("an item that was %s with what was counted is not counted up twice", async (_, replace) => {
    lose(async () => {
      await new Promise((resolve) => setTimeout(resolve, 3));
      await replace();
    });
    const counted = store().update(key(), {}, { add: { reviewCount: 1 } });
    const error = await failureOf(counted, DynamoDBError);
    expect(error).toMatchObject({ code: "AnswerLost", mayHaveBeenDone: true });
    expect((await stored()).data.reviewCount).toBe(1);
  });

  test("so is one under a where that holds no more", async () => {
    lose(() => store().update(key(), { name: "other" }));
    const options = { add: { reviewCount: 1 }, where: { name: "N" } };
    expect((await store().update(key(), {}, options)).data.reviewCount).toBe(1);
  });

  test("a where that does not hold is refused by the second request, however often others write", async () => {
    // A clock ahead wrote it. That alone may be why the first request is refused, and the second adds to its time.
    const item = (await raw()) as Record<string, unknown>;
    await table.raw.put({ ...item, UpdatedAt: Date.now() + 60_000 });
    const second = other();
    wire.intercept = ({ operation, send }) =>
      operation === "UpdateItem"
        ? second.competitor.update(key(), { name: "other" }).then(send)
        : undefined;
    const options = { add: { reviewCount: 1 }, where: { name: "N" } };
    await failureOf(store().update(key(), {}, options), ConditionalCheckFailedError);
    expect(wire.names.filter((name) => name === "UpdateItem")).toHaveLength(2);
    await second.close();
  });

  test("elements come once to the end of a list", async () => {
    const lists = () => table.data.realEstateAgentProfile;
    const profile = { userId: "u1", agentProfileId: `p${count}` };
    await lists().put({ ...profile, data: { name: "N", bio: "B", licenses: ["a"] } as never });
    lose();
    const { data } = await lists().update(
      profile,
      {},
      { append: [[["licenses"], ["b"]]] as never },
    );
    expect(data.licenses).toEqual(["a", "b"]);
  });

  test("a request that did not arrive is sent again, although others have written since", async () => {
    const second = other();
    let isFirst = true;
    wire.intercept = () => {
      if (!isFirst) return undefined;
      isFirst = false;
      return (async () => {
        await second.competitor.update(key(), {}, { add: { reviewCount: 10 } });
        throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
      })();
    };
    const { data } = await store().update(key(), {}, { add: { reviewCount: 1 } });
    expect(data.reviewCount).toBe(11);
    await second.close();
  });

  test("a request that arrives late, after its repetition, counts nothing", async () => {
    let late: () => Promise<unknown> = async () => undefined;
    wire.intercept = ({ send }) => {
      wire.intercept = () => undefined;
      late = send;
      return Promise.reject(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
    };
    await store().update(key(), {}, { add: { reviewCount: 1 } });
    await late();
    expect((await stored()).data.reviewCount).toBe(1);
    await store().update(key(), {}, { add: { reviewCount: 1 } });
    await late().catch(() => undefined);
    expect((await stored()).data.reviewCount).toBe(2);
  });

  test("an item keeps at most 64 writers, and forgets half of them with one more request", async () => {
    for (let index = 0; index < 66; index += 1) {
      const layer = other();
      await layer.competitor.update(key(), {}, { add: { reviewCount: 1 } });
      await layer.close();
    }
    const item = await raw();
    expect(writersOf(item).length).toBeLessThan(40);
    expect(item).toMatchObject({ WritersSince: expect.any(Number) });
    expect((await stored()).data.reviewCount).toBe(66);
    wire.clear();
    await store().update(key(), {}, { add: { reviewCount: 1 } });
    expect(wire.names).toEqual(["UpdateItem"]);
  });

  test("idle writers are forgotten when there are sixteen, and who may be one of them is told so", async () => {
    const now = Date.now();
    const idle = Array.from({ length: 16 }, (_, index) => [`${writerPrefix}idle${index}`, 1]);
    const before = (await raw()) as object;
    await table.raw.put({ ...before, ...Object.fromEntries(idle) });
    await store().update(key(), {}, { add: { reviewCount: 1 } });
    expect(wire.names).toEqual(["UpdateItem", "UpdateItem"]);
    const item = await raw();
    expect(writersOf(item)).toHaveLength(1);
    expect(item?.UpdatedAt).toBe(item?.WritersSince);
    expect(now).toBeLessThanOrEqual(Number(item?.WritersSince));
    // This writer's own update is forgotten before its answer is lost.
    const forgotten = other({ requestHandler: wire });
    lose(async () => {
      const rest = Object.fromEntries(
        Object.entries((await raw()) ?? {}).filter(([name]) => !name.startsWith(writerPrefix)),
      );
      const later = Number(rest.UpdatedAt) + 5;
      await table.raw.put({ ...rest, UpdatedAt: later, WritersSince: later });
    });
    const refused = forgotten.competitor.update(key(), {}, { add: { reviewCount: 1 } });
    const error = await failureOf(refused, DynamoDBError);
    expect(error).toMatchObject({ code: "AnswerLost", mayHaveBeenDone: true });
    await forgotten.close();
  });

  test("they stay where the response has the item before the update, which does not tell when it was written", async () => {
    const idle = Array.from({ length: 20 }, (_, index) => [`${writerPrefix}idle${index}`, 1]);
    await table.raw.put({ ...(await raw()), ...Object.fromEntries(idle) });
    const options = { add: { reviewCount: 1 }, returning: "both" } as const;
    const { before, item } = await store().update(key(), {}, options);
    expect([before.data.reviewCount, item.data.reviewCount]).toEqual([0, 1]);
    expect(wire.names).toEqual(["UpdateItem"]);
    expect(writersOf(await raw())).toHaveLength(21);
  });

  test("a call that is aborted while it waits for its turn has done nothing", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const asked = new Promise<void>((resolve) => {
      wire.intercept = ({ send }) => {
        resolve();
        return held.then(send);
      };
    });
    const first = store().update(key(), {}, { add: { reviewCount: 1 } });
    const controller = new AbortController();
    const { signal } = controller;
    const second = store().update(key(), {}, { add: { reviewCount: 1 }, signal });
    const third = store().update(key(), {}, { add: { reviewCount: 1 } });
    await asked;
    controller.abort();
    const error = await failureOf(second, AbortedError);
    expect(error.mayHaveBeenDone).toBe(false);
    expect(wire.names).toHaveLength(1);
    release();
    await Promise.all([first, third]);
    expect((await stored()).data.reviewCount).toBe(2);
  });

  test("a call that fails gives its turn to the next", async () => {
    const missing = { userId: "u1", competitorId: "none" };
    await expect(store().update(missing, {}, { add: { reviewCount: 1 } })).rejects.toThrow(
      "no such item",
    );
    await expect(store().update(missing, {}, { add: { reviewCount: 1 } })).rejects.toThrow(
      "no such item",
    );
    await failureOf(store().update(key(), {}, { add: { name: 1 } as never }), ValidationError);
    const { data } = await store().update(key(), {}, { add: { reviewCount: 1 } });
    expect(data.reviewCount).toBe(1);
  });

  test("an update that does not count leaves no writer", async () => {
    await store().update(key(), { name: "other" }, { where: { name: "N" } });
    expect(writersOf(await raw())).toEqual([]);
  });
});

describe("the time of a write", () => {
  const clock = { now: () => 200 };
  test.each([
    // A time that nobody adds to is assigned, so that a write in between does not push it into the future.
    ["ahead", 100, { at: 200, step: undefined }],
    ["ahead", 200, { at: 201, step: 1 }],
    ["ahead", 300, { at: 301, step: 1 }],
    ["always", 100, { at: 200, step: 100 }],
    ["always", 300, { at: 301, step: 1 }],
    ["never", 100, { at: 200, step: undefined }],
    ["never", 300, { at: 301, step: undefined }],
    ["always", undefined, { at: 200, step: undefined }],
  ] as const)("adds %s after %p", (adds, UpdatedAt, growth) => {
    const seen = UpdatedAt === undefined ? undefined : { PK: "p", SK: "s", UpdatedAt };
    expect(growthOf(clock, seen, adds)).toEqual(growth);
  });
});
