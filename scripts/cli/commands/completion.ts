/** `bayon-data completion`: what a shell offers, taken from the commands themselves. */
import { Argument, type Command } from "commander";
import { bashOf } from "../completion/bash.js";
import { fishOf } from "../completion/fish.js";
import { type Known, knownIn } from "../completion/known.js";
import { zshOf } from "../completion/zsh.js";
import { type CommandContext, exitCode } from "../connection.js";

const shells = { bash: bashOf, zsh: zshOf, fish: fishOf } as const satisfies Record<
  string,
  (known: readonly Known[]) => string
>;

export function addCompletionCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("completion")
    .description("print the completion of commands and options for a shell")
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(shells)))
    .addHelpText(
      "after",
      `
Exit codes: 0 printed, 2 wrong usage.

Examples:
  source <(npx bayon-data completion bash)              # in ~/.bashrc
  source <(npx bayon-data completion zsh)               # in ~/.zshrc, after compinit
  npx bayon-data completion fish > ~/.config/fish/completions/bayon-data.fish`,
    )
    .action((shell: keyof typeof shells) => {
      terminal.line(shells[shell](knownIn(program)));
      finish(exitCode.ok);
    });
}
