/** The doors between a server and a browser, with junk: each call does what its documentation says, or refuses it in the package's words. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import fc from "fast-check";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import * as client from "../../src/browser/index.js";
import { createDataLayer } from "../../src/index.js";
import * as react from "../../src/react/index.js";
import * as legacy from "../../src/react/legacy/index.js";
import * as server from "../../src/server/index.js";
import { tries } from "../properties/arbitraries.js";
import { closedShape, isClosed } from "./entry-points.js";
import { faultsOf, outcomeOf, watchPrototypes } from "./judge.js";
import { anything, listOf, made, numberOf, type Recipe, returning, shape, textOf } from "./junk.js";

/** A data layer of which nothing is sent. */
const data = createDataLayer({ environment: "local", cursorSecret: "x".repeat(32) });
afterAll(() => data.close());

const hub = server.createChangeHub();
const handler = server.createDataHandler({ data, authenticate: () => "u1", live: hub });
const api = client.createDataClient({
  url: "http://127.0.0.1:9/",
  fetch: () => Promise.reject(new TypeError("fetch failed")),
});

type Loose = (...given: unknown[]) => unknown;

/** What hooks return in a component that a server renders. */
function rendered(use: () => unknown, { api: own, userId }: Provided = { api, userId: "u1" }) {
  let result: unknown;
  const Page = () => {
    result = use();
    return null;
  };
  const provider = createElement(
    legacy.LegacyDataProvider,
    { api: own, userId } as legacy.LegacyDataProviderProps,
    createElement(Page),
  );
  renderToString(createElement(QueryClientProvider, { client: new QueryClient() }, provider));
  return result;
}

interface Provided {
  readonly api: unknown;
  readonly userId: unknown;
}

// TanStack Query tells of queries without a function.
beforeAll(() => {
  jest.spyOn(console, "error").mockImplementation(() => undefined);
});
afterAll(() => jest.restoreAllMocks());

const queries = react.createQueries(api) as Readonly<Record<string, Record<string, Loose>>>;
const rawKey = textOf("USER#u1", "USER#u2", "PROFILE", "CONTENT#c1", "CONTENT#", "");
const times = { enablePolling: anything, pollingInterval: numberOf(1, 0), cacheTTL: numberOf(1) };
const isFound = (value: unknown) =>
  ["data", "isLoading", "error", "refetch"].every((name) => name in (value as object));

interface Tried {
  readonly given: readonly fc.Arbitrary<Recipe>[];
  call(...given: never[]): unknown;
  gives(value: unknown): boolean;
}

const id = textOf("c1", "");
const change = shape(
  {
    ...{ entity: textOf("project", "x"), kind: textOf("created", "unreadable", "x") },
    ...{ key: shape({ userId: textOf("u1"), projectId: id }), id: textOf("id-1") },
  },
  { after: shape({ updatedAt: numberOf(1) }), change: textOf("deleted"), data: anything },
);
const isFunction = (value: unknown) => typeof value === "function";

const tried: Readonly<Record<string, Tried>> = {
  createDataHandler: {
    given: [
      closedShape(
        { authenticate: returning(textOf("u1")) },
        {
          expose: shape({}, { project: listOf(textOf("get", "gett")), savedContent: anything }),
          authorize: returning(anything),
          maxLimit: numberOf(1, 0),
          maxReads: numberOf(1, 0),
          origins: listOf(textOf("https://app.example.com", "*")),
          bodyLimit: numberOf(1),
          timeoutMs: numberOf(1, 0),
          rememberMs: numberOf(1),
          onError: returning(anything),
          live: anything,
        },
      ),
    ],
    call: (options: never) => {
      // What is no object, or throws, has no data either.
      try {
        Object.defineProperty(options, "data", { value: data, enumerable: true });
      } catch {
        return server.createDataHandler(options);
      }
      return server.createDataHandler(options);
    },
    gives: (value) => isFunction((value as server.DataHandler<unknown>).GET),
  },
  toNodeListener: {
    given: [
      fc.constant<Recipe>({ is: "undefined" }),
      closedShape({}, { origin: textOf("http://x", "x") }),
    ],
    call: (_: unknown, options: object) => server.toNodeListener(handler, options as never),
    gives: isFunction,
  },
  createChangeHub: {
    given: [
      closedShape(
        {},
        {
          mostPerUser: numberOf(1, 0),
          mostInAll: numberOf(1),
          connectionsPerUser: numberOf(1),
          connectionMs: numberOf(1, 2 ** 31),
        },
      ),
    ],
    call: (options: object) => server.createChangeHub(options),
    gives: (value) => isFunction((value as server.ChangeHub).publish),
  },
  publish: {
    given: [change],
    call: (given: never) => hub.publish(given),
    gives: (value) => value === undefined,
  },
  changeMessage: {
    given: [change],
    call: (given: never) => server.changeMessage(given),
    gives: (value) => {
      const { entity, kind, key, id, updatedAt } = value as server.ChangeMessage;
      return (
        JSON.stringify(value) === JSON.stringify({ entity, kind, key, id, updatedAt }) &&
        kind in { created: 1, updated: 1, deleted: 1, expired: 1 }
      );
    },
  },
  createDataClient: {
    given: [
      closedShape(
        { url: textOf("/api/data", "") },
        {
          fetch: returning(anything),
          headers: returning(anything),
          credentials: textOf("include", "x"),
          timeoutMs: numberOf(1, 0),
          retryMs: numberOf(1, -1),
          keepMs: numberOf(1),
        },
      ),
    ],
    call: (options: never) => client.createDataClient(options),
    gives: isFunction,
  },
  live: {
    given: [returning(anything), closedShape({}, { onState: returning(anything) })],
    call: (listener: never, options: never) => {
      const stop = client.live(api, listener, options);
      stop();
      return stop;
    },
    gives: isFunction,
  },
  callKey: {
    given: [textOf("project"), textOf("get"), listOf(textOf("c1"))],
    call: (store: string, call: string, input: never) => client.callKey(store, call, input),
    gives: (value) => JSON.stringify(value).startsWith("["),
  },
  createQueries: {
    given: [returning(anything)],
    call: (given: never) => react.createQueries(given),
    gives: isFunction,
  },
  "a query": {
    given: [
      ...[textOf("project", "collections", "x"), textOf("get", "query", "listBy", "update", "x")],
      shape({}, { projectId: id, optimistic: anything, limit: numberOf(1), where: anything }),
      anything,
    ],
    // What is no text cannot be a name.
    call: (store: unknown, call: unknown, ...rest: never[]) =>
      queries[typeof store === "string" ? store : "x"]?.[typeof call === "string" ? call : "x"]?.(
        ...rest,
      ),
    gives: (value) => "queryKey" in (value as object) || "mutationKey" in (value as object),
  },
  useLive: {
    given: [
      shape(
        { queryKey: listOf(textOf("data", "project")), queryFn: returning(anything) },
        { initialPageParam: anything },
      ),
      shape({}, { pollMs: numberOf(1, 0, 2 ** 31) }),
    ],
    call: (query: never, options: never) => rendered(() => react.useLive(query, options)),
    gives: (value) => "data" in (value as object),
  },
  useItem: {
    given: [rawKey, rawKey, shape({}, times)],
    call: (pk: never, sk: never, options: never) => rendered(() => legacy.useItem(pk, sk, options)),
    gives: isFound,
  },
  useQuery: {
    given: [
      ...[rawKey, rawKey],
      shape(
        {},
        {
          ...times,
          limit: numberOf(1, 0),
          scanIndexForward: anything,
          filterExpression: textOf("#n = :v", "attribute_exists(#n)", "x"),
          expressionAttributeNames: shape({}, { "#n": textOf("name") }),
          expressionAttributeValues: shape({}, { ":v": anything }),
        },
      ),
    ],
    call: (pk: never, sk: never, config: never) => rendered(() => legacy.useQuery(pk, sk, config)),
    gives: (value) => isFound(value) && "loadMore" in (value as object),
  },
  LegacyDataProvider: {
    given: [returning(anything), textOf("u1")],
    call: (own: unknown, userId: unknown) =>
      rendered(() => legacy.useItem("USER#u1", "PROFILE"), { api: own, userId }),
    gives: isFound,
  },
  isDynamoDBError: {
    given: [anything],
    call: (value: never) => client.isDynamoDBError(value),
    gives: (value) => typeof value === "boolean",
  },
};

test("every function of the doors is tried", () => {
  const all = [server, client, react, legacy].flatMap((door) => Object.entries(door));
  const names = all.filter(([, one]) => typeof one === "function").map(([name]) => name);
  expect([...names, "publish", "a query"].sort()).toEqual(Object.keys(tried).sort());
});

test.each(Object.entries(tried))("%s keeps its promise", async (_, { given, call, gives }) => {
  const mostlyWell = given.map((well) =>
    fc.oneof({ weight: 4, arbitrary: well }, { weight: 1, arbitrary: anything }),
  );
  let taken = 0;
  const isPolluted = watchPrototypes();
  await fc.assert(
    fc.asyncProperty(fc.tuple(...mostlyWell), async (recipes) => {
      const values = recipes.map(made) as never[];
      const outcome = await outcomeOf(() => Reflect.apply(call, undefined, values));
      const wrong: string[] = [];
      if ("error" in outcome) wrong.push(...faultsOf(outcome.error));
      else {
        taken += 1;
        if (!gives(outcome.value)) wrong.push("gave something else");
      }
      if (isPolluted()) wrong.push("changed a prototype");
      expect(wrong).toEqual([]);
    }),
    tries(60),
  );
  expect(taken).toBeGreaterThan(0);
});

test("every one that takes settings refuses one that it does not know", () => {
  const closed = Object.entries(tried).filter(([, { given }]) => given.some(isClosed));
  expect(closed.map(([name]) => name)).toEqual([
    "createDataHandler",
    "toNodeListener",
    "createChangeHub",
    "createDataClient",
    "live",
  ]);
  for (const [, { given, call }] of closed) {
    const nonsense = { url: "/x", authenticate: () => null, nonsense: 1 };
    const values = given.map((one) => (isClosed(one) ? nonsense : () => undefined));
    const { url, authenticate, ...alone } = nonsense;
    const own = call === tried.createDataClient?.call ? { url, nonsense: 1 } : alone;
    const isHandler = call === tried.createDataHandler?.call;
    const settings = isHandler ? { authenticate, nonsense: 1 } : own;
    const all = values.map((value) => (value === nonsense ? settings : value)) as never[];
    expect(() => Reflect.apply(call, undefined, all)).toThrow('"nonsense" is not an option');
  }
});
