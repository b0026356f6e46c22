/** A call of the data layer as data: what is shown is what is run. */
import { FilterWhere } from "./filters.js";
import { literalOf, withImports } from "./literal.js";

export interface Call {
  /** In the scope of this user. */
  readonly user?: string | undefined;
  /** The names that lead to the function: `["savedContent", "query"]`. */
  readonly path: readonly string[];
  readonly args: readonly unknown[];
  /** The arguments as they are shown, if they have a secret in them. */
  readonly shownArgs?: readonly unknown[];
  /** What is to be known before the shown call is run. */
  readonly note?: string;
  /** What the call's result is destructured to: `{ items, cursor }`. */
  readonly result?: string;
}

/** A scan of the table for the items of one entity, which ends once it has read so much. */
export interface ScanCall {
  readonly store: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly mostScanned: number;
}

/** The call as TypeScript. */
export function codeOf(call: Call): string {
  const code = withImports(statementOf(call));
  return call.note === undefined ? code : `// ${call.note}\n${code}`;
}

function statementOf({ user, path, args, shownArgs = args, result }: Call): string {
  const from = user === undefined ? "data" : `data.forUser(${JSON.stringify(user)})`;
  const given = withoutTrailing(shownArgs);
  const name = `${from}.${path.join(".")}`;
  const begin = result === undefined ? `await ${name}(` : `const ${result} = await ${name}(`;
  const short = `${begin}${given.map((one) => literalOf(one)).join(", ")});`;
  if (short.length <= 100 && !short.includes("\n")) return short;
  return `${begin}${given.map((one) => literalOf(one, "")).join(", ")});`;
}

export function scanCode({ store, options, mostScanned }: ScanCall): string {
  const lines = [
    "const found = [];",
    `for await (const { items, progress } of data.${store}.scan(${literalOf(options)})) {`,
    "  found.push(...items);",
    `  if (progress.scanned >= ${mostScanned}) break;`,
    "}",
  ];
  return withImports(lines.join("\n"));
}

type AnyCall = (...given: readonly unknown[]) => unknown;

/** Makes the call. */
export async function runCall(data: object, { user, path, args }: Call): Promise<unknown> {
  const scope: unknown =
    user === undefined ? data : (data as { forUser(id: string): object }).forUser(user);
  let owner: unknown = scope;
  let run: unknown = scope;
  for (const name of path) {
    owner = run;
    run = (run as Readonly<Record<string, unknown>>)[name];
  }
  if (typeof run !== "function") throw new TypeError(`${path.join(".")} is no function`);
  return Reflect.apply(run as AnyCall, owner, args.map(givenOf));
}

/** An argument as the call takes it: filters are a callback. */
export function givenOf(argument: unknown): unknown {
  if (typeof argument !== "object" || argument === null) return argument;
  const { where } = argument as { readonly where?: unknown };
  return where instanceof FilterWhere ? { ...argument, where: where.callback() } : argument;
}

/** Options that say nothing are not shown. */
function withoutTrailing(args: readonly unknown[]): readonly unknown[] {
  const last = args.at(-1);
  const isEmpty =
    typeof last === "object" &&
    last !== null &&
    Object.getPrototypeOf(last) === Object.prototype &&
    Object.values(last).every((value) => value === undefined);
  return isEmpty && args.length > 1 ? args.slice(0, -1) : args;
}
