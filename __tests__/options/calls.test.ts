/** What calls take and refuse beside their options: keys, items, changes and conditions. */
import { UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { ConditionalCheckFailedError, ValidationError } from "../../src/index.js";
import { engines } from "../engines.js";
import { bareClient, failureOf, openTable } from "../open.js";

const [engine] = engines;
if (engine === undefined) throw new Error("there is no engine");

const userId = "u1";
const key = { userId, contentId: "c1" };
const content = { type: "Blog", content: "Text" };

describe(`what calls take on ${engine.name}`, () => {
  const table = openTable(engine);
  beforeEach(() => table.data.wire.clear());

  /** What a call is refused with; nothing may have been sent. */
  async function refusal(call: () => unknown): Promise<ValidationError> {
    table.data.wire.clear();
    const error = await failureOf((async () => call())(), ValidationError);
    expect(table.data.wire.operations).toEqual([]);
    return error;
  }

  describe("options", () => {
    test("are named with the call, the entity and the key (a whole partition was read)", async () => {
      const { savedContent } = table.data;
      const error = await refusal(() => savedContent.query({ userId }, { limitt: 3 } as never));
      expect(error.message).toBe(
        'query SavedContent (userId=u1): "limitt" is not an option; did you mean "limit"?',
      );
      expect(error.issues).toEqual([
        { path: "limitt", message: 'is not an option; did you mean "limit"?' },
      ]);
    });

    test("a condition that delete does not know is no delete without it (it was)", async () => {
      const { savedContent } = table.data;
      await savedContent.put({ ...key, data: content });
      const conditions: [object, string][] = [
        [{ filter: { type: "Ad" } }, "the options are ifUpdatedAt, where, signal, timeoutMs"],
        [{ wher: { type: "Ad" } }, 'did you mean "where"?'],
        [{ ifUpdateAt: 5 }, 'did you mean "ifUpdatedAt"?'],
      ];
      for (const [options, rule] of conditions) {
        const error = await refusal(() => savedContent.delete(key, options as never));
        expect(error.message).toContain(rule);
      }
      expect(await savedContent.get(key)).not.toBeNull();
    });

    test.each<[string, object, string]>([
      ["sort", { sort: "desc" }, "sort"],
      ["filter", { filter: {} }, "filter"],
      ["undefined beside another", { sort: undefined, filter: {} }, "filter"],
      ["an inherited one", Object.create({ limitt: 1 }), "limitt"],
    ])("%s is refused by query and list at once", async (_, options, path) => {
      const { savedContent } = table.data;
      for (const call of ["query", "list"] as const) {
        const error = await refusal(() => savedContent[call]({ userId }, options as never));
        expect(error.issues.map((issue) => issue.path)).toEqual([path]);
        expect(error.operation).toBe(call);
      }
    });

    test("an update with an operator that is none is refused, and does not change the rest", async () => {
      const { savedContent } = table.data;
      const options = { increment: { views: 1 } } as never;
      const error = await refusal(() => savedContent.update(key, { title: "t" } as never, options));
      expect(error.message).toContain(
        '"increment" is not an option: the options are set, remove, ',
      );
    });

    test("are no number, text or list", async () => {
      const { savedContent } = table.data;
      for (const options of [5, "text", [], () => ({})]) {
        const error = await refusal(() => savedContent.delete(key, options as never));
        expect(error.issues).toEqual([{ path: "options", message: "must be an object" }]);
      }
    });

    test("of a transaction's operation are refused when it is made; the limits are the transaction's", async () => {
      const { transaction } = table.data;
      const operations: ((tx: Tx) => unknown)[] = [
        (tx) => tx.savedContent.update(key, { title: "t" }, { timeoutMs: 5 } as never),
        (tx) => tx.savedContent.delete(key, { wher: {} } as never),
        (tx) => tx.savedContent.check(key, { exist: false } as never),
        (tx) => (tx.savedContent.put as Loose)({ ...key, data: content }, { where: {} }),
        (tx) => (tx.savedContent.create as Loose)({ ...key, data: content }, { ifUpdatedAt: 1 }),
      ];
      for (const operation of operations) {
        let made: unknown;
        const error = await refusal(() =>
          transaction.write((tx) => {
            made = operation(tx as never);
            return [] as never;
          }),
        );
        expect(made).toBeUndefined();
        expect(error.entity).toBe("SavedContent");
        expect(error.message).toContain("is not an option");
      }
      const read = (tx: Tx) => (tx.savedContent.get as Loose)(key, { fields: ["type"] });
      const error = await refusal(() => transaction.get((tx) => [read(tx as never)] as never));
      expect(error.message).toContain('"fields" is not an option: there are none');
    });

    test("the position that a map gives is no option of a transaction's put", async () => {
      if (!table.data.engine.capabilities.transactions) return;
      const inputs = ["m1", "m2"].map((contentId) => ({ userId, contentId, data: content }));
      await table.data.transaction.write((tx) => inputs.map(tx.savedContent.put));
      expect(await table.data.savedContent.get({ userId, contentId: "m2" })).not.toBeNull();
    });
  });

  describe("keys", () => {
    test("are items as well, of get, query, recent and listWithContent", async () => {
      const { data } = table;
      const { project } = data;
      const owner = { userId: "whole items" };
      const made = await project.create({ ...owner, projectId: "p1", data: { name: "n" } });
      const [recent] = await data.collections.recent({ ...owner, limit: 1 });
      const { projects } = await data.projects.listWithContent(owner);
      for (const item of [made, recent, projects[0]]) {
        expect(item).toMatchObject({ projectId: "p1" });
        const given = item as typeof made;
        expect(await project.get(given)).toEqual(made);
        expect(await project.batchGet([given])).toEqual([made]);
      }
      const written = await project.put(recent as typeof made);
      expect(written).toMatchObject({ ...owner, projectId: "p1", data: { name: "n" } });
      expect(Object.keys(written).sort()).toEqual(Object.keys(made).sort());
      expect(
        (await project.query(await data.userProfile.put({ ...owner, data: {} }))).items,
      ).toEqual([written]);
      expect(await project.update(written, { name: "m" })).toMatchObject({ data: { name: "m" } });
      expect(await project.delete(projects[0] as typeof made)).toMatchObject({
        data: { name: "m" },
      });
    });

    test.each<[string, (store: Store) => unknown, string, string]>([
      [
        "get",
        (store) => store.get({ ...key, contentID: "c1" }),
        "contentID",
        'is not a part of the key; did you mean "contentId"?',
      ],
      [
        "update",
        (store) => store.update({ ...key, projectId: "p1" }, { title: "t" }),
        "projectId",
        "is not a part of the key: the parts are userId, contentId",
      ],
      [
        "delete",
        (store) => store.delete({ ...key, where: { type: "Ad" } }),
        "where",
        "is not a part of the key: the parts are userId, contentId",
      ],
      [
        "query",
        (store) => store.query(key),
        "contentId",
        "is not a part of the partition: the parts are userId",
      ],
      [
        "list",
        (store) => store.list(key),
        "contentId",
        "is not a part of the partition: the parts are userId",
      ],
      [
        "batchGet",
        (store) => store.batchGet([key, { ...key, id: 1 }]),
        "keys[1].id",
        "is not a part of the key: the parts are userId, contentId",
      ],
      [
        "create",
        (store) => store.create({ ...key, data: content, dta: content }),
        "dta",
        'is not a member of an item; did you mean "data"?',
      ],
      [
        "put",
        (store) => store.put({ ...key, data: content, title: "t" }),
        "title",
        "is not a member of an item: the members are userId, contentId, data, createdAt",
      ],
      [
        "put, a misspelt time",
        (store) => store.put({ ...key, data: content, createAt: 5 }),
        "createAt",
        'is not a member of an item; did you mean "createdAt"?',
      ],
    ])(
      "of %s with a member that is none are refused (it was ignored)",
      async (_, call, path, message) => {
        const error = await refusal(() => call(table.data.savedContent as unknown as Store));
        expect(error.issues).toContainEqual({ path, message });
      },
    );

    test("name a misspelt part and that it is missing", async () => {
      const error = await refusal(() =>
        table.data.savedContent.get({ userId, contentid: "c1" } as never),
      );
      expect(error.issues.map((issue) => issue.path)).toEqual(["contentid", "contentId"]);
    });

    test("of the use cases with a member that is none are refused", async () => {
      const { data } = table;
      const calls: ((more: object) => unknown)[] = [
        (more) => data.dashboard({ userId, agentId: userId, ...more }),
        (more) => data.brandAuditPage({ userId, agentId: userId, ...more }),
        (more) => data.collections.workspace({ userId, ...more }),
        (more) => data.collections.recent({ userId, limit: 1, ...more }),
        (more) => data.projects.listWithContent({ userId, ...more }),
        (more) => data.profiles.setPhoto({ userId, ...more }, "https://x"),
        (more) => data.profiles.save({ userId, ...more }, { displayName: "n" }),
      ];
      for (const call of calls) {
        const error = await refusal(() => call({ agentID: "a" }));
        expect(error.issues[0]?.path).toBe("agentID");
      }
    });

    test("an agent profile that is undefined is not the user's own profile", async () => {
      const agentKey = { userId, agentProfileId: undefined } as never;
      const error = await refusal(() => table.data.profiles.save(agentKey, { name: "n" } as never));
      expect(error.issues.map((issue) => issue.path)).toEqual(["agentProfileId"]);
    });
  });

  describe("changes", () => {
    test("are the payload's fields and not an item (data.data was stored)", async () => {
      const { savedContent } = table.data;
      for (const changes of [{ data: { title: "t" } }, { ...key, data: content }]) {
        const error = await refusal(() => savedContent.update(key, changes as never));
        expect(error.issues).toEqual([
          {
            path: "changes.data",
            message: "is not a field of the payload: changes are fields of the payload",
          },
        ]);
      }
    });

    test("may have a field data that is no payload, and set reaches any", async () => {
      const { savedContent } = table.data;
      await savedContent.put({ ...key, data: content });
      const updated = await savedContent.update(key, { data: "text" } as never, {
        set: [[["other" as never], { data: { a: 1 } }]],
      });
      expect(updated.data).toMatchObject({ data: "text", other: { data: { a: 1 } } });
    });

    test.each([
      [new Map([["title", "t"]])],
      [new Date(0)],
      [
        new (class Draft {
          title = "t";
        })(),
      ],
    ])("are no %p, whose fields may not be its own", async (changes) => {
      const options = { remove: ["name"] } as never;
      const error = await refusal(() =>
        table.data.savedContent.update(key, changes as never, options),
      );
      expect(error.issues).toEqual([{ path: "changes", message: "must be an object of fields" }]);
    });

    test("set of undefined is ignored, as a field's is (it was refused)", async () => {
      const { savedContent } = table.data;
      await savedContent.put({ ...key, data: { ...content, metadata: { a: 1, b: 2 } } });
      const updated = await savedContent.update(
        key,
        {},
        {
          set: [
            [["metadata", "a"], undefined],
            [["metadata", "b"], 3],
          ],
        },
      );
      expect(updated.data.metadata).toEqual({ a: 1, b: 3 });
      const error = await refusal(() =>
        savedContent.update(key, { title: undefined } as never, {
          set: [[["metadata", "a"], undefined]],
        }),
      );
      expect(error.message).toContain("must change something");
    });

    test("that name a path more than once are told of by each first one", async () => {
      const names = Array.from({ length: 10 }, (_, index) => `n${index}`);
      const set = [
        ...names.map((name) => [["metadata", name], 1]),
        [["metadata", "n5"], 2],
        [["metadata"], {}],
      ];
      const error = await refusal(() =>
        table.data.savedContent.update(key, {}, { set: set as never }),
      );
      expect(error.issues.map((issue) => issue.path)).toEqual([
        ...names.map((name) => `data.metadata.${name}`),
        "data.metadata.n5",
      ]);
    });
  });

  describe("a where", () => {
    test("is read once, when the call is made (it was read at each round)", async () => {
      const { data } = table;
      await data.savedContent.put({ ...key, data: { ...content, status: "draft" } });
      const { updatedAt } = (await data.savedContent.get(key)) ?? { updatedAt: 0 };
      // The stored time is ahead of the clock, so the first request is refused and the second knows it.
      const other = bareClient(data);
      await other.send(
        new UpdateItemCommand({
          TableName: data.configuration.tableName,
          Key: { PK: { S: "USER#u1" }, SK: { S: "CONTENT#c1" } },
          UpdateExpression: "SET UpdatedAt = :t",
          ExpressionAttributeValues: { ":t": { N: String(updatedAt + 1_000_000) } },
        }),
      );
      other.destroy();
      let asked = 0;
      data.wire.clear();
      const where = (fields: { status: never }, { eq }: { eq(a: never, b: string): string }) => {
        asked += 1;
        return eq(fields.status, asked === 1 ? "draft" : "published");
      };
      const updated = await data.savedContent.update(key, { title: "t" } as never, {
        where: where as never,
      });
      expect(updated.data).toMatchObject({ title: "t" });
      expect(data.wire.operations).toEqual(["UpdateItem", "UpdateItem"]);
      expect(asked).toBe(1);
    });

    test("of objects counts as it was when the call was made", async () => {
      const { data } = table;
      await data.savedContent.put({ ...key, data: { ...content, status: "draft" } });
      const where = { status: "draft" };
      const options = { where, order: "asc" as "asc" | "desc" };
      const items = data.savedContent.list({ userId }, options as never);
      where.status = "gone";
      options.order = "desc";
      const found = await all(items);
      expect(found.map(({ contentId }) => contentId)).toEqual(["c1"]);
      const update = data.savedContent.update(key, { title: "u" } as never, { where } as never);
      where.status = "draft";
      await failureOf(update, ConditionalCheckFailedError);
    });

    test("the limits of a list are those of its call, however often it is looped over", async () => {
      let reads = 0;
      const options = {
        get timeoutMs() {
          reads += 1;
          return 10_000;
        },
      };
      const items = table.data.savedContent.list({ userId }, options);
      for (let loop = 0; loop < 3; loop += 1) expect(await all(items)).not.toEqual([]);
      expect(reads).toBe(1);
    });

    test("in a transaction is checked and read when the operation is made", async () => {
      const { transaction } = table.data;
      let asked = 0;
      const bad = () => {
        asked += 1;
        return "PK = :x";
      };
      for (const name of ["update", "check"] as const) {
        let isMade = false;
        const error = await refusal(() =>
          transaction.write((tx) => {
            const given = { where: bad } as never;
            if (name === "update") tx.savedContent.update(key, { title: "t" } as never, given);
            else tx.savedContent.check(key, given);
            isMade = true;
            return [] as never;
          }),
        );
        expect([isMade, error.operation, error.issues[0]?.path]).toEqual([false, name, "where"]);
      }
      expect(asked).toBe(2);
    });

    test.each<[string, (data: Fields, op: Operators) => unknown]>([
      ["&&", (data, { eq, gt }) => eq(data.type, "a") && gt(data.status, "b")],
      [
        "&& of conditions without values",
        (data, { exists }) => exists(data.type) && exists(data.type),
      ],
      [
        "a condition that is dropped",
        (data, { eq, gt }) => {
          gt(data.status, "b");
          return eq(data.type, "a");
        },
      ],
    ])(
      "that joins by %s is told to join in one string (the engine refused it, or a condition was lost)",
      async (_, where) => {
        const { savedContent } = table.data;
        const calls = [
          () => savedContent.query({ userId }, { where: where as never }),
          () => savedContent.update(key, { title: "t" } as never, { where: where as never }),
        ];
        for (const call of calls) {
          const error = await refusal(call);
          expect(error.issues).toEqual([
            {
              path: "where",
              message:
                "must return each condition that it builds: join them in one string, " +
                "`${eq(…)} AND ${gt(…)}`, because && gives the last of them alone",
            },
          ]);
        }
      },
    );

    test("may return a condition more than once, and one of many", async () => {
      const { savedContent } = table.data;
      await savedContent.put({ ...key, data: content });
      const where = (data: Fields, { eq, exists }: Operators) => {
        const isBlog = eq(data.type, "Blog");
        return `${isBlog} AND (${exists(data.content)} OR NOT ${isBlog})`;
      };
      expect(
        (await savedContent.query({ userId }, { where: where as never })).items.length,
      ).toBeGreaterThan(0);
    });

    test.each([
      [new Map([["type", "x"]])],
      [new Date(0)],
      [
        new (class Filter {
          get type() {
            return "x";
          }
        })(),
      ],
    ])("that is %p is refused: nothing would be asked (everything was returned)", async (where) => {
      const error = await refusal(() =>
        table.data.savedContent.query({ userId }, { where: where as never }),
      );
      expect(error.issues).toEqual([
        { path: "where", message: "must be an object of fields or a callback" },
      ]);
    });

    test("may name a field that no schema does, and so may fields: payloads are open", async () => {
      const { savedContent } = table.data;
      await savedContent.put({
        ...key,
        data: { ...content, campaign: "spring" } as typeof content,
      });
      const page = await savedContent.query(
        { userId },
        {
          where: { campaign: "spring" } as never,
          fields: ["campaign"] as never,
        },
      );
      expect(page.items.map(({ data }) => data)).toEqual([{ campaign: "spring" }]);
    });
  });

  describe("payloads", () => {
    test.each<[string, object, string, string]>([
      ["a missing field", { type: "Blog" }, "data.content", "is missing"],
      [
        "a number for a text",
        { ...content, content: 5 },
        "data.content",
        "must be a string, not a number",
      ],
      [
        "null for a text",
        { ...content, content: null },
        "data.content",
        "must be a string, not null",
      ],
      [
        "a list for a text",
        { ...content, content: ["a"] },
        "data.content",
        "must be a string, not a list",
      ],
    ])("with %s are told of in plain words", async (_, payload, path, message) => {
      const error = await refusal(() =>
        table.data.savedContent.put({ ...key, data: payload as never }),
      );
      expect(error.issues).toEqual([{ path, message }]);
      expect(error.message).toBe(`put SavedContent (userId=u1, contentId=c1): ${path} ${message}`);
    });

    test.each<[string, (calls: typeof table.data) => unknown, string, string]>([
      [
        "a nested field",
        (data) =>
          data.review.put({
            agentId: "a",
            reviewId: "r",
            data: { author: {}, source: "s", rating: 5, comment: "c" } as never,
          }),
        "data.author.name",
        "is missing",
      ],
      [
        "a field in a list",
        (data) =>
          data.brandAudit.put({
            userId,
            auditId: "a",
            data: { results: [{ platform: "p" }] } as never,
          }),
        "data.results[0].status",
        "is missing",
      ],
      [
        "one of several values",
        (data) =>
          data.reviewAnalysis.put({
            userId,
            analysisId: "a",
            data: {
              overallSentiment: "Good",
              summary: "s",
              keywords: [],
              commonThemes: [],
            } as never,
          }),
        "data.overallSentiment",
        'must be "Positive", "Negative" or "Mixed"',
      ],
      [
        "a schema's own rule",
        (data) =>
          data.review.put({
            agentId: "a",
            reviewId: "r",
            data: { author: { name: "n" }, source: "s", rating: true as never, comment: "c" },
          }),
        "data.rating",
        "must be a number from 1 to 5",
      ],
      [
        "a bound",
        (data) =>
          data.review.put({
            agentId: "a",
            reviewId: "r",
            data: { author: { name: "n" }, source: "s", rating: 6, comment: "c" },
          }),
        "data.rating",
        "must be at most 5",
      ],
      [
        "several types",
        (data) =>
          data.realEstateAgentProfile.put({
            userId,
            agentProfileId: "main",
            data: { certifications: 5 } as never,
          }),
        "data.certifications",
        "must be a list or a string, not a number",
      ],
      [
        "a member of one of several types",
        (data) =>
          data.realEstateAgentProfile.put({
            userId,
            agentProfileId: "main",
            data: { certifications: ["a", 5] } as never,
          }),
        "data.certifications[1]",
        "must be a string, not a number",
      ],
      [
        "a list's member in a change",
        (data) =>
          data.realEstateAgentProfile.update(
            { userId, agentProfileId: "main" },
            {},
            { set: [[["licenses", 0], true]] },
          ),
        "data.licenses[0]",
        "must be a string, not a boolean",
      ],
    ])("name %s", async (_, call, path, message) => {
      const error = await refusal(() => call(table.data));
      expect(error.issues).toEqual([{ path, message }]);
    });
  });

  test.each(["create", "put", "update", "delete", "count"] as const)(
    "what %s cannot read is refused by its name (no operation was named)",
    async (name) => {
      const unreadable = {
        get userId(): string {
          throw new Error("mine");
        },
      };
      const call = table.data.savedContent[name] as unknown as Loose;
      const error = await refusal(() =>
        call.call(table.data.savedContent, unreadable, { title: "t" }),
      );
      expect(error).toMatchObject({ operation: name, entity: "SavedContent" });
      expect(error.message).toBe(`${name} SavedContent: an argument cannot be read`);
    },
  );
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

type Loose = (...given: unknown[]) => unknown;
type Tx = { savedContent: Record<"get" | "put" | "create" | "update" | "delete" | "check", Loose> };
type Store = Record<
  "get" | "update" | "delete" | "query" | "list" | "batchGet" | "create" | "put",
  Loose
>;
type Fields = Record<"type" | "status" | "content", unknown>;
type Operators = Record<"eq" | "gt" | "exists", (...given: unknown[]) => string>;
