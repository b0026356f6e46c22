/** The chapters of the manual show the examples' files as they are, and the examples' own tests run. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(__dirname, "..", "..");

/** What a chapter need not show. */
const unshown = /(?:^|\/)(?:\.gitignore|tsconfig\.json)$/;

/** A chapter shows its example whole, or the files that a reader needs at least. */
const chapters = [
  {
    chapter: "docs/nextjs.md",
    example: "examples/next",
    least: ["app/actions.ts", "app/api/data/route.ts", "lib/data.ts", "lib/prefetched.tsx"],
  },
  { chapter: "docs/lambda.md", example: "examples/lambda" },
];

/** What a build or an install leaves in an example's folder. */
const made = /^(?:node_modules|dist|\.next)(?:\/|$)|^(?:next-env\.d\.ts|\.env\.local)$/;

function filesOf(example: string): string[] {
  return readdirSync(join(root, example), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, example).length + 1))
    .filter((file) => !made.test(file) && !unshown.test(file));
}

describe.each(chapters)("$chapter", ({ chapter, example, least }) => {
  const text = readFileSync(join(root, chapter), "utf8");
  const shown = new Map(
    [...text.matchAll(/^\*\*`([^`]+)`\*\*\n\n```\w+\n([\s\S]*?)^```$/gm)].map(
      ([, file = "", code = ""]) => [file, code] as const,
    ),
  );

  test("shows the files of its example, and no other", () => {
    const files = filesOf(example);
    expect(files).toEqual(expect.arrayContaining([...shown.keys()]));
    expect([...shown.keys()]).toEqual(expect.arrayContaining(least ?? files));
  });

  test("shows each file as it is", () => {
    for (const [file, code] of shown) {
      expect({ file, code }).toEqual({
        file,
        code: readFileSync(join(root, example, file), "utf8"),
      });
    }
  });

  test("links to what is there", () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(([, link = ""]) => link);
    expect(links).not.toEqual([]);
    expect(links.filter((link) => !existsSync(join(root, "docs", link)))).toEqual([]);
  });
});

test("the Lambda example passes its own test", () => {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "--test", "--test-reporter=tap", "examples/lambda/src/handler.test.ts"],
    {
      cwd: root,
      encoding: "utf8",
      env: {
        ...process.env,
        // The package's name leads to the sources.
        TSX_TSCONFIG_PATH: join(root, "tsconfig.json"),
        NODE_TEST_CONTEXT: undefined,
      },
    },
  );
  const counts = stdout.split("\n").filter((line) => /^# (?:pass|fail) /.test(line));
  expect(`${counts.join(" ")}${stderr}`).toBe("# pass 4 # fail 0");
}, 120_000);
