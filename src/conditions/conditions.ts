/**
 * Conditions on payload fields. This package makes its own placeholders for paths and values,
 * because ElectroDB's builder gives the same name to a top-level attribute and to a nested one of
 * that name (3.9.3: `createdAt` and `data.createdAt` in one call meant one of them twice).
 */
import type { CallContext } from "../errors/context.js";
import { isDynamoDBError } from "../errors/dynamodb-error.js";
import { invalidAt } from "../errors/validation-error.js";
import { limits } from "../table/table.js";
import type { Given } from "../values/given.js";
import { checkValue, elementsOf, isPlainMap } from "../values/payload.js";
import { atom, type Compiled, joined, readLogic } from "./condition-logic.js";
import { refuseLongCondition } from "./expression.js";
import { inText, isOneOf, listIn, type OneOf } from "./one-of.js";
import { type PathSegments, Placeholders } from "./placeholders.js";

/** The placeholders of a condition, which together hold no more than DynamoDB takes. */
class ReadPlaceholders extends Placeholders {
  readonly #refuse: Refuse;
  #bytes = 0;

  constructor(refuse: Refuse) {
    super();
    this.#refuse = refuse;
  }

  override name(attributeName: string): string {
    const before = this.nameCount;
    const placeholder = super.name(attributeName);
    if (this.nameCount > before) this.take(attributeName.length);
    return placeholder;
  }

  /** @throws ValidationError once they hold too many bytes */
  take(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > limits.expressionValueBytes) throw this.#refuse(tooManyBytes);
  }
}

declare const holds: unique symbol;

/** A path to a value of type `T`, for the operators of a `where` callback. */
export interface PathTo<T> {
  readonly [holds]: T;
}

/** A path as the callback gets it. Its fields are paths, too. */
export type Path<T> = PathTo<T> &
  ([Fields<T>] extends [never]
    ? unknown
    : { readonly [K in keyof Fields<T>]-?: Path<Fields<T>[K]> });

type Fields<T> = Exclude<Extract<T, object>, readonly unknown[]>;

/** The paths of a payload's fields. */
export type PayloadPaths<Data> = { readonly [K in keyof Data]-?: Path<Data[K]> };

/**
 * A condition, to be returned, or to be joined with others in a text by AND, OR, NOT and parentheses.
 */
export type Condition = string;

type Comparable<T> = Given<T> | PathTo<T>;

const typeNames = ["S", "N", "BOOL", "NULL", "L", "M", "B", "SS", "NS", "BS"] as const;

/** ElectroDB's operators, for payload paths. */
export interface Operators {
  eq<T>(path: PathTo<T>, value: Comparable<NoInfer<T>> | null): Condition;
  ne<T>(path: PathTo<T>, value: Comparable<NoInfer<T>> | null): Condition;
  gt<T>(path: PathTo<T>, value: Comparable<NoInfer<T>>): Condition;
  gte<T>(path: PathTo<T>, value: Comparable<NoInfer<T>>): Condition;
  lt<T>(path: PathTo<T>, value: Comparable<NoInfer<T>>): Condition;
  lte<T>(path: PathTo<T>, value: Comparable<NoInfer<T>>): Condition;
  /** The value is from `low` to `high`, inclusive. */
  between<T>(path: PathTo<T>, low: Comparable<NoInfer<T>>, high: Comparable<NoInfer<T>>): Condition;
  /** The value equals one of 1 to 100 values. Destructured under another name: `{ in: isIn }`. */
  in<T>(path: PathTo<T>, values: readonly (Comparable<NoInfer<T>> | null)[]): Condition;
  /** The text begins with `value`. */
  begins<T>(path: PathTo<T>, value: string): Condition;
  /** The text, list or set contains `value`. */
  contains<T>(path: PathTo<T>, value: unknown): Condition;
  notContains<T>(path: PathTo<T>, value: unknown): Condition;
  exists<T>(path: PathTo<T>): Condition;
  notExists<T>(path: PathTo<T>): Condition;
  /** The value has this DynamoDB type: S, N, BOOL, NULL, L, M, B, SS, NS or BS. */
  type<T>(path: PathTo<T>, type: (typeof typeNames)[number]): Condition;
  /** The size of a value, to be compared: UTF-8 bytes of a text, members of a list, map or set. */
  size<T>(path: PathTo<T>): PathTo<number>;
  /** A path that is not in the payload's type. A number is a position in a list. */
  path<T = unknown>(...segments: [string, ...(string | number)[]]): PathTo<T>;
}

/**
 * Fields and the values that they must equal (`null` matches null and missing; `{ in: ["a", "b"] }` any of
 * 1 to 100 values), or a callback that builds a condition:
 * `(data, { eq, gt }) => \`${eq(data.status, "draft")} AND ${gt(data.rating, 3)}\``.
 *
 * Conditions are strings; join them in a string, as above. `a && b` is only `b`, which is refused.
 * `a || b` is only `a`, which cannot be detected. A field that is not in the payload's type is a
 * type error only; `path("name")` selects such a field.
 */
export type Where<Data> =
  | { readonly [K in keyof Data]?: Given<Data[K]> | OneOf<Data[K]> | null }
  | ((data: PayloadPaths<Data>, operators: Operators) => Condition);

type Operand = (placeholders: Placeholders) => string;

/**
 * The operands that a callback's paths stand for. They are kept outside the paths: a caller who
 * could make an operand could write anything into the request, including its keys.
 */
const operands = new WeakMap<object, Operand>();

/** A `where` that was read. Each request gets the condition with the request's own placeholders. */
export type ReadWhere = (placeholders: Placeholders) => Compiled;

/**
 * Reads `where` only once: another result of the callback, or a later change of the object, has no
 * effect.
 * @returns `undefined` if `where` contains no condition
 * @param encrypted fields that cannot be compared, because each encryption stores a different text
 * @throws ValidationError if `where` is not a condition
 */
export function readWhere(
  where: unknown,
  context: CallContext,
  encrypted: readonly string[] = [],
): ReadWhere | undefined {
  if (where === undefined) return undefined;
  const refuse = (message: string, path = "where") => invalidAt(context, path, message);
  const read = new ReadPlaceholders(refuse);
  let condition: Compiled | undefined;
  try {
    condition = compiled(where, read, refuse, encrypted);
  } catch (error) {
    if (isDynamoDBError(error)) throw error;
    throw invalidAt(context, "where", "threw, or cannot be read", error);
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
  // Other values, such as a Map or a class instance, may have no fields of their own. The condition
  // would then be empty.
  if (!isPlainMap(where)) throw refuse("must be an object of fields or a callback");
  const fields = Object.keys(where);
  if (fields.length > limits.expressionOperators) throw refuse(tooManyConditions);
  const conditions = fields.map((field) => {
    const value: unknown = (where as Readonly<Record<string, unknown>>)[field];
    // Leaving the field out would select everything instead of nothing.
    if (value === undefined)
      throw refuse("must not be undefined (use null for missing)", `where.${field}`);
    if (field === "") throw refuse("must name a field");
    refuseEncrypted([field], encrypted, refuse);
    const path = placeholders.path([field]);
    const several = listIn(value);
    if (several !== undefined) {
      const operand = operandsOf(placeholders, refuse);
      return isOneOf(path, several.list, { at: `where.${field}.in`, operand, refuse });
    }
    const equal = atom(`${path} = ${checkedValue(value, placeholders, refuse, `where.${field}`)}`);
    return value === null ? joined("OR", [atom(`attribute_not_exists(${path})`), equal]) : equal;
  });
  return conditions.length === 0 ? undefined : joined("AND", conditions);
}

const tooManyConditions = `makes a condition of more than ${limits.expressionOperators} operators: DynamoDB takes at most ${limits.expressionOperators}`;

const tooManyBytes = `has more than ${limits.expressionValueBytes} bytes of names and values: DynamoDB takes no more`;

/**
 * The most characters that a callback may return: far more than is sent, so there is room for
 * blanks and redundant parentheses.
 */
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

/** Makes the operands of one condition: of equal texts, numbers and booleans, only one is sent. */
function operandsOf(placeholders: ReadPlaceholders, refuse: Refuse) {
  const sent = new Map<unknown, string>();
  return (value: unknown, path: string) => checkedValue(value, placeholders, refuse, path, sent);
}

/** @param sent the operands of values that have one already */
function checkedValue(
  value: unknown,
  placeholders: ReadPlaceholders,
  refuse: Refuse,
  path: string,
  sent?: Map<unknown, string>,
): string {
  const compile = operandOf(value);
  if (compile !== undefined) return compile(placeholders);
  const check = checkValue(value, path);
  const [issue] = check.issues;
  if (issue !== undefined) throw refuse(issue.message, issue.path);
  const known = sent?.get(check.value);
  if (known !== undefined) return known;
  // A value that is used in several conditions is sent, and counted, once for each of them.
  placeholders.take(check.bytes);
  const operand = placeholders.value(check.value);
  sent?.set(check.value, operand);
  return operand;
}

type WhereCallback = (data: unknown, operators: unknown) => unknown;

/** The conditions that a callback has built. */
interface Built {
  readonly conditions: string[];
  /** Whether it has tried to build more than DynamoDB takes: also a callback that catches the refusal is refused. */
  isTooMuch: boolean;
}

function compileCallback(
  where: WhereCallback,
  placeholders: ReadPlaceholders,
  refuse: Refuse,
  encrypted: readonly string[],
): Compiled {
  const built: Built = { conditions: [], isTooMuch: false };
  const check = (segments: PathSegments) => refuseEncrypted(segments, encrypted, refuse);
  const operators = operatorsOf(built, placeholders, refuse, check);

  const text: unknown = where(pathProxy([], check), operators);
  // Any text that is not an operator's result would reach the expression unchecked.
  if (built.isTooMuch) throw refuse(tooManyConditions);
  if (typeof text === "string" && text.length > mostText) {
    throw refuse(`must return a string of at most ${mostText} characters`);
  }
  const compiled = typeof text === "string" ? readLogic(text, built.conditions) : undefined;
  if (compiled === undefined) {
    throw refuse(
      "must return conditions of the given operators, joined by AND, OR, NOT and parentheses",
    );
  }
  const { conditions } = built;
  const returned = new Set((text as string).match(/\d+/g)?.map(Number));
  if (returned.size < conditions.length) {
    throw refuse(
      "must return each condition that it builds: join them in one string, " +
        "`${eq(…)} AND ${gt(…)}`, because && gives the last of them alone",
    );
  }
  return compiled;
}

/** DynamoDB's own message would repeat the given value. */
function typeName(type: unknown, refuse: Refuse): unknown {
  if (typeNames.includes(type as never)) return type;
  throw refuse(`type must be ${typeNames.join(", ")}`);
}

/** How the operators of one callback write what they are given. */
function writerOf(all: Built, placeholders: ReadPlaceholders, refuse: Refuse) {
  /** Called before each further condition is built. A condition has at least one operator. */
  const refuseMore = () => {
    all.isTooMuch ||= all.conditions.length >= limits.expressionOperators;
    if (all.isTooMuch) throw refuse(tooManyConditions);
  };
  /** Keeps a condition, and returns the text that stands for it. */
  const built = (condition: string): Condition => {
    refuseMore();
    all.conditions.push(condition);
    return `{${all.conditions.length - 1}}`;
  };
  const pathOf = (value: unknown): string => {
    refuseMore();
    const compile = operandOf(value);
    if (compile === undefined) throw refuse("an operator's first argument must be a payload path");
    return compile(placeholders);
  };
  const operandText = (value: unknown) => checkedValue(value, placeholders, refuse, "where");
  return { built, pathOf, operandText };
}

/** The operators of one callback. Each builds a condition, and returns the text that stands for it. */
function operatorsOf(
  all: Built,
  placeholders: ReadPlaceholders,
  refuse: Refuse,
  check: (segments: PathSegments) => void,
): object {
  const { built, pathOf, operandText } = writerOf(all, placeholders, refuse);
  const compare = (symbol: string) => (path: unknown, value: unknown) =>
    built(`${pathOf(path)} ${symbol} ${operandText(value)}`);
  const call = (name: string) => (path: unknown, value: unknown) =>
    built(`${name}(${pathOf(path)}, ${operandText(value)})`);
  return {
    eq: compare("="),
    ne: compare("<>"),
    gt: compare(">"),
    gte: compare(">="),
    lt: compare("<"),
    lte: compare("<="),
    between: (path: unknown, low: unknown, high: unknown) =>
      built(`${pathOf(path)} BETWEEN ${operandText(low)} AND ${operandText(high)}`),
    in: (path: unknown, values: unknown) =>
      built(
        inText(pathOf(path), values, {
          at: "where.in",
          operand: operandsOf(placeholders, refuse),
          refuse,
        }),
      ),
    begins: call("begins_with"),
    contains: call("contains"),
    notContains: (path: unknown, value: unknown) =>
      built(`NOT contains(${pathOf(path)}, ${operandText(value)})`),
    exists: (path: unknown) => built(`attribute_exists(${pathOf(path)})`),
    notExists: (path: unknown) => built(`attribute_not_exists(${pathOf(path)})`),
    type: (path: unknown, type: unknown) => call("attribute_type")(path, typeName(type, refuse)),
    size: (path: unknown) => asOperand(() => `size(${pathOf(path)})`),
    path: (...segments: (string | number)[]) =>
      asOperand(pathOperand(segmentsOf(segments, refuse), check)),
  };
}

/**
 * Checks a path's segments. Refuses an empty or too deep path, and a segment that is neither a name
 * nor a position.
 */
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

/**
 * Makes a path whose properties are the paths below it. A property of digits is a name, as in the
 * payload.
 */
function pathProxy(segments: readonly string[], check: CheckPath): object {
  const path = new Proxy(Object.freeze({}), {
    get: (_, property) =>
      typeof property === "string" ? pathProxy([...segments, property], check) : undefined,
  });
  return segments.length === 0 ? path : asOperand(pathOperand(segments, check), path);
}
