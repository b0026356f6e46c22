/** A handler on a real table, requests as a browser or an attacker makes them, and what reached the engine. */
import { randomUUID } from "node:crypto";
import type { WireError, WireResult } from "../../src/browser/protocol.js";
import { createDataHandler, type DataHandler } from "../../src/server/index.js";
import { decode, encode } from "../../src/server/wire-values.js";
import type { TestDataLayer } from "../../src/testing/index.js";
import { type Registered, registry } from "../registry.js";

export const cursorSecret = "a secret of at least thirty-two bytes";
export const address = "https://app.example.com/api/data";

/** Everything that a handler can expose of the twelve. */
export const everything = {
  ...Object.fromEntries(registry.map(({ name }) => [name, true])),
  dashboard: true,
  brandAuditPage: true,
  projects: true,
  profiles: true,
  reviews: true,
  oauth: true,
  collections: true,
};

/** The calls of every store, those that write apart. */
export const reads = [
  "get",
  "getOrThrow",
  "query",
  "list",
  "count",
  "queryBy",
  "listBy",
  "countBy",
  "batchGet",
];
export const writes = ["create", "put", "upsert", "update", "delete", "batchPut", "batchDelete"];

/** A session that a header names, as a test's stand-in for a cookie. */
export const session = (request: Request) => request.headers.get("x-test-user");

export function handlerOf(data: unknown, options: object = {}): DataHandler<unknown> {
  return createDataHandler({
    data: data as TestDataLayer,
    authenticate: session,
    expose: everything as never,
    ...options,
  });
}

export interface Call {
  readonly store: string;
  readonly call: string;
  readonly input: readonly unknown[];
  readonly id?: string;
}

export const isWrite = ({ call }: Pick<Call, "call">) =>
  writes.includes(call) ||
  ["deleteAndUnfile", "save", "setPhoto", "deleteById", "remove"].includes(call);

/** The text of a request with these calls, encoded. */
export function textOf(calls: readonly Call[]): string {
  const encoded = calls.map(({ store, call, input, id }) => ({
    store,
    call,
    input: input.map((one) => encode(one, "test", "input")),
    ...(isWrite({ call }) && { id: id ?? randomUUID() }),
  }));
  return JSON.stringify({ v: 1, calls: encoded });
}

export interface Sending {
  readonly user?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: "GET" | "POST";
  readonly signal?: AbortSignal;
}

/** A request as the client makes it: POST unless told otherwise. */
export function requestOf(text: string, { user = "me", headers, method, signal }: Sending = {}) {
  const own = { "x-test-user": user, ...headers };
  if (method === "GET") {
    return new Request(`${address}?q=${encodeURIComponent(text)}`, { headers: own, signal });
  }
  const type = { "content-type": "application/json", origin: "https://app.example.com" };
  return new Request(address, {
    method: "POST",
    body: text,
    headers: { ...type, ...own },
    signal,
  });
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The error of the request as a whole. */
  readonly error?: WireError;
  readonly results: readonly WireResult[];
}

export async function sent(handler: DataHandler<unknown>, request: Request): Promise<Answer> {
  const route = request.method === "GET" ? handler.GET : handler.POST;
  const response = await route(request);
  const text = await response.text();
  const { status, headers } = response;
  const { error, results = [] } = JSON.parse(text) as Partial<Answer>;
  return { status, headers, text, results, ...(error !== undefined && { error }) };
}

/** Sends calls, each with its value or its error. */
export async function called(
  handler: DataHandler<unknown>,
  calls: readonly Call[],
  sending?: Sending,
): Promise<(WireError | { readonly value: unknown })[]> {
  const { results, error } = await sent(handler, requestOf(textOf(calls), sending));
  if (error !== undefined) throw new Error(`the request was refused: ${error.message}`);
  return results.map((result) =>
    "error" in result ? result.error : { value: decode(result.value, "test", "result") },
  );
}

/** The value of one call; fails where it has none. */
export async function valueFrom(
  handler: DataHandler<unknown>,
  call: Call,
  sending?: Sending,
): Promise<unknown> {
  const [result] = await called(handler, [call], sending);
  if (result === undefined || !("value" in result)) throw new Error(JSON.stringify(result));
  return result.value;
}

/** The error of one call; fails where it has none. */
export async function errorOf(
  handler: DataHandler<unknown>,
  call: Call,
  sending?: Sending,
): Promise<WireError> {
  const [result] = await called(handler, [call], sending);
  if (result === undefined || "value" in result) throw new Error("nothing was refused");
  return result;
}

interface Value {
  readonly S?: string;
}

/** The partitions that the requests since the last call named: of items, keys and conditions on keys. */
export function partitionsOf({ wire }: Pick<TestDataLayer, "wire">): string[] {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { KeyConditionExpression, ExpressionAttributeValues } = value as {
      readonly KeyConditionExpression?: string;
      readonly ExpressionAttributeValues?: Readonly<Record<string, Value>>;
    };
    if (KeyConditionExpression !== undefined) {
      const [, operand = ""] = /^\(?#\w+ = (:\w+)/.exec(KeyConditionExpression) ?? [];
      found.add(ExpressionAttributeValues?.[operand]?.S ?? `unread: ${KeyConditionExpression}`);
    }
    for (const [name, member] of Object.entries(value)) {
      if (/^(?:GSI\d+)?PK$/.test(name)) found.add((member as Value).S ?? `unread: ${name}`);
      else visit(member);
    }
  };
  for (const { input } of wire.requests.splice(0)) visit(input);
  return [...found].sort();
}

/** The partitions of one user. */
export const ownPartitions = (user: string) =>
  ["USER", "REVIEW", "OAUTH", "MUTATION"].map((prefix) => `${prefix}#${user}`);

/** Arguments for every call of a store, made of a key, a partition and an item. */
export function argumentsFor(
  { id, dated }: Registered,
  call: string,
  { key, partition, item }: Record<"key" | "partition" | "item", object>,
): unknown[] {
  switch (call) {
    case "query":
    case "list":
    case "count":
      return [partition, {}];
    case "queryBy":
    case "listBy":
    case "countBy":
      return [dated ? "byCreatedAt" : "byReviewId", id === "reviewId" ? key : partition, {}];
    case "batchGet":
    case "batchDelete":
      return [[key]];
    case "batchPut":
      return [[item]];
    case "create":
    case "put":
    case "upsert":
      return [item];
    case "update":
      return [key, { extra: 1 }];
    default:
      return [key];
  }
}
