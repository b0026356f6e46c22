/** The browser of the tests: the system's own Chromium, with nothing of a profile or of its own network. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const commands = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

const folders = (): string[] => [
  ...(process.env.PATH ?? "").split(delimiter),
  "/Applications/Chromium.app/Contents/MacOS",
  "/Applications/Google Chrome.app/Contents/MacOS",
];

/** The path of `CHROMIUM`, or of the first Chromium or Chrome that is installed; `null` without one. */
export function findChromium(): string | null {
  const named = process.env.CHROMIUM;
  if (named !== undefined) return named;
  for (const folder of folders()) {
    for (const command of [...commands, "Chromium", "Google Chrome"]) {
      const file = join(folder, command);
      if (existsSync(file)) return file;
    }
  }
  return null;
}

/** @throws Error if there is no Chromium */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error("there is no Chromium: apt-get install chromium");
  return chromium.launch({
    executablePath,
    args: [
      // Root has no sandbox in a container.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
