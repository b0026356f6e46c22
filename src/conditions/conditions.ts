/**
 * Conditions over payload fields. Every path and value gets a placeholder of this package's own:
 * ElectroDB's builder gives one name to a top-level attribute and to a nested one spelt alike
 * (3.9.3: `createdAt` and `data.createdAt` in one call meant one of them twice).
 */
import type { CallContext } from "../errors/context.js";
import { isDynamoDBError } from "../errors/dynamodb-error.js";
import { invalid } from "../errors/validation-error.js";
import { limits } from "../table/table.js";
import type { Given } from "../values/given.js";
import { checkValue, elementsOf, isPlainMap } from "../values/payload.js";
import { atom, type Compiled, joined, readLogic } from "./condition-logic.js";
import { refuseLongCondition } from "./expression.js";
import { type PathSegments, Placeholders } from "./placeholders.js";

/** Those of a condition, and the bytes of its values. */
class ReadPlaceholders extends Placeholders {
  valueBytes = 0;
}

declare const holds: unique symbol;

/** A path to a value of type `T`, for the operators of a `where` callback. */
export interface PathTo<T> {
  readonly [holds]: T;
}

/** A path as the callback gets it: its fields are paths again. */
export type Path<T> = PathTo<T> &
  ([Fields<T>] extends [never]
    ? unknown
    : { readonly [K in keyof Fields<T>]-?: Path<Fields<T>[K]> });

type Fields<T> = Exclude<Extract<T, object>, readonly unknown[]>;

/** The paths of a payload's fields. */
export type PayloadPaths<Data> = { readonly [K in keyof Data]-?: Path<Data[K]> };

/** A condition, to be returned or joined in a text with AND, OR, NOT and parentheses. */
export type Condition = string;

type Comparable<T> = Given<T> | PathTo<T>;

const typeNames = ["S", "N", "BOOL", "NULL", "L", "M", "B", "SS", "NS", "BS"] as const;

/** ElectroDB's operators, over payload paths. */
export interface Operators {
  eq<T>(path: PathTo<T>, value: Comparable<NoInfer<T>> | null): Condition;
  ne<T>(path: PathTo<T>, value: Comparable<NoInfer<T>> | null): Condition;
  gt<T>(path: PathTo<T>, value: Comparable<NoInfer<T>>): Condition;
  gte<T>(path: PathTo<T>, value: Comparable<NoInfer<T>>): Condition;
  lt<T>(path: PathTo<T>, value: Comparable<NoInfer<T>>): Condition;
  lte<T>(path: PathTo<T>, value: Comparable<NoInfer<T>>): Condition;
  /** From `low` to `high`, both included. */
  between<T>(path: PathTo<T>, low: Comparable<NoInfer<T>>, high: Comparable<NoInfer<T>>): Condition;
  /** The text begins with another. */
  begins<T>(path: PathTo<T>, value: string): Condition;
  /** The text holds another, or the list or set holds the value. */
  contains<T>(path: PathTo<T>, value: unknown): Condition;
  notContains<T>(path: PathTo<T>, value: unknown): Condition;
  exists<T>(path: PathTo<T>): Condition;
  notExists<T>(path: PathTo<T>): Condition;
  /** DynamoDB's type of the value: S, N, BOOL, NULL, L, M, B, SS, NS, BS. */
  type<T>(path: PathTo<T>, type: (typeof typeNames)[number]): Condition;
  /** Length of a text in UTF-8 bytes, of a list, map or set in members; to be compared. */
  size<T>(path: PathTo<T>): PathTo<number>;
  /** A path that the payload's type does not name. A number is a position in a list. */
  path<T = unknown>(...segments: [string, ...(string | number)[]]): PathTo<T>;
}

/**
 * Fields to equal (`null` matches null and missing), or a callback that builds a condition:
 * `(data, { eq, gt }) => \`${eq(data.status, "draft")} AND ${gt(data.rating, 3)}\``.
 *
 * Conditions are texts, to be joined in a text: `&&` would give the last alone, which is refused, and
 * `||` the first alone, which nothing can tell. A field that the payload's type does not name is
 * refused by the type alone; `path("name")` asks for one.
 */
export type Where<Data> =
  | { readonly [K in keyof Data]?: Given<Data[K]> | null }
  | ((data: PayloadPaths<Data>, operators: Operators) => Condition);

type Operand = (placeholders: Placeholders) => string;

/**
 * What the paths of a callback stand for. Kept apart from them: a caller who could make an operand
 * of their own would write into the request, its keys included.
 */
const operands = new WeakMap<object, Operand>();

/** A `where` that was read. Each request that it stands in gets it in placeholders of its own. */
export type ReadWhere = (placeholders: Placeholders) => Compiled;

/**
 * Reads `where`, once and for all: what a callback says another time, and what becomes of an object
 * after the call, changes nothing. `undefined` where it asks for nothing.
 * @param encrypted fields that cannot be compared: what is stored of them is different each time
 * @throws ValidationError for what is no condition
 */
export function readWhere(
  where: unknown,
  context: CallContext,
  encrypted: readonly string[] = [],
): ReadWhere | undefined {
  if (where === undefined) return undefined;
  const refuse = (message: string, path = "where") => invalid(context, [{ path, message }]);
  const read = new ReadPlaceholders();
  let condition: Compiled | undefined;
  try {
    condition = compiled(where, read, refuse, encrypted);
  } catch (error) {
    if (isDynamoDBError(error)) throw error;
    throw invalid(context, [{ path: "where", message: "threw, or cannot be read" }], error);
  }
  if (condition === undefined) return undefined;
  const { text, joinedBy } = condition;
  refuseLongCondition(context, "where", text);
  return (own) => ({ text: read.movedTo(own, text), joinedBy });
}

function compiled(
  where: unknown,
  placeholders: ReadPlaceholders,
  refuse: Refuse,
  encrypted: readonly string[],
): Compiled | undefined {
  if (typeof where === "function")
    return compileCallback(where as WhereCallback, placeholders, refuse, encrypted);
  // The fields of anything else, a Map's or a class's, may not be its own: nothing would be asked.
  if (!isPlainMap(where)) throw refuse("must be an object of fields or a callback");
  const fields = Object.keys(where);
  if (fields.length > limits.expressionOperators) throw refuse(tooManyConditions);
  const conditions = fields.map((field) => {
    const value: unknown = (where as Readonly<Record<string, unknown>>)[field];
    // Leaving it out would select everything in place of nothing.
    if (value === undefined)
      throw refuse("must not be undefined (use null for missing)", `where.${field}`);
    if (field === "") throw refuse("must name a field");
    refuseEncrypted([field], encrypted, refuse);
    const path = placeholders.path([field]);
    const equal = atom(`${path} = ${checkedValue(value, placeholders, refuse, `where.${field}`)}`);
    return value === null ? joined("OR", [atom(`attribute_not_exists(${path})`), equal]) : equal;
  });
  return conditions.length === 0 ? undefined : joined("AND", conditions);
}

const tooManyConditions = `makes a condition of more than ${limits.expressionOperators} operators: DynamoDB takes at most ${limits.expressionOperators}`;

const tooManyBytes = `has values of more than ${limits.expressionValueBytes} bytes: DynamoDB takes at most so many`;

/** Characters of what a callback returns: with its blanks and parentheses far more than is sent. */
const mostText = 16 * limits.expressionBytes;

type Refuse = (message: string, path?: string) => Error;

function refuseEncrypted(
  [field]: PathSegments,
  encrypted: readonly string[],
  refuse: Refuse,
): void {
  if (!encrypted.includes(String(field))) return;
  throw refuse("is encrypted: it cannot be compared", `where.${field}`);
}

function checkedValue(
  value: unknown,
  placeholders: ReadPlaceholders,
  refuse: Refuse,
  path: string,
): string {
  const compile = operandOf(value);
  if (compile !== undefined) return compile(placeholders);
  const check = checkValue(value, path);
  const [issue] = check.issues;
  if (issue !== undefined) throw refuse(issue.message, issue.path);
  // Each time anew: one value that stands in many conditions is sent in each of them.
  placeholders.valueBytes += check.bytes;
  if (placeholders.valueBytes > limits.expressionValueBytes) throw refuse(tooManyBytes);
  return placeholders.value(check.value);
}

type WhereCallback = (data: unknown, operators: unknown) => unknown;

function compileCallback(
  where: WhereCallback,
  placeholders: ReadPlaceholders,
  refuse: Refuse,
  encrypted: readonly string[],
): Compiled {
  const conditions: string[] = [];
  let isTooMuch = false;
  /** Asked before anything is read or written for one more: each has an operator at least. */
  const refuseMore = () => {
    isTooMuch ||= conditions.length >= limits.expressionOperators;
    if (isTooMuch) throw refuse(tooManyConditions);
  };
  const built = (condition: string): Condition => {
    refuseMore();
    conditions.push(condition);
    return `{${conditions.length - 1}}`;
  };
  const pathOf = (value: unknown): string => {
    refuseMore();
    const compile = operandOf(value);
    if (compile === undefined) throw refuse("an operator's first argument must be a payload path");
    return compile(placeholders);
  };
  const operandText = (value: unknown) => checkedValue(value, placeholders, refuse, "where");
  const compare = (symbol: string) => (path: unknown, value: unknown) =>
    built(`${pathOf(path)} ${symbol} ${operandText(value)}`);
  const call = (name: string) => (path: unknown, value: unknown) =>
    built(`${name}(${pathOf(path)}, ${operandText(value)})`);

  const check = (segments: PathSegments) => refuseEncrypted(segments, encrypted, refuse);
  const operators = {
    eq: compare("="),
    ne: compare("<>"),
    gt: compare(">"),
    gte: compare(">="),
    lt: compare("<"),
    lte: compare("<="),
    between: (path: unknown, low: unknown, high: unknown) =>
      built(`${pathOf(path)} BETWEEN ${operandText(low)} AND ${operandText(high)}`),
    begins: call("begins_with"),
    contains: call("contains"),
    notContains: (path: unknown, value: unknown) =>
      built(`NOT contains(${pathOf(path)}, ${operandText(value)})`),
    exists: (path: unknown) => built(`attribute_exists(${pathOf(path)})`),
    notExists: (path: unknown) => built(`attribute_not_exists(${pathOf(path)})`),
    type: (path: unknown, type: unknown) => {
      // DynamoDB's own refusal would repeat it.
      if (!typeNames.includes(type as never)) throw refuse(`type must be ${typeNames.join(", ")}`);
      return call("attribute_type")(path, type);
    },
    size: (path: unknown) => asOperand(() => `size(${pathOf(path)})`),
    path: (...segments: (string | number)[]) => {
      return asOperand(pathOperand(segmentsOf(segments, refuse), check));
    },
  };

  const text: unknown = where(pathProxy([], check), operators);
  // Text that is not an operator's result would reach the expression as the caller wrote it.
  if (isTooMuch) throw refuse(tooManyConditions);
  if (typeof text === "string" && text.length > mostText) {
    throw refuse(`must return a text of at most ${mostText} characters`);
  }
  const compiled = typeof text === "string" ? readLogic(text, conditions) : undefined;
  if (compiled === undefined) {
    throw refuse(
      "must return conditions of the given operators, joined by AND, OR, NOT and parentheses",
    );
  }
  const returned = new Set((text as string).match(/\d+/g)?.map(Number));
  if (returned.size < conditions.length) {
    throw refuse(
      "must return each condition that it builds: join them in a text, " +
        "`${eq(…)} AND ${gt(…)}`, because && gives the last of them alone",
    );
  }
  return compiled;
}

/** A path's segments. Refuses one that is none: empty, too deep, a segment that is no name or position. */
export function segmentsOf(path: unknown, refuse: Refuse): PathSegments {
  const segments = elementsOf(path, limits.nestingLevels) ?? [];
  const valid =
    typeof segments[0] === "string" &&
    segments.every(
      (segment: unknown) =>
        (typeof segment === "string" && segment !== "" && segment.isWellFormed()) ||
        (typeof segment === "number" && Number.isSafeInteger(segment) && segment >= 0),
    );
  if (valid) return segments as PathSegments;
  throw refuse("must be a path: a field's name, then names and list positions");
}

function asOperand(compile: Operand, path: object = {}): object {
  operands.set(path, compile);
  return path;
}

function operandOf(value: unknown): Operand | undefined {
  return typeof value === "object" && value !== null ? operands.get(value) : undefined;
}

type CheckPath = (segments: PathSegments) => void;

function pathOperand(segments: PathSegments, check: CheckPath): Operand {
  return (own) => {
    check(segments);
    return own.path(segments);
  };
}

/** Every property is a deeper path; a name of digits is a name, as in the payload. */
function pathProxy(segments: readonly string[], check: CheckPath): object {
  const path = new Proxy(Object.freeze({}), {
    get: (_, property) =>
      typeof property === "string" ? pathProxy([...segments, property], check) : undefined,
  });
  return segments.length === 0 ? path : asOperand(pathOperand(segments, check), path);
}
