/** What the commands write: lines, colours where they are wanted, and progress. */
import { styleText } from "node:util";
import { Presets, SingleBar } from "cli-progress";

/** A stream that may be a terminal. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface TerminalOptions {
  readonly stdout?: Output;
  readonly stderr?: Output;
  /** Looked at for `NO_COLOR` and `TERM`. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
}

type Colour = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

export interface Terminal {
  /** Columns that a line may take, 100 at most. */
  readonly columns: number;
  /** Whether a person is likely to be looking: what is too long for a line may be cut. */
  readonly interactive: boolean;
  /** Results, on stdout. */
  line(text?: string): void;
  /** Trouble, on stderr. */
  complain(text: string): void;
  /** The text in a colour, or as it is where there are none. */
  paint(colour: Colour, text: string): string;
  /**
   * A bar on a terminal, else a line now and then; on stderr. `total` may be unknown.
   * @param note adds to what is shown each time, such as the rate
   */
  progress(what: string, total: number | undefined, note?: () => string): Progress;
}

export interface Progress {
  advance(count?: number): void;
  end(): void;
}

/** Without a terminal a line of progress comes no more often, in ms. */
const plainProgressMs = 2_000;

export function createTerminal(options: TerminalOptions = {}): Terminal {
  const { stdout = process.stdout, stderr = process.stderr, variables = process.env } = options;
  const colours = stdout.isTTY === true && !variables.NO_COLOR && variables.TERM !== "dumb";
  return {
    columns: Math.min(stdout.columns ?? 100, 100),
    interactive: stdout.isTTY === true,
    line: (text = "") => stdout.write(`${text}\n`),
    complain: (text) => stderr.write(`${text}\n`),
    paint: (colour, text) => (colours ? styleText(colour, text, { validateStream: false }) : text),
    progress: (what, total, note = () => "") =>
      stderr.isTTY === true ? bar(what, total, note) : plainProgress(stderr, what, total, note),
  };
}

function bar(what: string, total: number | undefined, note: () => string): Progress {
  const counts = total === undefined ? "{value}" : "{bar} {value} of {total}";
  const rest = total === undefined ? "{duration_formatted}" : "{eta_formatted} left";
  const single = new SingleBar(
    {
      format: `${what}  ${counts}  ${rest}  {note}`,
      hideCursor: true,
      clearOnComplete: true,
      barsize: 30,
    },
    Presets.shades_classic,
  );
  single.start(total ?? 0, 0, { note: note() });
  return {
    advance: (count = 1) => single.increment(count, { note: note() }),
    end: () => single.stop(),
  };
}

function plainProgress(
  stderr: Output,
  what: string,
  total: number | undefined,
  note: () => string,
): Progress {
  let done = 0;
  let saidAt = performance.now();
  return {
    advance: (count = 1) => {
      done += count;
      if (performance.now() - saidAt < plainProgressMs) return;
      saidAt = performance.now();
      const said = note();
      const of = total === undefined ? "" : ` of ${total}`;
      stderr.write(`${what}: ${done}${of}${said === "" ? "" : `, ${said}`}\n`);
    },
    end: () => undefined,
  };
}

const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

/**
 * Somebody's text for one line: without control characters, and cut to so many columns with an
 * ellipsis. East Asian characters and emoji take two.
 */
export function cut(text: string, columns: number): string {
  const clean = text.replaceAll(/[\p{Cc}\u2028\u2029\s]+/gu, " ").trim();
  let width = 0;
  let kept = "";
  for (const { segment } of new Intl.Segmenter().segment(clean)) {
    width += wide.test(segment) ? 2 : 1;
    if (width > columns) return `${kept.slice(0, lastWhole(kept))}…`;
    kept += segment;
  }
  return kept;
}

/** Where to cut for the ellipsis to have room: one character before the end. */
function lastWhole(text: string): number {
  const segments = [...new Intl.Segmenter().segment(text)];
  return segments.at(-1)?.index ?? 0;
}

/** `1 request`, `2 requests`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number.toLocaleString("en-US")} ${number === 1 ? noun : plural}`;
}

/** Milliseconds as people read them: `3.1 ms`, `640 ms`, `2.4 s`. */
export function duration(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

/** Rows of cells as lines whose columns begin below each other; numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, String(cell).length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, at) => {
        const width = widths[at] ?? 0;
        if (typeof cell === "number") return String(cell).padStart(width);
        return at === row.length - 1 ? cell : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}
