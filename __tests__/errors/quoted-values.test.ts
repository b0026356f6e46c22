/** DynamoDB, its engines and the SDK quote values in their messages: none of them reaches a log. */
import { inspect } from "node:util";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { withoutValues } from "../../src/errors/hidden.js";
import { TransactionCanceledError } from "../../src/errors/transaction-canceled-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { wrapDynamoDBError } from "../../src/errors/wrap.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";

const secret = "SECRET";
const key = { userId: "u", contentId: "c" };

/** All that a log may make of an error, its causes among it. */
function shownOf(error: unknown): string {
  const causes: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    causes.push(inspect(at, { depth: 9 }), at.message, at.stack ?? "", JSON.stringify(at));
  }
  return causes.join("\n");
}

describe.each(engines)("on $name", (engine) => {
  const table = openTable(engine);
  test("the operands of a condition are in no message", async () => {
    const { savedContent } = table.data;
    await savedContent.put({ ...key, data: { type: "Note", content: "text", name: "n" } });
    const where = (content: { name: never }, op: { between(...given: unknown[]): unknown }) =>
      op.between(content.name, `z-${secret}`, `a-${secret}`);
    const calls = [
      savedContent.update(key, { name: "m" }, { where: where as never }),
      savedContent.query({ userId: "u" }, { where: where as never }),
    ];
    let refused = 0;
    for (const call of await Promise.allSettled(calls)) {
      if (call.status === "fulfilled") continue;
      refused += 1;
      expect(call.reason).toBeInstanceOf(ValidationError);
      expect(shownOf(call.reason)).not.toContain(secret);
    }
    expect(refused).toBeGreaterThan(0);
  });

  test.each([
    ["a number that is none", Number.NaN, "NaN"],
    ["a date", new Date(0), "a type that DynamoDB does not have"],
    ["an empty set", new Set(), "a set is empty"],
    ["a symbol", Symbol(secret), "a symbol"],
    ["a Blob", new Blob([secret]), "pass `await blob.arrayBuffer()`"],
    ["a set of several types", new Set([secret, 1]), "a set holds values of one type"],
    ["a number beyond 2^53", 2 ** 60, "beyond 2^53"],
    ["a number beyond -2^53", -(2 ** 60), "beyond 2^53"],
    ["an instance", Object.assign(new (class Own {})(), { toString: () => secret }), "a type"],
  ])("a native put of %s is a ValidationError that says so", async (_, value, rule) => {
    const put = table.data.savedContent.entity.put({
      ...key,
      createdAt: 1,
      data: { value },
    } as never);
    const error = await failureOf(put.go(), ValidationError);
    expect(error.message).toContain(rule);
    expect(error.mayHaveBeenDone).toBe(false);
    expect(error.message).not.toMatch(/options\.|1152921504606846976|1970/);
    expect(shownOf(error)).not.toContain(secret);
  });
});

test("a message keeps all but the values", () => {
  expect(
    withoutValues(
      "bounds; lower bound operand: AttributeValue: {S:z}, upper bound: AttributeValue: {S:a}",
    ),
  ).toBe("bounds; lower bound operand: not shown");
  expect(
    withoutValues(
      "1 validation error: Value '[{\"S\": 'x'}]' at 'transactItems' failed to satisfy",
    ),
  ).toBe("1 validation error: Value at 'transactItems' failed to satisfy");
  const plain =
    "One or more parameter values were invalid: Type mismatch for key PK expected: S actual: N";
  expect(withoutValues(plain)).toBe(plain);
});

test("a cause that is put into an error shows no value in its message or stack", () => {
  const cause = new Error(`lower bound operand: AttributeValue: {S:${secret}}`);
  const error = new DynamoDBError("refused", { cause });
  expect(shownOf(error)).not.toContain(secret);
  expect(cause.message).toBe("lower bound operand: not shown");
  const frames = new Error("Unsupported type passed: SECRET. Pass options.");
  new DynamoDBError("refused", { cause: frames });
  expect(frames.stack).not.toContain(secret);
  expect(frames.stack).toMatch(/Unsupported type passed\n {4}at /);
});

test("the reasons of a cancelled transaction that somebody makes hide their items, and decide on a retry", () => {
  const reason = { index: 0, operation: "put", entity: "E", key: "k", message: "m" };
  const item = { data: secret };
  const reasons = [{ ...reason, code: "TransactionConflict", item }];
  const error = new TransactionCanceledError({ reasons });
  expect(error.reasons[0]?.item).toBe(item);
  expect(shownOf(error)).not.toContain(secret);
  expect(error.retryable).toBe(true);
  expect(new TransactionCanceledError({ reasons, retryable: false }).retryable).toBe(false);
  expect(
    new TransactionCanceledError({ reasons: [{ ...reason, code: "ConditionalCheckFailed" }] })
      .retryable,
  ).toBe(false);
  expect(new TransactionCanceledError().retryable).toBe(false);
});

test("a message and a name that somebody makes endless are cut, and cost no time", () => {
  const long = `Value '${"Value '".repeat(200_000)}`;
  const thrown = Object.assign(new Error(long), { name: "X".repeat(1_000_000) });
  const error = wrapDynamoDBError(thrown);
  expect(error.message.length).toBeLessThan(2_100);
  expect(String(error.code).length).toBeLessThan(100);
  expect(inspect(error, { depth: 9 }).length).toBeLessThan(20_000);
});

test("a stack that holds another message than the error keeps its frames alone", () => {
  const cause = new Error(`operand: AttributeValue: {S:${secret}} of old`);
  cause.message = `operand: AttributeValue: {S:${secret}} of new`;
  const error = new DynamoDBError("refused", { cause });
  expect(shownOf(error)).not.toContain(secret);
  expect(cause.stack).toMatch(/^(?:Error: )?operand: not shown\n {4}at /);
});
