/** The example application, built with Next.js and started. */
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bin, node, root, type Served, serve } from "../check-package/commands.js";

/** Where packages lie, and the folder above everything that the application imports. */
export interface Place {
  /** The folder that has Next.js and the package in its `node_modules`. */
  readonly installed: string;
  /** The folder above all packages. @default `installed` */
  readonly root?: string;
}

/** Copies the application to where Next.js is installed. @returns its folder */
export function copyExample({ installed, root: top = installed }: Place, name: string): string {
  const folder = join(installed, name);
  rmSync(join(folder, "app"), { recursive: true, force: true });
  cpSync(join(root, "examples", "next"), folder, {
    recursive: true,
    filter: (file) => !/[\\/](?:node_modules|\.next)(?:[\\/]|$)/.test(file),
  });
  const config = { outputFileTracingRoot: top, turbopack: { root: top } };
  writeFileSync(join(folder, "next.config.mjs"), `export default ${JSON.stringify(config)};\n`);
  return folder;
}

/** @throws Error with what the build printed */
export async function buildExample({ installed }: Place, folder: string): Promise<void> {
  try {
    await node([bin(installed, "next"), "build"], { cwd: folder });
  } catch (error) {
    const { message, stdout = "" } = error as Error & { stdout?: string };
    throw new Error(`${message}\n${stdout}`, { cause: error });
  }
}

export interface Application extends Served {
  readonly url: string;
}

/**
 * Starts the application for production.
 * @param port 0 for a free one
 */
export async function startExample(
  { installed }: Place,
  folder: string,
  { env, port = 0 }: { readonly env: Readonly<Record<string, string>>; readonly port?: number },
): Promise<Application> {
  const options = ["--hostname", "127.0.0.1", "--port", String(port)];
  const server = await serve(
    [bin(installed, "next"), "start", ...options],
    { cwd: folder, env },
    /Ready in/,
  );
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(server.output())?.[0];
  if (url === undefined) throw new Error(`the server names no address:\n${server.output()}`);
  return { ...server, url };
}
