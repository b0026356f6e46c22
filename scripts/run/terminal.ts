/** What the commands write: results, complaints, progress, and colours where there are any. */
import { createInterface } from "node:readline/promises";
import { styleText } from "node:util";
import { type Progress, showBar } from "./status-line.js";

/** A stream that may be a terminal. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface TerminalOptions {
  readonly stdout?: Output;
  readonly stderr?: Output;
  readonly stdin?: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** `NO_COLOR` and `TERM` are looked at. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Called once, when stdout takes no more output. */
  readonly onOutputFailure?: (error: unknown) => void;
}

type Colour = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

export interface Terminal {
  /** Columns of a line of results; unlimited if stdout is not a terminal. */
  readonly columns: number;
  /** Columns of running text, at most 100. */
  readonly textColumns: number;
  /** Whether there is a person to ask. */
  readonly canAsk: boolean;
  /** Writes a result to stdout. */
  line(text?: string): void;
  /** Writes trouble to stderr. */
  complain(text: string): void;
  /** Writes `error: …` to stderr. */
  fail(message: string): void;
  /** The text in a colour, or as it is if stdout has none. */
  paint(colour: Colour, text: string): string;
  /** Asks on stderr. @returns the answer, or "" at the end of the input @throws the signal's reason */
  ask(question: string, signal: AbortSignal): Promise<string>;
  /**
   * Shows progress on stderr: a bar on a terminal, otherwise a line every two seconds. One at a
   * time.
   * @param total `undefined` if unknown
   * @param note adds to what is shown each time, such as the rate
   */
  progress(what: string, total: number | undefined, note?: () => string): Progress;
}

/** Without a terminal, a line of progress comes no more often, in ms. */
const plainProgressMs = 2_000;

const mostTextColumns = 100;

export function createTerminal(options: TerminalOptions = {}): Terminal {
  const { stdout = process.stdout, stderr = process.stderr, variables = process.env } = options;
  const { stdin = process.stdin, onOutputFailure = () => undefined } = options;
  const dumb = variables.TERM === "dumb";
  const hasColours = ({ isTTY }: Output) => isTTY === true && !variables.NO_COLOR && !dumb;
  const styled = (stream: Output, colour: Colour, text: string): string =>
    hasColours(stream) ? styleText(colour, text, { validateStream: false }) : text;
  const out = careful(stdout, onOutputFailure);
  // The work and its exit code still count if nobody reads stderr.
  const err = careful(stderr, () => undefined);
  let bar: ReturnType<typeof showBar> | undefined;

  /** Output goes above the bar: the bar is cleared, and drawn again below. */
  const write = (to: (text: string) => void, text: string): void => {
    bar?.hide();
    to(`${text}\n`);
    bar?.show();
  };
  const complain = (text: string) => write(err, text);
  return {
    get columns() {
      return stdout.isTTY === true ? (stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
    },
    get textColumns() {
      return Math.min(stdout.columns ?? mostTextColumns, mostTextColumns);
    },
    canAsk: stdin.isTTY === true && stderr.isTTY === true,
    line: (text = "") => write(out, text),
    complain,
    fail: (message) => complain(`${styled(stderr, "red", "error")}: ${message}`),
    paint: (colour, text) => styled(stdout, colour, text),
    ask: async (question, signal) => {
      const lines = createInterface({ input: stdin });
      try {
        err(question);
        const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
        return await Promise.race([lines.question("", { signal }), ended]);
      } catch (error) {
        // Node's AbortError says less than the signal's own reason.
        throw signal.aborted ? signal.reason : error;
      } finally {
        lines.close();
      }
    },
    progress: (what, total, note = () => "") => {
      if (stderr.isTTY !== true || dumb) return plainProgress(err, what, total, note);
      const columns = () => stderr.columns ?? 80;
      const shown = showBar({ what, total, note, columns, write: err });
      bar = shown;
      return {
        advance: shown.advance,
        end: () => {
          shown.end();
          if (bar === shown) bar = undefined;
        },
      };
    },
  };
}

/** Writes until that fails. @param onFailure called once, with what a write threw */
function careful(stream: Output, onFailure: (error: unknown) => void): (text: string) => void {
  let failed = false;
  return (text) => {
    if (failed) return;
    try {
      stream.write(text);
    } catch (error) {
      // A file on a full disk throws here; a closed pipe emits an error later.
      failed = true;
      onFailure(error);
    }
  };
}

function plainProgress(
  write: (text: string) => void,
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
      write(`${what}: ${done}${of}${said === "" ? "" : `, ${said}`}\n`);
    },
    end: () => undefined,
  };
}

const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

/**
 * A text of somebody else's for one line: without control characters, those that turn the direction of
 * reading included, and cut to a number of columns
 * with an ellipsis. East Asian characters and emoji take two.
 */
export function cut(text: string, columns: number): string {
  const clean = text.replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029\s]+/gu, " ").trim();
  let width = 0;
  let kept = "";
  for (const { segment } of new Intl.Segmenter().segment(clean)) {
    width += wide.test(segment) ? 2 : 1;
    if (width > columns) return `${kept.slice(0, lastWhole(kept))}…`;
    kept += segment;
  }
  return kept;
}

/** Where to cut so that the ellipsis fits: one character before the end. */
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

/**
 * Rows of cells as lines with aligned columns, numbers to the right.
 * @param columns of the terminal; what does not fit is cut from the last cell
 */
export function table(
  rows: readonly (readonly (string | number)[])[],
  columns = Number.POSITIVE_INFINITY,
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, String(cell).length);
    });
  }
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  return rows.map((row) =>
    row
      .map((cell, at) => {
        const width = widths[at] ?? 0;
        if (typeof cell === "number") return String(cell).padStart(width);
        if (at < row.length - 1) return cell.padEnd(width);
        return at < widths.length - 1 ? cell : cut(cell, Math.max(columns - before, 10));
      })
      .join("  ")
      .trimEnd(),
  );
}
