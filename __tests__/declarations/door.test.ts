/** What the package's doors name is exported from them: its users' compilers and editors must name it too. */
import { join } from "node:path";
import ts from "typescript-5.9";
import { type Application, createApplication } from "./application.js";

const doors = [
  ...[
    "index",
    "testing/index",
    "streams/index",
    "server/index",
    "browser/index",
    "react/index",
    "react/legacy/index",
    "telemetry/index",
  ],
  "../services/infrastructure",
];

let application: Application;
let program: ts.Program;
let checker: ts.TypeChecker;

beforeAll(() => {
  application = createApplication("npm");
  program = ts.createProgram(doors.map(door), {
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2024.d.ts"],
    module: ts.ModuleKind.NodeNext,
    types: ["node"],
    strict: true,
    skipLibCheck: true,
    preserveSymlinks: true,
  });
  checker = program.getTypeChecker();
}, 120_000);

afterAll(() => application.remove());

function packageFolder(): string {
  return join(application.folder, "node_modules/bayon-coagent-data");
}

function door(name: string): string {
  return join(packageFolder(), "dist/types/src", `${name}.d.ts`);
}

const declaredBy = (symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

/** Everything that the doors export, and the names that it has there. */
function exports(): Map<ts.Symbol, string> {
  const found = new Map<ts.Symbol, string>();
  for (const name of doors) {
    const file = program.getSourceFile(door(name));
    const module = file === undefined ? undefined : checker.getSymbolAtLocation(file);
    if (module === undefined) throw new Error(`${name} is no module`);
    for (const one of checker.getExportsOfModule(module)) found.set(declaredBy(one), one.name);
  }
  return found;
}

const isOurs = (node: ts.Node): boolean =>
  node.getSourceFile().fileName.startsWith(packageFolder());

/** The name that a type, or a base of one, is written with. */
function nameIn(node: ts.Node): ts.Node | undefined {
  if (ts.isTypeReferenceNode(node)) return node.typeName;
  if (ts.isExpressionWithTypeArguments(node)) return node.expression;
  return ts.isImportTypeNode(node) ? node.qualifier : undefined;
}

/**
 * Whether a compiler can do without the name: an alias that is its file's own is written out where it
 * is met. An interface or a class cannot be, and an alias that several files share is one to be named.
 */
function isWrittenOut(symbol: ts.Symbol): boolean {
  return (symbol.declarations ?? []).every(
    (one) =>
      ts.isTypeAliasDeclaration(one) &&
      !one.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword),
  );
}

/** Each name that an export leads to, and that no door exports, with the export that leads there. */
function unexported(known: ReadonlyMap<ts.Symbol, string>): string[] {
  const missing = new Set<string>();
  const seen = new Set<ts.Symbol>();
  const visit = (symbol: ts.Symbol, from: string) => {
    if (seen.has(symbol)) return;
    seen.add(symbol);
    for (const declaration of symbol.declarations ?? []) walk(declaration, from);
  };
  const walk = (node: ts.Node, from: string): void => {
    const name = nameIn(node);
    const written = name === undefined ? undefined : checker.getSymbolAtLocation(name);
    const symbol = written === undefined ? undefined : declaredBy(written);
    if (name !== undefined && symbol?.declarations === undefined) {
      throw new Error(`${from}: ${name.getText()} leads nowhere`);
    }
    if (symbol?.declarations?.some(isOurs) && !(symbol.flags & ts.SymbolFlags.TypeParameter)) {
      if (!known.has(symbol) && !isWrittenOut(symbol)) missing.add(`${symbol.name} (of ${from})`);
      visit(symbol, known.get(symbol) ?? from);
    }
    ts.forEachChild(node, (child) => walk(child, from));
  };
  for (const [symbol, name] of known) visit(symbol, name);
  return [...missing].sort();
}

test("the names that are looked for are found", () => {
  const known = exports();
  expect(known.size).toBeGreaterThan(150);
  const without = (name: string) =>
    unexported(new Map([...known].filter(([, exported]) => exported !== name)));
  // An interface in a signature, an alias that a constraint names, a base of an interface.
  expect(without("OAuthTokens")).toContain("OAuthTokens (of Pages)");
  expect(without("FieldOf")).not.toEqual([]);
  expect(without("StoreCalls")).not.toEqual([]);
});

test("every name that a public type leads to is exported (SpecOf, OAuthTokens and others were not)", () => {
  expect(unexported(exports())).toEqual([]);
});

test("an option that may be left out may be undefined, under exactOptionalPropertyTypes too", () => {
  // What the package returns, and nobody gives it: a member that is not there is left out.
  const returned = ["BatchResult", "QueryResult", "IamStatement", "RawItem"];
  const strict: string[] = [];
  const look = (node: ts.Node, owner: string): void => {
    if (ts.isPropertySignature(node) && node.questionToken && node.type) {
      // As it is written: without the flag every such member takes undefined.
      const kinds = ts.isUnionTypeNode(node.type) ? node.type.types : [node.type];
      const open = kinds.some(({ kind }) =>
        [
          ts.SyntaxKind.UndefinedKeyword,
          ts.SyntaxKind.NeverKeyword,
          ts.SyntaxKind.UnknownKeyword,
        ].includes(kind),
      );
      if (!open) strict.push(`${owner}.${node.name.getText()}`);
    }
    ts.forEachChild(node, (child) => look(child, owner));
  };
  for (const [symbol, name] of exports()) {
    if (returned.includes(name)) continue;
    for (const declaration of symbol.declarations ?? []) {
      if (isOurs(declaration)) look(declaration, name);
    }
  }
  expect(strict).toEqual([]);
});
