/** Commands whose output is taken by nobody: a full disk, or a reader that has ended. */
import { join } from "node:path";
import { hasFullDisk, temporaryFolder, testWhere } from "../run.js";
import { bash, node, tablesOf } from "./processes.js";

jest.setTimeout(180_000);

const folder = temporaryFolder();
const newTable = tablesOf();

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
      ["user", "erase", "user-1", "--dry-run", ...flags],
    ];
  };

  /** How each of them ends in a line of bash; none changes the table, so that all run at once. */
  const each = async (lineOf: (command: string) => string) =>
    Promise.all(
      (await commands()).map(async (command) => ({
        command,
        ...(await bash(lineOf(`${node} ${command.join(" ")}`))),
      })),
    );

  const full = testWhere(...hasFullDisk);

  full("on a full disk is one line and exit code 1 (it was a stack trace)", async () => {
    const ends = await each((command) => `${command} > /dev/full`);
    for (const { command, code, complaints } of ends) {
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
    const ends = await each((command) => `${command} | true`);
    for (const { command, code, complaints } of ends) {
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
