/** The values that an update returns against those that it assigned. */
import { isAbsent, isMap, type Values } from "./answer-members.js";
import { readForm } from "./marshalling.js";

/**
 * An assignment of a value to a path of names. One that computes its value is none, and neither is one
 * into a list: of a list, DynamoDB may return the changed elements alone.
 */
const assignment =
  /(?:^\s*SET\s+|,\s*)(#?\w+(?:\.#?\w+)*)\s*=\s*(:\w+)\b\s*(?=,|$|REMOVE\s|ADD\s|DELETE\s)/gi;

/** What an expression assigns: the segments of a path, and the placeholder of the value. */
type Assignment = readonly [path: readonly string[], value: string];

/** The last expressions: an application has few, and sends them again and again. */
const known = new Map<string, readonly Assignment[]>();
const mostKnown = 200;

function assignmentsOf(expression: string): readonly Assignment[] {
  const before = known.get(expression);
  if (before !== undefined) return before;
  const found = [...expression.matchAll(assignment)].map(
    ([, path = "", value = ""]): Assignment => [path.split("."), value],
  );
  if (known.size >= mostKnown) known.clear();
  known.set(expression, found);
  return found;
}

/**
 * Whether an update's new values, as they were returned, are those that it assigned. A response from
 * before the write has another UpdatedAt, at the least: no two writes of an item have the same one.
 * Compared are texts, numbers, booleans and nulls, and those that a map holds itself. What is nested
 * deeper costs more to compare than it tells.
 * @param input as `attributes` are: both native, or both in DynamoDB's own form
 */
export function areWritten(
  { UpdateExpression, ExpressionAttributeNames, ExpressionAttributeValues }: Values,
  attributes: Values,
): boolean {
  const names = (ExpressionAttributeNames ?? {}) as Readonly<Record<string, string>>;
  const values = (ExpressionAttributeValues ?? {}) as Values;
  for (const [path, placeholder] of assignmentsOf(String(UpdateExpression))) {
    const [top = "", ...fields] = path.map((segment) => names[segment] ?? segment);
    // In DynamoDB's own form a map is in a member of this name, too.
    if (fields.includes("M")) continue;
    let found = attributes[top];
    for (const field of fields) found = memberOf(found, field);
    if (!isWritten(values[placeholder], found)) return false;
  }
  return true;
}

/** A member of a map, which in DynamoDB's own form is held by its type. */
function memberOf(map: unknown, name: string): unknown {
  if (!isMap(map)) return undefined;
  const { M: held } = map;
  return Object.hasOwn(map, name) ? map[name] : isMap(held) ? held[name] : undefined;
}

function isWritten(sent: unknown, found: unknown): boolean {
  if (!isPlainMap(sent)) return isSame(sent, found);
  if (!isMap(found)) return false;
  let members = 0;
  for (const name in sent) {
    if (isLeftOut(sent[name])) continue;
    members += 1;
    const isNumber = name === "N";
    if (!isSame(sent[name], found[name]) && !(isNumber && isSameNumber(sent.N, found.N)))
      return false;
  }
  return Object.keys(found).length === members;
}

function isPlainMap(value: unknown): value is Values {
  if (!isMap(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** What is not stored. */
const isLeftOut = (value: unknown): boolean => value === undefined || typeof value === "function";

/** Whether a value was read as it was sent, as far as that is compared. */
function isSame(sent: unknown, found: unknown): boolean {
  if (sent === found || isLeftOut(sent)) return true;
  if (found === undefined) return false;
  switch (typeof sent) {
    case "string":
      // A client of the application's may store an empty text as null; engines replace half characters.
      return (sent === "" && isAbsent(found)) || (typeof found === "string" && !isWellFormed(sent));
    case "number":
      // Beyond, it is read as a number of another type.
      return !(Math.abs(sent) <= Number.MAX_SAFE_INTEGER) || readForm(found) === sent;
    case "boolean":
      return false;
    default:
      return sent !== null;
  }
}

/** A number's text in DynamoDB's own form: engines write the same number in several ways. */
function isSameNumber(sent: unknown, found: unknown): boolean {
  return typeof found === "string" && Number(sent) === Number(found);
}

/** Whether UTF-8 can hold a text. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
