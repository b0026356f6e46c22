/** SECURITY.md: each claim names a test, and each test that it names is there. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { linksOf, repositoryLinksOf } from "../../scripts/dev/docs/markdown.js";

const root = join(__dirname, "../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const text = read("SECURITY.md");
const manifest = JSON.parse(read("package.json")) as {
  files: string[];
  scripts: Record<string, string>;
};

test("every file that it links to is there", () => {
  const links = [...linksOf(text), ...repositoryLinksOf(text)];
  expect(links.length).toBeGreaterThan(20);
  expect(links.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test("every claim names what holds it", () => {
  const claims = text.split("\n").filter((line) => /^\| (?!claim |---)/.test(line));
  expect(claims.length).toBeGreaterThan(10);
  for (const claim of claims) {
    expect(claim).toMatch(/__tests__\/|npm run test:/);
    for (const [, script = ""] of claim.matchAll(/npm run ([\w:]+)/g)) {
      expect(Object.keys(manifest.scripts)).toContain(script);
    }
  }
});

test("users get it, and the README leads to it", () => {
  expect(manifest.files).toEqual(expect.arrayContaining(["SECURITY.md", "THIRD-PARTY.md"]));
  expect(read("README.md")).toContain("(SECURITY.md)");
});
