/**
 * `npm run docs:overflow`: finds what is wider than the screen, on each page of the built site.
 *
 * Needs Chromium (CHROMIUM names it). Code blocks may scroll; text and tables may not. The pages are
 * shown in frames of a local page, so no browser driver is needed.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";

const site = join(import.meta.dirname, "..", "..", "..", "docs", ".vitepress", "dist");
const widths = [1280, 832, 390];
const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

const pages = readdirSync(site, { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".html") && file !== "404.html",
);

/** Shows each page in a frame of each width, one after the other, and lists what is too wide. */
const harness = `<!doctype html><body><script type="module">
const found = [];
for (const width of ${JSON.stringify(widths)}) {
  for (const page of ${JSON.stringify(pages)}) {
    const frame = document.createElement("iframe");
    frame.style.cssText = "height:900px;border:0;width:" + width + "px";
    frame.src = "/" + page;
    await new Promise((loaded) => {
      frame.onload = loaded;
      document.body.append(frame);
    });
    const inside = frame.contentDocument;
    const root = inside.documentElement;
    if (inside.querySelector(".VPContent") === null) found.push(page + ": shows nothing");
    if (root.scrollWidth > root.clientWidth) found.push(page + " at " + width + ": the page");
    for (const element of inside.querySelectorAll(".vp-doc :is(table, p, li, h1, h2, h3)")) {
      if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0) {
        found.push(page + " at " + width + ": " + element.localName + " " + element.textContent.trim().slice(0, 60));
      }
    }
    frame.remove();
  }
}
await fetch("/found", { method: "POST", body: JSON.stringify(found) });
</script>`;

const results = await new Promise<string[]>((resolve, reject) => {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    if (request.method === "POST") {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        response.end();
        stop();
        resolve(JSON.parse(body) as string[]);
      });
      return;
    }
    response.setHeader("content-type", types[extname(path)] ?? "application/octet-stream");
    if (path === "/harness.html") {
      response.end(harness);
      return;
    }
    try {
      response.end(readFileSync(join(site, path)));
    } catch {
      response.writeHead(404).end();
    }
  });
  const profile = mkdtempSync(join(tmpdir(), "docs-chromium-"));
  let stop = (): unknown => server.close();
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo;
    const chromium = spawn(
      process.env.CHROMIUM ?? "chromium",
      [
        ..."--headless --no-sandbox --disable-gpu --disable-quic --no-first-run".split(" "),
        ..."--disable-background-networking --disable-component-update --disable-sync".split(" "),
        "--remote-debugging-port=0",
        `--user-data-dir=${profile}`,
        `http://127.0.0.1:${port}/harness.html`,
      ],
      // In a process group of its own, so that its helper processes end with it.
      { stdio: "ignore", detached: true },
    );
    const timer = setTimeout(() => {
      stop();
      reject(new Error("Chromium reported nothing within 5 minutes"));
    }, 300_000);
    stop = () => {
      clearTimeout(timer);
      if (chromium.pid !== undefined) process.kill(-chromium.pid, "SIGKILL");
      server.closeAllConnections();
      server.close();
      chromium.once("exit", () =>
        rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }),
      );
    };
    chromium.once("error", (error) => {
      stop();
      reject(new Error("Chromium could not be started; CHROMIUM names it", { cause: error }));
    });
  });
});

for (const line of results) console.error(`too wide: ${line}`);
console.log(`${pages.length} pages at ${widths.join(", ")} px, ${results.length} too wide`);
process.exitCode = results.length === 0 ? 0 : 1;
