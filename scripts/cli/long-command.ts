/** What the commands over a whole table share: the raw table, progress, and how to go on. */
import type { Command } from "commander";
import { openRawTable, type RawTable, type RawTableOptions } from "../raw/raw-table.js";
import type { Progress } from "../run/status-line.js";
import type { Terminal } from "../run/terminal.js";
import {
  addConcurrencyOption,
  addConfigOption,
  addConnectionFlags,
  type CommandContext,
  type Connection,
  type ConnectionFlags,
  type Sending,
  withConnection,
} from "./connection.js";
import { placeFor } from "./place.js";

export interface LongFlags extends ConnectionFlags {
  /** Segments of the table that are read at once. */
  readonly concurrency: number;
  readonly json?: boolean;
}

/** What `--json` does, in every command that has it. */
export const jsonOption = [
  "--json",
  "print JSON lines: results on stdout, progress and errors on stderr",
] as const;

/** Adds the options of LongFlags. */
export function addLongFlags(command: Command): Command {
  const what = "how many segments of the table to read at once";
  return addConcurrencyOption(addConfigOption(addConnectionFlags(command)), what, 1_000, {
    oldName: "--segments",
  }).option(...jsonOption);
}

/** Runs a command's work on the raw table that its flags and the environment name. */
export function withRawTable<T>(
  flags: ConnectionFlags,
  context: CommandContext,
  run: (table: RawTable, data: Connection["data"]) => Promise<T>,
): Promise<T> {
  return withConnection(flags, context, async ({ data }) => {
    const { configuration } = await placeFor(flags);
    const { signal, sending } = context;
    const table = openRawTable(configuration, { ...sendingOf(sending), signal });
    try {
      return await run(table, data);
    } finally {
      table.close();
    }
  });
}

/** The options of a table that is opened beside the data layer's. */
export function sendingOf(
  sending: Sending | undefined,
): Pick<RawTableOptions, "requestHandler" | "initialDelayMs"> {
  if (sending === undefined) return {};
  return { ...sending, requestHandler: sending.requestHandler() };
}

/** Progress with its rate and throttles; with `--json`, lines of JSON on stderr. */
export function progressOf(
  terminal: Terminal,
  what: string,
  total: number | undefined,
  { traffic }: Pick<RawTable, "traffic">,
  json: boolean,
): Progress {
  const startedAt = performance.now();
  let done = 0;
  const rate = () => Math.round(done / Math.max((performance.now() - startedAt) / 1_000, 0.001));
  // AWS counts a table's items every six hours: the total is an estimate, and 0 means unknown.
  const guess = total === undefined || total === 0 ? undefined : total;
  if (!json) {
    const note = () => {
      const { throttles } = traffic;
      return `${rate()}/s${throttles === 0 ? "" : `, throttled ${throttles} times`}`;
    };
    const shown = terminal.progress(what, guess, note);
    let ended = false;
    return {
      advance: (count = 1) => {
        done += count;
        shown.advance(count);
      },
      end: () => {
        if (!ended) shown.end();
        ended = true;
      },
    };
  }
  let saidAt = startedAt;
  return {
    advance: (count = 1) => {
      done += count;
      if (performance.now() - saidAt < progressMs) return;
      saidAt = performance.now();
      const secondsLeft =
        guess === undefined ? undefined : Math.max(0, Math.round((guess - done) / (rate() || 1)));
      const { throttles } = traffic;
      const progress = { what, done, total: guess, perSecond: rate(), secondsLeft, throttles };
      terminal.complain(JSON.stringify({ progress }));
    },
    end: () => undefined,
  };
}

/** The least time between two lines of JSON, in ms. */
const progressMs = 2_000;

/**
 * Runs what can be resumed; if it is ended early, says how.
 * @param again the command line that resumes it
 */
export async function resumable<T>(
  { terminal, signal }: CommandContext,
  { again, json = false }: { readonly again: string; readonly json?: boolean | undefined },
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (signal.aborted) {
      const advice = `What is done is kept. To resume:\n  ${again}`;
      terminal.complain(json ? JSON.stringify({ resumeWith: again }) : advice);
    }
    throw error;
  }
}

/** The command line that a command was called with, for people to type again. */
export function commandLine(command: Command): string {
  const words = [...command.args];
  for (let at: Command | null = command; at !== null; at = at.parent) words.unshift(at.name());
  for (const option of command.options) {
    const name = option.attributeName();
    // Whoever resumes does not want to restart again.
    if (command.getOptionValueSource(name) !== "cli" || name === "restart") continue;
    const value: unknown = command.getOptionValue(name);
    words.push(option.long ?? option.flags);
    if (value !== true) words.push(String(value));
  }
  return shellLine(words);
}

/** A command line of these words, as a shell reads it. */
export const shellLine = (words: readonly string[]): string => words.map(quoted).join(" ");

function quoted(word: string): string {
  return /^[\w./:@=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
