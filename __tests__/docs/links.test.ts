/** Links, anchors, commands and scripts that the manual names exist, and the contents name every page. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { runCommandLine } from "../../scripts/cli/program.js";
import { linksOutside } from "../../scripts/dev/check-package/links.js";
import { deadLinks } from "../../scripts/dev/docs/dead-links.js";
import { llmsOfRepository } from "../../scripts/dev/docs/llms.js";
import {
  anchorOf,
  anchorsOf,
  headOf,
  linksOf,
  repositoryLinksOf,
} from "../../scripts/dev/docs/markdown.js";
import { groups, readManual, readPage } from "../../scripts/dev/docs/pages.js";
import { createTerminal } from "../../scripts/run/terminal.js";

const root = join(__dirname, "..", "..");
const manual = readManual(root);
const documents = [...manual, readPage(root, "SECURITY.md"), readPage(root, "CONTRIBUTING.md")];

test("an anchor is the one that GitHub gives", () => {
  expect(
    ["What is retried", "`check`", "A, b & C (d)", "One user's data", "[Link](x.md) text"].map(
      anchorOf,
    ),
  ).toEqual(["what-is-retried", "check", "a-b--c-d", "one-users-data", "link-text"]);
});

test("a dead link of the site is found, and a dead anchor", () => {
  const page = (links: readonly string[]) =>
    `<h2 id="here"></h2>${links.map((href) => `<a class="x" href="${href}">x</a>`).join("")}`;
  const pages = new Map([
    ["index.html", page(["/a.html#here", "/api/", "#here", "https://example.com/", "/b.html"])],
    ["a.html", page(["./index.html#there", "#there"])],
    ["api/index.html", page(["../a.html", "c.html"])],
  ]);
  expect(deadLinks(pages)).toEqual([
    "index.html → /b.html",
    "a.html → ./index.html#there",
    "a.html → #there",
    "api/index.html → c.html",
  ]);
});

test("a link of a packed page to a file that is not packed is found", () => {
  const files = ["README.md", "docs/a.md", "docs/b.md", "examples/one/app.ts"];
  const links = ["docs/a.md#top", "examples/one", "examples/one/", "examples/o", "src/index.ts"];
  const pages = [
    { path: "README.md", text: links.map((link) => `[x](${link})`).join(" ") },
    { path: "docs/a.md", text: "[b](b.md) [up](../README.md) [here](#x) [no](../__tests__/a.ts)" },
    { path: "docs/b.md", text: "[far](https://example.com/src/index.ts)" },
  ];
  expect(linksOutside(pages, files)).toEqual([
    "README.md → examples/o",
    "README.md → src/index.ts",
    "docs/a.md → ../__tests__/a.ts",
  ]);
});

test("what is linked by the repository's address is in the repository", () => {
  const links = documents.flatMap(({ text }) => repositoryLinksOf(text));
  expect(links.length).toBeGreaterThan(50);
  expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test.each(documents)("every link of $path leads somewhere", ({ path, text }) => {
  const links = linksOf(text);
  const dead = links.filter((link) => {
    const [file = "", anchor] = link.split("#");
    const target = join(root, dirname(path), file === "" ? relative(dirname(path), path) : file);
    if (!existsSync(target)) return true;
    return anchor !== undefined && !anchorsOf(readFileSync(target, "utf8")).includes(anchor);
  });
  expect(dead).toEqual([]);
});

test("no page has two headings of one anchor", () => {
  for (const { path, text } of manual) {
    const anchors = anchorsOf(text);
    const twice = anchors.filter((anchor, index) => anchors.indexOf(anchor) !== index);
    expect([path, twice]).toEqual([path, []]);
  }
});

test("every page has a title and a description, is in the contents, and is linked by the README", () => {
  const inContents = groups.flatMap(({ pages }) => pages.map((name) => `${name}.md`));
  const files = readdirSync(join(root, "docs")).filter((file) => file.endsWith(".md"));
  expect(files.filter((file) => file !== "index.md" && !inContents.includes(file))).toEqual([]);
  const [readme, index, ...pages] = manual;
  for (const { path, text } of pages) {
    const { title, description } = headOf(text);
    expect([path, title !== "" && description !== ""]).toEqual([path, true]);
    // A colon would begin another member of the head, and the site would not be built.
    expect([path, description.includes(": ")]).toEqual([path, false]);
    expect(linksOf(readme?.text ?? "")).toContain(path);
    expect(linksOf(index?.text ?? "")).toContain(path.replace("docs/", ""));
  }
});

test("llms.txt lists the pages as they are (npm run docs:llms)", () => {
  expect(readFileSync(join(root, "llms.txt"), "utf8")).toBe(llmsOfRepository(root));
});

test("the README fits a few screens", () => {
  expect(Buffer.byteLength(manual[0]?.text ?? "")).toBeLessThanOrEqual(12 * 1024);
});

test("no word in a table is too long for a phone", () => {
  // About 40 characters of code fit the width of a phone beside another column.
  const long = manual.flatMap(({ path, text }) =>
    text
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .flatMap((line) => line.replaceAll(/\]\([^)]*\)/g, "]").split(/[\s|]|<br>/))
      .filter((word) => word.length > 44)
      .map((word) => `${path}: ${word}`),
  );
  expect(long).toEqual([]);
});

test("no table has more than four columns", () => {
  const wide = manual.flatMap(({ path, text }) =>
    text
      .split("\n")
      .filter((line) => /^\|(?:\s*:?-+:?\s*\|){5,}$/.test(line))
      .map((line) => `${path}: ${line}`),
  );
  expect(wide).toEqual([]);
});

describe("the commands", () => {
  let helps: Map<string, string>;
  beforeAll(async () => {
    helps = await readHelps();
  });

  test("are all on the page about them", () => {
    const page = readPage(root, "docs/cli.md").text;
    const runnable = [...helps.keys()].filter(
      (name) => name !== "" && ![...helps.keys()].some((other) => other.startsWith(`${name} `)),
    );
    expect(runnable).toEqual(expect.arrayContaining(["seed", "table create"]));
    expect(runnable.filter((name) => !page.includes(`\`bayon-data ${name}`))).toEqual([]);
  });

  test("that the manual shows exist, with their options", () => {
    const shown = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/bayon-data ((?:[a-z]+ ?)+)([^\n`]*)/g)].map(
        ([, words = "", rest = ""]) => ({
          path,
          words: words
            .replace(/^help /, "")
            .trim()
            .split(" "),
          rest,
        }),
      ),
    );
    expect(shown.length).toBeGreaterThan(60);
    const wrong = shown.filter(({ words, rest }) => {
      const [one = "", two = ""] = words;
      const help = helps.get(`${one} ${two}`) ?? helps.get(one);
      const flags = [...rest.split(/[)"]/)[0]!.matchAll(/--[a-z-]+/g)].map(([flag]) => flag);
      return help === undefined || !flags.every((flag) => help.includes(`${flag} `));
    });
    expect(wrong).toEqual([]);
  });

  test("of npm that the manual shows exist", () => {
    const scripts = ["package.json", "examples/lambda/package.json", "examples/next/package.json"]
      .map((file) => JSON.parse(readFileSync(join(root, file), "utf8")) as { scripts: object })
      .flatMap((manifest) => Object.keys(manifest.scripts));
    const shown = documents.flatMap(({ text }) =>
      [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = ""]) => name),
    );
    expect(shown.length).toBeGreaterThan(10);
    expect(shown.filter((name) => !scripts.includes(name))).toEqual([]);
  });
});

/** The help of every command and subcommand, by its words. */
async function readHelps(): Promise<Map<string, string>> {
  const helps = new Map<string, string>();
  const read = async (words: readonly string[]): Promise<void> => {
    const help = await helpOf(words);
    helps.set(words.join(" "), help);
    const commands = help.slice(help.indexOf("Usage")).split(/^Examples:/m)[0] ?? "";
    if (!/ (?:\[command\]|<command>)/.test(commands.split("\n")[0] ?? "")) return;
    // Options begin with a dash, examples with a dollar.
    for (const [, name = ""] of commands.matchAll(/^ {2}([a-z]+)/gm)) {
      if (name !== "help") await read([...words, name]);
    }
  };
  await read([]);
  return helps;
}

async function helpOf(words: readonly string[]): Promise<string> {
  let help = "";
  const output = { write: (text: string) => (help += text) };
  const terminal = createTerminal({ stdout: output, stderr: output, variables: {} });
  const { signal } = new AbortController();
  await runCommandLine([...words, "--help"], { terminal, signal, version: "0.0.0" });
  return help;
}
