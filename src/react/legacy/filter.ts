/** A filter expression of the earlier data layer as a condition of the stores. */
import { wrongCall } from "../../browser/errors.js";

export interface FilterConfig {
  /** A filter on payloads: `Data.#status = :status`. */
  readonly filterExpression?: string | undefined;
  readonly expressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly expressionAttributeValues?: Readonly<Record<string, unknown>> | undefined;
}

type Operator = (...operands: unknown[]) => string;

/** What a `where` callback gets, of whatever payload. */
type Operators = Readonly<Record<string, Operator>> & {
  path(...segments: string[]): unknown;
  size(path: unknown): unknown;
};

const comparisons: Readonly<Record<string, string>> = {
  "=": "eq",
  "<>": "ne",
  "<": "lt",
  "<=": "lte",
  ">": "gt",
  ">=": "gte",
};

/** The same comparison with its sides exchanged, because a condition of the stores begins with a path. */
const mirrored: Readonly<Record<string, string>> = { "<": ">", "<=": ">=", ">": "<", ">=": "<=" };

const functions: Readonly<Record<string, string>> = {
  begins_with: "begins",
  contains: "contains",
  attribute_exists: "exists",
  attribute_not_exists: "notExists",
};

const operand = String.raw`(?:size\s*\(\s*[\w#.]+\s*\)|[\w#.:]+)`;
const condition = new RegExp(
  [
    String.raw`(?<call>begins_with|contains|attribute_exists|attribute_not_exists)\s*\(\s*(?<of>[\w#.]+)\s*(?:,\s*(?<with>:\w+)\s*)?\)`,
    String.raw`(?<low>${operand})\s+BETWEEN\s+(?<from>:\w+)\s+AND\s+(?<to>:\w+)`,
    String.raw`(?<one>${operand})\s+IN\s*\((?<list>[^)]*)\)`,
    String.raw`(?<left>${operand})\s*(?<sign><>|<=|>=|=|<|>)\s*(?<right>${operand})`,
  ].join("|"),
  "gi",
);

/**
 * The condition of a filter, as a `where` callback; `undefined` without one.
 * @throws ValidationError for an expression that is none on payloads
 */
export function whereOf(
  config: FilterConfig,
): ((data: object, operators: object) => string) | undefined {
  const { filterExpression } = config;
  if (filterExpression === undefined || filterExpression.trim() === "") return undefined;
  return (_, operators) => built(filterExpression, config, operators as Operators);
}

type Groups = Readonly<Record<string, string | undefined>>;

function built(expression: string, config: FilterConfig, operators: Operators): string {
  const { expressionAttributeNames: names = {}, expressionAttributeValues: values = {} } = config;
  const refuse = (message: string) => wrongCall("useQuery", "filterExpression", message);
  const value = (placeholder: string) => {
    if (Object.hasOwn(values, placeholder)) return values[placeholder];
    throw refuse(`names ${placeholder}, which has no value`);
  };
  const path = (text: string) => {
    const [first, ...rest] = text.split(".").map((name) => {
      if (!name.startsWith("#")) return name;
      if (Object.hasOwn(names, name)) return String(names[name]);
      throw refuse(`names ${name}, which has no name`);
    });
    if (first !== "Data" || rest.length === 0) throw refuse("must compare fields of Data");
    return operators.path(...rest);
  };
  const side = (text: string) => {
    const sized = /^size\s*\(\s*([\w#.]+)\s*\)$/i.exec(text)?.[1];
    if (sized !== undefined) return operators.size(path(sized));
    return text.startsWith(":") ? value(text) : path(text);
  };
  const call = (name: string | undefined, ...operands: unknown[]) => {
    const operator = operators[name ?? ""];
    if (operator === undefined) throw refuse("has an operator that there is not");
    return operator(...operands);
  };
  const text = expression.replaceAll(condition, (...match: unknown[]) => {
    const groups = match.at(-1) as Groups;
    const { call: name, of = "", low, from = "", to = "", one, list = "" } = groups;
    if (name !== undefined) {
      const given = groups.with === undefined ? [] : [value(groups.with)];
      return call(functions[name.toLowerCase()], path(of), ...given);
    }
    if (low !== undefined) return call("between", side(low), value(from), value(to));
    if (one !== undefined) {
      return call(
        "in",
        side(one),
        list.split(",").map((each) => value(each.trim())),
      );
    }
    const { left = "", sign = "", right = "" } = groups;
    return left.startsWith(":")
      ? call(comparisons[mirrored[sign] ?? sign], side(right), side(left))
      : call(comparisons[sign], side(left), side(right));
  });
  const rest = text.replaceAll(/\{[^}]*\}|\b(?:AND|OR|NOT)\b|[\s()]/gi, "");
  if (rest !== "") throw refuse("has a form that is not taken: use the new calls");
  return text;
}
