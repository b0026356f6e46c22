/** The `bayon-data` command: its subcommands, and how each of them ends. */
import { Command, CommanderError } from "commander";
import { AbortedError, ConfigurationError } from "../src/index.js";
import { addAdoptCommand } from "./commands/adopt.js";
import { type CommandContext, type ExitCode, exitCode, UsageError } from "./commands/connection.js";
import { addDoctorCommand } from "./commands/doctor.js";
import { addExportCommand } from "./commands/export.js";
import { addImportCommand } from "./commands/import.js";
import { addMigrateCommand } from "./commands/migrate.js";
import { addPolicyCommand } from "./commands/policy.js";
import { addRollbackCommand } from "./commands/rollback.js";
import { addRotateCommand } from "./commands/rotate.js";
import { addSeedCommand } from "./commands/seed.js";
import { addTableCommands } from "./commands/table.js";
import { addValidateCommand } from "./commands/validate.js";
import { addVerifyCommand } from "./commands/verify.js";
import type { Terminal } from "./terminal.js";

export interface RunOptions {
  readonly terminal: Terminal;
  /** Ends the command; the exit code is then 130. */
  readonly signal: AbortSignal;
  readonly version: string;
}

/**
 * Runs one command line.
 * @param args what follows the command's name
 * @returns the exit code; nothing is thrown
 */
export async function runCommandLine(
  args: readonly string[],
  { terminal, signal, version }: RunOptions,
): Promise<ExitCode> {
  let ended: ExitCode = exitCode.ok;
  const context: CommandContext = {
    terminal,
    signal,
    finish: (code) => {
      ended = code;
    },
  };
  try {
    await createProgram(context, version).parseAsync(args, { from: "user" });
    return ended;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
    return explain(error, context, args.includes("--verbose"));
  }
}

function createProgram(context: CommandContext, version: string): Command {
  const { terminal } = context;
  const program = new Command("bayon-data")
    .description("Works on the DynamoDB table of Bayon Coagent.")
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.line(text.trimEnd()),
      writeErr: (text) => terminal.complain(text.trimEnd()),
    })
    .configureHelp({ helpWidth: terminal.columns })
    .showHelpAfterError("(add --help for what there is)")
    .addHelpText(
      "after",
      `
The table is named by options or by the environment: local (USE_LOCAL_AWS=true),
development, production. bayon-data <command> --help tells more.

Examples:
  $ USE_LOCAL_AWS=true bayon-data table create
  $ USE_LOCAL_AWS=true bayon-data seed --users 5`,
    );
  addTableCommands(program, context);
  addPolicyCommand(program, context);
  addSeedCommand(program, context);
  addValidateCommand(program, context);
  addAdoptCommand(program, context);
  addRotateCommand(program, context);
  addExportCommand(program, context);
  addImportCommand(program, context);
  addDoctorCommand(program, context);
  addMigrateCommand(program, context);
  addVerifyCommand(program, context);
  addRollbackCommand(program, context);
  return program;
}

/** Says what went wrong in a line or two. */
function explain(error: unknown, { terminal, signal }: CommandContext, verbose: boolean): ExitCode {
  if (signal.aborted && (error === signal.reason || error instanceof AbortedError)) {
    terminal.complain("interrupted");
    return exitCode.interrupted;
  }
  const message = error instanceof Error ? error.message : String(error);
  terminal.complain(`${terminal.paint("red", "error")}: ${message}`);
  if (verbose && error instanceof Error) terminal.complain(stackOf(error));
  const usage = error instanceof UsageError || error instanceof ConfigurationError;
  return usage ? exitCode.usage : exitCode.findings;
}

function stackOf(error: Error): string {
  const stack = error.stack ?? "";
  return error.cause instanceof Error ? `${stack}\ncaused by: ${stackOf(error.cause)}` : stack;
}
