/** A folder of this repository in which the example application is built: what `npm run example` uses. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { npm, root } from "../check-package/commands.js";
import { manifest } from "../check-package/packed.js";

const tools = join(root, "scripts", "dev", "check-package", "tools", "next");

const read = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");

/**
 * Installs Next.js, React and TanStack Query, unless they are installed already, and beside them the
 * package as it was built last. What the package depends on is found in this repository's own install.
 * @param told gets a line before something that takes long
 * @returns the folder
 */
export async function installNext(told: (line: string) => void): Promise<string> {
  const folder = join(root, ".cache", "example");
  const lockfile = join(folder, "package-lock.json");
  // npm writes this file when an install has come to its end.
  const isInstalled = existsSync(join(folder, "node_modules", ".package-lock.json"));
  if (!isInstalled || read(lockfile) !== read(join(tools, "package-lock.json"))) {
    told("installing Next.js, once: about 100 MB");
    mkdirSync(folder, { recursive: true });
    cpSync(join(tools, "package.json"), join(folder, "package.json"));
    cpSync(join(tools, "package-lock.json"), lockfile);
    await npm(["ci", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: folder });
  }
  const home = join(folder, "node_modules", manifest.name);
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home);
  cpSync(join(root, "package.json"), join(home, "package.json"));
  cpSync(join(root, "dist"), join(home, "dist"), { recursive: true });
  return folder;
}
