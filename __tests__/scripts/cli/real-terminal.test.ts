/** The commands where a person sees them: in a terminal, and what is piped, killed or refused. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Engine, startEngine } from "../../../src/testing/engine.js";
import { bayonData, hasFullDisk, temporaryFolder, testWhere } from "../run.js";
import { shownOn } from "./screen.js";

jest.setTimeout(180_000);

const folder = temporaryFolder();
const root = resolve(".");
const node = `${process.execPath} --import tsx ${join(root, "scripts/cli.ts")}`;
const { TERM: _, NO_COLOR: __, ...environment } = process.env;

let engine: Engine;
let tables = 0;

beforeAll(async () => {
  engine = await startEngine();
});
afterAll(() => engine.close());

/** The options that lead to a new table. */
async function newTable(): Promise<string[]> {
  tables += 1;
  const place = ["--environment", "local", "--endpoint", engine.endpoint];
  const flags = [...place, "--table", `RealTerminal-${tables}`];
  expect(await bayonData(["table", "create", ...flags])).toMatchObject({ code: 0 });
  return flags;
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly complaints: string;
}

const read = (child: ChildProcess): (() => Promise<Ended>) => {
  let out = "";
  let complaints = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const closed = once(child, "close");
  return async () => {
    await closed;
    return { code: child.exitCode, out, complaints };
  };
};

/** Runs a line of bash, in which a failure anywhere in a pipe is one. */
async function bash(line: string): Promise<Ended> {
  return read(spawn("bash", ["-o", "pipefail", "-c", line], { env: environment, cwd: root }))();
}

const has = (command: string, args: string[], text: string): boolean =>
  spawnSync(command, args, { encoding: "utf8" }).stdout?.includes(text) ?? false;
const pseudoTerminal = has("script", ["--version"], "util-linux");
const tmux = has("tmux", ["-V"], "tmux");

/** A suite that says why it is left out. */
const where = (is: boolean, name: string, what: string): [typeof describe, string] =>
  is ? [describe, name] : [describe.skip, `${name} (SKIPPED: this machine has no ${what})`];

/** What ends differently each time. */
const steady = (text: string): string =>
  text
    .replaceAll(/\d+(?:\.\d+)? m?s\b/g, "T")
    .replaceAll(/\(\d+\/s\)/g, "(N/s)")
    .replaceAll(/[\d,]+ bytes/g, "N bytes")
    .replaceAll(/RealTerminal-\d+|[\w/.-]*scripts-test-[\w/.-]*/g, "NAME");

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

/** The beginning of a line that no terminal may lose; what is too long for it ends in an ellipsis. */
function prefixOf(line: string): string {
  return line.slice(0, 40).replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

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

describe("output that nobody takes", () => {
  /** Each says something on stdout and needs nothing that is not there. */
  const commands = async (): Promise<string[][]> => {
    const flags = await newTable();
    return [
      ["--help"],
      ["table", "describe", ...flags],
      ["doctor", ...flags],
      ["doctor", "--json", ...flags],
      ["export", join(folder(), "backup"), ...flags],
    ];
  };

  const full = testWhere(...hasFullDisk);

  full("on a full disk is one line and exit code 1 (it was a stack trace)", async () => {
    for (const command of await commands()) {
      const { code, complaints } = await bash(`${node} ${command.join(" ")} > /dev/full`);
      const json = command.includes("--json");
      const reason = "cannot write to stdout: no space left on the device";
      // What can be resumed says how, too.
      const [first, ...rest] = complaints.trimEnd().split("\n");
      const said = json ? JSON.parse(first ?? "").error.message : first?.replace("error: ", "");
      expect({ command, said }).toEqual({ command, said: reason });
      expect(rest.join("\n")).toMatch(
        /^(?:What is done is kept\. To resume:\n {2}bayon-data .*)?$/,
      );
      expect({ command, code }).toEqual({ command, code: 1 });
    }
  });

  test("because its reader has ended is no word and exit code 141 (it was 0, as if all were done)", async () => {
    for (const command of await commands()) {
      const { code, complaints } = await bash(`${node} ${command.join(" ")} | true`);
      expect({ command, code }).toEqual({ command, code: 141 });
      expect(complaints).not.toMatch(/error|EPIPE|\n {4}at /);
    }
  });

  test("after its first line ends the command", async () => {
    const flags = (await newTable()).join(" ");
    const { code, out, complaints } = await bash(`${node} seed --users 40 ${flags} | head -1`);
    expect(out).toMatch(/^Seeding RealTerminal-\d+ at .*\n$/);
    expect(code).toBe(141);
    expect(complaints).toMatch(/^(?:documents: \d+(?:, \d+\/s)?\n)*$/);
  });

  full("on stderr loses the complaint and not the exit code", async () => {
    const [place] = [(await newTable()).slice(0, -2)];
    const gone = [...place, "--table", "Nowhere"].join(" ");
    const { code, out } = await bash(`${node} table describe ${gone} 2> /dev/full`);
    expect({ code, out }).toEqual({ code: 1, out: "" });
  });
});

describe("a signal", () => {
  let server: Server;
  beforeAll(async () => {
    // Takes requests and never answers.
    server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterAll(() => server.close());

  test.each([
    ["SIGINT", 130, "interrupted"],
    ["SIGTERM", 143, "terminated"],
  ] as const)("%s ends a command with %d (SIGTERM was 130)", async (signal, exitCode, message) => {
    const { port } = server.address() as AddressInfo;
    const flags = ["--environment", "local", "--endpoint", `http://127.0.0.1:${port}`];
    for (const json of [[], ["--json"]]) {
      const args = ["--import", "tsx", "scripts/cli.ts", "doctor", ...json, ...flags];
      const child = spawn(process.execPath, args, { env: environment });
      const ended = read(child);
      await once(server, "connection");
      child.kill(signal);
      const { code, complaints } = await ended();
      const text = json.length === 0 ? message : JSON.parse(complaints).error.message;
      expect({ code, text }).toEqual({ code: exitCode, text: message });
      if (json.length === 0) expect(complaints).toBe(`${message}\n`);
    }
  });
});
