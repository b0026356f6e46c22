/** What an editor shows of the package: TypeScript's language service is asked, as an editor asks it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Application, createApplication } from "./application.js";
import { type Editor, marksIn, openEditor } from "./editor.js";

/** Lines that a hover may take: what a user reads at a glance. */
const mostLines = 12;

const fileName = "hovers.ts";

/** A comment stands before each thing that is hovered over, and where completions are asked for. */
const text = `
import { createDataLayer, type SavedContent } from "bayon-coagent-data";
const data = createDataLayer();
const key = { userId: "u", contentId: "c" };
const content = { type: "Blog Post", content: "# Spring" };
const reviewKey = { agentId: "a", reviewId: "r" };
export async function hovers() {
  data./*store*/savedContent;
  const item = await data.savedContent./*get*/get(key);
  const part = await data.savedContent./*get fields*/get(key, { fields: ["title"] });
  await data.savedContent./*getOrThrow*/getOrThrow(key);
  const page = await data.savedContent./*query*/query({ userId: "u" }, { where: { status: "draft" } });
  await data.savedContent./*count*/count({ userId: "u" }, { /*prefix*/startsWith: "c" });
  for await (const one of data.savedContent./*list*/list({ userId: "u" })) void /*listed*/one;
  for await (const part of data.savedContent./*scan*/scan({ segments: 2 })) void /*scanned*/part;
  await data.review./*queryBy*/queryBy("byReviewId", { reviewId: "r" }, { limit: 3 });
  void data.review./*listBy*/listBy("byReviewId", { reviewId: "r", agentId: "a" });
  void data.review./*countBy*/countBy("byReviewId", { reviewId: "r" });
  await data.savedContent./*create*/create({ userId: "u", /*input data*/data: content });
  await data.savedContent./*put*/put({ ...key, data: content });
  await data.savedContent./*upsert*/upsert({ ...key, data: content });
  await data.savedContent./*update*/update(key, { /*changed field*/title: "x" });
  await data.savedContent./*delete*/delete(key);
  await data.savedContent./*batchGet*/batchGet([key]);
  await data.savedContent./*batchPut*/batchPut([]);
  await data.savedContent./*batchDelete*/batchDelete([key]);
  data.savedContent./*check*/check({});
  void [/*item*/item, /*part*/part, /*page*/page];
  void item?./*data*/data;
  void item?.data./*field*/content;
  void item?./*createdAt*/createdAt;
  const everything = await data.collections./*workspace*/workspace({ userId: "u" });
  void /*everything*/everything./*group*/savedContent;
  await data.collections./*recent*/recent({ userId: "u", limit: 3 });
  await data.transaction./*write*/write((/*tx*/tx) => [
    tx./*tx store*/savedContent./*tx create*/create({ userId: "u", data: content }),
    tx.savedContent./*tx update*/update(key, {}),
    tx.savedContent./*tx delete*/delete(key),
  ]);
  const mine = data./*forUser*/forUser("u");
  void /*scope*/mine;
  const everythingOf = data./*user*/user("u");
  for await (const /*exported*/row of everythingOf./*export*/export({ /*secrets*/secrets: "mask" })) void row;
  const /*erasure*/erasure = await mine./*scoped user*/user./*erase*/erase();
  void erasure./*left*/left;
  const own = await mine./*scoped store*/savedContent./*scoped get*/get({ contentId: "c" });
  void /*scoped item*/own;
  await mine.savedContent./*scoped create*/create({ data: content });
  await data.oauth./*validToken*/validToken("u", undefined, {
    refresh: async () => ({ accessToken: "a" }),
  });
  await data.oauth./*oauth store*/store("u", undefined, { accessToken: "a" });
  await data.profiles./*save*/save({ userId: "u" }, { name: "n" });
  await data./*dashboard*/dashboard({ userId: "u", agentId: "a" });
  await data.projects./*listWithContent*/listWithContent({ userId: "u" });
  void data./*service*/service;
  void /*layer*/data;
  let named: /*type*/SavedContent;
  const inside = await data.review./*get parts*/get(reviewKey, { fields: ["rating", ["author", "name"]] });
  void inside?./*parts*/data;
  void data.review.get(reviewKey, {
    fields: [/*field completions*/"rating", [/*path completions*/"author", /*name completions*/"name"]],
  });
  data.savedContent./*completions*/get;
  mine.savedContent./*scoped completions*/get;
}
`;

let application: Application;
let editor: Editor;

beforeAll(() => {
  application = createApplication("pnpm");
  editor = openEditor(application, fileName, text);
}, 120_000);

afterAll(() => {
  editor.service.dispose();
  application.remove();
});

const hoverOver = (name: string) => editor.hoverOver(name);

/** All marks of the text but those for completions. */
const hovers = marksIn(text).filter((name) => !name.endsWith("completions"));

test("the text compiles against the published declarations", () => {
  expect(editor.errors()).toEqual([]);
  expect(hovers.length).toBeGreaterThan(40);
}, 120_000);

test.each(hovers)(
  "%s: at most 12 lines, and none of ElectroDB's generics (there were 91)",
  (name) => {
    const { shown } = hoverOver(name);
    expect(shown.split("\n").length).toBeLessThanOrEqual(mostLines);
    expect(shown).not.toMatch(/CustomAttributeType|composite|casing|EntityItem|import\(|\.\.\./);
    // No line that has to be scrolled through.
    expect(Math.max(...shown.split("\n").map((line) => line.length))).toBeLessThan(400);
  },
);

const documented = hovers.filter(
  (name) =>
    ![
      // Variables have types, and no docs of their own.
      "listed",
      "scanned",
      "item",
      "part",
      "page",
      "everything",
      "tx",
      "scope",
      "scoped item",
      "exported",
      "erasure",
      "layer",
      // A payload's fields have docs where the name does not say it.
      "changed field",
      "field",
      // Named by what they stand in.
      "group",
      "tx store",
    ].includes(name),
);

test.each(documented)("%s: the docstring is shown", (name) => {
  const { documentation } = hoverOver(name);
  expect(documentation).not.toBe("");
  expect(documentation).toMatch(/^[A-Z`].*[.:`)]/s);
});

test.each([
  ["store", /: EntityStore<Spec<"savedContent">>$/],
  ["get", /contentId: string;[\s\S]*\): Promise<SavedContent \| null>$/],
  ["get fields", /: Promise<ItemPart<SavedContent, "title"> \| null>$/],
  ["get parts", /ItemPart<Review, "rating" \| readonly \["author", "name"\]> \| null>$/],
  ["parts", /author: \{\s*name: string;\s*\}/],
  ["getOrThrow", /: Promise<SavedContent>$/],
  ["query", /: Promise<QueryPage<SavedContent>>$/],
  ["list", /: AsyncIterable<SavedContent>$/],
  ["count", /: Promise<number>$/],
  ["countBy", /: Promise<number>$/],
  ["prefix", /startsWith\?: string \| undefined$/],
  ["queryBy", /: Promise<QueryPage<Review>>$/],
  ["listBy", /: AsyncIterable<Review>$/],
  ["scan", /: AsyncIterable<ScanPage<SavedContent>>$/],
  ["create", /: Promise<SavedContent>$/],
  ["put", /: Promise<SavedContent>$/],
  ["upsert", /: Promise<SavedContent>$/],
  ["update", /: Promise<SavedContent>$/],
  ["delete", /: Promise<SavedContent \| null>$/],
  ["batchGet", /: Promise<\(SavedContent \| null\)\[\]>$/],
  ["listed", /^const one: SavedContent$/],
  ["scanned", /^const part: ScanPage<SavedContent>$/],
  ["item", /^const item: SavedContent \| null$/],
  ["part", /^const part: ItemPart<SavedContent, "title"> \| null$/],
  ["page", /^const page: QueryPage<SavedContent>$/],
  ["data", /data: SavedContentData \| undefined$/],
  ["input data", /data: DataInput<Spec<"savedContent">>$/],
  ["workspace", /: Promise<Workspace>$/],
  ["everything", /: Workspace$/],
  ["group", /: SavedContent\[\]$/],
  ["write", /: Promise<\[SavedContent, undefined, undefined\]>$/],
  ["tx create", /: TransactionOperation<SavedContent>$/],
  ["forUser", /: UserScope$/],
  ["scoped store", /ScopedStore<ScopedSpec<Spec<"savedContent">, UserParts>>$/],
  ["scoped get", /: Promise<SavedContent \| null>$/],
  ["scoped item", /^const own: SavedContent \| null$/],
  ["user", /: UserData<UserItem>$/],
  ["exported", /^const row: UserItem \| UndeclaredItem$/],
  ["export", /: AsyncIterable<UserItem \| UndeclaredItem>$/],
  ["erase", /: Promise<UserErasure>$/],
  ["erasure", /^const erasure: UserErasure$/],
  ["scoped user", /user: UserData<UserItem>$/],
  ["validToken", /: Promise<OAuthTokenData>$/],
  ["save", /: Promise<UserProfile> \(\+1 overload\)$/],
  ["service", /: Service<Entities>$/],
])("%s: the type is named", (name, type) => {
  expect(hoverOver(name).signature).toMatch(type);
});

test("a store's docstring is that of its entity", () => {
  const declared = /\/\*\* (.*) \*\/\nexport const savedContent/.exec(
    readFileSync(join(__dirname, "../../entities/saved-content.ts"), "utf8"),
  );
  expect(declared?.[1]).toMatch(/CONTENT#<contentId>/);
  expect(hoverOver("store").documentation).toBe(declared?.[1]);
  expect(hoverOver("scoped store").documentation).toBe(declared?.[1]);
});

const calls = [
  "batchDelete",
  "batchGet",
  "batchPut",
  "check",
  "count",
  "countBy",
  "create",
  "delete",
  "get",
  "getOrThrow",
  "list",
  "listBy",
  "put",
  "query",
  "queryBy",
  "update",
  "upsert",
];

test.each([
  ["completions", [...calls, "scan", "entity"]],
  ["scoped completions", calls],
])("%s are what a user may call (model and writes were among them)", (name, expected) => {
  const { service, path, placeOf } = editor;
  const found = service.getCompletionsAtPosition(path, placeOf(name), undefined);
  expect(found?.entries.map((entry) => entry.name).sort()).toEqual([...expected].sort());
});

test.each([
  ["field completions", ["author", "rating", "comment"]],
  ["path completions", ["author", "rating", "comment"]],
  ["name completions", ["name"]],
])("%s: the names of the payload are offered in fields", (name, expected) => {
  const { service, path, placeOf } = editor;
  // Behind the quote.
  const found = service.getCompletionsAtPosition(path, placeOf(name) + 1, undefined);
  expect(found?.entries.map((entry) => entry.name)).toEqual(expect.arrayContaining(expected));
});
