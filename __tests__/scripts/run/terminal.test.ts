import { PassThrough } from "node:stream";
import { count, createTerminal, cut, duration, table } from "../../../scripts/run/terminal.js";
import { shownOn } from "../cli/screen.js";

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

describe("the width of a line", () => {
  const widthsOf = (isTTY: boolean, columns?: number) => {
    const terminal = createTerminal({ stdout: output(isTTY, columns), stderr: output(false) });
    return [terminal.columns, terminal.textColumns];
  };

  test("is the terminal's; of running text at most 100 (keys were cut at 40 on any terminal)", () => {
    expect(widthsOf(true, 80)).toEqual([80, 80]);
    expect(widthsOf(true, 200)).toEqual([200, 100]);
    expect(widthsOf(true)).toEqual([80, 100]);
  });

  test("has no end without a terminal: a log holds the whole of each key", () => {
    expect(widthsOf(false)).toEqual([Number.POSITIVE_INFINITY, 100]);
    const key = "k".repeat(2_000);
    expect(cut(key, Number.POSITIVE_INFINITY)).toBe(key);
  });
});

test("complaints are coloured if stderr is a terminal, whatever stdout is", () => {
  const said = (isTTY: boolean) => {
    const stderr = output(isTTY);
    createTerminal({ stdout: output(!isTTY), stderr, variables: {} }).fail("gone");
    return stderr.written.join("");
  };
  expect(said(false)).toBe("error: gone\n");
  expect(said(true)).toBe("\u001b[31merror\u001b[39m: gone\n");
});

test.each([
  [true, true, true],
  [true, false, false],
  [false, true, false],
  [false, false, false],
])(
  "with stdin a terminal: %s, and stderr: %s, there is a person to ask: %s",
  (input, stderr, can) => {
    const stdin = Object.assign(new PassThrough(), { isTTY: input });
    const terminal = createTerminal({ stdin, stdout: output(true), stderr: output(stderr) });
    expect(terminal.canAsk).toBe(can);
  },
);

describe("the bar", () => {
  /** A screen on which both streams write. */
  const screen = (columns: number, variables = {}) => {
    let bytes = "";
    const stream = { write: (text: string) => (bytes += text), isTTY: true, columns };
    const terminal = createTerminal({ stdout: stream, stderr: stream, variables });
    return { terminal, bytes: () => bytes, lines: () => shownOn(bytes, columns, 24) };
  };

  test.each([80, 200])("makes way for what is printed meanwhile, at %d columns", (columns) => {
    const { terminal, lines } = screen(columns);
    terminal.line("before");
    const progress = terminal.progress("items", 100, () => "9/s");
    const printed = Array.from({ length: 60 }, (_, n) => `line ${n} ${"x".repeat(n * 3)}`);
    for (const line of printed) {
      progress.advance();
      terminal.line(line);
      expect(lines().at(-1)).toMatch(/^items {2}[█░]{30} {2}\d+ of 100/);
    }
    progress.end();
    terminal.line("after");
    expect(lines()).toEqual(["before", ...printed, "after"]);
  });

  test.each([20, 80])("never takes more than a line, at %d columns", (columns) => {
    const { terminal, lines } = screen(columns);
    const note = () => "a note that is far too long for this terminal".repeat(3);
    const progress = terminal.progress("items", 100, note);
    expect(lines()).toHaveLength(1);
    progress.end();
    expect(lines()).toEqual([]);
  });

  test("is gone when it has ended, however often that is said", () => {
    const { terminal, bytes } = screen(80);
    const progress = terminal.progress("items", undefined);
    progress.end();
    const before = bytes();
    progress.end();
    progress.advance();
    terminal.complain("trouble");
    expect(bytes()).toBe(`${before}trouble\n`);
  });

  test("keeps no process from ending, whoever forgets to end it", () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout");
    const before = timers();
    const progress = screen(80).terminal.progress("items", 100);
    expect(timers()).toEqual(before);
    progress.end();
  });

  test("is not taken away by the end of an earlier one", () => {
    const { terminal, lines } = screen(80);
    const earlier = terminal.progress("batches", 2);
    earlier.end();
    const progress = terminal.progress("items", 100);
    earlier.end();
    terminal.line("printed");
    expect(lines()).toEqual(["printed", expect.stringMatching(/^items {2}[█░]{30} {2}0 of 100/)]);
    progress.end();
  });

  test("is a line now and then on a dumb terminal (escapes were sent to TERM=dumb)", () => {
    const now = jest.spyOn(performance, "now").mockReturnValue(0);
    const { terminal, bytes } = screen(80, { TERM: "dumb" });
    const progress = terminal.progress("items", 100);
    now.mockReturnValue(2_500);
    progress.advance(7);
    progress.end();
    now.mockRestore();
    expect(bytes()).toBe("items: 7 of 100\n");
  });
});

describe("cut", () => {
  test.each([
    ["short", 10, "short"],
    ["exactly ten", 11, "exactly ten"],
    ["much too long", 9, "much too…"],
    ["東京の家", 8, "東京の家"],
    ["東京の家です", 8, "東京の…"],
    ["🏡🏡🏡", 4, "🏡…"],
    ["turned \u202eround\u2066\u200f", 40, "turned round"],
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
  expect([3.14, 42.4, 1_000, 2_440].map(duration)).toEqual(["3.1 ms", "42 ms", "1.0 s", "2.4 s"]);
  const rows = [
    ["", "n"],
    ["a", 5],
    ["bb", 10],
  ];
  expect(table(rows)).toEqual(["    n", "a    5", "bb  10"]);
});
