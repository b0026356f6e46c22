/** The completions, in the real shells: each offers the commands and options that there are. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bayonData, testWhere } from "../run.js";

// Each question to zsh starts an interactive shell in a terminal of its own.
jest.setTimeout(60_000);

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

let folder: string;
const scripts = {} as Record<Shell, string>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "completion-"));
  for (const shell of shells) {
    const { code, out } = await bayonData(["completion", shell]);
    expect(code).toBe(0);
    scripts[shell] = join(folder, `${shell}.script`);
    writeFileSync(scripts[shell], out);
  }
  writeFileSync(join(folder, "prices.json"), "{}");
});
afterAll(() => rmSync(folder, { recursive: true }));

const linesOf = (text: string) => text.split("\n").filter((line) => line !== "");

/** What bash offers for the last word, its own files not included. */
function ofBash(words: readonly string[]): string[] {
  const line = ["bayon-data", ...words].map((word) => `'${word}'`).join(" ");
  const program = `source ${scripts.bash}
    COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _bayon_data; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return linesOf(execFileSync("bash", ["--norc", "-c", program], { encoding: "utf8" }));
}

function ofFish(words: readonly string[]): string[] {
  const line = `bayon-data ${words.join(" ")}`;
  const program = `source ${scripts.fish}; complete -C'${line}'`;
  const out = execFileSync("fish", ["--no-config", "-c", program], {
    ...{ encoding: "utf8", cwd: folder },
    // It writes its history and its variables there.
    env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
  });
  return linesOf(out).map((found) => found.split("\t")[0] ?? "");
}

/**
 * An interactive zsh in a terminal of its own, in which the line is typed and Tab is pressed. What its
 * completion adds is written down; the key after Tab says that this is done.
 */
const driver = `
  zmodload zsh/zpty
  zpty inner zsh -f -i
  send() { zpty -w inner "$1" }
  send "PS1=''; autoload -Uz compinit; compinit -u -D; source $3"
  send "compadd () {
    if [[ \\\${@[1,(i)(-|--)]} == *-(O|A|D)\\\\ * ]]; then builtin compadd \\"\\$@\\"; return; fi
    local -a hits; builtin compadd -A hits \\"\\$@\\"
    (( \\$#hits )) && print -l -- \\$hits >> $2; builtin compadd \\"\\$@\\" }"
  send "finish () { print -n '' > $2.done }; zle -N finish; bindkey '^T' finish; bindkey '^I' complete-word"
  zpty -w -n inner "$1"$'\\t\\x14'
  for n in {1..400}; do
    [[ -e $2.done ]] && break
    sleep 0.05
    while zpty -r -t inner chunk; do :; done
  done
  zpty -d inner
  [[ -e $2.done ]]`;

let asked = 0;

function ofZsh(words: readonly string[]): string[] {
  asked += 1;
  const out = join(folder, `zsh-${asked}`);
  const line = `bayon-data ${words.join(" ")}`;
  execFileSync("zsh", ["-f", "-c", driver, "zsh", line, out, scripts.zsh], { cwd: folder });
  return existsSync(out) ? linesOf(readFileSync(out, "utf8")) : [];
}

const offered = { bash: ofBash, zsh: ofZsh, fish: ofFish };

describe.each(shells)("%s", (shell) => {
  const isThere = spawnSync(shell, ["--version"]).status === 0;
  const inShell = testWhere(isThere, `${shell} is not installed`);
  const offers = (words: readonly string[]) =>
    offered[shell](words)
      .filter((word) => word !== "--help")
      .toSorted();

  inShell("offers the commands, and below a command its own", async () => {
    expect(offers(["ta"])).toEqual(["table"]);
    expect(offers(["table", ""])).toEqual(["create", "delete", "describe"]);
    expect(offers(["table", "cr"])).toEqual(["create"]);
    expect(offers(["nothing-like-it"])).toEqual([]);
  });

  inShell("offers the options of a command, and the values that one has", async () => {
    expect(offers(["template", "--form"])).toEqual(["--format"]);
    expect(offers(["template", "--format", "c"])).toEqual(["cdk", "cloudformation"]);
    expect(offers(["doctor", "--environment", "p"])).toEqual(["production"]);
    expect(offers(["migrate", "firestore", "./export", "--on-c"])).toEqual(["--on-conflict"]);
    expect(offers(["completion", ""])).toEqual(["bash", "fish", "zsh"]);
  });

  inShell("offers no option that is hidden from the help", async () => {
    const options = offers(["doctor", "--"]);
    expect(options).toContain("--concurrency");
    expect(options).not.toContain("--segments");
  });

  inShell("offers files where an option takes one, and no word of the command", async () => {
    // Of the function for bash nothing is offered: bash itself offers files then.
    const files = shell === "bash" ? [] : ["prices.json"];
    expect(offers(["cost", "--prices", "p"])).toEqual(files);
  });
});

test("the words of zsh and fish say what they stand for", () => {
  const says = "print what calls cost in a month of on-demand capacity; sends no request";
  expect(readFileSync(scripts.zsh, "utf8")).toContain(`'cost  ${says}'`);
  expect(readFileSync(scripts.fish, "utf8")).toContain(`-a 'cost' -d '${says}'`);
});

test("another shell is wrong usage", async () => {
  const { code, complaints } = await bayonData(["completion", "tcsh"]);
  expect(code).toBe(2);
  expect(complaints).toContain("Allowed choices are bash, zsh, fish");
});
