/** The completion, in a real bash: it offers the commands and options that there are. */
import { execFileSync } from "node:child_process";
import { bayonData } from "../run.js";

let script: string;
beforeAll(async () => {
  const { code, out } = await bayonData(["completion", "bash"]);
  expect(code).toBe(0);
  script = out;
});

/** What bash offers for the last word. */
function offered(...words: string[]): string[] {
  const line = ["bayon-data", ...words].map((word) => `'${word}'`).join(" ");
  const program = `${script}
    COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _bayon_data; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync("bash", ["--norc", "-c", program], { encoding: "utf8" });
  return out.split("\n").filter((word) => word !== "");
}

test.each([
  [["ta"], ["table"]],
  [
    ["table", ""],
    ["create", "describe", "delete", "--help"],
  ],
  [["table", "cr"], ["create"]],
  [["--environment", "table"], ["table"]],
  [["template", "--form"], ["--format"]],
  [
    ["template", "--format", ""],
    ["cloudformation", "sam", "cdk", "terraform"],
  ],
  [
    ["template", "--format", "c"],
    ["cloudformation", "cdk"],
  ],
  [["doctor", "--environment", "p"], ["production"]],
  [["migrate", "firestore", "./export", "--on-c"], ["--on-conflict"]],
  [["nothing-like-it"], []],
])("after %j it offers %j", (words, expected) => {
  expect(offered(...words)).toEqual(expected);
});

test("an option that is hidden from the help is not offered", () => {
  expect(offered("doctor", "--")).toContain("--concurrency");
  expect(offered("doctor", "--")).not.toContain("--segments");
});

test("another shell is wrong usage", async () => {
  const { code, complaints } = await bayonData(["completion", "tcsh"]);
  expect(code).toBe(2);
  expect(complaints).toContain("Allowed choices are bash");
});
