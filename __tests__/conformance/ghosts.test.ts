/**
 * What lies at an entity's key and is none of its items: a ghost, as the earlier layer's `update({})`
 * left them, or a foreign item. All calls give one answer: to them nothing is there.
 */
import { DeleteCommand } from "@aws-sdk/lib-dynamodb";
import {
  ConditionalCheckFailedError,
  ItemNotFoundError,
  TransactionCanceledError,
} from "../../src/index.js";
import { make } from "../../src/testing/index.js";
import { describeEach, engines } from "../engines.js";
import { bareClient, failureOf, openTable, requestsOf } from "../open.js";
import { type AnyInput, keyOf, type Registered, registry, storeOf } from "../registry.js";
import { lost, Recorder } from "../services/recorder.js";

type Raw = Record<string, unknown> & { readonly PK: string; readonly SK: string };

/** Physical keys, written out. */
const rawKeys: Readonly<Record<string, (user: string) => Pick<Raw, "PK" | "SK">>> = {
  userProfile: (u) => ({ PK: `USER#${u}`, SK: "PROFILE" }),
  realEstateAgentProfile: (u) => ({ PK: `USER#${u}`, SK: "AGENT#i1" }),
  review: (u) => ({ PK: `REVIEW#${u}`, SK: "REVIEW#i1" }),
  brandAudit: (u) => ({ PK: `USER#${u}`, SK: "AUDIT#i1" }),
  competitor: (u) => ({ PK: `USER#${u}`, SK: "COMPETITOR#i1" }),
  researchReport: (u) => ({ PK: `USER#${u}`, SK: "REPORT#i1" }),
  project: (u) => ({ PK: `USER#${u}`, SK: "PROJECT#i1" }),
  savedContent: (u) => ({ PK: `USER#${u}`, SK: "CONTENT#i1" }),
  trainingProgress: (u) => ({ PK: `USER#${u}`, SK: "TRAINING#i1" }),
  marketingPlan: (u) => ({ PK: `USER#${u}`, SK: "PLAN#i1" }),
  reviewAnalysis: (u) => ({ PK: `USER#${u}`, SK: "ANALYSIS#i1" }),
  oauthToken: (u) => ({ PK: `OAUTH#${u}`, SK: "i1" }),
};

const allGhosts: readonly [name: string, attributes: Record<string, unknown>][] = [
  ["a ghost", { UpdatedAt: 1_600_000_000_000 }],
  ["a ghost of tomorrow", { UpdatedAt: Date.now() + 86_400_000 }],
  ["a ghost whose time is a text", { UpdatedAt: "2024-01-01T00:00:00.000Z", CreatedAt: null }],
  ["a ghost whose time is beyond 2^53", { UpdatedAt: 2n ** 70n }],
  ["a bare key", {}],
];

const allForeign: readonly [name: string, attributes: Record<string, unknown>][] = [
  ["another EntityType", { EntityType: "Draft", Data: { secret: 1 }, CreatedAt: 5, UpdatedAt: 6 }],
  ["a payload without EntityType", { Data: { secret: 1 }, UpdatedAt: 6 }],
  ["no payload of ours", { text: "somebody's", UpdatedAt: 6 }],
  ["another EntityType and nothing else", { EntityType: "Draft" }],
];

describe.each(engines)("on $name", (engine) => {
  const table = openTable(engine);
  let count = 0;
  /** Puts something at the key of an entity's item, past the layer. */
  async function placed(entity: Registered, attributes: Record<string, unknown>) {
    count += 1;
    const owner = `u${count}`;
    const raw: Raw = { ...(rawKeys[entity.name]?.(owner) ?? { PK: "", SK: "" }), ...attributes };
    await table.raw.put(raw);
    const { data, ...made } = (make[entity.name] as () => AnyInput)();
    const input: AnyInput = {
      ...made,
      [entity.owner]: owner,
      ...(entity.id && { [entity.id]: "i1" }),
      data,
    };
    const key = keyOf(entity, input);
    // What is there before is what was put, and nothing of the entity.
    expect(await table.raw.get(raw.PK, raw.SK)).toEqual(raw);
    table.data.wire.clear();
    return {
      raw,
      input,
      key,
      partition: { [entity.owner]: owner },
      store: storeOf(table.data, entity),
    };
  }
  const stored = ({ PK, SK }: Raw) => table.raw.get(PK, SK);

  describe.each(registry)("what is no $entity at its key", (entity) => {
    // Every kind of them for one dated entity, one of each for the others.
    const most = entity.name === "project" ? Number.POSITIVE_INFINITY : 1;
    const [ghosts, foreign] = [allGhosts.slice(0, most), allForeign.slice(0, most)];

    test.each([...ghosts, ...foreign])("is seen by no read: %s", async (_, attributes) => {
      const { key, partition, store } = await placed(entity, attributes);
      expect(await store.get(key)).toBeNull();
      expect(await store.get(key, { consistent: true })).toBeNull();
      expect(await store.batchGet([key])).toEqual([null]);
      expect((await store.query(partition)).items).toEqual([]);
      for await (const item of store.list(partition)) expect(item).toBeUndefined();
      await failureOf(store.getOrThrow(key), ItemNotFoundError);
    });

    test.each([...ghosts, ...foreign])(
      "is not there to update, and stays as it is: %s (update made an item of it)",
      async (_, attributes) => {
        const { raw, key, store } = await placed(entity, attributes);
        const seenAt = typeof attributes.UpdatedAt === "number" ? attributes.UpdatedAt : 0;
        for (const options of [{}, { ifUpdatedAt: seenAt }, { where: { note: null } }]) {
          const error = await failureOf(
            store.update(key, { note: "n" }, options),
            ItemNotFoundError,
          );
          expect(error.message).toMatch(/no such item$/);
          expect(error.mayHaveBeenDone).toBe(false);
        }
        expect(requestsOf(table.data)).toEqual(["UpdateItem", "UpdateItem", "UpdateItem"]);
        expect(await stored(raw)).toEqual(raw);
      },
    );

    test.each([...ghosts, ...foreign])(
      "is gone to a delete under a lock, and stays as it is: %s",
      async (_, attributes) => {
        const { raw, key, store } = await placed(entity, attributes);
        const ifUpdatedAt = typeof attributes.UpdatedAt === "number" ? attributes.UpdatedAt : 0;
        const error = await failureOf(
          store.delete(key, { ifUpdatedAt }),
          ConditionalCheckFailedError,
        );
        expect(error.message).toContain("the item is gone (ifUpdatedAt)");
        expect(error.item).toBeNull();
        expect(await stored(raw)).toEqual(raw);
      },
    );

    test.each(ghosts)(
      "lets create take its place in two requests: %s (create said that it is already there)",
      async (_, attributes) => {
        const { raw, input, key, store } = await placed(entity, attributes);
        const created = await store.create(input);
        expect(requestsOf(table.data)).toEqual(["PutItem", "PutItem"]);
        expect(created.updatedAt).toBe(created.createdAt);
        expect(await store.get(key)).toEqual(created);
        expect(await stored(raw)).toMatchObject({ EntityType: entity.entity });
        const again = await failureOf(store.create(input), ConditionalCheckFailedError);
        expect(again.item).toEqual(created);
      },
    );

    test.each(ghosts)(
      "lets put take its place in two requests, at the time of the put: %s",
      async (_, attributes) => {
        const { input, key, partition, store } = await placed(entity, attributes);
        const before = Date.now();
        const item = await store.put(input);
        expect(requestsOf(table.data)).toEqual(["UpdateItem", "UpdateItem"]);
        expect(item.createdAt).toBeGreaterThanOrEqual(before);
        expect(item.createdAt).toBeLessThanOrEqual(Date.now());
        expect(await store.get(key)).toEqual(item);
        if (entity.dated) {
          expect((await store.query(partition, { by: "createdAt" })).items).toEqual([item]);
        }
      },
    );

    test.each(ghosts)("goes with a delete, which returns null: %s", async (_, attributes) => {
      const { raw, key, store } = await placed(entity, attributes);
      expect(await store.delete(key)).toBeNull();
      expect(requestsOf(table.data)).toEqual(["DeleteItem", "DeleteItem"]);
      expect(await stored(raw)).toBeUndefined();
    });

    test.each(foreign)("is destroyed by no create, put or delete: %s", async (_, attributes) => {
      const { raw, input, key, store } = await placed(entity, attributes);
      for (const write of [() => store.create(input), () => store.put(input)]) {
        const error = await failureOf(write(), ConditionalCheckFailedError);
        expect(error.message).toMatch(
          /another item is at this key \((EntityType Draft|no EntityType)\)$/,
        );
        expect(error.message).not.toContain("somebody's");
        expect(error.item).toBeNull();
      }
      expect(await store.delete(key)).toBeNull();
      expect(requestsOf(table.data)).toEqual(["PutItem", "UpdateItem", "DeleteItem"]);
      expect(await stored(raw)).toEqual(raw);
    });
  });

  test.each([...allGhosts, ...allForeign])(
    "is replaced and deleted by batches, which know no conditions: %s",
    async (_, attributes) => {
      const project = registry.find(({ name }) => name === "project") as Registered;
      const replaced = await placed(project, attributes);
      await replaced.store.batchPut([replaced.input]);
      expect(await replaced.store.get(replaced.key)).toMatchObject({ data: replaced.input.data });
      const deleted = await placed(project, attributes);
      await deleted.store.batchDelete([deleted.key]);
      expect(await stored(deleted.raw)).toBeUndefined();
    },
  );

  describe("use cases", () => {
    test.each([...allGhosts, ...allForeign])(
      "the workspace leaves it out: %s",
      async (_, attributes) => {
        const project = registry.find(({ name }) => name === "project") as Registered;
        const { partition } = await placed(project, attributes);
        const userId = String(partition.userId);
        const mine = table.data.forUser(userId);
        expect((await table.data.collections.workspace({ userId })).project).toEqual([]);
        expect((await table.data.projects.listWithContent({ userId })).projects).toEqual([]);
        expect(await mine.project.get({ projectId: "i1" })).toBeNull();
        await failureOf(mine.project.update({ projectId: "i1" }, { name: "n" }), ItemNotFoundError);
      },
    );

    test("a profile is saved in the place of a ghost", async () => {
      const profile = registry.find(({ name }) => name === "userProfile") as Registered;
      const { key } = await placed(profile, { UpdatedAt: 5 });
      const saved = await table.data.profiles.save(key as { userId: string }, { email: "a@b.c" });
      expect(saved.data.email).toBe("a@b.c");
    });

    test("a profile and a token are not saved over a foreign item, and no round is wasted", async () => {
      const profile = registry.find(({ name }) => name === "userProfile") as Registered;
      const token = registry.find(({ name }) => name === "oauthToken") as Registered;
      const draft = { EntityType: "Draft", Data: { n: 1 } };
      const there = await placed(profile, draft);
      const save = table.data.profiles.save(there.key as { userId: string }, { email: "a@b.c" });
      await failureOf(save, ConditionalCheckFailedError);
      expect(requestsOf(table.data)).toEqual(["UpdateItem", "PutItem"]);
      expect(await stored(there.raw)).toEqual(there.raw);

      const { raw, key } = await placed(token, draft);
      const store = table.data.oauth.store(String(key.userId), "i1", { accessToken: "t" });
      await failureOf(store, ConditionalCheckFailedError);
      expect(requestsOf(table.data)).toEqual(["UpdateItem", "PutItem"]);
      expect(await stored(raw)).toEqual(raw);
    });

    test("a token is stored in the place of a ghost, and none is found there before", async () => {
      const token = registry.find(({ name }) => name === "oauthToken") as Registered;
      const { key } = await placed(token, { UpdatedAt: 5 });
      const { oauth } = table.data;
      const userId = String(key.userId);
      expect(await oauth.isConnected(userId, "i1")).toBe(false);
      expect(await oauth.remove(userId, "none")).toBeNull();
      const valid = oauth.validToken(userId, "i1", {
        refresh: () => Promise.reject(new Error("refused")),
      });
      await failureOf(valid, ItemNotFoundError);
      const stored = await oauth.store(userId, "i1", { accessToken: "t" });
      expect(stored.data.accessToken).toBe("t");
    });
  });
});

describe.each(engines)("beside others on $name", (engine) => {
  const wire = new Recorder();
  const table = openTable(engine, { requestHandler: wire });
  let key = { userId: "", projectId: "p1" };
  let raw = { PK: "", SK: "" };
  const data = { name: "mine" };
  let count = 0;
  beforeEach(async () => {
    count += 1;
    key = { userId: `b${count}`, projectId: "p1" };
    raw = { PK: `USER#${key.userId}`, SK: "PROJECT#p1" };
    await table.raw.put({ ...raw, UpdatedAt: 5 });
    wire.clear();
  });
  const stored = () => table.raw.get(raw.PK, raw.SK);
  const theirs = () => ({
    ...raw,
    EntityType: "Project",
    Data: { name: "theirs" },
    CreatedAt: 7,
    UpdatedAt: 7,
  });
  /** Does something before the request with this number is sent. */
  const meanwhile = (number: number, something: () => Promise<unknown>) => {
    wire.intercept = ({ send }) =>
      wire.asked.length === number ? something().then(send) : undefined;
  };

  test.each(["create", "put", "delete"] as const)(
    "a %s that takes a ghost's place knows its own work where its answer is lost",
    async (call) => {
      wire.intercept = (passing) => (wire.asked.length === 2 ? lost(passing) : undefined);
      if (call === "delete") expect(await table.data.project.delete(key)).toBeNull();
      else {
        const item = await table.data.project[call]({ ...key, data });
        expect(item.data.name).toBe("mine");
        expect(await table.data.project.get(key)).toEqual(item);
      }
      expect(wire.asked.length).toBeGreaterThan(2);
      if (call === "delete") expect(await stored()).toBeUndefined();
    },
  );

  test("a create is refused by an item that came in the place of the ghost", async () => {
    meanwhile(2, () => table.raw.put(theirs()));
    const error = await failureOf(
      table.data.project.create({ ...key, data }),
      ConditionalCheckFailedError,
    );
    expect(error.item).toMatchObject({ data: { name: "theirs" } });
    expect(await stored()).toEqual(theirs());
  });

  test("a create goes on where the ghost is gone meanwhile", async () => {
    const gone = async () => {
      const command = new DeleteCommand({
        TableName: table.data.configuration.tableName,
        Key: raw,
      });
      const client = bareClient(table.data);
      await client.send(command);
      client.destroy();
    };
    meanwhile(2, gone);
    const item = await table.data.project.create({ ...key, data });
    expect(await table.data.project.get(key)).toEqual(item);
    expect(wire.names.filter((name) => name === "PutItem")).toHaveLength(3);
  });

  test("a put and a delete leave a foreign item that came in the place of the ghost", async () => {
    const draft = { ...theirs(), EntityType: "Draft" };
    meanwhile(2, () => table.raw.put(draft));
    await failureOf(table.data.project.put({ ...key, data }), ConditionalCheckFailedError);
    expect(await stored()).toEqual(draft);
    await table.raw.put({ ...raw, UpdatedAt: 5 });
    wire.clear();
    meanwhile(2, () => table.raw.put(draft));
    expect(await table.data.project.delete(key)).toBeNull();
    expect(await stored()).toEqual(draft);
  });

  test("of many who create in the place of one ghost one does", async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) =>
        table.data.project.create({ ...key, data: { name: String(n) } }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});

describeEach(engines, ({ engine }) => engine !== "dynalite")(
  "in a transaction on $name",
  (engine) => {
    const table = openTable(engine);
    let count = 0;
    const placed = async (attributes: Record<string, unknown>) => {
      count += 1;
      const userId = `t${count}`;
      const raw = { PK: `USER#${userId}`, SK: "PROJECT#p1", ...attributes };
      await table.raw.put(raw);
      table.data.wire.clear();
      const written = () => table.raw.get(raw.PK, raw.SK);
      return { raw, key: { userId, projectId: "p1" }, written };
    };
    const data = { name: "n" };
    const other = (userId: string) => ({ userId, projectId: "other", data });

    test.each(allGhosts)("create, put and delete take the place of %s", async (_, attributes) => {
      for (const operation of ["create", "put", "delete"] as const) {
        const { key, written } = await placed(attributes);
        await table.data.transaction.write((tx) => [
          operation === "delete" ? tx.project.delete(key) : tx.project[operation]({ ...key, data }),
          tx.project.create(other(key.userId)),
        ]);
        expect(requestsOf(table.data)).toEqual(["TransactWriteItems", "TransactWriteItems"]);
        if (operation === "delete") expect(await written()).toBeUndefined();
        else expect(await table.data.project.get(key)).toMatchObject({ data });
        expect(await table.data.project.get(other(key.userId))).not.toBeNull();
      }
    });

    test.each([...allGhosts, ...allForeign])(
      "update and check find nothing, and an absence holds: %s",
      async (_, attributes) => {
        const { raw, key, written } = await placed(attributes);
        expect(await table.data.transaction.get((tx) => [tx.project.get(key)])).toEqual([null]);
        const refused = await failureOf(
          table.data.transaction.write((tx) => [
            tx.project.update(key, { name: "new" }),
            tx.project.create(other(key.userId)),
          ]),
          TransactionCanceledError,
        );
        expect(refused.reasons).toMatchObject([{ index: 0, message: "no such item" }]);
        expect(refused.reasons[0]?.item).toBeNull();
        const checked = await failureOf(
          table.data.transaction.write((tx) => [
            tx.project.check(key),
            tx.project.create(other(key.userId)),
          ]),
          TransactionCanceledError,
        );
        expect(checked.reasons).toMatchObject([{ index: 0, message: "no such item" }]);
        await table.data.transaction.write((tx) => [
          tx.project.check(key, { exists: false }),
          tx.project.create(other(key.userId)),
        ]);
        expect(await table.data.project.get(other(key.userId))).not.toBeNull();
        expect(await written()).toEqual(raw);
      },
    );

    test.each(allForeign)(
      "create and put are refused by a foreign item, delete leaves it: %s",
      async (_, attributes) => {
        for (const operation of ["create", "put"] as const) {
          const { raw, key, written } = await placed(attributes);
          const error = await failureOf(
            table.data.transaction.write((tx) => [
              tx.project[operation]({ ...key, data }),
              tx.project.create(other(key.userId)),
            ]),
            TransactionCanceledError,
          );
          expect(error.reasons).toMatchObject([
            {
              index: 0,
              operation,
              message: expect.stringContaining("another item is at this key"),
            },
          ]);
          expect(error.reasons[0]?.item).toBeNull();
          expect(await written()).toEqual(raw);
        }
        const { raw, key, written } = await placed(attributes);
        await table.data.transaction.write((tx) => [
          tx.project.delete(key),
          tx.project.create(other(key.userId)),
        ]);
        expect(requestsOf(table.data)).toEqual(["TransactWriteItems", "TransactWriteItems"]);
        expect(await table.data.project.get(other(key.userId))).not.toBeNull();
        expect(await written()).toEqual(raw);
      },
    );

    test.each(allForeign)(
      "a project's content is taken out where the project's key holds a foreign item: %s",
      async (_, attributes) => {
        const { raw, key, written } = await placed(attributes);
        const filed = make.savedContent({ userId: key.userId, data: { projectId: "p1" } });
        await table.data.savedContent.put(filed);
        expect(await table.data.projects.deleteAndUnfile(key)).toEqual({ unfiled: 1 });
        const { items } = await table.data.savedContent.query({ userId: key.userId });
        expect(items.map(({ data: content }) => content.projectId ?? null)).toEqual([null]);
        expect(await written()).toEqual(raw);
      },
    );

    test("a photo is stored in the place of a ghost, and not over a foreign item", async () => {
      const userId = "photo";
      const ghost = { PK: `USER#${userId}`, SK: "PROFILE", UpdatedAt: 5 };
      const draft = { PK: `USER#${userId}`, SK: "AGENT#main", EntityType: "Draft", Data: { n: 1 } };
      await table.raw.put(ghost, draft);
      const refused = await failureOf(
        table.data.profiles.setPhoto({ userId }, "https://example.com/a.jpg"),
        TransactionCanceledError,
      );
      expect(refused.message).toContain("another item is at this key (EntityType Draft)");
      expect(await table.raw.get(ghost.PK, ghost.SK)).toEqual(ghost);
      expect(await table.raw.get(draft.PK, draft.SK)).toEqual(draft);
      await table.raw.put({ PK: draft.PK, SK: draft.SK, UpdatedAt: 5 });
      await table.data.profiles.setPhoto({ userId }, "https://example.com/a.jpg");
      expect(await table.data.userProfile.get({ userId })).not.toBeNull();
    });
  },
);
