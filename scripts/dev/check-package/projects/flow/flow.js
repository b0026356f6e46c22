// A plain application of the package: every kind of call, each in a step that tells what came out.
//
// It runs as it is and inside bundles, and is told where the table is by the environment alone. The
// faults that its requests meet are named in its ids (see recorder.ts): so they need no set-up.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import {
  createDataLayer,
  DynamoDBRepository,
  getDocumentClient,
  getProjectKeys,
  getRepository,
  ItemNotFoundError,
  isRetryableError,
  resetClients,
  resetRepository,
  withRetry,
  wrapDynamoDBError,
} from "bayon-coagent-data";
import { createSteps } from "./step.js";

const retry = { initialDelayMs: 1, maxDelayMs: 4, jitter: false };
const encryptionKey = (byte) => new Uint8Array(32).fill(byte);
const encryption = { keys: { k1: encryptionKey(1) }, current: "k1" };

const content = (userId, contentId, changes) => ({
  userId,
  contentId,
  data: { type: "Blog Post", content: `# ${contentId}`, status: "draft", ...changes },
});

/** What `list` gives. */
async function collected(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}

async function stores({ step, layer }) {
  const data = layer();
  const userId = "stores";
  const key = { userId, contentId: "c1" };

  await step("create", () =>
    data.savedContent.create(
      content(userId, "c1", {
        name: "Straße",
        metadata: { words: 1200, score: 0.5, tags: ["a", "b"], nested: { none: null, yes: true } },
        views: 9007199254740991,
        empty: "",
      }),
    ),
  );
  await step("create without an id", async () => {
    const { projectId, ...item } = await data.project.create({ userId, data: { name: "Spring" } });
    return { ...item, generated: typeof projectId === "string" && projectId.length };
  });
  await step(
    "create what is there",
    () => data.savedContent.create(content(userId, "c1")),
    "ConditionalCheckFailedError",
  );
  await step("get", () => data.savedContent.get(key));
  await step("get consistently, some fields", () =>
    data.savedContent.get(key, { consistent: true, fields: ["name"] }),
  );
  await step("get what is not there", () => data.savedContent.get({ userId, contentId: "none" }));
  await step(
    "getOrThrow what is not there",
    () => data.savedContent.getOrThrow({ userId, contentId: "none" }),
    "ItemNotFoundError",
  );
  await step("put", () => data.savedContent.put(content(userId, "c2", { projectId: "p1" })));
  await step("put what is there", () => data.savedContent.put(content(userId, "c2")));
  await step("gets of one moment", () =>
    Promise.all(
      ["c2", "none", "c1", "c2"].map((id) => data.savedContent.get({ userId, contentId: id })),
    ),
  );
  const before = await step("update", () =>
    data.savedContent.update(key, { status: "published", name: null }),
  );
  await step("update inside", () =>
    data.savedContent.update(
      key,
      { status: "final" },
      {
        set: [
          [
            ["metadata", "nested", "deep"],
            [1, 2],
          ],
        ],
        remove: ["views", ["metadata", "tags"]],
      },
    ),
  );
  await step(
    "update under a lock that is out of date",
    () => data.savedContent.update(key, { status: "lost" }, { ifUpdatedAt: before.updatedAt }),
    "ConditionalCheckFailedError",
  );
  await step("update where it holds", () =>
    data.savedContent.update(
      key,
      { status: "archived" },
      { where: (found, { eq }) => eq(found.status, "final") },
    ),
  );
  await step(
    "update what is not there",
    () => data.savedContent.update({ userId, contentId: "none" }, { status: "x" }),
    "ItemNotFoundError",
  );
  await step("query by key", () => data.savedContent.query({ userId }));
  await step("query by date, newest first, with a where", () =>
    data.savedContent.query(
      { userId },
      { by: "createdAt", order: "desc", where: { status: "draft" }, fields: ["status"] },
    ),
  );
  await step("query with a range and a callback", () =>
    data.savedContent.query(
      { userId },
      {
        from: 0,
        to: Date.UTC(2021, 0, 1),
        where: (found, { begins, exists }) =>
          `${exists(found.type)} AND ${begins(found.type, "Blog")}`,
      },
    ),
  );
  const first = await step("query a page", () => data.savedContent.query({ userId }, { limit: 1 }));
  const second = await step("query the next page", () =>
    data.savedContent.query({ userId }, { limit: 1, cursor: first.cursor }),
  );
  await step("query the page before", () =>
    data.savedContent.query({ userId }, { limit: 1, cursor: second.previous }),
  );
  await step("query a range of ids, in part", () =>
    data.savedContent.query({ userId }, { startsWith: "c", fields: [["metadata", "seo"], "name"] }),
  );
  await step("count", () =>
    data.savedContent.count({ userId }, { between: ["c1", "c2"], consistent: true }),
  );
  await step(
    "query with a cursor of another partition",
    () => data.savedContent.query({ userId: "other" }, { cursor: first.cursor }),
    "ValidationError",
  );
  await step("list", () => collected(data.savedContent.list({ userId })));
  await step("other entities", async () => {
    const profile = { name: "Ana", bio: "Fifteen years", certifications: ["CRS"], phone: "1" };
    const competitor = { name: "Max", agency: "Blue Door", reviewCount: 120, avgRating: 4.6 };
    return [
      await data.realEstateAgentProfile.put({ userId, agentProfileId: "main", data: profile }),
      await data.competitor.put({
        userId,
        competitorId: "k1",
        data: { ...competitor, socialFollowers: 3400, domainAuthority: 31 },
      }),
      await data.review.create({
        agentId: userId,
        reviewId: "r1",
        data: {
          author: { name: "Lee" },
          source: "Google",
          rating: 5,
          comment: "…",
          date: "2020-03-01T12:00:00.000Z",
        },
      }),
    ];
  });
  await step("delete", () => data.savedContent.delete({ userId, contentId: "c2" }));
  await step("delete what is not there", () =>
    data.savedContent.delete({ userId, contentId: "c2" }),
  );
  await data.close();
}

async function faults({ step, layer }) {
  await faultsOf({ step, data: layer(), userId: "faults" });
}

/** Batches that are left half done, writes and transactions whose answers are lost. */
async function faultsOf({ step, data, userId }) {
  const ids = (marker, count) => Array.from({ length: count }, (_, index) => `${marker}-${index}`);
  const keys = (marker, count) => ids(marker, count).map((contentId) => ({ userId, contentId }));
  const items = (marker, count) => ids(marker, count).map((id) => content(userId, id));

  await step("batchPut", () => data.savedContent.batchPut(items("plain", 4)));
  await step("batchPut, half of it left at first", () =>
    data.savedContent.batchPut(items("left-once-put", 5)),
  );
  await step("batchGet, half of it left at first", () =>
    data.savedContent.batchGet(keys("left-once-put", 5)),
  );
  await step("batchDelete, half of it left at first", () =>
    data.savedContent.batchDelete([...keys("plain", 4), ...keys("left-once-delete", 1)]),
  );
  await step(
    "batchPut, some of it left each time",
    () => data.savedContent.batchPut(items("left-always-put", 2)),
    "UnprocessedItemsError",
  );
  await step("batchPut, its first answer lost", () =>
    data.savedContent.batchPut(items("answer-lost-once-batch", 2)),
  );
  await step("create, its first answer lost", () =>
    data.savedContent.create(content(userId, "answer-lost-once-create")),
  );
  const key = { userId, contentId: "answer-lost-once-create" };
  await step("update under a lock, its first answer lost", async () => {
    const lost = { userId, contentId: "answer-lost-once-lock" };
    const { updatedAt } = await data.savedContent.put(content(userId, lost.contentId));
    return data.savedContent.update(lost, { name: "locked" }, { ifUpdatedAt: updatedAt });
  });
  await step(
    "put, all answers lost",
    () => data.savedContent.put(content(userId, "answer-lost-always")),
    "DynamoDBError",
  );
  await step(
    "update, all answers lost",
    () => data.savedContent.update({ userId, contentId: "answer-lost-always" }, { name: "done" }),
    "DynamoDBError",
  );
  await step("delete, its first answer lost", () => data.savedContent.delete(key));
  await step("transaction.write, its first answer lost", () =>
    data.transaction.write((tx) => [
      tx.savedContent.create(content(userId, "answer-lost-once-transaction")),
      tx.savedContent.update({ userId, contentId: "left-once-put-0" }, { name: "in it" }),
      tx.savedContent.delete({ userId, contentId: "left-once-put-1" }),
      tx.savedContent.put(content(userId, "left-once-put-2", { name: "again" })),
      tx.savedContent.check({ userId, contentId: "left-once-put-3" }),
    ]),
  );
  await step(
    "transaction.write that is refused, its first answer lost",
    () =>
      data.transaction.write((tx) => [
        tx.savedContent.create(content(userId, "answer-lost-once-refused")),
        tx.savedContent.create(content(userId, "left-once-put-0")),
        tx.savedContent.update({ userId, contentId: "none" }, { name: "x" }),
      ]),
    "TransactionCanceledError",
  );
  await step("transaction.get", () =>
    data.transaction.get((tx) => [
      tx.savedContent.get({ userId, contentId: "answer-lost-once-transaction" }),
      tx.savedContent.get({ userId, contentId: "none" }),
    ]),
  );
  await step("throttled once", () => data.project.get({ userId, projectId: "throttled-once" }));
  await step("what is left", () => data.savedContent.query({ userId }, { fields: ["name"] }));
  await data.close();
}

async function clients({ step, layer }) {
  const config = { maxAttempts: 1 };
  const plain = new DynamoDBClient(config);
  await faultsOf({
    step: (name, ...rest) => step(`DynamoDBClient: ${name}`, ...rest),
    data: layer({ client: plain }),
    userId: "plain-client",
  });
  await step("table of a DynamoDBClient", async () => {
    const { status } = await layer({ client: plain }).table.describe();
    return status;
  });
  plain.destroy();
  const marshallOptions = { removeUndefinedValues: true };
  const document = DynamoDBDocumentClient.from(new DynamoDBClient(config), { marshallOptions });
  await faultsOf({
    step: (name, ...rest) => step(`DynamoDBDocumentClient: ${name}`, ...rest),
    data: layer({ client: document }),
    userId: "document-client",
  });
  document.destroy();
}

async function native({ step, layer }) {
  const data = layer();
  const userId = "native";
  const { entity } = data.savedContent;
  const key = { userId, contentId: "n1" };
  const createdAt = Date.UTC(2020, 8, 14);
  const dated = (id) => ({ ...content(userId, id), createdAt });

  await step("create", () => entity.create(dated("n1")).go());
  await step("create what is there", () => entity.create(dated("n1")).go(), true);
  await step("get", () => entity.get(key).go());
  await step("patch", () =>
    entity
      .patch(key)
      .data((found, { set }) => set(found.data.status, "patched"))
      .go(),
  );
  await step(
    "patch what is not there",
    () =>
      entity
        .patch({ userId, contentId: "none" })
        .data((found, { set }) => set(found.data.status, "x"))
        .go(),
    true,
  );
  await step("put a batch, half of it left at first", () =>
    entity.put(["n2", "left-once-native", "n3", "n4"].map(dated)).go(),
  );
  await step("get a batch", () =>
    entity.get([key, { userId, contentId: "n2" }, { userId, contentId: "none" }]).go(),
  );
  await step("query", () => entity.query.byKey({ userId }).go());
  await step("query by date with a where", () =>
    entity.query
      .byCreatedAt({ userId })
      .where((found, { eq }) => eq(found.contentId, "n2"))
      .go({ order: "desc" }),
  );
  await step("delete, its first answer lost", () =>
    entity.delete({ userId, contentId: "answer-lost-once-native" }).go(),
  );
  await step("collection", () => data.service.collections.workspace({ userId }).go());
  await step("transaction.write, its first answer lost", () =>
    data.service.transaction
      .write(({ project, savedContent }) => [
        project
          .create({ ...dated("x"), projectId: "answer-lost-once-native", data: { name: "p" } })
          .commit(),
        savedContent.delete({ userId, contentId: "n3" }).commit(),
      ])
      .go(),
  );
  await step("transaction.write that is refused", () =>
    data.service.transaction
      .write(({ savedContent }) => [savedContent.create(dated("n1")).commit()])
      .go(),
  );
  await step("transaction.get", () =>
    data.service.transaction.get(({ savedContent }) => [savedContent.get(key).commit()]).go(),
  );
  await data.close();
}

async function secrets({ step, layer }) {
  const userId = "secrets";
  const data = layer({ encryption, cursorSecret: "a secret of at least thirty-two bytes" });
  const token = (accessToken, rest) => ({ accessToken, refreshToken: "refresh", ...rest });

  await step("create", () => data.oauthToken.create({ userId, data: token("first") }));
  await step("get", () => data.oauthToken.get({ userId }));
  await step("batchPut, half of it left at first", () =>
    data.oauthToken.batchPut(
      ["A", "left-once-secret", "B"].map((provider) => ({
        userId,
        provider,
        data: token(provider),
      })),
    ),
  );
  const page = await step("query a page", () => data.oauthToken.query({ userId }, { limit: 2 }));
  await step("query the next page", () =>
    data.oauthToken.query({ userId }, { limit: 2, cursor: page.cursor }),
  );
  await step("oauth.store", () =>
    data.oauth.store(userId, undefined, {
      accessToken: "second",
      expiryDate: Date.UTC(2020, 0, 1),
    }),
  );
  await step("oauth.validToken, refreshed", () =>
    data.oauth.validToken(userId, undefined, {
      refresh: async (refreshToken) => ({
        accessToken: `after ${refreshToken}`,
        refreshToken: "next",
        expiryDate: Date.UTC(2030, 0, 1),
      }),
    }),
  );
  await step("oauth.validToken, valid", () =>
    data.oauth.validToken(userId, undefined, { refresh: async () => ({ accessToken: "never" }) }),
  );
  await step("oauth.isConnected", () => data.oauth.isConnected(userId));
  await step("native get", () =>
    data.oauthToken.entity.get({ userId, provider: "GOOGLE_BUSINESS" }).go(),
  );
  await step("transaction.write, its first answer lost", () =>
    data.transaction.write((tx) => [
      tx.oauthToken.put({ userId, provider: "answer-lost-once-secret", data: token("in it") }),
    ]),
  );
  const other = { keys: { k2: encryptionKey(2) }, current: "k2" };
  await step(
    "get with other keys",
    () => layer({ encryption: other }).oauthToken.get({ userId }),
    "DecryptionError",
  );
  await step("oauth.remove", () => data.oauth.remove(userId));
  await data.close();
}

async function repository({ step }) {
  resetClients();
  resetRepository();
  const items = getRepository({ initialDelayMs: 1 });
  const own = new DynamoDBRepository({ initialDelayMs: 1, maxDelayMs: 4, jitter: false });
  const PK = "USER#repository";
  const item = (SK, Data) => ({ PK, SK, EntityType: "Note", Data, CreatedAt: 1, UpdatedAt: 1 });

  await step("create", () => items.create(PK, "NOTE#1", "Note", { text: "a", n: 1.5 }));
  await step(
    "create what is there",
    () => items.create(PK, "NOTE#1", "Note", { text: "b" }),
    "ConditionalCheckFailedError",
  );
  await step("get", () => items.get(PK, "NOTE#1"));
  await step("getItem", () => items.getItem(PK, "NOTE#1"));
  await step("put", () => items.put(item("NOTE#2", { text: "b", list: [1, { two: 2 }] })));
  await step("update", () =>
    items.update(
      PK,
      "NOTE#1",
      { text: "c" },
      {
        conditionExpression: "#data.#n = :n",
        expressionAttributeNames: { "#data": "Data", "#n": "n" },
        expressionAttributeValues: { ":n": 1.5 },
      },
    ),
  );
  await step(
    "update what is not there",
    () => items.update(PK, "NOTE#none", { text: "x" }),
    "ItemNotFoundError",
  );
  await step("query", () => items.query(PK, "NOTE#", { limit: 1 }));
  await step("queryItems with a filter", () =>
    items.queryItems(PK, "NOTE#", {
      filterExpression: "#d.#t = :t",
      expressionAttributeNames: { "#d": "Data", "#t": "text" },
      expressionAttributeValues: { ":t": "c" },
      scanIndexForward: false,
    }),
  );
  await step("batchWrite, half of it left at first", () =>
    own.batchWrite(
      [item("NOTE#left-once-repository", { text: "d" }), item("NOTE#3", { text: "e" })],
      [{ PK, SK: "NOTE#2" }],
    ),
  );
  await step("batchGet, half of it left at first", () =>
    own.batchGet([
      { PK, SK: "NOTE#left-once-repository" },
      { PK, SK: "NOTE#3" },
      { PK, SK: "NOTE#none" },
    ]),
  );
  await step(
    "batchWrite, some of it left each time",
    () => own.batchWrite([item("NOTE#left-always", { text: "f" })]),
    "UnprocessedItemsError",
  );
  await step("create, its first answer lost", () =>
    own.create(PK, "NOTE#answer-lost-once", "Note", { text: "g" }),
  );
  await step(
    "update, all answers lost",
    () => own.update(PK, "NOTE#answer-lost-always", { text: "h" }),
    "DynamoDBError",
  );
  await step("delete", () => items.delete(PK, "NOTE#1"));
  await step("the client it stands on", () => typeof getDocumentClient().send);
  // The SDK sends the first request of each operation. Beside an old release it sends them all.
  await step("most requests without the SDK's pipeline", () => {
    if (process.env.FLOW_BY_SDK) return true;
    const { direct, sdk } = getDocumentClient().sent;
    return direct > sdk;
  });
  resetRepository();
  resetClients();
}

async function useCases({ step, layer }) {
  const data = layer();
  const userId = "use-cases";
  const mine = data.forUser(userId);
  await step("fill", async () => {
    await data.project.put({ userId, projectId: "p1", data: { name: "Spring" } });
    await data.savedContent.put(content(userId, "c1", { projectId: "p1" }));
    await data.savedContent.put(content(userId, "c2", { projectId: null }));
    await data.marketingPlan.put({
      userId,
      planId: "m1",
      data: { plan: [{ task: "Ask", rationale: "…", tool: "Reviews", toolLink: "/reviews" }] },
    });
    for (const [reviewId, day] of [
      ["r1", "01"],
      ["r2", "03"],
      ["r3", "02"],
    ]) {
      const date = `2020-03-${day}T12:00:00.000Z`;
      const author = { name: "Lee" };
      await data.review.create({
        agentId: userId,
        reviewId,
        data: { author, source: "Google", rating: 5, comment: "…", date },
      });
    }
  });
  await step("collections.workspace", () => data.collections.workspace({ userId }));
  await step("collections.recent, at once", () => data.collections.recent({ userId, limit: 3 }));
  await step("dashboard, at once", () => data.dashboard({ userId, agentId: userId }));
  await step("projects.listWithContent", () => data.projects.listWithContent({ userId }));
  await step("projects.deleteAndUnfile", () =>
    data.projects.deleteAndUnfile({ userId, projectId: "p1" }),
  );
  await step("profiles.save", () =>
    data.profiles.save({ userId, agentProfileId: "main" }, { name: "Ana", bio: "…" }),
  );
  await step("profiles.setPhoto", () =>
    data.profiles.setPhoto({ userId }, "https://example.com/a.jpg"),
  );
  await step("reviews.newest", () => data.reviews.newest(userId, 2));
  await step("reviews.byId", () => data.reviews.byId("r2"));
  await step("queryBy", () => data.review.queryBy("byReviewId", { reviewId: "r2" }));
  await step("countBy", () => data.review.countBy("byReviewId", { reviewId: "r2" }));
  await step("listBy", () => collected(data.review.listBy("byReviewId", { reviewId: "r2" })));
  await step("the scope of a user", async () => [
    await mine.savedContent.query({}, { limit: 1 }),
    await mine.project.create({ projectId: "p2", data: { name: "Mine" } }),
    await mine.transaction.get((tx) => [tx.project.get({ projectId: "p2" })]),
  ]);
  await step("the table", async () => {
    const { status } = await data.table.describe();
    return { status, created: (await data.table.create()).created };
  });
  await step("brandAuditPage, at once", () => data.brandAuditPage({ userId, agentId: userId }));
  await step("user.export", () => collected(data.user(userId).export()));
  await step("user.erase", async () => [
    await mine.user.erase({ dryRun: true }),
    await data.user(userId).erase(),
  ]);
  await data.close();
}

async function errors({ step, layer }) {
  const data = layer();
  const key = { userId: "errors", projectId: "p1" };
  await step("an empty key", () => data.project.get({ ...key, userId: "" }), "ValidationError");
  await step(
    "a payload that lacks its field",
    () => data.project.create({ ...key, data: {} }),
    "ValidationError",
  );
  await step("a transaction of nothing", () => data.transaction.write(() => []), "ValidationError");
  await step(
    "throttled each time",
    () => data.project.get({ ...key, projectId: "throttled-always" }),
    "ThroughputExceededError",
  );
  await step(
    "not answered in time",
    () => data.project.get({ ...key, projectId: "stalled" }, { timeoutMs: 300 }),
    "TimeoutError",
  );
  await step(
    "aborted",
    () => data.project.get(key, { signal: AbortSignal.abort("no need") }),
    "AbortedError",
  );
  await step(
    "a table that is not there",
    () => layer({ tableName: "nowhere" }).project.get(key),
    "DynamoDBError",
  );
  await step(
    "a key provider that fails",
    () =>
      layer({
        encryption: {
          currentKey: () => Promise.reject(new Error("no key today")),
          keyOf: async () => null,
        },
      }).oauthToken.put({ userId: "errors", data: { accessToken: "a" } }),
    "DynamoDBError",
  );
  await step(
    "a wrong environment",
    () => createDataLayer({ environment: "nowhere" }),
    "ConfigurationError",
  );
  await step("a client that is none", () => createDataLayer({ client: {} }), "ConfigurationError");
  await step(
    "of one's own",
    () => {
      const { PK, SK } = getProjectKeys("u", "p");
      throw new ItemNotFoundError(PK, SK);
    },
    "ItemNotFoundError",
  );
  await step(
    "wrapped",
    () => {
      const wrapped = wrapDynamoDBError(new ItemNotFoundError("PK", "SK"));
      if (wrapDynamoDBError(wrapped) !== wrapped) throw new Error("wrapped twice");
      throw wrapped;
    },
    "ItemNotFoundError",
  );
  await step("withRetry", async () => {
    let calls = 0;
    const slowDown = Object.assign(new Error("slow down"), { name: "ThrottlingException" });
    const value = await withRetry(
      async () => {
        calls += 1;
        if (calls < 3) throw slowDown;
        return calls;
      },
      { initialDelayMs: 1 },
    );
    return [value, isRetryableError(slowDown), isRetryableError(new Error("no"))];
  });
  await step("what requests have taken", async () => {
    const counted = layer({ stats: true });
    await counted.project.get(key);
    const stats = counted.stats();
    await counted.close();
    return stats;
  });
  await step("what nobody has counted", () => data.stats(), "ConfigurationError");
  await data.close();
  await step("after close", () => data.project.get(key), "AbortedError");
}

export const parts = { stores, faults, clients, native, secrets, repository, useCases, errors };

/** Runs one part, or all of them, and tells the recorder at the endpoint what came out. */
export async function runFlow(names = Object.keys(parts)) {
  const endpoint = process.env.AWS_ENDPOINT_URL_DYNAMODB;
  for (const name of names) {
    const { clock, events, step, tell } = createSteps(name, endpoint);
    const layer = (options) => createDataLayer({ retry, clock, events, ...options });
    await parts[name]({ step, layer });
    await tell();
  }
}
