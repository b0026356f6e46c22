/** Values in HCL, the language of Terraform. */
import { Expression } from "./expression.js";

/** A text in quotes, in which Terraform replaces nothing. */
export function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(/([$%])\{/g, (_, sign: string) => `${sign}${sign}{`);
}

/** A value as an expression: an object with one member a line, a list with one element a line. */
export function hclOf(value: unknown, indent = ""): string {
  if (value instanceof Expression) return value.text;
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object" || value === null) return String(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    // One short element stands on the line.
    if (value.length < 2 && value.every(isFlat))
      return `[${value.map((one) => hclOf(one)).join("")}]`;
    const elements = value.map((one) => `${inner}${hclOf(one, inner)},\n`);
    return `[\n${elements.join("")}${indent}]`;
  }
  const members = Object.entries(value).filter(([, one]) => one !== undefined);
  if (members.length === 0) return "{}";
  // An object's names are in quotes if they are no identifiers: ForAllValues:StringEquals.
  const names = members.map(([name]) => (/^[A-Za-z_]\w*$/.test(name) ? name : quoted(name)));
  return `{\n${aligned(inner, names, (at) => hclOf(members[at]?.[1], inner))}${indent}}`;
}

function isFlat(value: unknown): boolean {
  return typeof value !== "object" || value === null || value instanceof Expression;
}

/** Lines `name = value`, with the signs below each other as `terraform fmt` has them. */
export function aligned(
  indent: string,
  names: readonly string[],
  valueAt: (index: number) => string,
): string {
  const values = names.map((_, index) => valueAt(index));
  const widths = widthsOf(names, values);
  return names
    .map((name, at) => `${indent}${name.padEnd(widths[at] ?? 0)} = ${values[at]}\n`)
    .join("");
}

/** `terraform fmt` aligns neighbours; a value of several lines ends a row of them. */
function widthsOf(names: readonly string[], values: readonly string[]): number[] {
  const widths: number[] = [];
  let from = 0;
  const close = (to: number) => {
    const width = Math.max(0, ...names.slice(from, to).map((name) => name.length));
    for (let at = from; at < to; at += 1) widths[at] = width;
    from = to;
  };
  values.forEach((value, at) => {
    if (!value.includes("\n")) return;
    close(at);
    widths[at] = names[at]?.length ?? 0;
    from = at + 1;
  });
  close(names.length);
  return widths;
}

/** A block's body: attributes, and the blocks in it after an empty line each. */
export interface Body {
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly blocks?: readonly (readonly [head: string, body: Body])[];
}

/** A block: `resource "aws_dynamodb_table" "table" { … }`. */
export function block(head: string, { attributes = {}, blocks = [] }: Body, indent = ""): string {
  const inner = `${indent}  `;
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined);
  const lines = aligned(
    inner,
    given.map(([name]) => name),
    (at) => hclOf(given[at]?.[1], inner),
  );
  const nested = blocks.map(([name, body]) => block(name, body, inner));
  return `${indent}${head} {\n${[...(lines === "" ? [] : [lines]), ...nested].join("\n")}${indent}}\n`;
}
