/** Pages through a handler and its client, while items come and go between them: none twice, and no holes. */
import fc from "fast-check";
import { engines } from "../engines.js";
import { tries } from "../properties/arbitraries.js";
import { type Api, serveTable } from "./serving.js";

/** What happens between two pages. */
interface Step {
  readonly put: readonly number[];
  readonly remove: readonly number[];
}

interface Walk {
  readonly first: readonly number[];
  readonly steps: readonly Step[];
  readonly limit: number;
  readonly by: "key" | "createdAt";
  readonly order: "asc" | "desc";
  /** Only the items with an even number. */
  readonly even: boolean;
  /** One page after the other, or `list`, which asks for them itself. */
  readonly listed: boolean;
}

const numbers = (maxLength: number) =>
  fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength });

const walks: fc.Arbitrary<Walk> = fc.record({
  first: fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { minLength: 4, maxLength: 16 }),
  steps: fc.array(fc.record({ put: numbers(3), remove: numbers(4) }), {
    minLength: 2,
    maxLength: 6,
  }),
  limit: fc.integer({ min: 1, max: 5 }),
  by: fc.constantFrom("key", "createdAt"),
  order: fc.constantFrom("asc", "desc"),
  even: fc.boolean(),
  listed: fc.boolean(),
});

const idOf = (number: number) => `p${String(number).padStart(2, "0")}`;
/** Several items of one time; an item that comes again has its place of before. */
const timeOf = (number: number) => 1_700_000_000_000 + ((number * 7) % 5);

/** The ids that were read. */
interface Read {
  readonly forth: readonly string[];
  /** What was read on the way back, and before which item this was. */
  readonly back: readonly string[];
  readonly before: string | undefined;
}

/** What is read, page by page, with a step between every two of them. */
async function pages(
  api: Api,
  { limit, by, order, even, listed }: Walk,
  between: () => Promise<void>,
): Promise<Read> {
  const options = { limit, by, order, ...(even && { where: { name: "even" } }) };
  const forth: string[] = [];
  if (listed) {
    // The next page is asked for when the items of this one are used up.
    for await (const { projectId } of api.project.list({}, { ...options, limit: 100 })) {
      forth.push(projectId);
      if (forth.length % limit === 0) await between();
    }
    return { forth, back: [], before: undefined };
  }
  const back: string[] = [];
  let before: string | undefined;
  let cursor: string | null = null;
  let previous: string | null = null;
  do {
    const page: Awaited<ReturnType<Api["project"]["query"]>> = await api.project.query(
      {},
      { ...options, cursor },
    );
    forth.push(...page.items.map(({ projectId }) => projectId));
    ({ cursor, previous } = page);
    before = page.items[0]?.projectId;
    await between();
  } while (cursor !== null);
  // The page that the walk ended with is not read again.
  while (previous !== null) {
    const page = await api.project.query({}, { ...options, cursor: previous });
    back.unshift(...page.items.map(({ projectId }) => projectId));
    ({ previous } = page);
    await between();
  }
  return { forth, back, before };
}

describe.each(engines)("a handler on $name", ({ engine }) => {
  // `list` asks for pages of this many.
  const served = serveTable(engine, { maxLimit: 5 });
  let users = 0;

  test("its pages have every item that stayed, once, and in order", async () => {
    let changed = 0;
    const property = fc.asyncProperty(walks, async (walk) => {
      users += 1;
      const user = `u${users}`;
      const { project } = served.table.data.forUser(user);
      const inputOf = (number: number) => ({
        projectId: idOf(number),
        data: { name: number % 2 === 0 ? "even" : "odd" },
        createdAt: timeOf(number),
      });
      await project.batchPut(walk.first.map(inputOf));
      const there = new Set(walk.first);
      // Items that were there all the time, and items that were there at some time.
      const stayed = new Set(walk.first);
      const ever = new Set(walk.first);
      const steps = [...walk.steps];
      const between = async () => {
        const { put = [], remove = [] } = steps.shift() ?? {};
        const gone = remove.filter((number) => there.has(number));
        const come = put.filter((number) => !there.has(number));
        changed += gone.length + come.length;
        await project.batchDelete(gone.map((number) => ({ projectId: idOf(number) })));
        for (const number of gone) {
          there.delete(number);
          stayed.delete(number);
        }
        await project.batchPut(come.map(inputOf));
        for (const number of come) {
          there.add(number);
          ever.add(number);
        }
      };
      const { forth, back, before } = await pages(served.client({ user }), walk, between);
      const wanted = (given: Iterable<number>) =>
        [...given].filter((number) => !walk.even || number % 2 === 0).map(idOf);
      const placeOf = (id: string) => {
        const number = Number(id.slice(1));
        return walk.by === "key" ? id : `${timeOf(number)}#${id}`;
      };
      for (const read of [forth, back]) {
        const places = read.map(placeOf);
        const sorted = [...new Set(places)].sort();
        expect(places).toEqual(walk.order === "asc" ? sorted : sorted.reverse());
        expect(wanted(ever)).toEqual(expect.arrayContaining(read));
      }
      expect(forth).toEqual(expect.arrayContaining(wanted(stayed)));
      const isBefore = (id: string) => {
        if (before === undefined) return false;
        const [one, other] = [placeOf(id), placeOf(before)];
        return walk.order === "asc" ? one < other : one > other;
      };
      expect(back).toEqual(expect.arrayContaining(wanted(stayed).filter(isBefore)));
    });
    await fc.assert(property, tries(14));
    expect(changed).toBeGreaterThan(10);
  }, 30_000);
});
