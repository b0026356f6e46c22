import { inspect } from "node:util";
import {
  ConditionalCheckFailedException,
  ProvisionedThroughputExceededException,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import { AbortedError } from "../../src/errors/aborted-error.js";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import {
  type CallContext,
  describe as describeCall,
  withContext,
} from "../../src/errors/context.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { ItemNotFoundError } from "../../src/errors/item-not-found-error.js";
import { asOpen, leavesOpen } from "../../src/errors/left-open.js";
import { isRetryableError } from "../../src/errors/retryable.js";
import { ThroughputExceededError } from "../../src/errors/throughput-exceeded-error.js";
import { TimeoutError } from "../../src/errors/timeout-error.js";
import { TransactionCanceledError } from "../../src/errors/transaction-canceled-error.js";
import { UnprocessedItemsError } from "../../src/errors/unprocessed-items-error.js";
import { unquoted } from "../../src/errors/unreadable-answer.js";
import { invalid, ValidationError } from "../../src/errors/validation-error.js";
import { nameOf } from "../../src/errors/words.js";
import { wrapDynamoDBError } from "../../src/errors/wrap.js";

const context: CallContext = {
  operation: "update",
  entity: "SavedContent",
  key: "userId=u1, contentId=c9",
};

/** An error as Node throws it: its name is always "Error". */
const nodeError = (code: string) => Object.assign(new Error(`connect ${code}`), { code });
/** An error as the SDK throws it. */
const awsError = (name: string, httpStatusCode = 400) =>
  Object.assign(new Error(`${name} happened`), {
    name,
    $metadata: { httpStatusCode, requestId: "R1" },
  });
const canceled = (...codes: (string | undefined)[]) =>
  new TransactionCanceledException({
    message: "cancelled",
    $metadata: {},
    CancellationReasons: codes.map((Code) => ({ ...(Code !== undefined && { Code }) })),
  });

describe("the classes", () => {
  test("are what the earlier layer's callers construct", () => {
    const error = new DynamoDBError("Test error", "TestCode", 400, true);
    expect(error).toMatchObject({ code: "TestCode", statusCode: 400, retryable: true });
    expect(new DynamoDBError("m")).toMatchObject({ retryable: false });
    expect(new ThroughputExceededError()).toMatchObject({
      retryable: true,
      code: "ProvisionedThroughputExceededException",
      statusCode: 400,
      message: "Throughput exceeded",
    });
    expect(new ValidationError("Invalid input")).toMatchObject({ retryable: false, issues: [] });
    expect(new ItemNotFoundError("USER#1", "PROFILE")).toMatchObject({
      message: "Item not found: PK=USER#1, SK=PROFILE",
      code: "ItemNotFound",
      statusCode: 404,
    });
    expect(new ConditionalCheckFailedError()).toMatchObject({
      message: "Conditional check failed",
      code: "ConditionalCheckFailedException",
      item: null,
    });
  });

  test.each([
    ["DynamoDBError", new DynamoDBError("m")],
    ["ItemNotFoundError", new ItemNotFoundError("a", "b")],
    ["ConditionalCheckFailedError", new ConditionalCheckFailedError()],
    ["ThroughputExceededError", new ThroughputExceededError()],
    ["ValidationError", new ValidationError("m")],
    ["TransactionCanceledError", new TransactionCanceledError()],
    ["UnprocessedItemsError", new UnprocessedItemsError("m")],
    ["ConfigurationError", new ConfigurationError("m")],
    ["TimeoutError", new TimeoutError()],
    ["AbortedError", new AbortedError()],
  ])("%s has its name, is an Error and a DynamoDBError", (name, error) => {
    expect(error.name).toBe(name);
    expect(error).toBeInstanceOf(DynamoDBError);
    expect(error).toBeInstanceOf(Error);
    expect(error.stack).toContain("errors.test.ts");
  });

  test("keep the cause under both of its names", () => {
    const cause = new Error("below");
    const error = new DynamoDBError("m", "C", 500, true, cause);
    expect(error.cause).toBe(cause);
    expect(error.originalError).toBe(cause);
    expect("cause" in new DynamoDBError("m")).toBe(false);
  });
});

describe("what is worth a retry", () => {
  test.each([
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "InternalServerError",
    "InternalFailure",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "TransactionConflictException",
    "TransactionInProgressException",
    "ReplicatedWriteConflictException",
    "TimeoutError",
    "RequestTimeout",
  ])("%s", (name) => {
    expect(isRetryableError(awsError(name))).toBe(true);
    expect(isRetryableError({ name })).toBe(true);
    expect(isRetryableError({ code: name })).toBe(true);
  });

  test.each([
    "ECONNRESET",
    "ECONNREFUSED",
    "ETIMEDOUT",
    "EPIPE",
    "EAI_AGAIN",
    "ENOTFOUND",
    "EHOSTUNREACH",
  ])("%s, although Node calls it an Error", (code) => {
    expect(nodeError(code).name).toBe("Error");
    expect(isRetryableError(nodeError(code))).toBe(true);
  });

  test("any answer of 500 and above, and 429", () => {
    for (const status of [500, 502, 503, 504, 429]) {
      expect(isRetryableError(awsError("Strange", status))).toBe(true);
    }
    expect(isRetryableError(awsError("Strange", 400))).toBe(false);
  });

  test.each(["InvalidSignatureException", "RequestTimeTooSkewed", "RequestInTheFuture"])(
    "%s is, once the SDK knows the service's time; else the secret may be wrong",
    (name) => {
      const corrected = awsError(name);
      Object.assign(corrected.$metadata, { clockSkewCorrected: true });
      expect(isRetryableError(awsError(name))).toBe(false);
      expect(isRetryableError(corrected)).toBe(true);
    },
  );

  test("a signature that expired on its way is", () => {
    const expired = awsError("InvalidSignatureException");
    expired.message = "Signature expired: 20261125T091000Z is now earlier than 20261125T091500Z";
    expect(isRetryableError(expired)).toBe(true);
  });

  test("what the SDK marks as such", () => {
    expect(isRetryableError({ name: "New", $retryable: { throttling: true } })).toBe(true);
  });

  test("a transaction whose every reason may pass", () => {
    expect(isRetryableError(canceled("None", "TransactionConflict"))).toBe(true);
    expect(isRetryableError(canceled("ThrottlingError"))).toBe(true);
    expect(isRetryableError(canceled("TransactionConflict", "ConditionalCheckFailed"))).toBe(false);
    expect(isRetryableError(canceled("ValidationError"))).toBe(false);
    expect(isRetryableError(canceled())).toBe(false);
  });

  test.each([
    "ValidationException",
    "ConditionalCheckFailedException",
    "AccessDeniedException",
    "UnrecognizedClientException",
    "ExpiredTokenException",
    "ResourceNotFoundException",
    "IdempotentParameterMismatchException",
    "ItemCollectionSizeLimitExceededException",
    "CredentialsProviderError",
    "AbortError",
    "TypeError",
  ])("never %s", (name) => {
    expect(isRetryableError(awsError(name))).toBe(false);
  });

  test.each([null, undefined, "text", 7, Symbol("s"), {}, [], () => 1])("never %p", (thrown) => {
    expect(isRetryableError(thrown)).toBe(false);
  });
});

describe("wrapDynamoDBError", () => {
  test.each<[string, new (...args: never[]) => DynamoDBError, boolean]>([
    ["ConditionalCheckFailedException", ConditionalCheckFailedError, false],
    ["ProvisionedThroughputExceededException", ThroughputExceededError, true],
    ["ThrottlingException", ThroughputExceededError, true],
    ["RequestLimitExceeded", ThroughputExceededError, true],
    ["ValidationException", ValidationError, false],
    ["TransactionCanceledException", TransactionCanceledError, false],
    ["TimeoutError", TimeoutError, true],
    ["AbortError", AbortedError, false],
  ])("maps %s to its class", (name, expected, retryable) => {
    const cause = awsError(name);
    const error = wrapDynamoDBError(cause, context);
    expect(error).toBeInstanceOf(expected);
    expect(error.retryable).toBe(retryable);
    expect(error.cause).toBe(cause);
    expect(error.requestId).toBe("R1");
    expect(error.message).toBe(`update SavedContent (userId=u1, contentId=c9): ${name} happened`);
    expect(error).toMatchObject({ operation: "update", entity: "SavedContent" });
  });

  test.each(["CredentialsProviderError", "TokenProviderError"])(
    "maps %s to a ConfigurationError that names what to set",
    (name) => {
      const error = wrapDynamoDBError(awsError(name), context);
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error).toMatchObject({ retryable: false, operation: "update" });
      expect(error.message).toMatch(
        /^update SavedContent \(userId=u1, contentId=c9\): no credentials were found \(.* happened\): set AWS_ACCESS_KEY_ID and /,
      );
    },
  );

  test("keeps the code of a failure whose host has several addresses (it was AggregateError)", () => {
    // Node gives it no message.
    const cause = Object.assign(new AggregateError([], "x"), {
      code: "ECONNREFUSED",
      message: "",
    });
    expect(nameOf(cause)).toBe("ECONNREFUSED");
    expect(wrapDynamoDBError(cause)).toMatchObject({
      code: "ECONNREFUSED",
      message: "ECONNREFUSED",
      retryable: true,
    });
    expect(nameOf(new AggregateError([], "x"))).toBe("AggregateError");
  });

  test("keeps AWS's name, the status and the request id of all others", () => {
    expect(wrapDynamoDBError(awsError("ResourceNotFoundException"))).toMatchObject({
      code: "ResourceNotFoundException",
      statusCode: 404,
      retryable: false,
      requestId: "R1",
    });
    expect(wrapDynamoDBError(awsError("AccessDeniedException"))).toMatchObject({
      code: "AccessDeniedException",
      statusCode: 400,
      retryable: false,
    });
    expect(wrapDynamoDBError(awsError("InternalServerError", 500))).toMatchObject({
      code: "InternalServerError",
      statusCode: 500,
      retryable: true,
    });
  });

  test("keeps the name by which DynamoDB throttled", () => {
    expect(wrapDynamoDBError(awsError("ThrottlingException")).code).toBe("ThrottlingException");
    expect(wrapDynamoDBError(awsError("RequestLimitExceeded")).code).toBe("RequestLimitExceeded");
  });

  test("keeps the code of Node's own errors, and that they may pass", () => {
    const error = wrapDynamoDBError(nodeError("ECONNRESET"));
    expect(error.code).toBe("ECONNRESET");
    expect(error.retryable).toBe(true);
    expect(error.message).toBe("connect ECONNRESET");
  });

  test("knows a torn connection, which the SDK calls a time-out, by Node's code", () => {
    for (const code of ["ECONNRESET", "EPIPE"]) {
      const error = wrapDynamoDBError(Object.assign(nodeError(code), { name: "TimeoutError" }));
      expect(error).not.toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ code, retryable: true });
    }
    const late = Object.assign(nodeError("ETIMEDOUT"), { name: "TimeoutError" });
    expect(wrapDynamoDBError(late)).toBeInstanceOf(TimeoutError);
  });

  test("changes nothing when it is done twice, whatever the class", () => {
    for (const name of ["ThrottlingException", "ConditionalCheckFailedException", "Unknown"]) {
      const once = wrapDynamoDBError(awsError(name), context);
      expect(wrapDynamoDBError(once, { operation: "other" })).toBe(once);
      expect(once.operation).toBe("update");
    }
    const missing = new ItemNotFoundError("a", "b");
    expect(wrapDynamoDBError(missing)).toBe(missing);
  });

  test.each([
    ["null", null, "Unknown DynamoDB error"],
    ["undefined", undefined, "Unknown DynamoDB error"],
    ["a string", "boom", "Unknown DynamoDB error"],
    ["a number", 7, "Unknown DynamoDB error"],
    ["a symbol", Symbol("s"), "Unknown DynamoDB error"],
    ["an empty object", {}, "Unknown DynamoDB error"],
    ["an object without a message", { name: "Odd" }, "Odd"],
    ["a plain object", { name: "Odd", message: "strange" }, "strange"],
    ["a function", () => 1, "Unknown DynamoDB error"],
  ])("takes %s", (_, thrown, message) => {
    const error = wrapDynamoDBError(thrown);
    expect(error).toBeInstanceOf(DynamoDBError);
    expect(error.message).toBe(message);
    expect(error.originalError).toBe(thrown);
    expect(error.retryable).toBe(false);
  });

  test("takes a frozen error", () => {
    const frozen = Object.freeze(awsError("ThrottlingException"));
    expect(wrapDynamoDBError(frozen).cause).toBe(frozen);
  });

  test("looks through ElectroDB's error at what AWS said", () => {
    const cause = awsError("ConditionalCheckFailedException");
    const electro = Object.assign(new Error("Error thrown by DynamoDB client"), {
      name: "ElectroError",
      code: 4001,
      cause,
    });
    const error = wrapDynamoDBError(electro, context);
    expect(error).toBeInstanceOf(ConditionalCheckFailedError);
    expect(error.cause).toBe(cause);
    const own = Object.assign(new Error("Invalid key"), { name: "ElectroError", code: 1001 });
    expect(wrapDynamoDBError(own).message).toBe("Invalid key");
  });
});

describe("payloads in errors", () => {
  const item = { accessToken: { S: "s3cret" } };

  test("the item of a failed condition is there for the caller and in no log", () => {
    const cause = new ConditionalCheckFailedException({
      message: "no",
      $metadata: {},
      Item: item,
    });
    const error = wrapDynamoDBError(cause);
    expect(error).toHaveProperty("item", item);
    for (const shown of [
      inspect(error, { depth: 9 }),
      inspect(error, { depth: 9, showHidden: true }),
      JSON.stringify(error),
      JSON.stringify({ error, cause: error.cause }),
      String(error),
    ]) {
      expect(shown).not.toContain("s3cret");
    }
  });

  test("nor are the items of a cancelled transaction", () => {
    const cause = new TransactionCanceledException({
      message: "no",
      $metadata: {},
      CancellationReasons: [{ Code: "ConditionalCheckFailed", Item: item }],
    });
    const error = wrapDynamoDBError(cause);
    expect(inspect(error, { depth: 9 }) + JSON.stringify([error, cause])).not.toContain("s3cret");
  });

  test("nor what was not written", () => {
    const items = [{ data: { accessToken: "s3cret" } }];
    const error = new UnprocessedItemsError("1 of 1 was not written", items, 0);
    expect(error.items).toBe(items);
    expect(error).toMatchObject({ unprocessed: 1, written: 0, retryable: true });
    expect(inspect(error, { depth: 9 }) + JSON.stringify(error)).not.toContain("s3cret");
  });

  test("nor the item of a frozen cause", () => {
    const cause = Object.freeze({ name: "ConditionalCheckFailedException", Item: item });
    const error = wrapDynamoDBError(cause);
    expect(error).toHaveProperty("item", item);
    expect(inspect(error, { depth: 9 }) + JSON.stringify(error)).not.toContain("s3cret");
  });

  test("a console shows stack, fields and the stack of the cause", () => {
    const shown = inspect(wrapDynamoDBError(awsError("ThrottlingException"), context));
    expect(shown).toMatch(/^ThroughputExceededError: update SavedContent .*\n +at /);
    expect(shown).toContain("operation: 'update'");
    expect(shown).toContain("requestId: 'R1'");
    expect(shown).toMatch(
      /cause: (ThrottlingException|Error): ThrottlingException happened\n +at .*\n +at /,
    );
    expect(inspect(new DynamoDBError("m", "C", 400, false, null))).toContain("cause: object");
    expect(inspect(new ValidationError("m"))).not.toContain("cause");
  });

  test("JSON holds name, message, code and context", () => {
    const error = wrapDynamoDBError(awsError("ThrottlingException"), context);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: "ThroughputExceededError",
      message: "update SavedContent (userId=u1, contentId=c9): ThrottlingException happened",
      mayHaveBeenDone: false,
      code: "ThrottlingException",
      statusCode: 400,
      retryable: true,
      requestId: "R1",
      operation: "update",
      entity: "SavedContent",
    });
  });

  test("an UnprocessedItemsError is worth a retry unless its cause says otherwise", () => {
    const throttled = new ProvisionedThroughputExceededException({ message: "", $metadata: {} });
    expect(new UnprocessedItemsError("m", [], 0, throttled)).toMatchObject({
      retryable: true,
      code: "ProvisionedThroughputExceededException",
    });
    expect(new UnprocessedItemsError("m", [], 0, awsError("AccessDeniedException"))).toMatchObject({
      retryable: false,
      code: "AccessDeniedException",
    });
    expect(new UnprocessedItemsError("m")).toMatchObject({
      code: "UnprocessedItems",
      retryable: true,
    });
  });

  test("an UnprocessedItemsError of a message alone says that nothing was written and names no item", () => {
    expect(new UnprocessedItemsError("m")).toMatchObject({ items: [], unprocessed: 0, written: 0 });
  });
});

describe("messages", () => {
  test("name operation, entity, key and rule, as far as they are known", () => {
    expect(describeCall(context, "no such item")).toBe(
      "update SavedContent (userId=u1, contentId=c9): no such item",
    );
    expect(describeCall({ operation: "batchGet" }, "no")).toBe("batchGet: no");
    expect(describeCall({}, "no")).toBe("no");
  });

  test("list every issue of a refused call", () => {
    const error = invalid({ operation: "create", entity: "Review" }, [
      { path: "data.rating", message: "expected number" },
      { path: "", message: "makes an item of 500000 bytes" },
    ]);
    expect(error.message).toBe(
      "create Review: data.rating expected number; makes an item of 500000 bytes",
    );
    expect(error.issues).toHaveLength(2);
    expect(error).toMatchObject({ operation: "create", entity: "Review" });
  });

  test("a context once named stays", () => {
    const error = withContext(new DynamoDBError("m"), { operation: "get" });
    withContext(error, { operation: "list", entity: "Project" });
    expect(error).toMatchObject({ operation: "get", entity: "Project" });
  });

  test("nameOf finds the telling name of anything", () => {
    expect(nameOf(nodeError("EPIPE"))).toBe("EPIPE");
    expect(nameOf(awsError("X"))).toBe("X");
    expect(nameOf({ Code: "FromXml" })).toBe("FromXml");
    expect(nameOf(new ValidationError("m"))).toBe("ValidationException");
    expect(nameOf(new Error("m"))).toBe("Error");
    expect(nameOf(null)).toBeUndefined();
    expect(nameOf("text")).toBeUndefined();
  });
});

describe("a request that failed", () => {
  test.each<[string, unknown, boolean]>([
    ["a condition", awsError("ConditionalCheckFailedException"), false],
    ["a condition, of a mock", { name: "ConditionalCheckFailedException" }, false],
    ["a validation", awsError("ValidationException"), false],
    ["access", { name: "AccessDeniedException" }, false],
    ["throttling", { name: "ThrottlingException" }, false],
    ["a signature", awsError("InvalidSignatureException"), false],
    ["credentials", { name: "CredentialsProviderError" }, false],
    ["a host that is not found", nodeError("ENOTFOUND"), false],
    ["a port where nobody listens", nodeError("ECONNREFUSED"), false],
    ["a certificate", nodeError("CERT_HAS_EXPIRED"), false],
    ["a torn connection", nodeError("ECONNRESET"), true],
    ["a torn connection under the SDK's name", { name: "TimeoutError", code: "ECONNRESET" }, true],
    ["a time-out", { name: "TimeoutError" }, true],
    ["a 500", awsError("InternalServerError", 500), true],
    ["a 503", awsError("ServiceUnavailable", 503), true],
    ["a 500, of a mock", { name: "InternalServerErrorException" }, true],
    ["an answer that cannot be read", awsError("UnreadableAnswer", 200), true],
    ["a gateway's refusal", awsError("UnreadableAnswer", 403), true],
    ["an abort, by anything", "the user left", true],
    ["anything else", new Error("?"), true],
  ])("by %s leaves open whether it was carried out, or does not", (_, error, open) => {
    expect(leavesOpen(error)).toBe(open);
  });

  test("is marked once, in its message too", () => {
    const error = asOpen(asOpen(new DynamoDBError("get: no")));
    expect(error.mayHaveBeenDone).toBe(true);
    expect(error.message).toBe("get: no; it may have been carried out nevertheless");
  });

  test("by an answer that is no JSON quotes nothing of it", () => {
    let thrown: unknown;
    try {
      JSON.parse('{"Item":secret');
    } catch (error) {
      thrown = Object.assign(error as Error, { $response: { statusCode: 200 } });
    }
    expect(String(thrown)).toContain("secret");
    const unreadable = wrapDynamoDBError(unquoted(thrown), context);
    expect(unreadable).toMatchObject({
      ...{ code: "UnreadableAnswer", retryable: true, statusCode: 200 },
    });
    expect(inspect(unreadable, { depth: 9, showHidden: true })).not.toContain("secret");
    const other = new Error("x");
    expect(unquoted(other)).toBe(other);
  });

  test.each([
    ["connect ECONNREFUSED 127.0.0.1:4566", "ECONNREFUSED"],
    ["socket hang up", "ECONNRESET"],
    ["getaddrinfo ENOTFOUND dynamodb.nowhere", "ENOTFOUND"],
    ["something else", undefined],
  ])("that the SDK retells without its code keeps what it tells: %s", (message, code) => {
    const retold = new Error(`AWS SDK error wrapper for Error: ${message}`);
    expect(unquoted(retold)).toMatchObject({ name: "Error", message, cause: retold });
    expect((unquoted(retold) as { code?: string }).code).toBe(code);
  });
});
