/** The pages of the manual, in reading order. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Group {
  readonly title: string;
  /** Names of files in docs/, without `.md`. */
  readonly pages: readonly string[];
}

/** The manual's contents, from which the site's sidebar and llms.txt are generated. */
export const groups: readonly Group[] = [
  {
    title: "Begin",
    pages: [
      "getting-started",
      "own-entities",
      "choosing-keys",
      "changing-a-payload",
      "configuration",
      "model",
    ],
  },
  {
    title: "Work with items",
    pages: ["reading", "writing", "values-and-limits", "transactions", "use-cases", "changes"],
  },
  { title: "Protect them", pages: ["tenants", "oauth", "encryption"] },
  { title: "Handle failures", pages: ["errors", "retry"] },
  { title: "Test", pages: ["testing"] },
  { title: "Reach a browser", pages: ["browser", "react"] },
  { title: "Deploy", pages: ["nextjs", "lambda"] },
  { title: "Move in", pages: ["firestore", "from-firestore-hooks", "old-repository"] },
  { title: "Operate", pages: ["cli", "explorer", "operating", "infrastructure", "telemetry"] },
  {
    title: "Look up",
    pages: ["reference", "access-patterns", "performance", "guarantees", "architecture"],
  },
  { title: "Decide", pages: ["why-not-electrodb", "faq"] },
];

/** A page as it is in the repository. */
export interface Page {
  /** From the root, for instance `docs/reading.md`. */
  readonly path: string;
  readonly text: string;
}

/** Reads a page. @param path from the root */
export function readPage(root: string, path: string): Page {
  return { path, text: readFileSync(join(root, path), "utf8") };
}

/** README.md, the table of contents and every page in it. */
export function readManual(root: string): Page[] {
  const names = ["index", ...groups.flatMap(({ pages }) => pages)];
  return ["README.md", ...names.map((name) => `docs/${name}.md`)].map((path) =>
    readPage(root, path),
  );
}
