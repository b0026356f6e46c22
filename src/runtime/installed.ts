/** Finds packages that may be installed: engines, and optional peers. */
import { createRequire } from "node:module";
import { join } from "node:path";

/** The project in the working directory. */
const requireFromFolder = (): NodeJS.Require => createRequire(join(process.cwd(), "package.json"));

/**
 * Requires from this file. This package's own build to CommonJS, and Jest's transform, replace
 * `import.meta.url`. In an application's bundle to CommonJS it may be undefined (esbuild 0.28), and
 * then only the working directory is left.
 */
function requireFromHere(): NodeJS.Require {
  const url = import.meta.url as string | undefined;
  return url === undefined ? requireFromFolder() : createRequire(url);
}

/**
 * The file of a module that is installed for this package or, failing that, for the project in the
 * working directory; `null` if neither has it. The second place is for linked packages and for
 * engines that are installed in a folder of their own.
 */
export function installed(id: string): string | null {
  for (const from of [requireFromHere, requireFromFolder]) {
    try {
      return from().resolve(id);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return null;
}

/** Loads a CommonJS module from the file that `installed` gave. */
export function load(file: string): unknown {
  return requireFromHere()(file);
}
