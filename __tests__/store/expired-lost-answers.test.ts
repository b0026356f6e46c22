/** Lost answers of writes to items that expire: the repetition is judged by what the first one made. */
import { ConditionalCheckFailedError, ItemNotFoundError } from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { expiringEntities, MovableClock, start } from "../expiring-entities.js";
import { bareClient, failureOf, rawTable } from "../open.js";
import { lost, Recorder } from "../services/recorder.js";

describe.each(engines)("on $name", ({ engine }) => {
  const clock = new MovableClock();
  const wire = new Recorder();
  const open = () =>
    createTestDataLayer({
      engine,
      entities: expiringEntities,
      clock,
      requestHandler: wire,
      retry: { initialDelayMs: 1, maxDelayMs: 2 },
    });
  let data: Awaited<ReturnType<typeof open>>;
  let count = 0;
  beforeAll(async () => {
    data = await open();
  });
  afterAll(() => data.close());
  beforeEach(() => {
    wire.clear();
    clock.time = start;
    count += 1;
  });

  const until = start + 10_000;
  const key = () => ({ userId: "u1", offerId: `o${count}` });
  const stored = () => data.offer.put({ ...key(), data: { text: "old", until } });
  const now = () => data.offer.get(key(), { consistent: true });

  /** The next request of a kind is carried out, then other things happen, then its answer is lost. */
  function lose(meanwhile?: () => unknown, operation?: string): void {
    wire.clear().loseNext(meanwhile, operation);
  }

  test("create over an expired item recognises its own item", async () => {
    await stored();
    clock.time = until;
    lose();
    const made = await data.offer.create({ ...key(), data: { text: "new", until: until * 2 } });
    expect(wire.names).toEqual(
      data.engine.capabilities.oldItemOnConditionFailure
        ? ["PutItem", "PutItem"]
        : expect.arrayContaining(["PutItem", "PutItem"]),
    );
    expect(made).toMatchObject({ createdAt: until, data: { text: "new" } });
    expect(await now()).toEqual(made);
  });

  test("create over an expired item is refused by another's that came between", async () => {
    await stored();
    clock.time = until;
    lose(async () => {
      await data.offer.update(key(), { text: "other" });
    });
    const create = data.offer.create({ ...key(), data: { text: "new" } });
    expect(await failureOf(create, ConditionalCheckFailedError)).toMatchObject({
      mayHaveBeenDone: true,
    });
    expect((await now())?.data.text).toBe("other");
  });

  test("create whose own item expires before the repetition stores it once more", async () => {
    lose(() => {
      clock.time = until;
    });
    const made = await data.offer.create({ ...key(), data: { text: "new", until } });
    expect(made.data.text).toBe("new");
    expect(await now()).toBeNull();
    clock.time = until - 1;
    expect(await now()).toMatchObject({ data: { text: "new" } });
  });

  test("put over an expired item keeps the CreatedAt of its own first request", async () => {
    await stored();
    clock.time = until;
    lose(() => {
      clock.time += 1;
    }, "PutItem");
    const made = await data.offer.put({ ...key(), data: { text: "new" } });
    expect(made).toMatchObject({ createdAt: until, data: { text: "new" } });
    expect(await now()).toEqual(made);
  });

  test.each([
    ["alone", {}],
    ["under a lock", { ifUpdatedAt: start }],
    ["under a where", { where: { text: "old" } }],
  ])("update that ends its item, %s, does not miss it afterwards", async (_, options) => {
    await stored();
    clock.time += 1000;
    lose();
    const ended = await data.offer.update(
      key(),
      { text: "ended", until: clock.time },
      options as object,
    );
    expect(ended).toMatchObject({ data: { text: "ended", until: clock.time } });
    expect(wire.names.slice(0, 2)).toEqual(["UpdateItem", "UpdateItem"]);
    expect(await now()).toBeNull();
  });

  test("update that ends its item by upgrading its payload does not miss it afterwards", async () => {
    const client = bareClient(data);
    const raw = rawTable(client, data.configuration.tableName);
    const pass = { userId: "u1", passId: `p${count}` };
    const old = { text: "old", seconds: start / 1000 };
    const times = { CreatedAt: 1, UpdatedAt: 1 };
    await raw.put({ PK: "USER#u1", SK: `PASS#p${count}`, EntityType: "Pass", Data: old, ...times });
    expect(await data.pass.get(pass)).toMatchObject({ data: { text: "old", until: start } });
    wire.clear();
    // The first request learns that the payload is of an older version, the second one changes it.
    let updates = 0;
    wire.intercept = (request) => {
      if (request.operation === "UpdateItem") updates += 1;
      return updates === 2 ? lost(request) : undefined;
    };
    const changed = await data.pass.update(pass, { text: "new" });
    expect(updates).toBe(3);
    expect(changed.data).toEqual({ text: "new", until: start });
    expect(await data.pass.get(pass, { consistent: true })).toBeNull();
    expect((await raw.get("USER#u1", `PASS#p${count}`))?.TTL).toBe(start / 1000);
    client.destroy();
  });

  test("update that moves the end is made again above another's, and TTL is its own", async () => {
    await stored();
    clock.time += 1;
    lose(() =>
      data.offer.update(key(), { text: "other", until: until * 2 }, { where: { text: "old" } }),
    );
    const moved = await data.offer.update(key(), { until: until + 5000 });
    expect(moved.data).toEqual({ text: "other", until: until + 5000 });
    clock.time = until + 5000 - 1;
    expect(await now()).toEqual(moved);
    clock.time += 1;
    expect(await now()).toBeNull();
  });

  test("update of an item that expires meanwhile says that it may have been done", async () => {
    await stored();
    lose(() => {
      clock.time = until;
    });
    const update = data.offer.update(key(), { text: "new" });
    expect(await failureOf(update, ItemNotFoundError)).toMatchObject({ mayHaveBeenDone: true });
  });

  test.each([
    ["without a lock", false],
    ["under a lock", true],
  ])("delete %s of an item that expires meanwhile returns null", async (_, isLocked) => {
    const { updatedAt } = await stored();
    lose(() => {
      clock.time = until;
    });
    const options = isLocked ? { ifUpdatedAt: updatedAt } : {};
    expect(await data.offer.delete(key(), options)).toBeNull();
    clock.time = start;
    expect(await now()).toBeNull();
  });

  describe("an item that expires while its refusal is on the way", () => {
    /** The next request is carried out, and its answer arrives when the item has expired. */
    const delay = () => {
      wire.clear();
      wire.intercept = async ({ send }) => {
        wire.intercept = () => undefined;
        const answer = await send();
        clock.time = until;
        return answer;
      };
    };

    test("does not keep a create from its place", async () => {
      if (!data.engine.capabilities.oldItemOnConditionFailure) return;
      await stored();
      delay();
      const made = await data.offer.create({ ...key(), data: { text: "new" } });
      expect(wire.names).toEqual(["PutItem", "PutItem"]);
      expect(await now()).toEqual(made);
    });

    test("does not fail a transaction's check that it is gone", async () => {
      if (!data.engine.capabilities.transactions) return;
      await stored();
      delay();
      const other = { userId: "u1", offerId: `other${count}` };
      await data.transaction.write((tx) => [
        tx.offer.check(key(), { exists: false }),
        tx.offer.create({ ...other, data: { text: "other" } }),
      ]);
      expect(wire.names).toEqual(["TransactWriteItems", "TransactWriteItems"]);
    });

    test("is not found by an update under a lock that did not hold", async () => {
      await stored();
      delay();
      const update = data.offer.update(key(), { text: "new" }, { ifUpdatedAt: start - 1 });
      await failureOf(update, ItemNotFoundError);
      expect(wire.names[0]).toBe("UpdateItem");
    });
  });

  test("a transaction that ends its item returns, and is carried out once", async () => {
    if (!data.engine.capabilities.transactions) return;
    await stored();
    clock.time += 1000;
    lose();
    await data.transaction.write((tx) => [tx.offer.update(key(), { until: clock.time })]);
    expect(wire.names).toEqual(["TransactWriteItems", "TransactWriteItems"]);
    expect(await now()).toBeNull();
  });
});
