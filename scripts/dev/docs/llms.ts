/** The manual for language models: llms.txt lists its pages, llms-full.txt contains them all. */
import { bodyOf, headOf } from "./markdown.js";
import { groups, readPage } from "./pages.js";

const summary =
  "The data layer of Bayon Coagent: twelve typed ElectroDB entities, and your own beside them, in one " +
  "Amazon DynamoDB table, with checks, retry, batches, transactions, tenants, encryption, tests on a real engine, and a command line.";

/**
 * The text of llms.txt (https://llmstxt.org).
 * @param linkOf the URL of a page, by its name
 */
export function llmsText(root: string, linkOf: (name: string) => string): string {
  const parts = groups.map(({ title, pages }) => {
    const lines = pages.map((name) => {
      const head = headOf(readPage(root, `docs/${name}.md`).text);
      return `- [${head.title}](${linkOf(name)}): ${head.description}`;
    });
    return `## ${title}\n\n${lines.join("\n")}\n`;
  });
  return `# bayon-coagent-data\n\n> ${summary}\n\n${parts.join("\n")}`;
}

/** The whole manual in one text, for llms-full.txt. @param more pages that are not in docs/ */
export function llmsFullText(root: string, more: readonly string[] = []): string {
  const names = groups.flatMap(({ pages }) => pages);
  const texts = [
    readPage(root, "README.md").text,
    ...names.map((name) => readPage(root, `docs/${name}.md`).text),
    ...more,
  ];
  return `${texts.map((text) => bodyOf(text).trim()).join("\n\n---\n\n")}\n`;
}

/** llms.txt as it is in the repository and in the package. */
export function llmsOfRepository(root: string): string {
  return llmsText(root, (name) => `docs/${name}.md`);
}
