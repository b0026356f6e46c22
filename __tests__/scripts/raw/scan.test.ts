import { setTimeout as sleep } from "node:timers/promises";
import type { Item, RawTable } from "../../../scripts/raw/raw-table.js";
import { atStart, type Page, type Position, scanSegments } from "../../../scripts/raw/scan.js";
import { engines } from "../../engines.js";
import { wholeTables } from "../raw.js";

const items = Array.from({ length: 120 }, (_, index) => ({ PK: `USER#u${index}`, SK: "PROFILE" }));
const keyOf = ({ PK }: Item) => PK?.S ?? "";

describe.each(engines)("a scan on $name", ({ engine }) => {
  const newTable = wholeTables(engine);

  test.each([1, 3, 8, 500])("in %i segments reads each item once", async (segments) => {
    const { open, put } = await shared();
    await put(...items);
    const seen: string[] = [];
    await scanSegments(open().table, {
      positions: atStart(segments),
      input: { Limit: 11 },
      onPage: async (page) => {
        seen.push(...page.items.map(keyOf));
      },
    });
    expect(seen.toSorted()).toEqual(items.map(({ PK }) => PK).toSorted());
  });
  let made: ReturnType<typeof newTable> | undefined;
  const shared = () => {
    made ??= newTable();
    return made;
  };

  test("goes on where each segment was", async () => {
    const { open } = await shared();
    const positions: Position[] = atStart(4);
    const seen: string[] = [];
    const read = (stopAfter: number) => {
      let pages = 0;
      return scanSegments(open().table, {
        positions: [...positions],
        input: { Limit: 5 },
        onPage: async ({ segment, items: found, next }) => {
          pages += 1;
          if (pages > stopAfter) throw new Error("stop");
          seen.push(...found.map(keyOf));
          positions[segment] = next;
        },
      });
    };
    await expect(read(6)).rejects.toThrow("stop");
    expect(positions.some((position) => typeof position === "object")).toBe(true);
    await read(Number.POSITIVE_INFINITY);
    expect(seen.toSorted()).toEqual(items.map(({ PK }) => PK).toSorted());
    expect(positions).toEqual(["end", "end", "end", "end"]);
  });

  test("of a part reads no more than it was told", async () => {
    const { open } = await shared();
    let read = 0;
    await scanSegments(open().table, {
      positions: atStart(4),
      mostItems: 5,
      onPage: async (page) => {
        read += page.items.length;
      },
    });
    expect(read).toBe(20);
  });
});

/** A table of so many pages a segment that remembers what was asked of it. */
function pages(count: number): { table: RawTable; asked: number[] } {
  const asked: number[] = [];
  const scan: RawTable["scan"] = async ({ Segment = 0, ExclusiveStartKey }) => {
    const page = Number(ExclusiveStartKey?.PK?.S ?? 0) + 1;
    asked[Segment] = page;
    const more = page < count && { LastEvaluatedKey: { PK: { S: String(page) } } };
    return { Items: [{ PK: { S: `${Segment}-${page}` } }], ...more, $metadata: {} };
  };
  return { table: { scan } as unknown as RawTable, asked };
}

describe("a scan", () => {
  test("asks for no page before the one before it is dealt with", async () => {
    const { table, asked } = pages(5);
    const release: (() => void)[] = [];
    let dealtWith = 0;
    const scanning = scanSegments(table, {
      positions: atStart(3),
      onPage: async () => {
        await new Promise<void>((resolve) => release.push(resolve));
        dealtWith += 1;
      },
    });
    await sleep(5);
    expect(asked).toEqual([1, 1, 1]);
    release.shift()?.();
    await sleep(5);
    expect(asked).toEqual([2, 1, 1]);
    const draining = setInterval(() => release.shift()?.(), 0);
    await scanning;
    clearInterval(draining);
    expect(dealtWith).toBe(15);
  });

  test("stops all segments when one fails, and throws what it failed with", async () => {
    const { table, asked } = pages(1_000);
    const onPage = async ({ segment, next }: Page) => {
      await sleep(1);
      if (segment === 1 && next !== "end" && next.PK?.S === "3") throw new Error("the third");
    };
    await expect(scanSegments(table, { positions: atStart(3), onPage })).rejects.toThrow(
      "the third",
    );
    const then = [...asked];
    await sleep(10);
    expect(asked).toEqual(then);
    expect(Math.max(...asked)).toBeLessThan(20);
  });

  test("ends between two pages when it is interrupted", async () => {
    const { table } = pages(1_000);
    const controller = new AbortController();
    const reason = new Error("interrupted");
    const scanning = scanSegments(table, {
      positions: atStart(2),
      signal: controller.signal,
      onPage: async ({ next }) => {
        await sleep(0);
        if (next !== "end" && next.PK?.S === "4") controller.abort(reason);
      },
    });
    await expect(scanning).rejects.toBe(reason);
  });
});
