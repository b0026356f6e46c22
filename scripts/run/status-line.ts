/**
 * The bar of a long command: one line at the bottom of the terminal, redrawn in place.
 * It saves no cursor position and switches off no line wrapping, so that whatever is printed
 * meanwhile, and however the process ends, the terminal is as it was before.
 */

export interface Progress {
  advance(count?: number): void;
  /** May be called more than once. */
  end(): void;
}

export interface BarOptions {
  readonly what: string;
  /** `undefined` if unknown: then the elapsed time is shown instead of a bar. */
  readonly total: number | undefined;
  /** Adds to what is shown each time, such as the rate. */
  readonly note: () => string;
  /** Columns of the terminal, at this moment. */
  readonly columns: () => number;
  readonly write: (text: string) => void;
}

export interface Bar extends Progress {
  /** Clears the line, so that something else can be printed there. */
  hide(): void;
  /** Draws the bar in the line where the cursor is. */
  show(): void;
}

/** A bar is drawn at most this often, in ms. */
const redrawMs = 100;
const barCells = 30;
/** Carriage return, and clear to the end of the line. */
const clear = "\r\u001b[K";

/** Shows a bar until its `end()`, or until the process ends. */
export function showBar({ what, total, note, columns, write }: BarOptions): Bar {
  const startedAt = performance.now();
  let done = 0;
  let drawnAt = 0;
  let isDrawn = false;
  let ended = false;

  const hide = (): void => {
    if (isDrawn) write(clear);
    isDrawn = false;
  };
  const show = (): void => {
    if (ended) return;
    drawnAt = performance.now();
    const text = textOf({ what, done, total, note: note(), ms: drawnAt - startedAt });
    // A line as long as the terminal is wide would wrap in some of them.
    write(`${isDrawn ? clear : ""}${text.slice(0, Math.max(columns() - 1, 0))}`);
    isDrawn = true;
  };
  const showSometimes = (): void => {
    if (performance.now() - drawnAt >= redrawMs) show();
  };
  const timer = setInterval(showSometimes, redrawMs * 5);
  timer.unref();
  process.once("exit", hide);
  show();
  return {
    hide,
    show,
    advance: (count = 1) => {
      done += count;
      showSometimes();
    },
    end: () => {
      hide();
      ended = true;
      clearInterval(timer);
      process.off("exit", hide);
    },
  };
}

interface Shown {
  readonly what: string;
  readonly done: number;
  readonly total: number | undefined;
  readonly note: string;
  readonly ms: number;
}

function textOf({ what, done, total, note, ms }: Shown): string {
  const parts = [what];
  if (total === undefined) parts.push(String(done), clock(ms));
  else {
    // A total may be an estimate.
    const share = total === 0 ? 1 : Math.min(done / total, 1);
    const full = Math.floor(share * barCells);
    parts.push("█".repeat(full) + "░".repeat(barCells - full), `${done} of ${total}`);
    if (done > 0 && share < 1) parts.push(`${clock((ms * (1 - share)) / share)} left`);
  }
  if (note !== "") parts.push(note);
  return parts.join("  ");
}

/** `9s`, `1m05s`, `2h07m`. */
function clock(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const pad = (number: number) => String(number).padStart(2, "0");
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${pad(seconds % 60)}s`;
  return `${Math.floor(seconds / 3_600)}h${pad(Math.floor((seconds % 3_600) / 60))}m`;
}
