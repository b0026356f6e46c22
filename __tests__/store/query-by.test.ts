/** Indexes by their names, on every engine: what is in them after each call, and how they are read. */
import { type DynamoDBDocumentClient, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { z } from "zod";
import {
  byKey,
  ConditionalCheckFailedError,
  configure,
  createDataLayer,
  data as dataOf,
  Entity,
  type EntityConfig,
  fields,
  index,
  keyPart,
  model,
  times,
  ValidationError,
} from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { indexedEntities } from "../indexed-entities.js";
import { bareClient, failureOf, requestsOf } from "../open.js";

const entities = indexedEntities;
const long = z.looseObject({ state: z.string() });

describe.each(engines)("on $name", ({ engine }) => {
  const open = () => createTestDataLayer({ engine, entities, builtIn: false, coalesce: false });
  let data: Awaited<ReturnType<typeof open>>;
  let raw: DynamoDBDocumentClient;
  beforeAll(async () => {
    data = await open();
    raw = bareClient(data as never);
  });
  afterAll(async () => {
    raw.destroy();
    await data.close();
  });
  beforeEach(() => requestsOf(data as never));

  let count = 0;
  /** A text that no other test has. */
  const fresh = (text: string) => {
    count += 1;
    return `${text}${count}`;
  };
  const sent = () => requestsOf(data as never);
  const idsOf = async (status: string) => {
    const { items } = await data.indexedLead.queryBy("byStatus", { status });
    return items.map(({ leadId }) => leadId);
  };
  /** The index keys of an item as it lies in the table. */
  const keysOf = async (PK: string, SK: string) => {
    const { GetCommand } = await import("@aws-sdk/lib-dynamodb");
    const TableName = data.configuration.tableName;
    const { Item = {} } = await raw.send(new GetCommand({ TableName, Key: { PK, SK } }));
    return Object.fromEntries(Object.entries(Item).filter(([name]) => /^GSI[2-9]/.test(name)));
  };

  describe("an index by a field", () => {
    test("has an item where the field says, and each call moves it in the same request", async () => {
      const [one, other, third] = [fresh("new"), fresh("won"), fresh("lost")];
      const made = await data.indexedLead.create({
        userId: "u1",
        data: { name: "A", status: one },
      });
      expect(sent()).toEqual(["PutItem"]);
      expect(await idsOf(one)).toEqual([made.leadId]);
      sent();
      await data.indexedLead.update(made, { status: other });
      expect(sent()).toEqual(["UpdateItem"]);
      expect([await idsOf(one), await idsOf(other)]).toEqual([[], [made.leadId]]);
      sent();
      const put = await data.indexedLead.put({ ...made, data: { name: "A", status: third } });
      expect(sent()).toEqual(["UpdateItem"]);
      const { items } = await data.indexedLead.queryBy("byStatus", { status: third });
      expect(items).toEqual([put]);
      expect(await idsOf(other)).toEqual([]);
      await data.indexedLead.delete(made);
      expect(await idsOf(third)).toEqual([]);
    });

    test("does not have an item without the field, and has it again once there is one", async () => {
      const status = fresh("new");
      const key = { userId: "u2", leadId: fresh("l") };
      const stored = () => keysOf("USER#u2", `ILEAD#${key.leadId}`);
      const made = await data.indexedLead.create({ ...key, data: { name: "B" } });
      const time = String(made.createdAt);
      const others = { GSI2SK: `${time}#${key.leadId}`, GSI3PK: "TYPE#IndexedLead", GSI3SK: time };
      expect(await stored()).toEqual({ ...others, GSI6PK: "USER#u2" });
      sent();
      await data.indexedLead.update(key, { status });
      expect(sent()).toEqual(["UpdateItem"]);
      const own = { GSI6PK: "USER#u2", GSI6SK: `STATUS#${status}#${key.leadId}` };
      expect(await stored()).toEqual({ ...others, ...own, GSI2PK: `LEAD#${status}` });
      expect(await idsOf(status)).toEqual([key.leadId]);
      // Each of these leaves the item without a status.
      const removals = [
        () => data.indexedLead.update(key, {}, { remove: ["status"] }),
        () => data.indexedLead.update(key, { status: null }),
        () => data.indexedLead.update(key, { status: "" }),
        () => data.indexedLead.put({ ...key, data: { name: "B" } }),
        () => data.indexedLead.put({ ...key, data: { name: "B", status: null } }),
      ];
      for (const remove of removals) {
        await data.indexedLead.update(key, { status });
        sent();
        await remove();
        expect(sent()).toEqual(["UpdateItem"]);
        expect(await stored()).toEqual({ ...others, GSI6PK: "USER#u2" });
        expect(await idsOf(status)).toEqual([]);
      }
    });

    test("keeps its keys where another field changes", async () => {
      const status = fresh("new");
      const made = await data.indexedLead.create({ userId: "u3", data: { name: "C", status } });
      sent();
      await data.indexedLead.update(made, { name: "D", score: 3 });
      expect(sent()).toEqual(["UpdateItem"]);
      expect(await idsOf(status)).toEqual([made.leadId]);
    });

    test("is written by a batch and by an update of more fields than an expression holds", async () => {
      const status = fresh("new");
      const leads = ["a", "b", "c"].map((leadId) => ({
        userId: "u4",
        leadId,
        data: { name: leadId, ...(leadId !== "b" && { status }) },
      }));
      await data.indexedLead.batchPut(leads);
      expect(sent()).toEqual(["BatchWriteItem"]);
      expect(await idsOf(status)).toEqual(["a", "c"]);
      const many = Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`field${at}`, at]));
      const other = fresh("won");
      await data.indexedLead.update({ userId: "u4", leadId: "c" }, { ...many, status: other });
      expect([await idsOf(status), await idsOf(other)]).toEqual([["a"], ["c"]]);
      await data.indexedLead.update({ userId: "u4", leadId: "c" }, many, { remove: ["status"] });
      expect(await idsOf(other)).toEqual([]);
    });

    test("is written where an item has no payload yet", async () => {
      const status = fresh("new");
      const TableName = data.configuration.tableName;
      const key = { PK: "USER#u5", SK: "ILEAD#bare" };
      await raw.send(
        new PutCommand({ TableName, Item: { ...key, EntityType: "IndexedLead", GSI2SK: "1" } }),
      );
      await data.indexedLead.update({ userId: "u5", leadId: "bare" }, { status, name: "E" });
      expect(await idsOf(status)).toEqual(["bare"]);
    });

    test("has the creation time that an item without a payload has when it is written", async () => {
      const status = fresh("new");
      const TableName = data.configuration.tableName;
      const key = { PK: "USER#u5", SK: "ILEAD#late" };
      const putBare = (CreatedAt: number) =>
        raw.send(
          new PutCommand({ TableName, Item: { ...key, EntityType: "IndexedLead", CreatedAt } }),
        );
      await putBare(5);
      // The first request meets no payload. The second one makes it, for the item that the first one met.
      let isRaced = false;
      const send = async (command: object) => {
        const outcome = raw.send(command as never);
        await outcome.catch(() => undefined);
        if (command.constructor.name === "UpdateCommand" && !isRaced) {
          isRaced = true;
          await putBare(7);
        }
        return outcome;
      };
      const own = { environment: "local", tableName: TableName, client: { send } } as const;
      await using late = createDataLayer({ ...(own as object), entities, builtIn: false });
      const changed = { userId: "u5", leadId: "late" };
      const { createdAt } = await late.indexedLead.update(changed, { status, name: "E" });
      expect(createdAt).toBe(7);
      expect(await keysOf(key.PK, key.SK)).toMatchObject({
        GSI2SK: "0000000000007#late",
        GSI3SK: "0000000000007",
      });
    });

    test("is written by a transaction", async () => {
      if (!data.engine.capabilities.transactions) return;
      const [one, other] = [fresh("new"), fresh("won")];
      const place = fresh("TX");
      await data.indexedLead.put({ userId: "u6", leadId: "a", data: { name: "a", status: one } });
      await data.indexedLead.put({ userId: "u6", leadId: "b", data: { name: "b", status: one } });
      await data.indexedHouse.put({
        userId: "u6",
        houseId: "h",
        data: { state: place, city: "a" },
      });
      await data.transaction.write((tx) => [
        tx.indexedLead.create({ userId: "u6", leadId: "c", data: { name: "c", status: other } }),
        tx.indexedLead.put({ userId: "u6", leadId: "b", data: { name: "b" } }),
        tx.indexedLead.update({ userId: "u6", leadId: "a" }, { status: other }),
        tx.indexedHouse.update({ userId: "u6", houseId: "h" }, { city: "b" }),
      ]);
      expect(await idsOf(one)).toEqual([]);
      expect(await idsOf(other)).toEqual(["a", "c"]);
      const at = (city: string) =>
        data.indexedHouse.queryBy("byPlace", { state: place, city }).then(({ items }) => items);
      expect([(await at("a")).length, (await at("b")).length]).toEqual([0, 1]);
    });
  });

  describe("a key of two fields", () => {
    const at = async (state: string, city: string) =>
      (await data.indexedHouse.queryBy("byPlace", { state, city })).items.map((one) => one.houseId);

    test("is made with what the item has: one read more, and none if both are given", async () => {
      const state = fresh("TX");
      const made = await data.indexedHouse.create({ userId: "u1", data: { state, city: "a" } });
      sent();
      await data.indexedHouse.update(made, { city: "b" });
      expect(sent()).toEqual(["GetItem", "UpdateItem"]);
      expect([await at(state, "a"), await at(state, "b")]).toEqual([[], [made.houseId]]);
      sent();
      // The agent's index has the state in its sort key, beside the creation time.
      await data.indexedHouse.update(made, { city: "c" }, { remove: ["state"] });
      expect(sent()).toEqual(["UpdateItem"]);
      expect(await at(state, "c")).toEqual([]);
      sent();
      await data.indexedHouse.update(made, {}, { remove: ["city"] });
      expect(sent()).toEqual(["UpdateItem"]);
    });

    test("is never made of what another writer has replaced meanwhile", async () => {
      const state = fresh("TX");
      const other = fresh("OR");
      const made = await data.indexedHouse.create({ userId: "u1", data: { state, city: "a" } });
      const TableName = data.configuration.tableName;
      const Key = { PK: "USER#u1", SK: `IHOUSE#${made.houseId}` };
      let isRaced = false;
      const last = fresh("CA");
      const states = [other, last, last];
      const racing = {
        send: async (command: { constructor: { name: string } }) => {
          const answer = await raw.send(command as never);
          if (command.constructor.name.startsWith("Get") && !isRaced) {
            isRaced = true;
            await data.indexedHouse.update(made, { state: states.shift() ?? "" });
          }
          return answer;
        },
      };
      const client = racing as never;
      const own = { environment: "local", tableName: TableName, client, coalesce: false } as const;
      await using late = createDataLayer({ ...own, entities, builtIn: false });
      const done = await late.indexedHouse.update(made, { city: "b" });
      expect(isRaced).toBe(true);
      expect(done.data).toEqual({ state: other, city: "b" });
      expect(await at(other, "b")).toEqual([made.houseId]);
      expect([await at(state, "b"), await at(state, "a"), await at(other, "a")]).toEqual([
        [],
        [],
        [],
      ]);
      // The same with a condition that still holds, and with a lock, which does not.
      isRaced = false;
      await late.indexedHouse.update(made, { city: "c" }, { where: { city: "b" } });
      expect(await at(last, "c")).toEqual([made.houseId]);
      isRaced = false;
      const ifUpdatedAt = (await data.indexedHouse.getOrThrow(made)).updatedAt;
      const refused = late.indexedHouse.update(made, { city: "d" }, { ifUpdatedAt });
      await failureOf(refused, ConditionalCheckFailedError);
      const { PK, SK } = Key;
      expect((await keysOf(PK, SK)).GSI4PK).toBe(`PLACE#${last}#c`);
    });

    test("with the creation time in it follows a put: two requests if the item is there", async () => {
      const state = fresh("TX");
      const key = { userId: "u1", houseId: fresh("h") };
      const house = { state, agent: "ada" as const };
      const made = await data.indexedHouse.put({ ...key, data: house, createdAt: 5 });
      expect(sent()).toEqual(["UpdateItem"]);
      const other = fresh("OR");
      await data.indexedHouse.put({ ...key, data: { ...house, state: other } });
      const repeated = sent();
      expect(repeated.filter((request) => request === "UpdateItem")).toHaveLength(2);
      const { items } = await data.indexedHouse.queryBy("byAgent", { agent: "ada", state: other });
      expect(items.map(({ houseId, createdAt }) => [houseId, createdAt])).toEqual([
        [key.houseId, made.createdAt],
      ]);
      await data.indexedHouse.update(key, { state });
      expect(sent().filter((request) => request === "GetItem")).not.toHaveLength(0);
      const range = { from: 5, to: 5 };
      const query = { agent: "ada", state } as const;
      const found = await data.indexedHouse.queryBy("byAgent", query, range);
      expect(found.items.map(({ houseId }) => houseId)).toEqual([key.houseId]);
      const later = await data.indexedHouse.queryBy("byAgent", query, { from: 6 });
      expect(later.items).toEqual([]);
    });
  });

  test("the creation time of a put item stays its place, and a time in the key is one", async () => {
    const status = fresh("new");
    const key = { userId: "u7", leadId: "old" };
    await data.indexedLead.put({ ...key, createdAt: 7, data: { name: "a", status } });
    sent();
    await data.indexedLead.put({ ...key, data: { name: "b", status } });
    expect(sent()).toEqual(["UpdateItem"]);
    const page = await data.indexedLead.queryBy("byStatus", { status }, { to: 7 });
    expect(page.items.map((one) => one.data.name)).toEqual(["b"]);
    const kind = fresh("kind");
    const event = { orgId: "o1", eventId: "e1", createdAt: 9 };
    await data.indexedEvent.put({ ...event, data: { kind } });
    sent();
    await data.indexedEvent.put({ ...event, data: { kind: `${kind}b` } });
    await data.indexedEvent.update(event, { kind });
    expect(sent()).toEqual(["UpdateItem", "UpdateItem"]);
    const events = await data.indexedEvent.queryBy("byKind", { kind }, { from: 9, to: 9 });
    expect(events.items).toHaveLength(1);
    const ofOrg = await data.indexedEvent.queryBy("byKindOfOrg", { orgId: "o1", kind });
    expect(ofOrg.items).toEqual(events.items);
  });

  describe("queryBy", () => {
    const status = "page";
    beforeAll(async () => {
      const leads = Array.from({ length: 9 }, (_, at) => ({
        userId: `u${at % 3}`,
        leadId: `l${at}`,
        createdAt: 100 + at,
        data: { name: `n${at}`, status, score: at },
      }));
      await data.indexedLead.batchPut(leads);
      // Houses and members whose partition in GSI2 is that of the leads.
      const houses = leads.map(({ userId, leadId, createdAt }) => ({
        userId,
        houseId: leadId,
        createdAt,
        data: { state: status },
      }));
      await data.indexedHouse.batchPut(houses);
      const members = Array.from({ length: 40 }, (_, at) => ({
        teamId: `${90 + at}`,
        memberId: status,
        data: { role: "agent" },
      }));
      await data.indexedMember.batchPut(members);
    });
    const names = (items: readonly { readonly leadId: string }[]) =>
      items.map(({ leadId }) => leadId).join("");

    test("reads in order, backwards, in a range, with a condition and with fields", async () => {
      const { indexedLead } = data;
      const query = async (options: object) =>
        names((await indexedLead.queryBy("byStatus", { status }, options)).items);
      expect(await query({})).toBe("l0l1l2l3l4l5l6l7l8");
      expect(await query({ order: "desc" })).toBe("l8l7l6l5l4l3l2l1l0");
      expect(await query({ from: 103, to: 105 })).toBe("l3l4l5");
      expect(await query({ from: 107 })).toBe("l7l8");
      expect(await query({ where: { score: 4 } })).toBe("l4");
      const { items } = await indexedLead.queryBy("byStatus", { status }, { fields: ["name"] });
      expect(items.map((one) => one.data)).toEqual(
        Array.from({ length: 9 }, (_, at) => ({ name: `n${at}` })),
      );
    });

    test("pages count the entity's own items, and a cursor goes on where they ended", async () => {
      for (const options of [{}, { order: "desc" }, { fields: ["name"] }, { from: 101 }] as const) {
        const whole = await data.indexedLead.queryBy("byStatus", { status }, options);
        const read: string[] = [];
        let cursor: string | null = null;
        do {
          const page: object = { ...options, limit: 2, cursor };
          const { items, cursor: next } = await data.indexedLead.queryBy(
            "byStatus",
            { status },
            page,
          );
          expect(items.length).toBeLessThanOrEqual(2);
          read.push(...items.map(({ leadId }) => leadId));
          cursor = next;
        } while (cursor !== null);
        expect(read).toEqual(whole.items.map(({ leadId }) => leadId));
      }
      const listed: string[] = [];
      const list = data.indexedLead.listBy("byStatus", { status }, { limit: 5 });
      for await (const { leadId } of list) listed.push(leadId);
      expect(listed.join("")).toBe("l0l1l2l3l4");
    });

    test("items of other entities are passed over, and cost few requests", async () => {
      // In this order, forty items of the other entity stand before the leads.
      sent();
      const options = { order: "desc", limit: 2 } as const;
      const { items } = await data.indexedLead.queryBy("byStatus", { status }, options);
      expect(names(items)).toBe("l8l7");
      expect(sent().length).toBeLessThanOrEqual(5);
    });

    test("an index of key parts finds an item by its other part", async () => {
      await data.indexedMember.put({ teamId: "t9", memberId: "m9", data: { role: "lead" } });
      await data.indexedMember.put({ teamId: "t8", memberId: "m9", data: { role: "agent" } });
      const { items } = await data.indexedMember.queryBy("byMember", { memberId: "m9" });
      expect(items.map(({ teamId }) => teamId)).toEqual(["t8", "t9"]);
      const one = await data.indexedMember.queryBy("byMember", { memberId: "m9", teamId: "t9" });
      expect(one.items.map(({ data: { role } }) => role)).toEqual(["lead"]);
    });

    test("an index by the entity's type lists the whole table in order of creation", async () => {
      const { items } = await data.indexedLead.queryBy("byType", {}, { from: 100, to: 108 });
      expect(names(items)).toBe("l0l1l2l3l4l5l6l7l8");
    });

    test("a cursor of another query is refused", async () => {
      const options = { limit: 1 };
      const { cursor } = await data.indexedLead.queryBy("byStatus", { status }, options);
      const ofTable = await data.indexedLead.query({ userId: "u0" }, { limit: 1 });
      expect([typeof cursor, typeof ofTable.cursor]).toEqual(["string", "string"]);
      const calls: Record<string, () => Promise<unknown>> = {
        "belongs to another partition": () =>
          data.indexedLead.queryBy("byStatus", { status: "other" }, { cursor }),
        "belongs to another order": () =>
          data.indexedLead.queryBy("byStatus", { status }, { cursor, order: "desc" }),
        "belongs to another entity": () =>
          data.indexedMember.queryBy("byRole", { memberId: status }, { cursor }),
        "lies outside the range of from and to": () =>
          data.indexedLead.queryBy("byStatus", { status }, { cursor, from: 105 }),
      };
      for (const [message, call] of Object.entries(calls)) {
        expect((await failureOf(call(), ValidationError)).issues).toEqual([
          { path: "cursor", message },
        ]);
      }
      for (const call of [
        () => data.indexedLead.query({ userId: "u0" }, { cursor }),
        () => data.indexedLead.queryBy("byType", {}, { cursor }),
        () => data.indexedLead.queryBy("byStatus", { status }, { cursor: ofTable.cursor }),
      ]) {
        const [issue] = (await failureOf(call(), ValidationError)).issues;
        expect(issue?.path).toBe("cursor");
      }
    });

    test("a cursor that was changed leads to no other partition", async () => {
      const { cursor } = await data.indexedLead.queryBy("byStatus", { status }, { limit: 1 });
      const fields = JSON.parse(Buffer.from(cursor ?? "", "base64url").toString()) as unknown[];
      const forged = (change: (fields: unknown[]) => void) => {
        const own = [...fields];
        change(own);
        return Buffer.from(JSON.stringify(own)).toString("base64url");
      };
      const refused = [
        forged((own) => own.pop()),
        forged((own) => own.splice(7, 1, "TEAM#x")),
        forged((own) => own.splice(7, 1, "USER#")),
        forged((own) => own.splice(5, 1, "OTHER#x")),
        forged((own) => own.push("more")),
      ];
      for (const one of refused) {
        const call = data.indexedLead.queryBy("byStatus", { status }, { cursor: one });
        expect((await failureOf(call, ValidationError)).issues).toEqual([
          { path: "cursor", message: "is not one that a query returned" },
        ]);
      }
    });

    test.each<[string, readonly unknown[], string, RegExp]>([
      ["no such index", ["byNothing", {}], "index", /byStatus, byType, byOwnStatus/],
      ["the order of creation", ["byCreatedAt", { userId: "u1" }], "index", /by: "createdAt"/],
      ["no part", ["byStatus", {}], "status", /missing/],
      ["no object", ["byStatus", "new"], "parts", /must be an object/],
      ["an empty part", ["byStatus", { status: "" }], "status", /must not be empty/],
      ["another part", ["byStatus", { status: "new", name: "x" }], "name", /is not a part/],
      ["a part with its prefix", ["byStatus", { "data.status": "new" }], "data.status", /status/],
      ["an unknown option", ["byStatus", { status: "new" }, { by: "key" }], "by", /not an option/],
      ["no time next", ["byOwnStatus", { userId: "u1" }, { from: 1 }], "from", /come next/],
      [
        "a # before another part",
        ["byOwnStatus", { userId: "u1", status: "a#b" }],
        "status",
        /"#"/,
      ],
      ["a gap", ["byOwnStatus", { userId: "u1", leadId: "l" }], "leadId", /without status/],
      ["a long part", ["byStatus", { status: "x".repeat(3000) }], "status", /2048/],
    ])("refuses %s before anything is sent", async (_, given, path, rule) => {
      const queryBy = data.indexedLead.queryBy as (
        ...given: readonly unknown[]
      ) => Promise<unknown>;
      const call = Reflect.apply(queryBy, data.indexedLead, given);
      const [issue] = (await failureOf(call, ValidationError)).issues;
      expect(issue?.path).toBe(path);
      expect(issue?.message).toMatch(rule);
      expect(sent()).toEqual([]);
    });
  });

  test.each<[string, object, string, RegExp]>([
    ["what ends a part of a key", { state: "a#b", city: "c" }, "data.state", /"#"/],
    ["what makes a key too long", { state: "x", city: "y".repeat(2050) }, "data.city", /2048/],
  ])("a write refuses %s, before anything is sent", async (_, payload, path, rule) => {
    const key = { userId: "u1", houseId: "h1" };
    const store = data.indexedHouse;
    const calls = [
      () => store.create({ ...key, data: payload }),
      () => store.put({ ...key, data: payload }),
      () => store.batchPut([{ ...key, data: payload }]),
      () => store.update(key, payload),
    ];
    for (const call of calls) {
      const { issues } = await failureOf(call(), ValidationError);
      expect(issues.map((issue) => issue.path.replace(/^items\[0\]\./, ""))).toEqual([path]);
      expect(issues[0]?.message).toMatch(rule);
    }
    expect(store.check({ ...key, data: payload }).map((issue) => issue.path)).toEqual([path]);
    expect(sent()).toEqual([]);
  });

  test.each([
    ["a part that would end before it does", "a#b"],
    ["a part of another kind", 7],
  ])("%s in a stored field does not hinder an update", async (_, state) => {
    const TableName = data.configuration.tableName;
    const made = await data.indexedHouse.create({ userId: "u1", data: { city: "a" } });
    await raw.send(
      new UpdateCommand({
        TableName,
        Key: { PK: "USER#u1", SK: `IHOUSE#${made.houseId}` },
        UpdateExpression: "SET #d.#s = :s",
        ExpressionAttributeNames: { "#d": "Data", "#s": "state" },
        ExpressionAttributeValues: { ":s": state },
      }),
    );
    const { data: changed } = await data.indexedHouse.update(made, { city: "b" });
    expect(changed).toEqual({ city: "b", state });
    expect((await keysOf("USER#u1", `IHOUSE#${made.houseId}`)).GSI4PK).toBeUndefined();
  });

  test("an update refuses what makes a key too long with what the item has", async () => {
    const state = "x".repeat(900);
    const made = await data.indexedHouse.create({ userId: "u1", data: { state } });
    const refused = data.indexedHouse.update(made, { city: "y".repeat(1200) });
    const { issues } = await failureOf(refused, ValidationError);
    expect(issues.map(({ path }) => path)).toEqual(["data.city"]);
    expect(issues[0]?.message).toMatch(/partition key of 2107 bytes: at most 2048/);
    expect((await data.indexedHouse.getOrThrow(made)).data).toEqual({ state });
  });

  test("an item of another owner that was written past the stores is not found", async () => {
    const status = fresh("new");
    const TableName = data.configuration.tableName;
    const real = await data.indexedMember.put({
      teamId: "t1",
      memberId: status,
      data: { role: "a" },
    });
    const spoofed = {
      PK: "TEAM#t2",
      SK: "IMEMBER#other",
      EntityType: "IndexedMember",
      Data: { role: "spoofed" },
      GSI1PK: `MEMBER#${status}`,
      GSI1SK: "TEAM#t0",
    };
    await raw.send(new PutCommand({ TableName, Item: spoofed }));
    const { items } = await data.indexedMember.queryBy("byMember", { memberId: status });
    expect(items).toEqual([real]);
    // Nor is one whose own key is none of the entity's.
    const odd = { PK: "OTHER#u1", SK: "ILEAD#odd", EntityType: "IndexedLead", Data: { status } };
    const keys = { GSI2PK: `LEAD#${status}`, GSI2SK: "1#odd" };
    await raw.send(new PutCommand({ TableName, Item: { ...odd, ...keys } }));
    expect(await idsOf(status)).toEqual([]);
  });

  test("the bytes of index keys count, as the engine counts them", async () => {
    if (data.engine.name === "dynalite") return; // It does not know where the limit is.
    const TableName = data.configuration.tableName;
    const key = { userId: "u1", leadId: "large" };
    const most = 400 * 1024;
    const padded = (bytes: number) => ({
      ...key,
      createdAt: 1_735_689_612_345,
      data: { name: "a", status: "s".repeat(500), padding: "x".repeat(bytes) },
    });
    const { message } = await failureOf(data.indexedLead.create(padded(most)), ValidationError);
    const counted = Number(/makes an item of (\d+) bytes/.exec(message)?.[1]);
    const room = most - (counted - most);
    await failureOf(data.indexedLead.create(padded(room + 1)), ValidationError);
    await data.indexedLead.create(padded(room));
    const { GetCommand } = await import("@aws-sdk/lib-dynamodb");
    const Key = { PK: "USER#u1", SK: "ILEAD#large" };
    const { Item } = await raw.send(new GetCommand({ TableName, Key }));
    // One engine counts each of the numbers a byte shorter.
    const larger = { ...Item, GSI2PK: `${Item?.GSI2PK}xxxxx` };
    await expect(raw.send(new PutCommand({ TableName, Item: larger }))).rejects.toThrow(/size/i);
    await data.indexedLead.delete(key);
  });

  describe("a scope", () => {
    test("has the indexes of its own partitions, and nothing leads out of them", async () => {
      const status = fresh("new");
      const [mine, yours] = ["s1", "s2"];
      await data.indexedLead.put({ userId: mine, leadId: "a", data: { name: "mine", status } });
      await data.indexedLead.put({ userId: yours, leadId: "a", data: { name: "yours", status } });
      await data.indexedLead.put({ userId: yours, leadId: "b", data: { name: "yours", status } });
      const spoofed = {
        PK: `USER#${yours}`,
        SK: "ILEAD#spoofed",
        EntityType: "IndexedLead",
        Data: { name: "spoofed", status },
        GSI6PK: `USER#${mine}`,
        GSI6SK: `STATUS#${status}#spoofed`,
      };
      const TableName = data.configuration.tableName;
      await raw.send(new PutCommand({ TableName, Item: spoofed }));
      const scope = data.forUser(mine);
      const { items } = await scope.indexedLead.queryBy("byOwnStatus", { status });
      expect(items.map((one) => one.data.name)).toEqual(["mine"]);
      const listed = scope.indexedLead.listBy("byOwnStatus", {});
      for await (const one of listed) expect(one.userId).toBe(mine);
      const foreign = await data
        .forUser(yours)
        .indexedLead.queryBy("byOwnStatus", { status }, { limit: 1 });
      expect(typeof foreign.cursor).toBe("string");
      sent();
      const attacks: Record<string, readonly unknown[]> = {
        index: ["byStatus", { status }],
        userId: ["byOwnStatus", { userId: yours, status }],
        cursor: ["byOwnStatus", { status }, { cursor: foreign.cursor }],
      };
      for (const [path, given] of Object.entries(attacks)) {
        const queryBy = scope.indexedLead.queryBy as (...given: unknown[]) => Promise<unknown>;
        const { issues } = await failureOf(queryBy(...given), ValidationError);
        expect(issues[0]?.path).toBe(path);
      }
      // A cursor of the own index that names another's partition in the table.
      const [first] = items;
      const forged = [1, "IndexedLead", "GSI6", "asc", `USER#${mine}`, "ILEAD#a"];
      forged.push(`STATUS#${status}#${first?.leadId}`, `USER#${yours}`);
      const cursor = Buffer.from(JSON.stringify(forged)).toString("base64url");
      const call = scope.indexedLead.queryBy("byOwnStatus", { status }, { cursor });
      expect((await failureOf(call, ValidationError)).issues[0]?.path).toBe("cursor");
      expect(sent()).toEqual([]);
    });
  });

  test("a sealed cursor shows no key and goes on where it ended", async () => {
    const status = fresh("new");
    const { tableName } = data.configuration;
    const place = {
      environment: "local",
      tableName,
      client: raw,
      entities,
      builtIn: false,
    } as const;
    await using sealing = createDataLayer({ ...place, cursorSecret: new Uint8Array(32).fill(7) });
    for (const leadId of ["a", "b"]) {
      await sealing.indexedLead.put({ userId: "u8", leadId, data: { name: leadId, status } });
    }
    const first = await sealing.indexedLead.queryBy("byStatus", { status }, { limit: 1 });
    const plain = await data.indexedLead.queryBy("byStatus", { status }, { limit: 1 });
    const textOf = (cursor: string | null) => Buffer.from(cursor ?? "", "base64url").toString();
    expect(textOf(plain.cursor)).toContain(status);
    expect(textOf(first.cursor)).not.toContain(status);
    const { cursor } = first;
    const second = await sealing.indexedLead.queryBy("byStatus", { status }, { limit: 1, cursor });
    expect(second.items.map(({ leadId }) => leadId)).toEqual(["b"]);
    const other = sealing.indexedLead.queryBy("byType", {}, { cursor });
    expect((await failureOf(other, ValidationError)).issues[0]?.path).toBe("cursor");
  });

  test("the longest cursor that there is goes on where it ended (it was refused as too long)", async () => {
    const schema = () => ({
      model: model("Longest".repeat(40)),
      attributes: {
        userId: keyPart,
        longId: keyPart,
        data: dataOf(long),
        ...fields("state"),
        ...times,
      },
      indexes: {
        byKey: byKey("L#${userId}", "L#${longId}"),
        byState: index("GSI2", "L#${data.state}", "L#${longId}"),
      },
    });
    const entity = (config: EntityConfig) => new Entity(schema(), configure(config));
    const { tableName } = data.configuration;
    await using sealing = createDataLayer({
      ...({ environment: "local", tableName, client: raw, builtIn: false } as const),
      entities: { longest: { payload: long, schema, entity } },
      cursorSecret: new Uint8Array(32).fill(7),
    });
    // JSON has six characters for each.
    const state = "\u0001".repeat(2_046);
    for (const last of ["\u0001", "\u0002"]) {
      const longId = "\u0001".repeat(1_021) + last;
      await sealing.longest.put({ userId: state, longId, data: { state } });
    }
    const { cursor } = await sealing.longest.queryBy("byState", { state }, { limit: 1 });
    expect(cursor?.length).toBeGreaterThan(65_536);
    const second = await sealing.longest.queryBy("byState", { state }, { limit: 1, cursor });
    expect(second.items.map(({ longId }) => longId.at(-1))).toEqual(["\u0002"]);
  });

  test("ElectroDB's chains read the same indexes, and an update of theirs moves an item", async () => {
    const [one, other] = [fresh("new"), fresh("won")];
    const key = { userId: "u9", leadId: "native" };
    await data.indexedLead.put({ ...key, data: { name: "a", status: one } });
    await data.indexedLead.entity.update(key).set({ "data.status": other }).go();
    expect([await idsOf(one), await idsOf(other)]).toEqual([[], ["native"]]);
    const found = await data.indexedLead.entity.query.byStatus({ "data.status": other }).go();
    expect(found.data.map(({ leadId }) => leadId)).toEqual(["native"]);
    await data.indexedLead.entity.update(key).remove(["data.status"]).go();
    expect(await idsOf(other)).toEqual([]);
    const { IndexedLead } = Object.fromEntries(
      Object.values(data.service.entities).map((entity) => [entity.schema.model.entity, entity]),
    );
    expect(IndexedLead).toBeDefined();
  });

  test("the table has the indexes that the entities are in", async () => {
    const used = ["GSI1", "GSI2", "GSI3", "GSI4", "GSI5", "GSI6", "GSI7", "GSI8"];
    expect(data.table.indexes).toEqual(used);
    const info = await data.table.describe();
    expect(info?.indexes.map(({ name }) => name).toSorted()).toEqual(used);
  });
});
