/** The commands where a person sees them: in a terminal. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { sampleUsers } from "../../../scripts/seed/sample-data.js";
import { bayonData } from "../run.js";
import {
  environment,
  has,
  node,
  prefixOf,
  read,
  root,
  steady,
  tablesOf,
  where,
} from "./processes.js";
import { shownOn } from "./screen.js";

jest.setTimeout(180_000);

const newTable = tablesOf();
const pseudoTerminal = has("script", ["--version"], "util-linux");

/** Rejections and missing documents scroll by while the bar is shown: more lines than a screen has. */
const verifyLines = 60;

{
  const [suite, name] = where(pseudoTerminal, "in a pseudo-terminal", "script of util-linux");
  suite(name, () => {
    /** Runs a command with a terminal of that size. @param typed what a person types */
    async function inTerminal(
      command: string,
      { columns = 80, term = "xterm", typed = "" } = {},
    ): Promise<{ bytes: string; code: number | null }> {
      const line = `stty cols ${columns} rows 24; ${command}`;
      const env = { ...environment, TERM: term, SHELL: "/bin/sh" };
      const child = spawn("script", ["-qec", line, "/dev/null"], { env, cwd: root });
      const ended = read(child);
      // Not closed: a person is there for as long as the command runs.
      if (typed !== "") child.stdin.write(typed);
      const { out, code } = await ended();
      return { bytes: out, code };
    }

    test.each([80, 200])(
      "every line stands whole, at %d columns (the bar overwrote what was printed)",
      async (columns) => {
        const flags = await newTable();
        const verify = ["verify", "firestore", "scripts/demo/firestore-sample", ...flags];
        const plain = await bayonData(verify);
        expect(plain.out.split("\n").length).toBeGreaterThan(verifyLines);

        const { bytes, code } = await inTerminal(`NO_COLOR=1 ${node} ${verify.join(" ")}`, {
          columns,
        });
        expect(code).toBe(1);
        // The bar was shown, or there was nothing to be overwritten.
        expect(bytes).toContain("documents  ");
        const wanted = steady(plain.out)
          .trimEnd()
          .split("\n")
          .map((line) => expect.stringMatching(new RegExp(`^${prefixOf(line)}`)));
        expect(shownOn(bytes, columns, 24).map(steady)).toEqual(wanted);
      },
    );

    test("TERM=dumb gets no escape sequence (it got the bar's)", async () => {
      const flags = await newTable();
      const line = `${node} verify firestore scripts/demo/firestore-sample ${flags.join(" ")}`;
      const { bytes, code } = await inTerminal(line, { term: "dumb" });
      expect(code).toBe(1);
      expect(bytes).toContain("rejected");
      expect(bytes).not.toContain(String.fromCharCode(27));
    });

    test("table delete asks, and deletes only what is named (it never asked)", async () => {
      const flags = await newTable();
      const name = flags.at(-1) ?? "";
      const line = `${node} table delete ${flags.join(" ")}`;
      const kept = await inTerminal(line, { typed: "yes\n" });
      expect(kept.code).toBe(1);
      expect(kept.bytes).toContain(`type the table's name`);
      expect(kept.bytes).toContain("nothing was deleted");
      expect(await bayonData(["table", "describe", ...flags])).toMatchObject({ code: 0 });

      const deleted = await inTerminal(line, { typed: `${name}\n` });
      expect(deleted.code).toBe(0);
      expect(deleted.bytes).toContain(": deleted");
      expect(await bayonData(["table", "describe", ...flags])).toMatchObject({ code: 1 });
    });

    test("user erase asks, and deletes only of the user who is named", async () => {
      const flags = await newTable();
      expect(await bayonData(["seed", "--users", "1", ...flags])).toMatchObject({ code: 0 });
      const [id = ""] = sampleUsers({ users: 1, seed: 1 });
      const line = `${node} user erase ${id} ${flags.join(" ")}`;
      const dry = await bayonData(["user", "erase", id, "--dry-run", ...flags]);
      const [, total = "0"] = /^total +(\d+)$/m.exec(dry.out) ?? [];
      expect(Number(total)).toBeGreaterThan(30);
      const kept = await inTerminal(line, { typed: "yes\n" });
      expect(kept.code).toBe(1);
      expect(kept.bytes).toContain(`${total} items.`);
      expect(kept.bytes).toContain("type the user's id");
      expect(kept.bytes).toContain("nothing was deleted");
      const erased = await inTerminal(line, { typed: `${id}\n` });
      expect(erased.code).toBe(0);
      expect(erased.bytes).toMatch(new RegExp(`${total} items, \\d+ requests`));
      const again = await bayonData(["user", "erase", id, "--dry-run", ...flags]);
      expect(again.out).toContain(`nothing is stored of the user ${id}`);
    });

    test("table delete takes the end of the input, and Ctrl-C, for a no", async () => {
      const flags = await newTable();
      const line = `${node} table delete ${flags.join(" ")}`;
      const [atEnd, interrupted] = [String.fromCharCode(4), String.fromCharCode(3)];
      // The terminal turns what is typed into a signal as soon as the question stands.
      const ended = await inTerminal(line, { typed: atEnd });
      expect(ended.code).toBe(1);
      expect(ended.bytes).toContain("nothing was deleted");
      const child = spawn("script", ["-qec", line, "/dev/null"], { env: environment, cwd: root });
      const result = read(child);
      let seen = "";
      while (!seen.includes("name: ")) seen += String((await once(child.stdout, "data"))[0]);
      child.stdin.write(interrupted);
      expect((await result()).code).toBe(130);
      expect(await bayonData(["table", "describe", ...flags])).toMatchObject({ code: 0 });
    });
  });
}
