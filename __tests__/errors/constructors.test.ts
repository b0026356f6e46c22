/** Each class is made in three ways, which give the same error: options, a message with options, positions. */
import { inspect } from "node:util";
import { perform } from "../../src/call/call.js";
import * as door from "../../src/index.js";

type Door = typeof door;

const cause = Object.assign(new Error("below"), {
  name: "ThrottlingException",
  $metadata: { requestId: "R1", httpStatusCode: 503 },
});
const item = { PK: "secret" };
const reasons = [
  {
    index: 1,
    operation: "update",
    entity: "Project",
    key: "userId=u1",
    code: "ConditionalCheckFailed",
    message: "no",
  },
];
const issues = [{ path: "data.name", message: "is missing" }];

/** For each class: its options, the same by position, and what the error must have. */
const forms = {
  DynamoDBError: {
    options: { message: "m", code: "WrongTable", statusCode: 418, retryable: true, cause } as const,
    byPosition: ["m", "WrongTable", 418, true, cause],
    has: { code: "WrongTable", statusCode: 418, retryable: true },
  },
  ItemNotFoundError: {
    options: { message: "Item not found: PK=p, SK=s", key: { PK: "p", SK: "s" }, cause },
    byPosition: ["p", "s", undefined, cause],
    has: { code: "ItemNotFound", statusCode: 404, retryable: false },
  },
  ConditionalCheckFailedError: {
    options: { message: "m", cause, item },
    byPosition: ["m", cause, item],
    has: { code: "ConditionalCheckFailedException", statusCode: 400, retryable: false, item },
  },
  ThroughputExceededError: {
    options: { message: "m", cause, code: "SlowDown" } as const,
    byPosition: ["m", cause, "SlowDown"],
    has: { code: "SlowDown", statusCode: 503, retryable: true },
  },
  ValidationError: {
    options: { message: "m", cause, issues },
    byPosition: ["m", cause, issues],
    has: { code: "ValidationException", statusCode: 400, retryable: false, issues },
  },
  TransactionCanceledError: {
    options: { message: "m", cause, reasons, retryable: true },
    byPosition: ["m", cause, reasons, true],
    has: { code: "TransactionCanceledException", statusCode: 400, retryable: true, reasons },
  },
  UnprocessedItemsError: {
    options: { message: "m", items: [item], written: 24, cause },
    byPosition: ["m", [item], 24, cause],
    has: {
      ...{ code: "ThrottlingException", statusCode: undefined, retryable: true },
      ...{ items: [item], unprocessed: 1, written: 24 },
    },
  },
  ConfigurationError: {
    options: { message: "m", cause, retryable: true },
    byPosition: ["m", cause, true],
    has: { code: "ConfigurationError", statusCode: undefined, retryable: true },
  },
  DecryptionError: {
    options: { message: "m", field: "accessToken", keyId: "k1", cause },
    byPosition: ["m", "accessToken", "k1", cause],
    has: {
      ...{ code: "DecryptionError", statusCode: undefined, retryable: true },
      ...{ field: "accessToken", keyId: "k1" },
    },
  },
  TimeoutError: {
    options: { message: "m", cause },
    byPosition: ["m", cause],
    has: { code: "TimeoutError", statusCode: undefined, retryable: true },
  },
  AbortedError: {
    options: { message: "m", cause },
    byPosition: ["m", cause],
    has: { code: "AbortError", statusCode: undefined, retryable: false },
  },
};
type Name = keyof typeof forms;
const names = Object.keys(forms) as Name[];

/** A class as JavaScript has it: what the types accept is tested in types/errors.test-d.ts. */
const classOf = (of: Door, name: Name) =>
  of[name] as unknown as new (
    ...given: unknown[]
  ) => door.DynamoDBError;
const make = (of: Door, name: Name, ...given: unknown[]) => new (classOf(of, name))(...given);
const inForms = (name: Name) => {
  const { options, byPosition } = forms[name];
  const { message, ...rest } = options;
  return {
    options: make(door, name, options),
    "a message and options": make(door, name, message, rest),
    positions: make(door, name, ...byPosition),
  };
};

/** All that an error has, its stack excepted: enumerable or not. */
const fieldsOf = (error: Error) => {
  const { stack: _stack, ...fields } = Object.getOwnPropertyDescriptors(error);
  return fields;
};

test("the forms are of all the package's errors", () => {
  const classes = Object.entries(door).filter(
    ([, value]) => typeof value === "function" && value.prototype instanceof Error,
  );
  expect(classes.map(([name]) => name).sort()).toEqual([...names].sort());
});

describe.each(names)("%s", (name) => {
  const { has, options } = forms[name];
  const made = inForms(name);

  test.each(Object.entries(made))("made from %s has all of it", (_form, error) => {
    expect(error).toMatchObject(has);
    expect(error).toMatchObject({ name, message: options.message, requestId: "R1" });
    expect(error).toBeInstanceOf(classOf(door, name));
    expect(error.cause).toBe(cause);
    expect(error.originalError).toBe(cause);
    expect(error).toMatchObject({
      operation: undefined,
      entity: undefined,
      mayHaveBeenDone: false,
    });
    expect(error.stack).toContain("constructors.test.ts");
  });

  test("is the same error in each form", () => {
    const first = fieldsOf(made.options);
    for (const error of Object.values(made)) {
      expect(fieldsOf(error)).toEqual(first);
      expect(Object.keys(fieldsOf(error))).toEqual(Object.keys(first));
      expect(JSON.stringify(error)).toBe(JSON.stringify(made.options));
    }
  });

  test("shows no item, in JSON or in a console", () => {
    for (const error of Object.values(made)) {
      const shown = JSON.stringify(error) + inspect(error, { depth: 9, showHidden: true });
      expect(shown).toContain(options.message);
      expect(shown).not.toContain("secret");
    }
  });

  test("names the call and what is left open, if they are among the options", () => {
    const key = { userId: "u1", projectId: "p1" };
    const call = { operation: "update", entity: "Project", key, mayHaveBeenDone: true };
    const { message, ...rest } = options;
    for (const error of [
      make(door, name, { ...options, ...call }),
      make(door, name, message, { ...rest, ...call }),
    ]) {
      expect(error).toMatchObject(call);
      expect(JSON.parse(JSON.stringify(error))).toMatchObject({ ...call, name, message });
    }
  });

  test("has no cause if none is given", () => {
    const { cause: _cause, ...rest } = options;
    const error = make(door, name, rest);
    expect("cause" in error).toBe(false);
    expect(error.originalError).toBeUndefined();
    expect(error.requestId).toBeUndefined();
  });

  test("takes anything that was thrown as its cause, in its options", () => {
    for (const thrown of [{ operation: "mine" }, { cause: 1 }, "text", 0, Symbol("s"), []]) {
      expect(make(door, name, { ...options, cause: thrown }).cause).toBe(thrown);
    }
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const error = make(door, name, { ...options, cause: proxy });
    expect(String(error.cause)).toBe("Error: the thrown value cannot be read");
  });

  test("is known to another copy of the package, made from options", () => {
    let copy: Door | undefined;
    jest.isolateModules(() => {
      copy = jest.requireActual<Door>("../../src/index.js");
    });
    if (copy === undefined) throw new Error("there is no second copy");
    const foreign = make(copy, name, options);
    expect(Object.getPrototypeOf(foreign)).not.toBe(classOf(door, name).prototype);
    expect(foreign).toBeInstanceOf(classOf(door, name));
    expect(door.isDynamoDBError(foreign)).toBe(true);
    expect(door.wrapDynamoDBError(foreign)).toBe(foreign);
    expect(JSON.stringify(foreign)).toBe(JSON.stringify(made.options));
  });
});

/** The classes whose second position is what was thrown. */
const causeSecond = names.filter((name) => forms[name].byPosition[1] === cause);

describe.each(causeSecond)("the second position of %s", (name) => {
  class Plain {
    operation = "mine";
  }
  test.each<[string, unknown]>([
    ["an error", new Error("x")],
    ["an error with an option's name", Object.assign(new Error("x"), { operation: "o" })],
    ["an object of AWS's form", { name: "ThrottlingException", $metadata: {} }],
    ["an object that has an option and more", { operation: "o", code2: "c" }],
    ["an object with a message", { message: "x" }],
    ["an empty object", {}],
    ["an instance of a class", new Plain()],
    ["an array", []],
    ["an array of texts", ["operation"]],
    ["a text", "operation"],
    ["null", null],
  ])("is the cause if it is %s", (_what, thrown) => {
    const error = make(door, name, "m", thrown);
    expect(error.cause).toBe(thrown);
    expect(error).toMatchObject({ message: "m", operation: undefined });
  });

  test("is the cause if it is a proxy that cannot be examined", () => {
    const proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("hostile");
        },
      },
    );
    expect(make(door, name, "m", proxy).cause).toBe(proxy);
  });

  test("is options if it has only names of options, with no prototype too", () => {
    const bare = Object.assign(Object.create(null) as object, { operation: "update", cause });
    const error = make(door, name, "m", bare);
    expect(error).toMatchObject({ message: "m", operation: "update" });
    expect(error.cause).toBe(cause);
  });
});

test("what a signal gives as its reason is the cause, even if it looks like options", async () => {
  const reason = { operation: "navigate" };
  const call = perform(
    { operation: "get", entity: "Project" },
    { signal: AbortSignal.abort(reason) },
    () => Promise.reject(new Error("it was called")),
  );
  await expect(call).rejects.toMatchObject({ name: "AbortedError", operation: "get" });
  await expect(call).rejects.toHaveProperty("cause", reason);
});

test("anything that is thrown is the cause when it is wrapped, even if it looks like options", () => {
  for (const name of ["AbortError", "TimeoutError", "ValidationException", "SlowDown", "Odd"]) {
    const thrown = { code: name, operation: "mine", entity: "Mine" };
    const error = door.wrapDynamoDBError(thrown, { operation: "get" });
    expect(error.cause).toBe(thrown);
    expect(error).toMatchObject({ code: name, operation: "get", entity: undefined });
  }
});

test("defaults", () => {
  expect(new door.ConditionalCheckFailedError()).toMatchObject({
    ...{ message: "Conditional check failed", item: null },
  });
  expect(new door.ConditionalCheckFailedError({})).toMatchObject({
    ...{ message: "Conditional check failed", item: null },
  });
  expect(new door.ThroughputExceededError({})).toMatchObject({
    ...{ message: "Throughput exceeded", code: "ProvisionedThroughputExceededException" },
    ...{ statusCode: 400 },
  });
  expect(new door.TransactionCanceledError({})).toMatchObject({
    ...{ message: "Transaction cancelled", reasons: [], retryable: false },
  });
  expect(new door.ItemNotFoundError({ pk: "p", sk: "s" })).toMatchObject({
    ...{ message: "Item not found: PK=p, SK=s", code: "ItemNotFound" },
  });
  expect(new door.ItemNotFoundError({ pk: "p", sk: "s" })).not.toHaveProperty("pk");
  expect(new door.UnprocessedItemsError({ message: "m" })).toMatchObject({
    ...{ items: [], unprocessed: 0, written: 0, code: "UnprocessedItems", retryable: true },
  });
  expect(new door.ValidationError({ message: "m" }).issues).toEqual([]);
  expect(new door.TimeoutError({}).message).toBe("Timed out");
  expect(new door.AbortedError({}).message).toBe("Aborted");
  expect(new door.DynamoDBError({ message: "m" })).toMatchObject({
    ...{ code: undefined, statusCode: undefined, retryable: false },
  });
});

describe.each(["TimeoutError", "AbortedError"] as const)("the progress of a %s", (name) => {
  test("is what the options give, and its items reach no log", () => {
    const error = make(door, name, { message: "m", items: [item], written: 3 });
    expect(error).toMatchObject({ items: [item], unprocessed: 1, written: 3 });
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ unprocessed: 1, written: 3 });
    expect(JSON.stringify(error) + inspect(error, { depth: 9 })).not.toContain("secret");
    expect(make(door, name, { items: [item] })).toMatchObject({ unprocessed: 1, written: 0 });
  });

  test("is not there for a call that is no batch", () => {
    const error = make(door, name, { message: "m" });
    expect(["items", "unprocessed", "written"].filter((field) => field in error)).toEqual([]);
  });
});

test("a code that is not listed is kept, whoever gives it", () => {
  const thrown = Object.assign(new Error("new"), { name: "BrandNewException" });
  expect(door.wrapDynamoDBError(thrown)).toHaveProperty("code", "BrandNewException");
  expect(new door.DynamoDBError("m", "QuotaExceeded")).toHaveProperty("code", "QuotaExceeded");
});
