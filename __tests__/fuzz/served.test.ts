/** The doors between a server and a browser, with junk: each call does what its documentation says, or refuses it in the package's words. */
import fc from "fast-check";
import * as client from "../../src/browser/index.js";
import { createDataLayer } from "../../src/index.js";
import * as server from "../../src/server/index.js";
import { tries } from "../properties/arbitraries.js";
import { closedShape, isClosed } from "./entry-points.js";
import { faultsOf, outcomeOf, prototypes } from "./judge.js";
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
  isDynamoDBError: {
    given: [anything],
    call: (value: never) => client.isDynamoDBError(value),
    gives: (value) => typeof value === "boolean",
  },
};

test("every function of the two doors is tried", () => {
  const all = [...Object.entries(server), ...Object.entries(client)];
  const names = all.filter(([, one]) => typeof one === "function").map(([name]) => name);
  expect([...names, "publish"].sort()).toEqual(Object.keys(tried).sort());
});

test.each(Object.entries(tried))("%s keeps its promise", async (_, { given, call, gives }) => {
  const mostlyWell = given.map((well) =>
    fc.oneof({ weight: 4, arbitrary: well }, { weight: 1, arbitrary: anything }),
  );
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(fc.tuple(...mostlyWell), async (recipes) => {
      const before = prototypes();
      const values = recipes.map(made) as never[];
      const outcome = await outcomeOf(() => Reflect.apply(call, undefined, values));
      const wrong: string[] = [];
      if ("error" in outcome) wrong.push(...faultsOf(outcome.error));
      else {
        taken += 1;
        if (!gives(outcome.value)) wrong.push("gave something else");
      }
      if (prototypes() !== before) wrong.push("changed a prototype");
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
