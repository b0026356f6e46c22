/** `bayon-data completion bash`: the words that a shell offers, taken from the commands themselves. */
import { Argument, type Command } from "commander";
import { type CommandContext, exitCode } from "../connection.js";

export function addCompletionCommand(program: Command, { terminal, finish }: CommandContext): void {
  program
    .command("completion")
    .description("print the completion of commands and options for a shell")
    .addArgument(new Argument("<shell>", "the shell").choices(["bash"]))
    .addHelpText(
      "after",
      `
Exit codes: 0 printed, 2 wrong usage.

Example, in ~/.bashrc:
  source <(npx bayon-data completion bash)`,
    )
    .action(() => {
      terminal.line(bashOf(program));
      finish(exitCode.ok);
    });
}

/** A command by the words that lead to it: `table create`. */
interface Known {
  readonly path: string;
  readonly words: readonly string[];
  /** The values of an option, for those that have a choice. */
  readonly choices: readonly (readonly [flag: string, values: readonly string[]])[];
}

function knownIn(command: Command, path: string): Known[] {
  const options = command.options.filter(({ hidden }) => !hidden);
  const own: Known = {
    path,
    words: [
      ...command.commands.map((one) => one.name()),
      ...options.flatMap(({ long }) => long ?? []),
      "--help",
    ],
    choices: options.flatMap(({ long, argChoices }) =>
      long === undefined || long === null || argChoices === undefined ? [] : [[long, argChoices]],
    ),
  };
  const below = command.commands.flatMap((one) =>
    knownIn(one, `${path}${path === "" ? "" : " "}${one.name()}`),
  );
  return [own, ...below];
}

/** A script for bash, which knows the commands of this version. Where it has no word, it offers files. */
function bashOf(program: Command): string {
  const known = knownIn(program, "");
  const choices = known.flatMap((one) =>
    one.choices.map(
      ([flag, values]) => `    "${one.path}|${flag}") words="${values.join(" ")}" ;;\n`,
    ),
  );
  const words = known.map((one) => `      "${one.path}") words="${one.words.join(" ")}" ;;\n`);
  const paths = known.filter(({ path }) => path !== "").map(({ path }) => `"${path}"`);
  return `_bayon_data() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path="" words="" word next
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in
      ${paths.join("|")}) path=$next ;;
    esac
  done
  case "$path|$previous" in
${choices.join("")}    *)
      case "$path" in
${words.join("")}      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _bayon_data bayon-data`;
}
