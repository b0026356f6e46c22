/** Links of a built site that lead to no existing page, or to no element of a page. */
import { posix } from "node:path";

/**
 * Checks every link within the site, including the fragments.
 * @param pages the HTML of each page, by its path
 * @returns each dead link as `page → target`
 */
export function deadLinks(pages: ReadonlyMap<string, string>): string[] {
  const ids = new Map(
    [...pages].map(([path, html]) => [
      path,
      new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)),
    ]),
  );
  const dead: string[] = [];
  for (const [path, html] of pages) {
    for (const [, href = ""] of html.matchAll(/<a [^>]*?href="([^"]*)"/g)) {
      if (/^[a-z]+:/.test(href)) continue;
      const [to = "", fragment = ""] = href.split("#");
      const target = to === "" ? path : resolvePage(path, to);
      const found = ids.get(target);
      const anchor = decodeURIComponent(fragment);
      if (found === undefined || (anchor !== "" && !found.has(anchor)))
        dead.push(`${path} → ${href}`);
    }
  }
  return dead;
}

/** The file of the page to which a link leads. */
function resolvePage(from: string, to: string): string {
  const path = to.startsWith("/") ? to.slice(1) : posix.join(posix.dirname(from), to);
  return path === "" || path.endsWith("/") ? `${path}index.html` : path;
}
