/** The long commands in tmux, where lines scroll away and stay readable. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bayonData, temporaryFolder } from "../run.js";
import { environment, has, node, prefixOf, root, steady, tablesOf, where } from "./processes.js";

jest.setTimeout(180_000);

const folder = temporaryFolder();
const newTable = tablesOf();
const tmux = has("tmux", ["-V"], "tmux");

{
  const [suite, name] = where(tmux, "in tmux", "tmux");
  suite(name, () => {
    const socket = `bayon-data-test-${process.pid}`;
    const run = (...args: string[]): string =>
      execFileSync("tmux", ["-L", socket, "-f", "/dev/null", ...args], {
        encoding: "utf8",
        env: { ...environment, TERM: "xterm", SHELL: "/bin/sh" },
      });

    /** Types a script into a pane of that width; what stands there, scrolled lines too, in the end. */
    async function paneAfter(columns: number, script: string): Promise<string[]> {
      const session = `at-${columns}`;
      const file = join(folder(), "commands.sh");
      writeFileSync(file, `cd ${root}\n${script}\necho "the end"\nsleep 600\n`);
      run("new-session", "-d", "-s", session, "-x", String(columns), "-y", "24", `sh ${file}`);
      try {
        for (;;) {
          const pane = run("capture-pane", "-p", "-J", "-S", "-", "-t", session);
          const lines = pane.split("\n").map((line) => line.trimEnd());
          if (lines.includes("the end")) return lines.slice(0, lines.indexOf("the end"));
          await sleep(200);
        }
      } finally {
        run("kill-session", "-t", session);
      }
    }

    test.each([80, 200])(
      "the long commands' output is whole, at %d columns (the bar overwrote it)",
      async (columns) => {
        const state = ["--state", join(folder(), "state")];
        const backup = join(folder(), "backup");
        const rejected = ["--rejected", join(folder(), "rejected.ndjson")];
        const sample = "scripts/demo/firestore-sample";
        // In this order each finds what the one before left.
        const all = [
          ["verify", "firestore", sample],
          ["migrate", "firestore", sample, ...state, ...rejected],
          ["verify", "firestore", sample],
          ["seed", "--users", "4"],
          ["export", backup, "--concurrency", "2"],
          ["import", backup, ...state],
          ["adopt", ...state],
          ["rotate", ...state],
          ["doctor", "--concurrency", "1"],
          ["rollback", ...state],
        ];
        // That the width makes no difference to the others is seen of these.
        const steps = columns === 80 ? all : all.slice(0, 2);
        const keys = `{"current":"k","keys":{"k":"${Buffer.alloc(32, 7).toString("base64url")}"}}`;
        const flags = await newTable();
        const script = steps
          .map((step) => `${node} ${[...step, ...flags].join(" ")}; echo "code $?"`)
          .join("\n");
        const variables = `export NO_COLOR=1 COAGENT_ENCRYPTION_KEYS='${keys}'\n`;
        const shown = (await paneAfter(columns, variables + script)).map(steady);

        // The same again on a new table, where there is no terminal.
        const again = [...(await newTable())];
        const fresh = (step: string[]) =>
          step.map((word) =>
            word === backup ? `${backup}-2` : word.replace(/\/state$/, "/state-2"),
          );
        process.env.COAGENT_ENCRYPTION_KEYS = keys;
        const wanted: string[] = [];
        try {
          for (const step of steps) {
            const { code, out, complaints } = await bayonData([...fresh(step), ...again]);
            expect(complaints).not.toContain("error");
            wanted.push(...steady(out).trimEnd().split("\n"), `code ${code}`);
          }
        } finally {
          delete process.env.COAGENT_ENCRYPTION_KEYS;
        }
        const known = wanted.map((line) => expect.stringMatching(new RegExp(`^${prefixOf(line)}`)));
        expect(shown).toEqual(known);
      },
    );
  });
}
