/** The links of the packed pages: a user of the package has only what is packed. */
import { readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { linksOf } from "../docs/markdown.js";
import { root } from "./commands.js";
import type { Packed } from "./packed.js";

/** A page, its path from the package's folder. */
export interface PackedPage {
  readonly path: string;
  readonly text: string;
}

/** The links of the pages that lead to none of the files and to no folder of them: `page → link`. */
export function linksOutside(pages: readonly PackedPage[], files: readonly string[]): string[] {
  const leadsInside = (page: string, link: string): boolean => {
    const [file = ""] = link.split("#");
    const target = posix.join(dirname(page), file).replace(/\/$/, "");
    return file === "" || files.some((one) => one === target || one.startsWith(`${target}/`));
  };
  return pages.flatMap(({ path, text }) =>
    linksOf(text)
      .filter((link) => !leadsInside(path, link))
      .map((link) => `${path} → ${link}`),
  );
}

/** @throws if a packed page links to a file that is not packed */
export function checkLinks({ files }: Packed): void {
  const paths = files.map(({ path }) => path);
  const pages = paths
    .filter((path) => /\.md$|^llms\.txt$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
  const outside = linksOutside(pages, paths);
  if (outside.length > 0) throw new Error(`not packed:\n${outside.join("\n")}`);
}
