/** Takes README.md apart for its test: code blocks, tables, headings and links. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A fenced block of code. */
export interface CodeBlock {
  /** The line of its first line of code, from 1. */
  readonly line: number;
  /** What follows the fence, for instance `ts`. */
  readonly language: string;
  readonly code: string;
}

/** Every fenced block, in order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks = markdown.matchAll(/^```(\w*)[^\n]*\n([\s\S]*?)^```$/gm);
  return [...blocks].map(({ index, 1: language = "", 2: code = "" }) => ({
    line: markdown.slice(0, index).split("\n").length + 1,
    language,
    code,
  }));
}

/** The text below a heading, up to the next one of its level or above. */
export function sectionOf(markdown: string, heading: string): string {
  const lines = withoutCode(markdown).split("\n");
  const start = lines.findIndex(
    (line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === heading,
  );
  if (start === -1) throw new Error(`README.md has no heading "${heading}"`);
  const level = /^#+/.exec(lines[start] ?? "")?.[0].length ?? 0;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => (/^#+(?= )/.exec(line)?.[0].length ?? 99) <= level);
  const length = end === -1 ? rest.length : end;
  return markdown
    .split("\n")
    .slice(start + 1, start + 1 + length)
    .join("\n");
}

/** The rows of the first table of a text, each as its cells without code marks; the head is left out. */
export function tableRows(text: string): string[][] {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => line.startsWith("|"));
  const table = lines.slice(first);
  const end = table.findIndex((line) => !line.startsWith("|"));
  return table
    .slice(2, end === -1 ? undefined : end)
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replaceAll("`", "").replaceAll("\\|", "|")));
}

/** The anchors that GitHub gives to the headings. */
export function anchorsOf(markdown: string): string[] {
  const headings = withoutCode(markdown).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** The targets of the links that lead into the repository. */
export function linksOf(markdown: string): string[] {
  const links = withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g);
  return [...links].map(([, target = ""]) => target).filter((target) => !/^https?:/.test(target));
}

/** The same number of lines with the blocks of code empty, so that nothing in them counts. */
function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```$/gm, (block) => block.replaceAll(/[^\n]/g, ""));
}

/** What every block may use without declaring it. */
const globals = `
import type { DataLayer } from "bayon-coagent-data";
declare global {
  const data: DataLayer;
  const userId: string;
}
`;

/**
 * Compiles each block as a module of its own, all in one program, against the sources.
 * @returns the compiler's findings, at the lines of the README; empty where all is well
 */
export function typeErrors(root: string, blocks: readonly CodeBlock[]): string[] {
  const cache = join(root, ".cache");
  mkdirSync(cache, { recursive: true });
  // Inside the repository, so that the packages are found.
  const folder = mkdtempSync(join(cache, "readme-"));
  try {
    for (const { line, code } of blocks) writeFileSync(join(folder, `${line}.ts`), code);
    writeFileSync(join(folder, "globals.ts"), globals);
    const config = {
      extends: "../../tsconfig.json",
      compilerOptions: {
        noUnusedLocals: false,
        noUnusedParameters: false,
        paths: {
          "bayon-coagent-data": ["../../src/index.ts"],
          "bayon-coagent-data/testing": ["../../src/testing/index.ts"],
        },
      },
      include: ["."],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [tsc, "--pretty", "false", "-p", folder],
      { cwd: folder, encoding: "utf8" },
    );
    const findings = `${stdout}${stderr}`.split("\n").filter((text) => text.trim() !== "");
    if (status !== 0 && findings.length === 0) throw new Error("tsc failed and did not say why");
    return findings.map((text) =>
      text.replace(/^(\d+)\.ts\((\d+),\d+\)/, (_, block, line) => {
        return `README.md:${Number(block) + Number(line) - 1}`;
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The README as it is. */
export function readReadme(root: string): string {
  return readFileSync(join(root, "README.md"), "utf8");
}
