/** Input that is refused before anything is sent: no engine is needed, and none is asked. */
import { inspect } from "node:util";
import { createDataLayer } from "../../src/data-layer.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import type { TestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";
import {
  type AnyInput,
  type AnyStore,
  inputOf,
  keyOf,
  type Registered,
  registry,
  storeOf,
} from "../registry.js";

/** What no error may show, wherever it was in a payload. */
const canary = "canary-5f2c";

const send = jest.fn(async () => {
  throw new Error("nothing may be sent");
});
// A table over the registry asks a data layer for nothing but its stores.
const data = createDataLayer({ client: { send } }) as TestDataLayer;

beforeEach(() => send.mockClear());
afterEach(() => expect(send).not.toHaveBeenCalled());

function expectNoCanary(error: Error): void {
  const shown = [
    error.message,
    error.stack ?? "",
    JSON.stringify(error),
    inspect(error, { depth: Number.POSITIVE_INFINITY }),
  ];
  for (const text of shown) expect(text).not.toContain(canary);
}

/** Every call that takes a key, with the path under which it names the key's parts. */
const keyCalls: Readonly<
  Record<string, (store: AnyStore, key: never, input: AnyInput) => Promise<unknown>>
> = {
  get: (store, key) => store.get(key),
  getOrThrow: (store, key) => store.getOrThrow(key),
  create: (store, key, { data: payload }) => store.create({ ...(key as object), data: payload }),
  put: (store, key, { data: payload }) => store.put({ ...(key as object), data: payload }),
  update: (store, key) => store.update(key, { note: canary }),
  delete: (store, key) => store.delete(key),
  batchGet: (store, key) => store.batchGet([key]),
  batchPut: (store, key, { data: payload }) =>
    store.batchPut([{ ...(key as object), data: payload }]),
  batchDelete: (store, key) => store.batchDelete([key]),
};

const prefixOf: Readonly<Record<string, string>> = {
  batchGet: "keys[0].",
  batchPut: "items[0].",
  batchDelete: "keys[0].",
};

const badParts: readonly (readonly [string, unknown, string])[] = [
  ["an empty text", "", "must not be empty"],
  ["nothing", undefined, "is missing: a non-empty string is expected"],
  ["null", null, "is missing: a non-empty string is expected"],
  ["a number", 5, "must be a string, not number"],
  ["a bigint", 5n, "must be a string, not bigint"],
  ["a boolean", false, "must be a string, not boolean"],
  ["an object", { id: canary }, "must be a string, not object"],
  ["a String object", new String(canary), "must be a string, not object"],
  ["a list", [canary], "must be a string, not array"],
  ["a function", () => canary, "must be a string, not function"],
  ["a symbol", Symbol(canary), "must be a string, not symbol"],
  ["a lone high surrogate", "a\ud800b", "must not contain a lone surrogate"],
  ["a lone low surrogate", "\udc00", "must not contain a lone surrogate"],
];

describe.each(registry)("keys of $name", (entity) => {
  const { name, entity: entityName, owner, id } = entity;
  const parts = id === undefined ? [owner] : [owner, id];
  const store = storeOf(data, entity);
  const input = inputOf(entity, "u1", "i1", { note: canary });

  test.each(badParts)("refuse %s, in every call, by the part's name", async (_, value, rule) => {
    for (const [call, act] of Object.entries(keyCalls)) {
      for (const part of parts) {
        // A provider has a default, and create makes an id where none is given.
        const defaulted = part === "provider" && (value === undefined || value === null);
        const made = call === "create" && part === id && value === undefined;
        if (defaulted || made) continue;
        const key = { ...keyOf(entity, input), [part]: value } as never;
        const error = await failureOf(act(store, key, input), ValidationError);
        expect(error.issues).toEqual([{ path: `${prefixOf[call] ?? ""}${part}`, message: rule }]);
        expect(error.message).toMatch(new RegExp(`^${call} ${entityName}(:| \\()`));
        expect(error.message).toContain(`${part} ${rule}`);
        expect(error).toMatchObject({ operation: call, entity: entityName, retryable: false });
        expectNoCanary(error);
      }
    }
    const key = { [owner]: value };
    const error = await failureOf(store.query(key), ValidationError);
    expect(error.issues).toEqual([{ path: owner, message: rule }]);
    expect(error.message).toMatch(new RegExp(`^query ${entityName} \\(${owner}=`));
    expect(() => store.list(key)).toThrow(`${owner} ${rule}`);
  });

  test("every wrong part is listed", async () => {
    const key = Object.fromEntries(parts.map((part) => [part, ""]));
    const error = await failureOf(store.get(key), ValidationError);
    expect(error.issues.map((issue) => issue.path)).toEqual(parts);
  });

  test.each([[undefined], [null], ["text"], [5], [[]]])("%p is no key", async (key) => {
    for (const call of ["get", "delete", "query"] as const) {
      const error = await failureOf(store[call](key as never), ValidationError);
      expect(error.issues[0]?.path).toBe(owner);
    }
  });

  test("an over-long part is refused by its name, with the bytes of the key", async () => {
    const [longest] = longestParts(entity);
    for (const part of parts) {
      const limit = longest[part] ?? 0;
      const kind = part === owner && name !== "review" ? "partition" : "sort";
      const bytes = kind === "partition" ? 2_048 : 1_024;
      for (const [call, act] of Object.entries(keyCalls)) {
        const key = { ...keyOf(entity, input), [part]: "x".repeat(limit + 1) };
        const error = await failureOf(act(store, key as never, input), ValidationError);
        const message = `makes a ${kind} key of ${bytes + 1} bytes: at most ${bytes}`;
        expect(error.issues).toEqual([{ path: `${prefixOf[call] ?? ""}${part}`, message }]);
        // A message stays readable, however long the id is.
        expect(error.message.length).toBeLessThan(400);
      }
      // Two bytes a letter: the limit is one of UTF-8.
      const wide = { ...keyOf(entity, input), [part]: "ü".repeat(Math.floor(limit / 2) + 1) };
      await failureOf(store.get(wide), ValidationError);
    }
    const partition = { [owner]: "x".repeat((longest[owner] ?? 0) + 1) };
    expect((await failureOf(store.query(partition), ValidationError)).issues).toMatchObject([
      { path: owner },
    ]);
  });
});

/** The longest parts that the table and its index take, in bytes: literals of data-model.md. */
function longestParts({ name, owner, id }: Registered): [Record<string, number>] {
  const sortKey: Readonly<Record<string, number>> = {
    realEstateAgentProfile: 1_024 - "AGENT#".length,
    review: 1_024 - "REVIEW#".length,
    brandAudit: 1_024 - "AUDIT#".length,
    competitor: 1_024 - "COMPETITOR#".length,
    researchReport: 1_024 - "REPORT#0000000000000#".length,
    project: 1_024 - "PROJECT#0000000000000#".length,
    savedContent: 1_024 - "CONTENT#0000000000000#".length,
    trainingProgress: 1_024 - "TRAINING#".length,
    marketingPlan: 1_024 - "PLAN#0000000000000#".length,
    reviewAnalysis: 1_024 - "ANALYSIS#".length,
    oauthToken: 1_024,
  };
  const partitionKey: Readonly<Record<string, number>> = {
    // GSI1SK holds it too: `AGENT#<agentId>`.
    review: 1_024 - "AGENT#".length,
    oauthToken: 2_048 - "OAUTH#".length,
  };
  return [
    {
      [owner]: partitionKey[name] ?? 2_048 - "USER#".length,
      ...(id !== undefined && { [id]: sortKey[name] ?? 0 }),
    },
  ];
}

describe.each(engines)("the longest ids on $name", (engine) => {
  const table = openTable(engine);

  test.each(registry)("$name takes them, and reads them back", async (entity) => {
    const [longest] = longestParts(entity);
    const user = "u".repeat(longest[entity.owner] ?? 0);
    const itemId = "i".repeat(longest[entity.id ?? ""] ?? 0);
    const input = inputOf(entity, user, itemId);
    const store = storeOf(table.data, entity);
    const created = await store.create(input);
    expect(await store.get(keyOf(entity, input))).toStrictEqual(created);
    expect((await store.query({ [entity.owner]: user })).items).toStrictEqual([created]);
    if (entity.dated) {
      const { items } = await store.query({ [entity.owner]: user }, { by: "createdAt" });
      expect(items).toStrictEqual([created]);
    }
    expect(requestsOf(table.data).length).toBeGreaterThan(0);
  });
});

class Money {
  readonly amount = canary;
}

const cyclic: Record<string, unknown> = { note: canary };
cyclic.self = { list: [cyclic] };

const throwing = {
  note: canary,
  get bad(): unknown {
    throw new Error(canary);
  },
};

const hostile = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new Error(canary);
    },
  },
);

function transferred(): Uint8Array {
  const bytes = new Uint8Array([1]);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

function nested(levels: number): unknown {
  return levels === 0 ? canary : { a: nested(levels - 1) };
}

/** A value, where the issue lies below it, and the rule. */
const badValues: readonly (readonly [string, unknown, string, string])[] = [
  ["a Date", new Date(0), "", "must be a plain value, not a Date"],
  ["an invalid Date", new Date(Number.NaN), "", "must be a plain value, not a Date"],
  ["NaN", Number.NaN, "", "must be a finite number"],
  ["Infinity", Number.POSITIVE_INFINITY, "", "must be a finite number"],
  ["-Infinity", Number.NEGATIVE_INFINITY, "", "must be a finite number"],
  ["an integer over 2^53", 2 ** 53, "", "must be a bigint: a number beyond 2^53 is not exact"],
  ["a very large number", 1e200, "", "must be a bigint: a number beyond 2^53 is not exact"],
  ["a number too near to 0", 1e-200, "", "must be 0 or at least 1E-130 in absolute value"],
  ["a bigint of 39 digits", 10n ** 38n + 1n, "", "must have at most 38 significant digits"],
  ["a negative one", -(10n ** 38n) - 1n, "", "must have at most 38 significant digits"],
  ["a function", () => canary, "", "must not be a function"],
  ["a symbol", Symbol(canary), "", "must not be a symbol"],
  ["a class instance", new Money(), "", "must be a plain value, not a Money"],
  ["a Map", new Map([["note", canary]]), "", "must be a plain value, not a Map"],
  ["a RegExp", /canary-5f2c/, "", "must be a plain value, not a RegExp"],
  ["an Error", new Error(canary), "", "must be a plain value, not a Error"],
  ["a Promise", Promise.resolve(canary), "", "must be a plain value, not a Promise"],
  ["a URL", new URL(`https://example.com/${canary}`), "", "must be a plain value, not a URL"],
  ["a String object", new String(canary), "", "must be a plain value, not a String"],
  [
    "bytes that a worker was given",
    transferred(),
    "",
    "must not be binary whose buffer was transferred to another thread",
  ],
  ["undefined in a list", [canary, undefined], "[1]", "must not be undefined"],
  [
    "a Date deep inside",
    { list: [{ at: new Date(0) }] },
    ".list[0].at",
    "must be a plain value, not a Date",
  ],
  ["a cycle", cyclic, ".self.list[0]", "must not contain itself"],
  ["a lone surrogate", `${canary}\ud800`, "", "must not contain a lone surrogate"],
  ["a name with one", { "\udc00": canary }, "", "must not have a name with a lone surrogate"],
  ["an empty name", { "": canary }, "", "must not have an empty name"],
  [
    "a name that JavaScript keeps",
    JSON.parse('{"__proto__":{"a":1}}'),
    ".__proto__",
    "is not a name that JavaScript can read back",
  ],
  [
    "an empty set",
    new Set(),
    "",
    "must be a set of strings, of numbers or of binary values, and not empty",
  ],
  [
    "a mixed set",
    new Set([1, canary]),
    "",
    "must be a set of strings, of numbers or of binary values, and not empty",
  ],
  ["a set that holds a number twice", new Set([1, 1n]), "", "must not contain a member twice"],
  ["a getter that throws", throwing, "", "cannot be read"],
  ["a proxy that throws", hostile, "", "cannot be read"],
  [
    "over 32 levels",
    nested(40),
    expect.stringMatching(/^(\.a){25,31}$/) as unknown as string,
    "must not be nested deeper than 32 levels",
  ],
];

describe("payloads", () => {
  const { savedContent } = data;
  const key = { userId: "u1", contentId: "c1" };
  const payload = (field: unknown) => ({ type: "Blog", content: canary, odd: field });

  /** Every call that takes a payload, and where it names the field `odd`. */
  const calls: readonly (readonly [string, string, (value: unknown) => Promise<unknown>])[] = [
    ["create", "data.odd", (value) => savedContent.create({ ...key, data: payload(value) })],
    ["put", "data.odd", (value) => savedContent.put({ ...key, data: payload(value) })],
    [
      "batchPut",
      "items[1].data.odd",
      (value) =>
        savedContent.batchPut([
          { ...key, data: payload(1) },
          { ...key, data: payload(value) },
        ]),
    ],
    ["update", "data.odd", (value) => savedContent.update(key, { odd: value } as object)],
    [
      "update",
      "data.metadata.odd",
      (value) => savedContent.update(key, {}, { set: [[["metadata", "odd"], value]] }),
    ],
  ];

  test.each(badValues)("%s is refused, with path and rule", async (_, value, below, rule) => {
    for (const [call, path, act] of calls) {
      const error = await failureOf(act(value), ValidationError);
      const wanted = typeof below === "string" ? `${path}${below}` : expect.stringContaining(path);
      expect(error.issues).toEqual([{ path: wanted, message: rule }]);
      expect(error.message).toMatch(new RegExp(`^${call} SavedContent`));
      expect(error.message).toContain(rule);
      expect(error).toMatchObject({ operation: call, entity: "SavedContent" });
      expectNoCanary(error);
    }
  });

  test("of all that is wrong 20 issues are told, though the last member has two", async () => {
    const wrong = new Array(19).fill(Number.NaN);
    const both = [...wrong, { "": Number.NaN }];
    for (const [, , act] of calls) {
      const { issues } = await failureOf(act(both), ValidationError);
      expect(issues).toHaveLength(20);
      expect(issues.at(-1)?.message).toBe("must not have an empty name");
    }
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a text", canary],
    ["a number", 5],
    ["a list", [canary]],
    ["a Date", new Date(0)],
    ["a class instance", new Money()],
    ["a function", () => canary],
    ["a Map", new Map()],
  ])("%s is no payload", async (_, value) => {
    for (const call of ["create", "put"] as const) {
      const error = await failureOf(
        savedContent[call]({ ...key, data: value as never }),
        ValidationError,
      );
      expect(error.issues).toEqual([{ path: "data", message: "must be an object" }]);
      expectNoCanary(error);
    }
  });

  test.each([[undefined], [null], ["text"], [[]]])("%p is no input", async (input) => {
    for (const call of ["create", "put"] as const) {
      const error = await failureOf(savedContent[call](input as never), ValidationError);
      expect(error.issues.map((issue) => issue.path)).toContain("userId");
      expect(error.issues.map((issue) => issue.path)).toContain("data");
    }
  });

  test("every wrong field is listed with its path, and none of its values", async () => {
    const wrong = {
      author: { name: 5, [canary]: 1 },
      source: null,
      rating: canary,
      comment: [canary],
      date: { seconds: canary },
    };
    const input = { agentId: "", reviewId: "r1", createdAt: -1, data: wrong as never };
    const error = await failureOf(data.review.create(input), ValidationError);
    expect(error.issues.map((issue) => issue.path)).toEqual([
      "createdAt",
      "agentId",
      "data.author.name",
      "data.source",
      "data.rating",
      "data.comment",
      "data.date",
    ]);
    for (const issue of error.issues)
      expect(error.message).toContain(`${issue.path} ${issue.message}`);
    expectNoCanary(error);
  });

  test("over 400 KB in UTF-8 is refused with its size, however few characters it has", async () => {
    const size = /makes an item of \d+ bytes: at most 409600 \(400 KB\)/;
    for (const text of ["x".repeat(410_000), "ü".repeat(205_000), "🏡".repeat(103_000)]) {
      for (const call of ["create", "put"] as const) {
        const item = { ...key, data: { type: "t", content: text } };
        const error = await failureOf(savedContent[call](item), ValidationError);
        expect(error.issues).toEqual([{ path: "data", message: expect.stringMatching(size) }]);
        expect(error.message.length).toBeLessThan(200);
      }
      const batch = savedContent.batchPut([{ ...key, data: { type: "t", content: text } }]);
      expect((await failureOf(batch, ValidationError)).issues).toMatchObject([
        { path: "items[0].data" },
      ]);
      const update = await failureOf(savedContent.update(key, { content: text }), ValidationError);
      expect(update.issues).toMatchObject([{ path: "changes" }]);
    }
  });

  test.each([[-1], [1.5], [10_000_000_000_000], ["1"], [new Date(0)], [null], [Number.NaN], [5n]])(
    "a createdAt of %p is refused",
    async (createdAt) => {
      const input = { ...key, createdAt: createdAt as never, data: { type: "t", content: "c" } };
      for (const call of ["create", "put"] as const) {
        const error = await failureOf(savedContent[call](input), ValidationError);
        expect(error.issues).toEqual([
          { path: "createdAt", message: "must be an integer from 0 to 9999999999999 (ms)" },
        ]);
      }
    },
  );
});

describe("options", () => {
  const { savedContent } = data;
  const key = { userId: "u1", contentId: "c1" };

  test.each<[string, unknown, object, string]>([
    ["no changes at all", undefined, {}, "changes"],
    ["null", null, {}, "changes"],
    ["a list of changes", [["title", 1]], {}, "changes"],
    ["a text", "title", {}, "changes"],
    ["an empty name", { "": 1 }, {}, "changes"],
    ["a name with a lone surrogate", { "\ud800": 1 }, {}, "changes"],
    ["set that is no list", {}, { set: { title: 1 } }, "set"],
    ["set without pairs", {}, { set: ["title"] }, "set[0]"],
    ["set without a value", {}, { set: [[["title"]]] }, "set[0]"],
    ["set of nothing but undefined", {}, { set: [[["metadata", "a"], undefined]] }, "changes"],
    ["a wrong path to undefined", {}, { set: [[["metadata", ""], undefined]] }, "set[0]"],
    ["set of three", {}, { set: [[["title"], 1, 2]] }, "set[0]"],
    ["an empty path", {}, { set: [[[], 1]] }, "set[0]"],
    ["a path that is a text", {}, { set: [["title", 1]] }, "set[0]"],
    ["a path that begins with a number", {}, { set: [[[0], 1]] }, "set[0]"],
    ["a negative position", {}, { set: [[["results", -1], 1]] }, "set[0]"],
    ["a fractional one", {}, { set: [[["results", 0.5], 1]] }, "set[0]"],
    ["an empty name in a path", {}, { set: [[["metadata", ""], 1]] }, "set[0]"],
    ["a symbol in a path", {}, { set: [[["metadata", Symbol("a")], 1]] }, "set[0]"],
    ["remove that is no list", {}, { remove: "title" }, "remove"],
    ["a number to remove", {}, { remove: [5] }, "remove[0]"],
    ["nothing to remove", {}, { remove: [undefined] }, "remove[0]"],
    ["an empty name to remove", {}, { remove: [""] }, "remove[0]"],
    ["a required field to remove", {}, { remove: ["type"] }, "data.type"],
    ["a lock that is no time", { title: "t" }, { ifUpdatedAt: "5" }, "ifUpdatedAt"],
    ["a lock of null", { title: "t" }, { ifUpdatedAt: null }, "ifUpdatedAt"],
    ["a lock of NaN", { title: "t" }, { ifUpdatedAt: Number.NaN }, "ifUpdatedAt"],
  ])("update refuses %s", async (_, changes, options, path) => {
    const error = await failureOf(
      savedContent.update(key, changes as never, options as never),
      ValidationError,
    );
    expect(error.issues.map((issue) => issue.path)).toEqual([path]);
    expect(error.message).toMatch(/^update SavedContent \(userId=u1, contentId=c1\): /);
  });

  test.each([["5"], [null], [Number.NaN], [{}]])(
    "delete refuses the lock %p",
    async (ifUpdatedAt) => {
      const options = { ifUpdatedAt } as never;
      const error = await failureOf(savedContent.delete(key, options), ValidationError);
      expect(error.issues).toEqual([
        { path: "ifUpdatedAt", message: "must be the updatedAt of an item (ms)" },
      ]);
    },
  );

  test.each([["yes"], [1], [null]])("consistent: %p is refused", async (consistent) => {
    const options = { consistent } as never;
    for (const promise of [savedContent.get(key, options), savedContent.batchGet([key], options)]) {
      const error = await failureOf(promise, ValidationError);
      expect(error.issues).toEqual([{ path: "consistent", message: "must be true or false" }]);
    }
  });
});

describe("check", () => {
  test("tells what put would refuse, and sends nothing", () => {
    const { savedContent } = data;
    const key = { userId: "u1", contentId: "c1" };
    expect(savedContent.check({ ...key, data: { type: "t", content: "c" } })).toEqual([]);
    expect(savedContent.check({ ...key, contentId: "", data: { type: 5 } })).toMatchObject([
      { path: "contentId" },
      { path: "data.type" },
      { path: "data.content" },
    ]);
    expect(savedContent.check({ ...key, data: {} }, { allowMissing: true })).toEqual([]);
    expect(savedContent.check(undefined).map((issue) => issue.path)).toContain("userId");
  });
});
