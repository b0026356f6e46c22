/** What a call did, and what it must not have done. */
import { inspect, types } from "node:util";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { DynamoDBError } from "../../src/index.js";
import type { ObservedRequest } from "../../src/testing/index.js";
import { canary } from "./junk.js";

export type Outcome =
  | { readonly value: unknown }
  | { readonly error: unknown; readonly thrownAtOnce: boolean };

/** Runs a call to its end; an async iterable to the end of its items. */
export async function outcomeOf(call: () => unknown): Promise<Outcome> {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    return { error, thrownAtOnce: true };
  }
  try {
    const value = types.isPromise(result) ? await result : result;
    if (!isIterable(value)) return { value };
    const items: unknown[] = [];
    for await (const item of value) items.push(item);
    return { value: items };
  } catch (error) {
    return { error, thrownAtOnce: false };
  }
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  try {
    return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
  } catch {
    // A proxy of the caller's that came back.
    return false;
  }
}

/** What is wrong with an error: that it is none of the package's, or that it tells a secret. */
export function faultsOf(error: unknown): string[] {
  if (!isOurs(error)) return [`not an error of this package: ${described(error)}`];
  const shown = {
    message: error.message,
    stack: error.stack ?? "",
    text: String(error),
    json: JSON.stringify(error),
    inspected: inspect(error, { depth: Number.POSITIVE_INFINITY, maxStringLength: null }),
  };
  const faults = Object.entries(shown)
    .filter(([, text]) => text.includes(canary))
    .map(([where, text]) => `${where} tells the canary: ${text.slice(0, 300)}`);
  if (error.message.length > 20_000) faults.push(`a message of ${error.message.length} letters`);
  return faults;
}

export function isOurs(error: unknown): error is DynamoDBError {
  try {
    return error instanceof DynamoDBError;
  } catch {
    return false;
  }
}

function described(error: unknown): string {
  try {
    return inspect(error).slice(0, 1_200);
  } catch {
    return `${typeof error} that cannot be shown`;
  }
}

// ---- Prototypes

const shared: object[] = [
  ...[Object, Array, Function, String, Number, Boolean, BigInt, Symbol, Date, RegExp, Error],
  ...[Map, Set, WeakMap, WeakSet, Promise, Proxy, Reflect, JSON, Math, ArrayBuffer, Uint8Array],
  ...[Buffer, AbortController, AbortSignal, URL],
].flatMap((one) => {
  const { prototype } = one as { prototype?: object };
  return prototype === undefined ? [one] : [one, prototype];
});

/** The properties of what all code shares, one after the other: names, and what is behind them. */
function sharedProperties(): unknown[] {
  const found: unknown[] = [];
  for (const one of shared) {
    for (const name of Reflect.ownKeys(one)) {
      const { value, get, set } = Reflect.getOwnPropertyDescriptor(one, name) ?? {};
      const isReplaceable = typeof value === "function" || typeof value === "object";
      found.push(name, isReplaceable ? value : typeof value, get, set);
    }
  }
  return found;
}

/**
 * Watches what all code shares: what pollutes a prototype changes it.
 * @returns a function that says whether anything was changed since it was last asked
 */
export function watchPrototypes(): () => boolean {
  let before = sharedProperties();
  return () => {
    const now = sharedProperties();
    const isChanged = now.length !== before.length || now.some((one, at) => one !== before[at]);
    before = now;
    return isChanged;
  };
}

// ---- Expressions

/** All that an expression is made of: our own placeholders, positions, operators and functions. */
const token =
  /\s+|[#:]\w+|\[\d+\]|[.,()=+-]|<>|<=|>=|<|>|\b(?:AND|OR|NOT|IN|BETWEEN|SET|REMOVE|ADD|and|begins_with|contains|size|attribute_exists|attribute_not_exists|attribute_type|if_not_exists)\b/gy;

const expressions = [
  "KeyConditionExpression",
  "FilterExpression",
  "ProjectionExpression",
  "ConditionExpression",
  "UpdateExpression",
];

/** What of a request was written into an expression by anyone but the layer. */
export function injectionsOf({ operation, input }: ObservedRequest): string[] {
  const found: string[] = [];
  const visit = (request: unknown) => {
    if (typeof request !== "object" || request === null) return;
    const fields = request as Record<string, unknown>;
    for (const [name, value] of Object.entries(fields)) {
      if (expressions.includes(name))
        found.push(...problemsOf(`${operation} ${name}`, value, fields));
      else if (!isData(name)) visit(value);
    }
  };
  visit(input);
  return found;
}

/** Where a request holds what is stored or compared, not how. */
function isData(name: string): boolean {
  return /^(Key|Keys|Item|ExclusiveStartKey|ExpressionAttribute\w+)$/.test(name);
}

function problemsOf(where: string, text: unknown, request: Record<string, unknown>): string[] {
  if (typeof text !== "string") return [`${where} is not a string`];
  token.lastIndex = 0;
  let end = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text))
    end = token.lastIndex;
  if (end !== text.length) return [`${where}: what is this? ${text.slice(end, end + 100)}`];
  const names = (request.ExpressionAttributeNames ?? {}) as Record<string, unknown>;
  const values = (request.ExpressionAttributeValues ?? {}) as Record<string, never>;
  const problems: string[] = [];
  for (const [used] of text.matchAll(/#\w+/g)) {
    if (typeof names[used] !== "string") problems.push(`${where}: ${used} stands for nothing`);
  }
  for (const [used] of text.matchAll(/:\w+/g)) {
    if (!Object.hasOwn(values, used)) problems.push(`${where}: ${used} stands for nothing`);
  }
  unmarshall(values);
  return problems;
}
