/**
 * The API reference, generated from the declarations that users get: every export with its docstring.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript-6";

/** A page of the reference. */
interface ApiPage {
  readonly title: string;
  readonly description: string;
  /** The declarations of its entry point, relative to the folder of declarations. */
  readonly entry: string;
  readonly kinds: readonly Kind[];
}

type Kind = "Functions" | "Classes" | "Values" | "Types";

const pages: Readonly<Record<string, ApiPage>> = {
  index: {
    title: "bayon-coagent-data",
    description: "Functions and classes of the main entry point.",
    entry: "src/index.d.ts",
    kinds: ["Functions", "Classes", "Values"],
  },
  types: {
    title: "Types",
    description: "Types of the main entry point.",
    entry: "src/index.d.ts",
    kinds: ["Types"],
  },
  testing: {
    title: "bayon-coagent-data/testing",
    description: "Engines, test data layers, fixtures and faults.",
    entry: "src/testing/index.d.ts",
    kinds: ["Functions", "Classes", "Values", "Types"],
  },
  streams: {
    title: "bayon-coagent-data/streams",
    description: "Changes of items, from the table's stream.",
    entry: "src/streams/index.d.ts",
    kinds: ["Functions", "Classes", "Values", "Types"],
  },
  telemetry: {
    title: "bayon-coagent-data/telemetry",
    description: "Spans and metrics of OpenTelemetry.",
    entry: "src/telemetry/index.d.ts",
    kinds: ["Functions", "Classes", "Values", "Types"],
  },
  client: {
    title: "bayon-coagent-data/client",
    description: "The calls of a server's routes, in a browser.",
    entry: "src/browser/index.d.ts",
    kinds: ["Functions", "Classes", "Values", "Types"],
  },
  react: {
    title: "bayon-coagent-data/react",
    description: "Queries and mutations for TanStack Query.",
    entry: "src/react/index.d.ts",
    kinds: ["Functions", "Classes", "Values", "Types"],
  },
  "react-legacy": {
    title: "bayon-coagent-data/react/legacy",
    description: "The hooks of the earlier data layer, by raw keys.",
    entry: "src/react/legacy/index.d.ts",
    kinds: ["Functions", "Types"],
  },
  server: {
    title: "bayon-coagent-data/server",
    description: "Routes by which a browser reaches the data of its user.",
    entry: "src/server/index.d.ts",
    kinds: ["Functions", "Classes", "Values", "Types"],
  },
  infrastructure: {
    title: "bayon-coagent-data/infrastructure",
    description: "The table for tools of infrastructure as code.",
    entry: "services/infrastructure.d.ts",
    kinds: ["Functions", "Types"],
  },
  keys: {
    title: "bayon-coagent-data/keys",
    description: "What a browser may import.",
    entry: "src/server-only.d.ts",
    kinds: ["Functions", "Classes", "Values", "Types"],
  },
};

/**
 * Generates the pages of the reference.
 * @returns each page's Markdown, by its name
 * @throws Error if the sources do not compile
 */
export function apiPages(root: string): Map<string, string> {
  const cache = join(root, ".cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "api-"));
  try {
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const { stdout, status } = spawnSync(
      process.execPath,
      [tsc, "-p", join(root, "tsconfig.build.json"), "--outDir", folder],
      { cwd: root, encoding: "utf8" },
    );
    if (status !== 0) throw new Error(`the sources do not compile:\n${stdout}`);
    const entries = [...new Set(Object.values(pages).map(({ entry }) => join(folder, entry)))];
    const program = ts.createProgram(entries, {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: ["node"],
      skipLibCheck: true,
      noEmit: true,
    });
    return new Map(
      Object.entries(pages).map(([name, page]) => [name, pageOf(program, folder, page)]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Export {
  readonly name: string;
  readonly kind: Kind;
  readonly text: string;
}

function pageOf(program: ts.Program, folder: string, page: ApiPage): string {
  const exports = exportsOf(program, join(folder, page.entry)).filter(({ kind }) =>
    page.kinds.includes(kind),
  );
  const parts = page.kinds.flatMap((kind) => {
    const found = exports.filter((one) => one.kind === kind);
    return found.length === 0
      ? []
      : [`## ${kind}`, ...found.map(({ name, text }) => `### ${name}\n\n${text}`)];
  });
  const head = `---\ndescription: ${page.description}\n---\n\n# ${page.title}\n\n${page.description}`;
  return `${[head, ...parts].join("\n\n")}\n`;
}

/** The exports of an entry point that the package declares itself, sorted by name. */
function exportsOf(program: ts.Program, entry: string): Export[] {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(entry);
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error(`${entry} is no module`);
  const found = checker.getExportsOfModule(module).flatMap((symbol): Export[] => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const declarations = (target.declarations ?? []).filter(
      (one) => !one.getSourceFile().fileName.includes("/node_modules/"),
    );
    const [first] = declarations;
    if (first === undefined) return [];
    const code = declarations.map(codeOf).join("\n");
    const text = `${proseOf(target, checker)}\n\n\`\`\`ts\n${code}\n\`\`\``.trim();
    return [{ name: symbol.name, kind: kindOf(first), text }];
  });
  return found.sort((a, b) => a.name.localeCompare(b.name));
}

function kindOf(declaration: ts.Declaration): Kind {
  if (ts.isFunctionDeclaration(declaration)) return "Functions";
  if (ts.isClassDeclaration(declaration)) return "Classes";
  return ts.isVariableDeclaration(declaration) ? "Values" : "Types";
}

/** A declaration as it is written, with its members' docstrings and without its own. */
function codeOf(declaration: ts.Declaration): string {
  const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  return node
    .getText()
    .replace(/^export (?:declare )?/, "")
    .replaceAll(/^ *(?:private|#private)\b.*;\n/gm, "")
    .replaceAll(/^ {4,}/gm, (indent) => " ".repeat(indent.length / 2));
}

/** The docstring as Markdown, with the contents of its tags. */
function proseOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const tags = symbol.getJsDocTags(checker).map(({ name, text: parts }) => {
    const said = ts.displayPartsToString(parts).replaceAll(/\s+/g, " ").trim();
    return name === "example" ? "" : `- **${name}** ${said}`;
  });
  return escaped([text, tags.filter((tag) => tag !== "").join("\n")].join("\n\n").trim());
}

/** Escapes text outside of code that the site's compiler would take for an element. */
function escaped(markdown: string): string {
  return markdown
    .replaceAll(/\{@link\s+([^}\s|]+)[^}]*\}/g, "`$1`")
    .split(/(```[\s\S]*?```|`[^`\n]*`)/)
    .map((part, index) =>
      index % 2 === 1 ? part : part.replaceAll("<", "&lt;").replaceAll("{{", "&#123;{"),
    )
    .join("");
}
