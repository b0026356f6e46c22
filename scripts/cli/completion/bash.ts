/** The completion for bash. */
import type { Known } from "./known.js";

/** A script that knows the commands of this version. Where it has no word, bash offers files. */
export function bashOf(known: readonly Known[]): string {
  const values = known.flatMap((one) =>
    one.values.map(
      ([flag, choices]) => `    "${one.path}|${flag}") words="${choices.join(" ")}" ;;\n`,
    ),
  );
  const words = known.map(
    (one) => `      "${one.path}") words="${one.words.map(({ word }) => word).join(" ")}" ;;\n`,
  );
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
${values.join("")}    *)
      case "$path" in
${words.join("")}      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _bayon_data bayon-data`;
}
