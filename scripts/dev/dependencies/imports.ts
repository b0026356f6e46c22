/** Which packages a module imports. */
import { isBuiltin } from "node:module";
import ts from "typescript-5.9";

/**
 * The modules that a source, a built file or a declaration imports, without its own files and Node's. It is
 * read by the compiler's scanner: an import within a text, as of a file that is made, is none.
 */
export function importedIn(text: string): string[] {
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((id) => !id.startsWith(".") && !isBuiltin(id));
}
