/** The completion for fish. */
import type { Known } from "./known.js";

/** A text within single quotes of fish, which has backslashes within them. */
function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** A script that knows the commands of this version, and says what each word stands for. */
export function fishOf(known: readonly Known[]): string {
  const paths = known.filter(({ path }) => path !== "").map(({ path }) => quoted(path));
  return `function __bayon_data_at
  set -l at ''
  set -l words (commandline -opc)
  for word in $words[2..-1]
    set -l next (string trim -- "$at $word")
    if contains -- $next ${paths.join(" ")}
      set at $next
    end
  end
  test "$at" = "$argv[1]"
end
complete -c bayon-data -e
${known.flatMap(linesOf).join("\n")}`;
}

/** The lines of one command. Files are offered where an argument or an option may be anything. */
function linesOf({ path, words, values, takesAny }: Known): string[] {
  const head = `complete -c bayon-data -n ${quoted(`__bayon_data_at ${quoted(path)}`)}`;
  const choices = new Map(values);
  const files = takesAny ? [] : [`${head} -f`];
  return [
    ...files,
    ...words.map(({ word, says }) => {
      const told = says === "" ? "" : ` -d ${quoted(says)}`;
      if (!word.startsWith("--")) return `${head} -a ${quoted(word)}${told}`;
      const of = choices.get(word);
      const value =
        of === undefined ? "" : of.length === 0 ? " -r -F" : ` -x -a ${quoted(of.join(" "))}`;
      return `${head} -l ${word.slice(2)}${value}${told}`;
    }),
  ];
}
