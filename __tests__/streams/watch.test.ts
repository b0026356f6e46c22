/** `watch` on engines with streams, and on a scripted stream for what no engine produces. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  AbortedError,
  ConfigurationError,
  createDataLayer,
  DynamoDBError,
  ValidationError,
} from "../../src/index.js";
import {
  type CheckpointStore,
  fileCheckpoint,
  type WatchOptions,
  watch,
} from "../../src/streams/index.js";
import {
  createTestDataLayer,
  make,
  startFaultProxy,
  type TestDataLayer,
} from "../../src/testing/index.js";
import { ScriptedStream } from "./scripted-stream.js";
import { describeStreams, useEngine } from "./stream.js";

type Layer = Parameters<typeof watch>[0];

/** The next changes of a watch, which is then left. */
async function take<T>(changes: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const change of changes) {
    taken.push(change);
    if (taken.length === count) break;
  }
  return taken;
}

/** What a promise is rejected with. */
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => {
      throw new Error("it does not fail");
    },
    (error: unknown) => error,
  );

describeStreams("watch on $name", ({ engine: name }) => {
  const engine = useEngine(name);
  let data: TestDataLayer;
  beforeEach(async () => {
    data = await createTestDataLayer({ engine: engine(), stream: true });
  });
  afterEach(() => data.close());

  const key = { userId: "u1", contentId: "c1" };

  test("gives every change from the start, and goes on after the checkpoint of each", async () => {
    await data.savedContent.create(make.savedContent({ ...key, data: { title: "One" } }));
    await data.savedContent.update(key, { title: "Two" });
    await data.savedContent.delete(key);
    const all = await take(watch(data, { from: "start" }), 3);
    expect(all.map(({ kind }) => kind)).toEqual(["created", "updated", "deleted"]);
    expect(all[1]).toMatchObject({ key, before: { data: { title: "One" } } });
    for (const [at, { checkpoint }] of all.slice(0, -1).entries()) {
      const rest = await take(watch(data, { from: checkpoint }), 2 - at);
      expect(rest.map(({ id }) => id)).toEqual(all.slice(at + 1).map(({ id }) => id));
    }
  });

  test("a fault hits the request of the stream that it names, and the reading goes on (it could not be named)", async () => {
    const { wire } = data;
    wire.inject({ fault: "throttle", operation: "GetRecords" });
    wire.inject({ fault: "serverError", operation: "GetShardIterator" });
    await data.savedContent.create(make.savedContent(key));
    await take(watch(data, { from: "start" }), 1);
    const hit = wire.requests.filter(({ fault }) => fault !== undefined);
    expect(hit.map(({ operation, fault }) => [operation, fault]).toSorted()).toEqual([
      ["GetRecords", "throttle"],
      ["GetShardIterator", "serverError"],
    ]);
  });

  test("and so does a fault on the wire", async () => {
    await using proxy = await startFaultProxy({ target: data.engine.endpoint });
    await using proxied = createDataLayer({
      ...data.configuration,
      ...{ endpoint: proxy.url, credentials: data.engine.credentials },
    });
    proxy.inject({ fault: "reset", operation: ["DescribeStream", "GetRecords"], times: 2 });
    await data.savedContent.create(make.savedContent(key));
    await take(watch(proxied, { from: "start" }), 1);
    const hit = proxy.requests.filter(({ fault }) => fault !== undefined);
    expect(hit.map(({ operation }) => operation)).toEqual(["DescribeStream", "DescribeStream"]);
  });

  test("from now on, it gives what is stored after onStart was called, and nothing before", async () => {
    await data.savedContent.create(make.savedContent({ ...key, data: { title: "One" } }));
    const changes = watch(data, {
      onStart: () => data.savedContent.update(key, { title: "Two" }),
    });
    const [change] = await take(changes, 1);
    expect(change).toMatchObject({ kind: "updated", after: { data: { title: "Two" } } });
  });

  test("a checkpoint of now passes over all that is older (it gave all but the first again)", async () => {
    for (const contentId of ["c1", "c2", "c3"]) {
      await data.savedContent.create(make.savedContent({ ...key, contentId }));
    }
    const controller = new AbortController();
    let place = "";
    const onStart = (checkpoint: string) => {
      place = checkpoint;
      controller.abort();
    };
    await failureOf(take(watch(data, { onStart, signal: controller.signal }), 1));
    const { at, since, ...rest } = JSON.parse(place);
    const anHour = 3_600_000;
    const later = JSON.stringify({ ...rest, at: at + anHour, since: since + anHour });
    const ended = AbortSignal.timeout(1_500);
    const given: unknown[] = [];
    const reading = (async () => {
      for await (const change of watch(data, { from: later, signal: ended })) given.push(change);
    })();
    expect(await failureOf(reading)).toBeInstanceOf(AbortedError);
    expect(given).toEqual([]);
  });

  test("a checkpoint of now loses nothing, although the service keeps no such place", async () => {
    let begun = "";
    const changes = watch(data, {
      onStart: async (checkpoint) => {
        begun = checkpoint;
        await data.savedContent.create(make.savedContent({ ...key, data: { title: "One" } }));
      },
    });
    await take(changes, 1);
    const [again] = await take(watch(data, { from: begun }), 1);
    expect(again).toMatchObject({ kind: "created", key });
  });

  test("keeps its checkpoint in a file, and goes on from there", async () => {
    const folder = mkdtempSync(join(tmpdir(), "watch-"));
    const checkpoints = fileCheckpoint(join(folder, "place.json"));
    try {
      for (const title of ["One", "Two", "Three"]) {
        await data.savedContent.put(make.savedContent({ ...key, data: { title } }));
      }
      const seen: unknown[] = [];
      while (seen.length < 3) {
        for await (const change of watch(data, { from: "start", checkpoints })) {
          seen.push(change.after);
          if (seen.length === 3) break;
        }
      }
      expect(JSON.parse(readFileSync(join(folder, "place.json"), "utf8"))).toMatchObject({
        version: 1,
      });
      // The last one was in hand when the loop was left, so it is not handled.
      const [again] = await take(watch(data, { checkpoints }), 1);
      expect(again).toMatchObject({ after: { data: { title: "Three" } } });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("ends at once when it is aborted, or left, while it waits", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const changes = watch(data, {
      signal: controller.signal,
      onStart: () => setTimeout(() => controller.abort(reason), 20),
    });
    const error = await failureOf(take(changes, 1));
    expect(error).toBeInstanceOf(AbortedError);
    expect((error as AbortedError).cause).toBe(reason);
    const other = watch(data)[Symbol.asyncIterator]();
    const waiting = other.next();
    await sleep(50);
    await other.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  test("fails as the data layer is closed", async () => {
    const changes = watch(data, { onStart: () => void data.close() });
    expect(await failureOf(take(changes, 1))).toBeInstanceOf(AbortedError);
  });

  test("a table without a stream is a ConfigurationError that says how it gets one", async () => {
    const plain = await createTestDataLayer({ engine: engine() });
    try {
      const error = await failureOf(take(watch(plain), 1));
      expect(error).toBeInstanceOf(ConfigurationError);
      expect((error as Error).message).toContain("has no stream: a table gets a stream when");
    } finally {
      await plain.close();
    }
  });
});

test("watch on dynalite says that it has no streams", async () => {
  const data = await createTestDataLayer({ engine: "dynalite" });
  try {
    const error = await failureOf(take(watch(data), 1));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toContain("dynalite has no streams");
  } finally {
    await data.close();
  }
});

describe("watch of a scripted stream", () => {
  let stream: ScriptedStream;
  let data: Layer & { close(): Promise<void> };
  beforeEach(async () => {
    stream = await ScriptedStream.open();
    data = stream.layer();
  });
  afterEach(async () => {
    await data.close();
    await stream.close();
  });

  const watched = (options: WatchOptions = {}) => watch(data as never, options) as AsyncIterable<W>;
  interface W {
    readonly key: { readonly contentId: string };
    readonly after: { readonly data: { readonly title: string } };
    readonly checkpoint: string;
  }
  const named = (changes: readonly W[]) =>
    changes.map(({ key, after }) => `${key.contentId}${after.data.title}`);
  const wrote = (id: string, item: string, ...numbers: number[]) => {
    for (const n of numbers) stream.write(id, { item, n });
  };

  test("reads parents to their ends before their children, through two splits", async () => {
    stream.shard("a");
    stream.shard("b", "a");
    stream.shard("c", "a");
    stream.shard("d", "c");
    wrote("a", "x", 1, 2, 3, 4);
    for (const id of ["a", "c"]) stream.end(id);
    wrote("b", "x", 5);
    wrote("c", "y", 1, 2, 3, 4, 5);
    wrote("d", "y", 6);
    const all = named(await take(watched({ from: "start" }), 11));
    expect(all.slice(0, 4)).toEqual(["x1", "x2", "x3", "x4"]);
    expect(all.filter((one) => one.startsWith("y"))).toEqual(["y1", "y2", "y3", "y4", "y5", "y6"]);
    expect(new Set(all).size).toBe(11);
  });

  test("follows a split that happens while it reads, from now on too", async () => {
    stream.shard("a");
    wrote("a", "x", 1);
    const seen: string[] = [];
    for await (const change of watched({ onStart: () => wrote("a", "x", 2) })) {
      seen.push(...named([change]));
      if (seen.length === 1) {
        wrote("a", "x", 3);
        stream.end("a");
        setTimeout(() => {
          stream.shard("b", "a");
          wrote("b", "x", 4);
        }, 300);
      }
      if (seen.length === 3) break;
    }
    expect(seen).toEqual(["x2", "x3", "x4"]);
  });

  test("renews an expired iterator after the last record, and loses none when it had none", async () => {
    stream.shard("a");
    wrote("a", "x", 1, 2);
    const seen: string[] = [];
    const onStart = () => {
      stream.expireIterators();
      wrote("a", "x", 3, 4, 5, 6);
    };
    for await (const change of watched({ onStart })) {
      seen.push(...named([change]));
      stream.expireIterators();
      if (seen.at(-1) === "x6") break;
    }
    // Those before are within the margin of now, which is read from the beginning.
    expect(seen).toEqual(["x1", "x2", "x3", "x4", "x5", "x6"]);
  });

  test("passes over what is more than five minutes older than now", async () => {
    stream.shard("a");
    stream.write("a", { item: "old", n: 1 }, Date.now() - 6 * 60_000);
    let begun = "";
    await take(
      watched({
        onStart: (checkpoint) => {
          begun = checkpoint;
          wrote("a", "new", 1);
        },
      }),
      1,
    );
    expect(named(await take(watched({ from: begun }), 1))).toEqual(["new1"]);
    expect(named(await take(watched({ from: "start" }), 1))).toEqual(["old1"]);
  });

  test("reports records that are gone, and goes on with the oldest if it may", async () => {
    stream.shard("a");
    wrote("a", "x", 1, 2, 3);
    const [first] = await take(watched({ from: "start" }), 1);
    stream.trim("a");
    wrote("a", "x", 4);
    const error = await failureOf(take(watched({ from: first?.checkpoint }), 1));
    expect(error).toBeInstanceOf(DynamoDBError);
    expect(error).toMatchObject({ code: "TrimmedDataAccessException" });
    const lost: unknown[] = [];
    const onLost = (one: unknown) => lost.push(one);
    const rest = await take(watched({ from: first?.checkpoint, onLost }), 1);
    expect(named(rest)).toEqual(["x4"]);
    expect(lost).toEqual([{ shard: "a", after: "101" }]);
  });

  test("reports shards that are gone with what was not read of them", async () => {
    stream.shard("a");
    wrote("a", "x", 1, 2);
    const [first] = await take(watched({ from: "start" }), 1);
    stream.shards.delete("a");
    stream.shard("b", "a");
    wrote("b", "x", 3);
    expect(await failureOf(take(watched({ from: first?.checkpoint }), 1))).toMatchObject({
      code: "TrimmedDataAccessException",
    });
    const rest = take(watched({ from: first?.checkpoint, onLost: () => undefined }), 1);
    expect(named(await rest)).toEqual(["x3"]);
  });

  test.each(["ProvisionedThroughputExceededException", "LimitExceededException", "ECONNRESET"])(
    "goes on after %s",
    async (fault) => {
      stream.shard("a");
      wrote("a", "x", 1, 2, 3, 4);
      let asked = 0;
      stream.fault = () => {
        asked += 1;
        return asked % 2 === 0 ? undefined : fault;
      };
      expect(named(await take(watched({ from: "start" }), 4))).toEqual(["x1", "x2", "x3", "x4"]);
      expect(asked).toBeGreaterThan(5);
    },
  );

  test("gives up after patienceMs, with the error of the service", async () => {
    stream.shard("a");
    stream.fault = ({ name }) => (name === "GetRecords" ? "LimitExceededException" : undefined);
    const error = await failureOf(take(watched({ from: "start", patienceMs: 0 }), 1));
    expect(error).toMatchObject({ code: "LimitExceededException", retryable: true });
  });

  test("fails at once for what no repetition helps, such as a missing permission", async () => {
    stream.shard("a");
    stream.fault = ({ name }) => (name === "GetRecords" ? "AccessDeniedException" : undefined);
    const error = await failureOf(take(watched({ from: "start" }), 1));
    expect(error).toMatchObject({ code: "AccessDeniedException" });
    expect(stream.asked.filter(({ name }) => name === "GetRecords")).toHaveLength(1);
  });

  test("an idle shard costs no more than a read each idleMs", async () => {
    stream.shard("a");
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 3_000);
    await failureOf(take(watched({ signal: controller.signal }), 1));
    const count = (name: string) => stream.asked.filter((asked) => asked.name === name).length;
    expect(count("GetRecords")).toBeLessThanOrEqual(7);
    expect(count("GetRecords")).toBeGreaterThan(1);
    expect([count("GetShardIterator"), count("DescribeStream"), count("DescribeTable")]).toEqual([
      1, 1, 1,
    ]);
  });

  test("leaves no socket behind", async () => {
    stream.shard("a");
    wrote("a", "x", 1);
    await take(watched({ from: "start" }), 1);
    await data.close();
    await sleep(50);
    expect(await stream.sockets()).toBe(0);
  });

  test("reads more shards than it has requests under way, none of them waiting forever", async () => {
    for (let n = 0; n < 9; n += 1) {
      stream.shard(`s${n}`);
      wrote(`s${n}`, `i${n}`, 1, 2, 3, 4);
    }
    const all = named(await take(watched({ from: "start", parallel: 2 }), 36));
    expect(new Set(all).size).toBe(36);
  });

  test("saves a checkpoint when a shard ends, although nothing was in it", async () => {
    stream.shard("a");
    stream.end("a");
    stream.shard("b", "a");
    const saved: string[] = [];
    const controller = new AbortController();
    const checkpoints: CheckpointStore = {
      load: () => null,
      save: (text) => {
        saved.push(text);
        if (JSON.parse(text).shards.a === "end") controller.abort();
      },
    };
    await failureOf(take(watched({ from: "start", checkpoints, signal: controller.signal }), 1));
    expect(JSON.parse(saved.at(-1) ?? "")).toMatchObject({ shards: { a: "end", b: "start" } });
  });

  test("says that a stream was turned off once all of it has been read", async () => {
    stream.shard("a");
    wrote("a", "x", 1);
    stream.end("a");
    const seen: string[] = [];
    const error = await failureOf(
      (async () => {
        for await (const change of watched({ from: "start" })) {
          stream.isOff = true;
          seen.push(...named([change]));
        }
      })(),
    );
    expect(seen).toEqual(["x1"]);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toContain("has been turned off");
  });

  test("refuses a stream with another view", async () => {
    stream.view = "KEYS_ONLY";
    const error = await failureOf(take(watched(), 1));
    expect((error as Error).message).toContain("a stream with the view KEYS_ONLY");
  });

  test.each([
    ["a text that is no checkpoint", "yesterday"],
    ["a checkpoint of another version", JSON.stringify({ version: 2 })],
    ["an incomplete checkpoint", JSON.stringify({ version: 1, stream: "x" })],
    [
      "a position that is none",
      JSON.stringify({ version: 1, stream: "x", at: 1, since: 1, shards: { a: "> " } }),
    ],
    ["a number", 7],
  ])("refuses %s, before anything is sent", (_, from) => {
    expect(() => watched({ from: from as string })).toThrow(ValidationError);
    expect(stream.asked).toEqual([]);
  });

  test.each([
    [{ form: "start" }, 'did you mean "from"?'],
    [{ parallel: 0 }, "must be an integer from 1 to 1000"],
    [{ idleMs: 10 }, "must be an integer from 250"],
    [{ onLost: true }, "must be a function"],
    [{ checkpoints: { load: () => null } }, "must have the functions load and save"],
    [{ signal: {} }, "must be an AbortSignal"],
  ])("refuses the options %j", (options, message) => {
    expect(() => watched(options as WatchOptions)).toThrow(message);
  });
});
