/** Values as TypeScript that makes them again. */
import { isBytes } from "../runtime/realms.js";
import { hasExactBrand } from "../values/exact-brand.js";

/** What prints itself: a callback, which no value can stand for. */
export interface Printed {
  code(indent: string): string;
}

const exactCall = "ExactNumber.from(";

/** A line longer than this is broken after each member. */
const mostColumns = 80;

/** The text of a value, broken into lines if it is long. */
export function literalOf(value: unknown, indent = ""): string {
  const short = textOf(value, undefined);
  return short.length + indent.length <= mostColumns && !short.includes("\n")
    ? short
    : textOf(value, indent);
}

/** @param indent `undefined` for one line */
function textOf(value: unknown, indent: string | undefined): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  if (isPrinted(value)) return value.code(indent ?? "");
  if (hasExactBrand(value)) return `${exactCall}${JSON.stringify(value.text)})`;
  if (isBytes(value)) return `Uint8Array.from([${[...value].join(", ")}])`;
  const tag = Object.prototype.toString.call(value);
  if (tag === "[object Date]") return `new Date(${(value as Date).getTime()})`;
  if (tag === "[object Set]") return `new Set(${textOf([...(value as Set<unknown>)], indent)})`;
  const inner = (member: unknown) =>
    indent === undefined ? textOf(member, undefined) : literalOf(member, `${indent}  `);
  if (Array.isArray(value)) return enclosed("[", value.map(inner), "]", indent);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `${nameText(name)}: ${inner(member)}`);
  return enclosed("{", members, "}", indent);
}

/** The code with the import of what its literals need. */
export function withImports(code: string): string {
  return hasExact(code) ? `import { ExactNumber } from "bayon-coagent-data";\n${code}` : code;
}

/** Whether code makes numbers of more digits than JavaScript's have, for which there is a class. */
export const hasExact = (code: string): boolean => code.includes(exactCall);

function isPrinted(value: object): value is Printed {
  return typeof (value as Partial<Printed>).code === "function";
}

/** A name that needs no quotes has none; `__proto__` would not be a member of the object. */
function nameText(name: string): string {
  if (name === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function enclosed(
  open: string,
  members: readonly string[],
  close: string,
  indent: string | undefined,
): string {
  if (members.length === 0) return open + close;
  const space = open === "{" ? " " : "";
  if (indent === undefined) return `${open}${space}${members.join(", ")}${space}${close}`;
  const lines = members.map((member) => `${indent}  ${member},\n`);
  return `${open}\n${lines.join("")}${indent}${close}`;
}
