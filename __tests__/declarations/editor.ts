/** TypeScript's language service over an application, asked as an editor asks it. */
import { join } from "node:path";
import ts from "typescript-5.9";
import type { Application } from "./application.js";

export interface Hover {
  readonly signature: string;
  readonly documentation: string;
  /** Everything that is shown: the signature, the documentation and its tags. */
  readonly shown: string;
}

/** The marks of a text: `/*name*\/` stands before each thing that is hovered over. */
export function marksIn(text: string): string[] {
  return [...text.matchAll(/\/\*([\w ]+)\*\//g)].map(([, name = ""]) => name);
}

export interface Editor {
  readonly service: ts.LanguageService;
  readonly path: string;
  /** What is wrong with the file, or with another of the application's; empty if it compiles. */
  errors(fileName?: string): string[];
  /** The position behind the mark of a name. */
  placeOf(name: string): number;
  hoverOver(name: string): Hover;
}

/**
 * Opens a file of the application, which need not exist on the disk.
 * @param others further files, by their names: what all of them import is read and checked once
 */
export function openEditor(
  { folder }: Application,
  fileName: string,
  text: string,
  others: Readonly<Record<string, string>> = {},
): Editor {
  const path = join(folder, fileName);
  const texts = Object.entries({ [fileName]: text, ...others });
  const service = serviceOf(folder, new Map(texts.map(([name, of]) => [join(folder, name), of])));
  const placeOf = (name: string) => {
    const mark = `/*${name}*/`;
    const at = text.indexOf(mark);
    if (at < 0) throw new Error(`${mark} is not in the text`);
    return at + mark.length;
  };
  const hoverOver = (name: string) => {
    const found = service.getQuickInfoAtPosition(path, placeOf(name));
    if (found === undefined) throw new Error(`nothing is shown of ${name}`);
    const signature = ts.displayPartsToString(found.displayParts);
    const documentation = ts.displayPartsToString(found.documentation);
    const tags = (found.tags ?? []).map((tag) =>
      `@${tag.name} ${ts.displayPartsToString(tag.text)}`.trim(),
    );
    const shown = [signature, documentation, ...tags].filter((part) => part !== "").join("\n");
    return { signature, documentation, shown };
  };
  const errors = (name = fileName) => {
    const file = join(folder, name);
    return [...service.getSyntacticDiagnostics(file), ...service.getSemanticDiagnostics(file)].map(
      ({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"),
    );
  };
  return { service, path, errors, placeOf, hoverOver };
}

function serviceOf(folder: string, texts: ReadonlyMap<string, string>): ts.LanguageService {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2024.d.ts"],
    module: ts.ModuleKind.NodeNext,
    types: ["node"],
    strict: true,
    skipLibCheck: true,
  };
  const read = (file: string) => texts.get(file) ?? ts.sys.readFile(file);
  return ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [...texts.keys()],
    getScriptVersion: () => "1",
    getScriptSnapshot: (file) => {
      const content = read(file);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    getCurrentDirectory: () => folder,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (file) => texts.has(file) || ts.sys.fileExists(file),
    readFile: read,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
    ...(ts.sys.realpath && { realpath: ts.sys.realpath }),
  });
}
