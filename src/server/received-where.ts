/** A `where` callback that a browser sent as data: it is built anew, by the operators of the store. */
import { type SentOperand, type SentWhere, sentWhereOption } from "../browser/sent-where.js";
import type { Operators } from "../conditions/conditions.js";
import type { ValidationIssue } from "../errors/validation-error.js";
import { limits } from "../table/table.js";
import { isPlainMap } from "../values/payload.js";

/** The operators that build a condition. */
const names: readonly string[] = Object.keys({
  eq: true,
  ne: true,
  gt: true,
  gte: true,
  lt: true,
  lte: true,
  between: true,
  in: true,
  begins: true,
  contains: true,
  notContains: true,
  exists: true,
  notExists: true,
  type: true,
} satisfies Record<Exclude<keyof Operators, "path" | "size">, true>);

type Built = Readonly<Record<string, (...given: unknown[]) => unknown>>;

/** What was sent in place of a callback: the options with one, or what is wrong with it. */
export function withReceivedWhere(
  options: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
): { readonly options: Readonly<Record<string, unknown>>; readonly issues: ValidationIssue[] } {
  if (!Object.hasOwn(options, sentWhereOption)) return { options, issues: [] };
  const { [sentWhereOption]: sent, ...rest } = options;
  const refuse = (message: string) => ({ options: rest, issues: [{ path: "where", message }] });
  if (Object.hasOwn(rest, "where")) return refuse("is given twice");
  if (!isSentWhere(sent)) return refuse("is no condition");
  const fields = sent.conditions.flatMap(([, ...operands]) => operands.flatMap(fieldsOf));
  const secret = fields.find((field) => secrets.includes(String(field)));
  if (secret !== undefined) {
    return {
      options: rest,
      issues: [
        { path: `where.${secret}`, message: "is secret: it cannot be compared from outside" },
      ],
    };
  }
  const where = (_: unknown, operators: Built) => {
    for (const [name, ...operands] of sent.conditions) {
      operators[name]?.(...operands.map((operand) => operandOf(operand, operators)));
    }
    // The operators have given each condition the number that it has in the text.
    return sent.text;
  };
  return { options: { ...rest, where }, issues: [] };
}

function isSentWhere(sent: unknown): sent is SentWhere {
  if (!isPlainMap(sent)) return false;
  const { text, conditions } = sent as Partial<SentWhere>;
  return (
    typeof text === "string" &&
    Array.isArray(conditions) &&
    conditions.length <= limits.expressionOperators &&
    conditions.every(
      (one: unknown) =>
        Array.isArray(one) &&
        names.includes(one[0] as string) &&
        one.slice(1).every((operand) => isOperand(operand)),
    )
  );
}

/** Sizes are of paths, and lists of what is neither: nothing lies deeper. */
function isOperand(given: unknown, level = 0): given is SentOperand {
  if (!isPlainMap(given) || Object.keys(given).length !== 1) return false;
  const { p, s, l } = given as { p?: unknown; s?: unknown; l?: unknown };
  if (Array.isArray(p)) return p.length > 0;
  if (s !== undefined) return isPlainMap(s) && "p" in s && isOperand(s);
  if (l !== undefined)
    return level === 0 && Array.isArray(l) && l.every((one) => isOperand(one, 1));
  return "v" in given;
}

function fieldsOf(operand: SentOperand): readonly unknown[] {
  if ("p" in operand) return operand.p.slice(0, 1);
  if ("s" in operand) return fieldsOf(operand.s);
  return "l" in operand ? operand.l.flatMap(fieldsOf) : [];
}

function operandOf(operand: SentOperand, operators: Built): unknown {
  if ("p" in operand) return operators.path?.(...operand.p);
  if ("s" in operand) return operators.size?.(operandOf(operand.s, operators));
  return "l" in operand ? operand.l.map((one) => operandOf(one, operators)) : operand.v;
}
