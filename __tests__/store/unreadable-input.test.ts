/** Arguments that change while they are read, that cannot be read, or that have no end. */
import {
  AbortedError,
  ConfigurationError,
  createDataLayer,
  DynamoDBError,
  extractEntityIdFromSK,
  extractUserIdFromPK,
  isRetryableError,
  ValidationError,
  withRetry,
  wrapDynamoDBError,
} from "../../src/index.js";
import { failureOf } from "../open.js";

const sent: { name: string; input: Record<string, unknown> }[] = [];
const data = createDataLayer({
  client: {
    send: async (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
      sent.push({ name: command.constructor.name, input: command.input });
      return {};
    },
  },
});
beforeEach(() => sent.splice(0));

/** The payload of the first item that was sent. */
function dataSent(): unknown {
  const { Item } = (sent[0]?.input ?? {}) as { Item?: { Data?: unknown } };
  return Item?.Data;
}

const key = { userId: "u1", projectId: "p1" };

/** An object whose member is another one each time it is read. */
function changing(name: string, ...values: unknown[]): object {
  let reads = 0;
  const get = () => {
    reads += 1;
    return values[Math.min(reads, values.length) - 1];
  };
  return Object.defineProperty({}, name, { enumerable: true, get });
}

const unreadable: readonly (readonly [string, () => unknown])[] = [
  ["a getter that throws", () => thrower(new Error("mine"))],
  ["a getter that throws nothing", () => thrower(undefined)],
  ["a getter that throws a frozen error", () => thrower(Object.freeze(new Error("mine")))],
  ["a revoked proxy", () => revoked({})],
  ["a revoked list", () => revoked([])],
  ["a proxy of which every trap throws", () => hostile({})],
];

function thrower(thrown: unknown): object {
  const get = () => {
    throw thrown;
  };
  const names = ["userId", "projectId", "data", "limit", "where", "signal", "fields", "set"];
  return Object.defineProperties(
    {},
    Object.fromEntries(names.map((name) => [name, { enumerable: true, get }])),
  );
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function hostile(target: object): object {
  const trap = () => {
    throw undefined;
  };
  const traps = Object.getOwnPropertyNames(Reflect).map((name) => [name, trap]);
  return new Proxy(target, Object.fromEntries(traps));
}

describe("what changes while it is read", () => {
  test("a payload is stored as it was checked", async () => {
    const payload = changing("note", "first", () => "a function", new Date(0));
    await data.project.create({ ...key, data: Object.assign(payload, { name: "n" }) as never });
    expect(dataSent()).toEqual({ id: "p1", name: "n", note: "first" });
  });

  test("an input's payload is read once", async () => {
    const input = changing("data", { name: "first" }, { name: 5 });
    await data.project.create(Object.assign(input, key) as never);
    expect(dataSent()).toMatchObject({ name: "first" });
  });

  test("a change of an update, a value of a condition and a path are those that were checked", async () => {
    const path = Object.defineProperties(["note"], {
      0: Object.getOwnPropertyDescriptor(changing("x", "note", 5), "x") as PropertyDescriptor,
    });
    const where = { name: changing("x", "first", () => "a function") };
    await data.project.update(key, changing("name", "first", 5) as never, {
      set: [[path as never, changing("x", "first", () => "a function")]],
      where: where as never,
    });
    const values = Object.values(sent[0]?.input.ExpressionAttributeValues as object);
    expect(values.filter((value) => value === "first")).toHaveLength(1);
    expect(values.filter((value) => value?.x === "first")).toHaveLength(2);
    const names = Object.values(sent[0]?.input.ExpressionAttributeNames as object);
    expect(names).toContain("note");
  });

  test("a batch writes the elements that were checked", async () => {
    const items = [{ ...key, data: { name: "first" } }];
    const other = { ...key, userId: 5, data: new Date(0) };
    const list = Object.defineProperty(items, 0, {
      ...Object.getOwnPropertyDescriptor(changing("x", items[0], other), "x"),
    });
    await data.project.batchPut(list);
    expect(JSON.stringify(sent)).toContain('"name":"first"');
  });

  test("a set has the members that it has, whatever its class says", async () => {
    class Liar extends Set<string> {
      override *[Symbol.iterator](): SetIterator<string> {
        yield "lie";
      }
      override values(): SetIterator<string> {
        return this[Symbol.iterator]();
      }
    }
    await data.project.create({ ...key, data: { name: "n", ...{ tags: new Liar(["truth"]) } } });
    expect(dataSent()).toMatchObject({ tags: new Set(["truth"]) });
  });

  test("a payload that is a thenable is refused, and nothing is made of it", async () => {
    const name = "then";
    const payload = { name: "n", [name]: (resolve: (value: unknown) => void) => resolve({}) };
    const error = await failureOf(data.project.put({ ...key, data: payload }), ValidationError);
    expect(error.issues).toEqual([{ path: "data.then", message: "must not be a function" }]);
    const promised = data.project.put({ ...key, data: Promise.resolve({ name: "n" }) as never });
    await failureOf(promised, ValidationError);
    expect(sent).toEqual([]);
  });
});

describe.each(unreadable)("%s", (_, make) => {
  const calls: Readonly<Record<string, (value: never) => unknown>> = {
    "a key": (value) => data.project.get(value),
    "options of get": (value) => data.project.get(key, value),
    "a partition": (value) => data.project.query(value),
    "options of query": (value) => data.project.query({ userId: "u1" }, value),
    "an input": (value) => data.project.create(value),
    "a payload": (value) => data.project.put({ ...key, data: value }),
    changes: (value) => data.project.update(key, value),
    "options of update": (value) => data.project.update(key, { name: "n" }, value),
    "options of delete": (value) => data.project.delete(key, value),
    "an element of a batch": (value) => data.project.batchGet([value]),
    "a batch": (value) => data.project.batchPut(value),
    "an operation of a transaction": (value) =>
      data.transaction.write((tx) => [tx.project.create(value)]),
    "the operations of a transaction": (value) => data.transaction.write(() => value),
    "a key of a use case": (value) => data.dashboard(value),
    "options of the dashboard": (value) => data.dashboard({ userId: "u1", agentId: "u1" }, value),
    "options of the brand audit page": (value) =>
      data.brandAuditPage({ userId: "u1", agentId: "u1" }, value),
    "options of recent": (value) => data.collections.recent(value),
    "a profile's key": (value) => data.profiles.save(value, { name: "n" }),
    "agents' ids": (value) => data.reviews.ofAgents(value),
    "a token": (value) => data.oauth.store("u1", undefined, value),
    "options of validToken": (value) => data.oauth.validToken("u1", undefined, value),
    "options of table.create": (value) => data.table.create(value),
    "options of table.delete": (value) => data.table.delete(value),
    "options of table.wait": (value) => data.table.wait(value),
    "options of a scope": (value) => data.forUser("u1").collections.workspace(value),
    "a key of a scope": (value) => data.forUser("u1").projects.deleteAndUnfile(value),
    "a token's user": (value) => data.oauth.get(value),
  };

  test.each(Object.keys(calls))("is refused as %s, by a rejection", async (name) => {
    const result = calls[name]?.(make() as never);
    await failureOf(result as Promise<unknown>, ValidationError);
    expect(sent).toEqual([]);
  });

  test("is refused as an argument of list, at once, and is an issue of check", () => {
    expect(() => data.project.list(make() as never)).toThrow(ValidationError);
    expect(data.project.check(make()).length).toBeGreaterThan(0);
  });

  test("is refused as settings", async () => {
    const settings = Object.defineProperty({}, "retry", { enumerable: true, get: () => make() });
    const options = { maxRetries: make() } as never;
    expect(() => createDataLayer(hostile(settings) as never)).toThrow(ConfigurationError);
    await failureOf(
      withRetry(async () => 1, options),
      ConfigurationError,
    );
  });

  test("is mapped where a client throws it", async () => {
    const client = {
      send: async () => {
        throw make();
      },
    };
    const failing = createDataLayer({ client, retry: { maxRetries: 1, initialDelayMs: 0 } });
    const error = await failureOf(failing.project.get(key), DynamoDBError);
    expect(error).toMatchObject({ operation: "get", entity: "Project" });
    expect(typeof isRetryableError(make())).toBe("boolean");
    expect(wrapDynamoDBError(make())).toBeInstanceOf(DynamoDBError);
    expect(new AbortedError("left", make()).message).toBe("left");
  });
});

describe("what has no end", () => {
  const endless = () => new Array(2 ** 32 - 1) as never;

  test.each<[string, () => unknown]>([
    ["a payload", () => data.project.put({ ...key, data: { name: "n", ...{ list: endless() } } })],
    ["keys", () => data.project.batchGet(endless())],
    ["items", () => data.project.batchPut(endless())],
    ["fields", () => data.project.get(key, { fields: endless() })],
    ["set", () => data.project.update(key, {}, { set: endless() })],
    ["remove", () => data.project.update(key, {}, { remove: endless() })],
    ["a path", () => data.project.update(key, {}, { set: [[endless(), 1]] })],
    ["a path of a condition", () => query((_, op) => op.exists(op.path(...long)))],
    ["agents' ids", () => data.reviews.ofAgents(endless())],
    ["operations", () => data.transaction.write(endless)],
    [
      "a list that says it is long",
      () => {
        const list = new Proxy([1], {
          get: (own, name) => (name === "length" ? 2 ** 53 : Reflect.get(own, 0)),
        });
        return data.project.put({ ...key, data: { name: "n", ...{ list } } });
      },
    ],
  ])("is refused as %s: not all of it is looked at", async (_, call) => {
    const error = await failureOf(call() as Promise<unknown>, ValidationError);
    expect(error.message.length).toBeLessThan(5_000);
    expect(sent).toEqual([]);
  });

  const long = Array.from({ length: 33 }, () => "a") as unknown as [string];
  type Where = (
    data: Record<string, never>,
    operators: { exists(path: unknown): string; path(...segments: string[]): unknown },
  ) => string;
  const query = (where: Where) => data.project.query({ userId: "u1" }, { where: where as never });

  test("a condition in 50,000 parentheses is refused, and does not take the stack", async () => {
    const nested = (open: string, close: string) =>
      query((own, op) => `${open.repeat(50_000)}${op.exists(own.name)}${close.repeat(50_000)}`);
    await failureOf(nested("(", ")"), ValidationError);
    await failureOf(nested("NOT ", ""), ValidationError);
    await query((own, op) => `${"(".repeat(100)}${op.exists(own.name)}${")".repeat(100)}`);
    expect(sent).toMatchObject([{ input: { FilterExpression: "attribute_exists(#2.#3)" } }]);
  });
});

test("a hole among fields is no field", async () => {
  // biome-ignore lint/suspicious/noSparseArray: it is what is wanted.
  const fields = [, "name"] as never;
  await failureOf(data.project.get(key, { fields }), ValidationError);
  expect(sent).toEqual([]);
});

test("what a condition's callback throws is the cause of a ValidationError", async () => {
  const thrown = new Error("mine");
  const where = () => {
    throw thrown;
  };
  const error = await failureOf(data.project.query({ userId: "u1" }, { where }), ValidationError);
  expect(error.cause).toBe(thrown);
  expect(error.issues).toEqual([{ path: "where", message: "threw, or cannot be read" }]);
});

test("what a transaction's callback throws is thrown as it is", async () => {
  const thrown = new Error("mine");
  const write = data.transaction.write(() => {
    throw thrown;
  });
  await expect(write).rejects.toBe(thrown);
});

test("the inverses of the key functions give null for what is no text", () => {
  for (const value of [undefined, null, 5, {}, ["USER#u1"], Symbol("x")]) {
    expect(extractUserIdFromPK(value as never)).toBeNull();
    expect(extractEntityIdFromSK(value as never)).toBeNull();
  }
});

test.each([
  ["no function", 5, {}],
  ["a signal that is none", async () => 1, { signal: {} }],
  ["a listener that is no function", async () => 1, { onRetry: 5 }],
])("withRetry refuses %s", async (_, fn, options) => {
  await failureOf(withRetry(fn as never, options as never), ConfigurationError);
});
