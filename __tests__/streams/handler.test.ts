/** The Lambda handler, driven with stream records of a real engine. */
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { PutCommand } from "@aws-sdk/lib-dynamodb";
import fc from "fast-check";
import { ConfigurationError, createDataLayer, DecryptionError } from "../../src/index.js";
import {
  createStreamHandler,
  type HandlingFailure,
  type StreamRecord,
} from "../../src/streams/index.js";
import { createTestDataLayer, make, type TestDataLayer } from "../../src/testing/index.js";
import { expiringEntities } from "../expiring-entities.js";
import { bareClient, failureOf } from "../open.js";
import { describeStreams, lambdaRecord, recordsOf, useEngine } from "./stream.js";

const sequence = (record: StreamRecord | undefined) => record?.dynamodb?.SequenceNumber ?? "?";
const failures = (...records: (StreamRecord | undefined)[]) => ({
  batchItemFailures: records.map((record) => ({ itemIdentifier: sequence(record) })),
});
const quiet = { onFailure: () => undefined };

/** Rejected with the signal's reason. */
const untilAborted = (signal: AbortSignal) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

describeStreams("createStreamHandler on $name", ({ engine: name }) => {
  const engine = useEngine(name);
  let data: TestDataLayer;
  beforeEach(async () => {
    data = await createTestDataLayer({ engine: engine(), stream: true });
  });
  afterEach(() => data.close());

  const event = async () => ({ Records: (await recordsOf(data)).map(lambdaRecord) });
  const content = (contentId: string) => ({ userId: "u1", contentId });
  /** Two items, each created, updated and deleted, in turn. */
  const twoItems = async () => {
    for (const id of ["a", "b"]) {
      await data.savedContent.create(make.savedContent(content(id)));
    }
    for (const id of ["a", "b"]) await data.savedContent.update(content(id), { title: "Two" });
    for (const id of ["a", "b"]) await data.savedContent.delete(content(id));
    return event();
  };

  test("calls the function of the entity and kind, then any, in the order of each item", async () => {
    const calls: string[] = [];
    const note = (by: string) => (change: { kind: string; key: { contentId?: string } }) => {
      calls.push(`${by} ${change.kind} ${change.key.contentId}`);
    };
    const handler = createStreamHandler(data, {
      savedContent: { created: note("own"), deleted: note("own") },
      any: (change) => note("any")(change as never),
    });
    expect(await handler(await twoItems())).toEqual({ batchItemFailures: [] });
    for (const id of ["a", "b"]) {
      expect(calls.filter((one) => one.endsWith(id))).toEqual([
        ...[`own created ${id}`, `any created ${id}`, `any updated ${id}`],
        ...[`own deleted ${id}`, `any deleted ${id}`],
      ]);
    }
  });

  test("a failure stops its own item alone, and each record that is not done is reported", async () => {
    const seen: string[] = [];
    const all = await twoItems();
    const handler = createStreamHandler(
      data,
      {
        any: (change) => {
          const { contentId } = change.key as { contentId: string };
          seen.push(`${change.kind} ${contentId}`);
          if (contentId === "a" && change.kind === "updated") throw new Error("no");
        },
      },
      quiet,
    );
    const { Records } = all;
    expect(await handler(all)).toEqual(failures(Records[2], Records[4]));
    expect(seen.toSorted()).toEqual(
      ["created a", "created b", "deleted b", "updated a", "updated b"].toSorted(),
    );
  });

  test("handles different items at the same time, and no more than parallel of them", async () => {
    await Promise.all(
      Array.from({ length: 9 }, (_, n) =>
        data.savedContent.create(make.savedContent(content(`${n}`))),
      ),
    );
    let running = 0;
    let most = 0;
    const handler = createStreamHandler(
      data,
      {
        any: async () => {
          running += 1;
          most = Math.max(most, running);
          await sleep(5);
          running -= 1;
        },
      },
      { parallel: 3 },
    );
    await handler(await event());
    expect(most).toBe(3);
  });

  test("hands a poison record over after so many failures, and goes on with its item", async () => {
    const all = await twoItems();
    const { Records } = all;
    const poison: HandlingFailure<TestDataLayer>[] = [];
    const seen: string[] = [];
    const handler = createStreamHandler(
      data,
      {
        savedContent: {
          updated: () => {
            throw new Error("poison");
          },
          deleted: ({ key }) => seen.push(key.contentId),
        },
      },
      { ...quiet, tries: 3, onPoison: (failure) => poison.push(failure) },
    );
    const still = failures(Records[2], Records[3], Records[4], Records[5]);
    expect(await handler(all)).toEqual(still);
    expect(await handler(all)).toEqual(still);
    expect(poison).toEqual([]);
    expect(await handler(all)).toEqual(failures());
    expect(seen.toSorted()).toEqual(["a", "b"]);
    expect(poison).toMatchObject([
      { change: { kind: "updated", key: content("a") }, tries: 3, record: Records[2] },
      { change: { kind: "updated", key: content("b") }, tries: 3 },
    ]);
    expect(poison[0]?.error).toEqual(new Error("poison"));
    // A record that has been handed over begins anew.
    expect(await handler(all)).toEqual(still);
  });

  test("a record that nobody takes over comes back", async () => {
    const all = await twoItems();
    const warned = jest.spyOn(process, "emitWarning").mockImplementation();
    const handler = createStreamHandler(
      data,
      { savedContent: { created: () => Promise.reject(new Error("no")) } },
      {
        tries: 1,
        onPoison: () => {
          throw new Error("the queue is down");
        },
      },
    );
    expect((await handler(all)).batchItemFailures).toHaveLength(6);
    const details = warned.mock.calls.map(([, options]) => (options as { detail: string }).detail);
    expect(details.filter((detail) => detail.includes("the queue is down"))).toHaveLength(2);
    expect(JSON.stringify(warned.mock.calls)).not.toContain(make.savedContent().data.content);
    warned.mockRestore();
  });

  test("returns before Lambda's deadline, with what is not done, and tells its functions", async () => {
    const all = await twoItems();
    const { Records } = all;
    const reasons: unknown[] = [];
    const handler = createStreamHandler(
      data,
      {
        any: (change, { signal }) => {
          if ((change.key as { contentId: string }).contentId === "b") return;
          return new Promise((_, reject) => {
            signal.addEventListener("abort", () => {
              reasons.push(signal.reason);
              reject(signal.reason);
            });
          });
        },
      },
      { spareMs: 200, tries: 2, onPoison: () => reasons.push("poison"), ...quiet },
    );
    const began = performance.now();
    const response = await handler(all, { getRemainingTimeInMillis: () => 300 });
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(response).toEqual(failures(Records[0], Records[2], Records[4]));
    expect(reasons).toEqual([expect.objectContaining({ name: "TimeoutError" })]);
  });

  test.each([
    ["never ends", () => new Promise(() => undefined)],
    ["ends with the signal", (signal: AbortSignal) => untilAborted(signal)],
  ])(
    "a change whose function %s is told, and is poison after so many tries (it held up its shard)",
    async (_, run) => {
      const all = await twoItems();
      const [first] = all.Records;
      const told: unknown[] = [];
      const handler = createStreamHandler(
        data,
        {
          any: (change, { signal }) =>
            (change.key as { contentId: string }).contentId === "b" ? undefined : run(signal),
        },
        {
          spareMs: 200,
          tries: 2,
          onFailure: ({ record, error, tries }) => {
            expect(error).toMatchObject({ name: "TimeoutError" });
            told.push(["failure", record, tries]);
          },
          onPoison: ({ change, record, tries }, { signal }) => {
            expect(signal.aborted).toBe(false);
            told.push(["poison", record, tries, change?.entity]);
          },
        },
      );
      const invoke = () => handler(all, { getRemainingTimeInMillis: () => 300 });
      expect(await invoke()).toEqual(failures(all.Records[0], all.Records[2], all.Records[4]));
      expect(told).toEqual([["failure", first, 1]]);
      // Those behind it in the same item come again, and it does not.
      expect(await invoke()).toEqual(failures(all.Records[2], all.Records[4]));
      expect(told.slice(1)).toEqual([
        ["failure", first, 2],
        ["poison", first, 2, "savedContent"],
      ]);
    },
  );

  test("a report that never ends keeps nobody from Lambda's deadline", async () => {
    const handler = createStreamHandler(
      data,
      { any: () => new Promise(() => undefined) },
      { spareMs: 100, onFailure: () => new Promise(() => undefined) },
    );
    const all = await twoItems();
    const { batchItemFailures } = await handler(all, { getRemainingTimeInMillis: () => 200 });
    expect(batchItemFailures).toHaveLength(6);
  });

  test("with less time than is to be spared, changes have half of it (each failed at once)", async () => {
    const all = await twoItems();
    const handler = createStreamHandler(data, { any: () => sleep(20) });
    expect(await handler(all, { getRemainingTimeInMillis: () => 900 })).toEqual(failures());
  });

  test("with no time left, nothing is begun and everything is reported", async () => {
    const all = await twoItems();
    const calls: unknown[] = [];
    const handler = createStreamHandler(data, {
      any: async (change) => {
        calls.push(change);
        await sleep(50);
      },
    });
    const { batchItemFailures } = await handler(all, { getRemainingTimeInMillis: () => 0 });
    expect(batchItemFailures.length).toBe(6);
    await sleep(120);
    expect(calls.length).toBeLessThanOrEqual(2);
  });

  test("rows of nobody go to onUnowned, and fail if it fails", async () => {
    await bareClient(data).send(
      new PutCommand({ TableName: data.table.name, Item: { PK: "JOB#1", SK: "RUN#1" } }),
    );
    const all = await event();
    expect(await createStreamHandler(data, {})(all)).toEqual(failures());
    const onUnowned = jest.fn();
    expect(await createStreamHandler(data, {}, { onUnowned })(all)).toEqual(failures());
    expect(onUnowned).toHaveBeenCalledWith(all.Records[0], expect.anything());
    onUnowned.mockRejectedValue(new Error("no"));
    const handler = createStreamHandler(data, {}, { onUnowned, ...quiet });
    expect(await handler(all)).toEqual(failures(all.Records[0]));
  });

  test("what cannot be read fails, unless onUnreadable takes it, and is opened only if it is wanted", async () => {
    const { endpoint, region, credentials } = data.engine;
    const layer = (id: string) =>
      createDataLayer({
        ...{ environment: "development", endpoint, region, credentials },
        ...{ tableName: data.table.name },
        encryption: { keys: { [id]: new Uint8Array(32).fill(7) }, current: id },
      });
    const writer = layer("key-1");
    const lacking = layer("key-2");
    await writer.oauthToken.put(make.oauthToken());
    const all = await event();
    const onFailure = jest.fn();
    const handlers = { oauthToken: { created: () => undefined } };
    const failing = createStreamHandler(lacking, handlers, { onFailure });
    expect(await failing(all)).toEqual(failures(all.Records[0]));
    expect(onFailure.mock.calls[0][0].error).toBeInstanceOf(DecryptionError);
    const onUnreadable = jest.fn();
    const taking = createStreamHandler(lacking, handlers, { onUnreadable });
    expect(await taking(all)).toEqual(failures());
    expect(onUnreadable.mock.calls[0][0]).toMatchObject({ kind: "unreadable", change: "created" });
    const others = createStreamHandler(lacking, { oauthToken: { deleted: () => undefined } });
    expect(await others(all)).toEqual(failures());
    await lacking.close();
    await writer.close();
  });

  test("under random failures each change is handled at least once, in the order of its item", async () => {
    const ids = ["a", "b", "c", "d"];
    for (let n = 0; n < 40; n += 1) {
      const key = content(ids[randomInt(ids.length)] as string);
      await data.savedContent.put({
        ...make.savedContent(key),
        data: { ...make.savedContent().data, title: `${n}` },
      });
      if (n % 7 === 0) await data.savedContent.delete(key);
    }
    const { Records } = await event();
    expect(Records.length).toBeGreaterThanOrEqual(40);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 - 2 }), async (seed) => {
        let state = seed;
        // Park and Miller's generator: a failure prints no more than its seed.
        const chance = () => {
          state = (state * 48_271) % (2 ** 31 - 1);
          return state / (2 ** 31 - 1);
        };
        const done = new Map<string, string[]>();
        const handler = createStreamHandler(
          data,
          {
            any: async (change) => {
              if (chance() < 0.2) throw new Error("now and then");
              await sleep(0);
              const id = JSON.stringify(change.key);
              done.set(id, [...(done.get(id) ?? []), change.id]);
            },
          },
          quiet,
        );
        // As Lambda delivers: from the lowest record that failed, until there is none.
        let rest: readonly StreamRecord[] = Records;
        for (let deliveries = 0; rest.length > 0; deliveries += 1) {
          expect(deliveries).toBeLessThan(500);
          const { batchItemFailures } = await handler({ Records: rest.slice(0, 25) });
          const failed = new Set(batchItemFailures.map((one) => one.itemIdentifier));
          const first = rest.findIndex((record) => failed.has(sequence(record)));
          rest = rest.slice(first === -1 ? 25 : first);
        }
        for (const [id, handled] of done) {
          const wanted = Records.filter((record) => JSON.stringify(idOf(record)) === id);
          // Without what was delivered again, it is the order of the stream.
          expect([...new Set(handled)]).toEqual(wanted.map((record) => record.eventID));
        }
        expect([...done.values()].flat().length).toBeGreaterThanOrEqual(Records.length);
      }),
      { numRuns: 15 },
    );
  });
});

const idOf = ({ dynamodb }: StreamRecord) => {
  const { PK, SK } = (dynamodb?.Keys ?? {}) as Record<string, { S: string }>;
  return { userId: PK?.S.slice("USER#".length), contentId: SK?.S.slice("CONTENT#".length) };
};

describe("what createStreamHandler refuses", () => {
  let data: TestDataLayer;
  beforeAll(async () => {
    data = await createTestDataLayer({ engine: "dynalite" });
  });
  afterAll(() => data.close());
  const refusal = (handlers: object, options: object = {}) => {
    try {
      createStreamHandler(data, handlers as never, options as never);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError);
      return (error as Error).message;
    }
    return undefined;
  };

  test.each([
    [
      { savedContents: {} },
      {},
      'createStreamHandler: "savedContents" is not a store; did you mean "savedContent"?',
    ],
    [
      { project: { create: () => 0 } },
      {},
      '"create" is not a kind of change; did you mean "created"?',
    ],
    [{ project: { created: "x" } }, {}, "createStreamHandler: project.created must be a function"],
    [{ any: {} }, {}, "createStreamHandler: any must be a function"],
    [{}, { onPoisson: () => 0 }, 'did you mean "onPoison"?'],
    [{}, { onPoison: 1 }, "onPoison must be a function"],
    [{}, { tries: 3 }, "tries needs onPoison"],
    [{}, { parallel: 0 }, "parallel must be an integer from 1"],
    [{}, { spareMs: -1 }, "spareMs must be an integer from 0"],
  ])("%j with %j", (handlers, options, message) => {
    expect(refusal(handlers, options)).toContain(message);
  });

  test("an event of another service", async () => {
    const handler = createStreamHandler(data, {});
    for (const event of [undefined, {}, { Records: [{ body: "" }] }, { Records: "x" }]) {
      const error = await failureOf(handler(event as never), ConfigurationError);
      expect(error.message).toContain("event of a DynamoDB stream");
    }
  });
});

test("a store called any is refused, because the function for every change is called so", async () => {
  const data = createDataLayer({
    environment: "local",
    entities: { any: expiringEntities.offer },
  });
  try {
    const make = () => createStreamHandler(data as never, { any: () => undefined } as never);
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow("a store is called any");
  } finally {
    await data.close();
  }
});
