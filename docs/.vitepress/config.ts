/** The site of the manual: `npm run docs` builds it, `npm run docs:serve` shows it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitepress";
import { anchorOf, headOf, repository } from "../../scripts/dev/docs/markdown.js";
import { groups, readPage } from "../../scripts/dev/docs/pages.js";

const root = join(import.meta.dirname, "..", "..");
const api = ["index", "types", "testing", "keys"].filter((name) =>
  existsSync(join(root, "docs", "api", `${name}.md`)),
);

export default defineConfig({
  title: "bayon-coagent-data",
  description: "The data layer of Bayon Coagent on Amazon DynamoDB",
  lang: "en",
  // Files that are opened without a server have no clean URLs.
  cleanUrls: false,
  lastUpdated: false,
  head: [["link", { rel: "icon", href: "data:," }]],
  markdown: {
    // The same anchors as on GitHub, where the pages are read too.
    anchor: { slugify: anchorOf },
    config(md) {
      // A link out of docs/ leads to the repository.
      md.core.ruler.push("repository-links", ({ tokens }) => {
        for (const token of tokens.flatMap(({ children }) => children ?? [])) {
          const href = token.attrGet("href") ?? "";
          if (href.startsWith("../")) {
            const path = href.slice("../".length);
            const kind = /\.\w+(?:#|$)/.test(path) ? "blob" : "tree";
            token.attrSet("href", `${repository}/${kind}/main/${path}`);
          }
        }
      });
    },
  },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    socialLinks: [{ icon: "github", link: repository }],
    nav: [
      { text: "Manual", link: "/" },
      ...(api.length > 0 ? [{ text: "API", link: "/api/" }] : []),
    ],
    sidebar: [
      ...groups.map(({ title, pages }) => ({
        text: title,
        items: pages.map((name) => ({
          text: headOf(readPage(root, `docs/${name}.md`).text).title,
          link: `/${name}`,
        })),
      })),
      {
        text: "API",
        items: api.map((name) => ({
          text: headOf(readPage(root, `docs/api/${name}.md`).text).title.replaceAll("`", ""),
          link: name === "index" ? "/api/" : `/api/${name}`,
        })),
      },
    ],
  },
});
