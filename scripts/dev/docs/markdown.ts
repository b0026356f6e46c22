/** Parses a page of the manual: code blocks, sections, tables, headings and links. */

/** A fenced block of code. */
export interface CodeBlock {
  /** The line of its first line of code, from 1. */
  readonly line: number;
  /** What follows the fence, for instance `ts`. */
  readonly language: string;
  readonly code: string;
  /** The last line of text above it that is not empty. */
  readonly above: string;
}

/** Every fenced block, in order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks = markdown.matchAll(/^```(\w*)[^\n]*\n([\s\S]*?)^```$/gm);
  return [...blocks].map(({ index, 1: language = "", 2: code = "" }) => {
    const before = markdown.slice(0, index);
    return {
      line: before.split("\n").length + 1,
      language,
      code,
      above: before.trimEnd().split("\n").at(-1) ?? "",
    };
  });
}

/**
 * The text below a heading, up to the next heading of the same or a higher level.
 * @throws Error if there is no such heading
 */
export function sectionOf(markdown: string, heading: string): string {
  const lines = withoutCode(markdown).split("\n");
  const start = lines.findIndex(
    (line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === heading,
  );
  if (start === -1) throw new Error(`there is no heading "${heading}"`);
  const level = /^#+/.exec(lines[start] ?? "")?.[0].length ?? 0;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => (/^#+(?= )/.exec(line)?.[0].length ?? 99) <= level);
  const length = end === -1 ? rest.length : end;
  return markdown
    .split("\n")
    .slice(start + 1, start + 1 + length)
    .join("\n");
}

/** The rows of all tables of a text, each as its cells without code marks; header rows are left out. */
export function tableRows(text: string): string[][] {
  return [...text.matchAll(/(?:^\|.*\n?)+/gm)].flatMap(([table]) =>
    table
      .trimEnd()
      .split("\n")
      .slice(2)
      .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
      .map((cells) => cells.map((cell) => cell.trim().replaceAll("`", "").replaceAll("\\|", "|"))),
  );
}

/** The anchor that GitHub generates for a heading; the site generates the same. */
export function anchorOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
}

/** The anchors of all headings. */
export function anchorsOf(markdown: string): string[] {
  const headings = withoutCode(markdown).matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = ""]) => anchorOf(heading));
}

/** The targets of the links that lead into the repository. */
export function linksOf(markdown: string): string[] {
  const links = withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g);
  return [...links].map(([, target = ""]) => target).filter((target) => !/^https?:/.test(target));
}

/** Where the repository is read. */
export const repository = "https://github.com/bayon-coagent/bayon-coagent-data";

/**
 * What a page links to in the repository by its address, because the package does not contain it: paths
 * from the repository's root.
 */
export function repositoryLinksOf(markdown: string): string[] {
  const links = withoutCode(markdown).matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g);
  return [...links].flatMap(([, target = ""]) => {
    const [, path] = target.startsWith(repository)
      ? (/\/(?:blob|tree)\/main\/(.+)$/.exec(target) ?? [])
      : [];
    return path === undefined ? [] : [path];
  });
}

/** The page's title and the contents of its front matter. */
export function headOf(markdown: string): { readonly title: string; readonly description: string } {
  return {
    title: /^# (.+)$/m.exec(withoutCode(markdown))?.[1] ?? "",
    description: /^---\n(?:.*\n)*?description: (.+)\n/.exec(markdown)?.[1] ?? "",
  };
}

/** The page without its front matter. */
export function bodyOf(markdown: string): string {
  return markdown.replace(/^---\n[\s\S]*?\n---\n+/, "");
}

/** The same number of lines with the code blocks emptied, so that their contents do not count. */
function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```$/gm, (block) => block.replaceAll(/[^\n]/g, ""));
}
