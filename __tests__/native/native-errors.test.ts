/** What ElectroDB's own chains throw if a request fails: this package's errors, with ElectroDB's below. */
import { Entity } from "electrodb";
// @ts-expect-error: ElectroDB has no types of its parts.
import { clauses as electroClauses } from "electrodb/src/clauses";
import {
  AbortedError,
  DynamoDBError,
  ThroughputExceededError,
  TimeoutError,
} from "../../src/index.js";
import { createTestDataLayer, type Fault, type TestDataLayer } from "../../src/testing/index.js";
import { describeEach, engines } from "../engines.js";
import { failureOf } from "../open.js";
import { belowTheRows, type Row, rows, sendingNothing } from "./calls.js";
import { Wire } from "./wire.js";

const clauses: Record<string, { readonly name: string; readonly children: readonly string[] }> =
  electroClauses;

interface Expected {
  readonly type: new (...given: never[]) => DynamoDBError;
  readonly code: string;
  readonly retryable: boolean;
  /** Whether a write may have been carried out. */
  readonly isOpen: boolean;
  /** The name of what ElectroDB's error has as its cause. */
  readonly below: string | undefined;
}

const faults: readonly (Expected & { readonly fault: Fault })[] = [
  {
    fault: "timeout",
    type: TimeoutError,
    code: "TimeoutError",
    retryable: true,
    isOpen: true,
    below: "TimeoutError",
  },
  {
    fault: "throttle",
    type: ThroughputExceededError,
    code: "ProvisionedThroughputExceededException",
    retryable: true,
    isOpen: false,
    below: "ProvisionedThroughputExceededException",
  },
  {
    fault: "serverError",
    type: DynamoDBError,
    code: "InternalServerError",
    retryable: true,
    isOpen: true,
    below: "InternalServerError",
  },
  {
    fault: "answerLost",
    type: DynamoDBError,
    code: "ECONNRESET",
    retryable: true,
    isOpen: true,
    below: "Error",
  },
  {
    fault: "bodyCorrupt",
    type: DynamoDBError,
    code: "UnreadableAnswer",
    retryable: true,
    isOpen: true,
    below: "UnreadableAnswer",
  },
  {
    fault: "dnsFailure",
    type: DynamoDBError,
    code: "ENOTFOUND",
    retryable: true,
    isOpen: false,
    below: "Error",
  },
];
const accessDenied: Expected = {
  type: DynamoDBError,
  code: "AccessDeniedException",
  retryable: false,
  isOpen: false,
  below: "AccessDeniedException",
};
const abortedInFlight: Expected = {
  type: AbortedError,
  code: "AbortError",
  retryable: false,
  isOpen: true,
  below: "its reason",
};

type ElectroCause = Error & { cause?: Error; params?(): unknown };

/** The parts of a key, from how a message names it. */
const partsOf = (text: string | undefined) =>
  text && Object.fromEntries(text.split(", ").map((part) => part.split("=")));

function check(error: DynamoDBError, row: Row, expected: Expected): void {
  expect(error.constructor).toBe(expected.type);
  expect({
    code: error.code,
    retryable: error.retryable,
    operation: error.operation,
    entity: error.entity,
    key: error.key,
    mayHaveBeenDone: error.mayHaveBeenDone,
  }).toEqual({
    code: expected.code,
    retryable: expected.retryable,
    operation: row.operation,
    entity: row.entity,
    key: partsOf(row.key),
    mayHaveBeenDone: row.isWrite && expected.isOpen,
  });
  const call = [row.operation, row.entity, row.key && `(${row.key})`].filter(Boolean).join(" ");
  expect(error.message.slice(0, `${call}: `.length)).toBe(`${call}: `);
  expect(error.originalError).toBe(error.cause);
  const cause = error.cause as ElectroCause;
  // These two are ElectroDB's bare requests: it makes no error of its own of what they throw.
  const isBare = row.member === "transactGet" || row.member === "transactWrite";
  const below = isBare && cause.name !== "ElectroError" ? cause : cause.cause;
  if (!isBare) expect(cause.name).toBe("ElectroError");
  expect(below?.name).toBe(expected.below);
}

const named = rows.map((row) => [`${row.member} (${row.request})`, row] as const);

test("every operation of ElectroDB's has a row, and each that is no operation is known", () => {
  const names = Object.getOwnPropertyNames(Entity.prototype).filter(
    (name) => !name.startsWith("_"),
  );
  const members = rows.map(({ member }) => member);
  const known = [...members, ...sendingNothing, ...belowTheRows];
  expect([...names, "query"].filter((name) => !known.includes(name))).toEqual([]);
  expect([...sendingNothing, ...belowTheRows].filter((name) => !names.includes(name))).toEqual([]);
  // What begins a chain, and what ends it: `go`, `params` and `commit` are tested one by one.
  expect(clauses.index?.children.toSorted()).toEqual(
    [
      ...["check", "get", "delete", "update", "query", "upsert", "put", "scan", "create"],
      ...["collection", "clusteredCollection", "compositeCollection", "remove", "patch"],
      ...["batchPut", "batchDelete", "batchGet"],
    ].toSorted(),
  );
  const ends = Object.values(clauses).filter(({ children }) => children.length === 0);
  expect(ends.map(({ name }) => name).toSorted()).toEqual(["commit", "go", "params"]);
});

describeEach(engines, ({ name }) => name !== "dynalite")("native chains on $name", ({ engine }) => {
  const wire = new Wire();
  let data: TestDataLayer;

  beforeAll(async () => {
    data = await createTestDataLayer({ engine, requestHandler: wire, retry: { maxRetries: 0 } });
  });
  afterAll(() => data.close());
  beforeEach(() => {
    wire.clear();
  });
  afterEach(() => {
    wire.clear();
  });

  const fails = (promise: Promise<unknown>) => failureOf(promise, DynamoDBError);
  test("the Service's collections and transactions have rows", () => {
    const { collections, transaction } = data.service;
    const members = new Set(rows.map(({ member }) => member));
    for (const name of Object.keys(collections)) expect(members).toContain(`collections.${name}`);
    for (const name of Object.keys(transaction)) expect(members).toContain(`transaction.${name}`);
  });

  describe.each(named)("%s", (_, row) => {
    test.each(faults.map((one) => [one.fault, one] as const))("fails by %s", async (__, one) => {
      wire.inject({ fault: one.fault, times: Number.POSITIVE_INFINITY });
      const error = await fails(row.run(data, {}));
      expect(wire.requests).toEqual([{ operation: row.request, fault: one.fault }]);
      check(error, row, one);
      expect(error.stack).toContain("native-errors.test.ts");
    });

    test("is denied", async () => {
      wire.denied = new Set([1]);
      check(await fails(row.run(data, {})), row, accessDenied);
    });

    test("is aborted while its request is under way", async () => {
      const aborter = new AbortController();
      const reason = Object.assign(new Error("enough"), { name: "its reason" });
      wire.onHeld = () => aborter.abort(reason);
      const error = await fails(row.run(data, { abortSignal: aborter.signal }));
      check(error, row, abortedInFlight);
      expect((error.cause as Error).cause).toBe(reason);
    });

    test("is aborted before it is sent", async () => {
      const reason = Object.assign(new Error("enough"), { name: "its reason" });
      const error = await fails(row.run(data, { abortSignal: AbortSignal.abort(reason) }));
      check(error, row, { ...abortedInFlight, isOpen: false });
      expect(wire.requests).toEqual([]);
    });

    test("gives the SDK's error as the cause by `originalErr`", async () => {
      wire.denied = new Set([1]);
      const error = await fails(row.run(data, { originalErr: true }));
      expect((error.cause as Error).name).toBe("AccessDeniedException");
      expect(error.operation).toBe(row.operation);
    });
  });
});
