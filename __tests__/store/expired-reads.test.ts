/** Items that have expired are left out of every read, although they are still in the table. */

import { timeToLiveOf } from "../../src/entity/expiry.js";
import { ItemNotFoundError } from "../../src/index.js";
import { PageLimit } from "../../src/read/page-limit.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines, settings } from "../engines.js";
import { expiringEntities, MovableClock, start } from "../expiring-entities.js";
import { bareClient, failureOf, type RawTable, rawTable } from "../open.js";

describe.each(settings)("on $name", ({ name: _, ...setting }) => {
  const clock = new MovableClock();
  const open = () => createTestDataLayer({ ...setting, entities: expiringEntities, clock });
  let data: Awaited<ReturnType<typeof open>>;
  let client: ReturnType<typeof bareClient>;
  let raw: RawTable;
  beforeAll(async () => {
    data = await open();
    client = bareClient(data);
    raw = rawTable(client, data.configuration.tableName);
  });
  afterAll(() => {
    client.destroy();
    return data.close();
  });
  beforeEach(() => {
    clock.time = start;
    data.wire.clear();
  });

  test("the time is stored in seconds, rounded up, and the payload keeps its milliseconds", async () => {
    const made = await data.offer.create({
      userId: "u1",
      offerId: "o1",
      data: { text: "one", until: start + 1 },
    });
    expect(made.data.until).toBe(start + 1);
    expect(made).not.toHaveProperty("ttl");
    expect(await raw.get("USER#u1", "OFFER#o1")).toMatchObject({
      TTL: start / 1000 + 1,
      Data: { until: start + 1 },
    });
    const full = { userId: "u1", offerId: "o2", data: { text: "two", until: start + 2000 } };
    await data.offer.put(full);
    expect((await raw.get("USER#u1", "OFFER#o2"))?.TTL).toBe(start / 1000 + 2);
  });

  test.each([
    ["without the field", {}],
    ["with null", { until: null }],
  ])("an item %s does not expire", async (kind, more) => {
    const key = { userId: "u2", offerId: kind };
    const made = await data.offer.create({ ...key, data: { text: "always", ...more } });
    expect(await raw.get("USER#u2", `OFFER#${kind}`)).not.toHaveProperty("TTL");
    clock.time = start * 3;
    expect(await data.offer.get(key)).toEqual(made);
  });

  test("every read has an item in its last millisecond, and none has it in the next", async () => {
    const until = start + 5000;
    const key = { userId: "u3", offerId: "gone" };
    const gone = await data.offer.create({ ...key, data: { text: "gone", until } });
    const kept = await data.offer.create({ userId: "u3", offerId: "kept", data: { text: "kept" } });
    const fields = ["text"] as const;
    const scope = data.forUser("u3");
    const reads = async () => {
      const list: unknown[] = [];
      for await (const item of data.offer.list({ userId: "u3" })) list.push(item.offerId);
      const scoped: unknown[] = [];
      for await (const item of scope.offer.list({}, { by: "createdAt" })) scoped.push(item.offerId);
      const scanned: unknown[] = [];
      for await (const { items } of data.offer.scan({
        where: { text: "gone" },
        fields: ["text"],
      })) {
        scanned.push(...items.map((one) => `${one.userId} ${one.offerId}`));
      }
      const ids = (items: readonly { offerId: string }[]) => items.map(({ offerId }) => offerId);
      return {
        get: (await data.offer.get(key))?.offerId,
        fields: (await data.offer.get(key, { fields }))?.data,
        consistent: (await data.offer.get(key, { consistent: true }))?.offerId,
        batch: (await data.offer.batchGet([key, kept])).map((item) => item?.offerId),
        query: ids((await data.offer.query({ userId: "u3" })).items),
        dated: ids((await data.offer.query({ userId: "u3" }, { by: "createdAt", fields })).items),
        where: ids((await data.offer.query({ userId: "u3" }, { where: { text: "gone" } })).items),
        list,
        scanned,
        workspace: ids((await data.collections.workspace({ userId: "u3" })).offer),
        recent: (await data.collections.recent({ userId: "u3", limit: 9, fields })).length,
        scopedGet: (await scope.offer.get({ offerId: "gone" }))?.offerId,
        scopedQuery: ids((await scope.offer.query({})).items),
        scoped,
        scopedWorkspace: ids((await scope.collections.workspace()).offer),
      };
    };
    const both = ["gone", "kept"];
    clock.time = until - 1;
    expect(await reads()).toEqual({
      get: "gone",
      fields: { text: "gone" },
      consistent: "gone",
      batch: both,
      query: both,
      dated: both,
      where: ["gone"],
      list: both,
      scanned: ["u3 gone"],
      workspace: both,
      recent: 2,
      scopedGet: "gone",
      scopedQuery: both,
      scoped: both,
      scopedWorkspace: both,
    });
    clock.time = until;
    expect(await reads()).toEqual({
      get: undefined,
      fields: undefined,
      consistent: undefined,
      batch: [undefined, "kept"],
      query: ["kept"],
      dated: ["kept"],
      where: [],
      list: ["kept"],
      scanned: [],
      workspace: ["kept"],
      recent: 1,
      scopedGet: undefined,
      scopedQuery: ["kept"],
      scoped: ["kept"],
      scopedWorkspace: ["kept"],
    });
    const { message } = await failureOf(data.offer.getOrThrow(key), ItemNotFoundError);
    expect(message).toBe("getOrThrow Offer (userId=u3, offerId=gone): no such item");
    // It is still there, and a native chain has it as ElectroDB reads it.
    expect(await raw.get("USER#u3", "OFFER#gone")).toBeDefined();
    const { data: native } = await data.offer.entity.get(key).go();
    expect(native).toMatchObject({ offerId: "gone", ttl: until / 1000, createdAt: gone.createdAt });
  });

  test("a collection and a scope of the application's own leave it out, too", async () => {
    const invited = { teamId: "t1", inviteId: "i1", data: { role: "agent", until: start + 1000 } };
    await data.invite.create(invited);
    const team = data.scope({ teamId: "t1" });
    expect((await data.collections.team({ teamId: "t1" })).invite).toHaveLength(1);
    expect((await team.invite.query({})).items).toHaveLength(1);
    clock.time = start + 1000;
    expect((await data.collections.team({ teamId: "t1" })).invite).toEqual([]);
    expect((await team.invite.query({})).items).toEqual([]);
    expect(await team.invite.get({ inviteId: "i1" })).toBeNull();
  });

  test("an index by its name leaves it out, and a list of it, too", async () => {
    const invited = (inviteId: string, until: number) => ({
      teamId: "t2",
      inviteId,
      data: { role: "lead", place: "north", until },
    });
    await data.invite.batchPut([invited("i1", start + 1000), invited("i2", start + 2000)]);
    const reads = async () => {
      const list: unknown[] = [];
      for await (const item of data.invite.listBy(
        "byPlace",
        { place: "north" },
        { fields: ["role"] },
      ))
        list.push(item.inviteId);
      const { items, cursor } = await data.invite.queryBy("byRole", { role: "lead" }, { limit: 2 });
      return { list, query: items.map((one) => one.inviteId), cursor };
    };
    const both = ["i1", "i2"];
    clock.time = start + 999;
    expect(await reads()).toEqual({ list: both, query: both, cursor: null });
    clock.time = start + 1000;
    expect(await reads()).toEqual({ list: ["i2"], query: ["i2"], cursor: null });
  });

  test("a TTL of another writer counts if DynamoDB's own comparison takes it for a number", async () => {
    const base = { PK: "USER#u4", EntityType: "Offer", CreatedAt: 1, UpdatedAt: 1 };
    const item = (id: string, TTL: unknown) => ({
      ...base,
      SK: `OFFER#${id}`,
      userId: "u4",
      offerId: id,
      Data: { text: id },
      TTL,
    });
    await raw.put(
      item("fraction", start / 1000 - 0.5),
      item("late", 2 ** 52),
      item("negative", -(10n ** 20n)),
      item("now", start / 1000),
      item("text", "1"),
      item("vast", 10n ** 20n),
    );
    const alive = ["late", "text", "vast"];
    const { items } = await data.offer.query({ userId: "u4" });
    expect(items.map((one) => one.offerId)).toEqual(alive);
    // The writes agree with the reads.
    for (const id of ["fraction", "late", "negative", "now", "text", "vast"]) {
      const update = data.offer.update({ userId: "u4", offerId: id }, { text: "changed" });
      const changed = await update.catch((error: unknown) => error);
      if (alive.includes(id)) expect(changed).toMatchObject({ data: { text: "changed" } });
      else expect(changed).toBeInstanceOf(ItemNotFoundError);
    }
  });
});

test("what is no time, as the upgrade of an older payload may leave it, makes no item expire", () => {
  const times = [start + 1, start / 1000, start * 1000, -1, Number.NaN, String(start), null, 5n];
  expect(times.map(timeToLiveOf)).toEqual([
    start / 1000 + 1,
    ...times.slice(1).map(() => undefined),
  ]);
});

test("a request asks for at most 4,096 items, unless the caller wants more", () => {
  const limit = new PageLimit();
  for (let page = 0; page < 2_000; page += 1) limit.grow();
  expect([limit.of(1), limit.of(4_000), limit.of(1_000_000)]).toEqual([4_096, 4_096, 1_000_000]);
});

describe.each(engines)("requests on $name", ({ engine }) => {
  const clock = new MovableClock();
  const open = () => createTestDataLayer({ engine, entities: expiringEntities, clock });
  let data: Awaited<ReturnType<typeof open>>;
  const idOf = (at: number) => `o${String(at).padStart(3, "0")}`;
  beforeAll(async () => {
    data = await open();
    const gone = Array.from({ length: 190 }, (_, at) => ({
      userId: "u1",
      offerId: idOf(at),
      data: { text: "gone", until: start + 1000 },
    }));
    const kept = Array.from({ length: 12 }, (_, at) => ({
      userId: "u1",
      offerId: idOf(190 + at),
      data: { text: "kept" },
    }));
    await data.offer.batchPut([...gone, ...kept]);
    await data.offer.batchPut(kept.map((one) => ({ ...one, userId: "u2" })));
    clock.time = start + 1000;
  });
  afterAll(() => data.close());
  beforeEach(() => {
    data.wire.clear();
  });
  const limitsAsked = () => data.wire.requests.map(({ input }) => input.Limit);

  test("a limit behind 190 expired items takes six requests, and the cursor goes on after the last item", async () => {
    const page = await data.offer.query({ userId: "u1" }, { limit: 5 });
    expect(page.items.map((one) => one.offerId)).toEqual([190, 191, 192, 193, 194].map(idOf));
    expect(limitsAsked()).toEqual([6, 12, 24, 48, 96, 192]);
    data.wire.clear();
    const next = await data.offer.query({ userId: "u1" }, { limit: 5, cursor: page.cursor });
    expect(next.items.map((one) => one.offerId)).toEqual([195, 196, 197, 198, 199].map(idOf));
    const last = await data.offer.query({ userId: "u1" }, { limit: 5, cursor: next.cursor });
    expect(last.items.map((one) => one.offerId)).toEqual([200, 201].map(idOf));
    expect(last.cursor).toBeNull();
    expect(limitsAsked()).toEqual([6, 6]);
  });

  test("a list with a limit asks for twice as much, too, and one without for no number", async () => {
    const ids: string[] = [];
    for await (const item of data.offer.list({ userId: "u1" }, { limit: 5 }))
      ids.push(item.offerId);
    expect(ids).toEqual([190, 191, 192, 193, 194].map(idOf));
    expect(limitsAsked()).toEqual([5, 10, 20, 40, 80, 160]);
    data.wire.clear();
    const all: string[] = [];
    for await (const item of data.offer.list({ userId: "u1" })) all.push(item.offerId);
    expect(all).toHaveLength(12);
    expect(limitsAsked()).toEqual([undefined]);
  });

  test("without expired items a limit asks for what it needs", async () => {
    const { items } = await data.offer.query({ userId: "u2" }, { limit: 5 });
    expect(items).toHaveLength(5);
    expect(limitsAsked()).toEqual([6]);
  });

  test("expired items at the end leave no cursor that leads nowhere", async () => {
    const { items, cursor } = await data.offer.query(
      { userId: "u1" },
      { order: "desc", limit: 12 },
    );
    expect(items).toHaveLength(12);
    const rest = await data.offer.query({ userId: "u1" }, { order: "desc", limit: 12, cursor });
    expect(rest).toEqual({ items: [], cursor: null, previous: expect.any(String) });
    expect(limitsAsked().slice(1)).toEqual([13, 26, 52, 104]);
  });
});
