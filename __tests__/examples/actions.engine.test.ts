/** The actions on a real engine: what is stored is what would be stored in DynamoDB. */
import { createTestDataLayer, make, type TestDataLayer } from "bayon-coagent-data/testing";
import { listMyContentAction, saveContentAction } from "./actions.js";

describe("the content actions", () => {
  let data: TestDataLayer;
  beforeAll(async () => {
    data = await createTestDataLayer();
  });
  afterAll(() => data.close());

  const as = (userId: string | null) => ({ userId, data });

  function form(fields: Record<string, string>): FormData {
    const filled = new FormData();
    for (const [name, value] of Object.entries(fields)) filled.set(name, value);
    return filled;
  }

  const post = { type: "Blog Post", title: "Before you sell", content: "Five things…" };

  test("save a new content in one request, and list it", async () => {
    data.wire.clear();
    const saved = await saveContentAction(form({ ...post, projectId: "" }), as("ana"));
    expect(saved).toMatchObject({ ok: true, value: { title: "Before you sell" } });
    expect(data.wire.operations).toEqual(["PutItem"]);

    data.wire.clear();
    const listed = await listMyContentAction({}, as("ana"));
    expect(listed).toEqual({ ok: true, value: { lines: [saved.ok && saved.value], next: null } });
    expect(data.wire.operations).toEqual(["Query"]);
  });

  test("list page after page, newest first", async () => {
    for (let day = 1; day <= 23; day += 1) {
      await data.savedContent.put(
        make.savedContent({
          userId: "paged",
          createdAt: Date.UTC(2025, 2, day),
          data: { title: `Day ${day}` },
        }),
      );
    }
    const titles: string[] = [];
    let after: string | null = null;
    do {
      const page = await listMyContentAction({ after }, as("paged"));
      if (!page.ok) throw new Error(page.message);
      titles.push(...page.value.lines.map((line) => line.title));
      after = page.value.next;
    } while (after !== null);
    expect(titles).toHaveLength(23);
    expect(titles.slice(0, 2)).toEqual(["Day 23", "Day 22"]);
  });

  test("list the contents of one project, or the uncategorised ones", async () => {
    for (const projectId of ["p1", "p2", null]) {
      const title = `of ${projectId}`;
      await data.savedContent.put(
        make.savedContent({ userId: "filed", data: { projectId, title } }),
      );
    }
    const titlesOf = async (projectId: string | null) => {
      const page = await listMyContentAction({ projectId }, as("filed"));
      return page.ok ? page.value.lines.map((line) => line.title) : page.message;
    };
    expect(await titlesOf("p1")).toEqual(["of p1"]);
    expect(await titlesOf(null)).toEqual(["of null"]);
  });

  test("change a content only where nobody else has", async () => {
    const saved = await saveContentAction(form(post), as("ben"));
    if (!saved.ok) throw new Error(saved.message);
    const { id, version } = saved.value;
    const edit = (title: string) =>
      form({ ...post, title, contentId: id, version: String(version) });

    const first = await saveContentAction(edit("First"), as("ben"));
    expect(first).toMatchObject({ ok: true, value: { id, title: "First" } });
    const second = await saveContentAction(edit("Second"), as("ben"));
    expect(second).toMatchObject({
      ok: false,
      message: "This content was changed elsewhere. Load it again to see the changes.",
    });
    const stored = await data.savedContent.getOrThrow({ userId: "ben", contentId: id });
    expect(stored.data.title).toBe("First");
  });

  test("neither show nor change what is another user's", async () => {
    const theirs = make.savedContent({ userId: "cho" });
    await data.savedContent.put(theirs);
    const edit = form({ ...post, title: "Mine now", contentId: theirs.contentId });
    expect(await saveContentAction(edit, as("dan"))).toMatchObject({
      ok: false,
      message: "This content is no longer there. It may have been deleted elsewhere.",
    });
    expect(await listMyContentAction({}, as("dan"))).toMatchObject({ value: { lines: [] } });
    const { userId, contentId } = theirs;
    expect((await data.savedContent.getOrThrow({ userId, contentId })).data).toMatchObject(
      theirs.data,
    );
  });

  test("name the fields that are wrong, and send nothing", async () => {
    data.wire.clear();
    const { title } = post;
    expect(await saveContentAction(form({ title }), as("ana"))).toEqual({
      ok: false,
      message: "Please check the marked fields.",
      fields: ["type", "content"],
      tryAgain: false,
    });
    const page = await listMyContentAction({ after: "not-a-page" }, as("ana"));
    expect(page).toMatchObject({
      ok: false,
      message: "This page is gone. Start at the first one.",
    });
    expect(data.wire.operations).toEqual([]);
  });

  test("do nothing for nobody", async () => {
    data.wire.clear();
    expect(await saveContentAction(form(post), as(null))).toMatchObject({
      ok: false,
      message: "Please sign in first.",
    });
    expect(data.wire.operations).toEqual([]);
  });
});
