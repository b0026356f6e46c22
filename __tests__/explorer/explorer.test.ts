/** The explorer's server: who is answered, what it shows, and what it never sends. */

import { setTimeout as sleep } from "node:timers/promises";
import { DeleteCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { runCommandLine } from "../../scripts/cli/program.js";
import { decode } from "../../src/browser/values.js";
import { readItemStream } from "../../src/explorer/item-stream.js";
import type {
  About,
  BrowsePage,
  EditResult,
  Failure,
  History,
  Survey,
} from "../../src/explorer/protocol.js";
import { createDataLayer, type DataLayerOptions, ExactNumber } from "../../src/index.js";
import { sourceOf } from "../../src/store/layer-source.js";
import { watch } from "../../src/streams/index.js";
import { make, startEngine, type TestDataLayer } from "../../src/testing/index.js";
import { engines, settings } from "../engines.js";
import { bareClient, requestsOf } from "../open.js";
import { listen } from "../scripts/run.js";
import { describeStreams } from "../streams/stream.js";
import { contactV3 } from "../versioned-entities.js";
import { askOf, type Exploring, pageFolder, send, useExplorer } from "./exploring.js";

const [first] = engines;
if (first === undefined) throw new Error("there is no engine");

/** Runs TypeScript that was shown, as somebody who copied it does. */
async function runShown({ data }: Exploring, code: string, returned: string): Promise<unknown> {
  const imports: string[] = [];
  const body = code.replaceAll(
    /^import \{ (.+) \} from "bayon-coagent-data(?:\/streams)?";\n/gm,
    (_, name: keyof typeof exported) => {
      imports.push(name);
      return "";
    },
  );
  const made = Reflect.construct(AsyncFunction, [
    ...["data", ...imports],
    `${body}\nreturn ${returned};`,
  ]) as (...given: readonly unknown[]) => Promise<unknown>;
  return made(data, ...imports.map((name) => Reflect.get(exported, name)));
}

/** What shown code may import. */
const exported = { watch, ExactNumber };

/** A data layer on the same table that no explorer listens to. */
function bareLayer(
  { configuration, engine: { credentials } }: TestDataLayer,
  options: Pick<DataLayerOptions, "encryption"> = {},
) {
  return createDataLayer({ ...configuration, ...options, credentials });
}

const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new () => unknown;

describe("who is answered", () => {
  const explorer = useExplorer(first);
  const api = (headers: Readonly<Record<string, string>>, body = "{}") => ({
    ...{ method: "POST", path: "/api/about", body },
    headers: { "content-type": "application/json", cookie: explorer().cookie, ...headers },
  });

  test("the address with the token opens the page, and gives the browser a cookie of this host alone", async () => {
    const response = await fetch(explorer().url);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('<div id="root">');
    expect(response.headers.get("set-cookie")).toMatch(
      /^bayon-explorer-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(policy).not.toContain("unsafe");
    expect((await send(explorer(), api({}))).status).toBe(200);
    const { cookie, url } = explorer();
    const wrong = await fetch(new URL("/api/about", url), { headers: { cookie } });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
  });

  test.each<[string, () => Parameters<typeof send>[1], number]>([
    ["no token", () => ({ path: "/" }), 401],
    ["another token", () => ({ path: "/?token=guess" }), 401],
    ["a file without the cookie", () => ({ path: "/explorer.js" }), 401],
    ["a call without the cookie", () => api({ cookie: "" }), 401],
    [
      "a call with the cookie of another explorer",
      () => api({ cookie: "bayon-explorer-1=x" }),
      401,
    ],
    ["the host of another site that leads here", () => api({ host: "evil.example" }), 403],
    ["another port", () => api({ host: "127.0.0.1:1" }), 403],
    ["a page of another site", () => api({ origin: "https://evil.example" }), 403],
    ["a page of another port", () => api({ origin: "http://127.0.0.1:1" }), 403],
    ["a page without an origin", () => api({ origin: "null" }), 403],
    ["another site without an Origin", () => api({ "sec-fetch-site": "cross-site" }), 403],
    ["a form of another page", () => api({ "content-type": "text/plain" }), 415],
    ["a call by GET", () => ({ ...api({}, ""), method: "GET" }), 405],
    ["a preflight", () => ({ ...api({}, ""), method: "OPTIONS" }), 405],
    ["no JSON", () => api({}, "{"), 400],
    ["a list", () => api({}, "[]"), 400],
    ["a value that no page encodes so", () => api({}, '{"a":{"$":"x"}}'), 400],
    ["a value that is no object", () => api({}, '{"$":"undefined"}'), 400],
    ["lists within lists", () => api({}, `${"[".repeat(8_000)}${"]".repeat(8_000)}`), 400],
    ["no operation", () => ({ ...api({}), path: "/api/nothing" }), 404],
    [
      "a path above the page",
      () => ({ path: "/../package.json", headers: { cookie: explorer().cookie } }),
      404,
    ],
    [
      "an encoded path above the page",
      () => ({ path: "/%2e%2e%2fpackage.json", headers: { cookie: explorer().cookie } }),
      404,
    ],
    ["another file", () => ({ path: "/index.html", headers: { cookie: explorer().cookie } }), 404],
  ])("%s is refused", async (_, sent, status) => {
    const { data } = explorer();
    requestsOf(data);
    const answer = await send(explorer(), sent());
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain(explorer().url.searchParams.get("token"));
    expect(requestsOf(data)).toEqual([]);
  });
});

describe.each(engines)("what is shown on $name", (setting) => {
  const explorer = useExplorer(setting);
  const canary = { accessToken: "access-canary", refreshToken: "refresh-canary" };
  beforeAll(async () => {
    const { data } = explorer();
    for (let number = 0; number < 5; number += 1) {
      const key = { userId: "u1", contentId: `c${number}` };
      const content = { title: `Title ${number}`, status: number % 2 === 0 ? "draft" : "sent" };
      await data.savedContent.create(make.savedContent({ ...key, data: content }));
    }
    await data.review.put(make.review({ agentId: "u1", reviewId: "r1" }));
    await data.oauthToken.put({ userId: "u1", provider: "GOOGLE_BUSINESS", data: canary });
  });

  test("the entities with their keys, fields, secrets and links", async () => {
    const { value } = await explorer().ask("about", {});
    const { entities } = value as { entities: { store: string }[] };
    const named = (store: string) => entities.find((one) => one.store === store);
    expect(named("savedContent")).toMatchObject({
      ofUser: true,
      dated: true,
      key: { pk: { template: "USER#${userId}" }, partition: [{ name: "userId", kind: "text" }] },
      links: [
        { store: "project", kind: "one", parts: { userId: "userId", projectId: "data.projectId" } },
      ],
    });
    expect(named("oauthToken")).toMatchObject({
      fields: expect.arrayContaining([
        expect.objectContaining({
          name: "accessToken",
          kind: "text",
          required: true,
          secret: true,
        }),
        expect.objectContaining({ name: "expiryDate", kind: "time", secret: false }),
      ]),
    });
  });

  test("the first look counts items, names the newest and the users, and says what doctor finds", async () => {
    const { data } = explorer();
    const { value, reply } = await explorer().ask("survey", {});
    const survey = value as Survey;
    expect(survey).toMatchObject({ complete: true, items: 7, users: [{ id: "u1", items: 7 }] });
    expect(survey.entities.SavedContent?.items).toBe(5);
    expect(survey.newest[0]).toMatchObject({ store: "oauthToken" });
    const strange = { PK: "garbage", SK: "garbage", EntityType: "Project", UpdatedAt: 1e15 };
    await bareClient(data).send(new PutCommand({ TableName: data.table.name, Item: strange }));
    const anew = (await explorer().ask("survey", {})).value as Survey;
    expect(anew.newest).toEqual(survey.newest);
    const Key = { PK: "garbage", SK: "garbage" };
    await bareClient(data).send(new DeleteCommand({ TableName: data.table.name, Key }));
    expect(survey.findings.map(({ title }) => title)).toContainEqual(
      expect.stringContaining("token"),
    );
    expect(reply.calls).toHaveLength(1);
    expect(reply.budget.spent).toBeGreaterThan(0);
  });

  test.each([
    ["of the whole table", { store: "savedContent" }, 5, "found"],
    ["of a partition", { store: "savedContent", parts: { userId: "u1" } }, 5, "items"],
    [
      "of a user",
      { store: "savedContent", user: "u1", byCreation: true, descending: true },
      5,
      "items",
    ],
    [
      "of an index",
      { store: "review", index: "byReviewId", parts: { reviewId: "r1" } },
      1,
      "items",
    ],
    [
      "that fulfil all filters",
      {
        ...{ store: "savedContent", parts: { userId: "u1" } },
        filters: [
          { field: "status", operator: "eq", value: "draft" },
          { field: "title", operator: "begins", value: "Title" },
          { field: "not a name", operator: "notExists" },
          { field: "title", operator: "ne", value: ExactNumber.from("1e50") },
        ],
      },
      3,
      "items",
    ],
  ])(
    "a page of items %s, with the call that runs as it is shown",
    async (_, input, count, name) => {
      const { data, ask } = explorer();
      requestsOf(data);
      const { value, reply } = await ask("browse", input);
      const sent = requestsOf(data);
      const { items } = value as BrowsePage;
      expect(items).toHaveLength(count);
      const [call] = reply.calls;
      expect(call?.requests).toBe(sent.length);
      const found = await runShown(explorer(), call?.code ?? "", name);
      expect(requestsOf(data)).toEqual(sent);
      const ids = (found as { contentId?: string; reviewId?: string }[]).map(
        ({ contentId, reviewId }) => contentId ?? reviewId,
      );
      expect(ids).toEqual(items.map(({ key }) => key.contentId ?? key.reviewId));
    },
  );

  test("a page leads to the next one by its cursor", async () => {
    const { ask } = explorer();
    const input = { store: "savedContent", parts: { userId: "u1" }, limit: 3 };
    const { cursor, items } = (await ask("browse", input)).value as BrowsePage;
    const next = (await ask("browse", { ...input, cursor })).value as BrowsePage;
    const ids = [...items, ...next.items].map(({ key }) => key.contentId);
    expect(ids).toEqual(["c0", "c1", "c2", "c3", "c4"]);
    expect(next.cursor).toBeNull();
  });

  test("an item, the keys that it has, and its attributes as the table has them", async () => {
    const { ask, data } = explorer();
    const input = { store: "savedContent", key: { userId: "u1", contentId: "c1" } };
    const { value, reply } = await ask("item", input);
    expect(value).toMatchObject({
      item: { data: { title: "Title 1" }, hidden: [] },
      keys: expect.arrayContaining([
        expect.objectContaining({ name: "PK", value: "USER#u1" }),
        expect.objectContaining({
          name: "GSI1SK",
          value: expect.stringMatching(/^CONTENT#\d{13}#c1$/),
        }),
      ]),
    });
    expect(await runShown(explorer(), reply.calls[0]?.code ?? "", "item")).toMatchObject({
      data: { title: "Title 1" },
    });
    const raw = await ask("raw", input);
    expect(raw.value).toContainEqual(
      expect.objectContaining({ name: "EntityType", value: "SavedContent" }),
    );
    const { code, ...cost } = raw.reply.calls[0] ?? {};
    expect(cost).toMatchObject({ requests: 1 });
    requestsOf(data);
    await runShown(explorer(), code ?? "", "undefined");
    expect(requestsOf(data)).toHaveLength(1);
    const missing = await ask("item", { ...input, key: { userId: "u1", contentId: "none" } });
    expect([missing.status, missing.value]).toEqual([200, null]);
  });

  test("an item's fields and attributes keep their order, which the table has none of", async () => {
    const { ask, data } = explorer();
    const seo = { title: "Title", tags: [{ z: 1, a: 2 }], description: "Text" };
    const key = { userId: "ordered", contentId: "c1" };
    const fields = { title: "Title", zebra: 1, apple: 2, seo };
    await data.savedContent.put(make.savedContent({ ...key, data: fields as object }));
    const item = (await ask("item", { store: "savedContent", key })).text;
    const raw = await ask("raw", { store: "savedContent", key });
    for (const text of [item, raw.text]) {
      expect(text).toMatch(/apple.+seo.+description.+tags.+a.+z.+title.+zebra/);
    }
    const names = (raw.value as { name: string }[]).map(({ name }) => name);
    expect(names).toEqual([...names].sort());
    await data.savedContent.delete(key);
  });

  test("no secret leaves the server, and none can be guessed by a filter", async () => {
    const { ask, data } = explorer();
    const key = { userId: "u1", provider: "GOOGLE_BUSINESS" };
    const answers = [
      await ask("browse", { store: "oauthToken" }),
      await ask("browse", { store: "oauthToken", user: "u1" }),
      await ask("item", { store: "oauthToken", key }),
      await ask("raw", { store: "oauthToken", key }),
      await ask("survey", {}),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(answers.map(({ text }) => text).join()).not.toContain("canary");
    expect(answers[2]?.value).toMatchObject({ item: { hidden: ["accessToken", "refreshToken"] } });
    requestsOf(data);
    const filters = [{ field: "accessToken", operator: "begins", value: "a" }];
    const guess = await ask("browse", { store: "oauthToken", filters });
    expect(guess.status).toBe(400);
    expect(guess.reply.failure?.issues).toEqual([
      { path: "filters.0", message: "names a secret: it cannot be compared from outside" },
    ]);
    expect(requestsOf(data)).toEqual([]);
  });

  test("bad input is refused before anything is sent, and names the field", async () => {
    const { ask, data } = explorer();
    requestsOf(data);
    const issues = async (operation: string, input: object) =>
      (await ask(operation, input)).reply.failure?.issues.map(({ path }) => path);
    expect(await issues("browse", { store: "nothing" })).toEqual(["store"]);
    expect(await issues("browse", { store: "project", limit: 1e9 })).toEqual(["limit"]);
    expect(await issues("browse", { store: "project", parts: [] })).toEqual(["parts"]);
    expect(await issues("browse", { store: "project", parts: { wrong: "u1" } })).toContain("wrong");
    expect(await issues("item", { store: "project" })).toEqual(["key"]);
    expect(await issues("item", { store: "project", key: { userId: "u1" } })).toEqual([
      "projectId",
    ]);
    expect(requestsOf(data)).toEqual([]);
  });
});

const [encrypted] = settings.slice(-1);
if (encrypted === undefined) throw new Error("there is no encrypted setting");

describe("an explorer that may write", () => {
  const explorer = useExplorer(encrypted, { writable: true });
  const key = { userId: "u1", contentId: "c1" };
  const put = (data: object) =>
    explorer().data.savedContent.put(make.savedContent({ ...key, data }));
  const stored = () => explorer().data.savedContent.get(key);

  test("changes the fields that were changed, in one request, and takes it back in another", async () => {
    const { ask, data } = explorer();
    const { updatedAt } = await put({ title: "One", status: "draft" });
    requestsOf(data);
    const changes = { title: "Two", metaDescription: "New" };
    const input = { store: "savedContent", key, changes, remove: ["status"], updatedAt };
    const { value, reply } = await ask("save", input);
    expect(requestsOf(data)).toEqual(["UpdateItem"]);
    expect(value).toMatchObject({ item: { data: { title: "Two" } }, undo: expect.any(String) });
    expect((await stored())?.data).toMatchObject(changes);
    expect((await stored())?.data).not.toHaveProperty("status");
    expect(reply.calls[0]?.code).toContain(`{ title: "Two", metaDescription: "New" }`);
    const { undo } = value as EditResult;
    requestsOf(data);
    expect((await ask("undo", { id: undo, store: "savedContent" })).status).toBe(200);
    expect(requestsOf(data)).toEqual(["UpdateItem"]);
    expect((await stored())?.data).toMatchObject({ title: "One", status: "draft" });
    expect((await stored())?.data).not.toHaveProperty("metaDescription");
    expect((await ask("undo", { id: undo, store: "savedContent" })).status).toBe(400);
  });

  test("the shown update runs as it is", async () => {
    const { ask } = explorer();
    const { updatedAt } = await put({ title: "One" });
    const input = { store: "savedContent", key, changes: { title: "Two" }, updatedAt };
    const [call] = (await ask("save", input)).reply.calls;
    const { updatedAt: now } = (await stored()) ?? { updatedAt: 0 };
    const again = (call?.code ?? "").replace(String(updatedAt), String(now));
    expect(await runShown(explorer(), again, "item")).toMatchObject({ data: { title: "Two" } });
  });

  test("an item that somebody else has written is not changed, and is sent as it is now", async () => {
    const { ask } = explorer();
    const { updatedAt } = await put({ title: "One" });
    await explorer().data.savedContent.update(key, { title: "Theirs" });
    const lock = { store: "savedContent", key, updatedAt };
    for (const [operation, input] of [
      ["save", { ...lock, changes: { title: "Mine" } }],
      ["remove", lock],
    ] as const) {
      const { status, reply } = await ask(operation, input);
      expect([operation, status]).toEqual([operation, 409]);
      expect(reply.failure?.item).toMatchObject({ data: { title: "Theirs" } });
    }
    expect((await stored())?.data).toMatchObject({ title: "Theirs" });
  });

  test("a conflict has each kind of value unchanged, and the keys; so has that of an undo", async () => {
    const { ask, data } = explorer();
    const exact = ExactNumber.from("1.00000000000000000000000000001");
    const kinds = { big: 2n ** 70n, exact, tags: new Set(["a"]), bytes: new Uint8Array([4, 5]) };
    const { updatedAt } = await put({ title: "One" });
    const input = { store: "savedContent", key, changes: { title: "Mine" }, updatedAt };
    const { undo } = (await ask("save", input)).value as EditResult;
    await data.savedContent.update(key, { title: "Theirs", ...(kinds as object) });
    for (const { status, reply } of [await ask("save", input), await ask("undo", { id: undo })]) {
      expect(status).toBe(409);
      const { item, keys } = decode(reply.failure, "test", "failure") as Failure;
      expect(item?.data).toMatchObject({ title: "Theirs", big: kinds.big, tags: kinds.tags });
      expect(item?.data.bytes).toEqual(kinds.bytes);
      expect(String(item?.data.exact)).toBe(exact.text);
      expect(keys).toContainEqual(expect.objectContaining({ name: "PK", value: "USER#u1" }));
    }
  });

  test("an item whose secrets cannot be decrypted is saved without them, and taken back", async () => {
    const { ask, data } = explorer();
    const own = { keys: { "key-9": new Uint8Array(32).fill(9) }, current: "key-9" };
    const owner = bareLayer(data, { encryption: own });
    const token = { userId: "sealed", provider: "GOOGLE_BUSINESS" };
    const { updatedAt } = await owner.oauthToken.put({
      ...token,
      data: { accessToken: "canary", expiryDate: 5 },
    });
    const at = { store: "oauthToken", key: token };
    const changes = { expiryDate: 6, agentProfileId: "a1" };
    requestsOf(data);
    const saved = await ask("save", { ...at, changes, updatedAt });
    expect(requestsOf(data)).toEqual(["GetItem", "UpdateItem", "GetItem", "GetItem"]);
    expect(saved.value).toMatchObject({ item: { data: changes }, undo: expect.any(String) });
    expect(saved.reply.calls).toHaveLength(4);
    const { undo } = saved.value as EditResult;
    // The page is not believed which secrets an item has.
    const back = await ask("undo", { id: undo, store: "project" });
    expect(back.value).toMatchObject({ item: { data: { expiryDate: 5 } } });
    const stored = await owner.oauthToken.getOrThrow(token);
    expect(stored.data).toEqual({ accessToken: "canary", expiryDate: 5 });
    // To store it again would seal its secrets twice.
    const gone = await ask("remove", { ...at, updatedAt: stored.updatedAt });
    expect(gone.value).toEqual({ item: null });
    expect(await owner.oauthToken.get(token)).toBeNull();
    await owner.close();
  });

  test("a payload is checked as the store checks it, and a save of nothing sends nothing", async () => {
    const { ask, data } = explorer();
    const { updatedAt } = await put({ title: "One" });
    requestsOf(data);
    const save = async (more: object) => {
      const { status, reply } = await ask("save", {
        store: "savedContent",
        key,
        updatedAt,
        ...more,
      });
      return [status, reply.failure?.issues.map(({ path }) => path)];
    };
    expect(await save({ changes: { title: 5 } })).toEqual([400, ["data.title"]]);
    expect(await save({ changes: {} })).toEqual([400, ["changes"]]);
    expect(await save({ remove: ["content"] })).toEqual([400, ["data.content"]]);
    expect(await save({ changes: { title: "x" }, updatedAt: undefined })).toEqual([
      400,
      ["updatedAt"],
    ]);
    expect(requestsOf(data)).toEqual([]);
  });

  test("a deleted item comes back with its secrets, which no answer and no shown call has", async () => {
    const { ask, data } = explorer();
    const token = { userId: "u1", provider: "GOOGLE_BUSINESS" };
    const secret = { accessToken: "access-canary", refreshToken: "refresh-canary" };
    const { updatedAt } = await data.oauthToken.put({ ...token, data: secret });
    const removed = await ask("remove", { store: "oauthToken", key: token, updatedAt });
    expect(await data.oauthToken.get(token)).toBeNull();
    const { undo } = removed.value as EditResult;
    const back = await ask("undo", { id: undo, store: "oauthToken" });
    expect(await data.oauthToken.get(token)).toMatchObject({ data: secret });
    expect(removed.text + back.text).not.toContain("canary");
    expect(back.reply.calls[0]?.code).toMatch(/^\/\/ Put the secrets in the place of "\[secret\]"/);
    const { updatedAt: now } = (await data.oauthToken.get(token)) ?? { updatedAt: 0 };
    const changes = { accessToken: "typed" };
    const typed = await ask("save", { store: "oauthToken", key: token, changes, updatedAt: now });
    expect(typed.reply.failure?.issues[0]?.path).toBe("data.accessToken");
  });

  test("a secret is shown when it is asked for, by its name alone", async () => {
    const { ask } = explorer();
    const input = { store: "oauthToken", key: { userId: "u1", provider: "GOOGLE_BUSINESS" } };
    expect((await ask("reveal", { ...input, field: "accessToken" })).value).toBe("access-canary");
    expect((await ask("reveal", { ...input, field: "provider" })).status).toBe(400);
  });
});

describe("an explorer that reads only", () => {
  const explorer = useExplorer(first);

  test("writes nothing, and without keys it shows no secret", async () => {
    const { ask, data } = explorer();
    const key = { userId: "u1", provider: "GOOGLE_BUSINESS" };
    const { updatedAt } = await data.oauthToken.put({ ...key, data: { accessToken: "canary" } });
    requestsOf(data);
    const input = { store: "oauthToken", key, updatedAt };
    for (const [operation, more] of [
      ["save", { changes: { agentProfileId: "x" } }],
      ["remove", {}],
      ["undo", { id: "1" }],
      ["reveal", { field: "accessToken" }],
    ] as const) {
      const { status, text } = await ask(operation, { ...input, ...more });
      expect([operation, status]).toEqual([operation, 400]);
      expect(text).not.toContain("canary");
    }
    expect(requestsOf(data)).toEqual([]);
  });

  test("without the keys of its secrets, an item is shown without them", async () => {
    const { ask, data } = explorer();
    const keys = { keys: { "key-1": new Uint8Array(32).fill(1) }, current: "key-1" };
    const owner = bareLayer(data, { encryption: keys });
    const key = { userId: "sealed", provider: "GOOGLE_BUSINESS" };
    await owner.oauthToken.put({ ...key, data: { accessToken: "canary", expiryDate: 5 } });
    await owner.close();
    const shown = { key, data: { expiryDate: 5 }, hidden: ["accessToken", "refreshToken"] };
    const { value, reply } = await ask("item", { store: "oauthToken", key });
    expect(value).toMatchObject({ item: shown });
    // The first one was refused, as the application's own is.
    expect(reply.calls).toHaveLength(2);
    const page = await ask("browse", { store: "oauthToken", user: "sealed" });
    expect((page.value as BrowsePage).items).toEqual([expect.objectContaining(shown)]);
    await data.oauthToken.delete(key);
  });

  test("each access pattern makes the call that it shows, which runs as it is", async () => {
    const { ask, data } = explorer();
    await data.review.put(make.review({ agentId: "u1", reviewId: "r1" }));
    const { patterns } = (await ask("about", {})).value as About;
    expect(patterns.length).toBeGreaterThan(40);
    const typical: Readonly<Record<string, unknown>> = {
      limit: 5,
      order: "desc",
      provider: "GOOGLE_BUSINESS",
    };
    for (const { id, inputs } of patterns) {
      const given = Object.fromEntries(
        inputs.map(({ name, kind }) => [name, typical[name] ?? (kind === "number" ? 1 : "u1")]),
      );
      requestsOf(data);
      const { status, reply, text } = await ask("pattern", { id, given });
      const sent = requestsOf(data);
      expect([id, status, reply.failure?.message]).toEqual([id, 200, undefined]);
      expect(text).not.toContain("canary");
      await runShown(explorer(), reply.calls[0]?.code ?? "", "undefined");
      expect([id, requestsOf(data).sort()]).toEqual([id, sent.sort()]);
    }
  });
});

describeStreams("the history of an item on $name", (setting) => {
  const explorer = useExplorer(setting, { stream: true, entities: { contact: contactV3 } });
  const key = { userId: "u1", provider: "GOOGLE_BUSINESS" };
  const content = { userId: "u1", contentId: "c1" };
  const changesOf = async (store: string, of: object) => {
    const { value, reply, text } = await explorer().ask("history", { store, key: of });
    return { history: value as History, call: reply.calls[0], text };
  };
  beforeAll(async () => {
    const { data } = explorer();
    await data.savedContent.put(make.savedContent({ ...content, data: { title: "One" } }));
    await data.savedContent.put(make.savedContent({ userId: "u1", contentId: "other" }));
    await data.savedContent.update(content, { title: "Two", metaDescription: "New" });
    await data.savedContent.delete(content);
    await data.oauthToken.put({ ...key, data: { accessToken: "canary-1", expiryDate: 1 } });
    await data.oauthToken.update(key, { accessToken: "canary-2", expiryDate: 2 });
  });

  test("has its changes alone, the newest first, and the loop that finds them runs as it is shown", async () => {
    const { data, ask } = explorer();
    expect((await ask("about", {})).value).toMatchObject({ stream: true });
    requestsOf(data);
    const { history, call } = await changesOf("savedContent", content);
    expect(call?.requests).toBe(requestsOf(data).filter((name) => name !== "DescribeTable").length);
    expect(history).toMatchObject({ read: 6, stopped: false, older: false });
    expect(history.changes.map(({ kind }) => kind)).toEqual(["deleted", "updated", "created"]);
    expect(history.changes[1]?.paths).toEqual([
      { path: "metaDescription", before: null, after: '"New"' },
      { path: "title", before: '"One"', after: '"Two"' },
    ]);
    const found = await runShown(explorer(), call?.code ?? "", "changes");
    expect((found as { id: string }[]).map(({ id }) => id)).toEqual(
      history.changes.map(({ id }) => id).reverse(),
    );
  });

  test("has no secret, and says that one has changed", async () => {
    const { history, text } = await changesOf("oauthToken", key);
    expect(text).not.toContain("canary");
    expect(history.changes[0]?.paths).toEqual([
      { path: "accessToken", secret: true },
      { path: "expiryDate", before: "1", after: "2" },
    ]);
  });

  test("is shown without the secrets where their keys are not configured", async () => {
    const { data } = explorer();
    const keys = { keys: { "key-1": new Uint8Array(32).fill(1) }, current: "key-1" };
    const owner = bareLayer(data, { encryption: keys });
    const sealed = { userId: "sealed", provider: "GOOGLE_BUSINESS" };
    await owner.oauthToken.put({ ...sealed, data: { accessToken: "canary", expiryDate: 5 } });
    await owner.close();
    const { history } = await changesOf("oauthToken", sealed);
    const path = { path: "expiryDate", before: null, after: "5" };
    expect(history.changes).toMatchObject([{ kind: "created", paths: [path] }]);
    const { ask } = explorer();
    const item = await ask("item", { store: "oauthToken", key: sealed });
    expect(item.value).toMatchObject({ item: { data: { expiryDate: 5 }, partial: true } });
    const raw = await ask("raw", { store: "oauthToken", key: sealed });
    expect(raw.value).toContainEqual(expect.objectContaining({ value: { expiryDate: 5 } }));
    const found = await ask("pattern", { id: "oauthToken.query", given: { userId: "sealed" } });
    expect(found.value).toMatchObject({ items: [{ data: { expiryDate: 5 }, partial: true }] });
    expect([item, raw, found].map(({ text }) => text).join()).not.toContain("canary");
  });

  test("says what happened, and no more, where the payload cannot be upgraded", async () => {
    const { data } = explorer();
    const contact = { teamId: "t", contactId: "c" };
    const client = bareClient(data);
    const TableName = data.configuration.tableName;
    const Key = { PK: "TEAM#t", SK: "CONTACT#c" };
    // Of version 1, and the upgrade needs two names.
    const Item = { ...Key, ...contact, EntityType: "Contact", Data: { name: "Ada" }, CreatedAt: 1 };
    await client.send(new PutCommand({ TableName, Item }));
    await client.send(new DeleteCommand({ TableName, Key }));
    client.destroy();
    const { history } = await changesOf("contact", contact);
    expect(history.changes).toMatchObject([
      { kind: "deleted", paths: null },
      { kind: "created", paths: null },
    ]);
  });

  test("is read so far as its limits say, which it tells, and no longer than somebody waits", async () => {
    const { data } = explorer();
    const source = sourceOf(data);
    if (source === undefined) throw new Error("it is no data layer");
    const rawKey = { PK: "USER#u1", SK: "CONTENT#c1" };
    const limits = { mostRequests: 100, mostRecords: 1, mostTime: 20_000 };
    const onRequest = () => undefined;
    const waiting = new AbortController();
    const read = (more: object) =>
      readItemStream(source, data, rawKey, { signal: waiting.signal, onRequest, ...more });
    expect(await read({ limits })).toMatchObject({ stopped: true });
    waiting.abort();
    await expect(read({})).rejects.toMatchObject({ name: "AbortedError" });
  });

  test("is refused for a key that is none before anything is sent", async () => {
    const { data, ask } = explorer();
    requestsOf(data);
    const { reply, status } = await ask("history", {
      store: "savedContent",
      key: { userId: "u1" },
    });
    expect([status, reply.failure?.issues.map(({ path }) => path)]).toEqual([400, ["contentId"]]);
    expect(requestsOf(data)).toEqual([]);
  });
});

describe("bayon-data explore", () => {
  test("serves the table of its options with the entities of --config, until it is stopped", async () => {
    const engine = await startEngine();
    const stop = new AbortController();
    const said = listen();
    const run = (...args: string[]) =>
      runCommandLine(args, {
        ...{ terminal: said.terminal, signal: stop.signal, version: "1.2.3" },
        explorerPage: pageFolder(),
      });
    const config = ["--config", "__tests__/scripts/own-config.ts"];
    const place = ["--environment", "local", "--endpoint", engine.endpoint, ...config];
    try {
      expect(await run("table", "create", ...place)).toBe(0);
      const ended = run("explore", ...place, "--port", "0", "--units-per-minute", "50");
      while (!said.out().includes("Ctrl-C")) await sleep(10);
      expect(said.out()).toContain("read only");
      const url = new URL(/http:\S+token=\S+/.exec(said.out())?.[0] ?? "");
      const cookie = (await fetch(url)).headers.get("set-cookie")?.split(";")[0] ?? "";
      const { value } = await askOf(url, cookie)("about", {});
      const { entities, unitsPerMinute } = value as About;
      expect(unitsPerMinute).toBe(50);
      const stores = entities.map(({ store }) => store);
      expect(stores).toEqual(expect.arrayContaining(["savedContent", "lead"]));
      for (const store of stores) {
        expect((await askOf(url, cookie)("browse", { store })).status).toBe(200);
      }
      stop.abort();
      expect(await ended).toBe(0);
      await expect(fetch(url)).rejects.toThrow();
    } finally {
      stop.abort();
      await engine.close();
    }
  });
});

describe("a table without a stream", () => {
  const explorer = useExplorer(first);

  test("has no history, and is told how it gets one", async () => {
    const { ask } = explorer();
    expect((await ask("about", {})).value).toMatchObject({ stream: false });
    const key = { userId: "u1", projectId: "p1" };
    const { reply } = await ask("history", { store: "project", key });
    expect(reply.failure?.message).toContain("has no stream");
  });
});

describe("a limit of units", () => {
  const explorer = useExplorer(first, { unitsPerMinute: 1 });

  test("once a minute's units are spent, nothing more is sent", async () => {
    const { ask, data } = explorer();
    const input = { store: "project", parts: { userId: "u1" } };
    const spend = async () => (await ask("browse", input)).reply.budget;
    expect(await spend()).toEqual({ spent: 0.5, limit: 1 });
    expect(await spend()).toEqual({ spent: 1, limit: 1 });
    requestsOf(data);
    const { status, reply } = await ask("browse", input);
    expect(status).toBe(503);
    expect(reply.failure?.message).toMatch(
      /^1 capacity units .* and 1 are allowed: try again in \d+ s/,
    );
    expect(requestsOf(data)).toEqual([]);
  });
});

describe("a limit of units that is met within a call", () => {
  const explorer = useExplorer(first, { unitsPerMinute: 100 });

  test("a call that reads much is ended before its next request", async () => {
    const { ask, data } = explorer();
    const content = "x".repeat(300_000);
    const items = Array.from({ length: 12 }, (_, number) =>
      make.savedContent({
        userId: "u1",
        contentId: `c${number}`,
        data: { content, status: "draft" },
      }),
    );
    // Without the explorer, whose limit counts writes as well.
    const other = bareLayer(data);
    await other.savedContent.batchPut(items);
    requestsOf(data);
    const filters = [{ field: "status", operator: "eq", value: "sent" }];
    const input = { store: "savedContent", parts: { userId: "u1" }, filters };
    const { status, reply } = await ask("browse", input);
    expect([status, reply.failure?.message]).toEqual([
      503,
      expect.stringContaining("100 are allowed"),
    ]);
    expect(requestsOf(data)).toEqual(["Query"]);
    await other.close();
  });
});

describe("a limit of units that is met within a search", () => {
  const explorer = useExplorer(first, { unitsPerMinute: 200 });

  test("what was found by then is sent, and another call goes on after it", async () => {
    const { ask, data } = explorer();
    const content = "x".repeat(300_000);
    const ids = Array.from({ length: 9 }, (_, number) => `c${number}`);
    const other = bareLayer(data);
    await other.savedContent.batchPut(
      ids.map((contentId) => make.savedContent({ userId: "u1", contentId, data: { content } })),
    );
    requestsOf(data);
    const { status, value, reply } = await ask("browse", { store: "savedContent" });
    expect([status, reply.failure]).toEqual([200, undefined]);
    const { items, cursor } = value as BrowsePage;
    expect(requestsOf(data)).toEqual(["Scan", "Scan"]);
    const next = await ask("browse", { store: "savedContent", cursor });
    // Not a page was read.
    expect([next.status, requestsOf(data)]).toEqual([503, []]);
    const found = items.map(({ key }) => key.contentId);
    for await (const page of other.savedContent.scan({ cursor })) {
      found.push(...page.items.map(({ contentId }) => contentId));
    }
    expect(found).toEqual(ids);
    await other.close();
  });
});

describe("a limit of units that is met within the first look", () => {
  const explorer = useExplorer(first, { unitsPerMinute: 200 });

  test("what was read by then is the sample, and says so", async () => {
    const { ask, data } = explorer();
    const content = "x".repeat(300_000);
    const other = bareLayer(data);
    await other.savedContent.batchPut(
      Array.from({ length: 9 }, (_, number) =>
        make.savedContent({ userId: "u1", contentId: `c${number}`, data: { content } }),
      ),
    );
    const { status, value, reply } = await ask("survey", {});
    expect([status, (value as Survey).complete]).toEqual([200, false]);
    expect((value as Survey).items).toBeGreaterThan(0);
    expect((value as Survey).items).toBeLessThan(9);
    expect(reply.budget.spent).toBeGreaterThan(200);
    // Not a page would be read.
    expect((await ask("survey", {})).status).toBe(503);
    await other.close();
  });
});
