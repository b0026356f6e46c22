/**
 * Two copies of the package in one process, as an application has them that loads the CommonJS and the
 * ES module form, or two versions in a monorepo.
 */
import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import type * as ElectroDB from "electrodb";
import { definitions } from "../../services/entities.js";
import * as own from "../../src/index.js";
import { engines } from "../engines.js";
import { type Opened, openTable } from "../open.js";

type Door = typeof own;
type ErrorName = keyof typeof examples & keyof Door;

const foreign = secondCopy();

function secondCopy(): Door {
  let copy: Door | undefined;
  jest.isolateModules(() => {
    copy = jest.requireActual<Door>("../../src/index.js");
  });
  if (copy === undefined || copy.DynamoDBError === own.DynamoDBError) {
    throw new Error("the second copy is not one");
  }
  return copy;
}

/** An error of each class, with all that it may carry. */
const examples = {
  DynamoDBError: ({ DynamoDBError }: Door) => new DynamoDBError("m", "C", 500, true),
  ItemNotFoundError: ({ ItemNotFoundError }: Door) => new ItemNotFoundError("PK", "SK"),
  ConditionalCheckFailedError: ({ ConditionalCheckFailedError }: Door) =>
    new ConditionalCheckFailedError("m", undefined, { PK: "was there" }),
  ThroughputExceededError: ({ ThroughputExceededError }: Door) => new ThroughputExceededError(),
  ValidationError: ({ ValidationError }: Door) =>
    new ValidationError("m", undefined, [{ path: "data.name", message: "is missing" }]),
  TransactionCanceledError: ({ TransactionCanceledError }: Door) =>
    new TransactionCanceledError("m", undefined, [
      {
        index: 1,
        operation: "update",
        entity: "Project",
        key: "userId=u1",
        code: "ConditionalCheckFailed",
        message: "no",
      },
    ]),
  UnprocessedItemsError: ({ UnprocessedItemsError }: Door) =>
    new UnprocessedItemsError("m", [{ contentId: "c1" }], 24),
  ConfigurationError: ({ ConfigurationError }: Door) => new ConfigurationError("m"),
  DecryptionError: ({ DecryptionError }: Door) => new DecryptionError("m", "accessToken", "key-1"),
  TimeoutError: ({ TimeoutError }: Door) => new TimeoutError(),
  AbortedError: ({ AbortedError }: Door) => new AbortedError(),
};
const names = Object.keys(examples) as ErrorName[];
const classOf = (door: Door, name: ErrorName) =>
  door[name] as unknown as new (
    ...given: never[]
  ) => Error;

test("the examples are all of the package's errors", () => {
  const exported = Object.entries(own).filter(
    ([, value]) => typeof value === "function" && value.prototype instanceof Error,
  );
  expect(exported.map(([name]) => name).sort()).toEqual([...names].sort());
});

test.each(names)("a %s of another version of the package is known by the name on it", (name) => {
  // The name is a contract between versions, whose classes may differ in all else.
  const named = (of: object, kind: string) =>
    Object.defineProperty(of, Symbol.for("bayon-coagent-data.errorKind"), { value: kind });
  class Base extends Error {}
  class OfOtherVersion extends Base {}
  named(Base.prototype, "DynamoDBError");
  if (name !== "DynamoDBError") named(OfOtherVersion.prototype, name);
  const error = new OfOtherVersion("m");
  for (const other of names) {
    const expected = other === name || other === "DynamoDBError";
    expect([other, error instanceof classOf(own, other)]).toEqual([other, expected]);
  }
});

describe.each(names)("%s of another copy", (name) => {
  const error = examples[name](foreign);

  test("is an instance of its class, of those above it and of no other (instanceof was false)", () => {
    expect(error).not.toBe(examples[name](own));
    expect(Object.getPrototypeOf(error)).not.toBe(classOf(own, name).prototype);
    for (const other of names) {
      const expected = other === name || other === "DynamoDBError";
      expect([other, error instanceof classOf(own, other)]).toEqual([other, expected]);
      expect([other, examples[name](own) instanceof classOf(foreign, other)]).toEqual([
        other,
        expected,
      ]);
    }
    expect(own.isDynamoDBError(error)).toBe(true);
  });

  test("stays as it is when it is wrapped (issues, items and reasons were dropped)", () => {
    const before = inspect(error, { depth: 9, showHidden: true });
    const wrapped = own.wrapDynamoDBError(error);
    expect(wrapped).toBe(error);
    expect(inspect(wrapped, { depth: 9, showHidden: true })).toBe(before);
    expect(own.isRetryableError(error)).toBe(error.retryable);
  });

  test("keeps its fields as the cause of one of this copy's", () => {
    expect(inspect(new own.DynamoDBError("above", "C", 400, false, error))).toContain(
      `code: '${error.code}'`,
    );
  });
});

describe("instanceof", () => {
  class Mine extends own.DynamoDBError {}
  class MyNotFound extends own.ItemNotFoundError {}
  class Theirs extends foreign.ItemNotFoundError {}

  test("of a class of the application's knows its own instances alone", () => {
    expect(new Mine("m")).toBeInstanceOf(Mine);
    expect(new Mine("m")).toBeInstanceOf(own.DynamoDBError);
    expect(new own.DynamoDBError("m") instanceof Mine).toBe(false);
    expect(new foreign.DynamoDBError("m") instanceof Mine).toBe(false);
    expect(new Theirs("a", "b") instanceof MyNotFound).toBe(false);
    expect(new Mine("m") instanceof MyNotFound).toBe(false);
  });

  test("knows an error of a class below one of another copy's", () => {
    const error = new Theirs("a", "b");
    expect(error).toBeInstanceOf(own.ItemNotFoundError);
    expect(error).toBeInstanceOf(own.DynamoDBError);
    expect(error instanceof own.ValidationError).toBe(false);
  });

  test.each<[string, () => unknown]>([
    ["a text", () => "DynamoDBError"],
    ["null", () => null],
    ["undefined", () => undefined],
    ["an object with an error's fields", () => ({ ...new foreign.ItemNotFoundError("a", "b") })],
    [
      "an Error with an error's name and code",
      () => Object.assign(new Error("m"), { name: "ItemNotFoundError", code: "ItemNotFound" }),
    ],
    ["an object that has everything", () => new Proxy({}, { get: () => "ItemNotFoundError" })],
    ["another copy's prototype itself", () => foreign.ItemNotFoundError.prototype],
    ["an object with that prototype", () => Object.create(foreign.ItemNotFoundError.prototype)],
    ["a class", () => foreign.ItemNotFoundError],
    ["a clone", () => structuredClone(new foreign.ItemNotFoundError("a", "b"))],
  ])("takes %s for no error", (_name, make) => {
    expect(make() instanceof own.ItemNotFoundError).toBe(false);
    expect(make() instanceof own.DynamoDBError).toBe(false);
    expect(own.isDynamoDBError(make())).toBe(false);
  });

  test("isDynamoDBError asks a proxy that cannot be asked, and throws nothing", () => {
    const { proxy, revoke } = Proxy.revocable(new own.DynamoDBError("m"), {});
    expect(own.isDynamoDBError(proxy)).toBe(true);
    revoke();
    expect(own.isDynamoDBError(proxy)).toBe(false);
  });

  test("an error of another realm is shown with its stack as the cause", () => {
    const cause = runInNewContext("new RangeError('out of it')") as Error;
    expect(cause instanceof Error).toBe(false);
    expect(inspect(new own.DynamoDBError("m", "C", 400, false, cause))).toContain(
      "cause: RangeError: out of it",
    );
  });
});

describe.each(engines)("calls of another copy, on $name", (setting) => {
  const table: Opened = openTable(setting);
  const key = { userId: "u1", contentId: "c1" };

  test("fail with errors that this copy knows", async () => {
    const { engine, configuration } = table.data;
    const { endpoint, region, credentials } = engine;
    const { tableName } = configuration;
    const other = foreign.createDataLayer({ tableName, endpoint, region, credentials });
    try {
      await expect(other.savedContent.getOrThrow(key)).rejects.toBeInstanceOf(
        own.ItemNotFoundError,
      );
      await expect(other.savedContent.create({} as never)).rejects.toBeInstanceOf(
        own.ValidationError,
      );
      const failure = own.wrapDynamoDBError(
        await other.savedContent.update(key, { title: "x" }).catch((error: unknown) => error),
        { operation: "mine", entity: "Mine" },
      );
      expect(failure).toBeInstanceOf(own.ItemNotFoundError);
      expect(failure).toMatchObject({ operation: "update", entity: "SavedContent" });
    } finally {
      await other.close();
    }
  });

  test("a key provider's ConfigurationError of another copy keeps its class", async () => {
    const provider = {
      currentKey: async () => {
        throw new foreign.ConfigurationError("KEY_ALIAS is not set");
      },
      keyOf: async () => null,
    };
    const { engine, configuration } = table.data;
    const { endpoint, region, credentials } = engine;
    const data = own.createDataLayer({
      tableName: configuration.tableName,
      endpoint,
      region,
      credentials,
      encryption: provider,
    });
    try {
      const storing = data.oauthToken.put({
        userId: "u1",
        data: { accessToken: "t", expiryDate: 1, scope: "s", tokenType: "Bearer" } as never,
      });
      const error = await storing.catch((failure: unknown) => failure);
      expect(error).toMatchObject({ name: "ConfigurationError", mayHaveBeenDone: false });
      expect(String(error)).toContain("KEY_ALIAS is not set");
    } finally {
      await data.close();
    }
  });
});

test("a Service refuses entities of a second copy of ElectroDB, and says what to do (Invalid instance)", async () => {
  let Entity: typeof ElectroDB.Entity | undefined;
  jest.isolateModules(() => {
    ({ Entity } = jest.requireActual<typeof ElectroDB>("electrodb"));
  });
  if (Entity === undefined || Entity === own.Entity) throw new Error("the copy is not one");
  const SecondEntity = Entity;
  const { payload, schema } = definitions.project;
  const entity = (config: own.EntityConfig) => new SecondEntity(schema(), own.configure(config));
  const entities = { task: { payload, schema, entity } };
  const data = own.createDataLayer({ environment: "local", entities, builtIn: false });
  try {
    const service = () => data.service;
    expect(service).toThrow(own.ConfigurationError);
    expect(service).toThrow(
      "service: task is not of this copy of ElectroDB: take Entity from bayon-coagent-data",
    );
  } finally {
    await data.close();
  }
});
