/** The files of the page: all of them are read at the start, so that no request names a file. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ConfigurationError } from "../errors/configuration-error.js";

export interface PageFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

/** The names of the built files, and the paths that they are served under. */
const files = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/explorer.js": ["explorer.js", "text/javascript; charset=utf-8"],
  "/explorer.css": ["explorer.css", "text/css; charset=utf-8"],
  "/icon.svg": ["icon.svg", "image/svg+xml"],
} as const;

/** @throws ConfigurationError if the page was not built */
export async function readPageFiles(folder: URL): Promise<ReadonlyMap<string, PageFile>> {
  const read = Object.entries(files).map(async ([path, [name, type]]) => {
    const body = new Uint8Array(await readFile(new URL(name, folder)));
    return [path, { body, type }] as const;
  });
  try {
    return new Map(await Promise.all(read));
  } catch (error) {
    const message = `the explorer's page is not in ${fileURLToPath(folder)}: build it with npm run build`;
    throw new ConfigurationError({ message, cause: error });
  }
}

/**
 * Headers of every response. The page runs its own script and no other, asks nobody but its own server, and
 * is shown in no frame.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cache-control": "no-store",
};
