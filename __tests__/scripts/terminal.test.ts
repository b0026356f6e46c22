import { count, createTerminal, cut, duration, table } from "../../scripts/terminal.js";

const output = (isTTY: boolean, columns?: number) => {
  const written: string[] = [];
  const write = (text: string) => written.push(text);
  return { write, isTTY, written, ...(columns !== undefined && { columns }) };
};

describe("colours", () => {
  const painted = (isTTY: boolean, variables: Record<string, string>) =>
    createTerminal({ stdout: output(isTTY), stderr: output(false), variables }).paint("red", "x");

  test("are for terminals", () => {
    expect(painted(true, {})).not.toBe("x");
    expect(painted(false, {})).toBe("x");
  });

  test("are left out where NO_COLOR asks for it, and on a terminal that has none", () => {
    expect(painted(true, { NO_COLOR: "1" })).toBe("x");
    expect(painted(true, { TERM: "dumb" })).toBe("x");
  });
});

test("lines take at most 100 columns", () => {
  const columnsOf = (columns?: number) =>
    createTerminal({ stdout: output(true, columns), stderr: output(false) }).columns;
  expect(columnsOf(80)).toBe(80);
  expect(columnsOf(200)).toBe(100);
  expect(columnsOf()).toBe(100);
});

describe("cut", () => {
  test.each([
    ["short", 10, "short"],
    ["exactly ten", 11, "exactly ten"],
    ["much too long", 9, "much too…"],
    ["東京の家", 8, "東京の家"],
    ["東京の家です", 8, "東京の…"],
    ["🏡🏡🏡", 4, "🏡…"],
    ["two\nlines\tand \u001b[31mcolour", 40, "two lines and [31mcolour"],
  ])("%j to %d columns is %j", (text, columns, expected) => {
    expect(cut(text, columns)).toBe(expected);
  });
});

test("progress without a terminal is a line now and then", () => {
  const now = jest.spyOn(performance, "now").mockReturnValue(0);
  const stderr = output(false);
  const progress = createTerminal({ stdout: output(true), stderr }).progress("documents", 50);
  progress.advance();
  expect(stderr.written).toEqual([]);
  now.mockReturnValue(2_500);
  progress.advance(20);
  progress.advance(20);
  progress.end();
  expect(stderr.written).toEqual(["documents: 21 of 50\n"]);
  now.mockRestore();
});

test("numbers, durations and tables are written for people", () => {
  expect([count(1, "item"), count(2_000, "item"), count(0, "entity", "entities")]).toEqual([
    "1 item",
    "2,000 items",
    "0 entities",
  ]);
  expect([duration(3.14), duration(42.4), duration(2_440)]).toEqual(["3.1 ms", "42 ms", "2.4 s"]);
  const rows = [
    ["", "n"],
    ["a", 5],
    ["bb", 10],
  ];
  expect(table(rows)).toEqual(["    n", "a    5", "bb  10"]);
});
