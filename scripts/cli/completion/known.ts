/** What a shell may offer, taken from the commands themselves. */
import type { Command, Option } from "commander";

/** A word, and what it stands for. */
export interface Word {
  readonly word: string;
  readonly says: string;
}

/** A command by the words that lead to it: `table create`. */
export interface Known {
  readonly path: string;
  /** Its commands, the choices of its arguments, and its options. */
  readonly words: readonly Word[];
  /** The options that take a value, with those to choose from: none if it may be anything. */
  readonly values: readonly (readonly [flag: string, choices: readonly string[]])[];
  /** Whether an argument may be anything, such as a file. */
  readonly takesAny: boolean;
}

/** @param path of the command; empty for the program */
export function knownIn(command: Command, path = ""): Known[] {
  const options = command.options.filter(({ hidden }) => !hidden);
  const parts = command.registeredArguments;
  const own: Known = {
    path,
    words: [
      ...command.commands.map((one) => ({ word: one.name(), says: one.description() })),
      ...parts.flatMap(({ argChoices = [] }) => argChoices.map((word) => ({ word, says: "" }))),
      ...options.flatMap(({ long, description }) =>
        typeof long === "string" ? [{ word: long, says: description }] : [],
      ),
      { word: "--help", says: "print the help" },
    ],
    values: options.flatMap((option) => valuesOf(option)),
    takesAny: parts.some(({ argChoices }) => argChoices === undefined),
  };
  const below = command.commands.flatMap((one) =>
    knownIn(one, `${path}${path === "" ? "" : " "}${one.name()}`),
  );
  return [own, ...below];
}

function valuesOf({ long, required, optional, argChoices }: Option): Known["values"] {
  if (typeof long !== "string" || !(required || optional)) return [];
  return [[long, argChoices ?? []]];
}

/** A text within single quotes of bash and zsh. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
