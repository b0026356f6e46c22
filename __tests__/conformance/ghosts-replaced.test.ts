/** A ghost gives way to whoever writes at its key; a foreign item stays, except for batches. */
import { DeleteCommand } from "@aws-sdk/lib-dynamodb";
import { ConditionalCheckFailedError, ItemNotFoundError } from "../../src/index.js";
import { engines } from "../engines.js";
import { bareClient, failureOf, openTable, requestsOf } from "../open.js";
import { lost, Recorder } from "../services/recorder.js";
import { subjectOf, subjectsOn } from "../subjects.js";
import { allForeign, allGhosts, strangersOn } from "./strangers.js";

describe.each(engines)("on $name", (engine) => {
  const { table, placed, stored } = strangersOn(engine);

  describe.each(subjectsOn(engine))("a ghost at the key of $title", (subject) => {
    // Every kind of them for one dated entity, one of each for the others.
    const most = subject.name === "project" ? Number.POSITIVE_INFINITY : 1;
    const ghosts = allGhosts.slice(0, most);

    test.each(ghosts)(
      "lets create take its place in two requests: %s (create said that it is already there)",
      async (_, attributes) => {
        const { raw, input, key, store } = await placed(subject, attributes);
        const created = await store.create(input);
        expect(requestsOf(table.data)).toEqual(["PutItem", "PutItem"]);
        expect(created.createdAt).toBe(input.createdAt ?? created.updatedAt);
        expect(await store.get(key)).toEqual(created);
        expect(await stored(raw)).toMatchObject({ EntityType: subject.entity });
        const again = await failureOf(store.create(input), ConditionalCheckFailedError);
        expect(again.item).toEqual(created);
      },
    );

    test.each(ghosts)(
      "lets put take its place in two requests, at the time of the put: %s",
      async (_, attributes) => {
        const { input, key, partition, store } = await placed(subject, attributes);
        const before = Date.now();
        const item = await store.put(input);
        expect(requestsOf(table.data)).toEqual(["UpdateItem", "UpdateItem"]);
        if (subject.timedKey) expect(item.createdAt).toBe(input.createdAt);
        else expect(item.createdAt).toBeGreaterThanOrEqual(before);
        expect(item.createdAt).toBeLessThanOrEqual(Date.now());
        expect(await store.get(key)).toEqual(item);
        if (subject.dated) {
          expect((await store.query(partition, { by: "createdAt" })).items).toEqual([item]);
        }
      },
    );

    test.each(ghosts)("goes with a delete, which returns null: %s", async (_, attributes) => {
      const { raw, key, store } = await placed(subject, attributes);
      expect(await store.delete(key)).toBeNull();
      expect(requestsOf(table.data)).toEqual(["DeleteItem", "DeleteItem"]);
      expect(await stored(raw)).toBeUndefined();
    });
  });

  test.each([...allGhosts, ...allForeign])(
    "is replaced and deleted by batches, which know no conditions: %s",
    async (_, attributes) => {
      const project = subjectOf("project");
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
        const project = subjectOf("project");
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
      const profile = subjectOf("userProfile");
      const { key } = await placed(profile, { UpdatedAt: 5 });
      const saved = await table.data.profiles.save(key as { userId: string }, { email: "a@b.c" });
      expect(saved.data.email).toBe("a@b.c");
    });

    test("a profile and a token are not saved over a foreign item, and no round is wasted", async () => {
      const profile = subjectOf("userProfile");
      const token = subjectOf("oauthToken");
      const draft = { EntityType: "Draft", Data: { n: 1 } };
      const there = await placed(profile, draft);
      const save = table.data.profiles.save(there.key as { userId: string }, { email: "a@b.c" });
      await failureOf(save, ConditionalCheckFailedError);
      expect(requestsOf(table.data)).toEqual(["UpdateItem"]);
      expect(await stored(there.raw)).toEqual(there.raw);

      const { raw, key } = await placed(token, draft);
      const store = table.data.oauth.store(String(key.userId), "i1", { accessToken: "t" });
      await failureOf(store, ConditionalCheckFailedError);
      expect(requestsOf(table.data)).toEqual(["UpdateItem"]);
      expect(await stored(raw)).toEqual(raw);
    });

    test("a token is stored in the place of a ghost, and none is found there before", async () => {
      const token = subjectOf("oauthToken");
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
