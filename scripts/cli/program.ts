/** The `bayon-data` command: its subcommands, and how each of them ends. */
import { Command, CommanderError, Help, Option } from "commander";
import { AbortedError, ConfigurationError } from "../../src/index.js";
import { Ending } from "../run/ending.js";
import type { Terminal } from "../run/terminal.js";
import { addAdoptCommand } from "./commands/adopt.js";
import { addCompletionCommand } from "./commands/completion.js";
import { addConfigCommand } from "./commands/config.js";
import { addCostCommand } from "./commands/cost.js";
import { addDbCommand } from "./commands/db.js";
import { addDoctorCommand } from "./commands/doctor.js";
import { addExploreCommand } from "./commands/explore.js";
import { addExportCommand } from "./commands/export.js";
import { addImportCommand } from "./commands/import.js";
import { addMigrateCommand } from "./commands/migrate.js";
import { addPolicyCommand } from "./commands/policy.js";
import { addRollbackCommand } from "./commands/rollback.js";
import { addRotateCommand } from "./commands/rotate.js";
import { addSeedCommand } from "./commands/seed.js";
import { addTableCommands } from "./commands/table.js";
import { addTemplateCommand } from "./commands/template.js";
import { addUpgradeCommand } from "./commands/upgrade.js";
import { addUserCommands } from "./commands/user.js";
import { addValidateCommand } from "./commands/validate.js";
import { addVerifyCommand } from "./commands/verify.js";
import { addWatchCommand } from "./commands/watch.js";
import { type CommandContext, exitCode, groups, type Sending, UsageError } from "./connection.js";
import { proxiedBy } from "./proxy.js";

export interface RunOptions {
  readonly terminal: Terminal;
  /** Ends the command: with the exit code of its reason if that is an Ending, otherwise with 130. */
  readonly signal: AbortSignal;
  readonly version: string;
  /** How requests are sent. @default as the layer does by itself */
  readonly sending?: Sending | undefined;
  /** The folder of the explorer's built page. @default there is no explorer */
  readonly explorerPage?: URL | undefined;
}

/**
 * Runs one command line.
 * @param args what follows the command's name
 * @returns the exit code; nothing is thrown
 */
export async function runCommandLine(
  args: readonly string[],
  { terminal, signal, version, sending, explorerPage }: RunOptions,
): Promise<number> {
  let ended: number = exitCode.ok;
  const json = wantsJson(args);
  try {
    const context: CommandContext = {
      terminal,
      signal,
      sending: sending ?? proxiedBy(process.env),
      explorerPage,
      finish: (code) => {
        ended = code;
      },
    };
    await createProgram(context, { version, json }).parseAsync(args, { from: "user" });
    return ended;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCode.ok;
      // Commander has already printed it as text.
      if (json) reportError(error, args, terminal);
      return exitCode.usage;
    }
    if (signal.aborted && (error === signal.reason || error instanceof AbortedError)) {
      const ending = endingOf(signal.reason);
      // A failure of stdout is reported when it happens.
      if (ending.isSignal) reportError(ending, args, terminal);
      return ending.exitCode;
    }
    reportError(error, args, terminal);
    return isUsage(error) ? exitCode.usage : exitCode.findings;
  }
}

function endingOf(reason: unknown): Ending {
  return reason instanceof Ending ? reason : new Ending("interrupted", exitCode.interrupted);
}

/** Then stderr is JSON too. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? undefined : end).includes("--json");
}

function isUsage(error: unknown): boolean {
  return (
    error instanceof UsageError ||
    error instanceof ConfigurationError ||
    error instanceof CommanderError
  );
}

function createProgram(
  context: CommandContext,
  { version, json }: { readonly version: string; readonly json: boolean },
): Command {
  const { terminal } = context;
  const program = new Command("bayon-data")
    .description("Works on the DynamoDB table of Bayon Coagent.")
    .usage("<command> [options]")
    .optionsGroup(groups.other)
    .version(version, "-V, --version", "print the version")
    .addHelpOption(new Option("-h, --help", "print this help").helpGroup(groups.other))
    // Commander's own knows one word; this package's has `table create` and others of two.
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.line(text.trimEnd()),
      writeErr: (text) => {
        if (!json) terminal.complain(text.trimEnd());
      },
    })
    .configureHelp({
      helpWidth: terminal.textColumns,
      commandDescription: (command) => sentence(command.description()),
      groupItems: (...items) => ownGroupFirst(new Help().groupItems(...items)),
    })
    .showHelpAfterError("(--help lists the options)")
    .addHelpText(
      "after",
      `
Which table: --environment, or COAGENT_ENV, is local, development (the default) or production.
It decides the table's name, the region and the endpoint; each has an option and a variable, and
bayon-data.config.* may say them, too. bayon-data config prints what is used.
USE_LOCAL_AWS=true is short for COAGENT_ENV=local.

Exit codes: 0 success, 1 findings or failure, 2 wrong usage, 130 interrupted, 143 terminated,
141 the reader of the output has closed it.

Examples:
  $ bayon-data db                                  # in a terminal of its own
  $ bayon-data seed --environment local --users 5
  $ bayon-data doctor --environment production
  $ bayon-data migrate firestore --help`,
    );
  program.commandsGroup("Table:");
  addDbCommand(program, context);
  addTableCommands(program, context);
  addTemplateCommand(program, context);
  addPolicyCommand(program, context);
  addExploreCommand(program, context);
  addWatchCommand(program, context);
  addCostCommand(program, context);
  addSeedCommand(program, context);
  program.commandsGroup("Moving in:");
  addMigrateCommand(program, context);
  addVerifyCommand(program, context);
  addRollbackCommand(program, context);
  program.commandsGroup("Upkeep:");
  addDoctorCommand(program, context);
  addAdoptCommand(program, context);
  addRotateCommand(program, context);
  addUpgradeCommand(program, context);
  addExportCommand(program, context);
  addImportCommand(program, context);
  addUserCommands(program, context);
  addValidateCommand(program, context);
  program.commandsGroup("Help:");
  addConfigCommand(program, context);
  addCompletionCommand(program, context);
  program
    .command("help")
    .description("print the help of a command")
    .argument("[command...]", "the command's words, such as table create")
    .addHelpText("after", "\nExample:\n  $ bayon-data help migrate firestore")
    .action((words: readonly string[]) => commandAt(program, words).outputHelp());
  return program;
}

/** @throws UsageError that names the word that is no command */
function commandAt(program: Command, words: readonly string[]): Command {
  return words.reduce<Command>((at, word) => {
    const found = at.commands.find((command) => command.name() === word);
    if (found !== undefined) return found;
    const known = at.commands.map((command) => command.name()).join(", ");
    const rule = known === "" ? "it has no commands" : `its commands are ${known}`;
    throw new UsageError(`${at.name()} has no command ${word}: ${rule}`);
  }, program);
}

/** A command's own options come before those that all have. */
function ownGroupFirst<T>(found: Map<string, T[]>): Map<string, T[]> {
  const shared: readonly string[] = [groups.table, groups.other];
  const isShared = ([title]: [string, T[]]) => shared.includes(title);
  const all = [...found];
  return new Map([...all.filter((group) => !isShared(group)), ...all.filter(isShared)]);
}

/** Commander lists descriptions in lower case; above a command's help it is a sentence. */
function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;
}

/**
 * Reports a failure on stderr: in a line or two, or with `--json` as one line
 * `{"error":{"code","message"}}`; with `--verbose` the stack traces too.
 */
export function reportError(error: unknown, args: readonly string[], terminal: Terminal): void {
  const message = error instanceof Error ? error.message : String(error);
  const stack = args.includes("--verbose") && error instanceof Error ? stackOf(error) : undefined;
  if (wantsJson(args)) {
    const told = { code: codeOf(error), message: message.replace(/^error: /, ""), stack };
    terminal.complain(JSON.stringify({ error: told }));
    return;
  }
  if (error instanceof Ending && error.isSignal) terminal.complain(message);
  else terminal.fail(message);
  if (stack !== undefined) terminal.complain(stack);
}

function codeOf(error: unknown): string {
  if (error instanceof UsageError || error instanceof CommanderError) return "Usage";
  if (error instanceof Ending) return error.isSignal ? "Interrupted" : "OutputFailed";
  if (!(error instanceof Error)) return "Unknown";
  const { code } = error as { code?: unknown };
  if (typeof code === "string") return code;
  const { cause } = error;
  // An error with advice has the code of the one that it explains.
  return cause instanceof Error && error.name === "HintedError" ? codeOf(cause) : error.name;
}

function stackOf(error: Error): string {
  const stack = error.stack ?? "";
  return error.cause instanceof Error ? `${stack}\ncaused by: ${stackOf(error.cause)}` : stack;
}
