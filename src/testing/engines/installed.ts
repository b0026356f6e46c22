/** Finds engines that may be installed. */
import { createRequire } from "node:module";
import { join } from "node:path";

/** Builds of this file to CommonJS (Jest's transform, the bundler) replace `import.meta.url`. */
const requireFromHere = createRequire(import.meta.url);

/**
 * The file of a module that is installed for this package or, failing that, for the project in the
 * working directory; `null` if neither has it. The second place is for linked packages and for
 * engines that are installed in a folder of their own.
 */
export function installed(id: string): string | null {
  for (const from of [requireFromHere, createRequire(join(process.cwd(), "package.json"))]) {
    try {
      return from.resolve(id);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return null;
}

/** Loads a CommonJS module from the file that `installed` gave. */
export function load(file: string): unknown {
  return requireFromHere(file);
}
