/** Writes whose answer is lost: what the layer makes of the refusal that follows, and what it tells. */
import { isDeepStrictEqual } from "node:util";
import { NumberValue } from "@aws-sdk/lib-dynamodb";
import { AbortedError } from "../../src/errors/aborted-error.js";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { ItemNotFoundError } from "../../src/errors/item-not-found-error.js";
import { ThroughputExceededError } from "../../src/errors/throughput-exceeded-error.js";
import { TimeoutError } from "../../src/errors/timeout-error.js";
import { TransactionCanceledError } from "../../src/errors/transaction-canceled-error.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import type { Fault } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import { Recorder } from "../services/recorder.js";

const forever = Number.POSITIVE_INFINITY;

describe.each(engines)("on $name", (engine) => {
  const wire = new Recorder();
  const table = openTable(engine, {
    requestHandler: wire,
    retry: { initialDelayMs: 1, maxDelayMs: 2 },
  });
  const project = () => table.data.project;
  let count = 0;

  beforeEach(() => {
    wire.clear();
    count += 1;
  });

  const key = () => ({ userId: "u1", projectId: `p${count}` });
  const stored = (data: object = {}) => project().put({ ...key(), data: { name: "old", ...data } });
  const now = () => project().get(key(), { consistent: true });

  /** The next request is carried out, then the other writer's is, then the first one's answer is lost. */
  function lose(meanwhile?: () => Promise<unknown>): void {
    wire.clear().loseNext(meanwhile);
  }

  const other = () => project().update(key(), { name: "other" });

  describe("create", () => {
    const create = () => project().create({ ...key(), data: { name: "own" } });

    test("recognises its own item", async () => {
      lose();
      expect(await create()).toEqual(await now());
      expect(wire.names.slice(0, 2)).toEqual(["PutItem", "PutItem"]);
    });

    test("recognises its own item by what is stored, not by what was given (-0, 1n and the like were refused by their own work)", async () => {
      const odd = {
        zero: -0,
        one: 1n,
        bytes: Buffer.from("a"),
        exact: NumberValue.from("1.50"),
        long: NumberValue.from("1.00000000000000000000015"),
        set: new Set([2n, 3]),
        bare: Object.assign(Object.create(null) as object, { a: undefined }),
      };
      lose();
      const created = await project().create({ ...key(), data: { name: "own", ...odd } });
      expect(wire.names.slice(0, 2)).toEqual(["PutItem", "PutItem"]);
      expect(isDeepStrictEqual(created, await now())).toBe(true);
    });

    test("says that it may have been done where another has written the item since", async () => {
      lose(other);
      const error = await failureOf(create(), ConditionalCheckFailedError);
      expect(error).toMatchObject({ mayHaveBeenDone: true, item: { data: { name: "other" } } });
      expect(error.message).toBe(
        `create Project (userId=u1, projectId=p${count}): the item is already there; it may have been carried out nevertheless`,
      );
      expect(JSON.parse(JSON.stringify(error))).toMatchObject({ mayHaveBeenDone: true });
    });

    test("was not done where it is refused with no answer lost, or throttled before", async () => {
      await stored();
      expect(await failureOf(create(), ConditionalCheckFailedError)).toMatchObject({
        mayHaveBeenDone: false,
      });
      for (const fault of ["throttle", "dnsFailure", "clockSkew", "transactionConflict"] as const) {
        wire.clear().inject({ fault });
        expect(await failureOf(create(), ConditionalCheckFailedError)).toMatchObject({
          mayHaveBeenDone: false,
        });
        expect(wire.names).toEqual(["PutItem", "PutItem"]);
      }
    });

    test("creates the item again where it was deleted since: nothing tells that it has been there", async () => {
      lose(() => project().delete(key()));
      const item = await create();
      expect(await now()).toEqual(item);
    });

    test("with an id of its own is there once", async () => {
      lose();
      const userId = `ids-${count}`;
      const item = await project().create({ userId, data: { name: "own" } });
      expect((await project().query({ userId })).items).toEqual([item]);
    });
  });

  describe("update", () => {
    test("under a lock recognises its own work", async () => {
      const { updatedAt } = await stored();
      lose();
      const changed = await project().update(key(), { name: "own" }, { ifUpdatedAt: updatedAt });
      expect(wire.names).toEqual(["UpdateItem", "UpdateItem"]);
      expect(await now()).toEqual(changed);
    });

    test("under a lock does not take another's work for its own, however alike", async () => {
      await stored();
      // By a clock ahead: whoever holds the lock writes the millisecond after it.
      const updatedAt = Date.now() + 60_000;
      const item = await table.raw.get("USER#u1", `PROJECT#p${count}`);
      await table.raw.put({ ...item, UpdatedAt: updatedAt });
      const same = () => project().update(key(), { name: "own" }, { ifUpdatedAt: updatedAt });
      wire.intercept = async () => {
        wire.intercept = () => undefined;
        // The other one holds the same lock and writes the same; the first request never arrives.
        expect(await same()).toMatchObject({ updatedAt: updatedAt + 1 });
        throw Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
      };
      expect(await failureOf(same(), ConditionalCheckFailedError)).toMatchObject({
        mayHaveBeenDone: true,
      });
    });

    test.each(["ifUpdatedAt", "where"] as const)(
      "under %s recognises its own work below another's, unless that had a condition too",
      async (condition) => {
        const change = (name: string, { data, updatedAt }: Awaited<ReturnType<typeof stored>>) =>
          project().update(
            key(),
            { name },
            condition === "where" ? { where: { name: data.name } } : { ifUpdatedAt: updatedAt },
          );
        const old = await stored();
        lose(other);
        expect(await change("own", old)).toMatchObject({ data: { name: "other" } });

        const before = await project().getOrThrow(key(), { consistent: true });
        lose(async () => {
          await change("third", await project().getOrThrow(key(), { consistent: true }));
        });
        // A lock says that it does not hold; whether a where would is not tried.
        const code = condition === "where" ? "AnswerLost" : "ConditionalCheckFailedException";
        expect(await failureOf(change("own", before), DynamoDBError)).toMatchObject({
          ...{ code, mayHaveBeenDone: true },
        });
        expect(await now()).toMatchObject({ data: { name: "third" } });
      },
    );

    test("that is refused for good was not done", async () => {
      await stored();
      const update = () => project().update(key(), { name: "own" }, { where: { name: "none" } });
      expect(await failureOf(update(), ConditionalCheckFailedError)).toMatchObject({
        mayHaveBeenDone: false,
      });
      expect((await now())?.data.name).toBe("old");
    });

    test("of an item that was deleted since says that it may have been done", async () => {
      await stored();
      lose(() => project().delete(key()));
      const update = project().update(key(), { name: "own" });
      expect(await failureOf(update, ItemNotFoundError)).toMatchObject({ mayHaveBeenDone: true });
    });

    test("with no condition is made again after another's", async () => {
      await stored();
      lose(other);
      await project().update(key(), { name: "own" });
      expect((await now())?.data.name).toBe("own");
    });

    const list = { tags: ["a", "b", "c"] };
    const append = { set: [[["tags", 99], "d"]] } as never;
    const first = { remove: [["tags", 0]] } as never;
    // dynoxide 1.2.1 fills the places in between.
    const tags = async () =>
      (((await now())?.data ?? {}) as { tags?: unknown[] }).tags?.filter((tag) => tag !== null);

    test.each([
      ["appends", append, ["a", "b", "c", "d"]],
      ["removes", first, ["b", "c"]],
    ] as const)("that %s at a place of a list does so once", async (_, change, left) => {
      await stored(list);
      lose(other);
      await project().update(key(), {}, change);
      expect(await tags()).toEqual(left);
    });

    test("at a place of a list ends where another's leaves nothing to tell by", async () => {
      await stored(list);
      lose(() => project().update(key(), { name: "other" }, { where: { name: "old" } }));
      const error = await failureOf(project().update(key(), {}, first), DynamoDBError);
      expect(error).toMatchObject({
        ...{ code: "AnswerLost", mayHaveBeenDone: true, retryable: false },
      });
      expect(error.message).toContain("a response was lost and the item was written meanwhile");
      expect(await tags()).toEqual(["b", "c"]);
    });

    test.each([
      ["older than the clock", 0],
      ["ahead of the clock", 60_000],
    ])(
      "under a where that still holds is not made again over another's, %s",
      async (_, aheadMs) => {
        await stored({ tags: ["a"] });
        const item = await table.raw.get("USER#u1", `PROJECT#p${count}`);
        await table.raw.put({ ...item, UpdatedAt: Number(item?.UpdatedAt) + aheadMs });
        const change = (name: string) =>
          project().update(
            key(),
            { name },
            { where: (_, { exists, path }) => exists(path("tags")) },
          );
        let refused = aheadMs > 0;
        lose(() => change("other"));
        const { intercept } = wire;
        // One that is refused, for want of the stored time, comes before.
        wire.intercept = (request) => {
          if (!refused) return intercept(request);
          refused = false;
          return undefined;
        };
        const error = await failureOf(change("own"), DynamoDBError);
        expect(error).toMatchObject({ code: "AnswerLost", mayHaveBeenDone: true });
        // It was done, and then the other's: done again it would stand above it.
        expect((await now())?.data.name).toBe("other");
      },
    );
  });

  test("put is made again after another's", async () => {
    lose(other);
    await stored();
    expect((await now())?.data.name).toBe("old");
  });

  describe("delete", () => {
    test("returns null where it deleted the item and the answer is lost", async () => {
      await stored();
      lose();
      expect(await project().delete(key())).toBeNull();
      expect(await now()).toBeNull();
    });

    test("under a lock returns null where the item is gone, by it or by another", async () => {
      const { updatedAt } = await stored();
      lose();
      expect(await project().delete(key(), { ifUpdatedAt: updatedAt })).toBeNull();
      // Without a lost answer it is refused, and an item is returned by whoever deleted it.
      expect(
        await failureOf(
          project().delete(key(), { ifUpdatedAt: updatedAt }),
          ConditionalCheckFailedError,
        ),
      ).toMatchObject({ mayHaveBeenDone: false });
    });

    test("under a lock says that it may have been done where another item is there", async () => {
      const { updatedAt } = await stored();
      lose(() => project().create({ ...key(), data: { name: "new" }, createdAt: 1 }));
      const remove = project().delete(key(), { ifUpdatedAt: updatedAt });
      expect(await failureOf(remove, ConditionalCheckFailedError)).toMatchObject({
        mayHaveBeenDone: true,
      });
      expect((await now())?.data.name).toBe("new");
    });
  });

  describe("a failure at the end", () => {
    test.each<[Fault, boolean]>([
      ["throttle", false],
      ["throttlingException", false],
      ["requestLimitExceeded", false],
      ["transactionConflict", false],
      ["dnsFailure", false],
      ["dnsTimeout", false],
      ["timeout", true],
      ["connectionReset", true],
      ["answerLost", true],
      ["serverError", true],
      ["serviceUnavailable", true],
      ["serverErrorAfter", true],
      ["bodyCut", true],
      ["bodyCutSilently", true],
      ["bodyCorrupt", true],
    ])("by %s: may it have been done? %p. A read never", async (fault, open) => {
      wire.inject({ fault, times: forever });
      expect(await failureOf(stored(), DynamoDBError)).toMatchObject({ mayHaveBeenDone: open });
      expect(wire.names.length).toBeGreaterThan(1);
      if (fault === "transactionConflict") return;
      expect(await failureOf(now(), DynamoDBError)).toMatchObject({ mayHaveBeenDone: false });
    });

    test("that is certain does not undo the one before that is not", async () => {
      wire.inject({ fault: "answerLost" }).inject({ fault: "throttle", times: forever });
      const error = await failureOf(stored(), ThroughputExceededError);
      expect(error.mayHaveBeenDone).toBe(true);
      wire.clear();
      expect(await now()).not.toBeNull();
    });

    test("by the call's own limits: only where a write is on its way", async () => {
      wire.intercept = () => new Promise(() => undefined);
      const put = (options: object) => project().put({ ...key(), data: { name: "own" } }, options);
      expect(await failureOf(put({ timeoutMs: 30 }), TimeoutError)).toMatchObject({
        mayHaveBeenDone: true,
      });
      const signal = AbortSignal.timeout(30);
      expect(await failureOf(put({ signal }), AbortedError)).toMatchObject({
        mayHaveBeenDone: true,
      });
      expect(await failureOf(project().get(key(), { timeoutMs: 30 }), TimeoutError)).toMatchObject({
        mayHaveBeenDone: false,
      });
      expect(await failureOf(put({ signal: AbortSignal.abort() }), AbortedError)).toMatchObject({
        mayHaveBeenDone: false,
      });
    });

    test("of use cases is told through", async () => {
      const userId = `use-${count}`;
      const profile = { email: "a@example.com", displayName: "A" };
      const { profiles, oauth } = table.data;
      const limits = { timeoutMs: 60 };
      wire.intercept = () => new Promise(() => undefined);
      expect(
        await failureOf(profiles.save({ userId }, profile, limits), TimeoutError),
      ).toMatchObject({ mayHaveBeenDone: true });
      wire.clear().inject({ fault: "throttle", times: forever });
      const store = oauth.store(userId, undefined, { accessToken: "t" } as never);
      expect(await failureOf(store, ThroughputExceededError)).toMatchObject({
        mayHaveBeenDone: false,
      });
    });
  });

  test("a token that was refreshed is found to be stored, however often nobody says so", async () => {
    const { oauth } = table.data;
    const userId = `use-${count}`;
    await oauth.store(userId, undefined, {
      ...{ accessToken: "old", refreshToken: "r", expiryDate: 1_700_000_000_000 },
    } as never);
    // The claim passes, the store of the fresh token does not come back, in more than one request.
    wire.inject({ fault: "answerLost", operation: "UpdateItem", after: 1, times: 4 });
    const refresh = jest.fn(async () => ({ accessToken: "new", expiryDate: 9e12 }));
    const token = await oauth.validToken(userId, undefined, { refresh });
    expect(token.accessToken).toBe("new");
    expect(refresh).toHaveBeenCalledTimes(1);
    wire.clear();
    expect((await oauth.get(userId))?.data.accessToken).toBe("new");
  });

  test("use cases that create or merge end as if no answer had been lost", async () => {
    const userId = `use-${count}`;
    const { profiles, oauth } = table.data;
    wire.inject({ fault: "answerLost", operation: "PutItem" });
    const saved = await profiles.save({ userId }, { email: "a@example.com", displayName: "A" });
    expect(await table.data.userProfile.get({ userId })).toEqual(saved);
    wire.clear().inject({ fault: "answerLost", operation: "PutItem" });
    const token = { accessToken: "t", refreshToken: "r", expiryDate: 9e12 };
    const kept = await oauth.store(userId, undefined, token as never);
    expect(wire.names).toEqual(["UpdateItem", "PutItem", "PutItem"]);
    expect(await oauth.get(userId)).toEqual(kept);
  });

  describe("batchPut", () => {
    const items = () =>
      Array.from({ length: 30 }, (_, index) => ({
        ...{ userId: `batch-${count}`, projectId: `${index}` },
        data: { name: "n" },
      }));

    test.each([
      ["throttle", false],
      ["partialUnprocessed", false],
      ["answerLost", true],
    ] as const)(
      "that %s stops says whether what it names may have been written",
      async (fault, open) => {
        wire.inject({ fault, times: forever });
        const error = await failureOf(project().batchPut(items()), UnprocessedItemsError);
        expect(error.mayHaveBeenDone).toBe(open);
        wire.clear();
        const { items: found } = await project().query({ userId: `batch-${count}` });
        // What was not done is not there; what may have been done here was.
        expect(found).toHaveLength(open ? 30 : error.written);
      },
    );

    test("whose last answer names some, and one before was lost, may have written them", async () => {
      wire.inject({ fault: "answerLost" }).inject({ fault: "partialUnprocessed", times: forever });
      const error = await failureOf(
        project().batchPut(items().slice(0, 20)),
        UnprocessedItemsError,
      );
      expect(error.mayHaveBeenDone).toBe(true);
    });
  });

  (engine.engine === "dynalite" ? describe.skip : describe)("a transaction", () => {
    const write = () =>
      table.data.transaction.write((tx) => [
        tx.project.create({ ...key(), data: { name: "own" } }),
      ]);

    test("is done once under one token", async () => {
      wire.inject({ fault: "answerLost", times: 2 });
      await write();
      expect(wire.names).toEqual(Array(3).fill("TransactWriteItems"));
      expect((await now())?.data.name).toBe("own");
    });

    test("that is refused after a lost answer may still be done: its first request may be on its way", async () => {
      await stored();
      wire.inject({ fault: "connectionReset" });
      expect(await failureOf(write(), TransactionCanceledError)).toMatchObject({
        mayHaveBeenDone: true,
      });
      expect(wire.names).toEqual(["UpdateItem", ...Array(2).fill("TransactWriteItems")]);
    });

    test("that nobody answers, or that a conflict stops after a lost answer, may have been done", async () => {
      wire.inject({ fault: "answerLost" }).inject({ fault: "transactionConflict", times: forever });
      expect(await failureOf(write(), TransactionCanceledError)).toMatchObject({
        mayHaveBeenDone: true,
      });
      wire.clear();
      expect((await now())?.data.name).toBe("own");
      wire.inject({ fault: "transactionConflict", times: forever });
      expect(await failureOf(write(), TransactionCanceledError)).toMatchObject({
        mayHaveBeenDone: false,
      });
    });
  });
});
