/** Pages of any size, one after the other, are the whole list: each item once, and in order. */
import fc from "fast-check";
import { engines } from "../engines.js";
import { openTable } from "../open.js";
import { id, time, tries } from "./arbitraries.js";

interface Stored {
  readonly projectId: string;
  readonly createdAt: number;
  readonly mark: number;
  /** Left by an earlier writer: not in the index. */
  readonly old: boolean;
}

interface Page {
  readonly items: readonly { readonly projectId: string }[];
  readonly cursor: string | null;
  readonly previous: string | null;
}

interface Options {
  readonly by: "key" | "createdAt";
  readonly order: "asc" | "desc";
  // No field that the payload's type names: stores keep those, too.
  readonly where: object | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly extra: number;
  /** A walk over the pages: on, or back. */
  readonly steps: readonly boolean[];
}

// Few times, so that several items share one.
const someTime = fc.oneof(fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_003 }), time);

const item: fc.Arbitrary<Stored> = fc.record({
  projectId: id,
  createdAt: someTime,
  mark: fc.integer({ min: 0, max: 2 }),
  old: fc.integer({ min: 0, max: 5 }).map((number) => number === 0),
});

const items = fc.uniqueArray(item, { maxLength: 12, selector: ({ projectId }) => projectId });

const bounds = fc
  .tuple(fc.option(someTime, { nil: undefined }), fc.option(someTime, { nil: undefined }))
  .map(([one, other]) =>
    one !== undefined && other !== undefined && one > other
      ? { from: other, to: one }
      : { from: one, to: other },
  );

const options: fc.Arbitrary<Options> = fc
  .record({
    by: fc.constantFrom("key", "createdAt"),
    order: fc.constantFrom("asc", "desc"),
    where: fc.option(fc.record({ mark: fc.integer({ min: 0, max: 3 }) }), { nil: undefined }),
    bounds,
    extra: fc.integer({ min: 1, max: 15 }),
    steps: fc.array(fc.boolean(), { maxLength: 8 }),
  })
  .map(({ bounds: { from, to }, ...rest }) => ({
    ...rest,
    from: rest.by === "key" ? undefined : from,
    to: rest.by === "key" ? undefined : to,
  }));

/** What a query should find, by sorting and filtering in memory. DynamoDB sorts by UTF-8 bytes. */
function reference(all: readonly Stored[], { by, order, where, from, to }: Options): string[] {
  const sortKey = ({ projectId, createdAt }: Stored) =>
    Buffer.from(by === "key" ? projectId : `${String(createdAt).padStart(13, "0")}#${projectId}`);
  const found = all
    .filter(({ old }) => by === "key" || !old)
    .filter(({ mark }) => where === undefined || (where as Stored).mark === mark)
    .filter(({ createdAt }) => createdAt >= (from ?? 0) && createdAt <= (to ?? Infinity))
    .sort((a, b) => Buffer.compare(sortKey(a), sortKey(b)));
  const ids = found.map(({ projectId }) => projectId);
  return order === "asc" ? ids : ids.reverse();
}

const idsOf = ({ items: found }: Page) => found.map(({ projectId }) => projectId);

/** Goes on and back, with pages of other sizes, and compares each page with its part of the list. */
async function walk(
  read: (cursor: string | null, size: number) => Promise<Page>,
  expected: readonly string[],
  steps: readonly boolean[],
  limit: number,
): Promise<void> {
  let page = await read(null, limit);
  let [low, high] = [0, page.items.length];
  expect(page.previous).toBeNull();
  for (const [index, isOn] of steps.entries()) {
    const cursor = isOn ? page.cursor : page.previous;
    // The pages around the first and the last one.
    if (isOn ? high < expected.length : low > 0) expect(cursor).not.toBeNull();
    if (cursor === null) continue;
    const size = 1 + ((limit + index) % 4);
    page = await read(cursor, size);
    const [from, to] = isOn ? [high, high + size] : [Math.max(0, low - size), low];
    expect(idsOf(page)).toEqual(expected.slice(from, to));
    [low, high] = [from, from + page.items.length];
  }
}

describe.each(engines)("on $name", (engine) => {
  const table = openTable(engine);
  let users = 0;

  /** Stores the items, and others around them in the partition and in the index. */
  async function store(all: readonly Stored[], padding: string): Promise<string> {
    users += 1;
    const userId = `u${users}`;
    const { project, savedContent, marketingPlan } = table.data;
    const dataOf = ({ mark }: Stored) => ({ name: "n", mark, padding });
    await project.batchPut(
      all
        .filter(({ old }) => !old)
        .map(({ projectId, createdAt, ...rest }) => ({
          ...{ userId, projectId, createdAt },
          data: dataOf({ projectId, createdAt, ...rest }),
        })),
    );
    for (const one of all.filter(({ old }) => old)) {
      await table.raw.put({
        ...{ PK: `USER#${userId}`, SK: `PROJECT#${one.projectId}`, EntityType: "Project" },
        ...{ Data: dataOf(one), CreatedAt: one.createdAt, UpdatedAt: one.createdAt },
      });
    }
    const createdAt = 1_700_000_000_001;
    await savedContent.put({ userId, contentId: "c", createdAt, data: { type: "t", content: "" } });
    await marketingPlan.put({ userId, planId: "p", createdAt, data: {} });
    return userId;
  }

  async function check(userId: string, all: readonly Stored[], chosen: Options): Promise<void> {
    const { extra, steps, ...query } = chosen;
    const expected = reference(all, chosen);
    const limit = 1 + (extra % (all.length + 3));
    const { project } = table.data;

    const read = (cursor: string | null, size = limit): Promise<Page> =>
      project.query({ userId }, { ...query, limit: size, cursor });
    const pages = [await read(null)];
    for (let page = pages[0]; typeof page?.cursor === "string" && pages.length < 40; ) {
      expect(page.items).toHaveLength(limit);
      page = await read(page.cursor);
      pages.push(page);
    }
    expect(pages.flatMap(idsOf)).toEqual(expected);

    const back = [pages.at(-1) as Page];
    for (let [page] = back; typeof page?.previous === "string" && back.length < 40; ) {
      page = await read(page.previous);
      back.unshift(page);
      if (page.previous !== null) expect(page.items).toHaveLength(limit);
    }
    expect(back.flatMap(idsOf)).toEqual(expected);
    await walk(read, expected, steps, limit);

    const { order: _, ...counted } = query;
    expect(await project.count({ userId }, counted)).toBe(expected.length);

    const listed: string[] = [];
    for await (const { projectId } of project.list({ userId }, query)) listed.push(projectId);
    expect(listed).toEqual(expected);
    const cut: string[] = [];
    for await (const one of project.list({ userId }, { ...query, limit })) cut.push(one.projectId);
    expect(cut).toEqual(expected.slice(0, limit));
  }

  test("pages of any limit and order make the list, with and without a filter and a range", async () => {
    await fc.assert(
      fc.asyncProperty(
        items,
        fc.array(options, { minLength: 1, maxLength: 3 }),
        async (all, some) => {
          const userId = await store(all, "");
          for (const chosen of some) await check(userId, all, chosen);
        },
      ),
      tries(20),
    );
  });

  test("so do pages that end at the engine's own limit of 1 MB", async () => {
    await fc.assert(
      fc.asyncProperty(
        items,
        fc.array(options, { minLength: 3, maxLength: 3 }),
        async (all, some) => {
          const userId = await store(all, "é".repeat(130_000));
          for (const chosen of some) await check(userId, all, chosen);
        },
      ),
      tries(3),
    );
  });
});
