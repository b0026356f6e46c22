/**
 * The repository's queries and scans, of the table and of its indexes, are what a model in memory says
 * they are, and their pages of any size are the whole list: each item once.
 */
import fc from "fast-check";
import {
  DynamoDBRepository,
  type QueryOptions,
  type QueryResult,
} from "../../src/repository/repository.js";
import { engines } from "../engines.js";
import { openRepositoryTable, type RepositoryTable } from "../repository/repository-table.js";
import { tries } from "./arbitraries.js";

interface Item {
  readonly PK: string;
  readonly SK: string;
  readonly EntityType: string;
  /** The calls that return payloads alone tell by `id` whose they are. */
  readonly Data: { readonly id: string; readonly mark: number };
  readonly CreatedAt: number;
  readonly UpdatedAt: number;
  readonly GSI1PK?: string;
  readonly GSI1SK?: string;
  readonly GSI2PK?: string;
  readonly GSI2SK?: string;
}

// Few of each, so that partitions are full, prefixes meet and sort keys of an index are the same.
const partition = fc.constantFrom("P#1", "P#2");
// dynalite compares the bounds of BETWEEN as UTF-16: no letter from U+E000 on beside the emoji.
const sortKey = fc.tuple(
  fc.constantFrom("A#", "B#", "Ä#", "\u{1F600}#", "Ω#"),
  fc.integer({ min: 0, max: 3 }),
);
const sk = sortKey.map(([prefix, n]) => `${prefix}${n}`);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const item: fc.Arbitrary<Item> = fc
  .record({
    PK: partition,
    SK: sk,
    mark: fc.integer({ min: 0, max: 2 }),
    GSI1PK: maybe(partition),
    GSI1SK: maybe(sk),
    GSI2PK: maybe(partition),
    GSI2SK: maybe(sk),
  })
  .map(({ mark, ...keys }) => ({
    ...(JSON.parse(JSON.stringify(keys)) as typeof keys & Item),
    EntityType: "Thing",
    Data: { id: `${keys.PK} ${keys.SK}`, mark },
    CreatedAt: 1,
    UpdatedAt: 1,
  }));

const items = fc.uniqueArray(item, {
  maxLength: 25,
  size: "max",
  selector: ({ PK, SK }) => `${PK} ${SK}`,
});

const question = fc.record({
  indexName: maybe(fc.constantFrom("GSI1" as const, "GSI2" as const)),
  pk: partition,
  range: fc.oneof(
    fc.constantFrom("", "A#", "Ä#", "\u{1F600}#").map((prefix) => ({ prefix })),
    fc.tuple(sk, sk).map(([one, other]) => {
      const [low, high] = order(one, other) <= 0 ? [one, other] : [other, one];
      return { low, high };
    }),
  ),
  forward: fc.boolean(),
  mark: maybe(fc.integer({ min: 0, max: 2 })),
  limit: fc.integer({ min: 1, max: 6 }),
  segments: fc.integer({ min: 1, max: 4 }),
});

type Question = typeof question extends fc.Arbitrary<infer Q> ? Q : never;

function order(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

describe.each(engines)("pages of the repository on $name", ({ engine }) => {
  let table: RepositoryTable;
  const repository = new DynamoDBRepository({ initialDelayMs: 1 });

  beforeAll(async () => {
    table = await openRepositoryTable(engine, ["GSI1", "GSI2"]);
  });
  afterAll(() => table.close());

  async function fill(stored: readonly Item[]): Promise<void> {
    const old = await table.all();
    await repository.batchWrite(
      [...stored],
      old
        .map(({ PK, SK }) => ({ PK: String(PK), SK: String(SK) }))
        .filter(({ PK, SK }) => !stored.some((one) => one.PK === PK && one.SK === SK)),
    );
  }

  /** All pages, each asked for by the last key of the one before, after a trip through JSON. */
  async function walk<T>(
    ask: (from: QueryOptions["exclusiveStartKey"]) => Promise<QueryResult<T>>,
    limit: number,
  ): Promise<T[]> {
    const seen: T[] = [];
    let from: QueryOptions["exclusiveStartKey"];
    do {
      const page = await ask(from);
      expect(page.items.length).toBeLessThanOrEqual(limit);
      expect(page.count).toBe(page.items.length);
      seen.push(...page.items);
      from = page.lastEvaluatedKey && JSON.parse(JSON.stringify(page.lastEvaluatedKey));
    } while (from !== undefined);
    return seen;
  }

  const filterOf = ({ mark }: Question) =>
    mark === undefined
      ? {}
      : {
          filterExpression: "#0.#1 = :0",
          expressionAttributeNames: { "#0": "Data", "#1": "mark" },
          expressionAttributeValues: { ":0": mark },
        };
  const isWanted = ({ mark }: Question, { Data }: Item) => mark === undefined || Data.mark === mark;
  const idsOf = (all: readonly Item[]) => all.map(({ PK, SK }) => `${PK} ${SK}`).sort();

  test("a query finds what the model finds, in its order, at once and by pages", async () => {
    await fc.assert(
      fc.asyncProperty(items, question, async (stored, asked) => {
        await fill(stored);
        const { indexName, pk, range, forward, limit } = asked;
        const keys = (one: Item) =>
          indexName === undefined
            ? { pk: one.PK, sk: one.SK }
            : { pk: one[`${indexName}PK`], sk: one[`${indexName}SK`] };
        const isInside = (key: string) =>
          "low" in range
            ? order(range.low, key) <= 0 && order(key, range.high) <= 0
            : key.startsWith(range.prefix);
        const expected = stored
          .filter((one) => {
            const { pk: own, sk: key } = keys(one);
            return own === pk && key !== undefined && isInside(key) && isWanted(asked, one);
          })
          .sort((a, b) => order(keys(a).sk ?? "", keys(b).sk ?? "") * (forward ? 1 : -1));
        const options = { indexName, scanIndexForward: forward, ...filterOf(asked) };
        if ("low" in range) {
          const between = (more: QueryOptions) =>
            repository.queryBetween<Item["Data"]>(pk, range.low, range.high, more);
          const { items } = await between(options);
          expect(items.map(({ id }) => id).sort()).toEqual(idsOf(expected));
          const keyAt = new Map(stored.map((one) => [one.Data.id, keys(one).sk]));
          expect(items.map(({ id }) => keyAt.get(id))).toEqual(expected.map((one) => keys(one).sk));
          const pages = (exclusiveStartKey: QueryOptions["exclusiveStartKey"]) =>
            between({ ...options, limit, exclusiveStartKey });
          expect(await walk(pages, limit)).toEqual(items);
          return;
        }
        const whole = await repository.queryItems(pk, range.prefix, options);
        const found = whole.items as unknown as Item[];
        expect(idsOf(found)).toEqual(idsOf(expected));
        expect(found.map((one) => keys(one).sk)).toEqual(expected.map((one) => keys(one).sk));
        const ask = (exclusiveStartKey: QueryOptions["exclusiveStartKey"]) =>
          repository.queryItems(pk, range.prefix, { ...options, limit, exclusiveStartKey });
        expect(await walk<Item>(ask as never, limit)).toEqual(found);
      }),
      tries(20),
    );
  });

  test("a scan finds every item that the filter leaves, by pages and in segments", async () => {
    await fc.assert(
      fc.asyncProperty(items, question, async (stored, asked) => {
        await fill(stored);
        const { indexName, limit, segments } = asked;
        const isInIndex = (one: Item) =>
          indexName === undefined ||
          (one[`${indexName}PK`] !== undefined && one[`${indexName}SK`] !== undefined);
        const expected = idsOf(stored.filter((one) => isInIndex(one) && isWanted(asked, one)));
        const options = { indexName, ...filterOf(asked) };
        const ask = (exclusiveStartKey: QueryOptions["exclusiveStartKey"]) =>
          repository.scanItems({ ...options, limit, exclusiveStartKey });
        expect(idsOf(await walk<Item>(ask as never, limit))).toEqual(expected);
        const all: Item[] = [];
        for await (const one of repository.scanAll({ ...options, segments }))
          all.push(one as never);
        expect(idsOf(all)).toEqual(expected);
      }),
      tries(20),
    );
  });
});
