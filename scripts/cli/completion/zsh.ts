/** The completion for zsh. */
import { type Known, quoted } from "./known.js";

/**
 * A script that knows the commands of this version, and says what each word stands for. Where it has no
 * word, zsh offers files. It may be sourced after `compinit`, or be a file `_bayon-data` in `fpath`.
 */
export function zshOf(known: readonly Known[]): string {
  const values = known.flatMap((one) =>
    one.values.map(
      ([flag, choices]) =>
        `    ${quoted(`${one.path}|${flag}`)}) offered=(${choices.map(quoted).join(" ")}) ;;\n`,
    ),
  );
  const words = known.map(({ path, words: all }) => {
    const offered = all.map(({ word }) => quoted(word)).join(" ");
    const shown = all.map(({ word, says }) => quoted(says === "" ? word : `${word}  ${says}`));
    return `      ${quoted(path)})
        offered=(${offered})
        shown=(${shown.join(" ")}) ;;\n`;
  });
  const paths = known.filter(({ path }) => path !== "").map(({ path }) => quoted(path));
  return `#compdef bayon-data
_bayon_data() {
  local at="" word next previous=\${words[CURRENT-1]}
  local -a offered shown
  for word in "\${(@)words[2,CURRENT-1]}"; do
    next="\${at:+$at }$word"
    case "$next" in
      ${paths.join("|")}) at=$next ;;
    esac
  done
  case "$at|$previous" in
${values.join("")}    *)
      case "$at" in
${words.join("")}      esac ;;
  esac
  if (( $#shown )); then
    compadd -l -d shown -a offered || _files
  else
    compadd -a offered || _files
  fi
}
if [[ $funcstack[1] == _bayon-data ]]; then _bayon_data; else compdef _bayon_data bayon-data; fi`;
}
