/** A `where` callback that a browser sent as data: it is built anew, by the operators of the store. */
import { type SentOperand, type SentWhere, sentWhereOption } from "../browser/sent-where.js";
import type { Operators } from "../conditions/conditions.js";
import type { ValidationIssue } from "../errors/validation-error.js";
import { isBytes } from "../runtime/realms.js";
import { limits } from "../table/table.js";
import { hasExactBrand } from "../values/exact-brand.js";
import { isPlainMap } from "../values/payload.js";
import { isSecretField } from "./secret-fields.js";

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

/** How many characters of a name are shown. */
const mostShown = 80;

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
  const secret = fields.find((field) => isSecretField(field, secrets));
  if (secret !== undefined) {
    return {
      options: rest,
      issues: [
        {
          path: `where.${nameOf(secret)}`,
          message: "is secret: it cannot be compared from outside",
        },
      ],
    };
  }
  const issues = sent.conditions.flatMap((condition) => kindIssues(condition));
  if (issues.length > 0) return { options: rest, issues };
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

const isText = (value: unknown) => typeof value === "string" || isBytes(value);
const isOrdered = (value: unknown) =>
  isText(value) || typeof value === "number" || typeof value === "bigint" || hasExactBrand(value);

const ordered = [isOrdered, "must be compared with a text, a number or bytes"] as const;

/** What an operator's values must be. DynamoDB refuses others without a word about the place. */
const kinds: Readonly<Record<string, readonly [(value: unknown) => boolean, string]>> = {
  ...{ gt: ordered, gte: ordered, lt: ordered, lte: ordered, between: ordered },
  begins: [isText, "must be compared with a text or bytes"],
};

function kindIssues([operator, of, ...values]: SentWhere["conditions"][number]): ValidationIssue[] {
  const kind = Object.hasOwn(kinds, operator) ? kinds[operator] : undefined;
  if (kind === undefined || of === undefined) return [];
  const [isRight, message] = kind;
  const isWrong = values.some((one) => "v" in one && !isRight(one.v));
  return isWrong ? [{ path: ["where", ...fieldsOf(of).map(nameOf)].join("."), message }] : [];
}

/** A field as a message names it. */
function nameOf(field: unknown): string {
  return typeof field === "string" ? field.slice(0, mostShown) : typeof field;
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
